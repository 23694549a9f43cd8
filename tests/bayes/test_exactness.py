"""Answers are exact: against pgmpy's elimination, against enumeration, and in samples."""

import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad

from synth.bayes.coding import Coding, Pieces
from synth.bayes.gaussian import Gaussian
from synth.bayes.network import Network
from synth.bayes.pgmpy_bridge import from_pgmpy
from synth.data.column import Column
from synth.data.evidence import Between, Evidence, OneOf
from synth.data.schema import Schema
from synth.errors import PopulaceError

EXACT = 1e-9


# ---------------------------------------------------------------------- against pgmpy


def _example(name):
    from pgmpy.utils import get_example_model

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        model = get_example_model(name)
    for cpd in model.cpds:
        cpd.normalize()  # rows such as .3333333 three times; reading them normalises too
    return model


def _evidences(network, seed):
    """Evidences over a leaf, roots, pairs and one-of, taken from sampled people."""
    rng = np.random.default_rng(seed)
    names = list(network.schema.names)
    parents = {parent for parent, _ in network.edges}
    leaves = [name for name in names if name not in parents]
    roots = [name for name in names if not network.parents[name]]
    person = network.given().sample(50, seed=seed)
    frequency = {name: network.given().codes(name) for name in names}

    def rare(name):
        return network.schema[name].levels[int(np.argmin(frequency[name]))]

    some = [str(name) for name in rng.choice(names, 4, replace=False)]
    row = person.iloc[int(rng.integers(50))]
    wide = next((n for n in leaves if len(network.schema[n].levels) > 2), leaves[0])
    return [
        {leaves[0]: OneOf((rare(leaves[0]),))},
        {leaves[-1]: OneOf((str(row[leaves[-1]]),)), roots[0]: OneOf((str(row[roots[0]]),))},
        {name: OneOf((str(row[name]),)) for name in some},
        {
            wide: OneOf(network.schema[wide].levels[1:]),
            some[0]: OneOf((str(row[some[0]]),)),
        },
        {
            name: OneOf(tuple(sorted({str(row[name]), network.schema[name].levels[0]})))
            for name in some[:2]
        },
    ]


def _by_pgmpy(model, names, facts):
    """P(facts) and every column's posterior, as a mixture over the single states of the facts."""
    from pgmpy.inference import VariableElimination

    engine = VariableElimination(model)
    total, mixed = 0.0, {}
    keys = list(facts)
    for states in product(*(facts[key].values for key in keys)):
        known, weight = {}, 1.0
        for key, state in zip(keys, states, strict=True):
            answer = engine.query([key], evidence=known, show_progress=False)
            weight *= float(answer.values[answer.state_names[key].index(state)])
            known[key] = state
            if weight == 0.0:
                break
        total += weight
        if weight == 0.0:
            continue
        for name in names:
            levels = model.get_cpds(name).state_names[name]
            if name in known:
                belief = np.array([float(level == known[name]) for level in levels])
            else:
                answer = engine.query([name], evidence=known, show_progress=False)
                belief = answer.values[[answer.state_names[name].index(s) for s in levels]]
            mixed[name] = mixed.get(name, 0.0) + weight * belief
    return total, {name: belief / total for name, belief in mixed.items()}


@pytest.mark.parametrize("name", ["asia", "child", "alarm"])
def test_posteriors_agree_with_pgmpy(name):
    pytest.importorskip("pgmpy")
    model = _example(name)
    network = from_pgmpy(model)
    for facts in _evidences(network, seed=3):
        probability, beliefs = _by_pgmpy(model, network.schema.names, facts)
        posterior = network.given(Evidence(facts))
        assert posterior.probability == pytest.approx(probability, rel=EXACT)
        for column in network.schema.names:
            assert network.schema[column].levels == tuple(
                model.get_cpds(column).state_names[column]
            )
            np.testing.assert_allclose(
                posterior.codes(column), beliefs[column], rtol=0, atol=EXACT, err_msg=column
            )


