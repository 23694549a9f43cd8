"""Heads: their arithmetic, their file, and, where the labelled faces are, what they learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.people.portraits.heads import Faces, Heads, train

FACES = Path("../shared/faces/utkface_dlib_embeddings.npz")


def made_up(rows=2500):
    """Faces whose labels can be read off three directions."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 128)).astype(np.float32) * 0.1
    age = np.clip(40 + 250 * x[:, 0], 0, 95).astype(int)
    gender = (x[:, 1] > 0).astype(int)
    race = np.argmax(x[:, 2:6], 1)
    return Faces(x, age, gender, race, np.arange(rows) // 2)


def test_probabilities_sum_to_one_and_years_lie_in_range():
    reading = Heads.load().read(np.random.default_rng(0).normal(0, 0.1, (50, 128)))
    assert np.allclose(reading.ages.sum(1), 1) and np.allclose(reading.ethnicity.sum(1), 1)
    assert np.allclose(reading.groups.sum(1), 1)
    assert ((reading.years > 0) & (reading.years < 90)).all()
    assert "years" in reading.words(0)


def test_training_finds_what_is_there_and_halves_do_not_overlap(tmp_path):
    faces = made_up()
    heads, unseen = train(faces, members=1)
    assert not (unseen["ethnicity"] & unseen["judge"]).any()
    read = heads.read(faces.embeddings)
    test = unseen["gender"]
    assert ((read.male < 0.5) == faces.gender)[test].mean() > 0.9
    assert (read.ethnicity.argmax(1) == faces.race)[unseen["ethnicity"]].mean() > 0.7
    heads.save(tmp_path / "heads.npz")
    again = Heads.load(tmp_path / "heads.npz").read(faces.embeddings)
    assert np.allclose(again.ages, read.ages, atol=1e-5)


def test_groups_stay_on_one_side():
    faces = made_up(400)
    side = faces.split(0.5, 3)
    assert all(len(set(side[faces.group == group])) == 1 for group in np.unique(faces.group))


def test_errors_name_the_remedy(tmp_path):
    with pytest.raises(PopulaceError, match="train-heads"):
        Heads.load(tmp_path / "none.npz")
    with pytest.raises(PopulaceError, match="--faces"):
        Faces.load(tmp_path / "none.npz")


@pytest.mark.skipif(not FACES.exists(), reason="needs the labelled faces of ../shared")
def test_shipped_heads_reach_the_paper_on_unseen_faces():
    faces, heads = Faces.load(FACES), Heads.load()
    unseen = ~faces.split(0.5, 0) & (faces.race < 4)
    read = heads.read(faces.embeddings[unseen])
    right = read.ethnicity.argmax(1) == faces.race[unseen]
    assert right.mean() > 0.88
    grown = ~faces.split(0.8, 1) & (faces.age >= 15)
    male = heads.read(faces.embeddings[grown]).male
    assert ((male < 0.5) == faces.gender[grown]).mean() > 0.95
