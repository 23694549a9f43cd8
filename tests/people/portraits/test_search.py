"""Where a search starts: from people found before, with what is known of them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from synth.people.portraits.bank import Bank
from synth.people.portraits.defects import DefectHead
from synth.people.portraits.directions import ATTRIBUTES, Directions
from synth.people.portraits.heads import ETHNICITIES, Heads, Reading
from synth.people.portraits.search import (
    FaceReading,
    FaceSearch,
    Neighbours,
    Reader,
    Target,
    Thresholds,
)

AGE = ATTRIBUTES.index("age")


class Styles:
    """Stands for the generator: random styles about the mean; paints nothing."""

    def __init__(self, directions: Directions) -> None:
        self.mean = directions.mean.astype(np.float32)
        self._factor = np.linalg.cholesky(directions.covariance)

    def styles(self, count, rng, truncation):
        free = rng.standard_normal((count, 512)) @ self._factor.T
        return (self.mean + truncation * free).astype(np.float32)

    def draft(self, w):
        return w


class Noted(Reader):
    """A reader that notes the styles it is given and sees no face in them."""

    def __init__(self, heads: Heads) -> None:
        super().__init__(None, None, heads)
        self.seen: list[np.ndarray] = []

    def look(self, image) -> FaceReading | None:
        self.seen.append(image)
        return None


@pytest.fixture(scope="module")
def directions():
    return Directions.load()


@pytest.fixture(scope="module")
def heads():
    return Heads.load()


def kin_of(bank: Bank, heads: Heads, gender: str, ethnicity: str) -> Neighbours | None:
    rows = bank.rows(gender, ethnicity)
    return Neighbours.of(heads, bank.styles[rows], bank.embeddings[rows], bank.ages[rows])


def test_kin_are_read_as_what_they_are(bank, heads):
    neighbours = kin_of(bank, heads, "female", "Indian")
    assert neighbours is not None and len(neighbours.styles) == len(bank.rows("female", "Indian"))
    races = neighbours.readings[:, 2:6]
    assert (neighbours.readings[:, 0] < 0).mean() > 0.98
    assert (races.argmax(1) == ETHNICITIES.index("Indian")).mean() > 0.98
    assert np.allclose(races.mean(1), 0, atol=1e-4)
    assert np.allclose(neighbours.readings[:, AGE], bank.ages[bank.rows("female", "Indian")])
    assert (
        Neighbours.of(
            heads, neighbours.styles[:3], neighbours.faces[:3], neighbours.readings[:3, AGE]
        )
        is None
    )


def starts(directions, heads, target, neighbours, count=60):
    reader = Noted(heads)
    search = FaceSearch(Styles(directions), reader, directions)
    assert search.find(target, 5, tries=count, neighbours=neighbours) is None
    return np.stack(reader.seen)


def test_searches_start_nearer_to_the_kin_than_without_them(bank, directions, heads):
    target = Target("female", 61, 80, "Indian")
    neighbours = kin_of(bank, heads, "female", "Indian")
    near, far = (starts(directions, heads, target, those) for those in (neighbours, None))

    def nearest(some):
        rows = [directions.distance(neighbours.styles - w + directions.mean).min() for w in some]
        return float(np.median(rows))

    assert nearest(near) < 0.95 * nearest(far)
    # And they differ from one another: nobody's double.
    apart = [directions.distance(near - w + directions.mean) for w in near]
    assert np.median(apart) > 0.8


def test_the_seed_decides_where_a_search_starts(bank, directions, heads):
    target = Target("male", 16, 20, "Black")
    neighbours = kin_of(bank, heads, "male", "Black")
    first, two = (starts(directions, heads, target, neighbours, 5) for _ in range(2))
    assert (first == two).all()


def test_more_certainty_is_asked_where_the_readers_take_in_others():
    face = SimpleNamespace(others=0, score=1.0, turn=0.0)

    def fault(ethnicity: str, certainty: float) -> str:
        race = np.full((1, 4), (1 - certainty) / 3)
        race[0, ETHNICITIES.index(ethnicity)] = certainty
        adult = np.eye(14)[[6]]
        reading = Reading(np.array([1.0]), adult, race, np.array([30.0]))
        look = FaceReading(face, np.zeros(128, np.float32), reading, np.zeros(8))
        return Thresholds().fault(look, Target("male", 25, 35, ethnicity))

    assert fault("Asian", 0.7) == fault("Black", 0.95) == ""
    assert fault("Asian", 0.5) == fault("Black", 0.8) == "ethnicity"


class Pleased(Noted):
    """A reader that sees whom it looks for in every style."""

    def look(self, image) -> FaceReading | None:
        self.seen.append(image)
        race = np.array([[0.97, 0.01, 0.01, 0.01]])
        reading = Reading(np.array([1.0]), np.eye(14)[[6]], race, np.array([30.0]))
        face = SimpleNamespace(others=0, score=1.0, turn=0.0)
        return FaceReading(face, np.zeros(128, np.float32), reading, np.zeros(8))

    def alone(self, image) -> bool:
        return True


def test_styles_that_may_paint_a_broken_face_are_not_taken(directions, heads):
    class Painted(Styles):
        def paint(self, w):
            return [w]

    target, tried = Target("male", 25, 35, "White"), []

    def find(head):
        search = FaceSearch(Painted(directions), Pleased(heads), directions, defects=head)
        tried.clear()
        return search.find(
            target, 3, tries=12, tried=lambda w, image, look, fault: tried.append((w, fault))
        )

    none = np.zeros(512, np.float32)
    assert find(None).tries == find(DefectHead(none, -1.0, 0.0)).tries == 1
    assert find(DefectHead(none, 1.0, 0.0)) is None
    assert [fault for _, fault in tried] == ["may be broken"] * 12
    styles = np.stack([w for w, _ in tried])
    weights = np.linspace(-1, 1, 512, dtype=np.float32)
    half = DefectHead(weights, 0.0, float(np.median(styles @ weights)))
    first = next(number for number, w in enumerate(styles) if not half.refuses(w))
    result = find(half)
    assert result.tries == first + 1 and (result.w == styles[first]).all()
