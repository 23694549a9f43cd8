"""Learning again in the same way: settings, look-ups, constraints, and what the card says."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import learn
from synth.bayes.strength import NamedEdgeConstraints, prune, strengths
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Plan
from synth.fitting.refit import can_relearn, edited, refit, relearn

# ---------------------------------------------------------------------- look-ups and constraints


@pytest.fixture(scope="module")
def towns(people):
    """People of 300 cities, too few in each for the search to see that no other province can be."""
    city = np.random.default_rng(2).integers(0, 300, len(people))
    places = {
        "city": [f"city {i}" for i in city],
        "province": [f"province {i % 7}" for i in city],
        "code": 100 + city % 7,
    }
    return people.assign(**places).drop(columns=["person", "pay"])


@pytest.fixture(scope="module")
def fitted(towns):
    plan = Plan.of(inspect_table(towns, "people.csv")).ruled("born <= died")
    return fit(towns, plan, restarts=0)


def follows(towns, drawn):
    """Which drawn people live in a province, or have a code, that is not their city's."""
    wrong = np.zeros(len(drawn), dtype=bool)
    for name in ("province", "code"):
        known = towns.groupby("city")[name].first()
        expected = drawn["city"].astype(str).map(known).astype(str)
        wrong |= (expected != drawn[name].astype(str)).to_numpy()
    return wrong


def test_look_ups_stay_exact_when_an_unrelated_arrow_is_forbidden(towns, fitted):
    network = fitted.network
    edge = next(e for e in network.edges if "city" not in e)
    relearned = relearn(network, fitted.table, NamedEdgeConstraints(forbidden=(edge,)))
    assert edge not in relearned.network.edges
    assert relearned.network.parents["province"] == ("city",)
    assert not relearned.released
    again = edited(fitted, relearned.network, title="Edited")
    drawn = again.given().sample(20_000, seed=3)
    assert not follows(towns, drawn).any()
    assert "- city → province" in again.card
    assert again.title == "Edited" and "**Edited.**" in again.card


def test_constraints_stay_when_a_network_is_edited(fitted):
    edge = next(e for e in fitted.network.edges if "city" not in e)
    relearned = relearn(fitted.network, fitted.table, NamedEdgeConstraints(apart=(edge,)))
    again = edited(fitted, relearned.network)
    assert again.constraints == fitted.constraints
    drawn = again.given().sample(5000, seed=1)
    lived = drawn["died"].notna()
    assert (drawn["born"][lived] <= drawn["died"][lived]).all()
    assert (drawn["total"] == drawn["work"] + drawn["home"]).all()


def test_a_look_up_that_an_edit_breaks_is_no_longer_called_exact(fitted):
    broken = NamedEdgeConstraints(forbidden=(("city", "province"),))
    relearned = relearn(fitted.network, fitted.table, broken)
    assert [str(lookup) for lookup in relearned.released] == ["city → province"]
    again = edited(fitted, relearned.network)
    assert "- city → province" not in again.card
    assert "city → province is no longer settled exactly" in again.card
    assert "- province → code" in again.card
    assert ["province", "city"] not in again.plan["lookups"]
    # Taken out without the rows, by the network alone:
    pruned = prune(fitted.network, [("city", "province")]).network
    assert "- city → province" not in edited(fitted, pruned).card


def test_an_arrow_from_a_looked_up_number_releases_it(fitted):
    relearned = relearn(fitted.network, fitted.table, NamedEdgeConstraints((("code", "marital"),)))
    assert [str(lookup) for lookup in relearned.released] == ["province → code"]
    assert ("code", "marital") in relearned.network.edges


def test_the_same_rows_teach_the_same(towns, fitted):
    assert refit(fitted.model, fitted.table).digest == fitted.model.digest
    half = fitted.table.frame.head(1200)
    model = refit(fitted.model, make_table(half, fitted.table.schema))
    assert model.schema == fitted.modelled
    assert model.digest != fitted.model.digest
    drawn = model.given(constraints=fitted.constraints).sample(5000, seed=1)
    assert not follows(towns, drawn).any()


def test_look_ups_of_older_networks_are_seen(towns, fitted):
    about = {key: value for key, value in fitted.network.about.items() if key != "lookups"}
    older = fitted.network.__class__(
        fitted.network.schema,
        fitted.network.codings,
        fitted.network.parents,
        fitted.network.tables,
        fitted.network.gaussians,
        about,
    )
    edge = next(e for e in older.edges if "city" not in e)
    relearned = relearn(older, fitted.table, NamedEdgeConstraints(forbidden=(edge,)))
    assert not follows(towns, relearned.network.given().sample(5000, seed=2)).any()


def test_weights_can_be_left_aside(planted, network):
    assert refit_network(network, planted).about["weights"] == "w"
    bare = make_table(planted.frame.drop(columns="w"), planted.schema.without("w"))
    assert refit_network(network, bare, weights=False).about["weights"] is None


def refit_network(network, table, **options):
    from synth.populations.population import as_model

    return refit(as_model(network), table, **options).network


