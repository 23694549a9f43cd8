"""How long and how large a question may grow, and how it is stopped.

An exact answer can take long where a network is wide or its columns hang together closely. Whoever
asks sets a limit around the question; the elimination looks at it between any two columns, so it
stops within the time of one column's product.

Examples
--------
A page asks for at most twenty seconds, and stops when its session has closed:

>>> with limited(seconds=20.0, cancelled=lambda: session.is_closed):
...     posterior = population.given(evidence)
...     posterior.marginal("age")

Limits hold for the thread (or asyncio task) that sets them, and nest: an inner limit never widens
an outer one. Without a limit a question may take any time, and products of up to `CELLS` numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from synth.errors import PopulaceError

CELLS = 50_000_000
"""The most numbers of one product of tables, where no limit says otherwise."""


class BudgetError(PopulaceError):
    """A question was stopped; the sentence says why and what would do.

    What is known of the question stays unknown: it says nothing of whether the evidence is
    possible.
    """


@dataclass(frozen=True)
class Budget:
    """The limits of the questions that are asked under it.

    Attributes
    ----------
    seconds : float
        What was allowed, for the sentence.
    deadline : float
        When the time is over, on `time.monotonic`'s clock; infinity without a limit.
    cells : int
        The most numbers (8 bytes each) of one product of tables.
    total : int or None
        The most numbers of all tables that one elimination keeps, with its largest product; None
        without a limit.
    cancelled : tuple of callable
        Asked between columns; one that returns True stops the question.
    """

    seconds: float = math.inf
    deadline: float = math.inf
    cells: int = CELLS
    total: int | None = None
    cancelled: tuple[Callable[[], bool], ...] = ()

    def check(self) -> None:
        """Raise a BudgetError where the time is over or the question was cancelled."""
        for is_cancelled in self.cancelled:
            if is_cancelled():
                raise BudgetError("The question was stopped: ask it again to get its answer.")
        if time.monotonic() >= self.deadline:
            raise BudgetError(
                f"The question takes longer than {self.seconds:g} seconds: leave facts out, or "
                "learn the network with fewer parents (--max-parents)."
            )

    @property
    def is_spent(self) -> bool:
        """Whether `check` would raise."""
        try:
            self.check()
        except BudgetError:
            return True
        return False


def duration(seconds: float) -> str:
    """How long something takes, as a sentence says it: ``about 20 seconds``."""
    if seconds < 5:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds, -1) if seconds >= 15 else round(seconds):.0f} seconds"
    if seconds < 90 * 60:
        return f"about {seconds / 60:.0f} minutes"
    return f"about {seconds / 3600:.0f} hours"


_UNLIMITED = Budget()
_current: ContextVar[Budget] = ContextVar("budget", default=_UNLIMITED)


def current() -> Budget:
    """The limits that hold here."""
    return _current.get()


@contextmanager
def limited(
    *,
    seconds: float | None = None,
    cells: int | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Budget]:
    """Limit the questions asked inside the `with` block.

    Parameters
    ----------
    seconds : float, optional
        Seconds until the block's questions stop, all together.
    cells : int, optional
        The most numbers (8 bytes each) that one elimination holds: its tables and its largest
        product.
    cancelled : callable, optional
        Asked between any two columns, from the thread that works the question out; True stops it.

    Yields
    ------
    Budget
        The limits, joined with those outside the block.

    Raises
    ------
    BudgetError
        From the question, where a limit is passed; a PopulaceError whose sentence names the
        remedy.
    """
    outer = _current.get()
    own, deadline = outer.seconds, outer.deadline
    if seconds is not None and time.monotonic() + seconds < deadline:
        own, deadline = seconds, time.monotonic() + seconds
    known = [limit for limit in (outer.total, cells) if limit is not None]
    total = min(known) if known else None
    budget = Budget(
        own,
        deadline,
        outer.cells if total is None else min(outer.cells, total),
        total,
        outer.cancelled if cancelled is None else (*outer.cancelled, cancelled),
    )
    token = _current.set(budget)
    try:
        yield budget
    finally:
        _current.reset(token)
