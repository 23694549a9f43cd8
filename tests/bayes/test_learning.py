"""Learning: codes to network, weights, rules, missing as a state, Gaussian columns, errors."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import NetworkLearner, learn, learning
from synth.bayes.counting import Codes
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError


def people(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n)
    age = rng.integers(15, 90, n)
    married = rng.random(n) < np.clip((age - 18) / 40, 0, 0.7)
    pay = np.round(rng.normal(20, 5, n) * (1 + married) + age, 1)
    interests = np.array(["art", "pets", "food", "walks"])
    first = rng.integers(0, 4, n)
    second = (first + rng.integers(1, 4, n)) % 4
    return pd.DataFrame(
        {
            "sex": sex,
            "age": age,
            "married": married,
            "pay": pay,
            "top1": interests[first],
            "top2": interests[second],
            "w": np.where(sex == "f", 3.0, 1.0),
        }
    )


@pytest.fixture(scope="module")
def table():
    return make_table(people().drop(columns="w"))


def test_scikit_learn_contract():
    learner = NetworkLearner(score="bic", max_parents=2, seed=4)
    assert learner.score == "bic"
    assert not [name for name in vars(learner) if name.endswith("_")]
    assert learner.fit(make_table(people(300).drop(columns="w"))) is learner
    assert learner.network_.about["score"] == "bic"
    assert learner.families_ > 0


@pytest.mark.parametrize("score", ["k2", "bic", "bdeu", "predictive"])
def test_finds_what_depends_on_what(table, score):
    network = learn(table, score=score)
    joined = {frozenset(edge) for edge in network.edges}
    assert joined & {frozenset(("age", "married")), frozenset(("pay", "married"))}
    assert frozenset(("top1", "top2")) in joined
    assert frozenset(("sex", "top1")) not in joined


def test_same_seed_same_network(table):
    assert learn(table, seed=3).digest == learn(table, seed=3).digest


def test_a_column_never_has_what_another_excludes(table):
    frame = learn(table).given().sample(30_000)
    assert (frame["top1"].astype(str) != frame["top2"].astype(str)).all()


def test_empty_cells_are_impossible_where_rare_ones_do_not_explain_them():
    chance = np.full((4, 5), 30.0)
    counts = np.full((4, 5), 30.0)
    counts[0] = 0.0
    assert np.flatnonzero(learning._never(counts, chance)).tolist() == [0, 1, 2, 3, 4]
    chance[0, :2] = 11.9  # so few might be missing by chance alone
    assert np.flatnonzero(learning._never(counts, chance)).tolist() == [2, 3, 4]
    # One rare cell of one person, one of two: some of the empty ones are rare as well, those of
    # the least chance.
    counts[1, 0], counts[1, 1] = 1.0, 2.0
    chance[0] = [40.0, 50.0, 60.0, 70.0, 80.0]
    assert np.flatnonzero(learning._never(counts, chance)).tolist() == [3, 4]
    counts[1:, 2:] = 1.0
    assert not learning._never(counts, chance).any()


def test_who_is_rare_is_not_impossible():
    # Two numbers that fall with each other: their corners hold few people, but somebody.
    rng = np.random.default_rng(0)

    def some(rows):
        x = rng.normal(0, 1, rows)
        y = -0.75 * x + rng.normal(0, 0.66, rows)
        return make_table(pd.DataFrame({"x": x.round(2), "y": y.round(2)}))

    network, others = learn(some(6000)), some(20_000).frame
    codes = [network.codings[name].encode(others[name]) for name in ("x", "y")]
    parent, child = network.edges[0]
    order = [("x", "y").index(parent), ("x", "y").index(child)]
    chances = network.tables[child][codes[order[0]], codes[order[1]]]
    assert (chances == 0).mean() < 1e-4


def test_required_and_forbidden_edges(table):
    network = learn(table, required=[("sex", "pay")], forbidden=[("age", "married")])
    assert ("sex", "pay") in network.edges
    assert ("age", "married") not in network.edges
    with pytest.raises(PopulaceError, match="shoe"):
        learn(table, required=[("shoe", "pay")])
    with pytest.raises(PopulaceError, match="circle"):
        learn(table, required=[("sex", "pay"), ("pay", "sex")])


def test_no_arrow_leads_from_a_later_tier_to_an_earlier_one(table):
    tiers = [["sex", "age"], ["married", "pay"], ["top1"]]  # top2 is in none: it is free
    place = {name: number for number, tier in enumerate(tiers) for name in tier}
    free = learn(table)
    assert any(place[a] > place[b] for a, b in free.edges if a in place and b in place)
    network = learn(table, tiers=tiers)
    assert all(place[a] <= place[b] for a, b in network.edges if a in place and b in place)
    assert network.about["tiers"] == tiers
    assert "tiers" not in free.about
    backwards = learn(table, tiers=tiers, required=[("pay", "sex")])
    assert ("pay", "sex") in backwards.edges
    with pytest.raises(PopulaceError, match="shoe"):
        learn(table, tiers=[["shoe"], ["sex"]])
    with pytest.raises(PopulaceError, match="sex stands in two tiers"):
        learn(table, tiers=[["sex"], ["sex", "age"]])


def test_max_parents(table):
    network = learn(table, max_parents=1)
    children = [child for _, child in network.edges]
    assert len(children) == len(set(children))


def test_linked_columns_keep_their_edges_whatever_the_most_parents():
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(5), (4000, 1)), axis=1)[:, :3]
    frame = pd.DataFrame({f"top{i + 1}": [f"k{v}" for v in order[:, i]] for i in range(3)})
    network = learn(make_table(frame), max_parents=1)
    people = network.given().sample(5000).astype(str)
    assert (people.nunique(axis=1) == 3).all()


def test_weights_weigh():
    table = make_table(people())
    plain, weighted = learn(table), learn(table, weights="w")
    assert "w" not in weighted.schema
    women = (table.frame["sex"] == "f").mean()
    assert plain.given(Evidence.parse("sex=f", plain.schema)).probability == pytest.approx(
        women, abs=0.01
    )
    expected = 3 * women / (3 * women + 1 - women)
    assert weighted.given(Evidence.parse("sex=f", weighted.schema)).probability == pytest.approx(
        expected, abs=0.01
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [({"w": np.nan}, "w"), ({"w": -1.0}, "w"), ({"w": "heavy"}, "w")],
)
def test_bad_weights_are_named(change, words):
    frame = people(200)
    frame["w"] = frame["w"].astype(object)
    frame.loc[3, "w"] = change["w"]
    frame["w"] = frame["w"] if change["w"] == "heavy" else frame["w"].astype(float)
    try:
        table = make_table(frame)
    except PopulaceError as error:  # a column of numbers and words is refused earlier
        assert words in str(error)
        return
    with pytest.raises(PopulaceError, match=words):
        learn(table, weights="w")


def test_missing_is_learned_jointly():
    frame = people(4000).drop(columns="w")
    gone = frame["married"] & (np.random.default_rng(1).random(4000) < 0.8)
    frame["pay"] = frame["pay"].where(~gone)
    network = learn(make_table(frame))
    married = network.given(Evidence.parse("married=yes", network.schema)).marginal("pay")
    single = network.given(Evidence.parse("married=no", network.schema)).marginal("pay")
    assert married["missing"] == pytest.approx(0.8, abs=0.05)
    assert single["missing"] < 0.02


def test_gaussian_columns_follow_the_paper(table):
    network = learn(table, gaussian=["age", "pay"], score="k2")
    assert set(network.gaussians) == {"age", "pay"}
    assert not [
        1 for a, b in network.edges if a in network.gaussians and b not in network.gaussians
    ]
    frame = network.given().sample(20_000, seed=1)
    assert frame["age"].between(15, 89).all()
    assert frame["age"].dtype.kind == "i"
    assert frame["pay"].corr(frame["married"].astype(float)) > 0.3


def test_gaussian_columns_must_be_complete_numbers(table):
    with pytest.raises(PopulaceError, match="sex"):
        learn(table, gaussian=["sex"])
    frame = people(500).drop(columns="w")
    frame.loc[::3, "pay"] = np.nan
    with pytest.raises(PopulaceError, match=r"pay.*missing"):
        learn(make_table(frame), gaussian=["pay"])


def test_unknown_score_is_named(table):
    with pytest.raises(PopulaceError, match="aic"):
        learn(table, score="aic")
    with pytest.raises(PopulaceError, match="shoe"):
        learn(table, weights="shoe")


def test_heaps_and_bounds_survive():
    rng = np.random.default_rng(0)
    gain = np.where(rng.random(8000) < 0.92, 0, rng.integers(100, 99_999, 8000))
    hours = np.where(rng.random(8000) < 0.5, 40, rng.integers(1, 99, 8000))
    network = learn(make_table(pd.DataFrame({"gain": gain, "hours": hours})))
    frame = network.given().sample(40_000)
    assert (frame["gain"] == 0).mean() == pytest.approx((gain == 0).mean(), abs=0.01)
    assert (frame["hours"] == 40).mean() == pytest.approx((hours == 40).mean(), abs=0.01)
    assert frame["gain"].max() <= gain.max()


def test_progress_is_told(table):
    messages = []
    learn(table, progress=lambda moves, score: messages.append((moves, score)))
    assert messages
    assert [score for _, score in messages] == sorted(score for _, score in messages)


def test_the_time_is_told_before_the_search_and_changes_nothing():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 3, (300, 5)), columns=list("abcde")).astype(str)
    frame["b"] = frame["a"]
    heard = []
    learner = NetworkLearner(restarts=1).fit(
        make_table(frame),
        lambda moves, score: heard.append("move"),
        lambda seconds: heard.append(seconds),
    )
    assert heard[0] > 0 and set(heard[1:]) == {"move"}
    assert (
        learner.network_.digest == NetworkLearner(restarts=1).fit(make_table(frame)).network_.digest
    )


def test_more_columns_people_and_restarts_are_expected_to_take_longer(monkeypatch):
    # Each family takes as long as there are people: the clock is the counter of what was scored.
    clock = [0.0]

    def score(child, parents):
        clock[0] += codes.rows * (1 + len(tuple(parents))) * 1e-6
        return 0.0

    monkeypatch.setattr(learning.time, "perf_counter", lambda: clock[0])

    def seconds(columns, rows, **settings):
        nonlocal codes
        codes = Codes(np.zeros((columns, rows), np.int32), (2,) * columns)
        return learning.expected_seconds(score, codes, **settings)

    codes = None
    assert seconds(1, 100) == 0.0
    # Pairs cost .002 s; families of two and three parents .0035 on average.
    assert seconds(10, 1000) == pytest.approx(100 * (0.002 + 4 * 0.0035), rel=0.2)
    assert seconds(100, 1000) == pytest.approx(100**2 * 0.002 + 9500 * 0.0035, rel=0.1)
    assert seconds(10, 1000, restarts=0) < seconds(10, 1000) < seconds(10, 2000)
    assert seconds(10, 1000, max_parents=1) < seconds(10, 1000) < seconds(20, 1000)


def test_columns_of_wide_tables_choose_among_candidates(monkeypatch):
    monkeypatch.setattr(learning, "WIDE", 5)
    monkeypatch.setattr(learning, "CANDIDATES", 2)
    rng = np.random.default_rng(1)
    columns = [rng.integers(0, 3, 600)]
    for _ in range(7):
        columns.append(np.where(rng.random(600) < 0.7, columns[-1], rng.integers(0, 3, 600)))
    table = make_table(pd.DataFrame({f"c{i}": c for i, c in enumerate(columns)}).astype(str))
    learner = NetworkLearner(restarts=0).fit(table)
    joined = {frozenset(edge) for edge in learner.network_.edges}
    assert joined == {frozenset((f"c{i}", f"c{i + 1}")) for i in range(7)}
    monkeypatch.setattr(learning, "WIDE", 40)
    assert learner.families_ < NetworkLearner(restarts=0).fit(table).families_


def test_what_a_column_settles_stays_settled_also_for_rare_codes():
    """A degree goes with its years of school, also where only four people have it."""
    rng = np.random.default_rng(0)
    years = rng.choice(6, 2000, p=[0.002, 0.198, 0.3, 0.3, 0.15, 0.05])
    frame = pd.DataFrame(
        {
            "years": years.astype(str),
            "degree": np.array(list("uvwxyz"))[years],
            "town": rng.choice(list("pq"), 2000),
        }
    )
    network = NetworkLearner().fit(make_table(frame)).network_
    drawn = network.given(Evidence()).sample(20_000, seed=1)
    pairs = drawn.groupby(["years", "degree"], observed=True).size()
    assert len(pairs) == 6


def test_few_people_settle_nothing():
    """Twelve people of two towns say little about the thirteenth."""
    frame = pd.DataFrame(
        {"town": list("pq") * 6, "colour": list("rs") * 6, "n": list("xxyyzz") * 2}
    )
    network = NetworkLearner(required=[("town", "colour")]).fit(make_table(frame)).network_
    assert network.parents["colour"] == ("town",)
    assert (network.tables["colour"] > 0).all()