def test_joint_posteriors_agree_with_pgmpy():
    pytest.importorskip("pgmpy")
    from pgmpy.inference import VariableElimination

    model = _example("child")
    network = from_pgmpy(model)
    posterior = network.given(Evidence.parse("XrayReport=Oligaemic,Grunting=yes", network.schema))
    engine = VariableElimination(model)
    known = {"XrayReport": "Oligaemic", "Grunting": "yes"}
    for a, b in [("Disease", "LungFlow"), ("Age", "CO2Report"), ("LVHreport", "Disease")]:
        answer = engine.query([a, b], evidence=known, show_progress=False)
        values = answer.values if answer.variables == [a, b] else answer.values.T
        np.testing.assert_allclose(posterior.joint(a, b), values, atol=EXACT)


# ---------------------------------------------------------------------- against enumeration


def _normalised(rng, *shape, zeros=0.0):
    table = rng.random(shape) ** 2 + 1e-3
    table *= rng.random(shape) >= zeros
    table[..., 0] += 1e-3
    return table / table.sum(axis=-1, keepdims=True)


def _mixed_network(gaussian=True):
    """Levels, truth values, two numbers with pieces (one can be missing), two linked Gaussians."""
    rng = np.random.default_rng(11)
    columns = [
        Column("region", "categorical", ("north", "south", "east")),
        Column("child", "boolean"),
        Column("age", "integer", missing=True, lower=18, upper=60, step=1.0),
        Column("income", "real", lower=0.0, upper=5.0, step=0.25),
        Column("hobby", "categorical", ("chess", "dance", "golf")),
    ]
    age = Pieces(
        np.array([18, 19, 30, 31, 45]),
        np.array([18, 29, 30, 44, 60]),
        np.array([0, 0, 1, 1, 2]),
        np.array([0.3, 0.7, 0.45, 0.55, 1.0]),
    )
    income = Pieces(
        np.array([0, 1, 8]), np.array([0, 7, 20]), np.array([0, 1, 1]), np.array([1.0, 0.6, 0.4])
    )
    codings = {column.name: Coding(column) for column in columns}
    codings["age"] = Coding(columns[2], age)
    codings["income"] = Coding(columns[3], income)
    parents = {
        "region": (),
        "child": ("region",),
        "age": ("region",),
        "income": ("age", "child"),
        "hobby": ("income", "region"),
    }
    tables = {
        "region": _normalised(rng, 3),
        "child": _normalised(rng, 3, 2),
        "age": _normalised(rng, 3, 4),
        "income": _normalised(rng, 4, 2, 2),
        "hobby": _normalised(rng, 2, 3, 3),
    }
    tables["hobby"][0, :, 2] = 0.0  # nobody without income plays golf
    tables["hobby"] /= tables["hobby"].sum(axis=-1, keepdims=True)
    gaussians = {}
    if gaussian:
        columns += [
            Column("height", "integer", lower=150, upper=200, step=1.0),
            Column("sport", "real", lower=0.0, upper=20.0, step=0.5),
        ]
        gaussians = {
            "height": Gaussian(
                columns[5],
                ("region",),
                (),
                np.array([168.0, 175.0, 181.0]),
                np.zeros((3, 0)),
                np.array([6.0, 9.0, 7.5]),
            ),
            "sport": Gaussian(
                columns[6],
                ("child", "region"),
                ("height",),
                rng.normal(-20, 4, (2, 3)),
                rng.normal(0.14, 0.03, (2, 3, 1)),
                rng.uniform(2.0, 4.0, (2, 3)),
            ),
        }
    return Network(Schema(tuple(columns)), codings, parents, tables, gaussians)


def _values(coding):
    """Every (code, value, P(value | code)) of a column; None stands for missing."""
    if coding.pieces is None:
        return [(code, state, 1.0) for code, state in enumerate(coding.column.states)]
    pieces, out = coding.pieces, []
    for first, last, bin_, weight in zip(
        pieces.first, pieces.last, pieces.bin, pieces.weight, strict=True
    ):
        for index in range(first, last + 1):
            out.append((int(bin_), index * coding.column.step, weight / (last - first + 1)))
    if coding.column.missing:
        out.append((coding.size - 1, None, 1.0))
    return out


