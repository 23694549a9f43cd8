"""Every generator of codes keeps the contract: values, missing ones, facts, seeds, files, stop."""

import json
import math
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from synth.constraints.derived import Constraints
from synth.constraints.discovery import Lookup
from synth.constraints.rules import parse_rules
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import Table, make_table
from synth.errors import PopulaceError
from synth.generators import Settings, coded, gan, generator, masked, names, vae, valued
from synth.generators.coded import BLOCK, Codebook, CodedConditional, CodedModel, choose, holds

TINY = {"epochs": 2, "minutes": 5}
CODED = tuple(n for n in names() if n not in ("bayes-network", "independent-columns", "private"))
LOOKUP = Lookup("province", "city")


def people(rows=500, seed=0):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    married = (age > 35) & (rng.random(rows) < 0.8)
    city = rng.choice(6, rows, p=[0.4, 0.3, 0.1, 0.1, 0.06, 0.04])
    return pd.DataFrame(
        {
            "age": age,
            "married": pd.array(np.where(rng.random(rows) < 0.1, None, married), "boolean"),
            "city": pd.array(np.where(rng.random(rows) < 0.05, None, [f"c{i}" for i in city])),
            "province": [f"p{i % 2}" for i in city],
            "hours": pd.array(np.where(rng.random(rows) < 0.2, None, 40 + age % 3), "Int64"),
            "pay": np.where(rng.random(rows) < 0.1, np.nan, (age * 37.5 + rng.normal(0, 80, rows))),
        }
    ).assign(
        pay=lambda f: f["pay"].round(2),
        province=lambda f: np.where(pd.isna(f["city"]), "none", f["province"]),
    )


@pytest.fixture(scope="module")
def table():
    return make_table(people())


@pytest.fixture(scope="module", autouse=True)
def offline():
    """Nothing here reaches a network: all generators learn, draw, save and load without one."""
    with pytest.MonkeyPatch.context() as patch:

        def refuse(*words):
            raise OSError("no network here")

        patch.setattr(socket.socket, "connect", refuse)
        patch.setattr(socket, "getaddrinfo", refuse)
        yield


