"""The same people on one worker and on several, in frames and in files."""

import json
import os
import signal
import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import cluster
from synth.bayes import learn
from synth.bayes.factors import Factor
from synth.bayes.inference import Posterior
from synth.cli.main import app
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.generators import REGISTER, Settings
from synth.generators.base import DrawnConditional
from synth.populations import load

dask = pytest.importorskip("dask")
pytest.importorskip("dask.dataframe")


@pytest.fixture(scope="module", params=["pieces", "gaussian"])
def network(request):
    """Columns of every kind with missing values; the second has two Gaussian columns."""
    rng = np.random.default_rng(0)
    n = 3000
    age = np.clip(np.rint(rng.normal(45, 15, n)), 15, 90).astype(int)
    height = np.round(rng.normal(170, 10, n) + 5 * (age > 40), 1)
    frame = pd.DataFrame(
        {
            "sex": rng.choice(["female", "male"], n),
            "age": age,
            "height": height,
            "weight": np.round(height - 100 + rng.normal(0, 8, n), 1),
            "income": np.where(rng.random(n) < 0.2, np.nan, np.round(rng.lognormal(6, 1, n), 2)),
            "pet": np.where(rng.random(n) < 0.3, None, rng.choice(["cat", "a, b|c"], n)),
            "member": pd.array(rng.random(n) < age / 100, dtype="boolean"),
        }
    )
    gaussian = ("height", "weight") if request.param == "gaussian" else ()
    return learn(make_table(frame), gaussian=gaussian)


@pytest.fixture
def posterior(network):
    parsed = Evidence.parse('age=30..60,pet="a, b|c"|missing,height=165..', network.schema)
    return network.given(parsed, Evidence.parse("sex=female", network.schema))


@pytest.fixture(scope="module")
def workers():
    """Two worker processes."""
    distributed = pytest.importorskip("distributed")
    # Processes start by running the main module's file, which a page's test may have replaced.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
        synthetic = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        )
    with synthetic, distributed.Client(synthetic) as client:
        yield client


