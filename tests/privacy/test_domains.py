"""Domains: from public knowledge or paid for; nothing else of a value gets through."""

import numpy as np
import pandas as pd
import pytest

from synth.data.column import Column
from synth.errors import PopulaceError
from synth.privacy.domains import OTHER, bins_of, clamped, measured, resolved
from synth.privacy.ledger import Accountant
from synth.privacy.noise import SeededSource
from synth.privacy.public import Public, PublicColumn


def book(epsilon=5.0):
    return Accountant(epsilon, 1e-6, SeededSource(2), thresholds=1)


def levels(*counts):
    return pd.Series(pd.Categorical(np.repeat([f"l{i}" for i in range(len(counts))], counts)))


def test_rare_levels_are_not_shown():
    values = levels(900, 400, 1, 1)
    column, note = resolved(
        Column("x", "categorical", ("l0", "l1", "l2", "l3")), values, PublicColumn(), book(), 0.05
    )
    assert column.levels == ("l0", "l1", OTHER) and note == ""
    known = clamped(column, values)
    assert (known == OTHER).sum() == 2


def test_public_levels_cost_nothing_and_unknown_ones_are_missing():
    account = book()
    public = PublicColumn(("l0", "l1", "l9"))
    column, note = resolved(Column("x", "categorical"), levels(5, 5, 2), public, account, 0.05)
    assert column.levels == public.levels and "3 levels" in note and not account.entries
    assert clamped(column, levels(5, 5, 2)).isna().sum() == 2


def test_bounds_are_powers_of_two_around_nearly_everybody():
    values = pd.Series(np.append(np.arange(20, 90).repeat(30), [10**9]))
    column, _ = resolved(Column("age", "integer"), values, PublicColumn(), book(), 0.05)
    assert column.bounds == (16.0, 128.0)
    assert clamped(column, values).max() == 128  # whoever lies far out is drawn in
    with pytest.raises(PopulaceError, match="bounds of few"):
        resolved(Column("few", "integer"), pd.Series([1, 2]), PublicColumn(), book(0.1), 1e-4)


def test_a_heap_is_found_and_the_rest_is_spread():
    random = np.random.default_rng(0)
    values = pd.Series(np.where(random.random(8000) < 0.8, 0, random.integers(1, 99_999, 8000)))
    column = Column("gain", "integer", lower=0, upper=99_999, step=1)
    domain = measured(column, values, book(), 0.05)
    pieces = domain.coding.number_pieces
    assert (pieces.first[0], pieces.last[0]) == (0, 0) and pieces.last[-1] == 99_999
    shares = domain.counts.counts / domain.counts.counts.sum()
    assert shares[0] == pytest.approx(0.8, abs=0.03)
    assert domain.encode(values).max() < domain.size


def test_rare_levels_share_a_group_and_a_missing_state_goes_where_nobody_misses():
    account = book()
    column = Column("x", "categorical", tuple(f"l{i}" for i in range(6)), missing=True)
    domain = measured(column, levels(900, 500, 2, 1, 3, 1), account, 0.02)
    assert domain.size == 3 and not domain.coding.column.missing
    np.testing.assert_allclose(np.bincount(domain.group, domain.within), 1.0)
    kept = measured(column, levels(900, 500, 2, 1, 3, 1), account, 0.02, may_miss=True)
    assert kept.coding.column.missing


def test_bins_are_even_and_heavy_pieces_stand_alone():
    mass = np.array([1.0, 1.0, 50.0, 1.0, 1.0, 1.0, 1.0])
    assert bins_of(mass, 4, 2.0).tolist() == [0, 0, 1, 2, 2, 3, 3]


def test_public_files(tmp_path):
    path = tmp_path / "public.toml"
    path.write_text('[age]\nlower = 0\nupper = 99\n[sex]\nlevels = ["f", "m"]\nmissing = false\n')
    public = Public.read(path)
    assert public["age"].upper == 99 and public["sex"].missing is False
    assert Public.from_json(public.to_json()) == public
    assert public["height"] == PublicColumn()
    with pytest.raises(PopulaceError, match="sex"):
        public.checked(("age",))
    for text in ("[age", "age = 3", "[age]\nlower = 9\nupper = 1", '[a]\nlevels = ["x", "x"]',
                 "[a]\nstep = 0", '[a]\nlower = "x"', "[a]\nlow = 1"):  # fmt: skip
        path.write_text(text)
        with pytest.raises(PopulaceError):
            Public.read(path)
