"""`fit --refine`, `sample --refined`, `--rarity`, `--target`: files, archives and a cluster."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth import cluster, populations
from synth.cli.main import app
from synth.data.table import Table, read_table
from synth.errors import PopulaceError
from synth.fitting.refine import refine
from synth.populations.archive import pack, unpack


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A population in which four columns hang together more closely than two parents can say."""
    place = tmp_path_factory.mktemp("refined")
    rng = np.random.default_rng(3)
    a, b, c = (rng.integers(0, 2, 6000) for _ in range(3))
    d = np.where(rng.random(6000) < 0.95, a ^ b ^ c, rng.integers(0, 2, 6000))
    letters = np.array(["x", "y"])
    frame = pd.DataFrame(dict(zip("abcd", (letters[v] for v in (a, b, c, d)), strict=True)))
    frame["age"] = rng.integers(18, 90, 6000)
    frame.to_csv(place / "people.csv", index=False)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setattr("synth.fitting.refine.DRAWN", 12_000)
    result = run(
        "fit", place / "people.csv", "--out", place / "pop", "--max-parents", 1, "--refine",
        "--score", "k2", "--file", place / "pop.populace",
    )  # fmt: skip
    monkeypatch.undo()
    assert result.exit_code == 0, result.output
    assert "Refined by" in result.output
    return place


def parity(frame):
    a, b, c, d = ((frame[name] == "y").to_numpy() for name in "abcd")
    return ((a ^ b ^ c) == d).mean()


def test_refined_people_through_a_file(folder, tmp_path):
    out = tmp_path / "people.parquet"
    assert run("sample", folder / "pop", "--rows", 4000, "--out", out, "--refined").exit_code == 0
    people = pd.read_parquet(out)
    assert len(people) == 4000 and parity(people) > 0.8
    assert run("sample", folder / "pop", "--rows", 4000, "--out", out).exit_code == 0
    assert abs(parity(pd.read_parquet(out)) - 0.5) < 0.05


def test_the_refinement_travels_in_a_population_file(folder, tmp_path):
    content = (folder / "pop.populace").read_bytes()
    opened = unpack(content, tmp_path / "in")
    assert opened.refinement is not None
    assert pack(tmp_path / "in") == content
    again = populations.write(opened, tmp_path / "again")
    assert again.refinement.digest == opened.refinement.digest
    assert opened.refined.digest != opened.digest
    pd.testing.assert_frame_equal(
        opened.refined.given().sample(50, 1), again.refined.given().sample(50, 1)
    )


def test_a_refinement_of_other_columns_is_refused(folder, tmp_path):
    other = tmp_path / "other"
    populations.write(populations.load("french-hobbies"), other)
    (other / "refinement.npz").write_bytes((folder / "pop" / "refinement.npz").read_bytes())
    with pytest.raises(PopulaceError):
        populations.load(other)


def test_rare_people_have_weights(folder, tmp_path):
    out = tmp_path / "people.csv"
    result = run("sample", folder / "pop", "--rows", 500, "--out", out, "--rarity", 0.5)
    assert result.exit_code == 0, result.output
    assert "log_weight" in pd.read_csv(out).columns
    assert "500 rows are worth about" in " ".join(result.output.split())


