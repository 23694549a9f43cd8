"""Figures of whole families: real beside real, and beside families that are not like them."""

import numpy as np
import pandas as pd
import pytest

from synth.errors import PopulaceError
from synth.evaluate.linked import compare_linked, judge_linked
from synth.linked.families import Families
from synth.linked.features import Rows
from synth.linked.population import families_of
from synth.linked.tables import link


@pytest.fixture(scope="module")
def tables():
    random = np.random.default_rng(0)
    rows = random.integers(1, 5, 600)
    kind = random.choice(["a", "b"], 600)
    owner = np.repeat(np.arange(600), rows)
    parents = pd.DataFrame({"id": np.arange(600), "kind": kind})
    first = np.repeat(1990 + random.integers(0, 9, 600), rows)
    place = np.concatenate([np.arange(n) for n in rows])
    level = np.where(kind[owner] == "a", 10, 20) + random.integers(0, 3, len(owner))
    return link(
        {"parents": parents, "rows": pd.DataFrame({"id": owner, "year": first + place, "x": level})}
    )


def halves(tables):
    order = np.random.default_rng(1).permutation(len(tables.root))
    return [tables.part(np.sort(half)) for half in np.array_split(order, 2)]


def test_real_families_stand_as_fresh_ones(tables):
    unseen, fresh = halves(tables)
    scores = compare_linked(unseen, families_of(fresh), fresh)
    rows = scores.tables["rows"]
    assert scores.family_auc == scores.family_fresh
    assert rows.cardinality == rows.cardinality_fresh < 0.15
    assert rows.parent_child == rows.parent_child_fresh
    assert (rows.in_order, rows.in_order_fresh) == (1.0, 1.0)
    same = compare_linked(unseen, families_of(unseen), fresh).tables["rows"]
    assert (same.cardinality, same.parent_child, same.siblings) == (0.0, 0.0, 0.0)


def test_rows_of_other_parents_and_out_of_order_are_seen(tables):
    unseen, fresh = halves(tables)
    real = families_of(fresh)
    rows = real.rows["rows"]
    order = np.random.default_rng(2).permutation(rows.values.shape[1])
    mixed = Families(real.parents, {"rows": Rows(rows.schema, rows.counts, rows.values[:, order])},
                     {"rows": ""})  # fmt: skip
    scores = compare_linked(unseen, mixed, fresh)
    assert scores.family_auc > 0.9
    assert scores.tables["rows"].cardinality == scores.tables["rows"].cardinality_fresh
    assert scores.tables["rows"].parent_child > 2 * scores.tables["rows"].parent_child_fresh
    assert scores.tables["rows"].siblings > 2 * scores.tables["rows"].siblings_fresh
    assert scores.tables["rows"].in_order < 0.7


def test_learned_families_are_judged_by_the_other_half(tables):
    scores = judge_linked(tables, refine=False)
    assert scores.families == 300
    assert scores.tables["rows"].in_order == 1.0
    assert abs(scores.tables["rows"].rows_synthetic - scores.tables["rows"].rows_real) < 0.3
    assert scores.family_auc < 0.8
    assert set(scores.to_dict()) >= {"family_auc", "tables", "broken_rules"}


def test_nobody_is_no_comparison(tables):
    unseen, fresh = halves(tables)
    with pytest.raises(PopulaceError):
        compare_linked(unseen, families_of(tables.part(np.arange(0))), fresh)