@pytest.fixture(scope="module", autouse=True)
def small():
    """Small networks learn and draw as well as these tests ask."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coded, "PILOT", 1 << 12)
        patch.setattr(masked, "WIDTH", 16)
        patch.setattr(masked, "INNER", 16)
        for module in (vae, gan):
            patch.setattr(module, "WIDTH", 16)
            patch.setattr(module, "NARROW", 16)
        patch.setattr(gan, "BATCH", 64)
        patch.setattr(gan, "JUDGED", 500)
        patch.setattr(valued, "PROBE", 1 << 12)
        yield


@pytest.fixture(scope="module")
def crowds(models):
    """People of whom nothing is known."""
    return {name: model.sample(3000, seed=9) for name, model in models.items()}


@pytest.fixture(scope="module")
def models(table):
    settings = Settings(seed=3, lookups=(LOOKUP,), options=TINY)
    return {name: generator(name).fit(table, settings) for name in CODED}


def evidence(model, text):
    return Evidence.parse(text, model.schema)


@pytest.mark.parametrize("name", CODED)
def test_people_have_the_tables_values(models, table, name):
    model = models[name]
    drawn = model.sample(700, seed=1)
    assert drawn.dtypes.equals(model.schema.conform(table.frame).dtypes)
    assert len(drawn) == 700 and not drawn["age"].isna().any()
    assert set(drawn["hours"].dropna()) <= {40, 41, 42}
    known = drawn["pay"].dropna()
    assert known.between(table.frame["pay"].min(), table.frame["pay"].max()).all()
    np.testing.assert_allclose(known, known.round(2))
    settled = dict(zip(table.frame["city"].astype(str), table.frame["province"], strict=True))
    assert (drawn["city"].astype(str).map(settled) == drawn["province"].astype(str)).all()
    assert model.settings.lookups == (LOOKUP,)


@pytest.mark.parametrize("name", CODED)
def test_a_person_is_the_same_in_any_piece(models, name):
    drawn = models[name].given(evidence(models[name], "age=30..70"))
    whole = drawn.sample(BLOCK + 300, seed=5, threads=1)
    again = drawn.sample(400, seed=5, start=BLOCK - 100, threads=4)
    pd.testing.assert_frame_equal(
        again, whole.iloc[BLOCK - 100 : BLOCK + 300].reset_index(drop=True)
    )
    assert not drawn.sample(50, seed=6).equals(whole.head(50))
    assert len(drawn.sample(0)) == 0 and list(drawn.sample(0).columns) == list(whole.columns)


@pytest.mark.parametrize("name", CODED)
@pytest.mark.parametrize(
    "text", ["city=c0|c1", "province=p1", "age=30..50,hours=40", "hours=missing", "pay=1000..2000"]
)
def test_facts_hold_in_every_row_and_probabilities_are_those_of_people(models, crowds, name, text):
    model = models[name]
    facts = evidence(model, text)
    given = model.given(facts)
    drawn = given.sample(200, seed=2)
    for column, fact in facts.items():
        if model.schema[column].is_number:
            values = drawn[column].to_numpy(dtype=float, na_value=np.nan)
            assert holds(model.codebook.codings[column], fact, values).all()
        else:
            assert drawn[column].astype(str).isin(fact.values).all()
    # The probability is the share among people of whom nothing is known.
    everybody = crowds[name]
    true = np.ones(len(everybody), bool)
    for column, fact in facts.items():
        if model.schema[column].is_number:
            values = everybody[column].to_numpy(dtype=float, na_value=np.nan)
            true &= holds(model.codebook.codings[column], fact, values)
        else:
            true &= everybody[column].astype(str).isin(fact.values).to_numpy()
    if given.standard_error > 0:
        low, high = given.interval
        assert low <= given.probability <= high and "%" in given.note
    if model.law.exact:
        tolerance = 4 * math.hypot(0.5 / math.sqrt(len(everybody)), given.standard_error)
        # An order-agnostic network is not quite of one mind with itself, see its module.
        tolerance += 0.05 if name == "autoregressive" else 0.0
        assert given.probability == pytest.approx(true.mean(), abs=tolerance)


@pytest.mark.parametrize("name", CODED)
def test_marginals_are_those_of_people(models, name):
    given = models[name].given(evidence(models[name], "age=30..70"))
    drawn = given.sample(3000, seed=4)
    slack = 0.15 if name in ("autoregressive", "diffusion") else 0.05
    for column in ("city", "province"):
        marginal = given.marginal(column)
        shares = drawn[column].astype(object).fillna("missing").value_counts(normalize=True)
        for label, share in marginal.to_dict().items():
            assert share == pytest.approx(shares.get(label, 0), abs=slack)
    age = given.marginal("age")
    assert age.mass(30, 70) == pytest.approx(1.0) and age.mass(None, 29) == 0
    assert sum(age.probabilities) == pytest.approx(1.0)


@pytest.mark.parametrize("name", CODED)
def test_saved_and_loaded_it_is_the_same(models, name, tmp_path):
    model = models[name]
    model.save(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(generator(name).files)
    loaded = generator(name).load(tmp_path)
    assert isinstance(loaded, CodedModel)
    assert loaded.digest == model.digest and loaded.settings == model.settings
    assert loaded.report == json.loads(json.dumps(model.report))
    pd.testing.assert_frame_equal(loaded.sample(60, seed=1), model.sample(60, seed=1))
    path = tmp_path / generator(name).files[0]
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], b"no archive", _relabelled(path)):
        path.write_bytes(damaged)
        with pytest.raises(PopulaceError, match="damaged"):
            generator(name).load(tmp_path)


def _relabelled(path):
    """The file with a number of states that its arrays do not have."""
    from io import BytesIO

    with np.load(path, allow_pickle=False) as data:
        arrays = {key: data[key] for key in data.files}
    about = json.loads(arrays["about"].tobytes())
    city = next(c for c in about["codebook"]["schema"]["columns"] if c["name"] == "city")
    city["levels"] = [*city["levels"], "elsewhere"]
    about["codebook"]["settled"] = {}
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    out = BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


@pytest.mark.parametrize("name", CODED)
def test_the_same_seed_learns_the_same(models, table, name):
    settings = Settings(seed=3, lookups=(LOOKUP,), options=TINY)
    again = generator(name).fit(table, settings)
    assert again.digest == models[name].digest
    assert again.report["notes"]


@pytest.mark.parametrize("name", CODED)
def test_rules_hold_and_nothing_is_set_from_outside(models, name):
    model = models[name]
    rules = Constraints((), (), parse_rules("hours <= age", model.schema), model.schema.names)
    drawn = model.given(constraints=rules).sample(300, seed=1)
    both = drawn[["hours", "age"]].dropna().astype(int)
    assert (both["hours"] <= both["age"]).all()
    with pytest.raises(PopulaceError, match="arrows"):
        model.given(do=evidence(model, "age=40"))


@pytest.mark.parametrize("name", CODED)
def test_learning_stops_where_progress_says_so(table, name):
    class StopError(Exception):
        pass

    def stop(share, words):
        assert 0 <= share <= 1 and words
        raise StopError

    with pytest.raises(StopError):
        generator(name).fit(table, Settings(options=TINY), stop)


@pytest.mark.parametrize("name", CODED)
def test_one_row_and_one_value(name):
    schema = Schema((Column("a", "categorical", ("x",)), Column("b", "integer")))
    table = make_table(pd.DataFrame({"a": ["x"], "b": [3]}), schema)
    drawn = generator(name).fit(table, Settings(options=TINY)).sample(20)
    assert set(drawn["a"]) == {"x"} and set(drawn["b"]) == {3}
    nobody = Table(table.frame.head(0), table.schema, table.digest)
    with pytest.raises(PopulaceError, match="no row"):
        generator(name).fit(nobody, Settings(options=TINY))


@pytest.mark.parametrize("name", CODED)
def test_a_column_that_everybody_lacks(name):
    columns = (Column("a", "categorical", ("x", "y"), missing=True), Column("c", "categorical"))
    frame = pd.DataFrame({"a": pd.array([None] * 60, object), "c": ["u", "v"] * 30})
    table = make_table(frame, Schema(columns))
    drawn = generator(name).fit(table, Settings(options=TINY)).sample(40)
    assert set(drawn["c"].astype(str)) == {"u", "v"}
    assert drawn["a"].isna().all()
    # A number without any value has no range to learn: no generator gets to see it.
    numbers = Schema((*columns, Column("b", "integer", missing=True)))
    with pytest.raises(PopulaceError, match="Column b has no values"):
        make_table(frame.assign(b=frame["a"]), numbers)


@pytest.fixture(scope="module")
def wide():
    """Three hundred columns, each of which another one repeats."""
    bits = np.random.default_rng(0).random((60, 300)) < 0.5
    bits[:, 1::2] = bits[:, ::2]
    return make_table(pd.DataFrame(np.where(bits, "x", "y"), columns=[f"c{i}" for i in range(300)]))


@pytest.mark.parametrize("name", CODED)
def test_three_hundred_columns(name, wide, monkeypatch):
    monkeypatch.setattr(coded, "BLOCK", 8)
    options = {"epochs": 1, "minutes": 5}
    if name == "hybrid":  # all its ways would take longer than everything else here
        options["candidates"] = ["diffusion"]
    drawn = generator(name).fit(wide, Settings(options=options)).sample(8)
    assert list(drawn.columns) == list(wide.schema.names)
    assert drawn.isin(["x", "y"]).all(axis=None)


@pytest.mark.parametrize("name", CODED)
def test_what_nobody_has_is_refused(name):
    frame = pd.DataFrame({"a": ["x", "y"] * 20, "b": [0, 10] * 20})
    model = generator(name).fit(make_table(frame), Settings(options=TINY))
    if not getattr(model.law, "draws_numbers", False):
        with pytest.raises(PopulaceError, match="Nobody in this population"):
            model.given(Evidence.parse("b=3..4", model.schema))


@pytest.mark.parametrize("name", CODED)
def test_weights_weigh(name):
    frame = pd.DataFrame({"a": ["x", "y"] * 200, "b": ["u", "u", "v", "v"] * 100})
    frame["w"] = np.where(frame["a"] == "x", 9.0, 1.0)
    table = make_table(frame)
    table = make_table(frame, table.schema.changed("w", role="weight"))
    options = {"epochs": 10, "minutes": 5}
    model = generator(name).fit(table, Settings(weights="w", options=options))
    assert model.schema.names == ("a", "b")
    share = (model.sample(3000)["a"].astype(str) == "x").mean()
    assert share == pytest.approx(0.9, abs=0.03 if model.law.exact else 0.12)
    with pytest.raises(PopulaceError, match="lacks"):
        generator(name).fit(table, Settings(weights="v", options=TINY))


def test_lookups_of_lookups_follow_their_root():
    frame = pd.DataFrame(
        {"a": ["x", "y", "z"] * 10, "b": ["p", "p", "q"] * 10, "c": [1, 1, 2] * 10}
    )
    lookups = (Lookup("c", "b"), Lookup("b", "a"), Lookup("a", "c"))
    table = make_table(frame)
    book = Codebook.learn(table, Settings(lookups=lookups[:2]), 8)
    assert book.learned == ("a",) and {of for of, _ in book.settled.values()} == {"a"}
    pd.testing.assert_frame_equal(book.decode(book.encode(table.frame), 0, 0), table.frame)
    # A circle settles nothing, and numbers settle nothing.
    assert "a" in Codebook.learn(table, Settings(lookups=lookups), 8).learned


def test_codes_are_chosen_by_their_shares():
    rng = np.random.default_rng(0)
    shares = np.array([0.0, 0.2, 0.0, 0.8, 0.0])
    for uniform in (rng.random(4000), np.full(5, np.nextafter(1, 0)), np.zeros(5)):
        codes = choose(shares, uniform)
        assert set(codes) <= {1, 3}
        np.testing.assert_array_equal(codes, choose(np.tile(shares, (len(uniform), 1)), uniform))
    assert (choose(shares, rng.random(4000)) == 1).mean() == pytest.approx(0.2, abs=0.03)


def test_the_register_and_the_models_do_without_torch(models, tmp_path):
    models["joint-table"].save(tmp_path)
    code = (
        "import sys, pathlib\n"
        "from synth import generators\n"
        "import synth.cli\n"
        "generators.names()\n"
        "assert 'torch' not in sys.modules, 'register'\n"
        f"generators.generator('joint-table').load(pathlib.Path({str(tmp_path)!r})).sample(5)\n"
        "assert 'torch' not in sys.modules, 'model'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_estimate_says_how_sure_it_is(models):
    model = models["copula"]
    given = model.given(evidence(model, "age=30..50,hours=40,city=c0"))
    assert isinstance(given, CodedConditional) and not given.exact
    assert given.standard_error > 0 and given.interval[0] < given.probability < given.interval[1]
    assert model.given(evidence(model, "age=30..50")).interval[0] == pytest.approx(
        model.given(evidence(model, "age=30..50")).probability
    )
