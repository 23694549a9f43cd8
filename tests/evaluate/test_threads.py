"""Judging takes one thread, and gives the others back."""

import pytest
from threadpoolctl import threadpool_info

from synth.evaluate.threads import one_thread


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
