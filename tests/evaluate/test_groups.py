"""Two groups side by side: against enumeration of every person that a small network knows."""

import csv
import io
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from synth import populations
from synth.bayes import learn
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.evaluate.groups import Distance, compare_groups, jensen_shannon
from synth.populations.as_written import canonical
from synth.populations.reading import Reading


@pytest.fixture(scope="module")
def town():
    random = np.random.default_rng(1)
    rows = 600
    kind = random.choice(["a", "b", "c"], rows, p=[0.5, 0.3, 0.2])
    taste = np.where(random.random(rows) < 0.6, kind, random.choice(["a", "b", "c"], rows))
    frame = pd.DataFrame(
        {
            "kind": kind,
            "taste": np.where(taste == "c", "=c", taste),
            "open": random.random(rows) < np.where(kind == "a", 0.8, 0.3),
            "size": random.integers(1, 5, rows) + 3 * (taste == "b"),
        }
    )
    table = make_table(frame)
    return populations.of(learn(table, max_parents=2), table, title="Town")


def everybody(population):
    """Every combination of codes, and its probability: the product of the network's tables."""
    network = population.network
    names = network.schema.names
    sizes = [network.codings[name].size for name in names]
    people, shares = [], []
    for codes in product(*map(range, sizes)):
        at = dict(zip(names, codes, strict=True))
        share = 1.0
        for name in names:
            above = tuple(at[parent] for parent in network.parents[name])
            share *= network.tables[name][(*above, at[name])]
        people.append(codes)
        shares.append(share)
    return names, np.array(people), np.array(shares)


def by_hand(population, facts, column):
    """The shares of a column's codes among those of whom levels are known."""
    names, people, shares = everybody(population)
    network = population.network
    for name, levels in facts.items():
        wanted = [network.codings[name].labels.index(level) for level in levels]
        shares = shares * np.isin(people[:, names.index(name)], wanted)
    size = network.codings[column].size
    totals = np.bincount(people[:, names.index(column)], shares, minlength=size)
    return totals / totals.sum()


def people_of(population, text):
    return canonical(population.given(Evidence.parse(text, population.modelled)))


@pytest.mark.parametrize(
    ("a", "b", "facts_a", "facts_b"),
    [
        ("kind=a", "kind=b", {"kind": ["a"]}, {"kind": ["b"]}),
        ("kind=a|c", "", {"kind": ["a", "c"]}, {}),
        ("taste=b,open=yes", "kind=c", {"taste": ["b"], "open": ["yes"]}, {"kind": ["c"]}),
    ],
)
def test_every_column_agrees_with_enumeration(town, a, b, facts_a, facts_b):
    compared = compare_groups(town, people_of(town, a), people_of(town, b))
    assert compared.exact and compared.people == 0
    assert {each.column.name for each in compared.differences} == set(town.modelled.names)
    for each in compared.differences:
        x, y = by_hand(town, facts_a, each.column.name), by_hand(town, facts_b, each.column.name)
        assert each.a == pytest.approx(x, abs=1e-12)
        assert each.b == pytest.approx(y, abs=1e-12)
        # Total variation: the largest difference of any event's probability.
        places = range(len(x))
        events = [e for n in range(len(x) + 1) for e in combinations(places, n)]
        most = max(abs(x[list(e)].sum() - y[list(e)].sum()) for e in events)
        assert each.distance.value == pytest.approx(most, abs=1e-12)
        assert each.distance.exact
        # Bits: what the answer tells of a fair coin that picked the group.
        joint = np.stack([x, y]) / 2
        apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
        some = joint > 0
        bits = (joint[some] * np.log2(joint[some] / apart[some])).sum()
        assert each.bits == pytest.approx(bits, abs=1e-12)
        assert each.in_evidence == (each.column.name in facts_a or each.column.name in facts_b)
    values = [each.distance.value for each in compared.differences]
    assert values == sorted(values, reverse=True)


def test_the_sentence_names_what_differs_most_and_not_what_was_asked(town):
    compared = compare_groups(town, people_of(town, "kind=a"), people_of(town, "kind=b"))
    first = compared.open[0]
    assert first.column.name != "kind"
    sentence = compared.sentence()
    assert sentence.startswith(f"What differs most is {first.column.title}: ")
    assert f"{100 * first.distance.value:.0f} of 100" in sentence
    assert "Kind" not in sentence