def _holds(fact, value):
    if fact is None:
        return True
    if isinstance(fact, Between):
        if value is None:
            return False
        low = fact.lower is None or value >= fact.lower - 1e-9
        return low and (fact.upper is None or value <= fact.upper + 1e-9)
    if value is None:
        return "missing" in fact.values
    if isinstance(value, str):
        return value in fact.values
    return any(v != "missing" and abs(float(v) - value) < 1e-9 for v in fact.values)


def _intervals(column, fact):
    """Where y lies when the value that is seen of it, on the column's lattice, fits the fact."""
    count = round((column.upper - column.lower) / column.step)
    out = []
    for i in range(count + 1):
        value = column.lower + i * column.step
        if _holds(fact, value):
            low = -np.inf if i == 0 else value - column.step / 2
            high = np.inf if i == count else value + column.step / 2
            if out and out[-1][1] == low:
                out[-1] = (out[-1][0], high)
            else:
                out.append((low, high))
    return out


def _gaussian_mass(network, codes, facts, fixed=None):
    """P(facts about the two Gaussian columns | codes), by adaptive quadrature."""
    height, sport = network.gaussians["height"], network.gaussians["sport"]
    region, child = codes["region"], codes["child"]
    m, s = height.intercept[region], height.deviation[region]
    a, b = sport.intercept[child, region], sport.slope[child, region, 0]
    t = sport.deviation[child, region]
    inner = _intervals(sport.column, facts.get("sport"))

    def density(y):
        return stats.norm.pdf(y, m, s) * sum(
            stats.norm.cdf(high, a + b * y, t) - stats.norm.cdf(low, a + b * y, t)
            for low, high in inner
        )

    if fixed is not None:
        return sum(
            stats.norm.cdf(high, a + b * fixed, t) - stats.norm.cdf(low, a + b * fixed, t)
            for low, high in inner
        )
    if "height" not in facts and "sport" not in facts:
        return 1.0
    total = 0.0
    for low, high in _intervals(height.column, facts.get("height")):
        low, high = max(low, m - 10 * s), min(high, m + 10 * s)
        if low < high:
            total += quad(density, low, high, epsabs=1e-14, epsrel=1e-12, limit=200)[0]
    return total


def _enumerated(network, facts, do=None):
    """Every possible person's values and P(person, facts); do() sets columns from outside."""
    do = do or {}
    names = list(network.codings)
    values = {name: _values(network.codings[name]) for name in names}
    tables, parents = dict(network.tables), dict(network.parents)
    if do:
        _, before, weights = _enumerated(network, {})
        for name, fact in do.items():
            if name in network.gaussians:
                continue
            at = names.index(name)
            mass = np.zeros(network.codings[name].size)
            share = {}
            for row, weight in zip(before, weights, strict=True):
                code, value, _ = row[at]
                if _holds(fact, value):
                    mass[code] += weight
                    share[code, value] = share.get((code, value), 0.0) + weight
            parents[name], tables[name] = (), mass / mass.sum()
            values[name] = [(c, v, w / mass[c]) for (c, v), w in share.items()]
    message = {n: facts[n] for n in ("height", "sport") if n in facts}
    fixed = None
    if "height" in do:
        fixed = float(do["height"].values[0])
    cache, people, weights = {}, [], []
    for row in product(*(values[name] for name in names)):
        if not all(_holds(facts.get(n), r[1]) for n, r in zip(names, row, strict=True)):
            continue
        codes = {name: r[0] for name, r in zip(names, row, strict=True)}
        weight = 1.0
        for name, (code, _, share) in zip(names, row, strict=True):
            weight *= share * tables[name][(*(codes[p] for p in parents[name]), code)]
        if message:
            key = codes["region"], codes["child"]
            if key not in cache:
                cache[key] = _gaussian_mass(network, codes, message, fixed)
            weight *= cache[key]
        people.append(row)
        weights.append(weight)
    return names, people, np.array(weights)


