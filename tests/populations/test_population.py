"""The shipped populations: complete, true to their reference, honest; and tables of one's own."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from synth import populations, shipped_populations
from synth.bayes import learn
from synth.cache import ANSWERS
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.interests.vocabulary import KEYWORDS
from synth.populations.storage import SHIPPED

SOURCES = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="module", params=populations.available())
def population(request):
    return populations.load(request.param)


def test_all_are_shipped_and_the_us_comes_first():
    available = populations.available()
    assert available[0] == "us-time-use"
    assert {"french-hobbies", "us-health"} <= set(available)


def test_everything_is_there(population):
    assert population.title
    assert population.note.endswith(".")
    assert "unweighted" in population.note
    for words in ("Source", "Scores", "hgb_auc", "fresh real people"):
        assert words in population.card
    assert set(population.featured) <= set(population.modelled.names)
    assert population.contingency.columns == population.modelled.names
    for rank in population.interests:
        for level in population.modelled[rank].levels:
            assert 5 <= len(population.keywords[level]) <= 10
            assert population.icons[level]


def test_marginals_are_those_of_the_real_people(population):
    posterior = population.given()
    for column in population.modelled:
        if column.is_number:
            continue
        real = population.contingency.share(column.name)
        message = posterior.marginal(column.name).probabilities
        assert 0.5 * np.abs(real - message).sum() < 0.015, column.name


def test_one_fact_is_answered_like_the_real_people(population):
    known = ("marital=married", "top1") if population.interests else ("Gender=female", "Smoke100")
    line, column = known
    facts = Evidence.parse(line, population.modelled)
    margins = population.contingency.under(facts)
    posterior = population.given(facts)
    real = margins.marginal(column)
    message = posterior.marginal(column).probabilities
    assert 0.5 * np.abs(real / real.sum() - message).sum() < 0.04


def test_no_one_has_an_interest_twice(population):
    frame = population.given().sample(50_000, seed=1)
    ranks = [frame[name].astype("string") for name in population.interests]
    for i in range(len(ranks)):
        for j in range(i):
            assert not (ranks[i] == ranks[j]).any()


def test_ethnicity_is_kept_apart():
    us = populations.load("us-time-use")
    assert "ethnicity" not in us.modelled
    assert set(tuple(KEYWORDS)[:26]) == set(us.modelled["top1"].levels)


def test_no_row_of_the_us_population_is_shipped():
    us = populations.load("us-time-use")
    assert us.table is None
    assert {path.name for path in us.folder.iterdir()} == {
        "card.md",
        "comparison.json",
        "network.json",
        "population.json",
        "questions.toml",
        "recipe.toml",
        "reference.json",
        "refinement.npz",
        "targets.json",
    }


def test_the_french_rows_are_shipped():
    french = populations.load("french-hobbies")
    assert len(french.table) == french.contingency.rows == 8403


def test_answers_are_kept(population):
    ANSWERS.clear()  # what other tests asked may fill it
    facts = Evidence.parse("gender=female", population.modelled)
    assert population.given(facts) is population.given(facts)
    assert 0 < ANSWERS.size <= ANSWERS.most
    before = len(ANSWERS)
    again = replace(population)  # another object, whose answers go with it
    assert again.given(facts) is not population.given(facts) and len(ANSWERS) == before + 1
    del again
    assert len(ANSWERS) == before


def test_a_table_of_ones_own(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.choice(["x", "y"], 500), "b": rng.integers(0, 50, 500)})
    table = make_table(frame)
    saved = populations.save(tmp_path / "mine", learn(table), table, title="Mine")
    again = populations.load(tmp_path / "mine")
    assert again.title == "Mine"
    assert again.network.digest == saved.network.digest
    assert again.table is None
    assert again.card == ""
    assert not (tmp_path / "mine" / "people.parquet").exists()


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(PopulaceError, match="us-time-use"):
        populations.load("us-time-us")
    with pytest.raises(PopulaceError, match="no recipe"):
        shipped_populations.build("atlantis", tmp_path)
    with pytest.raises(PopulaceError, match="--source"):
        shipped_populations.build("us-time-use", tmp_path)


def test_damaged_folders_get_a_sentence(tmp_path):
    rng = np.random.default_rng(0)
    table = make_table(pd.DataFrame({"a": rng.choice(["x", "y"], 99), "b": np.arange(99) % 5}))
    populations.save(tmp_path, learn(table), table)
    (tmp_path / "population.json").write_text("{")
    with pytest.raises(PopulaceError, match=r"population\.json"):
        populations.load(tmp_path)
    (tmp_path / "population.json").write_text(json.dumps({"title": "T"}))
    (tmp_path / "reference.json").unlink()
    with pytest.raises(PopulaceError, match=r"reference\.json"):
        _ = populations.load(tmp_path).contingency


def test_nobody_has_a_degree_too_early(us):
    """None of 2,633 respondents of 18 and 19 had one; one of a hundred at 20."""
    young, both = "age=18..19", "age=18..19,has_higher_education=yes"
    chances = [us.given(us.evidence(fact)).probability for fact in (young, both)]
    assert chances[0] > 0.01 and chances[1] < 2e-4 * chances[0]


@pytest.mark.skipif(not SOURCES.is_dir(), reason="needs ../shared/data, the sources")
def test_a_recipe_learns_its_source(tmp_path):
    out = tmp_path / "french-hobbies"
    built = shipped_populations.build(
        "french-hobbies", SOURCES, out=out, corrected=False, score="k2", restarts=0
    )
    assert built.refinement is None
    assert built.contingency.rows == 8403
    assert (tmp_path / "french-hobbies" / "people.parquet").exists()
    assert "hgb_auc" in built.card


def test_a_new_population_is_a_folder_with_a_recipe(tmp_path, monkeypatch):
    """A folder, `populations build NAME`: then it is there, with its questions."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": rng.choice(["f", "m"], 400), "pets": rng.integers(0, 5, 400)})
    (tmp_path / "sources").mkdir()
    frame.to_csv(tmp_path / "sources" / "pets.csv", index=False)
    shipped = tmp_path / "populations"
    (shipped / "pets").mkdir(parents=True)
    (shipped / "pets" / "recipe.toml").write_text(
        'title = "Pets"\nnote = "Speaks of 400 people, unweighted."\nsource = "pets.csv"\n'
        'columns = ["sex", "pets", "has_pets"]\nfeatured = ["sex"]\ncard = "# pets"\n'
        '[settings]\nscore = "k2"\nrestarts = 0\n[labels]\npets = "How many pets"\n'
        '[flags]\nhas_pets = "pets"\n'
    )
    (shipped / "pets" / "questions.toml").write_text(
        '[[question]]\ntitle = "Women"\nlink = "/?sex=f"\nview = {rank = "top1"}\n'
    )
    for module in (shipped_populations, populations.storage):
        monkeypatch.setattr(module, "SHIPPED", shipped)
    assert shipped_populations.recipes() == ("pets",)
    assert populations.available() == () and shipped_populations.questions("pets") == ()
    built = shipped_populations.build("pets", tmp_path / "sources")
    assert populations.available() == ("pets",)
    pets = populations.load("pets")
    assert pets.modelled["pets"].title == "How many pets"
    assert pets.modelled["has_pets"].kind == "boolean"
    owners = pets.given(pets.evidence("has_pets=yes")).probability
    assert owners == pytest.approx((frame["pets"] > 0).mean(), abs=0.02)
    assert built.card.startswith("# pets") and "fresh real people" in built.card
    compared = shipped_populations.SHIPPED / "pets" / "comparison.json"
    shutil.copyfile(SHIPPED / "french-hobbies" / "comparison.json", compared)
    built = shipped_populations.build("pets", tmp_path / "sources")
    assert built.card.rstrip().splitlines()[-1].startswith("Generators side by side, learned from")
    (question,) = shipped_populations.questions("pets")
    assert (question.title, question.link, question.view) == ("Women", "/?sex=f", {"rank": "top1"})
    (shipped / "pets" / "recipe.toml").write_text('title = "Pets"\n')
    with pytest.raises(PopulaceError, match="no recipe, near 'note'"):
        shipped_populations.build("pets", tmp_path / "sources")
    (shipped / "pets" / "recipe.toml").write_text("title = Pets")
    with pytest.raises(PopulaceError, match="no TOML"):
        shipped_populations.build("pets", tmp_path / "sources")


