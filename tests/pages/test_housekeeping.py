"""Sessions of visitors who left are dropped although nobody else comes."""

import asyncio
import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from streamlit import config
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.session_manager import SessionInfo

from pages.shared import housekeeping
from synth.jobs import scratch


class Session:
    id = "visitor"


@pytest.fixture
def storage(monkeypatch):
    kept = MemorySessionStorage(ttl_seconds=0.05)
    runtime = SimpleNamespace(_session_mgr=SimpleNamespace(_session_storage=kept))
    monkeypatch.setattr(housekeeping, "exists", lambda: True)
    monkeypatch.setattr(housekeeping.Runtime, "instance", lambda: runtime)
    return kept


def test_a_round_drops_what_has_expired(storage, monkeypatch):
    removed = []
    monkeypatch.setattr(housekeeping, "SECONDS", 0.03)
    monkeypatch.setattr(scratch, "remove_leftovers", lambda: removed.append("start"))
    monkeypatch.setattr(scratch, "close", lambda: removed.append("end"))
    session = Session()
    storage.save(SessionInfo(None, session, 1))
    stored = weakref.finalize(session, removed.append, "session")
    del session
    assert housekeeping.drop_expired() == 0

    async def serve():
        async with housekeeping.rounds():
            for _ in range(200):  # a round collects garbage, which takes as long as there is much
                await asyncio.sleep(0.05)
                if not stored.alive:
                    break

    # In a thread of its own: a browser's driver may hold this one's loop.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, serve()).result()
    assert not stored.alive
    assert removed == ["start", "session", "end"]


@pytest.fixture
def frozen():
    yield
    gc.unfreeze()


def test_what_was_set_apart_is_freed_once_its_visitor_has_left(frozen):
    session = Session()
    session.itself = session  # garbage in a cycle, which only a collection finds
    stored = weakref.ref(session)
    housekeeping._set_apart()
    assert gc.get_freeze_count() > 10_000  # what is imported: no collection looks through it
    del session
    gc.collect()
    assert stored() is not None
    housekeeping._give_back()
    assert stored() is None
    assert gc.get_freeze_count() > 10_000


def test_no_collection_follows_each_run():
    # Of everything that is imported: it took half of the time of a click.
    assert not config.get_option("runner.postScriptGC")
