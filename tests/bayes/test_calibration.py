"""Targets, rarity and probabilities of rows, against enumeration of small networks."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.bayes.calibration import Target, calibrate
from synth.bayes.coding import Coding, Pieces
from synth.bayes.inference import Posterior
from synth.bayes.network import Network
from synth.bayes.rarity import RarePosterior, tempered
from synth.bayes.scoring import log_cells, log_rows
from synth.bayes.splitting import split_bins
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.errors import PopulaceError

AGE = Column("age", "integer", lower=0, upper=9, step=1, missing=True)
SEX = Column("sex", "categorical", ("f", "m"))
HOBBY = Column("hobby", "categorical", ("a", "b", "c"))
SCHEMA = Schema((AGE, SEX, HOBBY))
VALUES = (*map(float, range(10)), None)


def table(rng, *shape):
    drawn = rng.dirichlet(np.full(shape[-1], 0.7), size=shape[:-1])
    return drawn.reshape(shape)


def network(seed=0):
    """Three columns: an age of three bins (one of them a heap and runs), a sex, a hobby."""
    rng = np.random.default_rng(seed)
    weight = rng.dirichlet(np.ones(6))
    bins = np.array([0, 0, 1, 1, 1, 2])
    weight = weight / np.bincount(bins, weight)[bins]
    pieces = Pieces(np.array([0, 2, 3, 4, 7, 8]), np.array([1, 2, 3, 6, 7, 9]), bins, weight)
    codings = {"age": Coding(AGE, pieces), "sex": Coding(SEX), "hobby": Coding(HOBBY)}
    parents = {"age": ("sex",), "sex": (), "hobby": ("age", "sex")}
    tables = {"age": table(rng, 2, 4), "sex": table(rng, 2), "hobby": table(rng, 4, 2, 3)}
    return Network(SCHEMA, codings, parents, tables)


def everybody(net):
    """Every possible row and its probability, by hand."""
    pieces = net.codings["age"].pieces
    rows, mass = [], []
    for age, (s, sex), (h, hobby) in itertools.product(
        VALUES, enumerate(SEX.levels), enumerate(HOBBY.levels)
    ):
        if age is None:
            code, inside = pieces.bins, 1.0
        else:
            piece = next(i for i in range(6) if pieces.first[i] <= age <= pieces.last[i])
            code = pieces.bin[piece]
            inside = pieces.weight[piece] / (pieces.last[piece] - pieces.first[piece] + 1)
        p = net.tables["sex"][s] * net.tables["age"][s, code] * inside
        rows.append((age, sex, hobby))
        mass.append(p * net.tables["hobby"][code, s, h])
    return pd.DataFrame(rows, columns=["age", "sex", "hobby"]), np.array(mass)


def canonical(frame):
    return SCHEMA.conform(frame)


@pytest.mark.parametrize("seed", range(3))
def test_rows_have_the_probability_that_enumeration_gives(seed):
    net = network(seed)
    rows, mass = everybody(net)
    assert mass.sum() == pytest.approx(1, abs=1e-12)
    assert np.exp(log_rows(net, canonical(rows))) == pytest.approx(mass, abs=1e-14)
    assert log_cells(net, canonical(rows)).shape == (len(rows), 3)


def test_a_value_that_nobody_has_has_no_probability():
    net = network()
    pieces = net.codings["age"].pieces
    kept = np.array([0, 1, 3, 4, 5])  # without age 3
    weight = (
        pieces.weight[kept] / np.bincount(pieces.bin[kept], pieces.weight[kept])[pieces.bin[kept]]
    )
    some = Pieces(pieces.first[kept], pieces.last[kept], pieces.bin[kept], weight)
    holed = Network(
        SCHEMA, {**net.codings, "age": Coding(AGE, some)}, net.parents, dict(net.tables)
    )
    rows = canonical(pd.DataFrame({"age": [3, 4], "sex": ["f", "f"], "hobby": ["a", "a"]}))
    assert list(np.isfinite(log_rows(holed, rows))) == [False, True]


@pytest.mark.parametrize("starts", [[5], [1, 5, 6, 9], [0, 2, 3], [4.0]])
def test_splitting_bins_changes_no_answer(starts):
    net = network(1)
    split = split_bins(net, "age", starts)
    for start in starts:
        assert start in split.codings["age"].pieces.first[split.codings["age"].pieces.starts[:-1]]
    rows, mass = everybody(net)
    assert np.exp(log_rows(split, canonical(rows))) == pytest.approx(mass, abs=1e-14)
    known = Evidence.parse("hobby=b,age=5..8", SCHEMA)
    assert split.given(known).probability == pytest.approx(net.given(known).probability, rel=1e-12)
    assert split.given(known).marginal("sex").probabilities == pytest.approx(
        net.given(known).marginal("sex").probabilities, abs=1e-12
    )


def test_a_start_that_is_one_already_changes_nothing():
    net = network()
    assert split_bins(net, "age", [3]) is net
    with pytest.raises(PopulaceError, match="name a number"):
        split_bins(net, "sex", [1])


# ---------------------------------------------------------------------- rarity


@pytest.mark.parametrize("exponent", [0.3, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("facts", ["", "age=1..5", "hobby=c", "age=missing,sex=m"])
def test_a_power_agrees_with_enumeration(exponent, facts):
    net = network(2)
    known = Evidence.parse(facts, SCHEMA)
    rows, mass = everybody(net)
    rare = RarePosterior(net.given(known), exponent)
    age = rows["age"].to_numpy(dtype=float)
    holds = np.ones(len(rows), bool)
    if "age=1..5" in facts:
        holds &= (age >= 1) & (age <= 5)
    if "age=missing" in facts:
        holds &= np.isnan(age)
    if "hobby=c" in facts:
        holds &= (rows["hobby"] == "c").to_numpy()
    if "sex=m" in facts:
        holds &= (rows["sex"] == "m").to_numpy()
    power = np.where(holds, mass**exponent, 0)
    assert np.exp(rare.posterior.log_weight) == pytest.approx(power.sum(), rel=1e-9)
    for name in ("sex", "hobby"):
        expected = [power[(rows[name] == level).to_numpy()].sum() for level in SCHEMA[name].levels]
        got = rare.posterior.marginal(name).probabilities
        assert got == pytest.approx(np.array(expected) / power.sum(), abs=1e-9)
    for low in range(10):
        inside = power[(age == low)].sum() / power.sum()
        assert rare.posterior.marginal("age").mass(low, low) == pytest.approx(inside, abs=1e-9)
    weights = np.exp(rare.log_weights(canonical(rows[holds])))
    expected = (mass[holds] / mass[holds].sum()) / (power[holds] / power.sum())
    assert weights == pytest.approx(expected, rel=1e-9)
    squared = (power[holds] / power.sum() * expected**2).sum()
    assert rare.effective_share == pytest.approx(1 / squared, rel=1e-9)


def test_weighted_estimates_lie_in_their_intervals():
    net = network(3)
    known = Evidence.parse("sex=f", SCHEMA)
    plain = net.given(known)
    truth = plain.marginal("hobby")["c"]
    rare = RarePosterior(plain, 0.5)
    inside = 0
    for seed in range(100):
        people = rare.sample(2000, seed)
        weight = np.exp(rare.log_weights(people))
        terms = weight * (people["hobby"] == "c").to_numpy()
        error = terms.std() / np.sqrt(len(terms))
        inside += abs(terms.mean() - truth) < 1.96 * error
    assert inside >= 89  # 95 expected, standard deviation 2.2


def test_one_changes_nothing_and_nought_is_refused():
    net = network()
    same, power = tempered(net, 1.0)
    posterior = Posterior(same, factors=(power,))
    assert posterior.log_weight == pytest.approx(0, abs=1e-12)
    for exponent in (0, -1, np.inf, np.nan):
        with pytest.raises(PopulaceError, match="not above 0"):
            tempered(net, exponent)


def test_the_same_rare_people_in_any_pieces():
    rare = RarePosterior(network().given(), 0.4)
    whole = rare.sample(5000, 1)
    parts = [rare.sample(n, 1, start=s, threads=t) for s, n, t in ((0, 1, 1), (1, 4999, 2))]
    pd.testing.assert_frame_equal(whole, pd.concat(parts, ignore_index=True))


# ---------------------------------------------------------------------- targets


def parsed(text):
    return Evidence.parse(text, SCHEMA)


def test_targets_agree_with_brute_force():
    net = network(4)
    rows, mass = everybody(net)
    young = (rows["age"] <= 4).to_numpy()
    bands = Target((parsed("age=..4"), parsed("age=5.."), parsed("age=missing")), (0.5, 0.3, 0.2))
    both = Target(
        (parsed("sex=f,hobby=a"), parsed("sex=m,hobby=a"), parsed("sex=m,hobby=b")),
        (0.2, 0.25, 0.1),
    )
    calibrated = calibrate(net, [bands, both])
    assert calibrated.error <= 1e-9
    posterior = calibrated.given()
    for target in (bands, both):
        for cell, share in zip(target.cells, target.shares, strict=True):
            assert calibrated.given(cell).probability == pytest.approx(share, abs=1e-9)
    # brute force: cells of each target scaled in turn
    cells = [
        [young, (rows["age"] >= 5).to_numpy(), rows["age"].isna().to_numpy()],
        [
            ((rows["sex"] == s) & (rows["hobby"] == h)).to_numpy()
            for s, h in (("f", "a"), ("m", "a"), ("m", "b"))
        ],
    ]
    cells[1].append(~np.any(cells[1], axis=0))
    shares = [[0.5, 0.3, 0.2], [0.2, 0.25, 0.1, 0.45]]
    expected = mass.copy()
    for _ in range(3000):
        for some, wanted in zip(cells, shares, strict=True):
            for inside, share in zip(some, wanted, strict=True):
                expected[inside] *= share / expected[inside].sum()
    for name in ("sex", "hobby"):
        by_hand = [
            expected[(rows[name] == level).to_numpy()].sum() for level in SCHEMA[name].levels
        ]
        assert posterior.marginal(name).probabilities == pytest.approx(by_hand, abs=1e-9)
    for value in range(10):
        by_hand = expected[(rows["age"] == value).to_numpy()].sum()
        assert posterior.marginal("age").mass(value, value) == pytest.approx(by_hand, abs=1e-9)
    divergence = (expected * np.log(expected / mass)).sum()
    assert calibrated.divergence == pytest.approx(divergence, abs=1e-9)


def test_evidence_within_a_calibrated_population():
    net = network(5)
    calibrated = calibrate(net, [Target((parsed("hobby=a"),), (0.6,))])
    known = parsed("age=2..6,sex=f")
    # P*(known) = sum over hobbies of target share times P(known | hobby)
    rest = net.given().marginal("hobby")
    expected = 0.6 * net.given(known | parsed("hobby=a")).probability / rest["a"]
    for hobby in "bc":
        share = 0.4 * rest[hobby] / (rest["b"] + rest["c"])
        expected += share * net.given(known | parsed(f"hobby={hobby}")).probability / rest[hobby]
    assert calibrated.given(known).probability == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40)
@given(
    st.integers(0, 10_000),
    st.lists(st.floats(0.02, 1), min_size=3, max_size=3),
    st.floats(0.05, 0.95),
)
def test_margins_that_can_be_reached_are(seed, hobbies, women):
    net = network(seed)
    target = Target.of_counts([parsed(f"hobby={h}") for h in HOBBY.levels], hobbies)
    calibrated = calibrate(net, [target, Target((parsed("sex=f"),), (women,))])
    assert calibrated.error <= 1e-9
    assert calibrated.divergence >= 0
    assert calibrated.given().marginal("sex")["f"] == pytest.approx(women, abs=1e-9)


def test_independence_of_two_columns():
    net = network(6)
    posterior = net.given()
    calibrated = calibrate(net, [Target.independence(posterior, "hobby", "sex")])
    joint = calibrated.given().joint("hobby", "sex")
    outer = np.outer(posterior.codes("hobby"), posterior.codes("sex"))
    assert joint == pytest.approx(outer, abs=1e-9)
    assert calibrated.divergence > 0


def test_samples_have_the_targets():
    calibrated = calibrate(network(7), [Target((parsed("sex=f"),), (0.9,))])
    people = calibrated.given().sample(20_000, 3)
    assert (people["sex"] == "f").mean() == pytest.approx(0.9, abs=0.01)


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ([], "No target"),
        ([Target((parsed("sex=f"), parsed("sex=f|m")), (0.5, 0.5))], "overlap"),
        (
            [
                Target((parsed("sex=f"),), (0.3,)),
                Target((parsed("sex=f"),), (0.6,)),
            ],
            "contradict",
        ),
        ([Target((parsed("sex=f"), parsed("sex=m")), (0.5, 0.3))], "people of no cell"),
    ],
)
def test_targets_that_cannot_be_are_named(targets, words):
    with pytest.raises(PopulaceError, match=words):
        calibrate(network(), targets)


def test_a_share_for_nobody_is_named():
    net = network()
    tables = dict(net.tables)
    hobby = tables["hobby"].copy()
    hobby[..., 1] = 0
    tables["hobby"] = hobby / hobby.sum(axis=-1, keepdims=True)
    nobody = Network(SCHEMA, net.codings, net.parents, tables)
    with pytest.raises(PopulaceError, match=r"hobby=b.*set it to 0"):
        calibrate(nobody, [Target((parsed("hobby=b"),), (0.1,))])


@pytest.mark.parametrize(
    ("cells", "shares", "words"),
    [
        ((), (), "cells and a share"),
        (("sex=f",), (1.2,), "use 0 to 1"),
        (("sex=f", "sex=m"), (0.8, 0.8), "may reach 1"),
        (("sex=f", "hobby=a"), (0.2, 0.2), "same one or two columns"),
        (("sex=f,hobby=a,age=3",), (0.2,), "same one or two columns"),
    ],
)
def test_damaged_targets_are_refused(cells, shares, words):
    with pytest.raises(PopulaceError, match=words):
        Target(tuple(map(parsed, cells)), shares)
