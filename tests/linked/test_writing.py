"""Written families: keys hold, names and columns are the sources', pieces do not show."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from synth.data.evidence import Evidence
from synth.linked import writing
from synth.linked.learning import learn_linked
from synth.linked.population import LinkedPopulation
from synth.linked.tables import link


@pytest.fixture(scope="module")
def population(model, tables):
    files = {"homes": "homes.parquet", "members": "members.csv"}
    return LinkedPopulation("homes", "Homes", "", model, len(tables.root), (), files)


def test_one_file_a_table_without_a_broken_key(population, tmp_path):
    synthetic = writing.write_linked(population, population.model.given(), 90, tmp_path, seed=3)
    assert list(synthetic) == ["homes.parquet", "members.csv"]
    homes = pq.read_table(tmp_path / "homes.parquet")
    assert b"synthetic" in homes.schema.metadata
    homes = homes.to_pandas()
    members = pd.read_csv(tmp_path / "members.csv")
    assert members.pop("synthetic").all()
    assert list(members) == ["home", "number", "role", "age"]
    assert list(homes) == ["home", "kind", "size"]
    assert homes["home"].is_unique and members["home"].isin(homes["home"]).all()
    assert (members.groupby("home").size().to_numpy() == homes["size"]).all()
    first = members.groupby("home")["number"]
    assert (first.min() == 1).all() and (first.max().to_numpy() == homes["size"]).all()


def test_pieces_do_not_show(population, tmp_path, monkeypatch):
    given = population.model.given(Evidence.parse("kind=flat", population.model.root.schema))
    writing.write_linked(population, given, 50, tmp_path / "whole", seed=1)
    monkeypatch.setattr(writing, "PIECE", 17)
    writing.write_linked(population, given, 50, tmp_path / "pieces", seed=1)
    for read, name in ((pd.read_parquet, "homes.parquet"), (pd.read_csv, "members.csv")):
        whole, pieces = (read(tmp_path / folder / name) for folder in ("whole", "pieces"))
        pd.testing.assert_frame_equal(whole, pieces)


def test_nobody_is_written_with_the_sources_columns(population, tmp_path):
    writing.write_linked(population, population.model.given(), 0, tmp_path)
    assert len(pd.read_csv(tmp_path / "members.csv")) == 0


def test_grandchildren_name_rows_that_are_there():
    random = np.random.default_rng(1)
    parents = pd.DataFrame({"id": np.arange(60), "kind": random.choice(["a", "b"], 60)})
    rows = np.repeat(np.arange(60), random.integers(0, 3, 60))
    children = pd.DataFrame(
        {"id": rows, "child": np.arange(len(rows)), "w": random.choice(["x", "y"], len(rows))}
    )
    below = np.repeat(np.arange(len(rows)), random.integers(0, 3, len(rows)))
    visits = pd.DataFrame({"child": below, "v": random.choice(["p", "q"], len(below))})
    learned = learn_linked(link({"parents": parents, "children": children, "visits": visits}))
    drawn = writing.frames(learned, learned.given().families(40, seed=2))
    assert drawn["children"]["child"].is_unique
    assert drawn["children"]["id"].isin(drawn["parents"]["id"]).all()
    assert len(drawn["visits"]) and drawn["visits"]["child"].isin(drawn["children"]["child"]).all()
