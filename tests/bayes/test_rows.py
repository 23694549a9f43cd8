"""Questions of each row beside enumeration of every combination of codes."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from synth.bayes.coding import Coding, Pieces
from synth.bayes.factors import Factor
from synth.bayes.gaussian import Gaussian
from synth.bayes.network import Network
from synth.bayes.random import stream_key, uniforms_at
from synth.bayes.rows import FLOOR, RowQuestions, values_inside
from synth.bayes.scoring import log_rows
from synth.data.column import Column
from synth.data.schema import Schema
from synth.errors import PopulaceError

AGE = Pieces(
    np.array([0, 10, 11, 20]), np.array([9, 10, 19, 39]), np.array([0, 0, 1, 2]),
    np.array([0.7, 0.3, 1.0, 1.0]),
)  # fmt: skip
COLUMNS = (
    Column("a", "categorical", ("x", "y", "z")),
    Column("b", "boolean", missing=True),
    Column("age", "integer", lower=0, upper=39, step=1.0, missing=True),
    Column("one", "categorical", ("only",)),
    Column("c", "categorical", ("p", "q"), missing=True),
    Column("d", "categorical", ("k", "l", "m", "n")),
)
NAMES = tuple(column.name for column in COLUMNS)


def network(seed, *, zeros=0.0, most=3):
    """A random network over `COLUMNS`."""
    rng = np.random.default_rng(seed)
    codings = {c.name: Coding(c, AGE if c.is_number else None) for c in COLUMNS}
    order = list(rng.permutation(NAMES))
    parents, tables = {}, {}
    for i, name in enumerate(order):
        above = tuple(rng.permutation(order[:i])[: rng.integers(0, most + 1)])
        parents[name] = tuple(str(p) for p in above)
        shape = [codings[p].size for p in above] + [codings[name].size]
        table = rng.gamma(0.6, size=shape) + 1e-6
        table[rng.random(shape) < zeros] = 0.0
        table[..., 0] += (table.sum(axis=-1) == 0) * 1.0
        tables[str(name)] = table / table.sum(axis=-1, keepdims=True)
    return Network(Schema(COLUMNS), codings, parents, tables)


def joint(net, factors=()):
    """P of every combination of codes, one axis a column."""
    sizes = {name: net.codings[name].size for name in NAMES}
    out = np.ones([sizes[n] for n in NAMES])
    parts = [((*net.parents[n], n), net.tables[n]) for n in NAMES]
    parts += [(f.scope, f.table) for f in factors]
    for scope, table in parts:
        order = sorted(range(len(scope)), key=lambda i: NAMES.index(scope[i]))
        wide = [sizes[n] if n in scope else 1 for n in NAMES]
        out = out * table.transpose(order).reshape(wide)
    return out


def people(net, rows, seed=0):
    return net.given().sample(rows, seed=seed)


def conditional(whole, codes):
    """The joint given the known codes; its sum, and its axes those of the unknown columns."""
    return whole[tuple(slice(None) if code < 0 else code for code in codes)]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    mask=st.lists(st.booleans(), min_size=24, max_size=24),
    zeros=st.sampled_from([0.0, 0.2]),
    rule=st.booleans(),
    values_only=st.booleans(),
)
def test_all_answers_are_those_of_enumeration(seed, mask, zeros, rule, values_only):
    net = network(seed, zeros=zeros)
    rng = np.random.default_rng(seed)
    factors = [Factor(("d", "age"), rng.random((4, 4))), Factor(("a",), rng.random(3))]
    factors = factors if rule else []
    questions = RowQuestions(net, factors)
    frame = people(net, 4, seed)
    unknown = np.array(mask).reshape(4, 6)
    evidence = questions.evidence(frame, unknown)
    whole = joint(net, factors)
    # What a value is given its code stands beside the codes; extra tables are asked of by code.
    plain = joint(net)
    logs = questions.log_probability(evidence)
    beliefs = questions.posteriors(evidence, values_only=values_only)
    best, best_share = questions.most_likely(evidence, values_only=values_only)
    drawn = questions.draw(evidence, 3, seed=1, values_only=values_only)
    for row, codes in enumerate(evidence.codes):
        left = conditional(whole if rule else plain, codes)
        within = evidence.within[row][codes >= 0].sum()
        free = [i for i, code in enumerate(codes) if code < 0]
        if rule and free:
            # Tables of known codes alone are constants that the questions leave out.
            known = [f for f in factors if not any(NAMES.index(n) in free for n in f.scope)]
            for f in known:
                left = left / f.table[tuple(codes[NAMES.index(n)] for n in f.scope)]
        elif rule:
            left = conditional(plain, codes)
        assert logs[row] == pytest.approx(np.log(left.sum()) + within, abs=1e-9)
        if not free:
            continue
        if values_only:
            cut = [
                slice(0, net.codings[NAMES[i]].size - net.codings[NAMES[i]].column.missing)
                for i in free
            ]
            left = left[tuple(cut)]
        if not left.sum() > 0:
            assert np.isnan(beliefs[NAMES[free[0]]][row]).all() and (best[row] == -1).all()
            continue
        for axis, i in enumerate(free):
            others = tuple(k for k in range(len(free)) if k != axis)
            expected = left.sum(axis=others) / left.sum()
            got = beliefs[NAMES[i]][row]
            assert got[: len(expected)] == pytest.approx(expected, abs=1e-9)
            assert got[len(expected) :].sum() == 0
        here = left[tuple(best[row][i] for i in free)]
        assert here == pytest.approx(left.max(), rel=1e-9)
        assert best_share[row] == pytest.approx(left.max() / left.sum(), abs=1e-9)
        assert (best[row][codes >= 0] == codes[codes >= 0]).all()
        for draw in drawn[:, row]:
            assert (draw[codes >= 0] == codes[codes >= 0]).all()
            assert left[tuple(draw[i] for i in free)] > 0


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), mask=st.lists(st.booleans(), min_size=24, max_size=24))
def test_a_cell_given_the_rest_is_that_of_enumeration(seed, mask):
    net = network(seed)
    questions = RowQuestions(net)
    unknown = np.array(mask).reshape(4, 6)
    frame = people(net, 4, seed)
    evidence = questions.evidence(frame, unknown)
    cells = questions.cells(evidence, floor=0.0)
    whole = joint(net)
    coding = net.codings["age"]
    for row, codes in enumerate(evidence.codes):
        for c, code in enumerate(codes):
            if code < 0:
                assert np.isnan(cells.surprise[row, c])
                continue
            rest = codes.copy()
            rest[c] = -1
            left = conditional(whole, rest)
            free = [i for i, each in enumerate(rest) if each < 0]
            axes = tuple(k for k, i in enumerate(free) if i != c)
            p = left.sum(axis=axes) / left.sum()
            values = [(i, share, 1) for i, share in enumerate(p)]
            here = p[code]
            if NAMES[c] == "age":
                values = [(3, p[3], 1)]
                for k in range(4):
                    span = int(AGE.last[k] - AGE.first[k] + 1)
                    values.append((AGE.bin[k], p[AGE.bin[k]] * AGE.weight[k] / span, span))
                if code < 3:
                    index = int(frame["age"].iloc[row])
                    k = int(np.searchsorted(AGE.last, index))
                    here = values[k + 1][1]
            assert cells.surprise[row, c] == pytest.approx(-np.log(here), abs=1e-9)
            expected = -sum(m * q * np.log(q) for _, q, m in values if q > 0)
            assert cells.expected[row, c] == pytest.approx(expected, abs=1e-9)
            tail = sum(m * q for _, q, m in values if q <= here * (1 + 1e-9))
            assert cells.tail[row, c] == pytest.approx(tail, abs=1e-8)
            assert p[cells.likely[row, c]] == pytest.approx(p.max())
            assert cells.likely_share[row, c] == pytest.approx(p.max())
    posterior = questions.posterior(evidence, "age")
    left = [np.where(np.arange(6) == 2, -1, codes) for codes in evidence.codes]
    for row, codes in enumerate(left):
        table = conditional(whole, codes)
        free = [i for i, each in enumerate(codes) if each < 0]
        p = table.sum(axis=tuple(k for k, i in enumerate(free) if i != 2)) / table.sum()
        assert posterior[row] == pytest.approx(p, abs=1e-9)
        runs = np.repeat(np.arange(4), AGE.last - AGE.first + 1)
        each = (p[AGE.bin] * AGE.weight / (AGE.last - AGE.first + 1))[runs]
        total = np.cumsum(each) / each.sum()
        for share in (0.05, 0.5, 0.95):
            got = questions.quantiles("age", posterior[[row]], [share])[0, 0]
            assert got == np.searchsorted(total, share * (1 - 1e-12))
        mean = (each * np.arange(40)).sum() / each.sum()
        assert questions.means("age", posterior[[row]])[0] == pytest.approx(mean, abs=1e-9)
    assert coding.size == 4


def test_draws_come_as_often_as_the_posterior_says():
    net = network(11)
    questions = RowQuestions(net)
    frame = pd.concat([people(net, 1, 3)] * 6000, ignore_index=True)
    unknown = np.zeros((6000, 6), bool)
    unknown[:, [0, 2, 4, 5]] = True
    evidence = questions.evidence(frame, unknown)
    whole = conditional(joint(net), evidence.codes[0])
    drawn = questions.draw(evidence, 2, seed=5)
    shape = whole.shape
    for codes in drawn:
        cells = np.ravel_multi_index(codes[:, [0, 2, 4, 5]].T.astype(int), shape)
        seen = np.bincount(cells, minlength=whole.size)
        wanted = (whole / whole.sum()).ravel() * 6000
        big = wanted > 5
        observed = [*seen[big], seen[~big].sum()]
        expected = [*wanted[big], wanted[~big].sum()]
        assert chisquare(observed, expected).pvalue > 1e-3


def test_a_row_is_drawn_the_same_in_any_company():
    net = network(2)
    questions = RowQuestions(net)
    frame = people(net, 1300)
    unknown = np.random.default_rng(0).random((1300, 6)) < 0.5
    evidence = questions.evidence(frame, unknown)
    once = questions.draw(evidence, 2, seed=9, threads=1)
    assert (questions.draw(evidence, 2, seed=9, threads=3) == once).all()
    assert (questions.draw(evidence, 2, seed=8, threads=1) != once).any()
    some = np.array([3, 4, 700, 1299])
    part = questions.evidence(frame.iloc[some], unknown[some])
    assert (questions.draw(part, 2, seed=9, numbers=some) == once[:, some]).all()


def test_whole_rows_are_as_likely_as_scoring_says():
    net = network(7)
    frame = people(net, 50)
    questions = RowQuestions(net)
    evidence = questions.evidence(frame, np.zeros((50, 6), bool))
    assert questions.log_probability(evidence) == pytest.approx(log_rows(net, frame))


def test_cells_that_exclude_each_other_are_answered_by_the_floor():
    net = network(1)
    tables = {**net.tables}
    name, other_name = next(
        (n, p) for n in NAMES for p in net.parents[n] if net.codings[p].size > 1 and n != "one"
    )
    table = np.array(tables[name])
    table[...] = 0.0
    table[..., 0] = 1.0
    net = Network(net.schema, net.codings, net.parents, {**tables, name: table})
    frame = people(net, 3)
    questions = RowQuestions(net)
    evidence = questions.evidence(frame, np.zeros((3, 6), bool))
    codes = evidence.codes.copy()
    codes[:, NAMES.index(name)] = 1
    other = NAMES.index(other_name)
    codes[:, other] = -1
    evidence = type(evidence)(
        codes, evidence.within, evidence.vectors, evidence.single, (), evidence.pair
    )
    assert (questions.log_probability(evidence) == -np.inf).all()
    assert np.isnan(questions.posterior(evidence, NAMES[other])).all()
    assert (questions.draw(evidence) == -1).all()
    floored = questions.posterior(evidence, NAMES[other], floor=FLOOR)
    assert floored.sum(axis=1) == pytest.approx(np.ones(3))
    assert np.isfinite(questions.log_probability(evidence, floor=FLOOR)).all()


def test_a_likelihood_weighs_an_unknown_cell():
    net = network(4)
    questions = RowQuestions(net, [Factor(("d", "age"), np.ones((4, 4)))])
    frame = people(net, 2)
    unknown = np.zeros((2, 6), bool)
    unknown[:, [2, 5]] = True
    vector = np.array([[0.2, 0.0, 0.7, 0.1]])
    row = np.array([0, -1])
    plain = questions.posteriors(questions.evidence(frame, unknown))["age"]
    weighed = questions.evidence(frame, unknown, likelihoods={"age": (row, vector)})
    got = questions.posteriors(weighed)["age"]
    assert got[0] == pytest.approx(plain[0] * vector[0] / (plain[0] * vector[0]).sum())
    assert got[1] == pytest.approx(plain[1])
    unknown[:, 5] = False
    paired = questions.evidence(frame, unknown, pairs={(0, 1): (row, vector)})
    plain = questions.posteriors(questions.evidence(frame, unknown))["age"]
    got = questions.posteriors(paired)["age"]
    assert got[0] == pytest.approx(plain[0] * vector[0] / (plain[0] * vector[0]).sum())
    assert got[1] == pytest.approx(plain[1])


def test_values_inside_bins_and_scattered_numbers():
    coding = Coding(COLUMNS[2], AGE)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 3, 4000)
    values = values_inside(coding, AGE, codes, rng.random(4000), rng.random(4000))
    assert (coding.encode(pd.Series(values)) == codes).all()
    assert ((values[codes == 0] == 10).mean()) == pytest.approx(0.3, abs=0.05)
    key = stream_key(3, "x")
    numbers = np.arange(100)
    some = np.array([2, 50, 99])
    assert (uniforms_at(key, numbers)[some] == uniforms_at(key, some)).all()
    assert len(uniforms_at(key, numbers[:0])) == 0


def test_what_cannot_be_asked_says_so():
    net = network(0)
    frame = people(net, 2)
    frame["a"] = frame["a"].astype(object).where([True, False], None)
    frame["a"] = pd.Categorical(frame["a"], categories=["x", "y", "z"])
    with pytest.raises(PopulaceError, match="Column a has no missing values"):
        RowQuestions(net).evidence(frame, np.zeros((2, 6), bool))
    zero = np.array(0.0)
    gaussian = Gaussian(COLUMNS[2], (), (), zero, np.zeros(0), np.array(1.0))
    mixed = Network(net.schema, net.codings, net.parents, net.tables, {"age": gaussian})
    with pytest.raises(PopulaceError, match="Gaussian column age"):
        RowQuestions(mixed)


def test_every_combination_sums_to_one():
    net = network(21)
    questions = RowQuestions(net)
    sizes = [net.codings[n].size for n in NAMES]
    codes = np.array(list(product(*map(range, sizes))), dtype=np.int16)
    empty = questions.evidence(people(net, 1).iloc[:0])
    evidence = type(empty)(
        codes, np.zeros(codes.shape), empty.vectors, np.zeros((len(codes), 0), np.int32), (),
        np.zeros((len(codes), 0, 2), np.int32),
    )  # fmt: skip
    assert np.exp(questions.log_probability(evidence)).sum() == pytest.approx(1.0, abs=1e-9)
