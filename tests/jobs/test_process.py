"""A child process of any work: progress, limits, sentences for its deaths, and its end."""

import os
import sys
import time
from pathlib import Path

import pytest

from synth.errors import PopulaceError
from synth.jobs import process
from synth.jobs.process import Limits, Messages, ProcessJob

LIMITS = Limits(memory=2**31, seconds=60, file_size=2**20)
MESSAGES = Messages(
    busy="{count} kettles are on: wait.",
    waiting="Number {place} at the stove.",
    too_large="The kettle is too small.",
    too_long="Not boiling after {minutes} minutes.",
    broken="The kettle broke.",
    cancelled="Tea is off.",
)
CHILD = """
import sys
from pathlib import Path
from synth.errors import PopulaceError
from synth.jobs.process import run_child

def work(folder, task, progress):
    progress(0.25, "Boiling")
    progress(0.5, "Still boiling")
    exec(task["code"])

sys.exit(run_child(Path(sys.argv[-1]), work, too_large="The kettle is too small."))
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def start(code, *, limits=LIMITS, most=9):
        folder = tmp_path / f"job-{len(started)}"
        command = [sys.executable, "-c", CHILD]
        job = ProcessJob(
            command, folder, {"code": code}, limits=limits, messages=MESSAGES, most=most, kind="tea"
        )
        started.append(job)
        return job

    yield start
    for job in started:
        job.close()


def until(job, words):
    end = time.monotonic() + 60
    while job.state().words != words and not job.state().over and time.monotonic() < end:
        time.sleep(0.05)
    return job.state()


def test_progress_and_result(start):
    job = start("(folder / 'cup').write_text('tea')")
    state = job.wait(60)
    assert (state.done, state.error, state.share, state.cancelled) == (True, "", 1.0, False)
    assert (job.folder / "cup").read_text() == "tea"
    assert job.state() is state and job.kind == "tea"
    job.close()
    assert not job.folder.exists()


def test_cancelled(start):
    job = start("import time; time.sleep(60)")
    state = until(job, "Still boiling")
    assert (state.share, state.over) == (0.5, False)
    job.cancel()
    state = job.state()
    assert (state.error, state.cancelled, state.share) == ("Tea is off.", True, 0.5)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise PopulaceError('No water: fetch some.')", "No water: fetch some."),
        ("bytearray(2**33)", "The kettle is too small."),
        ("raise OSError('tap.so: Cannot allocate memory')", "The kettle is too small."),
        ("raise ValueError", "The kettle broke."),
        ("import os; os.kill(os.getpid(), 11)", "The kettle broke."),
        ("import os; os.kill(os.getpid(), 9)", "The kettle is too small."),
        ("(folder / 'cup').write_bytes(bytes(2**21))", "The kettle broke."),
    ],
)
def test_every_death_has_its_sentence(start, code, sentence):
    state = start(code).wait(60)
    assert (state.done, state.error, state.cancelled) == (False, sentence, False)


def test_what_it_put_away_goes_with_it_however_it_ends(start):
    code = "import tempfile, time; (folder / 'where').write_text(tempfile.mkdtemp()); "
    job = start(code + "progress(0.7, 'Steeping'); time.sleep(60)")
    until(job, "Steeping")
    place = Path((job.folder / "where").read_text())
    assert place.is_dir()
    os.kill(job.process.pid, 9)
    assert job.wait(60).error == "The kettle is too small."
    job.close()
    assert not place.exists()


def test_too_long(start):
    job = start("import time; time.sleep(60)", limits=Limits(2**31, 1, 2**20))
    time.sleep(1.2)
    assert job.state().error == "Not boiling after 1 minutes."
    with pytest.raises(ProcessLookupError):
        os.kill(job.process.pid, 0)


def test_whoever_comes_too_early_waits_and_starts_by_itself(start, monkeypatch):
    first = start("import time; time.sleep(60)", most=1)
    waiting = [start("(folder / 'cup').write_text('tea')", most=1) for _ in range(4)]
    assert [job.place for job in [first, *waiting]] == [0, 1, 2, 3, 4]
    assert waiting[1].state().words == "Number 2 at the stove." and waiting[1].process is None
    waiting[0].cancel()
    assert waiting[0].state().cancelled and waiting[0].wait(1).error == "Tea is off."
    waiting[2].close()
    assert [job.place for job in waiting] == [0, 1, 0, 2]
    forgotten = start("", most=1)
    place = forgotten.place
    monkeypatch.setattr(process, "QUEUE", 3)
    with pytest.raises(PopulaceError, match="3 kettles are on: wait"):
        start("", most=1)
    assert place == 3
    first.cancel()
    end = time.monotonic() + 30
    while waiting[3].process is None and time.monotonic() < end:  # nobody asks for its state
        time.sleep(0.05)
    assert waiting[3].wait(30).done and waiting[1].state().done
    assert (waiting[3].folder / "cup").read_text() == "tea"


def test_one_that_nobody_holds_any_more_gives_up_its_place(tmp_path):
    def job(name, code):
        command = [sys.executable, "-c", CHILD]
        return ProcessJob(
            command, tmp_path / name, {"code": code}, limits=LIMITS, messages=MESSAGES, most=1
        )

    first, dropped, last = job("a", "import time; time.sleep(60)"), job("b", ""), job("c", "")
    assert last.place == 2
    del dropped
    assert last.place == 1
    first.close()
    assert last.wait(30).done
    last.close()
    assert list(tmp_path.iterdir()) == []
