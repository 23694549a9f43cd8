"""Several numeric series: exact beside enumeration of regimes, clusters, evidence, files."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app
from synth.errors import PopulaceError
from synth.evaluate.series import judge_series
from synth.lives.series import SeriesModel, learn_series

TWO = SeriesModel(
    ("a", "b"),
    np.array([0.7, 0.3]),
    np.array([[0.95, 0.05], [0.1, 0.9]]),
    np.array([[0.1, 0.0], [-0.5, 0.2]]),
    np.array([[[1.0, 0.6], [0.6, 1.0]], [[9.0, 7.0], [7.0, 16.0]]]),
)


def density(x, mean, covariance):
    away = x - mean
    quadratic = away @ np.linalg.inv(covariance) @ away
    return np.exp(-0.5 * quadratic) / np.sqrt((2 * np.pi) ** len(x) * np.linalg.det(covariance))


def enumerated(known):
    """P(what is known), and P(regime of each step | it), over all paths of regimes."""
    total, regimes = 0.0, np.zeros((len(known), 2))
    for path in product(range(2), repeat=len(known)):
        p = TWO.first[path[0]]
        for t, k in enumerate(path):
            p *= TWO.moves[path[t - 1], k] if t else 1.0
            there = np.flatnonzero(~np.isnan(known[t]))
            if len(there):
                p *= density(known[t, there], TWO.means[k, there],
                             TWO.covariances[k][np.ix_(there, there)])  # fmt: skip
        total += p
        regimes[np.arange(len(known)), list(path)] += p
    return total, regimes / total


def test_evidence_on_any_step_is_exact():
    nan = np.nan
    known = np.array([[nan, nan], [4.0, nan], [nan, nan], [nan, -6.0], [0.2, 0.1], [nan, nan]])
    posterior = TWO.given(known)
    likelihood, regimes = enumerated(known)
    assert np.exp(posterior.log_likelihood) == pytest.approx(likelihood, rel=1e-9)
    assert posterior.regimes == pytest.approx(regimes, abs=1e-9)


def test_drawn_series_hold_what_is_known_and_follow_it():
    known = np.full((5, 2), np.nan)
    known[2, 0] = 6.0
    drawn = TWO.given(known).draw(4000, seed=1)
    assert (drawn[:, 2, 0] == 6.0).all()
    # In the wide regime, almost surely: b follows a by 7/9.
    share = TWO.given(known).regimes[2]
    slopes = np.array([0.6, 7 / 9])
    means = TWO.means[:, 1] + slopes * (6.0 - TWO.means[:, 0])
    assert drawn[:, 2, 1].mean() == pytest.approx(share @ means, abs=0.2)
    assert (TWO.given(known).draw(3, seed=1) == TWO.given(known).draw(3, seed=1)).all()


@pytest.fixture(scope="module")
def sampled():
    return TWO.given(1500).sample(seed=4)


def test_regimes_are_found_again_and_clusters_stay(sampled):
    model = learn_series(sampled, regimes=(1, 2))
    assert model.regimes == 2
    order = np.argsort(model.covariances[:, 0, 0])
    assert model.covariances[order] == pytest.approx(TWO.covariances, rel=0.35)
    assert model.moves[order][:, order] == pytest.approx(TWO.moves, abs=0.06)
    scores = judge_series(model, sampled.to_numpy(), draws=30)
    assert scores.figures["squares of a, 1 apart"][3] > 0.1
    assert len(scores.outside) <= 2
    single = judge_series(learn_series(sampled, regimes=(1,)), sampled.to_numpy(), draws=30)
    assert "squares of a, 1 apart" in single.outside, "one regime knows no clusters"


def test_a_file_keeps_everything(tmp_path):
    TWO.save(tmp_path / "series.json")
    again = SeriesModel.load(tmp_path / "series.json")
    assert again.names == TWO.names
    assert (again.covariances == TWO.covariances).all()
    (tmp_path / "series.json").write_text('{"names": ["a"]}')
    with pytest.raises(PopulaceError, match="holds no series"):
        SeriesModel.load(tmp_path / "series.json")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((10, 2)), "50 steps"),
        (np.full((60, 2), np.nan), "a number in every"),
        (np.ones((60, 2)), "does not move"),
    ],
)
def test_what_cannot_be_learned_from(values, words):
    with pytest.raises(PopulaceError, match=words):
        learn_series(pd.DataFrame(values, columns=["a", "b"]))


@pytest.mark.parametrize("known", [np.zeros(3), np.zeros((2, 3)), np.zeros((0, 2))])
def test_known_values_of_another_shape(known):
    with pytest.raises(PopulaceError, match="steps × series"):
        TWO.given(known)


def test_series_on_the_command_line(sampled, tmp_path):
    table, model, drawn = (tmp_path / name for name in ("s.csv", "s.json", "drawn.parquet"))
    sampled.iloc[:120].to_csv(table, index=False)
    words = ["lives", "series", table, "--columns", "a,b", "--out", model, "--sample", drawn]
    done = CliRunner().invoke(app, [*map(str, words), "--judge"])
    assert done.exit_code == 0, done.output
    assert SeriesModel.load(model).names == ("a", "b")
    assert len(pd.read_parquet(drawn)) == 120
    assert "squares of b, 20 apart" in done.output
    words[4] = "a,c"
    refused = CliRunner().invoke(app, [str(word) for word in words])
    assert "no column c" in refused.output + str(refused.exception)
