"""The benchmark: its tables, its arithmetic, and one small job of each kind in its own process."""

import importlib.util
import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from synth.bench import measure
from synth.bench.adult import shape_figures
from synth.bench.data import SHARED, Dataset, adult, atus, truth, truth_parameters
from synth.bench.runners.harness import Bins, repeated
from synth.cli.bench import bench_command, grid
from synth.errors import PopulaceError


@pytest.fixture(scope="module")
def small():
    return truth(1500)


# -------------------------------------------------------------------- tables


def test_the_truth_table_is_that_of_the_peers(tmp_path):
    script = SHARED / "bench" / "make_data.py"
    if not script.exists():
        pytest.skip("the peers' generator is not beside this repository")
    copy = shutil.copy(script, tmp_path / "make_data.py")
    spec = importlib.util.spec_from_file_location("make_data", copy)
    theirs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(theirs)
    people = theirs.sample(theirs.make_params(0), 3000, np.random.default_rng(0))
    ours = truth(3000).train
    assert list(ours) == list(people)
    for name in ours:
        assert (ours[name].astype(str).to_numpy() == people[name].astype(str).to_numpy()).all()


def test_the_truth_is_a_distribution(small):
    parameters = truth_parameters()
    for name in ("relation", "education", "top1", "top2", "top3"):
        assert parameters[name].sum(axis=-1) == pytest.approx(1)
    assert len(small.train) == len(small.fresh) == 1500
    assert not small.train.equals(small.fresh)
    assert small.train["age"].between(15, 90).all()
    kinds = {column.name: column.kind for column in small.table().schema.columns}
    assert kinds["age"] == "integer" and kinds["friends_count"] == "real"
    assert {kinds[name] for name in small.categorical} == {"categorical"}


def test_atus_is_left_out_where_it_is_not_there(tmp_path):
    assert atus(shared=tmp_path) is None
    result = atus(500)
    if result is None:
        pytest.skip("the ATUS table is not beside this repository")
    assert len(result.train) == len(result.fresh) == 500
    assert result.numbers == ("age",) and (result.train["marital"] == "married").any()


def test_adult_is_left_out_where_it_is_not_there(tmp_path):
    assert adult(shared=tmp_path) is None
    result = adult()
    if result is None:
        pytest.skip("the table Adult is not beside this repository")
    assert len(result.train) == len(result.fresh) == 16_280 and "capital_gain" in result.numbers
    assert (result.train["workclass"] == "?").any()


def test_what_became_of_countries_gains_and_columns_that_follow():
    rows = 1000
    train = pd.DataFrame(
        {
            "native_country": ["here"] * 900 + ["there"] * 92 + ["far"] * 8,
            "capital_gain": np.where(np.arange(rows) < 920, 0, np.arange(rows)),
            "education": ["low", "high"] * 500,
            "education_num": [5, 9] * 500,
            "has_higher_education": ["False", "True"] * 500,
            "marital_status": ["Wed"] * rows,
            "marital": ["married"] * rows,
        }
    )
    categorical = tuple(name for name in train if not name.endswith(("gain", "num")))
    dataset = Dataset("town", "made up", train, train, categorical, "", "")
    kept = shape_figures(dataset, train)
    assert (kept["countries"], kept["countries_kept"], kept["rare_levels_kept"]) == (3, 3, 1)
    assert kept["no_capital_gain"] == 0.92 and kept["capital_gains"] == 81
    assert kept["education_num_wrong"] == kept["marital_wrong"] == 0
    lost = train.assign(
        native_country=train["native_country"].replace("far", "here"),
        capital_gain=np.arange(rows),
        education_num=5,
    )
    gone = shape_figures(dataset, lost)
    assert (gone["countries_kept"], gone["rare_levels_kept"]) == (2, 0)
    assert gone["commonest_country"] == 0.908 and gone["no_capital_gain"] == 0.001
    assert gone["education_num_wrong"] == 0.5


# -------------------------------------------------------------------- arithmetic


def test_bins_keep_values_in_their_bin():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.integers(15, 90, 2000), "pay": random.gamma(2, 9, 2000)})
    bins = Bins(frame, ["age", "pay"])
    coded = bins.encode(frame)
    assert coded["age"].nunique() == 10
    back = bins.decode(coded)
    assert (bins.encode(back) == coded).all().all()
    assert (back["age"] == back["age"].round()).all() and back["age"].max() <= 89


def test_the_first_run_stands_apart():
    calls = []
    times, last = repeated(lambda: calls.append(1) or len(calls), 3, 60)
    assert len(times) == 4 and last == 4
    assert len(repeated(lambda: None, 9, 0)[0]) == 1
    answer = {"times": [9.0, 1.0, 2.0, 4.0], "rows": 1000}
    assert measure._median(answer) == 2.0 and measure._first(answer) == 9.0
    assert measure._rate(answer) == 500
    assert measure._rate({"times": [80.0], "rows": 40}) == 0.5
    assert measure._rate({"error": "stopped after 180 s"}) is None


def test_ratios():
    ours = {
        "fit_s": 0.1,
        "rows_per_s": {"10": 100.0, "20": None},
        "given": {"root": {"rows_per_s": {"10000": 50.0, "1000000": 70.0}}},
    }
    peer = {
        "fit_s": 0.5,
        "rows_per_s": {"10": 20.0},
        "given": {"root": {"rows_per_s": {"10000": 5.0}}},
    }
    assert measure.ratios(ours, peer) == {
        "fit": 5.0,
        "fit by k2": None,
        "sample 10": 5.0,
        "sample 20": None,
        "given root": 10.0,
    }


