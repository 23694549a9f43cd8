"""The hybrid: its groups, its parts' probabilities, its files, its children, stop."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mutual_info_score

from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.generators import Settings, generator, hybrid, hybrid_process, two_sample
from synth.generators.coded import Codebook, Rows
from synth.generators.hybrid_parts import restored
from synth.generators.hybrid_process import Task, learn_tasks
from synth.generators.partition import (
    Group,
    junction_tree,
    mutual_information,
    partition,
    strongest_tree,
    triangulated,
)
from synth.generators.two_sample import Judgement

NETWORKS = {"candidates": ["bayes-network"]}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 3, 900)
    b = np.where(rng.random(900) < 0.9, a, rng.integers(0, 3, 900))
    c = np.where(rng.random(900) < 0.9, b, rng.integers(0, 3, 900))
    d = np.where(rng.random(900) < 0.9, c, rng.integers(0, 3, 900))
    e = 20 + 10 * d + rng.integers(0, 8, 900)
    f, g = rng.integers(0, 2, 900), rng.integers(0, 2, 900)
    words = {
        name: [f"{name}{i}" for i in codes]
        for name, codes in zip("abcd", (a, b, c, d), strict=True)
    }
    more = {"f": [f"f{i}" for i in f], "g": [f"g{i}" for i in g]}
    return make_table(pd.DataFrame({**words, "e": e, **more}))


@contextmanager
def judged(**scores):
    """Ways to learn a table judged as these say; the others are the worst."""
    with pytest.MonkeyPatch.context() as patch:

        def judgement(judges, seed, way, learned):
            name = "groups" if len(way) > 1 else way[0].candidates[0].replace("-", "_")
            return Judgement(np.full(9, scores.get(name, 1.0)), np.ones(9))

        patch.setattr(hybrid, "_judgement", judgement)
        yield


@pytest.fixture(scope="module")
def model(table):
    with judged(groups=0.5):
        return generator("hybrid").fit(table, Settings(seed=2, options=NETWORKS))


def test_a_junction_tree_of_a_known_graph():
    # A square, triangulated by one chord, and a column that nothing hangs on.
    cliques = triangulated(5, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert sorted(map(sorted, cliques)) == [[0, 2, 3], [0, 1, 2], [4]] or sorted(
        map(len, cliques)
    ) == [1, 3, 3]
    tree = junction_tree(cliques)
    assert len(tree) == len(cliques) - 1
    three = [n for n, clique in enumerate(cliques) if len(clique) == 3]
    assert tuple(sorted(three)) in {tuple(sorted(edge)) for edge in tree}


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_groups_draw_each_column_once_and_share_only_earlier_ones(most):
    rng = np.random.default_rng(most)
    edges = [(int(rng.integers(0, i)), i) for i in range(1, 17)]
    groups = partition(17, edges, np.zeros((17, 17)), most)
    assert len(groups) <= most
    drawn: set[int] = set()
    for group in groups:
        assert group.own and set(group.shared) <= drawn and not drawn & set(group.own)
        drawn |= set(group.own)
    assert drawn == set(range(17))
    # In a tree a separator is one column, and nothing else tells more where ties are nought.
    assert all(len(group.shared) <= 1 for group in groups)


def test_ties_are_those_of_counts(table):
    codes = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 1]] * 500)
    ties = mutual_information(codes, (2, 2, 2))
    assert ties[0, 1] == pytest.approx(np.log(2), abs=1e-3)
    assert ties[0, 2] == ties[1, 2] == 0.0


def test_ties_of_weighted_people_are_those_of_whoever_stands_for_more():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 3, 300)
    codes = np.stack([base, base + rng.integers(0, 3, 300), np.zeros(300, int), 2 - base], axis=1)
    sizes, often = (3, 7, 1, 4), rng.integers(1, 4, 300)  # two levels of the second are nobody's
    ties = mutual_information(codes, sizes, often.astype(float))
    repeated = np.repeat(codes, often, axis=0)
    for a, b in ((0, 1), (1, 3), (0, 2)):
        states = [len(np.unique(codes[:, c])) - 1 for c in (a, b)]
        plain = mutual_info_score(repeated[:, a], repeated[:, b]) - np.prod(states) / 600
        assert ties[a, b] == ties[b, a] == pytest.approx(max(plain, 0.0), abs=1e-12)
    assert not np.diag(ties).any()


def test_the_strongest_ties_make_a_tree():
    ties = np.zeros((5, 5))
    for a, b, tie in ((0, 1, 0.5), (1, 2, 0.4), (0, 2, 0.3), (2, 3, 0.2)):
        ties[a, b] = ties[b, a] = tie
    assert strongest_tree(ties) == [(0, 1), (1, 2), (2, 3)]  # the fifth hangs on none


def test_a_parts_draws_have_its_probabilities(model):
    law = model.law
    assert len(law.groups) == 2 and len(law.groups[1].shared) >= 1
    part = law.parts[1]
    rng = np.random.default_rng(0)
    codes = np.zeros((40_000, len(part.sizes)), np.int32)
    part.fill(codes, {}, rng)
    shown, counts = np.unique(codes, axis=0, return_counts=True)
    often = counts > 400
    expected = np.exp(part.log_likelihood(shown[often].astype(np.int32)))
    np.testing.assert_allclose(counts[often] / 40_000, expected, rtol=0.15)
    # A fact weighs as much as it is likely.
    last = len(part.sizes) - 1
    likelihood = np.zeros(part.sizes[last])
    likelihood[0] = 1.0
    weights = np.exp(part.fill(np.zeros_like(codes), {last: likelihood}, rng))
    assert weights.mean() == pytest.approx((codes[:, last] == 0).mean(), abs=0.01)
    assert weights.max() <= np.exp(part.log_bound({last: likelihood})) + 1e-12


def test_the_way_that_judges_best_is_taken(table):
    settings = Settings(seed=2, options=NETWORKS)
    for best in ("groups", "bayes_network"):
        with judged(**{best: 0.5, "groups" if best != "groups" else "bayes_network": 0.6}):
            model = generator("hybrid").fit(table, settings)
        assert model.report["best"] == best.replace("_", "-")
        assert len(model.law.parts) == (2 if best == "groups" else 1)
    assert sorted(model.report["ways"]) == ["bayes-network", "groups"]
    assert "in groups 0.600" in " ".join(model.notes)
    assert "one standard error" not in " ".join(model.notes)


def test_within_noise_the_whole_table_is_taken(table, monkeypatch):
    def judgement(judges, seed, way, learned):
        each = np.array([0.0, 1.0] if len(way) > 1 else [1.1, 0.0])  # .5 and .55, in error by .74
        return Judgement(each, np.ones(2))

    def two_at_once(*words):
        return learn_tasks(*words)[0], 2

    monkeypatch.setattr(hybrid, "_judgement", judgement)
    monkeypatch.setattr(hybrid, "learn_tasks", two_at_once)
    model = generator("hybrid").fit(table, Settings(seed=2, options=NETWORKS))
    assert model.report["best"] == "bayes-network" and len(model.law.parts) == 1
    assert model.report["ways"] == {"bayes-network": 0.55, "groups": 0.5}
    assert "Groups would serve if they were closer by more than one standard error." in model.notes
    assert "processes of their own" in model.notes[0] and model.report["processes"] == 2


def test_groups_that_lose_what_hangs_together_are_not_taken(table, monkeypatch):
    torn = [Group((), (0, 2, 4)), Group((), (1, 3, 5, 6))]
    monkeypatch.setattr(hybrid, "cut", lambda rows, settings: torn)
    monkeypatch.setattr(two_sample, "ROUNDS", 1)
    settings = Settings(seed=2, options=NETWORKS)
    for enough in (10, 1_000):  # by a classifier, and by the likelihood where few can judge
        monkeypatch.setattr(hybrid, "ENOUGH", enough)
        report = generator("hybrid").fit(table, settings).report
        assert report["best"] == "bayes-network"
        assert report["ways"]["bayes-network"] == min(report["ways"].values())
        assert report["ways"]["groups"] > report["ways"]["bayes-network"] + 0.1


def test_whole_by_one_generator_it_draws_that_generators_people(table):
    table = make_table(table.frame[:120])
    options = {"candidates": ["autoregressive"], "epochs": 2, "minutes": 20}
    with judged(autoregressive=0.5):
        whole = generator("hybrid").fit(table, Settings(seed=2, options=options))
    alone = generator("autoregressive").fit(table, Settings(seed=2, options=options))
    assert whole.sample(200, seed=1).equals(alone.sample(200, seed=1))
    given = Evidence.parse("d=d1", whole.schema)
    assert whole.given(given).probability == pytest.approx(alone.given(given).probability)
    assert whole.given().exact


def test_nobody_can_judge_a_few_people():
    frame = pd.DataFrame({name: ["x", "y"] * 10 for name in "abcdefgh"})
    model = generator("hybrid").fit(make_table(frame), Settings(options=NETWORKS))
    assert model.report["best"] == "bayes-network" and len(model.law.parts) == 1


def test_what_hangs_together_across_groups_is_kept(model, table):
    people, real = model.sample(4000, seed=3), table.frame
    same = (people["c"].astype(str).str[1] == people["d"].astype(str).str[1]).mean()
    really = (real["c"].astype(str).str[1] == real["d"].astype(str).str[1]).mean()
    assert same == pytest.approx(really, abs=0.05)
    given = model.given(Evidence.parse("a=a1,e=30..37", model.schema))
    drawn = given.sample(100, seed=1)
    assert (drawn["a"] == "a1").all() and drawn["e"].between(30, 37).all()
    share = ((people["a"] == "a1") & people["e"].between(30, 37)).mean()
    low, high = given.interval
    assert low - 0.02 < share < high + 0.02


def test_it_is_saved_and_read(model, tmp_path):
    model.save(tmp_path)
    again = generator("hybrid").load(tmp_path)
    assert again.digest == model.digest
    assert again.sample(50, seed=4).equals(model.sample(50, seed=4))
    part = model.law.parts[1]
    broken = {**part.arrays(), "table0": np.zeros_like(part.arrays()["table0"])}
    with pytest.raises(ValueError, match="shares"):
        restored(part.sizes, part.about(), broken)


def test_children_learn_what_this_process_learns(table, model, monkeypatch):
    book = Codebook.learn(table, Settings(), 48)
    rows = Rows(book, book.encode(table.frame), None, table.frame)
    tasks = [Task(group, ("bayes-network",), 1.0) for group in model.law.groups]
    settings, steps = Settings(seed=2, options=NETWORKS), []
    here, alone = learn_tasks(rows, tasks, settings, lambda share, words: None)
    monkeypatch.setattr(hybrid_process, "LARGE", 10)
    monkeypatch.setattr(hybrid_process, "processors", lambda: 2)
    monkeypatch.setattr(hybrid_process, "has_card", lambda: False)
    there, together = learn_tasks(rows, tasks, settings, lambda share, words: steps.append(share))
    assert (alone, together) == (1, 2) and max(steps) == 0.99
    for (part, report), (other, said) in zip(here, there, strict=True):
        assert part.about() == other.about() and report == said
        mine, theirs = part.arrays(), other.arrays()
        assert all(np.array_equal(mine[name], theirs[name]) for name in mine | theirs)


def test_stopping_ends_the_children(table, monkeypatch):
    monkeypatch.setattr(hybrid_process, "LARGE", 10)
    monkeypatch.setattr(hybrid_process, "processors", lambda: 2)
    monkeypatch.setattr(hybrid_process, "has_card", lambda: False)
    begun = []
    start = hybrid_process._start
    monkeypatch.setattr(
        hybrid_process, "_start", lambda *words: begun.append(start(*words)) or begun[-1]
    )

    def stop(share, words):
        if begun:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generator("hybrid").fit(table, Settings(options=NETWORKS), stop)
    assert all(job.process.poll() is not None and not job.folder.exists() for job in begun)


def test_odd_tables(table):
    for frame in (
        pd.DataFrame({"a": ["x", "y"] * 30}),
        pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}),
        pd.DataFrame({"a": ["x", None] * 40, "b": [1.5, None] * 40}),
    ):
        model = generator("hybrid").fit(make_table(frame), Settings(options=NETWORKS))
        assert len(model.sample(20)) == 20
    with pytest.raises(PopulaceError, match="cannot learn a group by ctgan"):
        generator("hybrid").fit(table, Settings(options={"candidates": ["ctgan"]}))
    assert Group((1,), (2,)).columns == (1, 2)
