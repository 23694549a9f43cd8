"""Families learned from small tables: drawn, conditioned, and beside enumeration."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.linked.drawing import FamiliesGiven
from synth.linked.facts import RowFact
from synth.linked.features import Rows
from synth.linked.learning import learn_linked
from synth.linked.plans import Grouped
from synth.linked.tables import link

SOME = 700  # homes, as `conftest` makes them


@pytest.fixture(scope="module")
def levels(tables):
    """The same families with nothing but roles, so that they can be enumerated."""
    members = tables["members"]
    frame = pd.DataFrame(
        {
            "home": np.repeat(np.arange(SOME), members.rows),
            "role": members.frame["role"].astype(str),
        }
    )
    homes = tables.root.frame[["kind", "size"]].assign(home=np.arange(SOME))
    return learn_linked(link({"homes": homes, "members": frame}), refine=False)


def test_rules_across_levels_are_found(model):
    texts = [str(rule) for rule in model.rules]
    assert "size is the number of members" in texts
    assert "exactly one of members has role head" in texts
    assert "at most one of members has role spouse" in texts
    assert "age of members with role head is above that of child" in texts


def test_no_family_breaks_a_rule(model):
    families = model.given().families(3_000, seed=1)
    for rule in model.rules:
        assert rule.holds(families.parents, families.rows).all(), str(rule)


def test_a_family_is_the_same_however_many_are_drawn(model):
    whole = model.given().families(50, seed=3)
    later = model.given().families(20, seed=3, start=30)
    pd.testing.assert_frame_equal(
        whole.parents.iloc[30:].reset_index(drop=True), later.parents.reset_index(drop=True)
    )
    kept = whole.rows["members"].kept(np.arange(50) >= 30)
    np.testing.assert_array_equal(kept.values, later.rows["members"].values)


def test_ages_and_roles_are_as_in_the_real_families(model, tables):
    drawn = model.given().families(3_000, seed=2).rows["members"]
    real = Rows.of(
        tables["members"].schema.modelled, tables["members"].frame, tables["members"].rows
    )
    for values, truth in zip(drawn.values, real.values, strict=True):
        assert abs(values.mean() - truth.mean()) < 0.15 * truth.std() + 0.02


def test_rows_are_drawn_as_often_as_their_probability_says(levels):
    """Every family of a parent, enumerated: the probabilities sum to one and meet the draws."""
    siblings = levels.siblings["members"]
    parents = levels.given().families(400, seed=5).parents
    parent = parents[parents["members rows"] == 2].iloc[[0]].reset_index(drop=True)
    states = len(siblings.columns[0].levels)
    every = list(itertools.product(range(states), repeat=2))
    many = parent.iloc[np.zeros(len(every), int)].reset_index(drop=True)
    values = np.array(every, float).reshape(1, -1)
    logs = siblings.log_probability(many, np.full(len(every), 2), values)
    assert np.exp(logs).sum() == pytest.approx(1.0, abs=1e-5)
    count = 20_000
    again = parent.iloc[np.zeros(count, int)].reset_index(drop=True)
    drawn = siblings.draw(again, np.arange(count), 7).values.reshape(count, 2).astype(int)
    shares = np.bincount(drawn[:, 0] * states + drawn[:, 1], minlength=states**2) / count
    expected = np.exp(logs)
    assert (np.abs(shares - expected) < 5 * np.sqrt(expected / count) + 1e-3).all()


def test_a_fact_about_rows_holds_in_every_family_and_its_probability_is_right(model):
    schemas = {name: some.schema for name, some in model.siblings.items()}
    fact = RowFact.parse("members 1..: role=child,age=..20", schemas)
    given = model.given(Evidence.parse("kind=flat", model.root.schema), [fact])
    families = given.families(300, seed=4)
    assert fact.fits(
        given._per_root("members", fact.matches(families.rows["members"]), families)
    ).all()
    assert (families.parents["kind"] == "flat").all()
    free = model.given().families(8_000, seed=9)
    true = fact.fits(given._per_root("members", fact.matches(free.rows["members"]), free))
    share = (true & (free.parents["kind"] == "flat").to_numpy()).mean()
    assert not given.exact
    assert abs(given.probability - share) < 5 * (given.estimate.standard_error + 0.005)


@pytest.mark.parametrize(
    ("facts", "row_fact"),
    [
        ("", "members 1..: role=child"),
        ("kind=flat", "members 2: role=child"),
        ("members rows=3", "members 1..: role=spouse"),
        ("kind=house", "members 0: role=spouse"),
    ],
)
def test_families_given_facts_are_those_that_are_enumerated(levels, facts, row_fact):
    """How common they are and which, beside every kind, plan and order of roles that there is."""
    siblings, root = levels.siblings["members"], levels.root
    plans = [name for name in root.schema.names if name.startswith("members ")]
    states = len(siblings.columns[0].levels)
    fact = RowFact.parse(row_fact, {"members": siblings.schema})
    parents = levels.given().families(20_000, seed=5).parents.drop_duplicates(["kind", *plans])
    every, everyone = {}, 0.0
    for at in range(len(parents)):
        parent = parents.iloc[[at]].reset_index(drop=True)
        values = {name: parent[name].iloc[0] for name in ("kind", *plans)}
        known = ",".join(f"{name}={value}" for name, value in values.items())
        size = int(values["members rows"])
        orders = list(itertools.product(range(states), repeat=size))
        above = parent.iloc[np.zeros(len(orders), int)].reset_index(drop=True)
        counts = np.full(len(orders), size)
        rows = Rows(siblings.schema, counts, np.array(orders, float).reshape(1, -1))
        shares = np.exp(siblings.log_probability(above, counts, rows.values))
        for rule in levels.rules:  # rows are drawn anew where one does not hold
            shares[~rule.holds(above, {"members": rows})] = 0
        shares *= root.given(Evidence.parse(known, root.schema)).probability / shares.sum()
        everyone += shares.sum()
        fine = fact.fits(fact.matches(rows).reshape(-1, size).sum(axis=1))
        if not facts or facts in known:
            for roles, share in zip(itertools.compress(orders, fine), shares[fine], strict=True):
                family = (values["kind"], roles)
                every[family] = every.get(family, 0.0) + share
    assert everyone == pytest.approx(1.0, abs=2e-3)
    total = sum(every.values())
    assert 0.02 < total < 0.9
    given = levels.given(Evidence.parse(facts, root.schema), [fact])
    assert abs(given.probability - total) < 5 * given.estimate.standard_error + 2e-3
    count = 20_000
    drawn = given.families(count, seed=8)
    members = drawn.rows["members"]
    ends = np.cumsum(members.counts)[:-1]
    roles = [tuple(some.tolist()) for some in np.split(members.values[0].astype(int), ends)]
    seen = Counter(zip(drawn.parents["kind"], roles, strict=True))
    assert all(every.get(family, 0.0) > 0 for family in seen)
    for family, share in every.items():
        expected = share / total
        allowed = 5 * np.sqrt(expected / count) + 3e-3
        assert abs(seen[family] / count - expected) < allowed, family


@pytest.mark.parametrize(
    "text", ["nobody: age=3", "members: heigth=3", "members two: age=3", "age=3"]
)
def test_a_fact_that_says_nothing_is_refused(model, text):
    schemas = {name: some.schema for name, some in model.siblings.items()}
    with pytest.raises(PopulaceError):
        model.given(None, [RowFact.parse(text, schemas)])


def test_too_few_families_are_refused(tables):
    with pytest.raises(PopulaceError, match="families are learned from"):
        learn_linked(tables.part(np.arange(5)))


def test_levels_change_from_row_to_row_as_often_as_planned():
    """Half of the families stay as they are, half alternate: nobody does something between."""
    random = np.random.default_rng(4)
    begin = np.repeat(random.integers(0, 2, 400), 6)
    alternates = np.repeat(random.integers(0, 2, 400), 6)
    place = np.tile(np.arange(6), 400)
    rows = pd.DataFrame(
        {
            "id": np.repeat(np.arange(400), 6),
            "side": np.where((begin + alternates * place) % 2, "left", "right"),
        }
    )
    parents = pd.DataFrame({"id": np.arange(400), "kind": random.choice(["a", "b"], 400)})
    learned = learn_linked(link({"parents": parents, "rows": rows}), refine=False)
    drawn = learned.given().families(400, seed=1)
    changes = Grouped(drawn.rows["rows"].counts).changes(drawn.rows["rows"].column("side"))
    planned = drawn.parents["rows side changes"].to_numpy(float)
    assert (changes == planned).mean() > 0.95
    assert np.isin(changes, [0, 5]).mean() > 0.95
    assert 0.3 < (changes == 0).mean() < 0.7


def test_no_more_candidates_are_drawn_than_are_wanted_where_all_are_kept(model, monkeypatch):
    free = replace(model, rules=())
    sizes = []
    draw = FamiliesGiven.candidates

    def counted(self, count, *arguments, **named):
        sizes.append(count)
        return draw(self, count, *arguments, **named)

    monkeypatch.setattr(FamiliesGiven, "candidates", counted)
    drawn = free.given().families(50, 3, threads=1)
    assert sizes == [50] and len(drawn) == 50
