"""Samples: the same for any chunk or thread, the right shares, exactly n, in canonical dtypes."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import chisquare

from synth.bayes import learn, sampling
from synth.bayes.random import fill, stream_key
from synth.bayes.sampling import _alias, _draw_codes, _entries_of, _pair, draw_and_write
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    n = 4000
    sex = rng.choice(["female", "male"], n)
    age = np.clip(np.rint(rng.normal(45, 15, n)), 15, 90).astype(int)
    income = np.round(rng.lognormal(6, 0.7, n) + 5 * age, 2)
    income[rng.random(n) < 0.2] = np.nan
    visits = pd.array(rng.poisson(2, n), dtype="Int64")
    visits[rng.random(n) < 0.1] = pd.NA
    pet = np.where(rng.random(n) < 0.3, None, rng.choice(["cat", "dog"], n))
    member = pd.array(age + rng.normal(0, 10, n) > 50, dtype="boolean")
    member[rng.random(n) < 0.05] = pd.NA
    frame = pd.DataFrame(
        {
            "sex": sex,
            "age": age,
            "income": income,
            "visits": visits,
            "pet": pet,
            "member": member,
            "owner": age > 40,
        }
    )
    return learn(make_table(frame))


def test_counter_based_numbers_do_not_depend_on_where_they_start():
    key = stream_key(7, "age")
    whole, part = np.empty(1000, np.uint64), np.empty(300, np.uint64)
    fill(key, 0, whole)
    fill(key, 500, part)
    assert (whole[500:800] == part).all()
    assert stream_key(7, "age") != stream_key(8, "age") != stream_key(8, "sex")


def test_random_numbers_are_uniform_and_unrelated():
    out = [np.empty(200_000, np.uint64) for _ in range(2)]
    for name, numbers in zip(("a", "b"), out, strict=True):
        fill(stream_key(0, name), 0, numbers)
    for shift in (0, 24, 32, 56):
        byte = (out[0] >> np.uint64(shift)).astype(np.uint8)
        assert chisquare(np.bincount(byte, minlength=256)).pvalue > 1e-4
    pairs = (out[0] >> np.uint64(60)) * np.uint64(16) + (out[1] >> np.uint64(60))
    assert chisquare(np.bincount(pairs.astype(int), minlength=256)).pvalue > 1e-4
    following = (out[0][:-1] >> np.uint64(60)) * np.uint64(16) + (out[0][1:] >> np.uint64(60))
    assert chisquare(np.bincount(following.astype(int), minlength=256)).pvalue > 1e-4


@pytest.mark.parametrize("size", [1, 2, 3, 26, 300])
def test_alias_tables_hold_the_probabilities(size):
    rng = np.random.default_rng(size)
    p = rng.dirichlet(np.full(size, 0.2))
    p[rng.random(size) < 0.3] = 0.0
    p = np.where(p.sum() > 0, p, 1 / size)
    p = p / p.sum()
    table = np.zeros(size, np.uint64)
    _alias(p, size, table)
    threshold = (table >> np.uint64(32)).astype(float) / 2**32
    other = (table & np.uint64(0xFFFFFFFF)).astype(int)
    mass = np.zeros(size)
    for x in range(size):
        mass[x] += threshold[x] / size
        mass[other[x]] += (1 - threshold[x]) / size
    assert mass == pytest.approx(p, abs=1e-9)
    assert (mass[p == 0] == 0).all()


@pytest.mark.parametrize("rows", [0, 1, 1023, 1024, 1025, 70_000])
def test_exactly_n_rows_in_canonical_dtypes(network, rows):
    frame = network.given().sample(rows, seed=1)
    assert len(frame) == rows
    assert list(frame.columns) == list(network.schema.names)
    for column in network.schema:
        assert frame[column.name].dtype == column.dtype, column.name
    if rows:
        assert network.schema.conform(frame).equals(frame)


def test_alias_tables_of_two_states_say_the_same_in_a_quarter_of_the_room():
    """Drawn from by the entries and by what they are packed into; nought and halves too."""
    rng = np.random.default_rng(3)
    weight = rng.gamma(0.3, size=(400, 2))
    weight[:4] = (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)
    entries = np.empty(weight.size, np.uint64)
    _alias(weight.ravel(), 2, entries)
    pairs = np.array([_pair(*two) for two in entries.reshape(-1, 2)])
    again = _entries_of(pairs)
    # A threshold is compared with even numbers: an odd one says the same as the next.
    high = entries >> np.uint64(32)
    even = np.where(high == 0xFFFFFFFF, high, (high + np.uint64(1)) & ~np.uint64(1))
    assert (again >> np.uint64(32) == even).all()
    assert (again & np.uint64(0xFFFFFFFF) == entries & np.uint64(0xFFFFFFFF)).all()
    # And the drawing itself.
    rows, n = len(weight), 4096
    codes = np.zeros((2, n), np.int16)
    for row in range(rows):
        codes[0] = row
        key = stream_key(row, "pair")
        nothing = np.empty(0, np.uint32)
        _draw_codes(
            codes, 1, np.array([0]), np.array([1]), 2, np.zeros(0, np.int32),
            np.empty(0, np.uint64), pairs, rows, key, 0, nothing, 0,
        )  # fmt: skip
        number = np.empty(n, np.uint64)
        fill(key, 0, number)
        scaled = (number >> np.uint64(32)) * np.uint64(2)
        x = (scaled >> np.uint64(32)).astype(int)
        entry = entries.reshape(-1, 2)[row, x]
        inside = (scaled & np.uint64(0xFFFFFFFF)) < entry >> np.uint64(32)
        assert (codes[1] == np.where(inside, x, entry & np.uint64(0xFFFFFFFF))).all()


@pytest.mark.parametrize("most", ["WHOLE", "LARGE"])
def test_whole_and_visited_alias_tables_draw_the_same_people(network, monkeypatch, most):
    """Several samples, so that rows join tables which are there already."""

    def samples():
        posterior = network.given()
        drawn = [posterior.sample(rows, rows, threads=1) for rows in (300, 3000, 20_000)]
        return pd.concat(drawn), [node.tables.lookup for node in posterior._sampler.nodes]

    monkeypatch.setattr(sampling, "WHOLE", 1 << 40 if most == "WHOLE" else -1)
    monkeypatch.setattr(sampling, "LARGE", 1 << 40)
    whole, lookups = samples()
    assert all(not len(slot) for slot, *_ in lookups)
    monkeypatch.setattr(sampling, "WHOLE", -1)
    monkeypatch.setattr(sampling, "LARGE", -1)
    visited, lookups = samples()
    assert all(len(slot) for slot, *_ in lookups)
    pd.testing.assert_frame_equal(whole, visited)


@pytest.mark.parametrize(("threads", "chunk"), [(1, 1 << 15), (2, 1 << 15), (3, 777), (1, 5000)])
def test_same_seed_same_people(network, threads, chunk):
    posterior = network.given(Evidence.parse("member=yes", network.schema))
    expected = posterior.sample(20_000, seed=5)
    again = posterior._sampler.sample(20_000, 5, threads=threads, chunk=chunk)
    pd.testing.assert_frame_equal(expected, again)
    part = posterior.sample(100, seed=5, start=15_000)
    pd.testing.assert_frame_equal(part, expected.iloc[15_000:15_100].reset_index(drop=True))
    assert not posterior.sample(100, seed=6).equals(expected.iloc[:100])


def test_shares_are_those_of_the_posterior(network):
    posterior = network.given(Evidence.parse("pet=dog|missing,age=30..39", network.schema))
    frame = posterior.sample(40_000, seed=2)
    assert set(frame["pet"].cat.categories[frame["pet"].cat.codes.unique()]) <= {"dog", "cat"}
    assert (frame["pet"].isna() | (frame["pet"] == "dog")).all()
    assert frame["age"].between(30, 39).all()
    for name in ("sex", "pet", "member"):
        marginal = posterior.marginal(name)
        values = frame[name].astype("string").replace({"True": "yes", "False": "no"})
        counts = values.fillna("missing").value_counts().reindex(marginal.labels, fill_value=0)
        possible = marginal.probabilities > 1e-12
        assert (counts[~possible] == 0).all()
        seen, wanted = counts[possible], marginal.probabilities[possible] * 40_000
        assert chisquare(seen, wanted * seen.sum() / wanted.sum()).pvalue > 1e-4, name
    income = posterior.marginal("income")
    seen = frame["income"].between(500, 900).mean()
    assert seen == pytest.approx(income.mass(500, 900), abs=0.012)
    assert frame["income"].mean() == pytest.approx(income.mean, rel=0.03)
    assert frame["income"].isna().mean() == pytest.approx(income["missing"], abs=0.012)


def test_numbers_keep_bounds_steps_and_missing(network):
    frame = network.given().sample(50_000, seed=3)
    for name in ("age", "income", "visits"):
        column, values = network.schema[name], frame[name].dropna().astype(float)
        assert values.min() >= column.lower
        assert values.max() <= column.upper
        assert np.allclose(values / column.step, np.rint(values / column.step), atol=1e-6)
    assert frame["visits"].isna().mean() == pytest.approx(0.1, abs=0.02)


def test_arrow_and_parquet_hold_the_same_people(network, tmp_path):
    posterior = network.given()
    frame = posterior.sample(3000, seed=9)
    arrow = posterior.sample_arrow(3000, seed=9)
    seen = []
    posterior.write_parquet(tmp_path / "p.parquet", 3000, seed=9, progress=seen.append)
    read = pq.read_table(tmp_path / "p.parquet")
    assert read.equals(arrow)
    assert b"synthetic" in read.schema.metadata
    assert seen == [3000]
    pd.testing.assert_frame_equal(network.schema.conform(read.to_pandas()), frame)
    assert [path.name for path in tmp_path.iterdir()] == ["p.parquet"]


def test_a_failed_write_leaves_the_old_file(network, tmp_path, monkeypatch):
    path = tmp_path / "p.parquet"
    path.write_bytes(b"old")
    monkeypatch.setattr(pq.ParquetWriter, "write_table", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        network.given().write_parquet(path, 100)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["p.parquet"]


def test_fewer_than_no_rows_are_refused(network):
    with pytest.raises(PopulaceError, match="-1 rows"):
        network.given().sample(-1)


def test_the_limit_draws_every_cell():
    first, two = draw_and_write(5000, 3, 1), draw_and_write(5000, 3, 2)
    assert first.shape == (3, 5000)
    assert (first == two).all()