@pytest.mark.parametrize(
    ("last", "size", "words"),
    [
        ({"error": "stopped after 180 s"}, 10, "fewer rows met"),
        ({"times": [9, 10], "rows": 10**6, "before_mib": 1, "peak_mib": 2}, 10**8, "1000 s"),
        ({"times": [1, 1], "rows": 10**6, "before_mib": 0, "peak_mib": 10**6}, 10**7, "GiB"),
    ],
)
def test_what_cannot_be_drawn_is_left_out_with_a_reason(last, size, words):
    assert words in measure._hurdle(last, size)["error"]


def test_small_samples_meet_no_hurdle():
    assert measure._hurdle(None, 10) is None
    last = {"times": [1, 1], "rows": 10**6, "before_mib": 100, "peak_mib": 101}
    assert measure._hurdle(last, 10**7) is None


@pytest.mark.parametrize(
    ("peers", "words"),
    [({"pomegranate": "/bin/sh"}, "No peer is called"), ({"pyagrum": "/nowhere"}, "no Python at")],
)
def test_unknown_peers_are_said(peers, words):
    with pytest.raises(PopulaceError, match=words):
        measure.tools(peers)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"peer_python": ["pyagrum"]}, "names no Python"),
        ({"table": ["census"]}, "No table is called"),
        ({"rows": [0]}, "at least one row"),
    ],
)
def test_wrong_options_are_said(wrong, words):
    with pytest.raises(PopulaceError, match=words):
        bench_command(**{"rows": [10], "peer_python": [], "table": [], **wrong})


# -------------------------------------------------------------------- processes


def test_one_job_of_each_tool(tmp_path, small):
    place = measure.Place(tmp_path, small)
    ours, pgmpy = measure.tools({})
    saved = measure.run(place, ours, {"task": "save"}, "one")
    assert "error" not in saved, saved
    assert saved["edges"]
    # pgmpy writes a million columns, one by one, for a family of three interests.
    narrow = ["age", "relation", "education", "friends_count"]
    few = replace(
        small,
        name="few",
        train=small.train[narrow],
        fresh=small.fresh[narrow],
        categorical=("relation", "education"),
    )
    question = {"relation": "married"}
    job = {"task": "given", "rows": 300, "evidence": question}
    for tool, there in ((ours, place), (pgmpy, measure.Place(tmp_path, few))):
        out = tmp_path / f"{tool.name}.parquet"
        answer = measure.run(there, tool, job | {"out": str(out)}, "one")
        assert "error" not in answer, answer
        assert answer["rows"] == 300 and answer["peak_mib"] >= answer["before_mib"] > 0
        drawn = pd.read_parquet(out)
        assert set(drawn) == set(there.dataset.train)
        assert (drawn["relation"].astype(str) == "married").all()
        if tool is ours:
            assert 0.2 < answer["probability"] < 0.7
    rare = measure.run(place, ours, {"task": "rare"}, "one")
    assert 1e-7 <= rare["probability"] <= 1e-5
    limit = measure.run(place, ours, {"task": "limit", "rows": 10_000, "columns": 8}, "all", 1)
    assert len(limit["times"]) == 2


def test_a_job_is_stopped_by_its_own_work_not_by_waiting(tmp_path, small):
    place = measure.Place(tmp_path, small)
    code = "import json, time; time.sleep(2.5); print(json.dumps({'rows': 1}))"
    waits = measure.Tool("waits", measure.sys.executable, ("-c", code))
    assert measure.run(place, waits, {"task": "fit"}, "one", limit=2) == {"rows": 1}
    works = measure.Tool("works", measure.sys.executable, ("-c", "while True: pass"))
    stopped = measure.run(place, works, {"task": "fit"}, "one", limit=1)
    assert stopped == {"error": "stopped after 1 s", "seconds": 1}


def test_a_job_that_fails_says_why(tmp_path, small):
    place = measure.Place(tmp_path, small)
    broken = measure.Tool("broken", measure.sys.executable, ("-c", "raise SystemExit('no such')"))
    assert measure.run(place, broken, {"task": "fit"}, "all") == {"error": "no such"}


def test_a_stopped_run_keeps_what_it_has(monkeypatch, small):
    done = []

    def run(place, tool, job, mode, repeats=0):
        done.append(job["task"])
        if len(done) > 5:
            raise KeyboardInterrupt
        return {"times": [1.0], "rows": 10, "peak_mib": 1.0, "before_mib": 1.0}

    monkeypatch.setattr(measure, "run", run)
    document = measure.bench([small], [10], {})
    assert "was stopped" in document["stopped"]
    assert document["tables"]["truth"]["limit"]["all"] == {"10": 10.0}
    assert "ratios" not in document["tables"]["truth"]


def test_the_table_on_the_screen(small):
    figures = {
        "fit_s": 0.5,
        "rows_per_s": {"10000": 2e6},
        "given": {"root": {"rows_per_s": {"10000": 1e6}, "probability": 0.4}},
        "peak_mib": {"fit": 200.0, "10000": None},
    }
    slow = figures | {"rows_per_s": {"10000": 1e5}, "fit_s": None}
    result = {
        "rows": 1500,
        "questions": {"root": {"relation": "married"}},
        "limit": {"one": {"10000": 4e6}},
        "limit_share": {"one": {"10000": 0.5}},
        "tools": {
            "populace": {"one": figures, "fidelity": {"hgb_auc": 0.51, "hgb_auc_reference": 0.5}},
            "pgmpy": {"one": slow, "fidelity": {"error": "stopped"}},
        },
        "ratios": {"pgmpy": {"one": {"sample 10000": 20.0, "given root": None}}},
    }
    console = Console(width=140, record=True, file=None)
    with console.capture() as capture:
        console.print(grid("truth", result, "one"))
    text = capture.get()
    for words in ("50% reached", "100,000 (20×)", "relation=married, p=0.4", "fresh people 0.500"):
        assert words in text
    json.dumps(result)
