"""The network page: the graph, what moves, see beside do, edits; on any population."""

import re

import numpy as np
import pandas as pd
import pytest

from pages.shared import loaders
from synth import populations
from synth.bayes import learn, strength
from synth.data.evidence import Evidence
from synth.data.table import make_table

US, FRENCH, HEALTH = "US time use, 2003–16", "French hobbies, 2003", "US health, 2009–12"
VIEWS = ["structure", "what moves", "see and do", "edit"]


def bodies(app):
    return " ".join(part.proto.body for part in app.get("html"))


def captions(app):
    return " ".join(caption.value for caption in app.caption)


def view(app, name):
    app.session_state["network-view"] = name
    app.run()
    assert not app.exception
    assert not app.warning
    return app


@pytest.fixture(scope="module")
def plain():
    """Ordinary columns, no interests, a column that stands alone, a regression."""
    rng = np.random.default_rng(0)
    rows = 900
    kind = rng.choice(["p", "q", "r"], rows)
    size = rng.integers(0, 40, rows) + 10 * (kind == "p")
    price = (size * 2.5 + rng.normal(0, 3, rows)).round(2)
    frame = pd.DataFrame(
        {
            "kind <b>": kind,
            "size": size,
            "price": price,
            "node": np.where(rng.random(rows) < 0.8, kind, "q"),
            "alone": rng.random(rows) < 0.5,
        }
    )
    frame.loc[::7, "node"] = None
    table = make_table(frame)
    network = learn(table, gaussian=["price"], restarts=0)
    return populations.of(network, table, title="Plain")


@pytest.fixture
def owner(visit, plain):
    def _owner():
        app = visit("network")
        app.session_state[loaders._OWN] = {plain.name: plain}
        app.session_state[loaders._CHOSEN] = plain.name
        app.run()
        assert app.session_state["the choice"].population is plain
        return app

    return _owner


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("population", [US, FRENCH, HEALTH])
def test_every_view_of_every_population(visit, population, name):
    app = view(visit("network", population=population), name)
    assert "What depends on what" in bodies(app)
    assert not app.warning


def test_classes_of_numbers_open_and_their_arrows_are_no_news(visit):
    app = visit("network", population=HEALTH)
    network = loaders.population("us-health").network
    assert "classes of numbers" in bodies(app) + captions(app)
    for name, number in list(network.class_of.items())[:3]:
        arrow = f"{network.schema[name].title} → {network.schema[number].title}"
        assert arrow not in bodies(app)
        for column in (name, number):
            app.selectbox(key="network-node").set_value(column).run()
            assert not app.exception and not app.warning
    name, child = next(
        edge
        for edge in network.edges
        if edge[0] in network.class_of and edge not in network.class_edges
    )
    app.selectbox(key="network-node").set_value(child).run()
    number = network.class_of[name]  # a class is chosen by its number
    app.selectbox(key=f"network-{child}-given-{number}").set_value(3).run()
    assert not app.exception and not app.warning


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_of_a_table_of_ones_own(owner, name):
    app = view(owner(), name)
    assert "kind <b>" not in bodies(app)


def test_the_strongest_arrows_are_named(visit):
    app = visit("network")
    network = loaders.population("us-time-use").network
    strengths = strength.strengths(network)
    parent, child = max(strengths, key=strengths.get)
    schema = loaders.population("us-time-use").modelled
    share = strength.explained(strengths[parent, child], strength.entropies(network)[child])
    arrow = f"{schema[parent].title} → {schema[child].title}"
    assert f"{arrow} <b>0.89 bits, {share:.0%}</b>" in bodies(app)
    assert f"takes away {share:.0%} of what is unknown" in bodies(app)


