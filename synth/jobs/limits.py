"""One thread for the models of a report.

On a busy machine threads wait for one another at every step and take three times as long; on a
quiet one the rows of a report are too few to gain by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import threadpool_limits


class _ProcessLimit:
    """The limit of linear algebra, which holds for the whole process.

    The first that needs it sets it and the last lifts it, or it would stay where two overlap.
    """

    def __init__(self) -> None:
        self._lock, self._inside = Lock(), 0
        self._limit: threadpool_limits | None = None

    def enter(self) -> None:
        from threadpoolctl import threadpool_limits

        with self._lock:
            if self._inside == 0:
                self._limit = threadpool_limits(1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and self._limit is not None:
                self._limit.restore_original_limits()


_process_limit = _ProcessLimit()


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra and trees on one thread each, until left.

    Returns
    -------
    context manager of None
        Also a decorator: the limit then holds for each call. That of linear algebra holds for the
        whole process, that of trees for the calling thread.
    """
    import sklearn.ensemble  # noqa: F401  (a limit reaches only libraries that are loaded)
    from threadpoolctl import threadpool_limits

    _process_limit.enter()
    try:
        with threadpool_limits(1, user_api="openmp"):  # this thread's alone
            yield
    finally:
        _process_limit.leave()