QUESTIONS = [
    "",
    "hobby=golf",
    "age=25..35",
    "age=33..52,hobby=dance|golf",
    "age=missing",
    "age=30|40|missing,child=yes",
    "income=0.5..2.25",
    "income=..0.25,hobby=chess",
    "income=1.75|2|4.5,region=south|east",
    "age=60..,income=1.5,hobby=golf",
]
LINKED = [
    "height=170..180",
    "height=199..,hobby=golf",
    "height=..155",
    "height=171|183",
    "sport=0",
    "sport=0..3.5",
    "sport=19.5..,height=170..176,age=33..",
    "sport=2|5.5,height=..169",
    "height=170.4..176.2",
    "height=150..200",
    "sport=1.1..4.3,child=no",
]


def _agree(network, question, do=""):
    evidence = Evidence.parse(question, network.schema)
    set_to = Evidence.parse(do, network.schema)
    posterior = network.given(evidence, set_to)
    names, people, weights = _enumerated(network, dict(evidence), dict(set_to))
    assert posterior.probability == pytest.approx(weights.sum(), rel=EXACT)
    for at, name in enumerate(names):
        coding = network.codings[name]
        codes = np.bincount([row[at][0] for row in people], weights, coding.size) / weights.sum()
        np.testing.assert_allclose(posterior.codes(name), codes, atol=EXACT, err_msg=name)
        if coding.pieces is None:
            continue
        known = np.array([row[at][1] is not None for row in people])
        value = np.array([row[at][1] if row[at][1] is not None else 0.0 for row in people])
        marginal = posterior.marginal(name)
        if weights[known].sum() > 0:
            mean = (weights * value)[known].sum() / weights[known].sum()
            assert marginal.mean == pytest.approx(mean, rel=EXACT)
        middle = float(np.median(value[known])) if known.any() else 1.0
        below = weights[known & (value <= middle + 1e-9)].sum() / weights.sum()
        assert marginal.mass(None, middle) == pytest.approx(below, abs=EXACT)


@pytest.mark.parametrize("question", QUESTIONS)
def test_discrete_and_pieces_agree_with_enumeration(question):
    _agree(_mixed_network(gaussian=False), question)


@pytest.mark.parametrize("question", LINKED)
def test_gaussian_facts_agree_with_integration(question):
    _agree(_mixed_network(), question)


@pytest.mark.parametrize("correlation", [-0.9999999, -0.99, 0.0, 0.5, 0.999, 0.9999999])
def test_two_linked_facts_are_integrated_exactly(correlation):
    # P(both below their means) of a bivariate normal (Sheppard 1899).
    columns = [Column(name, "real", lower=-9, upper=9, step=1e-9) for name in "xy"]
    spread = np.sqrt(1 - correlation**2)
    x = Gaussian(columns[0], (), (), np.array(0.0), np.zeros((0,)), np.array(1.0))
    y = Gaussian(columns[1], (), ("x",), np.array(0.0), np.array([correlation]), np.array(spread))
    network = Network(Schema(tuple(columns)), {}, {}, {}, {"x": x, "y": y})
    posterior = network.given(Evidence({"x": Between(None, 0.0), "y": Between(None, 0.0)}))
    wanted = 0.25 + np.arcsin(correlation) / (2 * np.pi)
    assert posterior.probability == pytest.approx(wanted, abs=2e-9)
    if wanted > 1e-3:
        frame = posterior.sample(500, seed=0)
        assert (frame <= 0).all(axis=None)


def test_the_far_upper_tail_is_as_exact_as_the_lower():
    column = Column("x", "real", lower=-20, upper=20, step=0.5)
    x = Gaussian(column, (), (), np.array(0.0), np.zeros((0,)), np.array(1.0))
    network = Network(Schema((column,)), {}, {}, {}, {"x": x})
    for value in (3.0, 7.0, 12.0):
        above = network.given(Evidence({"x": Between(value, None)}))
        below = network.given(Evidence({"x": Between(None, -value)}))
        assert above.probability == pytest.approx(below.probability, rel=EXACT)
        assert above.probability == pytest.approx(stats.norm.sf(value - 0.25), rel=EXACT)
        assert (above.sample(200)["x"] >= value).all()


