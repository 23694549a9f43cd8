"""Refined people: exactly as many as asked for, the same in any pieces, distributed as p × r."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth.bayes.learning import NetworkLearner
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.data.written import TableFormat
from synth.errors import PopulaceError
from synth.generators import refined
from synth.generators.bayes_network import BayesNetworkModel
from synth.generators.density_ratio import DensityRatio, learn
from synth.generators.refined import RefinedModel
from synth.populations.as_written import AsWritten


def real(rows, seed):
    """Three columns whose triple interaction a network of two parents at most cannot keep."""
    rng = np.random.default_rng(seed)
    a, b, c = (rng.integers(0, 2, rows) for _ in range(3))
    d = np.where(rng.random(rows) < 0.9, a ^ b ^ c, rng.integers(0, 2, rows))
    age = rng.integers(18, 80, rows) + 5 * d
    letters = np.array(["x", "y"])
    return pd.DataFrame(
        {"a": letters[a], "b": letters[b], "c": letters[c], "d": letters[d]}
    ).assign(age=age)


@pytest.fixture(scope="module")
def table():
    return make_table(real(12_000, 1))


@pytest.fixture(scope="module")
def model(table):
    network = NetworkLearner(score="k2", max_parents=1, seed=0).fit(table).network_
    return BayesNetworkModel(network)


@pytest.fixture(scope="module")
def corrected(model, table):
    ratio = learn(model.schema, table.frame, model.sample(24_000, 5), trees=200)
    return RefinedModel(model, ratio)


def parity(frame):
    """How often d is the parity of a, b and c."""
    a, b, c, d = ((frame[name] == "y").to_numpy() for name in "abcd")
    return float(((a ^ b ^ c) == d).mean())


def test_what_the_network_misses_comes_back(model, corrected):
    assert parity(model.sample(20_000, 2)) == pytest.approx(0.5, abs=0.02)
    assert parity(corrected.sample(20_000, 2)) > 0.85  # real people: .95


def test_exactly_as_many_and_the_same_in_any_pieces(corrected, monkeypatch):
    monkeypatch.setattr(refined, "BLOCK", 1000)
    people = corrected.given()
    whole = people.sample(3500, 7, threads=1)
    assert len(whole) == 3500
    pieces = [
        people.sample(n, 7, start=s, threads=t)
        for s, n, t in ((0, 1, 1), (1, 998, 1), (999, 2, 2), (1001, 2499, 2))
    ]
    pd.testing.assert_frame_equal(whole, pd.concat(pieces, ignore_index=True))
    assert len(people.sample(0)) == 0 and list(people.sample(0)) == list(whole)
    assert not whole.equals(people.sample(3500, 8))


def test_evidence_holds_in_every_row(corrected):
    schema = corrected.schema
    people = corrected.given(Evidence.parse("a=y,age=30..40", schema)).sample(2000, 1)
    assert (people["a"] == "y").all() and people["age"].between(30, 40).all()
    assert parity(people) > 0.8


def test_estimates_agree_with_a_large_sample(corrected):
    everybody = corrected.given().sample(60_000, 3)
    known = Evidence.parse("a=y,b=y,c=y,d=y", corrected.schema)
    conditional = corrected.given(known)
    share = (everybody[list("abcd")] == "y").all(axis=1).mean()
    spread = np.hypot(conditional.standard_error, np.sqrt(share * (1 - share) / 60_000))
    assert abs(conditional.probability - share) < 4 * spread
    assert 0 < conditional.standard_error < 0.01
    women = corrected.given(Evidence.parse("d=y", corrected.schema))
    drawn = women.sample(40_000, 4)
    marginal = women.marginal("age")
    assert marginal.mean == pytest.approx(drawn["age"].mean(), abs=0.5)
    assert marginal.probabilities.sum() == pytest.approx(1)
    assert women.marginal("a")["y"] == pytest.approx((drawn["a"] == "y").mean(), abs=0.015)
    assert women.acceptance == pytest.approx(
        corrected.ratio.acceptance(corrected.model.given(women.evidence).sample(20_000, 9)).mean(),
        abs=0.02,
    )
    assert not women.exact and corrected.given().probability == 1
    written = AsWritten(conditional, TableFormat(corrected.schema))
    low, high = written.interval
    assert low < written.probability < high and written.standard_error > 0
    assert "estimated" in written.note
    plain = corrected.model.given(known)
    assert (plain.standard_error, plain.note) == (0.0, "")
    assert plain.interval == (plain.probability, plain.probability)


def test_a_ratio_of_one_keeps_everybody_as_they_were(model):
    flat = learn_flat(model)
    people = RefinedModel(model, flat).given()
    assert people.acceptance == pytest.approx(1)
    counts = [
        frame["d"].value_counts(normalize=True)["y"]
        for frame in (people.sample(20_000, 1), model.sample(20_000, 2))
    ]
    assert counts[0] == pytest.approx(counts[1], abs=0.02)


def learn_flat(model):
    """A ratio that is one everywhere."""
    nothing = np.zeros(1, np.int32)
    return DensityRatio(
        features=(),
        feature=nothing - 1,
        threshold=np.zeros(1),
        left=nothing,
        right=nothing,
        missing_left=np.zeros(1, bool),
        bitset=nothing - 1,
        bitsets=np.zeros((0, 8), np.uint32),
        roots=nothing,
        intercept=0.0,
        log_bound=0.0,
        mean=1.0,
        mean_error=0.0,
        scores={},
    )


def test_hardly_anybody_is_one_sentence(model, monkeypatch):
    monkeypatch.setattr(refined, "BARREN", 2)
    nobody = replace(learn_flat(model), intercept=-4.0, log_bound=60.0)
    with pytest.raises(PopulaceError, match="keeps hardly anybody"):
        RefinedModel(model, nobody).sample(10)


def test_what_is_set_is_for_the_network_alone(corrected):
    with pytest.raises(PopulaceError, match="network alone"):
        corrected.given(None, Evidence.parse("a=y", corrected.schema))


def test_identity_and_files(corrected, tmp_path):
    assert corrected.digest != corrected.model.digest
    corrected.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"network.json", refined.FILE}
    again = DensityRatio.load(tmp_path / refined.FILE)
    assert again.digest == corrected.ratio.digest
