"""Work in a child: it tells how far it is, can be stopped, and dies alone."""

import json
import os
import time
from pathlib import Path

import pytest

from synth import populations
from synth.fitting import tasks
from synth.fitting.inspection import Inspection
from synth.fitting.plan import Plan
from synth.fitting.tasks import start

PATIENCE = 240


@pytest.fixture(scope="module")
def upload(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("upload") / "people.csv"
    people.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def inspection(upload, tmp_path_factory):
    job = start("inspect", tmp_path_factory.mktemp("a") / "job", upload, {"name": "people.csv"})
    state = job.wait(PATIENCE)
    assert state.done, state
    value = json.loads((job.folder / "inspection.json").read_text("utf-8"))
    job.close()
    return Inspection.from_json(value)


def plan_of(inspection, **changes):
    return Plan.of(inspection).ruled("born <= died").to_json() | changes


def alive(process):
    return process.poll() is None


def test_it_learns_and_leaves_a_population(upload, inspection, tmp_path):
    settings = {"name": "people.csv", "plan": plan_of(inspection, score="k2")}
    job = start("learn", tmp_path / "job", upload, settings)
    assert not job.state().over
    state = job.wait(PATIENCE)
    assert state.done, state
    lines = (job.folder / "progress.jsonl").read_text("utf-8").splitlines()
    shares = [json.loads(line)["share"] for line in lines]
    assert shares == sorted(shares)
    population = populations.load(job.folder / "population").in_memory()
    job.close()
    assert not job.folder.exists()
    people = population.given().sample(1000, seed=1)
    assert (people["total"] == people["work"] + people["home"]).all()


def test_it_is_stopped(upload, inspection, tmp_path):
    job = start("learn", tmp_path / "job", upload, {"name": "x", "plan": plan_of(inspection)})
    job.cancel()
    assert not alive(job.process)
    assert "stopped" in job.state().error
    job.close()
    assert not (tmp_path / "job").exists()


def test_a_dropped_handle_ends_its_child(upload, inspection, tmp_path):
    job = start("learn", tmp_path / "job", upload, {"name": "x", "plan": plan_of(inspection)})
    process = job.process
    del job
    for _ in range(100):
        if not alive(process):
            break
        time.sleep(0.1)
    assert not alive(process)
    assert not (tmp_path / "job").exists()


def test_a_mistake_is_its_sentence(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a,b\n1,\x00\n")
    job = start("inspect", tmp_path / "job", tmp_path / "x.csv", {"name": "x.csv"})
    state = job.wait(PATIENCE)
    assert "NUL" in state.error
    assert not state.done
    job.close()


def test_a_crash_is_a_sentence(upload, inspection, tmp_path):
    job = start("learn", tmp_path / "job", upload, {"name": "x", "plan": plan_of(inspection)})
    os.kill(job.process.pid, 11)
    state = job.wait(PATIENCE)
    assert state.error.endswith(".")
    assert "broke off" in state.error
    job.close()


def test_memory_is_limited(upload, tmp_path):
    job = start("inspect", tmp_path / "job", upload, {"name": "x"}, memory=300 * 2**20)
    state = job.wait(PATIENCE)
    assert not state.done
    assert state.error.endswith(".")
    job.close()


def test_time_is_limited(upload, inspection, tmp_path):
    settings = {"name": "x", "plan": plan_of(inspection)}
    job = start("learn", tmp_path / "job", upload, settings, seconds=1)
    time.sleep(1.5)
    state = job.state()
    assert "longer" in state.error
    assert not alive(job.process)
    job.close()


def test_whoever_comes_too_early_waits(upload, tmp_path, monkeypatch):
    monkeypatch.setattr(tasks, "MOST", 0)
    job = start("inspect", tmp_path / "job", upload, {"name": "x"})
    assert job.place == 1 and "number 1 in the queue" in job.state().words
    job.close()
    assert not (tmp_path / "job").exists()


def test_the_child_knows_little_of_the_parent(upload, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "42")
    job = start("inspect", tmp_path / "job", upload, {"name": "x"})
    environment = Path(f"/proc/{job.process.pid}/environ")
    if environment.exists():
        assert b"SECRET_OF_THE_SERVER" not in environment.read_bytes()
    assert (tmp_path / "job").stat().st_mode & 0o077 == 0
    job.close()
