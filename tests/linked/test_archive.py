"""Families as one file: out and in again, and what is refused."""

import io
import json
import zipfile

import pytest

from synth.errors import PopulaceError
from synth.linked.archive import FORMAT, pack_linked, unpack_linked
from synth.linked.fit import fit_families
from synth.linked.storage import ABOUT
from synth.populations.archive_parts import pack_parts


@pytest.fixture(scope="module")
def packed(tables):
    files = {"homes": "homes.csv", "members": "members.csv"}
    population = fit_families("mine", tables, files, title="Our homes", refine=False)
    return population, pack_linked(population)


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {n: archive.read(n) for n in archive.namelist() if n != "manifest.json"}


def test_families_go_out_and_come_in_again(packed, tmp_path):
    population, content = packed
    assert pack_linked(population) == content
    again = unpack_linked(content, tmp_path / "in", "mine.families")
    assert (again.title, again.files, again.counts) == (
        "Our homes",
        population.files,
        population.counts,
    )
    drawn = [each.model.given().families(30, seed=4) for each in (population, again)]
    assert drawn[0].parents.equals(drawn[1].parents)


def test_files_that_lack_hold_or_promise_the_wrong_things_are_refused(packed, tmp_path):
    parts = parts_of(packed[1])
    about = json.loads(parts[ABOUT])
    wrong = {
        "lacks rows.npz": {n: c for n, c in parts.items() if n != "rows.npz"},
        "holds more than": {**parts, "evil.py": b"print()"},
        "a link or a mark-up": {
            **parts,
            ABOUT: json.dumps({**about, "title": "<b>homes"}).encode(),
        },
        "are damaged": {**parts, ABOUT: json.dumps({**about, "tables": {}}).encode()},
    }
    for words, some in wrong.items():
        with pytest.raises(PopulaceError, match=words):
            unpack_linked(pack_parts(some, FORMAT), tmp_path / "in", "x.families")
    with pytest.raises(PopulaceError, match="another version"):
        unpack_linked(pack_parts(parts, "populace-file/1"), tmp_path / "in", "x.families")
    with pytest.raises(PopulaceError, match="damaged"):
        unpack_linked(packed[1][:-30], tmp_path / "in", "x.families")


def test_plans_of_far_too_many_rows_are_refused(packed, tmp_path, monkeypatch):
    monkeypatch.setattr("synth.linked.archive.MOST_ROWS", 3)
    with pytest.raises(PopulaceError, match="more rows than families have"):
        unpack_linked(packed[1], tmp_path / "in", "x.families")
