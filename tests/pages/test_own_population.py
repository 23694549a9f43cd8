"""A visitor's own population on every page, and in no other session."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pages import NAMES
from pages.shared import loaders, sidebar
from synth import populations
from synth.bayes import learn
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Plan

PAGES = [name for name in NAMES if name not in ("portraits", "studio")]


def current_choice(app):
    return app.session_state["the choice"]


@pytest.fixture(scope="module")
def strange():
    """No interests, many levels, missing values, names that the pages use themselves."""
    rng = np.random.default_rng(0)
    rows = 600
    frame = pd.DataFrame(
        {
            "population": rng.choice(["small", "large"], rows),
            "order": rng.integers(0, 9, rows),
            "find": rng.normal(0, 1e-4, rows).round(7),
            "town": [f"town {i}" for i in rng.integers(0, 100, rows)],
            "age": rng.integers(18, 90, rows),
            "gender": rng.choice(["female", "male"], rows),
            "crème 🍰 <b>&": rng.choice(["*yes*", "<no>"], rows),
            "income": np.where(rng.random(rows) < 0.3, np.nan, rng.lognormal(10, 1, rows).round(2)),
            "huge": rng.integers(0, 9, rows) * 10**17,
            "top1": rng.integers(0, 5, rows),
            "member": pd.array(rng.random(rows) < 0.5).astype("boolean"),
        }
    )
    frame.loc[frame.index[:50], ["town", "member"]] = None
    table = make_table(frame)
    return populations.of(learn(table, score="k2", restarts=0), table, title="Strange *people*")


@pytest.fixture(scope="module")
def ruled():
    """A population with rules, a sum, a range and look-ups."""
    rng = np.random.default_rng(1)
    rows = 600
    age, city = rng.integers(12, 90, rows), rng.integers(0, 9, rows)
    work, home = rng.integers(0, 9, rows), rng.integers(0, 9, rows)
    frame = pd.DataFrame(
        {
            "age": age,
            "group": np.where(age < 40, "young", "old"),
            "city": [f"c{i}" for i in city],
            "province": [f"p{i % 3}" for i in city],
            "code": city % 3 + 7,
            "work": work,
            "home": home,
            "total": work + home,
        }
    )
    plan = Plan.of(inspect_table(frame, "ruled.csv")).ruled("age >= 15\nwork <= home")
    return fit(frame, Plan.from_json(plan.to_json() | {"score": "k2"}), restarts=0)


@pytest.fixture
def owner(visit, strange):
    """A visit in which a population was adopted."""

    def _owner(page="", population=strange, **parameters):
        app = visit(page, **parameters)
        app.session_state[loaders._OWN] = {population.name: population}
        app.session_state[loaders._CHOSEN] = population.name
        app.run()
        return app

    return _owner


@pytest.mark.parametrize("which", ["strange", "ruled"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_copes(owner, page, which, request):
    population = request.getfixturevalue(which)
    app = owner(page, population)
    assert not app.exception
    assert current_choice(app).population.name == population.name
    assert not [warning.value for warning in app.warning]


def test_rules_count_in_every_answer(owner, ruled):
    app = owner("", ruled)
    assert current_choice(app).posterior.probability == pytest.approx(1)
    app.slider(key="work.").set_range(5, 8)
    app.slider(key="home.").set_range(0, 4).run()
    assert not app.exception
    assert current_choice(app).posterior is None
    assert "exclude each other" in current_choice(app).problem


def test_it_is_asked_like_any_other(owner, strange):
    app = owner()
    app.slider(key="age.").set_range(30, 40)
    app.multiselect(key="town.").set_value(["town 1", "missing"])
    app.multiselect(key="crème 🍰 <b>&.").set_value(["<no>"]).run()
    assert not app.exception
    assert len(current_choice(app).evidence) == 3
    drawn = current_choice(app).posterior.sample(200, seed=1)
    assert drawn["age"].between(30, 40).all()
    next(button for button in app.button if button.label == "Forget all facts").click()
    app.run()
    assert not current_choice(app).evidence


def test_another_session_does_not_know_it(visit, owner, strange):
    owner()
    other = visit(population=strange.title)
    assert current_choice(other).population.name == populations.available()[0]
    assert strange.name not in other.selectbox(key="population").options
    message = " ".join(warning.value for warning in other.warning)
    assert "not in this session" in message
    other.selectbox(key="population").set_value("french-hobbies").run()
    assert not other.warning


def test_its_name_alone_opens_nothing(strange):
    with pytest.raises(PopulaceError, match="not in this session"):
        loaders.population(strange.name)


def test_two_of_the_same_title_are_told_apart(owner, strange):
    app = owner()

    twin = replace(strange, name="own-00000000")
    app.session_state[loaders._OWN] = {strange.name: strange, twin.name: twin}
    app.run()
    assert app.selectbox(key="population").options[-1].endswith("(2)")


def test_keys_of_shipped_populations_stay_short():
    assert sidebar.key_of("age") == "age"
    assert sidebar.key_of("population") == "population_"


def test_a_population_in_memory_is_known_by_what_it_holds(strange):
    assert strange.name == f"{populations.OWN}{strange.digest[:8]}"
    assert strange.folder is None
    assert strange.contingency.rows == len(strange.table) == 600
    assert strange.interests == ()
    other = populations.of(strange.network, strange.table, title="Another")
    assert other.digest != strange.digest
    small = make_table(pd.DataFrame({"age": [1, 2, 3]}))
    with pytest.raises(PopulaceError, match="lacks"):
        populations.of(strange.network, small, title="x")
