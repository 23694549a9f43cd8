"""Rules of families: found where chance would have broken them, believed where seen often."""

import numpy as np
import pandas as pd
import pytest

from synth.errors import PopulaceError
from synth.linked.rules import FamilyRule, find_rules
from synth.linked.tables import link


def families(change=lambda frame: frame, some=900):
    """Parents with two rows: a big and a small one, the big one's number always above."""
    random = np.random.default_rng(3)
    owner = np.repeat(np.arange(some), 2)
    base = np.repeat(random.integers(0, 50, some), 2)
    size = np.tile(["big", "small"], some)
    x = base + np.where(size == "big", 10 + random.integers(0, 5, 2 * some), 0)
    word = np.where(x < 20, None, random.choice(["p", "q"], 2 * some))
    rows = pd.DataFrame({"id": owner, "size": size, "x": x, "word": word})
    parents = pd.DataFrame({"id": np.arange(some), "kind": random.choice(["a", "b"], some)})
    return link({"parents": parents, "rows": change(rows)})


def texts(tables):
    return [str(rule) for rule in find_rules(tables)]


def test_levels_above_each_other_and_values_known_from_a_number_on_are_found():
    rules = texts(families())
    assert "x of rows with size big is above that of small" in rules
    assert "word of rows is known exactly from x 20 on" in rules


def test_one_family_is_enough_to_break_them():
    def broken(rows):
        rows.loc[0, "x"] = -5.0
        rows.loc[1, "word"] = "p"
        rows.loc[1, "x"] = 3
        return rows

    rules = texts(families(broken))
    assert not [text for text in rules if "above" in text or "known exactly" in text]


def test_levels_that_meet_in_few_families_need_no_rule():
    assert not [text for text in texts(families(some=200)) if "above" in text]


def test_levels_that_lie_far_apart_anyway_need_no_rule():
    def apart(rows):
        rows["x"] += np.where(rows["size"] == "big", 1000, 0)
        return rows

    assert not [text for text in texts(families(apart)) if "above" in text]


def test_a_rule_comes_back_from_json_and_an_unknown_kind_is_refused():
    for rule in find_rules(families()):
        assert FamilyRule.from_json(rule.to_json()) == rule
    with pytest.raises(PopulaceError):
        FamilyRule.from_json({"kind": "never", "table": "rows"})
    with pytest.raises(PopulaceError):
        FamilyRule.from_json({"kind": "rows", "table": "rows", "colour": "red"})


def _workers(bound, some=900):
    """Households whose workers are no more than their members of `bound` or more years."""
    random = np.random.default_rng(5)
    size = random.integers(1, 6, some)
    ages = random.integers(5, 60, size.sum())
    owner = np.repeat(np.arange(some), size)
    grown = np.bincount(owner, ages >= bound, some).astype(int)
    workers = random.binomial(grown, 0.8)
    parents = pd.DataFrame({"id": np.arange(some), "workers": workers})
    return link({"homes": parents, "members": pd.DataFrame({"id": owner, "age": ages})})


def test_a_number_is_bounded_by_the_rows_from_some_value_on():
    tables = _workers(16)
    assert "workers is no more than the number of members with age 16 or more" in texts(tables)
    assert not [text for text in texts(tables) if "number of members" in text and "16" not in text]


def test_where_all_rows_count_the_bound_is_all_rows():
    assert "workers is no more than the number of members" in texts(_workers(0))