def test_a_column_opens_with_its_table(visit):
    app = visit("network")
    app.selectbox(key="network-node").set_value("partner_in_household").run()
    assert not app.exception
    table = app.dataframe[0].value
    network = loaders.population("us-time-use").network
    rows = strength.common_rows(network, "partner_in_household", 12)
    assert table["of everyone"].tolist() == pytest.approx([row.share for row in rows])
    shown = table[[head for head in table if head.startswith("→")]].to_numpy()
    assert shown == pytest.approx(np.array([row.probabilities for row in rows]))


def test_a_parents_value_can_be_chosen(visit):
    app = visit("network")
    app.selectbox(key="network-node").set_value("born_in_us").run()
    coding = loaders.population("us-time-use").network.codings["age"]
    app.selectbox(key="network-born_in_us-given-age").set_value(3).run()
    assert not app.exception
    table = loaders.population("us-time-use").network.tables["born_in_us"]
    assert re.search(rf"→ <strong>{table[3].max():.0%}</strong>", bodies(app))
    share = loaders.population("us-time-use").network.given().codes("age")[3]
    assert f"{share:.1%}" in captions(app).replace("\\", "")
    assert coding.labels[3] in captions(app).replace("\\", "").lower()


def test_every_column_opens(owner, plain):
    app = owner()
    for name in plain.modelled.names:
        app.selectbox(key="network-node").set_value(name).run()
        assert not app.exception
        assert not app.warning


def test_what_moves_is_exact_and_the_farthest_first(visit):
    app = view(visit("network", gender="female"), "what moves")
    matches = re.findall(r"moved by <b>([\d.]+)</b>", bodies(app))
    assert len(matches) == 17
    moved = [float(each) for each in matches[:-1]]  # the known column stands last
    assert moved == sorted(moved, reverse=True)
    network = loaders.population("us-time-use").network
    posterior = network.given(Evidence.parse("gender=female", network.schema))
    message = (
        0.5 * np.abs(posterior.codes("occupation") - network.given().codes("occupation")).sum()
    )
    assert moved[0] == pytest.approx(
        max(
            0.5 * np.abs(posterior.codes(name) - network.given().codes(name)).sum()
            for name in network.schema.names
            if name != "gender"
        ),
        abs=6e-4,
    )
    assert f"moved by <b>{message:.3f}</b>" in bodies(app)


def test_without_facts_the_page_offers_one(visit):
    app = view(visit("network"), "what moves")
    assert "Nothing is known yet" in app.info[0].value
    app.button(key="network-example").click().run()
    assert not app.exception
    assert app.session_state["the choice"].evidence


@pytest.mark.parametrize("population", [US, FRENCH])
def test_see_and_do_differ_at_first(visit, population):
    app = view(visit("network", population=population), "see and do")
    text = re.search(r'<p class="pp-say">(.*?)</p>', bodies(app))[1]
    numbers = re.findall(r"<b>([\d.]+)%?</b>", text)
    assert len(numbers) == 2
    assert numbers[0] != numbers[1]
    assert "Seeing and doing differ by" in captions(app)


def test_see_and_do_are_the_networks(visit):
    app = view(visit("network"), "see and do")
    network = loaders.population("us-time-use").network
    key = f"network-do-{loaders.population('us-time-use').digest[:8]}"
    no = network.codings["has_children"].labels.index("no")
    app.selectbox(key=key).set_value("has_children").run()
    app.selectbox(key=f"{key}-has_children").set_value(no)
    app.selectbox(key=f"{key}-outcome-has_children").set_value("n_in_household").run()
    fact = Evidence.parse("has_children=no", network.schema)
    seen = network.given(fact).marginal("n_in_household").mean
    done = network.given(do=fact).marginal("n_in_household").mean
    assert f"<b>{seen:.3g}</b> on average" in bodies(app)
    assert f"it would be <b>{done:.3g}</b>" in bodies(app)