@pytest.mark.parametrize("partition_rows", [1, 7, 1000, 5000, 1 << 20])
def test_the_same_people_however_they_are_divided(posterior, partition_rows):
    rows = 40 if partition_rows < 100 else 5000
    wanted = posterior.sample(rows, seed=3)
    table = cluster.sample(posterior, rows, 3, partition_rows=partition_rows)
    assert table.known_divisions and table.npartitions == -(-rows // partition_rows)
    for scheduler in ("synchronous", "threads"):
        pd.testing.assert_frame_equal(table.compute(scheduler=scheduler), wanted)


def test_the_same_people_in_two_processes(posterior, workers):
    wanted = posterior.sample(5000, seed=9)
    table = cluster.sample(posterior, 5000, 9, partition_rows=777)
    pd.testing.assert_frame_equal(workers.compute(table).result(), wanted)


def test_the_same_files_in_two_processes(posterior, workers, tmp_path):
    alone = tmp_path / "alone"
    with dask.config.set(scheduler="synchronous"):
        files = cluster.write_parquet(posterior, alone, 3000, 2, partition_rows=1000)
    assert [path.name for path in files] == [f"part-{i:06}.parquet" for i in range(3)]
    workers.run(int)  # both processes are there
    with workers.as_current():
        others = cluster.write_parquet(posterior, tmp_path / "both", 3000, 2, partition_rows=1000)
    assert [a.read_bytes() for a in files] == [b.read_bytes() for b in others]
    assert sorted(alone.iterdir()) == sorted([*files, alone / cluster.MANIFEST])
    read = pd.read_parquet(alone)
    wanted = posterior.sample(3000, seed=2)
    assert read.astype("string").equals(wanted.astype("string"))


def test_answers_of_the_whole_table(posterior):
    table = cluster.sample(posterior, 20_000, 1, partition_rows=4000)
    # Another test's workers may be connected, and would be asked to shuffle among themselves.
    with dask.config.set({"dataframe.shuffle.method": "tasks"}):
        counts = table["pet"].value_counts().compute(scheduler="synchronous")
    wanted = posterior.sample(20_000, seed=1)["pet"].value_counts()
    assert counts.sort_index().tolist() == wanted.sort_index().tolist()


def test_the_command_line_draws_on_a_cluster(workers, tmp_path):
    address, out = workers.scheduler.address, tmp_path / "people"
    words = ["sample", "french-hobbies", "--rows", "500", "--given", "gender=female"]
    done = CliRunner().invoke(app, [*words, "--out", str(out), "--dask", address])
    assert done.exit_code == 0, done.output
    network = load("french-hobbies").network
    wanted = network.given(Evidence.parse("gender=female", network.schema)).sample(500)
    assert pd.read_parquet(out).astype("string").equals(wanted.astype("string"))


@pytest.fixture(scope="module")
def ruled(people, tmp_path_factory):
    """A population with a rule and a column that follows from others."""
    folder = tmp_path_factory.mktemp("ruled")
    columns = ["born", "died", "age", "work", "home", "total"]
    people[columns].head(1500).to_csv(folder / "people.csv", index=False)
    words = ["fit", str(folder / "people.csv"), "--out", str(folder / "town"), "--score", "k2"]
    done = CliRunner().invoke(app, [*words, "--rule", "born < died"])
    assert done.exit_code == 0, done.output
    return folder / "town"


@pytest.mark.parametrize("given", ["", "age=30.."])
def test_constraints_hold_on_a_cluster_too(ruled, workers, tmp_path, given):
    address, out = workers.scheduler.address, tmp_path / "people"
    words = ["sample", str(ruled), "--rows", "3000", "--seed", "5", "--given", given]
    done = CliRunner().invoke(app, [*words, "--out", str(out), "--dask", address])
    assert done.exit_code == 0, done.output
    drawn = pd.read_parquet(out)
    assert not (drawn["born"] >= drawn["died"]).any()
    assert (drawn["total"] == drawn["work"] + drawn["home"]).all()
    population = load(ruled)
    alone = population.given(population.evidence(given))
    alone.write_parquet(tmp_path / "alone.parquet", 3000, seed=5)
    pd.testing.assert_frame_equal(drawn, pd.read_parquet(tmp_path / "alone.parquet"))
    wanted = alone.sample(3000, seed=5)
    table = cluster.sample(alone, 3000, 5, partition_rows=700)
    pd.testing.assert_frame_equal(workers.compute(table).result(), wanted)


def test_people_come_as_their_table_wrote_them(tmp_path):
    """Words of truth values, numbers with a currency sign, int64: meta, partitions and files."""
    from synth.data.table import read_table
    from synth.populations import of

    rng = np.random.default_rng(0)
    churn, pay = rng.choice(["Yes", "No"], 400), rng.integers(1, 60, 400)
    lines = [f'{c},"${100 * p:,}.50",{p}' for c, p in zip(churn, pay, strict=True)]
    (tmp_path / "people.csv").write_text("\n".join(["Churn,Pay,Visits", *lines]) + "\n")
    table = read_table(tmp_path / "people.csv")
    people = of(learn(table), table, title="People").given()
    wanted = people.sample(500, 3)
    drawn = cluster.sample(people, 500, 3, partition_rows=200)
    assert drawn.dtypes.equals(wanted.dtypes)
    pd.testing.assert_frame_equal(drawn.compute(scheduler="synchronous"), wanted)
    with dask.config.set(scheduler="synchronous"):
        cluster.write_parquet(people, tmp_path / "out", 500, 3, partition_rows=200)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out"), wanted)
    assert set(wanted["Churn"]) == {"Yes", "No"} and wanted["Visits"].dtype == np.int64


def test_factors_that_no_other_machine_knows_are_refused(network):
    class Weights:
        columns = ("pet",)

        def factors(self, codings):
            return [Factor(("pet",), np.arange(1.0, codings["pet"][0].size + 1))]

    posterior = Posterior(network, factors=[Weights()])
    with pytest.raises(PopulaceError, match="draw them on this one"):
        cluster.sample(posterior, 10)


class Dice(DrawnConditional):
    """A model without a network and its people in one: numbers that a seed and a row settle."""

    generator, network, settings, exact = "dice", None, Settings(), True
    schema = Schema((Column("eyes", "integer", lower=1, upper=6, step=1),))
    digest, evidence, log_probability = "0" * 16, Evidence(), 0.0

    def __init__(self, sides):
        self.sides = sides

    def given(self, evidence=None, do=None, constraints=None):
        return self

    def sample(self, rows, seed=0, *, start=0, threads=None):
        eyes = [(seed * 31 + start + i) ** 2 % self.sides + 1 for i in range(rows)]
        return pd.DataFrame({"eyes": np.array(eyes, np.int8)})

    def save(self, folder):
        (folder / "dice.json").write_text(json.dumps(self.sides))


class DiceGenerator:
    name, title, description, files = "dice", "Dice", "Throws dice.", ("dice.json",)

    def fit(self, table, settings, progress=None):
        return Dice(6)

    def load(self, folder):
        return Dice(json.loads((folder / "dice.json").read_text()))


def test_people_of_any_generator(tmp_path, monkeypatch):
    monkeypatch.setitem(REGISTER, "dice", DiceGenerator())
    question = cluster.Question(Dice(5))
    wanted = Dice(5).sample(1000, 3)
    with dask.config.set(scheduler="synchronous"):
        table = cluster.sample(question, 1000, 3, partition_rows=300).compute()
        cluster.write_parquet(question, tmp_path / "out", 1000, 3, partition_rows=300)
    pd.testing.assert_frame_equal(table, wanted)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out"), wanted)
    assert wanted["eyes"].max() <= 5


def test_no_cluster_is_one_sentence(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    words = ["sample", "french-hobbies", "--out", str(tmp_path / "people"), "--dask"]
    for address in ("tcp://127.0.0.1:9", "nowhere at all", "ftp://x:1"):
        done = CliRunner().invoke(app, [*words, address])
        assert done.exit_code == 2 and done.stderr.count("\n") == 1, done.output
        assert address in done.stderr


def test_nobody(posterior, tmp_path):
    table = cluster.sample(posterior, 0).compute(scheduler="synchronous")
    pd.testing.assert_frame_equal(table, posterior.sample(0))
    with dask.config.set(scheduler="synchronous"):
        (file,) = cluster.write_parquet(posterior, tmp_path / "none", 0)
    assert len(pd.read_parquet(file)) == 0


def test_the_question_is_text_with_exact_numbers(posterior):
    text = cluster._text_of(cluster.Question.of(posterior))
    value = json.loads(text)
    assert set(value) == {"model", "given", "do", "written", "constraints"}
    assert set(value["model"]) == {"network"}
    again = cluster._answer(text)
    for name, table in posterior.network.tables.items():
        assert np.array_equal(again.network.tables[name], table)
    assert again.evidence == posterior.evidence and again.do == posterior.do
    assert again.log_probability == posterior.log_probability


def test_faults_are_one_sentence(posterior, tmp_path, monkeypatch):
    with pytest.raises(PopulaceError, match="-1 rows"):
        cluster.sample(posterior, -1)
    with pytest.raises(PopulaceError, match="partition cannot have 0 rows"):
        cluster.sample(posterior, 10, partition_rows=0)
    (tmp_path / "file").write_text("here")
    with pytest.raises(PopulaceError, match="something already"):
        cluster.write_parquet(posterior, tmp_path, 10)
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(PopulaceError, match="not installed"):
        cluster.sample(posterior, 10)


def test_a_run_that_broke_off_goes_on_and_ends_in_the_same_bytes(posterior, tmp_path):
    with dask.config.set(scheduler="synchronous"):
        whole = cluster.write_parquet(posterior, tmp_path / "whole", 500, 3, partition_rows=100)
        answer = json.loads((tmp_path / "whole" / cluster.MANIFEST).read_text())
        broken = cluster.write_parquet(posterior, tmp_path / "broken", 500, 3, partition_rows=100)
        begun = broken[0].stat().st_mtime_ns
        for path in broken[2:]:
            path.unlink()
        broken[1].write_bytes(b"PAR1 damaged")
        seen = []
        again = cluster.write_parquet(
            posterior, tmp_path / "broken", 500, 3, partition_rows=100, progress=seen.append
        )
        assert seen == [500] and again[0].stat().st_mtime_ns == begun
        assert [a.read_bytes() for a in again] == [b.read_bytes() for b in whole]
        assert json.loads((tmp_path / "broken" / cluster.MANIFEST).read_text()) == answer
        assert [each["rows"] for each in answer["files"]] == [100] * 5
        assert [each["bytes"] for each in answer["files"]] == [p.stat().st_size for p in whole]
        assert len(pd.read_parquet(tmp_path / "broken")) == 500
        with pytest.raises(PopulaceError, match="holds other people"):
            cluster.write_parquet(posterior, tmp_path / "broken", 500, 4, partition_rows=100)


def test_a_worker_killed_in_the_middle_changes_no_byte(posterior, workers, tmp_path, request):
    if "gaussian" in request.node.name:
        pytest.skip("once is enough: a worker's start is dear")
    with dask.config.set(scheduler="synchronous"):
        alone = cluster.write_parquet(posterior, tmp_path / "alone", 4000, 5, partition_rows=200)
    killed = []

    def kill(done):
        if not killed:
            killed.append(next(iter(workers.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    with workers.as_current():
        files = cluster.write_parquet(
            posterior, tmp_path / "killed", 4000, 5, partition_rows=200, progress=kill
        )
    assert killed
    assert [a.read_bytes() for a in files] == [b.read_bytes() for b in alone]
    sums = [
        [each["sha256"] for each in json.loads((folder / cluster.MANIFEST).read_text())["files"]]
        for folder in (tmp_path / "alone", tmp_path / "killed")
    ]
    assert sums[0] == sums[1]
    assert sorted((tmp_path / "killed").iterdir()) == sorted(
        [*files, tmp_path / "killed" / cluster.MANIFEST]
    )
