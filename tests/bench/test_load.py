"""The load bench without a server: what sessions ask, and how answers are counted."""

from urllib.parse import parse_qs

import pytest

from synth.bench import load


def test_each_session_asks_for_ages_of_its_own():
    sessions = [load.Session(number, 1, 0, load.PAGES) for number in range(60)]
    assert len({session.ages for session in sessions}) == 60
    for session in sessions[:5]:
        for _ in range(5):
            page, query = session.address()
            asked = parse_qs(query)
            assert page in load.PAGES and asked["population"][0] in load.FACTS
            assert tuple(map(int, asked["age"])) == session.ages
    again = load.Session(3, 1, 0, load.PAGES)
    assert again.address() == load.Session(3, 1, 0, load.PAGES).address()


def test_quantiles_and_the_report():
    held = load.ProcessResources(100.0, 5, 9, 0, 1.0)
    result = load.Result(
        2, before=held, after=load.ProcessResources(120.0, 5, 9, 0, 3.0), most=130.0
    )
    result.seconds = [float(i) for i in range(100, 0, -1)]
    assert [result.quantile(q) for q in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]
    text = load.report(result)
    assert "p95 95.00 s" in text and "0.02 s of processor an action" in text
    assert "0 errors, 0 answers with another session's ages" in text


@pytest.mark.parametrize("words", ["aged 23–50", "Women aged 23–50: <b>"])
def test_ages_on_pages_are_recognised(words):
    assert load._AGED.findall(words.encode()) == [(b"23", b"50")]
