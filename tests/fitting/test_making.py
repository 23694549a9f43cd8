"""Columns that are left out and made new: by plan, command, file, archive, cluster and Studio."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import cluster, populations
from synth.cli.main import app
from synth.errors import PopulaceError
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Plan
from synth.fitting.simple import fit
from synth.populations.archive import pack, unpack

MAKE = {"nhs": "pattern", "full_name": "faker:name", "email": "faker:email"}


def people(rows=200):
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "nhs": rng.choice(np.arange(10**9, 10**10, 7_654_321), rows, replace=False),
            "full_name": [f"Zoe{i} Quax{i}" for i in range(rows)],
            "gender": rng.choice(["f", "m"], rows),
            "email": [f"zoe{i}@home.org" for i in range(rows)],
            "age": rng.integers(18, 90, rows),
        }
    )


@pytest.fixture(scope="module")
def population():
    return fit(people(), make=MAKE)


def test_by_default_they_are_left_out_and_the_offer_is_made():
    inspection = inspect_table(people(), "people.csv")
    offered = {each.column.name: each.make for each in inspection.columns if each.make}
    assert offered == MAKE
    assert type(inspection).from_json(json.loads(json.dumps(inspection.to_json()))) == inspection
    plain = fit(people()).given().sample(50, seed=1)
    assert list(plain) == ["gender", "age"]


def test_made_columns_come_in_their_places_and_hold_nobody_real(population):
    real, drawn = people(), population.given().sample(3000, seed=2)
    assert list(drawn) == list(real)
    for name in MAKE:
        assert not set(real[name]) & set(drawn[name])
    assert drawn["nhs"].is_unique and drawn["email"].is_unique
    assert drawn["nhs"].between(10**9, 10**10 - 1).all()


def test_evidence_changes_nobodys_right_to_a_value_and_cannot_be_about_it(population):
    drawn = population.given(population.evidence("gender=f")).sample(100, seed=2)
    assert (drawn["gender"] == "f").all() and drawn["nhs"].is_unique
    with pytest.raises(PopulaceError, match=r"no column nhs|made new for every person"):
        population.evidence("nhs=1234567890")


def test_no_real_value_is_in_any_file(population, tmp_path):
    written = populations.write(population, tmp_path / "town", rows=True)
    assert written.given().sample(400, seed=3).equals(population.given().sample(400, seed=3))
    text = b"".join(path.read_bytes() for path in (tmp_path / "town").iterdir())
    for name in MAKE:
        for value in people()[name].astype(str):
            assert value.encode() not in text
    opened = unpack(pack(tmp_path / "town", rows=True), tmp_path / "again")
    assert opened.given().sample(400, seed=3).equals(population.given().sample(400, seed=3))


def test_a_cluster_makes_the_same_values(population):
    whole = population.given().sample(500, seed=9)
    question = cluster.Question(
        population.model, population.evidence(""), constraints=population.constraints
    )
    drawn = cluster.sample(question, 500, 9, partition_rows=170).compute(scheduler="synchronous")
    pd.testing.assert_frame_equal(
        drawn.reset_index(drop=True), whole, check_dtype=False, check_categorical=False
    )


def test_rules_redraw_rows_and_keep_values_apart():
    ruled = fit(people(), make=MAKE, rules=["age >= 40"])
    drawn = ruled.given().sample(1000, seed=2)
    assert (drawn["age"] >= 40).all() and drawn["nhs"].is_unique


def test_the_command_makes_them_and_keeps_the_plan(tmp_path):
    path, out = tmp_path / "people.csv", tmp_path / "town"
    people().to_csv(path, index=False)
    run = CliRunner()
    plain = run.invoke(app, ["fit", str(path), "--out", str(tmp_path / "plain")])
    assert "--make 'nhs=pattern'" in plain.stderr and "--make 'email=faker:email'" in plain.stderr
    words = [part for name, how in MAKE.items() for part in ("--make", f"{name}={how}")]
    done = run.invoke(app, ["fit", str(path), "--out", str(out), *words])
    assert done.exit_code == 0, done.output
    plan = json.loads((out / "plan.json").read_text())
    assert plan["make"] == MAKE
    csv = tmp_path / "made.csv"
    done = run.invoke(app, ["sample", str(out), "--rows", "300", "--out", str(csv)])
    assert done.exit_code == 0, done.output
    drawn = pd.read_csv(csv)
    assert drawn["nhs"].is_unique and not set(drawn["nhs"]) & set(people()["nhs"])
    again = run.invoke(
        app, ["fit", str(path), "--out", str(tmp_path / "b"), "--schema", str(out / "plan.json")]
    )
    assert again.exit_code == 0, again.output
    assert "nhs" in populations.load(tmp_path / "b").given().sample(5)
    done = run.invoke(app, ["evaluate", str(path), str(csv), "--json"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--make", "nhs"], "makes no column"),
        (["--make", "nhs=magic"], "cannot be made by 'magic'"),
        (["--make", "nobody=pattern"], "no column nobody"),
        (["--make", "full_name=faker:name:xx_XX"], "no names for the locale"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(words, sentence, tmp_path):
    path = tmp_path / "people.csv"
    people().to_csv(path, index=False)
    done = CliRunner().invoke(app, ["fit", str(path), "--out", str(tmp_path / "t"), *words])
    assert done.exit_code == 2 and sentence in done.stderr


def test_a_damaged_template_is_a_sentence(population, tmp_path):
    populations.write(population, tmp_path / "t")
    about = tmp_path / "t" / "population.json"
    value = json.loads(about.read_text())
    value["constraints"]["made"][0]["provider"] = "system"
    about.write_text(json.dumps(value))
    with pytest.raises(PopulaceError, match="damaged"):
        populations.load(tmp_path / "t")


def test_a_plan_keeps_what_is_made():
    plan = Plan.of(inspect_table(people(), "people.csv")).making(MAKE)
    again = Plan.from_json(json.loads(json.dumps(plan.to_json())))
    assert again.make == MAKE and again.schema["nhs"].role == "skip"
    with pytest.raises(PopulaceError, match="no column"):
        plan.making({"nobody": "pattern"})


def test_lists_and_records_are_left_out_and_the_rest_is_learned(tmp_path):
    """Case 5: through Python and the command, as a file and as a frame."""
    frame = people()[["gender", "age"]].assign(
        visits=[[1, 2]] * 200, home=[{"city": "Rome"}] * 200, pair=[(1, 2)] * 200
    )
    assert list(fit(frame).given().sample(5)) == ["gender", "age"]
    path = tmp_path / "people.parquet"
    frame.drop(columns="pair").to_parquet(path)
    assert list(fit(path).given().sample(5)) == ["gender", "age"]
    done = CliRunner().invoke(app, ["fit", str(path), "--out", str(tmp_path / "town")])
    assert done.exit_code == 0, done.output
    for name in ("visits", "home"):
        assert f"Column {name} holds lists, records or bytes and is left out" in done.stderr
