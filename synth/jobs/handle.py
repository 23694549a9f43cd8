"""The handle of long work: where it stands, how it is stopped."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[float, str], None]
"""Takes the share of the work that is done, from 0 to 1, and what is being done."""


@dataclass(frozen=True)
class State:
    """Where a job stands.

    Attributes
    ----------
    share : float
        How much is done, from 0 to 1.
    words : str
        What it is doing.
    seconds : float
        How long it has been working, or had when it ended.
    done : bool
        It has ended well.
    error : str
        A sentence where it has ended badly; else empty.
    cancelled : bool
        It has ended because it was cancelled; `error` says so.
    """

    share: float
    words: str
    seconds: float
    done: bool = False
    error: str = ""
    cancelled: bool = False

    @property
    def over(self) -> bool:
        """Whether it has ended, well or badly."""
        return self.done or bool(self.error)


class Job(ABC):
    """Long work that has been started."""

    @abstractmethod
    def state(self) -> State:
        """Where the job stands now; after its end, always the same.

        Returns
        -------
        State
        """

    @abstractmethod
    def wait(self, seconds: float = 600.0) -> State:
        """Wait until the job has ended.

        Parameters
        ----------
        seconds : float
            The longest wait.

        Returns
        -------
        State
            Where the job stands then; not over where the wait was too short.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Stop the work: a process at once, a thread at its next report of progress."""

    @abstractmethod
    def close(self) -> None:
        """Stop the work where it still runs and free what it holds."""