# ---------------------------------------------------------------------- relearning


@pytest.fixture(scope="module")
def planted():
    """a → b → c, and d beside them; a weight that counts some people twice."""
    rng = np.random.default_rng(3)
    rows = 3000
    a = rng.integers(0, 3, rows)
    b = np.where(rng.random(rows) < 0.8, a, rng.integers(0, 3, rows))
    c = np.where(rng.random(rows) < 0.8, b, rng.integers(0, 3, rows))
    d = rng.integers(0, 2, rows)
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "d": d}).astype(str)
    frame["w"] = rng.choice([1.0, 2.0], rows)
    return make_table(frame)


@pytest.fixture(scope="module")
def network(planted):
    return learn(planted, weights="w", restarts=0)


def test_without_wishes_nothing_changes(planted, network):
    relearned = relearn(network, planted, NamedEdgeConstraints())
    assert set(relearned.network.edges) == set(network.edges)
    assert relearned.before == pytest.approx(relearned.after)
    assert relearned.before == pytest.approx(network.about["score_nats"], abs=1e-3)
    assert not (relearned.added or relearned.removed or relearned.turned)
    assert relearned.gain == pytest.approx(0.0)


def test_a_required_arrow_comes_and_costs(planted, network):
    relearned = relearn(network, planted, NamedEdgeConstraints(required=(("d", "a"),)))
    assert ("d", "a") in relearned.network.edges
    assert ("d", "a") in relearned.added
    assert relearned.after < relearned.before
    assert relearned.alone is not None
    assert relearned.alone <= relearned.after + 1e-9


def test_columns_that_are_kept_apart_stay_apart(planted, network):
    pair = next(edge for edge in network.edges if set(edge) == {"a", "b"})
    relearned = relearn(network, planted, NamedEdgeConstraints(apart=(pair,)))
    joined = {frozenset(edge) for edge in relearned.network.edges}
    assert frozenset(pair) not in joined
    assert relearned.after < relearned.before
    assert pair in relearned.removed


def test_a_forbidden_arrow_is_turned_or_goes(planted, network):
    pair = next(edge for edge in network.edges if set(edge) == {"b", "c"})
    relearned = relearn(network, planted, NamedEdgeConstraints(forbidden=(pair,)))
    assert pair not in relearned.network.edges
    assert pair[::-1] in relearned.turned or pair in relearned.removed


def test_the_score_is_of_the_same_people_and_folds(planted, network):
    """Fulfilling the wishes alone scores what a network learned with just these arrows scores."""
    arrows = (("a", "d"),)
    relearned = relearn(network, planted, NamedEdgeConstraints(required=arrows))
    kept = set(network.edges) | set(arrows)
    every = [(a, b) for a in "abcd" for b in "abcd" if a != b and (a, b) not in kept]
    exact = relearn(
        network, planted, NamedEdgeConstraints(required=tuple(kept), forbidden=tuple(every))
    )
    assert set(exact.network.edges) == kept
    assert relearned.alone == pytest.approx(exact.after)


def test_why_wishes_alone_cannot_be(planted, network):
    chain = learn(planted, weights="w", required=[("a", "b"), ("b", "c")], restarts=0)
    relearned = relearn(chain, planted, NamedEdgeConstraints(required=(("c", "a"),)))
    assert relearned.alone is None
    assert "circle" in relearned.obstacle
    assert ("c", "a") in relearned.network.edges


def test_contradictions_are_told(planted, network):
    with pytest.raises(PopulaceError, match="both required and forbidden"):
        relearn(network, planted, NamedEdgeConstraints(required=(("a", "b"),), apart=(("b", "a"),)))
    with pytest.raises(PopulaceError, match="circle"):
        relearn(network, planted, NamedEdgeConstraints(required=(("a", "b"), ("b", "a"))))


def test_people_without_their_weights_do_not_do(planted, network):
    frame = planted.frame.drop(columns="w")
    less = make_table(frame, planted.schema.without("w"))
    assert can_relearn(network, planted)
    assert not can_relearn(network, less)
    assert not can_relearn(network, None)
    with pytest.raises(PopulaceError, match="no column w"):
        relearn(network, less, NamedEdgeConstraints())


def test_gaussian_columns_are_relearned_as_such_and_not_pruned():
    rng = np.random.default_rng(5)
    x = rng.normal(0, 1, 800).round(2)
    kind = rng.choice(["p", "q"], 800)
    y = (x + (kind == "p") + rng.normal(0, 0.3, 800)).round(2)
    table = make_table(pd.DataFrame({"x": x, "kind": kind, "y": y}))
    network = learn(table, gaussian=["x", "y"], restarts=0)
    relearned = relearn(network, table, NamedEdgeConstraints(required=(("kind", "y"),)))
    assert set(relearned.network.gaussians) == {"x", "y"}
    assert ("kind", "y") in relearned.network.edges
    with pytest.raises(PopulaceError, match="regression"):
        prune(relearned.network, [("kind", "y")])
    assert ("kind", "y") not in strengths(relearned.network)