def test_a_recipe_may_ask_for_a_refinement(tmp_path, monkeypatch):
    """Three columns of which any two are independent: a network of one parent sees nothing."""
    rng = np.random.default_rng(0)
    a, b = rng.random(3000) < 0.5, rng.random(3000) < 0.5
    (tmp_path / "sources").mkdir()
    frame = pd.DataFrame({"a": a, "b": b, "c": a ^ b ^ (rng.random(3000) < 0.1)})
    frame.to_csv(tmp_path / "sources" / "coins.csv", index=False)
    shipped = tmp_path / "populations"
    (shipped / "coins").mkdir(parents=True)
    (shipped / "coins" / "recipe.toml").write_text(
        'title = "Coins"\nnote = "Three coins."\nsource = "coins.csv"\nrefine = true\n'
        'columns = ["a", "b", "c"]\nfeatured = ["a"]\ncard = "# coins"\n'
        '[settings]\nscore = "k2"\nrestarts = 0\nmax_parents = 1\n'
    )
    for module in (shipped_populations, populations.storage):
        monkeypatch.setattr(module, "SHIPPED", shipped)
    monkeypatch.setattr("synth.fitting.refine.DRAWN", 6000)
    built = shipped_populations.build("coins", tmp_path / "sources")
    assert populations.load("coins").refinement is not None
    assert "**Refinement.** Refined by" in built.card
    assert "| | the model | refined | fresh real people |" in built.card
    people = built.refined.given().sample(4000, seed=1)
    odd = people["a"] ^ people["b"] ^ people["c"]
    assert odd.mean() < 0.15  # .1 of the real people, half of the network's


