"""Attributes worked out once: kept, and no instance waits for another."""

import threading
from dataclasses import dataclass

import pytest

from synth.lazy import cached_property


def test_a_value_is_worked_out_once_and_kept():
    calls = []

    @dataclass(frozen=True)
    class Square:
        side: int

        @cached_property
        def area(self) -> int:
            """How large it is."""
            calls.append(self.side)
            return self.side**2

    square = Square(3)
    assert (square.area, square.area, Square(4).area) == (9, 9, 16)
    assert calls == [3, 4]
    assert Square.area.__doc__ == "How large it is."
    assert square == Square(3)


def test_a_failure_is_not_kept():
    class Fragile:
        broken = True

        @cached_property
        def value(self) -> int:
            if self.broken:
                raise ValueError
            return 1

    fragile = Fragile()
    with pytest.raises(ValueError):
        _ = fragile.value
    fragile.broken = False
    assert fragile.value == 1


def test_a_slow_instance_makes_no_other_wait():
    """functools' own property fails here on Python 3.11."""
    started, finish = threading.Event(), threading.Event()

    class Question:
        def __init__(self, slow: bool) -> None:
            self.slow = slow

        @cached_property
        def answer(self) -> bool:
            if self.slow:
                started.set()
                assert finish.wait(60)
            return self.slow

    slow, quick, answers = Question(True), Question(False), []
    threads = [threading.Thread(target=lambda: answers.append(slow.answer), daemon=True)]
    threads[0].start()
    assert started.wait(60)
    threads.append(threading.Thread(target=lambda: answers.append(quick.answer), daemon=True))
    threads[1].start()
    threads[1].join(20)
    assert answers == [False]
    finish.set()
    threads[0].join(60)
    assert answers == [False, True]


def test_two_threads_at_once_get_the_same_value():
    barrier = threading.Barrier(2, timeout=60)

    class Thing:
        @cached_property
        def part(self) -> object:
            barrier.wait()
            return object()

    thing, parts = Thing(), []
    threads = [threading.Thread(target=lambda: parts.append(thing.part)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(parts) == 2 and parts[0] is parts[1] is thing.part
