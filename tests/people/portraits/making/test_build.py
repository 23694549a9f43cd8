"""Building the bank with a made-up generator: resumable, repeatable, curated, packed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from synth.people.portraits.bank import BANDS, CELLS, Bank
from synth.people.portraits.directions import Directions
from synth.people.portraits.heads import ETHNICITIES, Faces, Heads, Reading
from synth.people.portraits.making.build import UNLIKE, chosen, fill, pack, target_of, unpack
from synth.people.portraits.making.contact_sheets import write_sheets
from synth.people.portraits.search import FaceReading, FaceSearch, Reader, SearchResult, Thresholds

SOME = (CELLS[0], CELLS[4], CELLS[21])


@dataclass
class MadeUp:
    """Stands for `Finder.find`: notes what it was asked, finds nothing for every fourth seed."""

    targets: list

    def find(self, search, target, rng, neighbours, unlike):
        number = rng.integers(1 << 30)
        known = None if unlike is None else len(unlike)
        self.targets.append((target, search.thresholds.unlike, known, neighbours))
        if number % 4 == 0:
            return None
        draw = np.random.default_rng(number)
        race = np.eye(4)[[ETHNICITIES.index(target.ethnicity)]]
        male = np.array([1.0 if target.gender == "male" else 0.0])
        age = np.array([(target.lower + target.upper) / 2])
        reading = Reading(male, np.full((1, 14), 1 / 14), race, age)
        look = FaceReading(None, draw.normal(size=128).astype(np.float32), reading, np.zeros(8))
        image = draw.integers(0, 255, (256, 256, 3)).astype(np.uint8)
        return SearchResult(draw.normal(size=512).astype(np.float32), image, look, 2, 0.1)


@pytest.fixture
def made_up(monkeypatch):
    stand_in = MadeUp([])
    monkeypatch.setattr(
        FaceSearch,
        "find",
        lambda self, target, rng, tries, neighbours, unlike: stand_in.find(
            self, target, rng, neighbours, unlike
        ),
    )
    return stand_in


def search():
    return FaceSearch(None, Reader(None, None, Heads.load()), Directions.load(), Thresholds())


def styles(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.npz"))}


def test_every_cell_is_filled_and_the_seed_decides(made_up, tmp_path):
    good: dict[str, int] = {}
    fill(search(), tmp_path / "a", 5, 1, cells=SOME, progress=good.__setitem__)
    assert good == {cell.name: 5 for cell in SOME}
    fill(search(), tmp_path / "b", 5, 1, cells=SOME)
    fill(search(), tmp_path / "c", 5, 2, cells=SOME)
    assert styles(tmp_path / "a") == styles(tmp_path / "b") != styles(tmp_path / "c")


def test_a_stopped_run_continues_where_it_was(made_up, tmp_path):
    fill(search(), tmp_path / "whole", 6, 1, cells=SOME)
    fill(search(), tmp_path / "parts", 2, 1, cells=SOME)
    requested = len(made_up.targets)
    fill(search(), tmp_path / "parts", 2, 1, cells=SOME)
    assert len(made_up.targets) == requested
    fill(search(), tmp_path / "parts", 6, 1, cells=SOME)
    assert styles(tmp_path / "parts") == styles(tmp_path / "whole")


def test_what_was_refused_is_made_up_for_and_the_others_stay(made_up, tmp_path):
    fill(search(), tmp_path, 5, 1, cells=SOME)
    before = styles(tmp_path)
    turned_down = frozenset(name.removesuffix(".npz") for name in list(before)[:1])
    fill(search(), tmp_path, 5, 1, cells=SOME, refused=turned_down)
    after = styles(tmp_path)
    assert {name: after[name] for name in before} == before and len(after) > len(before)


def test_new_people_must_be_unlike_those_of_their_gender_and_ethnicity(made_up, tmp_path):
    fill(search(), tmp_path, 2, 1, cells=SOME)
    white, other = SOME[0], SOME[2]
    requested = [(target, apart, known) for target, apart, known, _ in made_up.targets]
    assert requested[0][2] is None
    assert all(apart == UNLIKE[w.ethnicity] for w, apart, _ in requested)
    # CELLS[4] shares gender and ethnicity with CELLS[0]; CELLS[21] does not.
    assert next(k for w, _, k in requested if w == target_of(SOME[1])) == 1
    assert next(k for w, _, k in requested if w == target_of(other)) is None
    assert (white.gender, white.ethnicity) == (SOME[1].gender, SOME[1].ethnicity)


def test_a_search_starts_from_everyone_of_the_gender_and_ethnicity(made_up, tmp_path):
    fill(search(), tmp_path, 4, 1, cells=SOME)
    kinds = {(target.gender, target.ethnicity) for target, _, _, _ in made_up.targets}
    assert len(kinds) == 2
    for _, _, known, neighbours in made_up.targets:
        assert (0 if neighbours is None else len(neighbours.styles)) == (
            known if (known or 0) >= 4 else 0
        )
        if neighbours is not None:
            assert (np.sign(neighbours.readings[:, 2:6]) != 0).all() and neighbours.faces.shape[
                1
            ] == 128
    assert made_up.targets[0][3] is None and made_up.targets[-1][3] is not None


def test_who_reads_another_age_than_the_cell_asks_for_is_not_counted(made_up, tmp_path):
    fill(search(), tmp_path, 3, 1, cells=SOME[:1])
    first = chosen(tmp_path, Directions.load())[SOME[0]][0]
    with np.load(tmp_path / f"{first}.npz") as caught:
        older = dict(caught) | {"age": np.array(21.4)}
    np.savez(tmp_path / f"{first}.npz", **older)
    assert first not in chosen(tmp_path, Directions.load())[SOME[0]]


FACES = Path(__file__).parents[5] / "shared" / "faces" / "utkface_dlib_embeddings.npz"


@pytest.mark.skipif(not FACES.exists(), reason="needs the embeddings of UTKFace in ../shared")
@pytest.mark.parametrize("race", range(4))
def test_the_bar_is_where_the_nearest_two_of_fifty_real_people_lie(race):
    faces, rng = Faces.load(FACES), np.random.default_rng(0)
    medians = []
    for gender in range(2):
        for lower, upper in BANDS:
            age = (faces.age >= lower) & (faces.age <= upper)
            rows = np.flatnonzero(age & (faces.race == race) & (faces.gender == gender))
            rows = rows[np.unique(faces.group[rows], return_index=True)[1]]
            if len(rows) < 300:
                continue
            nearest = []
            for _ in range(200):
                x = faces.embeddings[rng.choice(rows, 50, replace=False)]
                apart = np.linalg.norm(x[:, None] - x[None], axis=2)
                nearest.append(apart[np.triu_indices(50, 1)].min())
            medians.append(np.median(nearest))
    assert UNLIKE[ETHNICITIES[race]] == pytest.approx(np.median(medians), abs=0.015)


def test_a_bank_is_packed_alike_every_time(made_up, tmp_path):
    fill(search(), tmp_path / "work", 4, 1, cells=SOME)
    refused = frozenset({f"{SOME[0].name}-000"})
    good = chosen(tmp_path / "work", Directions.load(), refused)
    for name in ("one", "two"):
        pack(tmp_path / "work", tmp_path / name, 3, good, seen={good[SOME[0]][0]: 44.0})
    bank = Bank(tmp_path / "one")
    assert bank.looks[0] == 44.0 and bank.ages[0] < 44.0
    assert (bank.looks[1:] == bank.ages[1:]).all()
    assert len(bank) == 9 and [len(bank.cell(cell)) for cell in SOME] == [3, 3, 3]
    assert f"{SOME[0].name}-000" not in bank.names
    assert bank[bank.names[0]].image().shape == (256, 256, 3)
    for path in sorted((tmp_path / "one").glob("*.zip")):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_bank_is_refilled_and_nobody_else_moves(made_up, tmp_path):
    fill(search(), tmp_path / "work", 4, 1, cells=SOME)
    pack(tmp_path / "work", tmp_path / "bank", 4, chosen(tmp_path / "work", Directions.load()))
    before = Bank(tmp_path / "bank")
    refused = frozenset(before.cell(cell)[1] for cell in SOME)
    unpack(before, tmp_path / "again", refused)
    edge = tmp_path / "again" / f"{before.cell(SOME[0])[0]}.npz"
    with np.load(edge) as kept:
        rounded = dict(kept) | {"age": np.float16(target_of(SOME[0]).upper)}
    np.savez(edge, **rounded)  # half precision may round an age over its band's edge
    made_up.targets.clear()
    older = replace(target_of(SOME[0]), lower=target_of(SOME[0]).lower + 1)
    fill(
        search(),
        tmp_path / "again",
        4,
        2,
        cells=SOME,
        refused=refused,
        target=lambda cell: older if cell == SOME[0] else target_of(cell),
    )
    assert older in [target for target, *_ in made_up.targets]
    assert target_of(SOME[0]) not in [target for target, *_ in made_up.targets]
    good = chosen(tmp_path / "again", Directions.load(), refused)
    pack(tmp_path / "again", tmp_path / "refilled", 4, good, before=before)
    after = Bank(tmp_path / "refilled")
    assert len(after) == len(before) == 12 and not refused & set(after.names)
    where = dict(zip(after.names, after.places, strict=True))
    for name, place in zip(before.names, before.places, strict=True):
        if name not in refused:
            assert where[name] == place and after[name].webp() == before[name].webp()
        else:  # a new portrait stands in its place
            cell = before[name].cell
            new = set(after.cell(cell)) - set(before.cell(cell))
            assert {int(where[each]) for each in new} == {int(place)}
    assert (after.drawn_from == before.drawn_from).all()


def test_near_copies_are_left_out(made_up, tmp_path):
    fill(search(), tmp_path, 3, 1, cells=SOME)
    good = chosen(tmp_path, Directions.load())
    first, second = good[SOME[0]][:2]
    with np.load(tmp_path / f"{first}.npz") as caught, np.load(tmp_path / f"{second}.npz") as two:
        changed = dict(two) | {"w": caught["w"] + 0.01}
    np.savez(tmp_path / f"{second}.npz", **changed)
    again = chosen(tmp_path, Directions.load())
    assert second not in again[SOME[0]] and first in again[SOME[0]]
    fill(search(), tmp_path, 3, 1, cells=SOME)
    assert len(chosen(tmp_path, Directions.load())[SOME[0]]) == 3


def test_cells_ask_for_ages_inside_their_band():
    for cell in CELLS:
        target = target_of(cell)
        assert cell.band[0] <= target.lower < target.upper <= cell.band[1] + 1


def test_contact_sheets_show_the_bank_or_the_work(made_up, tmp_path):
    fill(search(), tmp_path / "work", 2, 1, cells=SOME)
    good = chosen(tmp_path / "work", Directions.load())
    pack(tmp_path / "work", tmp_path / "bank", 2, good)
    of_work = write_sheets(tmp_path / "sheets", None, tmp_path / "work")
    of_bank = write_sheets(tmp_path / "others", Bank(tmp_path / "bank"), None)
    names = sorted(f"{cell.name}.png" for cell in SOME)
    assert sorted(path.name for path in of_work) == sorted(path.name for path in of_bank) == names
