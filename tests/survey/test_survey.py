"""Surveys: who sees what, what is kept, and what the votes tell."""

import csv
import io
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from math import sqrt
from pathlib import Path

import pytest

from synth.errors import PopulaceError
from synth.survey import (
    Count,
    Item,
    Person,
    Share,
    Store,
    Survey,
    database_url,
    results,
    to_csv,
)
from synth.survey import survey as surveys

ROOT = Path(__file__).parents[2]
PEOPLE = tuple(
    Person(i, ("female", "male")[i % 2], (19, 30, 60, None)[i % 4], ("Asian", "White")[i // 5])
    for i in range(10)
)


def make(code="ABCDEF", parts=("face", "words"), people=PEOPLE, consent="Yes."):
    return Survey(code, "Everybody", "us-time-use", "", 8, consent, parts, people)


def drawn(survey):
    return {
        Item(person.number, part): f"<p>{person.number} {part}</p>"
        for person in survey.people
        for part in survey.parts
    }


@pytest.fixture
def store(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'deep' / 'surveys.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def survey(store):
    survey = make()
    store.add(survey, drawn(survey), "o" * 24)
    return survey


def test_each_participant_sees_each_profile_once_in_a_random_order():
    survey = make(parts=("face", "words", "pictures", "all"))
    orders = [survey.items(f"token-number-{n:04}") for n in range(800)]
    assert orders == [survey.items(f"token-number-{n:04}") for n in range(800)]
    for order in orders:
        assert sorted(item.number for item in order) == list(range(10))
        assert set(Counter(item.part for item in order).values()) <= {2, 3}
    first = Counter(order[0].number for order in orders)
    assert len(first) == 10 and max(first.values()) < 80 + 5 * sqrt(72)
    shown = Counter((item.number, item.part) for order in orders for item in order)
    assert len(shown) == 40 and max(abs(n - 200) for n in shown.values()) < 5 * sqrt(150)
    assert make("GHJKLM").items("token-number-0001") != survey.items("token-number-0001")


@pytest.mark.parametrize(
    "wrong",
    [
        {"people": ()},
        {"people": PEOPLE[1:]},
        {"people": PEOPLE * 4},
        {"parts": ()},
        {"parts": ("feet",)},
        {"consent": " "},
        {"consent": "x" * 2000},
    ],
)
def test_what_is_no_survey_is_refused_in_a_sentence(wrong):
    with pytest.raises(PopulaceError) as error:
        make(**wrong)
    assert str(error.value).endswith(".")


def test_codes_and_tokens():
    code, token = surveys.new_code(), surveys.new_token()
    assert surveys.tidy_code(f" {code[:3].lower()}-{code[3:]} ") == code
    assert surveys.is_token(token)
    assert not any(map(surveys.is_token, ("", "short", "x" * 65, "<script>alert(1)</script>")))
    assert token not in surveys.participant(code, token)


def test_a_survey_is_kept_and_read_again(store, survey):
    assert store.get(survey.code) == survey == store.of_owner("o" * 24)
    assert store.of_owner("p" * 24) is None
    assert store.shown(survey.code, Item(3, "face")) == "<p>3 face</p>"
    with pytest.raises(PopulaceError, match="ABCDEF already"):
        store.add(survey, drawn(survey), "q" * 24)
    with pytest.raises(PopulaceError, match="each profile in each"):
        store.add(make("GHJKLM"), {}, "q" * 24)
    with pytest.raises(PopulaceError, match="no survey"):
        store.get("ZZZZZZ")
    with pytest.raises(PopulaceError, match="does not show"):
        store.shown(survey.code, Item(3, "all"))


def test_one_vote_a_participant_and_profile(store, survey):
    token = surveys.new_token()
    assert store.vote(survey.code, token, 4, believed=True)
    assert not store.vote(survey.code, token, 4, believed=False)
    assert store.answered(survey.code, token) == {4}
    (vote,) = store.votes(survey.code)
    assert vote.believed and vote.item in survey.items(token)
    with pytest.raises(PopulaceError, match="no profile 10"):
        store.vote(survey.code, token, 10, believed=True)
    store.close_survey(survey.code)
    with pytest.raises(PopulaceError, match="closed"):
        store.vote(survey.code, token, 5, believed=True)
    assert len(store.votes(survey.code)) == 1


def test_the_same_vote_at_once_counts_once(store, survey):
    token = surveys.new_token()
    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(lambda _: store.vote(survey.code, token, 1, True), range(16)))
    assert sum(kept) == 1 == len(store.votes(survey.code))


def test_no_token_is_stored(store, survey, tmp_path):
    token = surveys.new_token()
    store.vote(survey.code, token, 0, believed=False)
    store.close()
    files = [path.read_bytes() for path in (tmp_path / "deep").iterdir()]
    assert files and not any(token.encode() in data or b"o" * 24 in data for data in files)


@pytest.mark.parametrize(
    "url", ["nonsense", "sqlite:////proc/nowhere/x.sqlite", "nosuch://host/db", "sqlite:///{here}"]
)
def test_a_database_that_does_not_open_says_so(url, tmp_path):
    with pytest.raises(PopulaceError) as error:
        Store(url.format(here=tmp_path))
    assert str(error.value).endswith(".")


def test_where_the_database_is(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTH_CACHE", str(tmp_path))
    monkeypatch.delenv("POPULACE_SURVEYS", raising=False)
    assert database_url() == f"sqlite:///{tmp_path}/surveys.sqlite"
    monkeypatch.setenv("POPULACE_SURVEYS", str(tmp_path / "v.db"))
    assert database_url() == f"sqlite:///{tmp_path}/v.db"
    monkeypatch.setenv("POPULACE_SURVEYS", "postgresql://host/db")
    assert database_url() == "postgresql://host/db"


def test_results_by_hand():
    survey = make()
    counts = (Count(0, "face", 3, 4), Count(1, "face", 1, 4), Count(6, "words", 2, 2))
    tally = results(survey, counts, 5)
    assert tally.participants == 5 and tally.overall == Share("everybody", 6, 10)
    assert tally.overall.value == 0.6
    low, high = tally.overall.interval  # Wilson, worked out by hand
    assert low == pytest.approx(0.3126738, abs=1e-6) and high == pytest.approx(0.8318197, abs=1e-6)
    assert tally.groups["gender of the face"] == (Share("female", 5, 6), Share("male", 1, 4))
    assert tally.groups["age of the face"] == (
        Share("up to 20", 3, 4),
        Share("21 to 45", 1, 4),
        Share("46 and over", 2, 2),
        Share("not known", 0, 0),
    )
    assert tally.groups["ethnicity of the face"] == (Share("Asian", 4, 8), Share("White", 2, 2))
    assert tally.groups["what was shown"] == (Share("face only", 4, 8), Share("words only", 2, 2))
    assert tally.profiles[6] == Share("profile 7", 2, 2)
    assert Share("nobody", 0, 0).value is None and Share("nobody", 0, 0).interval == (0.0, 1.0)
    assert "what was shown" not in results(make(parts=("all",)), (), 0).groups


def test_the_table_has_each_vote_and_no_participant(store, survey):
    for token in ("first-participant", "other-participant"):
        for item in survey.items(token)[:3]:
            store.vote(survey.code, token, item.number, believed=item.part == "face")
    rows = list(csv.DictReader(io.StringIO(to_csv(survey, store.votes(survey.code)).decode())))
    assert len(rows) == 6 and {row["participant"] for row in rows} == {"1", "2"}
    assert all((row["believed"] == "yes") == (row["shown"] == "face") for row in rows)
    assert all(row["gender"] == PEOPLE[int(row["profile"]) - 1].gender for row in rows)


def test_two_processes_write_at_once_and_one_is_killed(tmp_path):
    """Whatever was confirmed to a voter is there afterwards, once."""
    done = subprocess.run(
        [sys.executable, "-m", "synth.bench.survey", "--voters=12", "--kills=1", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "120 votes in, 120 votes out" in done.stdout and "1 kill" in done.stdout
