"""The load bench without a server: what sessions ask, and how answers are counted."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from synth import populations
from synth.bench import load


def test_each_session_asks_for_ages_of_its_own():
    sessions = [load.Session(number, 1, 0, load.PAGES) for number in range(60)]
    assert len({session.ages for session in sessions}) == 60
    for session in sessions[:5]:
        for _ in range(5):
            page, query = session.address()
            requested = parse_qs(query)
            titles = [populations.title(name) for name in load.FACTS]
            assert page in load.PAGES and requested["population"][0] in titles
            assert tuple(map(int, requested["age"])) == session.ages
    again = load.Session(3, 1, 0, load.PAGES)
    assert again.address() == load.Session(3, 1, 0, load.PAGES).address()


def test_quantiles_and_the_report():
    stored = [load.ProcessResources(100.0 + i, 5, 9, i, float(i)) for i in range(4)]
    result = load.Result(2, before=stored[0], meanwhile=stored[1:3], after=stored[3])
    result.seconds = [float(i) for i in range(100, 0, -1)]
    assert [result.quantile(q) for q in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    text = load.report(result)
    assert "p95 95.00 s" in text and "0.03 s of processor an action" in text
    assert "memory 100 → 101 → 102 → 103 MB" in text and "temporary files 0 → 1 → 2 → 3" in text
    assert "0 errors, 0 answers with what another session asked" in text
    assert "upload" not in text
    result.uploads = [1.0, 2.5]
    assert "2 uploads read, the slowest in 2.5 s" in load.report(result)


def test_sessions_are_shared_out_and_what_servers_hold_is_added_up():
    class Quiet:
        def __init__(self, number):
            self.port = 1000 + number

        def resources(self):
            return load.ProcessResources(100.0, self.port, 9, 1, 2.5)

        def complaints(self):
            return [f"Error of {self.port}"]

    both = load.Replicas.__new__(load.Replicas)
    both.servers = [Quiet(0), Quiet(1)]
    assert [both.port(number) for number in range(4)] == [1000, 1001, 1000, 1001]
    assert both.resources() == load.ProcessResources(200.0, 2001, 18, 2, 5.0)
    assert both.complaints() == ["Error of 1000", "Error of 1001"]


def test_what_others_asked_for_or_brought_is_recognised():
    first, second = (load.Session(number, 1, 0, load.PAGES) for number in (3, 17))
    others = {second.ages}
    assert not first.is_crossed("Women aged 23–50 and people-of-3.csv".encode(), others)
    assert first.is_crossed("Women aged 37–50".encode(), others)
    assert first.is_crossed(b"people-of-17.csv, 4,096 bytes", others)
    assert first.table() != second.table()


def delta(**fields):
    """An answer that draws one element."""
    message = ForwardMsg()
    ((kind, values),) = fields.items()
    element = getattr(message.delta.new_element, kind)
    for name, value in values.items():
        getattr(element, name).extend(value) if isinstance(value, list) else setattr(
            element, name, value
        )
    return message


def finished(kind):
    message = ForwardMsg()
    message.script_finished = kind
    return message


class Line:
    """A websocket that says what it was given."""

    def __init__(self, messages):
        self._messages = [message.SerializeToString() for message in messages]

    async def recv(self):
        return self._messages.pop(0)


def test_a_session_knows_the_widgets_of_its_page_and_what_runs_again():
    begun, again = ForwardMsg(), ForwardMsg()
    begun.new_session.initialize.session_id = "visitor"
    again.auto_rerun.fragment_id, again.auto_rerun.interval = "watch", 0.5
    whole = [
        begun,
        delta(slider={"id": "age", "query_param_key": "age"}),
        delta(checkbox={"id": "not bound"}),
        delta(file_uploader={"id": "tables", "type": [".csv", ".xlsx"]}),
        delta(file_uploader={"id": "several", "type": [".csv"], "multiple_files": True}),
        delta(file_uploader={"id": "saved", "type": [".populace"]}),
        again,
        finished(ForwardMsg.FINISHED_SUCCESSFULLY),
    ]
    session = load.Session(3, 1, 0, load.PAGES)
    # In a thread of its own: a browser's driver may hold this one's loop.
    with ThreadPoolExecutor(1) as pool:

        def answer(messages):
            return pool.submit(asyncio.run, session._answer(Line(messages))).result()

        assert answer(whole) == b"".join(message.SerializeToString() for message in whole)
        assert (session._session, session._bound, session._uploader) == (
            "visitor",
            {"age"},
            "tables",
        )
        answer([begun, finished(ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)])
        assert session._again == ("watch", 0.5) and session._bound == {"age"}
        answer([begun, finished(ForwardMsg.FINISHED_SUCCESSFULLY)])
        assert session._again is None and session._bound == set()


@pytest.mark.parametrize("words", ["aged 23–50", "Women aged 23–50: <b>"])
def test_ages_on_pages_are_recognised(words):
    assert load._AGED.findall(words.encode()) == [(b"23", b"50")]
