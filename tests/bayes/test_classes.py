"""Classes of numbers: by hand, and a network with them against enumeration."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from synth.bayes.calibration import Target
from synth.bayes.classes import NumberClasses, class_codes
from synth.bayes.coding import Coding
from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.bayes.rows import RowQuestions
from synth.bayes.scoring import log_cells, log_rows
from synth.bayes.strength import NamedEdgeConstraints, prune
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.fitting.refit import edited, relearn
from synth.generators.base import Settings
from synth.generators.bayes_network import learn_network
from synth.populations import of
from synth.populations.completion import complete
from synth.populations.scoring import score


@pytest.fixture(scope="module")
def table():
    """Two numbers of fourteen values that are tied by whether they are high, and what follows."""
    rng = np.random.default_rng(0)
    rows = 4000
    high = rng.random(rows) < 0.4
    x = np.where(high, rng.integers(7, 14, rows), rng.integers(0, 7, rows)).astype(float)
    y = np.where(
        high ^ (rng.random(rows) < 0.1), rng.integers(7, 14, rows), rng.integers(0, 7, rows)
    )
    x[rng.random(rows) < 0.05] = np.nan
    ill = rng.random(rows) < np.where(high, 0.5, 0.1)
    return make_table(pd.DataFrame({"x": x, "y": y, "ill": ill}))


@pytest.fixture(scope="module")
def network(table):
    return NetworkLearner(classes=2, bins=14).fit(table).network_


def everybody(network):
    """Every combination of codes and its probability, by multiplying tables."""
    names = list(network.order)
    sizes = [network.codings[name].size for name in names]
    place = {name: i for i, name in enumerate(names)}
    for codes in product(*map(range, sizes)):
        chance = 1.0
        for name in names:
            at = (*(codes[place[p]] for p in network.parents[name]), codes[place[name]])
            chance *= network.tables[name][at]
        yield dict(zip(names, codes, strict=True)), chance


def test_classes_hold_as_many_people_each_and_missing_is_one_of_its_own(table):
    coding = Coding.learn(table.schema["x"], table.frame["x"], 14)
    codes = coding.encode(table.frame["x"])
    classes = NumberClasses.learn(coding, codes, 3, {"x", "x class"})
    assert classes is not None and classes.number == "x"
    assert classes.column.name == "x class_"  # the name is taken
    assert classes.column.role == "class" and classes.column.missing
    people = np.bincount(classes.of[codes], minlength=4) / len(codes)
    assert people[:3] == pytest.approx(np.full(3, 0.95 / 3), abs=0.08)
    assert people[3] == pytest.approx(0.05, abs=0.01)
    assert (np.diff(classes.of) >= 0).all()  # neighbouring bins
    assert classes.column.levels[0].startswith("0–")


def test_few_bins_and_levels_have_no_classes(table):
    for name, most in (("x", 12), ("ill", 2), ("x", 1), ("x", 0)):
        coding = Coding.learn(table.schema[name], table.frame[name], 14)
        codes = coding.encode(table.frame[name])
        assert NumberClasses.learn(coding, codes, most, ()) is None


def test_a_number_settles_its_class(network):
    assert network.class_of == {"x class": "x", "y class": "y"}
    assert network.columns_text == "3 columns and 2 classes of numbers"
    for group, number in network.class_of.items():
        codes = network.class_codes(group)
        axis = network.parents[number].index(group)
        table = np.moveaxis(network.tables[number], axis, 0)
        for k in range(len(table)):
            assert (table[k][..., codes != k] == 0).all()
        np.testing.assert_allclose(network.tables[number].sum(axis=-1), 1.0)
    # What is tied by high and low is tied through a class.
    assert any("class" in parent or "class" in child for parent, child in network.edges)


def test_rows_that_would_be_empty_are_those_of_everybody():
    classes = NumberClasses(None, "x", np.array([0, 0, 1]))
    table = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
    inside = classes.within(table, 0, np.array([0.25, 0.25, 0.5]))
    np.testing.assert_allclose(inside, [[0.4, 0.6, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(class_codes(inside, 0), [0, 0, 1])


@pytest.mark.parametrize("facts", ["", "x=3..9", "y=2,ill=yes", "x=missing", "ill=no,x=8,y=9.."])
def test_answers_agree_with_enumeration(network, facts):
    evidence = Evidence.parse(facts, network.schema)
    posterior = network.given(evidence)
    likelihoods = {n: network.codings[n].likelihood(f).codes for n, f in evidence.items()}
    total, marginals = 0.0, {n: np.zeros(network.codings[n].size) for n in network.order}
    for codes, chance in everybody(network):
        weight = chance * np.prod([known[codes[n]] for n, known in likelihoods.items()])
        total += weight
        for name, code in codes.items():
            marginals[name][code] += weight
    assert posterior.probability == pytest.approx(total, abs=1e-12)
    for name, expected in marginals.items():
        np.testing.assert_allclose(posterior.codes(name), expected / total, atol=1e-12)


def test_setting_a_number_sets_its_class(network):
    """Its class is no cause that is left, but follows from it: what depends on that changes."""
    done = network.given(None, Evidence.parse("x=12", network.schema))
    code = int(network.codings["x"].encode(pd.Series([12.0]))[0])
    group = int(network.class_codes("x class")[code])
    assert done.codes("x class")[group] == pytest.approx(1.0)
    tables = {n: np.array(t) for n, t in network.tables.items()}
    # By hand: the tables of x and of its class are replaced by what is set.
    total, ill = 0.0, np.zeros(network.codings["ill"].size)
    for codes, _ in everybody(network):
        if codes["x"] != code or codes["x class"] != group:
            continue
        chance = 1.0
        for name in network.order:
            if name not in ("x", "x class"):
                at = (*(codes[p] for p in network.parents[name]), codes[name])
                chance *= tables[name][at]
        total += chance
        ill[codes["ill"]] += chance
    np.testing.assert_allclose(done.codes("ill"), ill / total, atol=1e-12)


def test_people_have_no_class_columns_and_rows_are_scored_without(network, table):
    people = network.given().sample(3000, seed=1)
    assert list(people.columns) == ["x", "y", "ill"]
    assert network.given().schema.names == ("x", "y", "ill")
    logs = log_rows(network, people)
    assert log_cells(network, people).shape == (3000, 3)
    questions = RowQuestions(network)
    unknown = np.array([[name not in people for name in questions.names]] * 3000)
    known = questions.evidence(people, unknown)
    np.testing.assert_allclose(questions.log_probability(known), logs, atol=1e-9)
    # A number is asked about without its own class.
    posterior = questions.posterior(known, "x")
    assert (posterior > 0.005).sum(axis=1).min() > 3


def test_a_saved_network_is_the_same(network, tmp_path):
    network.save(tmp_path / "network.json")
    again = Network.load(tmp_path / "network.json")
    assert again.class_of == network.class_of and again.digest == network.digest
    pd.testing.assert_frame_equal(again.given().sample(500, 3), network.given().sample(500, 3))
    broken = network.to_json()
    broken["about"] = {**broken["about"], "class_of": {}}
    with pytest.raises(PopulaceError, match="damaged"):
        Network.from_json(broken)


def test_nobody_is_asked_about_a_class(network):
    with pytest.raises(PopulaceError, match="class"):
        network.given(Evidence.parse('"x class"="0–6"', network.schema))


def test_unseen_people_are_predicted_better_where_numbers_are_tied_by_high_and_low():
    """Eight numbers of which each is tied to the others by whether all are high."""
    rng = np.random.default_rng(1)

    def people(rows):
        high = rng.random(rows) < 0.5
        columns = {}
        for c in range(8):
            up = high ^ (rng.random(rows) < 0.2)
            columns[f"n{c}"] = np.where(up, rng.integers(10, 20, rows), rng.integers(0, 10, rows))
        return pd.DataFrame(columns)

    table = make_table(people(1500))
    unseen = table.schema.conform(people(4000))
    plain, classed = (
        log_rows(NetworkLearner(classes=classes).fit(table).network_, unseen) for classes in (0, 2)
    )
    assert np.mean(np.maximum(classed, -60)) > np.mean(np.maximum(plain, -60)) + 0.02


@pytest.fixture(scope="module")
def population(table):
    model = learn_network(table, Settings(options={"classes": 2, "bins": 14}))[0]
    return of(model, table, title="Classed")


def test_a_population_shows_no_classes(population, table):
    assert population.modelled.names == population.schema.names == ("x", "y", "ill")
    assert population.network.class_of and population.model.settings.options["classes"] == 2
    with pytest.raises(PopulaceError, match="no column"):
        population.evidence('"x class"="0–6"')
    rare = population.with_rarity(0.5).answer()
    assert list(rare.sample(200, seed=1).columns) == ["x", "y", "ill"]
    done = complete(table.frame.iloc[:50].assign(y=np.nan), population)
    assert list(done.frame.columns) == ["x", "y", "ill"] and done.frame["y"].notna().all()
    scores = score(table.frame.iloc[:50], population)
    assert list(scores.surprise.columns) == ["x", "y", "ill"]


def test_arrows_are_learned_again_with_classes(population, table):
    network = population.network
    again = relearn(network, table, NamedEdgeConstraints(forbidden=(("ill", "y"),)))
    assert again.network.class_of == network.class_of
    assert "3 columns and 2 classes of numbers" in edited(population, again.network).card
    own = NamedEdgeConstraints(forbidden=(("x class", "x"),))
    with pytest.raises(PopulaceError):
        relearn(network, table, own)


def test_a_class_is_not_taken_from_its_number(network):
    own = ("x class", "x")
    assert own in network.class_edges
    with pytest.raises(PopulaceError, match="stays"):
        prune(network, [own])
    other = next(edge for edge in network.edges if edge not in network.class_edges)
    assert prune(network, [other]).network.class_of == network.class_of


def test_rare_people_and_targets_agree_with_enumeration(network, population):
    rare = population.with_rarity(0.5).answer()
    chances = [(codes, chance) for codes, chance in everybody(network) if chance > 0]
    total = sum(chance**0.5 for _, chance in chances)
    for name in ("x", "y", "ill"):
        expected = np.zeros(network.codings[name].size)
        for codes, chance in chances:
            expected[codes[name]] += chance**0.5 / total
        marginal = rare.marginal(name)
        np.testing.assert_allclose(marginal.probabilities, expected, atol=1e-9)
    target = Target(
        (Evidence.parse("x=..6", network.schema), Evidence.parse("x=7..", network.schema)),
        (0.3, 0.7),
    )
    weighted = population.calibrated((target,)).answer()
    known = weighted.marginal("x")
    assert known.mass(7, 13) / (known.mass(0, 6) + known.mass(7, 13)) == pytest.approx(
        0.7, abs=1e-9
    )


def test_a_device_draws_the_same_people(network):
    pytest.importorskip("torch")
    posterior = network.given(Evidence.parse("ill=yes", network.schema))
    people = posterior.device_sampler("cpu").sample(400, seed=2)
    pd.testing.assert_frame_equal(people, posterior.sample(400, seed=2))