@pytest.mark.parametrize(
    ("question", "do"),
    [
        ("", "income=1..3"),
        ("hobby=golf", "age=25..35"),
        ("region=south", "age=missing"),
        ("hobby=dance", "child=yes,region=north|east"),
        ("sport=2..5", "height=172"),
        ("height=170..175", "child=yes"),
    ],
)
def test_doing_agrees_with_enumeration(question, do):
    _agree(_mixed_network(), question, do)


def test_doing_is_not_seeing():
    network = _mixed_network()
    fact = Evidence.parse("hobby=golf", network.schema)
    np.testing.assert_allclose(
        network.given(do=fact).codes("region"), network.given().codes("region"), atol=EXACT
    )
    assert abs(network.given(fact).codes("region") - network.given().codes("region")).max() > 0.01


@pytest.mark.parametrize("question", ["", "sport=3..8", "height=171..178", "hobby=golf,sport=0"])
def test_gaussian_marginals_agree_with_integration(question):
    network = _mixed_network()
    evidence = Evidence.parse(question, network.schema)
    total = _enumerated(network, dict(evidence))[2].sum()
    for name in ("height", "sport"):
        marginal = network.given(evidence).marginal(name)
        assert marginal.probabilities.sum() == pytest.approx(1.0)
        column = network.schema[name]
        for lower, upper in [(None, column.lower), (column.lower + 5, column.lower + 9.5)]:
            both = Between(lower, upper)
            message = evidence.get(name)
            if message is None:
                joined = both
            elif isinstance(message, OneOf):
                kept = [v for v in message.values if _holds(both, float(v))]
                joined = OneOf(tuple(kept)) if kept else None
            else:
                low = max(x for x in (lower, message.lower, -1e9) if x is not None)
                high = min(upper, message.upper)
                joined = Between(low, high) if low <= high else None
            share = 0.0
            if joined is not None:
                share = _enumerated(network, {**evidence, name: joined})[2].sum() / total
            assert marginal.mass(lower, upper) == pytest.approx(share, abs=EXACT)


@pytest.mark.parametrize("question", ["height=170..176", "sport=2..5.5", "height=171|180", ""])
def test_the_bars_of_a_gaussian_marginal_are_sums_over_its_values(question):
    network = _mixed_network()
    posterior = network.given(Evidence.parse(question, network.schema))
    for name in ("height", "sport"):
        column = network.schema[name]
        marginal = posterior.marginal(name)
        lower = [float(label.split("–")[0]) for label in marginal.labels]
        upper = [*lower[1:], column.upper + column.step]
        each = [
            marginal.mass(low, high - column.step) for low, high in zip(lower, upper, strict=True)
        ]
        np.testing.assert_allclose(marginal.probabilities, each, atol=1e-8)
        assert sum(each) == pytest.approx(1.0, abs=1e-8)


# ---------------------------------------------------------------------- random networks


@st.composite
def _random_network(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(2, 5))
    columns, codings, parents, tables = [], {}, {}, {}
    for i in range(count):
        name = f"v{i}"
        if rng.random() < 0.6:
            levels = tuple(f"l{j}" for j in range(rng.integers(1, 4)))
            column = Column(name, "categorical", levels, missing=bool(rng.random() < 0.3))
            coding = Coding(column)
        else:
            ends = np.sort(rng.choice(np.arange(-8, 9), rng.integers(2, 7), replace=False))
            first, last = ends[:-1] + 1, ends[1:]
            bin_ = np.cumsum(np.append(0, rng.random(len(first) - 1) < 0.5)).astype(np.int64)
            weight = rng.random(len(first)) + 0.05
            weight /= np.bincount(bin_, weight)[bin_]
            step = float(rng.choice([1.0, 0.5, 10.0]))
            column = Column(
                name,
                "real" if step == 0.5 else "integer",
                missing=bool(rng.random() < 0.3),
                lower=float(first[0] * step),
                upper=float(last[-1] * step),
                step=step,
            )
            coding = Coding(column, Pieces(first, last, bin_, weight))
        above = [c.name for c in columns if rng.random() < 0.5][:3]
        rng.shuffle(above)
        columns.append(column)
        codings[name], parents[name] = coding, tuple(above)
        shape = [codings[p].size for p in above]
        tables[name] = _normalised(rng, *shape, coding.size, zeros=0.25)
    order = rng.permutation(count)
    schema = Schema(tuple(columns[i] for i in order))
    facts = {}
    for column in columns:
        if rng.random() < 0.5:
            continue
        if column.is_number and rng.random() < 0.6:
            low, high = np.sort(rng.uniform(column.lower, column.upper, 2))
            facts[column.name] = [Between(low, high), Between(low, None), Between(None, high)][
                rng.integers(3)
            ]
        else:
            every = [v for _, v, _ in _values(codings[column.name])]
            texts = [
                "missing" if v is None else v if isinstance(v, str) else f"{v:g}" for v in every
            ]
            size = rng.integers(1, min(len(texts), 3) + 1)
            facts[column.name] = OneOf(tuple(str(t) for t in rng.choice(texts, size, False)))
    return Network(schema, codings, parents, tables), Evidence(facts)