def test_targets_are_met(folder, tmp_path):
    out = tmp_path / "people.parquet"
    result = run(
        "sample", folder / "pop", "--rows", 5000, "--out", out,
        "--target", "a=x:.9|y:.1", "--target", "age=..40:.8",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    people = pd.read_parquet(out)
    assert (people["a"] == "x").mean() == pytest.approx(0.9, abs=0.02)
    assert (people["age"] <= 40).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--refined", "--rarity", "0.5"], "drop one"),
        (["--refined", "--target", "a=.5/.5"], "drop one"),
        (["--rarity", "0"], "not above 0"),
        (["--target", "a=.5/.5", "--target", "a=.9/.1"], "contradict"),
        (["--target", "q=.5/.5"], "q"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(folder, tmp_path, options, words):
    result = run("sample", folder / "pop", "--out", tmp_path / "x.csv", *options)
    assert result.exit_code == 2
    assert words in result.output and "Traceback" not in result.output


def test_a_population_without_a_refinement_says_so(tmp_path):
    frame = pd.DataFrame({"a": ["x", "y"] * 50, "b": np.arange(100) % 5})
    frame.to_csv(tmp_path / "plain.csv", index=False)
    plain = tmp_path / "plain"
    assert run("fit", tmp_path / "plain.csv", "--out", plain, "--score", "k2").exit_code == 0
    result = run("sample", plain, "--out", tmp_path / "x.csv", "--refined")
    assert result.exit_code == 2 and "fit --refine" in result.output


def test_a_cluster_draws_the_same_people(folder):
    population = populations.load(folder / "pop")
    line = ["a=x:.9|y:.1"]
    from synth.generators.calibrated import read_targets

    for people in (
        population.refined,
        population.with_rarity(0.6),
        population.calibrated(read_targets(line, population.modelled)),
    ):
        question = cluster.Question(people.model, people.evidence("d=y"))
        answer = cluster._answer(cluster._text_of(question))
        pd.testing.assert_frame_equal(
            answer.sample(300, 4, start=7),
            people.given(people.evidence("d=y")).sample(300, 4, start=7),
        )


def test_where_there_is_nothing_to_refine_nothing_is_made_worse(folder, monkeypatch):
    monkeypatch.setattr("synth.fitting.refine.DRAWN", 12_000)
    population = populations.load(folder / "pop")
    drawn = population.given().sample(6000, 99)
    drawn.to_csv(folder / "drawn.csv", index=False)
    table = read_table(folder / "drawn.csv", schema=population.modelled)
    same, note = refine(population, table)
    assert same is population and "no better than by chance" in note
    some = Table(table.frame.head(500), table.schema, table.digest)
    few, note = refine(population, some)
    assert few is population and "too few" in note
    with pytest.raises(PopulaceError, match="not at hand"):
        refine(population)


def test_quotas_combinations_counts_and_independence_through_files(folder, tmp_path):
    out, counts = tmp_path / "people.csv", tmp_path / "counts.csv"
    assert run("sample", folder / "pop", "--out", out, "--quota", "a=x:30|y:12").exit_code == 0
    assert pd.read_csv(out)["a"].value_counts().to_dict() == {"x": 30, "y": 12}
    result = run("sample", folder / "pop", "--out", out, "--every", "a,b,c")
    assert result.exit_code == 0 and "log_weight" in result.output
    people = pd.read_csv(out)
    assert len(people) == 8 == len(people[["a", "b", "c"]].drop_duplicates())
    counts.write_text("a,b,count\nx,x,70\nx,y,10\ny,x,10\ny,y,10\n")
    result = run(
        "sample", folder / "pop", "--out", out, "--rows", 4000, "--target", counts,
        "--independent", "c:d",
    )  # fmt: skip
    assert result.exit_code == 0 and "bits a person" in result.output
    people = pd.read_csv(out)
    assert ((people["a"] == "x") & (people["b"] == "x")).mean() == pytest.approx(0.7, abs=0.03)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--quota", "a=x:3", "--every", "a"], "drop one"),
        (["--quota", "a=x:3", "--rows", "9"], "drop --rows"),
        (["--every", "a", "--rows", "1"], "at least as many"),
        (["--independent", "a"], "not understood"),
        (["--target", "nothing.csv"], "cannot be read"),
        (["--weighted"], "no survey weights"),
        (["--refined", "--weighted"], "drop one"),
    ],
)
def test_what_cannot_be_counted_out_is_one_sentence(folder, tmp_path, options, words):
    result = run("sample", folder / "pop", "--out", tmp_path / "x.csv", *options)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split()) and "Traceback" not in result.output


def test_people_drawn_on_a_device_are_the_same_and_an_unknown_device_is_named(folder, tmp_path):
    def draw(name, *options):
        command = ["sample", folder / "pop", "--rows", 200, "--given", "a=x", "--seed", 4]
        return run(*command, "--out", tmp_path / name, *options)

    assert draw("here.parquet").exit_code == 0
    assert draw("there.parquet", "--device", "cpu").exit_code == 0
    frames = [pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("here", "there")]
    pd.testing.assert_frame_equal(*frames)
    wrong = draw("x.parquet", "--device", "abacus")
    assert wrong.exit_code == 2
    assert "no device abacus" in " ".join(wrong.output.split())
