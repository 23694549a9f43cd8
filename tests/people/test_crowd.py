"""Faces and groups of a crowd."""

import io

import numpy as np
import pytest
from PIL import Image

from synth.people import crowd


@pytest.fixture(scope="module")
def some(us):
    return us.given().sample(60, seed=3)


def test_every_person_is_in_one_group_of_each_column(us, some):
    synthetic = crowd.groupings(some, us)
    assert {each.title for each in synthetic} == {column.title for column in us.modelled}
    for each in synthetic:
        assert len(each.codes) == len(some)
        assert set(each.codes) == set(range(len(each.labels)))


def test_groups_hold_whom_their_words_say(us, some):
    results = {each.title: each for each in crowd.groupings(some, us)}
    codes = np.array(results["Gender"].codes)
    assert [results["Gender"].labels[code] for code in codes] == list(some["gender"])
    ages = results["Age"]
    for code, label in enumerate(ages.labels):
        inside = some["age"][np.array(ages.codes) == code]
        low, high = label.split("–") if "–" in label else (label, label)
        assert (inside.min(), inside.max()) == (int(low), int(high))
    assert len(results["First interest"].labels) <= 12


def test_missing_numbers_are_a_group_of_their_own(us, some):
    synthetic = {each.title: each for each in crowd.groupings(some, us)}["Weekly earnings (USD)"]
    missing = some["weekly_earn"].isna().to_numpy()
    assert missing.any()
    assert synthetic.labels[-1] == "not stated"
    assert ((np.array(synthetic.codes) == len(synthetic.labels) - 1) == missing).all()


def test_faces_are_tiles_of_one_picture(us, some):
    synthetic = crowd.faces(some, us)
    picture = Image.open(io.BytesIO(synthetic.sheet))
    most = (picture.width // crowd.TILE) * (picture.height // crowd.TILE)
    assert picture.width == synthetic.across * crowd.TILE
    assert len(synthetic.tiles) == len(some) and max(synthetic.tiles) < most
    women, men = (
        {synthetic.tiles[i] for i in np.flatnonzero((some["gender"] == gender).to_numpy())}
        for gender in ("female", "male")
    )
    assert not women & men


def test_nobody_under_fifteen_has_a_face_in_a_crowd(us, some):
    younger = some.assign(age=[6, 14, *some["age"].clip(lower=15)[2:]])
    result = crowd.faces(younger, us)
    first, second, *others = result.tiles
    assert first == second and first not in others
    sheet = np.asarray(Image.open(io.BytesIO(result.sheet)).convert("RGB")).astype(int)
    row, column = divmod(first, result.across)
    tile = sheet[row * crowd.TILE :, column * crowd.TILE :][:24, :24]
    # A plain figure: two greys and what lies between them, no skin. (The rest of the tile shares
    # blocks of the JPEG with its neighbours.)
    assert np.ptp(tile, axis=2).max() < 40
