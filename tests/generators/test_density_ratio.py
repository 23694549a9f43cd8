"""The boosted density ratio: scikit-learn as the oracle of its trees, files, refusals."""

import numpy as np
import pandas as pd
import pytest

from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators import density_ratio
from synth.generators.density_ratio import DensityRatio, encode, learn

SCHEMA = Schema(
    (
        Column("x", "real", lower=-10, upper=10, step=0.01, missing=True),
        Column("kind", "categorical", ("a", "b", "c", "d"), missing=True),
        Column("yes", "boolean"),
        Column("n", "integer", lower=0, upper=50, step=1),
    )
)


def people(rows, seed, tied):
    """Rows in which, where `tied`, x hangs on the kind, and n on yes."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, rows)
    yes = rng.random(rows) < 0.4
    x = rng.normal(0, 1, rows) + (kind == 2) * (2.0 if tied else 0.5)
    n = rng.integers(0, 40, rows) + (yes * 10 if tied else rng.permutation(yes) * 10)
    frame = pd.DataFrame(
        {
            "x": np.where(rng.random(rows) < 0.05, np.nan, np.clip(x, -10, 10).round(2)),
            "kind": np.array(["a", "b", "c", "d"], dtype=object)[kind],
            "yes": yes,
            "n": n,
        }
    )
    frame.loc[rng.random(rows) < 0.1, "kind"] = None
    return SCHEMA.conform(frame)


@pytest.fixture(scope="module")
def ratio():
    return learn(SCHEMA, people(6000, 1, True), people(9000, 2, False), seed=4)


def test_the_trees_agree_with_scikit_learn(monkeypatch):
    from sklearn.ensemble import HistGradientBoostingClassifier

    models, stopped = [], []

    class Spy(HistGradientBoostingClassifier):
        def fit(self, *arguments, **named):
            super().fit(*arguments, **named)
            if "X_val" in named:
                models.append(self)
                stopped.append(self.n_iter_)
            return self

    monkeypatch.setattr("sklearn.ensemble.HistGradientBoostingClassifier", Spy)
    learned = learn(SCHEMA, people(3000, 1, True), people(3000, 2, False))
    rows = people(2000, 7, True)
    every = [model.decision_function(encode(learned.features, rows)) for model in models]
    expected = np.mean(every, axis=0)  # few real rows: as many ratios as folds are averaged
    assert len(models) == density_ratio.FOLDS
    # Averaged ratios are grown on from where people kept apart stopped each.
    assert [model.n_iter_ for model in models] == [round(1.9 * trees) for trees in stopped]
    assert len(learned.roots) == sum(model.n_iter_ for model in models)
    low, high = -density_ratio.CLIP, learned.log_bound
    assert learned.log_ratio(rows) == pytest.approx(np.clip(expected, low, high), abs=1e-9)
    assert (expected > high).any() or (expected < low).any() or expected.std() > 0.1


def test_one_ratio_alone_stops_where_people_kept_apart_stop_it():
    real, drawn = people(3000, 1, True), people(3000, 2, False)
    assert len(learn(SCHEMA, real, drawn, trees=4, folds=1).roots) == 4
    assert len(learn(SCHEMA, real, drawn, trees=4, folds=2).roots) == 2 * 6


def test_further_people_are_raked_and_say_the_mean():
    """Shares of the kinds are the real ones, up to those of people whom nobody raked."""
    further = people(12_000, 3, False)
    real, drawn = people(3000, 1, True), people(3000, 2, False)
    raked = learn(SCHEMA, real[real["kind"] != "d"], drawn, further=further, trees=3, folds=1)
    assert raked is not None and raked.roots.size > 3  # trees of single columns come last
    for rows, tolerance in ((further[:8000], 0.005), (people(12_000, 5, False), 0.03)):
        ratios = np.exp(raked.log_ratio(rows))
        shares = [ratios[(rows["kind"] == kind).to_numpy()].sum() / ratios.sum() for kind in "ab"]
        expected = [(real["kind"] == kind).sum() / (real["kind"] != "d").sum() for kind in "ab"]
        assert shares == pytest.approx(expected, abs=tolerance)
    assert raked.mean == pytest.approx(ratios.mean(), abs=0.05)


def test_it_tells_what_is_tied(ratio):
    tied, apart = people(4000, 11, True), people(4000, 12, False)
    assert ratio.log_ratio(tied).mean() > 0.1 > -0.1 > ratio.log_ratio(apart).mean()
    assert ratio.scores["loss"] < ratio.scores["loss_none"]
    assert ratio.mean == pytest.approx(1, abs=0.1)
    kept = ratio.acceptance(apart)
    assert kept.min() > 0 and kept.max() <= 1


def test_kept_people_are_like_the_real_ones(ratio):
    drawn, real = people(40_000, 21, False), people(40_000, 22, True)
    chosen = drawn[np.random.default_rng(0).random(len(drawn)) < ratio.acceptance(drawn)]

    def gap(frame):
        return frame["x"][frame["kind"] == "c"].mean()

    assert abs(gap(chosen) - gap(real)) < 0.35 * abs(gap(drawn) - gap(real))


def test_where_nothing_is_to_be_told_there_is_no_ratio():
    assert learn(SCHEMA, people(4000, 1, True), people(4000, 2, True)) is None


def test_few_people_learn_no_ratio():
    few = people(density_ratio.FEWEST - 1, 1, True)
    assert learn(SCHEMA, few, people(4000, 2, False)) is None


def test_a_file_gives_the_same_ratio(ratio, tmp_path):
    ratio.save(tmp_path / "r.npz")
    again = DensityRatio.load(tmp_path / "r.npz")
    rows = people(3000, 5, True)
    assert (again.log_ratio(rows) == ratio.log_ratio(rows)).all()
    assert (again.mean, again.log_bound, again.scores) == (
        ratio.mean,
        ratio.log_bound,
        ratio.scores,
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("left", lambda a: np.zeros_like(a)),  # a walk in circles
        ("right", lambda a: a + 10**6),
        ("feature", lambda a: np.where(a >= 0, 99, a)),
        ("bitset", lambda a: a + 10**6),
        ("roots", lambda a: a - 1),
        ("threshold", lambda a: a[:-1]),
        ("bitsets", lambda a: a[:, :4]),
        ("categories", lambda a: a[:-1]),
        ("categories", lambda a: a + 300),
    ],
)
def test_damaged_files_are_refused(ratio, tmp_path, name, change):
    ratio.save(tmp_path / "r.npz")
    with np.load(tmp_path / "r.npz") as data:
        arrays = {key: data[key] for key in data.files}
    arrays[name] = change(arrays[name])
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(PopulaceError, match="learn it again"):
        DensityRatio.load(tmp_path / "bad.npz")


def test_no_file_and_no_archive_are_refused(tmp_path):
    with pytest.raises(PopulaceError, match="learn it again"):
        DensityRatio.load(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(PopulaceError, match="learn it again"):
        DensityRatio.load(tmp_path / "text.npz")


def test_many_levels_share_a_category():
    levels = tuple(f"l{i}" for i in range(400))
    schema = Schema((Column("many", "categorical", levels), SCHEMA["n"]))
    rng = np.random.default_rng(0)

    def rows(tied):
        many = rng.integers(0, 400, 5000)
        n = np.where(many < 100, 5, 30) if tied else rng.choice([5, 30], 5000)
        return schema.conform(pd.DataFrame({"many": np.array(levels)[many], "n": n}))

    learned = learn(schema, rows(True), rows(False))
    assert learned is not None
    assert learned.features[0].categories.max() == density_ratio.CATEGORIES - 1


@pytest.mark.parametrize("nothing", [0.0, 0.3])
def test_looking_leaves_up_is_walking_to_them_to_the_last_bit(ratio, monkeypatch, nothing):
    values = encode(ratio.features, people(3000, 31, True))
    values[np.random.default_rng(0).random(values.shape) < nothing] = np.nan
    walked = density_ratio._raw(ratio, values)
    assert ratio._masks is not None
    monkeypatch.setattr(density_ratio, "FEW", 0)
    assert np.array_equal(density_ratio._raw(ratio, values), walked)
    assert len(np.unique(walked)) > 100
