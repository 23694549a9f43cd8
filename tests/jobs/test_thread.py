"""Work in a thread tells how far it is, is stopped at its next step, and frees its gate."""

import threading
import time

import pytest

from synth.errors import PopulaceError
from synth.jobs.thread import RecentResults, ThreadJob


def test_a_job_tells_how_far_it_is():
    go, seen = threading.Event(), threading.Event()

    def work(progress):
        progress(0.5, "Half way")
        seen.set()
        assert go.wait(30)
        return 42

    job = ThreadJob(work, threading.Semaphore(1))
    assert seen.wait(30)
    state = job.state()
    assert (state.over, state.share, state.words) == (False, 0.5, "Half way")
    go.set()
    state = job.wait(30)
    assert (state.done, state.error, state.share, job.result) == (True, "", 1.0, 42)
    assert job.state() == state


def test_a_job_stops_at_its_next_step_and_one_that_waits_at_once():
    gate, go, seen = threading.Semaphore(1), threading.Event(), threading.Event()

    def work(progress):
        seen.set()
        assert go.wait(30)
        progress(0.5, "Never told")
        raise AssertionError

    first = ThreadJob(work, gate)
    assert seen.wait(30)
    second = ThreadJob(lambda progress: 1, gate)
    second.cancel()
    assert second.wait(30).cancelled and not first.state().over
    first.cancel()
    assert first.state().words == "Stopping after this step"
    go.set()
    assert first.wait(30).cancelled and first.result is None
    assert "stopped" in first.state().error
    third = ThreadJob(lambda progress: "free again", gate)
    third.wait(30)
    assert third.result == "free again"


def test_a_job_that_fails_says_why():
    def work(progress):
        raise PopulaceError("The target is unknown: choose another.")

    job = ThreadJob(work, threading.Semaphore(1))
    state = job.wait(30)
    assert (state.done, state.cancelled) == (False, False)
    assert state.error == "The target is unknown: choose another."


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_that_breaks_frees_the_gate_and_says_so():
    gate = threading.Semaphore(1)
    job = ThreadJob(lambda progress: 1 / 0, gate, broken="Something went wrong: try fewer rows.")
    state = job.wait(30)
    assert not state.cancelled and state.error == "Something went wrong: try fewer rows."
    assert gate.acquire(timeout=1)


def test_the_latest_results_are_kept():
    results = RecentResults(2)
    results.put("a", 1)
    results.put("b", 2)
    assert results.get("a") == 1
    results.put("c", 3)
    assert (results.get("a"), results.get("b"), results.get("c")) == (1, None, 3)


def test_jobs_that_share_a_gate_wait_and_say_so():
    gate = threading.Semaphore(0)
    job = ThreadJob(lambda progress: 7, gate, waiting="Waiting for the kettle")
    end = time.monotonic() + 30
    while job.state().words != "Waiting for the kettle" and time.monotonic() < end:
        time.sleep(0.05)
    assert job.state().words == "Waiting for the kettle"
    gate.release()
    assert job.wait(30).done and job.result == 7
