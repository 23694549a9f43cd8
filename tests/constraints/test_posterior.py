"""Answers under rules are those of the people who keep them: by enumeration, and by filtering."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import learn
from synth.bayes.random import uniforms_at
from synth.constraints.derived import Constraints, Sum, possible
from synth.constraints.posterior import constrained
from synth.constraints.rules import parse_rules
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import make_table

NOBODY = Evidence()


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    rows = 4000
    a = rng.integers(0, 6, rows)
    b = np.clip(a + rng.integers(-3, 4, rows), 0, 9)
    group = np.where(b > 4, rng.choice(["x", "y"], rows), rng.choice(["y", "z"], rows))
    wide = rng.integers(0, 3000, rows)
    other = np.clip(wide + rng.integers(-900, 900, rows), 0, 4000)
    frame = pd.DataFrame({"a": a, "b": b, "group": group, "wide": wide, "other": other})
    return make_table(frame)


@pytest.fixture(scope="module")
def network(table):
    return learn(table, score="k2", restarts=0)


def under(network, text, evidence=NOBODY):
    constraints = Constraints(rules=parse_rules(text, network.schema))
    return constrained(network, evidence, NOBODY, constraints)


def test_codes_under_rules_are_exact(network):
    rules = "a < b\nif group = z then a != 2"
    posterior = under(network, rules)
    whole = network.given()
    joint = np.zeros((6, 9, 3))
    for k, level in enumerate(("x", "y", "z")):
        given = network.given(Evidence.parse(f"group={level}", network.schema))
        joint[:, :, k] = given.joint("a", "b") * whole.marginal("group")[level]
    keeps = (np.arange(6)[:, None] < np.arange(9))[:, :, None] & ~(
        (np.arange(6) == 2)[:, None, None] & (np.arange(3) == 2)
    )
    true = joint * keeps
    true /= true.sum()
    assert posterior.codes("a") == pytest.approx(true.sum(axis=(1, 2)), abs=1e-9)
    assert posterior.joint("a", "b") == pytest.approx(true.sum(axis=2), abs=1e-9)
    assert posterior.marginal("group").probabilities == pytest.approx(true.sum(axis=(0, 1)))
    known = Evidence.parse("b=3..5,group=x|z", network.schema)
    requested = under(network, rules, known)
    assert requested.probability == pytest.approx(true[:, 3:6][:, :, [0, 2]].sum())
    assert posterior.probability == 1


@pytest.mark.parametrize("rule", ["wide < other", "other >= wide", "wide != other", "a <= wide"])
def test_values_under_rules_are_those_of_people_who_keep_them(network, rule):
    """Where a rule cuts bins in two: against rejection, the slow way to the same people."""
    drawn = under(network, rule).sample(60_000, seed=3)
    plain = network.given().sample(200_000, seed=4)
    (parsed,) = parse_rules(rule, network.schema)
    assert not parsed.broken(drawn).any()
    kept = plain[~parsed.broken(plain)]
    for name in ("wide", "other"):
        edges = np.quantile(kept[name], np.linspace(0, 1, 41))
        a, b = (np.histogram(f[name], np.unique(edges))[0] / len(f) for f in (drawn, kept))
        assert 0.5 * np.abs(a - b).sum() < 0.02
    gap, true = drawn["other"] - drawn["wide"], kept["other"] - kept["wide"]
    assert gap.mean() == pytest.approx(true.mean(), abs=0.03 * true.std())


def test_the_same_people_however_they_are_asked_for(network):
    posterior = under(network, "wide < other\na < b")
    whole = posterior.sample(3000, seed=8)
    for start, rows in ((0, 10), (1234, 700), (2999, 1)):
        part = posterior.sample(rows, seed=8, start=start)
        pd.testing.assert_frame_equal(part, whole[start : start + rows].reset_index(drop=True))
    assert not whole.equals(posterior.sample(3000, seed=9))


def test_a_rule_on_a_sum_draws_whole_rows_anew(network):
    total = Sum("total", (("a", 1), ("b", 1)))
    known = {column.name: column for column in network.schema}
    column = possible(total, known["a"], known)
    bare = Constraints((total,), (column,), (), ())
    rules = parse_rules("total >= 6", Schema((*network.schema, column)))
    constraints = Constraints((total,), (column,), rules, ())
    drawn = constrained(network, NOBODY, NOBODY, constraints).sample(30_000, seed=1)
    assert (drawn["total"] == drawn["a"] + drawn["b"]).all()
    assert drawn["total"].min() == 6
    plain = constrained(network, NOBODY, NOBODY, bare).sample(60_000, seed=2)
    kept = plain[plain["total"] >= 6]
    assert drawn["a"].mean() == pytest.approx(kept["a"].mean(), abs=0.05)


def test_scattered_random_numbers_are_even():
    rows = np.arange(0, 10**7, 997)
    drawn = uniforms_at(np.uint64(0x9E3779B97F4A7C15), rows)
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert drawn.mean() == pytest.approx(0.5, abs=0.02)
    assert np.histogram(drawn, 10, (0, 1))[0].min() > 800
