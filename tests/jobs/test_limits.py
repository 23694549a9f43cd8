"""Judging takes one thread, and gives the others back."""

from threading import Event, Thread

import pytest
from threadpoolctl import threadpool_info

from synth.jobs.limits import one_thread


def threads():
    return [pool["num_threads"] for pool in threadpool_info()]


def test_one_thread_and_no_longer_than_asked():
    with one_thread():
        pass  # what it loads is loaded
    before = threads()

    @one_thread()
    def inside():
        return threads()

    assert set(inside()) == {1} == set(inside())
    assert threads() == before
    with pytest.raises(ZeroDivisionError), one_thread():
        1 / 0  # noqa: B018
    assert threads() == before


def test_two_at_once_leave_nothing_behind():
    """The first to come is the first to go: the limit that the other found is not the usual."""
    with one_thread():
        pass
    before, came, go = threads(), Event(), Event()

    def other():
        with one_thread():
            came.set()
            go.wait(20)

    with one_thread():
        judge = Thread(target=other)
        judge.start()
        assert came.wait(20)
    go.set()
    judge.join(20)
    assert threads() == before