@given(_random_network())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_networks_agree_with_enumeration(case):
    network, evidence = case
    names, people, weights = _enumerated(network, dict(evidence))
    if not weights.sum() > 0:
        with pytest.raises(PopulaceError):
            network.given(evidence)
        return
    posterior = network.given(evidence)
    assert posterior.probability == pytest.approx(weights.sum(), rel=EXACT)
    for at, name in enumerate(names):
        size = network.codings[name].size
        codes = np.bincount([row[at][0] for row in people], weights, size) / weights.sum()
        np.testing.assert_allclose(posterior.codes(name), codes, atol=EXACT)
    frame = posterior.sample(200, seed=1)
    for name, fact in evidence.items():
        for value in frame[name]:
            assert _holds(fact, None if pd.isna(value) else value)


# ---------------------------------------------------------------------- samples


def _fits(observed, expected, label):
    """Chi-square test; cells that expect fewer than five are joined, impossible ones are empty."""
    observed, expected = np.asarray(observed, float).ravel(), np.asarray(expected, float).ravel()
    assert observed[expected < 1e-12].sum() == 0, label
    rare = expected < 5
    observed = np.append(observed[~rare], observed[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    keep = expected > 0
    if keep.sum() > 1 and expected[keep].min() > 1:
        total = expected[keep].sum()
        chance = stats.chisquare(observed[keep], expected[keep] * observed[keep].sum() / total)
        assert chance.pvalue > 1e-4, (label, chance.pvalue)


def _sampled_codes(network, frame, name):
    return network.codings[name].encode(frame[name])


@pytest.mark.parametrize(
    "question",
    [
        "",
        "HRBP=HIGH",  # downstream
        "PRESS=ZERO,EXPCO2=HIGH",
        "HISTORY=TRUE,CVP=LOW,HYPOVOLEMIA=FALSE,PAP=LOW,HREKG=LOW,ANAPHYLAXIS=TRUE,KINKEDTUBE=TRUE",
    ],
)
def test_samples_of_alarm_follow_the_posterior(question):
    pytest.importorskip("pgmpy")
    network = from_pgmpy(_example("alarm"))
    evidence = Evidence.parse(question, network.schema)
    posterior = network.given(evidence)
    rows = 20_000
    frame = posterior.sample(rows, seed=5)
    assert len(frame) == rows
    codes = {name: _sampled_codes(network, frame, name) for name in network.schema.names}
    for name, drawn in codes.items():
        expected = rows * posterior.codes(name)
        _fits(np.bincount(drawn, minlength=len(expected)), expected, name)
    for a, b in [*network.edges[::4], ("HISTORY", "CVP"), ("HR", "BP")]:
        expected = rows * posterior.joint(a, b)
        drawn = codes[a] * expected.shape[1] + codes[b]
        _fits(np.bincount(drawn, minlength=expected.size), expected, (a, b))
    if len(evidence) > 2:
        assert posterior.probability < 1e-6


@pytest.mark.parametrize(
    "question",
    ["age=33..52,hobby=golf", "height=185..,sport=..4,hobby=dance", "sport=19.5..,height=..152"],
)
def test_samples_of_mixed_networks_follow_enumeration(question):
    network = _mixed_network()
    evidence = Evidence.parse(question, network.schema)
    posterior = network.given(evidence)
    names, people, weights = _enumerated(network, dict(evidence))
    rows = 20_000
    frame = posterior.sample(rows, seed=2)
    for name, fact in evidence.items():
        assert all(_holds(fact, value) for value in frame[name].unique())
    joint = {}
    at = [names.index(n) for n in ("region", "age", "hobby")]
    for row, weight in zip(people, weights / weights.sum(), strict=True):
        key = tuple(row[i][1] for i in at)
        joint[key] = joint.get(key, 0.0) + rows * weight
    drawn = dict.fromkeys(joint, 0)
    for region, age, hobby in zip(frame["region"], frame["age"], frame["hobby"], strict=True):
        drawn[region, None if pd.isna(age) else float(age), hobby] += 1
    _fits(list(drawn.values()), list(joint.values()), question)
    for name in ("height", "sport"):
        column = network.schema[name]
        marginal = posterior.marginal(name)
        values = np.arange(column.lower, column.upper + column.step / 2, column.step)
        expected = [rows * marginal.mass(v, v) for v in values]
        index = np.rint((frame[name].to_numpy(float) - column.lower) / column.step).astype(int)
        _fits(np.bincount(index, minlength=len(values)), expected, name)


def test_a_very_unlikely_gaussian_question_is_answered():
    network = _mixed_network()
    evidence = Evidence.parse("height=..151,sport=19..,age=60,hobby=golf", network.schema)
    posterior = network.given(evidence)
    assert 0 < posterior.probability < 1e-6
    frame = posterior.sample(5_000, seed=1)
    assert len(frame) == 5_000
    assert (frame["height"] <= 151).all() and (frame["sport"] >= 19).all()
    expected = 5_000 * posterior.codes("region")
    drawn = _sampled_codes(network, frame, "region")
    _fits(np.bincount(drawn, minlength=3), expected, "region")


# ---------------------------------------------------------------------- the same people


@pytest.mark.parametrize("question", ["", "age=25..50,hobby=golf", "height=170..,sport=..6"])
def test_the_same_seed_gives_the_same_people(question):
    network = _mixed_network()
    posterior = network.given(Evidence.parse(question, network.schema))
    people = posterior.sample(5_000, seed=9, threads=1)
    for chunk, threads in [(5_000, 2), (1_777, 1), (640, 3), (37, 2)]:
        again = posterior._sampler.sample(5_000, 9, threads=threads, chunk=chunk)
        pd.testing.assert_frame_equal(people, again)
    part = posterior.sample(1_200, seed=9, start=3_001)
    pd.testing.assert_frame_equal(people.iloc[3_001:4_201].reset_index(drop=True), part)
    assert not people.equals(posterior.sample(5_000, seed=10))
    fresh = _mixed_network().given(Evidence.parse(question, network.schema)).sample(5_000, seed=9)
    pd.testing.assert_frame_equal(people, fresh)


# ---------------------------------------------------------------------- impossible


def test_impossible_evidence_names_the_pair():
    network = _mixed_network()
    for question, named in [
        ("hobby=golf,income=0", ("hobby=golf", "income=0")),
        ("region=south,hobby=golf,age=40..,income=..0.1", ("hobby=golf", "income=..0.1")),
    ]:
        with pytest.raises(PopulaceError) as error:
            network.given(Evidence.parse(question, network.schema))
        for fact in named:
            assert fact in str(error.value)
        assert "region" not in str(error.value)
        assert str(error.value).count(".") <= 4


def test_an_impossible_fact_is_named_alone():
    network = _mixed_network()
    with pytest.raises(PopulaceError, match=r"income=0.3..0.4"):
        network.given(Evidence.parse("income=0.3..0.4,region=north", network.schema))
    with pytest.raises(PopulaceError, match=r"height=170.2..170.7"):
        network.given(Evidence.parse("height=170.2..170.7,region=north", network.schema))