def _people_hash(population, line=""):
    people = population.given(population.evidence(line)).sample(20_000, seed=4)
    return pd.util.hash_pandas_object(people.astype("string"), index=False).sum()


def test_a_population_that_is_saved_packed_and_loaded_has_the_same_people(tmp_path):
    """Case 14: derived columns, look-ups, rules and pay included; to the last bit."""
    from synth.fitting.simple import fit
    from synth.populations.archive import pack, unpack

    rng = np.random.default_rng(7)
    n = 1500
    region = rng.choice(["north", "south", "west"], n)
    home = np.round(rng.lognormal(6, 1, n), 2)
    frame = pd.DataFrame(
        {
            "zip": np.where(region == "north", 101, np.where(region == "south", 202, 303)),
            "region": region,
            "pay": np.round(rng.lognormal(6, 1, n) + 100 * (region == "north"), 2),
            "work": rng.integers(0, 40, n),
            "home": home,
        }
    )
    frame["age"] = rng.integers(18, 90, n)
    frame["total"] = frame["work"] + frame["age"]
    fitted = fit(frame, rules=["work <= age"])
    written = populations.write(fitted, tmp_path / "town")
    opened = unpack(pack(tmp_path / "town"), tmp_path / "again")
    line = "region=north,pay=300..700"
    for other in (written, opened):
        assert (
            other.given(other.evidence(line)).probability
            == fitted.given(fitted.evidence(line)).probability
        )
        assert _people_hash(other) == _people_hash(fitted)
        assert _people_hash(other, line) == _people_hash(fitted, line)
