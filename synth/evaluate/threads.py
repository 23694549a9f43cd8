"""One thread for what judges: on a busy machine threads wait for one another at every step, and
take three times as long; on a quiet one the rows of a report are too few to gain by them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra and trees on one thread each, until left."""
    import sklearn.ensemble  # noqa: F401  (a limit reaches only libraries that are loaded)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
