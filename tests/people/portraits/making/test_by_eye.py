"""Faces of the years that a person sees: the readings, the search, and what a person admits."""

from __future__ import annotations

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

from synth.cli.portraits import glasses_seen
from synth.people.portraits.bank import CELLS, Bank
from synth.people.portraits.directions import Directions
from synth.people.portraits.heads import ETHNICITIES, Heads, Reading
from synth.people.portraits.making.build import chosen, pack
from synth.people.portraits.making.by_eye import SEEN, SeenReadings, admit, candidates
from synth.people.portraits.search import FaceReading


@pytest.fixture(scope="module")
def readings(bank):
    worn = np.array([name in glasses_seen() for name in bank.names])
    return SeenReadings.learn(Directions.load(), bank.styles, bank.looks, worn)


def test_what_a_person_saw_is_read_off_unseen_styles(bank):
    worn = np.array([name in glasses_seen() for name in bank.names])
    assert 0.2 < worn.mean() < 0.5
    half = np.arange(len(bank)) % 2 == 0
    learned = SeenReadings.learn(Directions.load(), bank.styles[half], bank.looks[half], worn[half])
    read = np.array([learned.predict(style) for style in bank.styles[~half]])
    years, odds = read[:, SEEN.index("seen years")], read[:, SEEN.index("glasses")]
    assert np.corrcoef(years, bank.looks[~half])[0, 1] > 0.85
    assert np.mean((odds > 0) == worn[~half]) > 0.9


def test_a_step_changes_what_it_says_and_holds_the_rest(bank, readings):
    style = bank.styles[0].astype(np.float64)
    before = readings.predict(style)
    step = readings.change({"seen years": 20.0, "glasses": -3.0, "male": 0.0, "White": 0.0})
    gain = readings.predict(style + step) - before
    assert gain[SEEN.index("seen years")] == pytest.approx(20, abs=0.01)
    assert gain[SEEN.index("glasses")] == pytest.approx(-3, abs=0.01)
    assert abs(gain[SEEN.index("male")]) < 0.01 and abs(gain[SEEN.index("White")]) < 0.01
    far = readings.limited(style + 3 * step, ("seen years", "glasses"))
    assert readings.directions.distance(far)[0] <= 1.121


class Painter:
    """Stands for the generator: its picture holds the style."""

    def __init__(self, directions):
        self.mean = directions.mean.astype(np.float32)

    def styles(self, count, rng, truncation):
        return self.mean + truncation * rng.normal(size=(count, 512)).astype(np.float32) * 0.01

    def draft(self, w):
        return w

    def paint(self, w):
        return w[None]


class Eyes:
    """Stands for the reader: sees the person that the style's own readings tell."""

    def __init__(self, directions):
        self.directions = directions
        self.heads = Heads.load()

    def alone(self, image):
        return True

    def look(self, image):
        w = np.asarray(image).reshape(-1)
        seen = self.directions.predict(w)[0]
        face = SimpleNamespace(score=1.0, turn=0.0, others=0)
        male = np.array([1 / (1 + np.exp(-seen[0]))])
        race = np.exp(seen[2:6] - seen[2:6].max())
        groups = np.full((1, 14), 1 / 14)
        reading = Reading(male, groups, (race / race.sum())[None], np.array([60.0]))
        rng = np.random.default_rng(abs(int(w.sum() * 1e6)))
        return FaceReading(face, rng.normal(size=128).astype(np.float32), reading, seen)


def test_candidates_are_of_the_years_and_without_glasses(bank, readings):
    directions = Directions.load()
    tools = SimpleNamespace(
        generator=Painter(directions),
        reader=Eyes(directions),
        search=SimpleNamespace(directions=directions, defects=None),
    )
    found = candidates(tools, bank, glasses_seen(), "female", "Asian", (64, 74), seed=1)
    faces = list(islice(found, 6))
    read = np.array([readings.predict(face.w.astype(np.float64)) for face in faces])
    assert np.mean(np.abs(read[:, SEEN.index("seen years")] - 69)) < 8
    assert (read[:, SEEN.index("glasses")] < 0).all()
    for face in faces:
        assert face.image.shape == (1, 512)  # a painting, not the draft that came first
        assert face.look.reading.male[0] < 0.1
        assert face.look.reading.ethnicity[0].argmax() == ETHNICITIES.index("Asian")
    again = candidates(tools, bank, glasses_seen(), "female", "Asian", (64, 74), seed=1)
    assert np.array_equal(next(again).w, faces[0].w)


def test_a_turned_head_is_turned_back_and_a_faint_face_is_left(bank):
    directions = Directions.load()

    class Turned(Eyes):
        """The first look at a start sees a turned head or a faint face."""

        def __init__(self, directions, **first):
            super().__init__(directions)
            self.first, self.looks = first, 0

        def look(self, image):
            seen = super().look(image)
            self.looks += 1
            if self.looks == 1:
                vars(seen.face).update(self.first)
            return seen

    looks = {}
    for name, first in (("turned", {"turn": 0.6}), ("faint", {"score": 0.2})):
        eyes = Turned(directions, **first)
        tools = SimpleNamespace(
            generator=Painter(directions),
            reader=eyes,
            search=SimpleNamespace(directions=directions, defects=None),
        )
        face = next(candidates(tools, bank, glasses_seen(), "male", "White", (30, 40), seed=2))
        looks[name] = face.tries
        assert eyes.looks >= 3
    assert looks["turned"] == 2


def test_who_is_admitted_joins_the_cell_that_the_years_say(bank, tmp_path):
    rng = np.random.default_rng(0)
    picked = tmp_path / "female-Asian-62-0-004.npz"
    np.savez(
        picked,
        w=bank.styles[0].astype(np.float32) + rng.normal(size=512).astype(np.float32),
        image=rng.integers(0, 255, (256, 256, 3)).astype(np.uint8),
        embedding=rng.normal(size=128).astype(np.float32),
        age=99.0,  # whatever the reader says
        certainty=0.97,
        tries=3,
    )
    work = tmp_path / "work"
    left_out = bank.names[0]
    refused = frozenset({left_out, "female-61-90-Asian-900"})
    twin = tmp_path / "female-Asian-62-1-002.npz"  # of another run, and nearly the same face
    with np.load(picked) as data:
        near = data["embedding"] + 0.01
        np.savez(twin, **{**dict(data), "embedding": near.astype(np.float32)})
    names, alike = admit(bank, {picked: 72.0, twin: 66.0}, work, refused)
    assert alike == [twin.stem]
    assert names == {"female-61-90-Asian-901": 72.0}
    portraits = chosen(work, Directions.load(), refused)
    seen = dict(zip(bank.names, bank.looks, strict=True)) | names
    packed = pack(work, tmp_path / "bank", 60, portraits, bank.painter, bank, seen)
    after = Bank(tmp_path / "bank")
    assert packed == len(after) == len(bank)
    assert left_out not in after.names
    assert after.looks[after.names.index("female-61-90-Asian-901")] == 72
    cell = next(cell for cell in CELLS if cell.name == "female-61-90-Asian")
    assert "female-61-90-Asian-901" in after.cell(cell)
    kept = dict(zip(bank.names, bank.places.tolist(), strict=True))
    assert all(
        place == kept[name]
        for name, place in zip(after.names, after.places.tolist(), strict=True)
        if name in kept
    )
