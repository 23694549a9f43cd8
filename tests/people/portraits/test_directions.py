"""Directions in w: what moves, moves as asked; what is held, stays."""

from __future__ import annotations

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.people.portraits.directions import ATTRIBUTES, Directions


@pytest.fixture(scope="module")
def learned():
    rng = np.random.default_rng(0)
    rows, size = 500, 96  # of the 512 of the generator: nothing here depends on how many
    w = rng.normal(size=(rows, size)) @ rng.normal(size=(size, size)) / 10
    true = rng.normal(size=(8, size))
    readings = w @ true.T + rng.normal(0, 0.05, (rows, 8))
    readings[:40, 7] = np.nan
    faces = w @ rng.normal(size=(size, 128)) / 10
    faces[:40] = np.nan
    return Directions.learn(w, readings, faces, w), w


def test_readings_are_predicted(learned):
    directions, _ = learned
    assert (directions.r2 > 0.9).all()


def test_a_change_moves_its_attribute_and_holds_the_others(learned):
    directions, w = learned
    step = directions.change({"age": 5.0}, hold=("male", "smile"))
    before, after = directions.predict(w[0])[0], directions.predict(w[0] + step)[0]
    moved = dict(zip(ATTRIBUTES, after - before, strict=True))
    assert moved["age"] == pytest.approx(5, abs=0.01)
    assert abs(moved["male"]) < 0.01 and abs(moved["smile"]) < 0.01


def test_the_step_is_the_smallest(learned):
    directions, _ = learned
    free = directions.change({"age": 5.0})
    assert directions.length(free) <= directions.length(directions.change({"age": 5.0}, ("male",)))


def test_many_changes_are_the_single_ones(learned):
    directions, _ = learned
    both = directions.changes(np.array([[5.0, 0.0], [0.0, 2.0]]), ("age", "male"))
    alone = directions.change({"age": 5.0}, hold=("male",))
    assert np.allclose(both[0], alone, atol=1e-4)
    lengths = directions.effort(np.array([[5.0, 0.0], [0.0, 2.0]]), ("age", "male"))
    assert lengths[0] == pytest.approx(directions.length(both[0]), rel=0.02)
    assert lengths[1] == pytest.approx(directions.length(both[1]), rel=0.02)


def test_faces_are_predicted(learned):
    directions, w = learned
    near, far = directions.face(w[50:52])
    assert np.linalg.norm(near - directions.face(w[50])[0]) < 1e-9 < np.linalg.norm(near - far)


def test_limited_styles_lie_within_the_limit(learned):
    directions, w = learned
    far = directions.mean + 5 * (w[3] - directions.mean)
    assert directions.distance(directions.limited(far, 1.1))[0] == pytest.approx(1.1, abs=1e-3)
    near = directions.mean + 0.1 * (w[3] - directions.mean)
    assert np.allclose(directions.limited(near, 1.1), near, atol=1e-4)


def test_what_is_held_stays_when_a_style_is_limited(learned):
    directions, w = learned
    hold = ("male", "age", "White")
    columns = [ATTRIBUTES.index(name) for name in hold]
    far = directions.mean + 1.4 * (w[3] - directions.mean)
    most = 0.8 * float(directions.distance(far)[0])
    stored, plain = directions.limited(far, most, hold), directions.limited(far, most)
    before = directions.predict(far)[0, columns]
    assert directions.distance(stored)[0] == pytest.approx(most, abs=1e-3)
    assert np.allclose(directions.predict(stored)[0, columns], before, rtol=1e-3, atol=1e-3)
    assert not np.allclose(directions.predict(plain)[0, columns], before, rtol=0.05)
    # Where that would leave too little of a face, all of it is pulled back.
    tight = directions.limited(far, 0.2, hold)
    assert directions.distance(tight)[0] == pytest.approx(0.2, abs=1e-3)


def test_saving_keeps_them(learned, tmp_path):
    directions, w = learned
    directions.save(tmp_path / "d.npz")
    again = Directions.load(tmp_path / "d.npz")
    assert np.allclose(again.predict(w[:5]), directions.predict(w[:5]), rtol=1e-3, atol=1e-3)
    step, other = again.change({"age": 3.0}), directions.change({"age": 3.0})
    assert np.linalg.norm(step - other) < 0.05 * np.linalg.norm(other)


def test_errors(learned, tmp_path):
    with pytest.raises(PopulaceError, match="No direction is called wisdom"):
        learned[0].change({"wisdom": 1.0})
    with pytest.raises(PopulaceError, match="train-directions"):
        Directions.load(tmp_path / "none.npz")


def test_shipped_directions_load():
    assert Directions.load().weights.shape == (8, 512)
