"""A folder gives back the families that were written, and refuses what is damaged."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth.errors import PopulaceError
from synth.generators import density_ratio
from synth.linked import storage
from synth.linked.correction import Correction
from synth.linked.features import Rows, family_frame, family_schema, features_of
from synth.linked.population import LinkedPopulation, count_families, families_of
from synth.linked.storage import is_linked, load_linked, save_linked


@pytest.fixture(scope="module")
def corrected(model, tables):
    """The model with a ratio that prefers flats, so that both ratios' files are written."""
    drawn = model.given().families(2_500, seed=1)
    flats = (drawn.parents["kind"] == "flat").to_numpy()
    order = {"members": ""}
    features = features_of(drawn.rows, order)
    own = tables.root.schema.modelled
    frame = family_frame(drawn.parents[list(own.names)], drawn.rows, features)
    real = pd.concat([frame[flats]] * 2, ignore_index=True)
    schema = family_schema(own, drawn.rows, features)
    ratio = density_ratio.learn(schema, real, frame, trees=4, folds=1)
    assert ratio is not None
    correction = Correction.learn(ratio, frame, drawn.sizes, 4.0)
    return model.with_ratios(None, correction, features)


@pytest.fixture(scope="module")
def folder(corrected, tables, tmp_path_factory):
    path = tmp_path_factory.mktemp("linked") / "homes"
    population = LinkedPopulation(
        "homes",
        "Homes",
        "Speaks of 700 homes.",
        corrected,
        len(tables.root),
        count_families(tables),
        {"homes": "homes.csv", "members": "members.csv"},
        tables.notes,
        "# homes\n",
    )
    save_linked(population, path)
    return path


def test_the_same_families_come_back_bit_for_bit(folder, corrected, tables):
    loaded = load_linked(folder)
    assert is_linked(folder)
    assert loaded.model.digest == corrected.digest
    assert loaded.model.rules == corrected.rules
    assert (loaded.title, loaded.families, loaded.card) == ("Homes", 700, "# homes\n")
    assert loaded.notes == tables.notes
    assert loaded.counts == count_families(tables)
    mine, theirs = (each.given().families(60, seed=4) for each in (corrected, loaded.model))
    pd.testing.assert_frame_equal(mine.parents, theirs.parents)
    np.testing.assert_array_equal(mine.rows["members"].values, theirs.rows["members"].values)


def test_the_ratio_is_obeyed(folder):
    flats = (
        load_linked(folder).model.given().families(400, seed=2).parents["kind"] == "flat"
    ).mean()
    assert flats > 0.7


def test_counts_are_those_of_the_real_families_and_few_are_none(tables):
    counts = {(c.table, c.column): c for c in count_families(tables)}
    size = counts["members", ""]
    assert dict(zip(size.labels, size.counts, strict=True)) == {
        str(n): int((tables["members"].rows == n).sum()) for n in (1, 2, 3)
    }
    small = tables.part(np.arange(4))
    assert all(sum(c.counts) == 0 for c in count_families(small) if c.table == "homes")
    ages = Rows.of(
        tables["members"].schema.modelled, tables["members"].frame, tables["members"].rows
    )
    age = counts["members", "age"]
    assert age.of(ages.column("age")).sum() == len(tables["members"])


def test_whole_families_are_of_the_root_and_the_tables_below(tables):
    families = families_of(tables)
    assert len(families) == 700
    assert list(families.rows) == ["members"]


def _about(folder, change):
    value = json.loads((folder / storage.ABOUT).read_text("utf-8"))
    change(value)
    (folder / storage.ABOUT).write_text(json.dumps(value), "utf-8")


def _arrays(folder, name, change):
    with np.load(folder / storage.ROWS) as data:
        arrays = {key: data[key] for key in data.files}
    arrays[name] = change(arrays[name])
    np.savez_compressed(folder / storage.ROWS, **arrays)


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: (f / storage.ROWS).write_bytes(b"PK"),
        lambda f: (f / storage.ABOUT).write_text("{"),
        lambda f: _about(f, lambda v: v.update(format="another")),
        lambda f: _about(f, lambda v: v["rules"].append({"kind": "rows", "table": "nobody"})),
        lambda f: _about(f, lambda v: v["counts"][0]["counts"].append(3)),
        lambda f: _arrays(f, "0.parents", lambda a: a + 1000),
        lambda f: _arrays(f, "0.cumulative", lambda a: a[:-7]),
        lambda f: _arrays(f, "0.turn", lambda a: a * 0),
        lambda f: _arrays(f, "0.table_start", lambda a: a - 5),
        lambda f: _arrays(f, "0.bin_start", lambda a: a + 10_000),
        lambda f: _arrays(f, "0.piece_start", lambda a: a[::-1].copy()),
        lambda f: _arrays(f, "0.factor_base", lambda a: a + 1_000_000),
        lambda f: _arrays(f, "0.factor_slot", lambda a: a + 1_000),
        lambda f: _arrays(f, "0.factor_start", lambda a: a + 1),
        lambda f: _arrays(f, "0.factors", lambda a: a * np.float32(np.nan)),
        lambda f: _arrays(f, "0.known_by", lambda a: a + 90),
    ],
)
def test_what_is_damaged_is_refused_in_a_sentence(folder, tmp_path, damage):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    with pytest.raises(PopulaceError, match="damaged"):
        load_linked(copy)


def test_families_learned_before_there_were_factors_are_read(folder, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with np.load(copy / storage.ROWS) as data:
        arrays = {k: data[k] for k in data.files if "factor" not in k and "known" not in k}
    np.savez_compressed(copy / storage.ROWS, **arrays)
    program = load_linked(copy).model.siblings["members"].program
    assert len(program.factors) == 0 and (program.known_by == -1).all()
    assert len(load_linked(copy).model.given().families(20, seed=1)) == 20


def test_arrays_that_would_unpack_to_too_much_are_refused(folder, monkeypatch):
    monkeypatch.setattr(storage, "LARGEST", 1000)
    with pytest.raises(PopulaceError):
        load_linked(folder)


def test_a_name_that_is_not_there_is_said(tmp_path):
    assert not is_linked(tmp_path)
    with pytest.raises(PopulaceError, match="There are no families"):
        load_linked(tmp_path / "nobody")


def test_an_older_correction_is_taken_away(folder, corrected, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    plain = replace(load_linked(copy), model=corrected.with_ratios(None, None))
    save_linked(plain, copy)
    assert load_linked(copy).model.ratio is None
