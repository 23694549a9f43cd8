"""What a server does while nobody asks: visitors who have left leave nothing behind.

Streamlit keeps the session of a closed page for two minutes, in case its visitor comes back, and
drops it only when the next session closes. Here a timer does, so that a session's memory goes
although no other visitor comes; the table and the populations follow after an hour
(`pages.shared.kept`). It also looks for garbage in cycles, which Streamlit would do after every
run, at half of its time; what was imported and read at the start is left out of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamlit.runtime import Runtime, exists

from pages.shared import kept, prerender
from synth.errors import PopulaceError
from synth.jobs import scratch

SECONDS = 30.0
"""Seconds between two rounds."""
_PAUSE = 10.0  # seconds left to the first visitor, who would share the processor
_log = logging.getLogger(__name__)


@asynccontextmanager
async def rounds() -> AsyncIterator[None]:
    """Tidy up at once, every `SECONDS` until left, and a last time."""
    await asyncio.to_thread(scratch.remove_leftovers)
    task = asyncio.create_task(_rounds())
    try:
        yield
    finally:
        task.cancel()
        scratch.close()


async def _rounds() -> None:
    while True:
        await asyncio.sleep(SECONDS)
        try:
            have_left = drop_expired() + kept.drop_expired()
            await asyncio.to_thread(_give_back if have_left else gc.collect)
        except Exception:
            _log.exception("A round of tidying up failed; the next one tries again.")


def prepare() -> None:
    """Import, compile and read what the first page needs, while its visitor's browser opens it.

    A failure is the visitor's to see, not ours.
    """
    # Streamlit's caches say of a thread without a visitor that it has none.
    here = threading.current_thread().name
    logger = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    logger.addFilter(lambda record: record.threadName != here)
    with contextlib.suppress(PopulaceError, OSError):
        gc.disable()  # what imports make stays; to look through it again and again takes a tenth
        try:
            from pages.shared import loaders
            from synth import populations
            from synth import prepare as preparing

            population = loaders.population(populations.available()[0])
            preparing.prepare_first(population)
        finally:
            gc.enable()
        time.sleep(_PAUSE)
        preparing.prepare(population)
        prerender.write(population)
    _set_apart()


def drop_expired() -> int:
    """Drop the sessions whose visitors did not come back; on the server's own thread.

    Returns
    -------
    int
        How many were dropped.
    """
    if not exists():
        return 0
    storage = Runtime.instance()._session_mgr._session_storage  # type: ignore[attr-defined]
    return len(storage._cache.expire() or ())


def _set_apart() -> None:
    """Collect garbage once, and keep what lives now out of the next collections."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _give_back() -> None:
    """Free what sessions held, and give the system the pages that are free now."""
    _set_apart()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