def test_a_column_without_causes_is_seen_as_it_is_done(visit):
    app = view(visit("network"), "see and do")
    key = next(box.key for box in app.selectbox if str(box.key).startswith("network-do-"))
    network = loaders.population("us-time-use").network
    caused = {child for _, child in network.edges}
    root = next(name for name in network.schema.names if name not in caused)
    app.selectbox(key=key).set_value(root).run()
    assert not app.exception
    assert "nothing stands above" in captions(app)


def test_arrows_are_taken_out_where_no_rows_ship(visit):
    app = view(visit("network"), "edit")
    edge = ("age", "education")
    key = f"network-out-{loaders.population('us-time-use').digest[:8]}"
    app.multiselect(key=key).set_value([edge]).run()
    assert not app.exception
    population = loaders.population("us-time-use")
    nats = strength.strengths(population.network)[edge]
    assert f"<b>{nats / np.log(2):.3g} bits</b>" in bodies(app)
    assert f"<b>{nats * population.contingency.rows:,.0f} nats</b>" in bodies(app)
    app.button(key="network-use").click().run()
    assert not app.exception
    now = app.session_state["the choice"].population
    assert edge not in now.network.edges
    assert now.contingency.rows == population.contingency.rows
    app.button(key="network-back").click().run()
    assert app.session_state["the choice"].population.name == "us-time-use"


def test_constraints_are_noted_relearned_used_and_left(owner, plain):
    app = view(owner(), "edit")
    app.selectbox(key="network-from").set_value("alone")
    app.selectbox(key="network-to").set_value("size").run()
    app.button(key="network-require").click().run()
    app.button(key="network-relearn").click().run()
    assert not app.exception
    assert "bits worse" in bodies(app)
    assert "alone → Size" in bodies(app) or "Alone → Size" in bodies(app)
    app.button(key="network-use").click().run()
    now = app.session_state["the choice"].population
    assert ("alone", "size") in now.network.edges
    app.button(key="network-back").click().run()
    assert app.session_state["the choice"].population is plain


def test_contradicting_constraints_are_refused_in_a_sentence(owner):
    app = view(owner(), "edit")
    app.selectbox(key="network-from").set_value("size")
    app.selectbox(key="network-to").set_value("node").run()
    app.button(key="network-require").click().run()
    app.selectbox(key="network-from").set_value("node")
    app.selectbox(key="network-to").set_value("alone").run()
    app.button(key="network-require").click().run()
    app.selectbox(key="network-from").set_value("alone")
    app.selectbox(key="network-to").set_value("size").run()
    app.button(key="network-require").click().run()
    app.button(key="network-relearn").click().run()
    assert not app.exception
    assert "circle" in app.warning[0].value
    for button in [b for b in app.button if str(b.key).startswith("network-constraint-")][:1]:
        button.click().run()
    assert not app.exception
    assert not app.warning


def test_impossible_facts_are_met_here_too(visit):
    app = visit("network", top1="Pets", top2="Pets")
    assert "Nobody is all of this" in bodies(app)


def test_a_link_to_a_column_of_another_population_is_ignored(visit):
    app = visit("network", population=FRENCH, **{"network-node": "Weekly earnings (USD)"})
    assert not app.exception


def test_of_many_columns_only_neighbours_are_drawn(visit):
    rng = np.random.default_rng(1)
    first = rng.integers(0, 3, 400)
    frame = pd.DataFrame(
        {
            f"c{i}": np.where(rng.random(400) < 0.7, first, rng.integers(0, 3, 400))
            for i in range(60)
        }
    ).astype(str)
    table = make_table(frame)
    many = populations.of(learn(table, max_parents=1, restarts=0), table, title="Many")
    app = visit("network")
    app.session_state[loaders._OWN] = {many.name: many}
    app.session_state[loaders._CHOSEN] = many.name
    app.run()
    assert not app.exception
    assert "Of 60 columns only those near" in captions(app)
    app.selectbox(key="network-node").set_value("c59").run()
    assert not app.exception
    assert "near c 59" in captions(app).lower()
