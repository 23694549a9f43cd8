"""Facts of a link: as the app writes them, and as people write them on the command line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth import describe
from synth.data.column import Column
from synth.data.durations import DurationFormat
from synth.data.evidence import Between, DateParts, Evidence, OneOf
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.populations import load
from synth.talk.link import evidence_of, fact_of

AGE = Column("age, in years = x", "integer", lower=15, upper=85, missing=True)
INTEREST = Column(
    "top1", "categorical", ("Arts, crafts & sewing", "Pets", "pets & plants", "a|b", "IN_SCHOOL")
)
WORKS = Column("works", "boolean", ("no", "yes"))
BORN = Column("born", "integer", lower=0, upper=9_000, format=DateFormat("%Y-%m-%d", "D"))
WAKES = Column("wakes", "integer", lower=401, upper=1_339, format=DateFormat("%H%M", "m"))
LASTS = Column("lasts", "integer", lower=0, upper=7_205, format=DurationFormat("H:MM:SS", "s"))


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (INTEREST, ["Pets"], OneOf(("Pets",))),
        (INTEREST, ["pETS"], OneOf(("Pets",))),
        (INTEREST, ["pets|arts, CRAFTS & sewing"], OneOf(("Arts, crafts & sewing", "Pets"))),
        (INTEREST, ["A|B"], OneOf(("a|b",))),
        (INTEREST, ['"a|b"|pets'], OneOf(("Pets", "a|b"))),
        (INTEREST, ["in school", "pets"], OneOf(("Pets", "IN_SCHOOL"))),
        (INTEREST, [" "], None),
        (WORKS, ["TRUE"], OneOf(("yes",))),
        (AGE, ["25", "45"], Between(25, 45)),
        (AGE, ["25..45"], Between(25, 45)),
        (AGE, ["..24"], Between(None, 24)),
        (AGE, ["5..24"], Between(None, 24)),
        (AGE, ["80..200"], Between(80, None)),
        (AGE, ["15..85"], None),
        (AGE, ["30"], OneOf(("30",))),
        (AGE, ["30", "30"], Between(30, 30)),
        (AGE, ["25|30"], OneOf(("25", "30"))),
        (AGE, ["missing"], OneOf(("missing",))),
        (AGE, [], None),
        (BORN, ["1970-02-01", "1970-02-28"], Between(31, 58)),
        (BORN, ["1970-02"], Between(31, 58)),
        (WAKES, ["08:00", "09:05"], Between(480, 545)),
        (LASTS, ["90 min..2h"], Between(5_400, 7_200)),
    ],
)
def test_what_a_link_says(column, values, expected):
    assert fact_of(column, values) == expected


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        (INTEREST, ["petz"], "no level 'petz': did you mean Pets"),
        (INTEREST, ["Pets|petz"], "no level 'petz'"),
        (INTEREST, ["pets", "x"], "no level 'x'"),
        (AGE, ["200"], "the closest is 85"),
        (AGE, ["x"], "holds numbers and 'x' is none"),
        (AGE, ["45", "25"], r"the range 45\.\.25 is empty: write 25\.\.45"),
        (AGE, ["25", "30", "35"], "has 3 values"),
        (AGE, ["25..45,top1=Pets"], "is none"),
        (BORN, ["1970-13"], "holds dates"),
        (WORKS, ["perhaps"], "no level 'perhaps'"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(column, values, words):
    with pytest.raises(PopulaceError, match=words) as error:
        fact_of(column, values)
    assert column.name in str(error.value)


@pytest.mark.parametrize("name", ["us-time-use", "french-hobbies", "us-health"])
def test_every_level_is_read_in_its_words_its_own_spelling_and_other_letters(name):
    for column in load(name).modelled:
        if column.is_number:
            continue
        folded = [level.casefold() for level in column.states]
        for level in column.states:
            words = describe.level_words(column, level)
            assert fact_of(column, [words]) == fact_of(column, [level]) == OneOf((level,))
            if folded.count(level.casefold()) == 1:
                assert fact_of(column, [level.upper()]) == OneOf((level,))


@given(st.integers(15, 85), st.integers(15, 85))
def test_a_range_is_what_the_command_line_reads(first, second):
    low, high = sorted((first, second))
    age = Column("age", "integer", lower=15, upper=85)
    both = fact_of(age, [str(low), str(high)])
    assert both == fact_of(age, [f"{low}..{high}"])
    ages = np.arange(15, 86)
    line = Evidence.parse(f"age={low}..{high}", Schema((age,)))["age"]
    inside = (line.lower <= ages) & (ages <= line.upper)
    if both is None:
        assert inside.all()
        return
    lower = -np.inf if both.lower is None else both.lower
    upper = np.inf if both.upper is None else both.upper
    assert (((lower <= ages) & (ages <= upper)) == inside).all()


def test_the_facts_of_a_link():
    schema = load("us-time-use").modelled
    link = {"gender": ["female"], "age": ["25", "45"], "top1": ["games", "Pets"], "seed": ["3"]}
    assert dict(evidence_of(link, schema)) == {
        "gender": OneOf(("female",)),
        "age": Between(25, 45),
        "top1": OneOf(("games", "pets")),
    }
    for wrong in ({"marital": ["nonsense"]}, {"age": ["x", "2"]}, {"age": ["45", "25"]}):
        with pytest.raises(PopulaceError):
            evidence_of(link | wrong, schema)


def test_columns_of_a_visitors_own_table_and_parts_of_dates():
    people = Column("people", "integer", lower=1, upper=9, missing=True)
    schema = Schema((WORKS, BORN, people))
    link = {"works.": ["yes"], "born.": ["1980-01-01..", ""], "born.month": ["mar|Nov..Dec"]}
    assert dict(evidence_of(link, schema)) == {
        "works": OneOf(("yes",)),
        "born": DateParts((("month", (3, 11, 12)),), Between(3_652, None)),
    }
    assert not evidence_of({"people": ["4"]}, schema), "that is how many are shown"
    assert evidence_of({"people_": ["4", "9"]}, schema)["people"] == Between(4, None)
    assert evidence_of({"people._missing": ["true"]}, schema)["people"] == OneOf(("missing",))
