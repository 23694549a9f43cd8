"""Years by texture: better than the embedding alone where texture tells, and kept in the file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from synth.errors import PopulaceError
from synth.people.portraits.ages import Photographs, best_cuts, group_scores, learn_ages
from synth.people.portraits.heads import Heads


@pytest.fixture(scope="module")
def photographs():
    rng = np.random.default_rng(0)
    age = rng.integers(15, 90, 600)
    hidden = np.column_stack([np.sqrt(age) + rng.normal(0, 0.2, 600), rng.normal(size=(600, 30))])
    textures = hidden @ rng.normal(size=(31, 260)) + rng.normal(0, 0.05, (600, 260))
    embeddings = rng.normal(size=(600, 128)) * 0.1
    return Photographs(
        embeddings.astype(np.float32), textures.astype(np.float32), age, np.arange(600) // 2
    )


def test_texture_tells_the_age_that_the_embedding_does_not(photographs):
    train, read = np.arange(600) < 450, np.full(600, 40.0)
    ages = learn_ages(photographs, train, read)
    years = ages(photographs.embeddings, photographs.textures, read)
    error = np.abs(years - photographs.age)[~train].mean()
    assert error < 0.6 * np.abs(photographs.age - 45)[~train].mean()


def test_groups_are_parted_where_the_readings_part_them(photographs):
    age = photographs.age.astype(float)
    drawn_in = 40 + 0.6 * (age - 40)  # a reader that takes the young for older than they are
    cuts = best_cuts(age, drawn_in)
    assert cuts[0] > 26 and cuts[1] < 45
    assert (
        min(group_scores(age, drawn_in, cuts)) > 0.95 > group_scores(age, drawn_in, (20.5, 45.5))[0]
    )
    ages = learn_ages(photographs, np.arange(600) < 450, np.full(600, 40.0))
    years = ages(photographs.embeddings, photographs.textures, np.full(600, 40.0))
    assert ages.groups(np.array([15.0, 35.0, 80.0])).tolist() == [0, 1, 2]
    parted = group_scores(age[450:], years[450:], tuple(ages.cuts))
    assert sum(parted) > 0.9 * sum(group_scores(age[450:], years[450:], (20.5, 45.5)))


def test_the_heads_keep_it_in_their_file(photographs, tmp_path):
    ages = learn_ages(photographs, np.arange(600) < 450, np.full(600, 40.0))
    heads = replace(Heads.load(), texture=ages)
    heads.save(tmp_path / "heads.npz")
    again = Heads.load(tmp_path / "heads.npz")
    rows = photographs.embeddings[:20], photographs.textures[:20]
    assert np.allclose(again.read(*rows).years, heads.read(*rows).years, atol=0.2)
    assert again.texture is not None and np.allclose(again.texture.cuts, ages.cuts)
    alone = heads.read(rows[0])
    assert alone.measured is None and (alone.years == alone.by_embedding).all()


def test_photographs_are_read_from_a_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as pages:
        for name, grey in (("30_0_0_1.jpg", 90), ("52_1_2_3.jpg", 200), ("9_1_2_3.jpg", 0)):
            buffer = io.BytesIO()
            Image.new("RGB", (8, 8), (grey, grey, grey)).save(buffer, "JPEG")
            pages.writestr(name, buffer.getvalue())

    def chip(image):
        return None if image.mean() < 10 else image

    def embed(chips):
        level = chips.reshape(len(chips), -1).mean(1, keepdims=True)
        return np.repeat(level / 255, 128, 1), np.repeat(level, 5, 1)

    known = np.array([[90 / 255] * 128, [200 / 255] * 128]), np.array([7, 8])
    result = Photographs.read(tmp_path / "faces.zip", chip, embed, known)
    assert result.age.tolist() == [30, 52] and result.group.tolist() == [7, 8]
    assert result.textures.shape == (2, 5)


def test_errors_name_the_remedy(tmp_path):
    with pytest.raises(PopulaceError, match="--photographs"):
        Photographs.read(
            tmp_path / "none.zip", lambda i: i, lambda c: (c, c), (np.zeros((1, 128)), np.zeros(1))
        )