def test_nothing_differs_between_a_group_and_itself(town):
    everyone = people_of(town, "")
    compared = compare_groups(town, everyone, everyone)
    assert compared.sentence() == "A and B hardly differ in any column that is not known."
    assert all(each.bits == 0 for each in compared.differences)


def test_where_every_column_is_asked_none_is_left(town):
    first = people_of(town, "kind=a,taste=a,open=yes,size=1..9")
    assert "none is left" in compare_groups(town, first, first).sentence()


def test_real_people_stand_beside_where_they_are_counted(town):
    facts = [Evidence.parse(text, town.modelled) for text in ("kind=a", "kind=b")]
    real = tuple(town.contingency.under(each) for each in facts)
    groups = [canonical(town.given(each)) for each in facts]
    each = compare_groups(town, *groups, real).of("open")
    frame = town.table.frame
    shares = [frame[frame["kind"] == kind]["open"].astype(float).mean() for kind in ("a", "b")]
    assert each.real.value == pytest.approx(abs(shares[0] - shares[1]), abs=1e-12)
    assert each.real.low < each.real.value < each.real.high
    assert compare_groups(town, *groups, (real[0], None)).of("open").real is None


class _Estimated:
    """The same people from a model that says it can only estimate."""

    exact = False

    def __init__(self, conditional):
        self.evidence, self.sample = conditional.evidence, conditional.sample


def test_where_the_model_estimates_the_interval_holds_the_exact_distance(town):
    groups = [people_of(town, "kind=a"), people_of(town, "kind=b")]
    exact = compare_groups(town, *groups)
    drawn = compare_groups(town, *map(_Estimated, groups), people=4000, seed=3)
    assert not drawn.exact and drawn.people == 4000
    inside = 0
    for each in drawn.open:
        true = exact.of(each.column.name).distance.value
        assert abs(each.distance.value - true) < 0.05
        inside += each.distance.low <= true <= each.distance.high
    assert inside >= len(drawn.open) - 1
    sizes = [group.sample(4000, seed=3 + at)["size"].mean() for at, group in enumerate(groups)]
    assert drawn.of("size").means == pytest.approx(sizes)


def test_intervals_cover_what_they_should():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.35, 0.3, 0.35])
    true = np.abs(p - q).sum() / 2
    random = np.random.default_rng(5)
    stored = [
        d.low <= true <= d.high
        for d in (
            Distance.of_counts(random.multinomial(800, p), random.multinomial(900, q), seed)
            for seed in range(200)
        )
    ]
    assert 0.9 <= np.mean(stored) <= 0.99


_shares = st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(lambda v: sum(v) > 0.1)


@settings(max_examples=60, deadline=None)
@given(_shares, _shares)
@example([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 5e-324, 1.0])
def test_bits_are_between_none_and_one_and_do_not_mind_the_order(a, b):
    x, y = np.array(a) / sum(a), np.array(b) / sum(b)
    bits = jensen_shannon(x, y)
    assert 0 <= bits <= 1
    assert bits == pytest.approx(jensen_shannon(y, x), abs=1e-12)
    tvd = np.abs(x - y).sum() / 2
    assert bits <= tvd + 1e-9  # J. Lin 1991, theorem 3


def test_files_hold_every_level_and_run_nothing(town):
    compared = compare_groups(town, people_of(town, "kind=a"), people_of(town, "kind=b"))
    rows = list(csv.DictReader(io.StringIO(compared.to_csv().decode())))
    assert len(rows) == sum(len(each.labels) for each in compared.differences)
    assert {row["level"] for row in rows if row["column"] == "taste"} == {"a", "b", "'=c"}
    first = compared.differences[0]
    assert float(rows[0]["share_a"]) == pytest.approx(first.a[0], rel=1e-5)
    page = compared.to_html("<Town>", "A <i>kind</i>", "others")
    assert "<i>kind" not in page and "&lt;Town&gt;" in page
    assert "Every figure follows from the model exactly" in page


def test_a_calibrated_reading_is_compared_too(town):
    read = Reading(targets=("kind=.2/.4/.4",)).population(town)
    groups = [people_of(read, "open=yes"), people_of(read, "open=no")]
    compared = compare_groups(read, *groups)
    assert compared.exact
    assert compared.of("kind").a.sum() == pytest.approx(1)
