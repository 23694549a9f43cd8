"""Evidence and records in words: "Married women aged 25–35", "34 · woman · married"."""

from __future__ import annotations

import bisect
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from synth.data.column import MISSING, Column
from synth.data.date_parts import part_text
from synth.data.durations import DurationFormat
from synth.data.evidence import Between, DateParts, Evidence, Fact, OneOf
from synth.data.formats import DateFormat, NumberFormat
from synth.data.meaning import (
    Meaning,
    children_of,
    gender_of,
    marital_of,
    may_weigh,
    partner_of,
    years_of,
)
from synth.data.schema import Schema
from synth.data.wording import number_text, plain_level
from synth.interests.vocabulary import interest_title

if TYPE_CHECKING:
    from synth.populations import Population

PEOPLE = {"female": "women", "male": "men"}
PERSON = {"female": "woman", "male": "man"}
_YOUNG = {"female": "girl", "male": "boy"}
_RETIRED = 65  # years, up to which an occupation is one's own without more words
_GROWN = 18  # years
LEVELS = {
    "< hs diploma": "no high-school diploma",
    "hs diploma": "high-school diploma",
    "prof degree": "professional degree",
    "employed-at work": "employed, at work",
    "employed-absent": "employed, absent",
    "unemployed-looking": "unemployed, looking",
    "unemployed-layoff": "unemployed, laid off",
    "not_in_labor_force": "not in the labour force",
    "mgmt_biz_finance": "management, business, finance",
    "office_admin": "office, administration",
    "install_repair_maint": "installation, repair",
    "farming_forestry_fishing": "farming, forestry, fishing",
}
"""Levels that a survey abbreviates."""
BRACKETS: Mapping[str, tuple[int, ...]] = {
    "Family income (USD a year)": (
        *(5_000, 7_500, 10_000, 12_500, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000),
        *(50_000, 60_000, 75_000, 100_000, 150_000),
    )
}
"""Where the brackets begin in which a survey asked for a number, by the column's title."""
RANKS = ("first", "second", "third")
"""How the columns of interests are called in a sentence, in their order."""


def level_words(column: Column, level: str) -> str:
    """A level of a column as people say it.

    Parameters
    ----------
    column : Column
        The level's column.
    level : str
        As the schema writes it, or `MISSING`.

    Returns
    -------
    str
        "not stated" for a missing value, "none" for a missing interest.
    """
    if level == MISSING:
        return "none" if column.means == "interest" else "not stated"
    if column.means == "interest":
        return interest_title(level)
    return LEVELS.get(level, level.replace("_", " "))


def fact_words(column: Column, value: str) -> str:
    """A value that a fact names as people say it; numbers as their table writes them.

    Parameters
    ----------
    column : Column
        The fact's column.
    value : str
        A level, a number in digits, or `MISSING`.

    Returns
    -------
    str
    """
    if column.is_number and value != MISSING:
        return value_words(column, float(value))
    return level_words(column, value)


def number_words(column: Column, number: float) -> str:
    """A number on the scale of a column, such as an average or a bar's end, as its table writes it.

    A number between two values of the column is rounded: to whole days, to cents.

    Parameters
    ----------
    column : Column
        A column of numbers.
    number : float
        On the column's scale; a date in units since 1970-01-01.

    Returns
    -------
    str
    """
    if column.kind == "integer" and _is_written(column):
        number = round(number)
    elif column.step and _is_written(column):
        number = round(number, column.decimals)
    return value_words(column, number)


def _is_written(column: Column) -> bool:
    """Whether the table writes the column's numbers in a way of its own."""
    form = column.format
    return isinstance(form, DateFormat | DurationFormat) or (
        isinstance(form, NumberFormat) and not form.is_plain
    )


def _children(column: Column) -> str:
    """Whose children a column tells of: "children", or "children at home"."""
    words = _inside(column.title).removeprefix("has ")
    return words if words.startswith("children") else "children"


def rank_words(rank: int) -> str:
    """How the interest of a rank is called.

    Parameters
    ----------
    rank : int
        From 0.

    Returns
    -------
    str
        "first", "second", "third", "4th", …
    """
    return RANKS[rank] if rank < len(RANKS) else f"{rank + 1}th"


def question(evidence: Evidence, population: Population) -> str:
    """Whom the evidence describes: "Married women aged 25–35 whose first interest is Pets".

    Parameters
    ----------
    evidence : Evidence
        What is known of them, of columns that the population models.
    population : Population
        Its schema says what each column means.

    Returns
    -------
    str
        Without a full stop; "Everybody" where nothing is known.
    """
    schema = population.modelled
    before, who, after, more = [], "people", [], []
    interests = [column.name for column in schema.of_meaning("interest")]
    for name, fact in evidence.items():
        column = schema[name]
        meaning = column.means if schema.first(column.means) == column else ""
        values = fact.values if isinstance(fact, OneOf) else ()
        if meaning == "gender" and len(values) == 1:
            gender = gender_of(values[0], column.levels)
            who = PEOPLE.get(gender, f"{values[0]} people")
        elif meaning == "marital" and values:
            before.append(_either(level_words(column, v) for v in values))
        elif meaning == "age":
            after.append(f"aged {range_words(column, fact)}")
        elif meaning == "age group":
            after.append(f"aged {_either(values)}".replace("-", "–"))
        elif meaning == "children" and column.kind == "boolean" and len(values) == 1:
            after.append(("with " if values[0] == "yes" else "without ") + _children(column))
        elif name in interests:
            words = _either(level_words(column, v) for v in values)
            more.append(f"whose {rank_words(interests.index(name))} interest is {words}")
        elif column.kind == "boolean" and len(values) == 1:
            more.append(f"{_inside(column.title)}: {level_words(column, values[0])}")
        else:
            words = (
                range_words(column, fact)
                if not values
                else _either(fact_words(column, v) for v in values)
            )
            more.append(f"{_inside(column.title)}: {words}")
    if not evidence:
        return "Everybody"
    head = " ".join([*before, who, *after])
    tail = ", ".join(more)
    words = (
        head if not tail else (f"{head} {tail}" if tail.startswith("whose") else f"{head}, {tail}")
    )
    return words[0].upper() + words[1:]


def facts(evidence: Evidence, population: Population) -> tuple[str, ...]:
    """Each fact as people say it: `("age: 60–65", "first interest: Pets")`.

    Parameters
    ----------
    evidence : Evidence
        The facts.
    population : Population
        Its schema names the columns.

    Returns
    -------
    tuple of str
        In the order of the evidence.

    Raises
    ------
    PopulaceError
        A fact does not fit the schema; see `Evidence.checked`.
    """
    schema = population.modelled
    sentences = []
    for name, fact in evidence.checked(schema).items():
        if not isinstance(fact, OneOf):
            words = range_words(schema[name], fact)
        else:
            words = _either(fact_words(schema[name], value) for value in fact.values)
        sentences.append(f"{_inside(schema[name].title)}: {words}")
    return tuple(sentences)


def predicate(evidence: Evidence, population: Population) -> str:
    """What people do of whom the facts hold: "are aged 60", "are widowed and have children".

    Parameters
    ----------
    evidence : Evidence
        The facts.
    population : Population
        Its schema says what each column means.

    Returns
    -------
    str
        After a subject in the plural.
    """
    schema = population.modelled
    interests = [column.name for column in schema.of_meaning("interest")]
    parts = []
    for (name, fact), fact_in_words in zip(
        evidence.items(), facts(evidence, population), strict=True
    ):
        column = schema[name]
        meaning = column.means if schema.first(column.means) == column else ""
        values = fact.values if isinstance(fact, OneOf) else ()
        value = _either(fact_words(column, v) for v in values) if values else ""
        if MISSING in values:
            parts.append(f"have {fact_in_words}")
        elif meaning == "gender" and len(values) == 1:
            gender = gender_of(values[0], column.levels)
            parts.append(f"are {PEOPLE.get(gender, value)}")
        elif meaning == "marital" and values:
            parts.append(f"are {value}")
        elif meaning == "age":
            parts.append(f"are aged {range_words(column, fact)}")
        elif meaning == "age group":
            parts.append(f"are aged {value}".replace("-", "–"))
        elif meaning == "children" and column.kind == "boolean" and len(values) == 1:
            parts.append(("have " if values[0] == "yes" else "have no ") + _children(column))
        elif name in interests:
            parts.append(f"have {value} as their {rank_words(interests.index(name))} interest")
        else:
            parts.append(f"have {fact_in_words}")
    return " and ".join(parts)


def sentence(text: str, evidence: Evidence, population: Population) -> str:
    """A library's sentence about facts for a screen: each fact as people say it.

    "top1=pets and top2=pets exclude each other …" → "“First interest: Pets” and “second …".

    Parameters
    ----------
    text : str
        A sentence in which facts stand as `Evidence.text` writes them.
    evidence : Evidence
        The facts that it may name.
    population : Population
        Its schema names the columns.

    Returns
    -------
    str

    Raises
    ------
    PopulaceError
        A fact does not fit the schema; see `Evidence.checked`.
    """
    checked = evidence.checked(population.modelled)
    in_words = {
        Evidence({name: fact}).text(population.modelled): f"“{words}”"
        for (name, fact), words in zip(checked.items(), facts(checked, population), strict=True)
    }
    for written in sorted(in_words, key=len, reverse=True):
        text = text.replace(written, in_words[written])
    if text[:1] == "“":
        return text[0] + text[1].upper() + text[2:]
    return text


def record_line(record: Mapping[str, Any], population: Population) -> str:
    """A record in a line: "34 · woman · married · bachelor's degree · with children".

    Columns are found by their meaning. The occupation is told where there is no education. Whether
    a minor's home has children says nothing, for it has that minor: it is left out, and so is that
    a minor never married.

    Parameters
    ----------
    record : mapping of str to value
        Column → value; columns may be absent.
    population : Population
        Its modelled columns are looked through.

    Returns
    -------
    str
        The first five known values where no column has a meaning.
    """
    return schema_line(record, population.modelled)


def _may_be_retired(record: Mapping[str, Any], schema: Schema) -> bool:
    """Whether an occupation may be a former one: of the old, where nothing says who works."""
    if schema.first("work") is not None:
        return False
    column = schema.first("age") or schema.first("age group")
    years = None if column is None else years_of(record.get(column.name))
    return years is not None and years > _RETIRED


def schema_line(record: Mapping[str, Any], schema: Schema) -> str:
    """As `record_line`, where there is no population yet.

    Parameters
    ----------
    record : mapping of str to value
        Column → value; columns may be absent.
    schema : Schema
        Its columns are looked through.

    Returns
    -------
    str
        The first five known values where no column has a meaning.
    """
    parts = []
    minor = _is_minor(record, schema)
    for meaning in _LINE:
        column = schema.first(meaning)
        if meaning == "occupation" and schema.first("education") is not None:
            continue
        if column is None or is_missing(record.get(column.name)):
            continue
        value = record[column.name]
        words = _spoken(column, value)
        if meaning == "gender":
            words = (_YOUNG if minor else PERSON).get(gender_of(value, column.levels), words)
        if meaning == "age group":
            words = words.replace("-", "–")
        if meaning == "occupation" and _may_be_retired(record, schema):
            words = f"last job: {words}"
        if meaning == "age" and words == "0":
            words = "under 1"
        if minor and meaning == "marital" and marital_of(value) == "single":
            if not _among_others(record, schema):
                continue
            words = "lives with family"
        elif meaning == "marital" and not minor and _cohabits(record, schema, value):
            words += ", lives with a partner"
        if minor and meaning == "education" and words.startswith(("no ", "less ", "<")):
            words = "at school"
        parts.append(words)
    children = _children_words(record, schema)
    if children:
        parts.append(children)
    if not parts:
        known = [n for n in schema.names if not is_missing(record.get(n))][:5]
        parts = [value_words(schema[n], record[n]) for n in known]
    return " · ".join(parts)


def highlights(
    record: Mapping[str, Any], population: Population, count: int = 6
) -> tuple[tuple[str, str], ...]:
    """What a card says of a person whose table records no interests: columns in words.

    Those that `record_line` tells are left out, and so are missing values, levels that name nothing
    ("other"), what is worked out from other columns, and a yes or no about what the line tells
    (whether somebody has a higher education, beside the degree). Featured columns come first.

    Parameters
    ----------
    record : mapping of str to value
        Column → value; columns may be absent.
    population : Population
        Whose record it is.
    count : int, optional
        The most that are named.

    Returns
    -------
    tuple of (str, str)
        Title and value.
    """
    schema = population.modelled
    line = _line_columns(record, schema)
    described = {column.name for column in line}
    spoken_of = {column.means for column in line}
    order = [*(n for n in population.featured if n in schema.names), *schema.names]
    known = [
        name
        for name in dict.fromkeys(order)
        if name not in described
        and schema[name].means not in spoken_of
        and not is_missing(record.get(name))
        and not _says_nothing(schema[name], schema)
        and not _repeats(schema[name], line)
    ]
    # What is nought says little, as a capital gain does: it stands last.
    known.sort(key=lambda name: schema[name].is_number and not float(record[name]))
    spoken = ((schema[n].title, _spoken(schema[n], record[n])) for n in known)
    telling = ((title, words) for title, words in spoken if words.lower() not in _SAYS_NOTHING)
    return tuple((title, words[:1].upper() + words[1:]) for title, words in islice(telling, count))


def _repeats(column: Column, stated: Sequence[Column]) -> bool:
    """Whether a column of yes and no is about what another one tells more exactly."""
    words = set(re.findall(r"\w+", column.title.casefold()))
    return column.kind == "boolean" and any(
        set(re.findall(r"\w+", other.title.casefold())) <= words for other in stated
    )


def _line_columns(record: Mapping[str, Any], schema: Schema) -> list[Column]:
    """The columns that a record's line speaks of, children last."""
    columns = []
    meanings: tuple[Meaning, ...] = (*_LINE, "children")
    for meaning in meanings:
        column = schema.first(meaning)
        if meaning == "occupation" and schema.first("education") is not None:
            continue
        if column is not None and not is_missing(record.get(column.name)):
            columns.append(column)
    return columns


_LINE: tuple[Meaning, ...] = (
    "age",
    "age group",
    "gender",
    "marital",
    "education",
    "occupation",
)


_MARITAL = {"single": "never married", "partnered": "lives with a partner"}
_CLIPPED = {"Looking": "looking for work", "Own": "owned", "Rent": "rented"}
_SAYS_NOTHING = frozenset({"not stated", "other"})
_SURVEY = re.compile(r"\b(took part|examined|interviewed|respondent)\b", re.IGNORECASE)
_RECODED = re.compile(r"[_\s.-](num|code|cat|recode|nr|no|id)$", re.IGNORECASE)
_HEAVIEST = 1_000  # kilograms or pounds: a person's own weight is below


def _spoken(column: Column, value: Any) -> str:
    """A value of a person's record on a card, where codes of the table are words."""
    words = record_words(column, value)
    if column.kind == "integer" and re.fullmatch(r"\d{4}", words) and not is_year(column):
        return f"{int(words):,}"
    if column.kind != "categorical" or is_missing(value) or words != str(value).replace("_", " "):
        return words
    plain = plain_level(str(value))
    if column.means == "marital" and (status := marital_of(value)) is not None:
        return _MARITAL.get(status, status) if plain != str(value) else plain.lower()
    if column.means == "education":
        graded = re.fullmatch(r"\d+(st|nd|rd|th)(-\d+(st|nd|rd|th))?", plain)
        if graded:
            return f"{plain} grade".replace("-", "–")
        # PhD and GED keep their capitals.
        return " ".join(word.lower() if word.istitle() else word for word in plain.split())
    return _CLIPPED.get(plain, plain)


def _says_nothing(column: Column, schema: Schema) -> bool:
    """Whether a column says nothing of its person.

    A survey's weight and who took part in it, or another column as a code.
    """
    if _SURVEY.search(column.title):
        return True
    if not column.is_number:
        return False
    plain = _RECODED.sub("", column.name)
    if plain != column.name and plain in schema.names:
        return True
    return may_weigh(column.name) and (column.upper is None or column.upper >= _HEAVIEST)


def _cohabits(record: Mapping[str, Any], schema: Schema, marital: Any) -> bool:
    """Whether somebody who is not married shares the home with a partner, by another column."""
    column = schema.first("partner")
    if column is None or marital_of(marital) not in ("single", "divorced", "separated", "widowed"):
        return False
    return partner_of(record.get(column.name)) == "partner"


def _children_words(record: Mapping[str, Any], schema: Schema) -> str:
    column, age = schema.first("children"), schema.first("age")
    if column is None:
        return ""
    value = record.get(column.name)
    years = None if age is None else years_of(record.get(age.name))
    has = None if is_missing(value) else children_of(value)
    if has is None or (years is not None and years < _GROWN):
        return ""
    return ("with " if has else "no ") + _children(column)


def _is_minor(record: Mapping[str, Any], schema: Schema) -> bool:
    age = schema.first("age")
    years = None if age is None else years_of(record.get(age.name))
    return years is not None and years < _GROWN


def _among_others(record: Mapping[str, Any], schema: Schema) -> bool:
    """Whether the household has more than one person; False where it is not known."""
    column = schema.first("household size")
    size = None if column is None else years_of(record.get(column.name))
    return size is not None and size > 1


def record_rows(record: Mapping[str, Any], population: Population) -> list[tuple[str, str]]:
    """The whole record in words.

    Parameters
    ----------
    record : mapping of str to value
        Column → value; an absent column counts as missing.
    population : Population
        Whose record it is.

    Returns
    -------
    list of (str, str)
        Title and value of each column, in the schema's order.
    """
    schema = population.schema
    return [(column.title, record_words(column, record.get(column.name))) for column in schema]


def value_words(column: Column, value: Any) -> str:
    """A value of a record as people say it.

    Parameters
    ----------
    column : Column
        The value's column.
    value : str, float, int, bool or None
        As a row holds it; None, NaN and pandas' NA are missing.

    Returns
    -------
    str
    """
    if is_missing(value):
        return level_words(column, MISSING)
    if column.kind == "boolean":
        return "yes" if value else "no"
    if column.is_number:
        number = float(value)
        if _is_written(column):
            return column.text(number)
        if is_year(column) and number == round(number):
            return f"{number:.0f}"
        if column.kind == "real" or abs(number) >= 10_000:
            return f"{number:,.{min(column.decimals, 2)}f}"
        return number_text(number)
    return level_words(column, str(value))


def record_words(column: Column, value: Any) -> str:
    """A value of a person's record: as `value_words`, but a survey's bracket where it was one.

    Parameters
    ----------
    column : Column
        The value's column.
    value : str, float, int, bool or None
        As a row holds it.

    Returns
    -------
    str
        "12,500–14,999" for a family income of 13,700, which is the bracket's middle; "480" for
        480.00.
    """
    starts = BRACKETS.get(column.title)
    if starts is None or is_missing(value):
        words = value_words(column, value)
        plain = column.kind == "real" and not _is_written(column)
        return re.sub(r"\.0+$", "", words) if plain else words
    place = bisect.bisect_right(starts, float(value)) - 1
    if place < 0:
        return f"under {starts[0]:,}"
    if place == len(starts) - 1:
        return f"{starts[-1]:,} and over"
    return f"{starts[place]:,}–{starts[place + 1] - 1:,}"


def is_year(column: Column) -> bool:
    """Whether a column's numbers are years of the calendar, which have no thousands separator.

    Parameters
    ----------
    column : Column
        Any column.

    Returns
    -------
    bool
        Whole numbers from 1500 to 2100 under a name that speaks of years or dates.
    """
    if not column.is_number or column.lower is None or column.upper is None:
        return False
    whole = column.kind == "integer" or not column.decimals
    named = _YEARS.search(f"{column.name} {column.title}".replace("_", " ").lower())
    return whole and column.lower >= 1500 and column.upper <= 2100 and named is not None


_YEARS = re.compile(r"\b(?:year|years|yr|born|birth|debut|since|jahr|annee|ano|date|season)\b")


def is_missing(value: Any) -> bool:
    """Whether a cell of a record is missing.

    Parameters
    ----------
    value : object
        The cell.

    Returns
    -------
    bool
        True for None, NaN, and pandas' NA and NaT.
    """
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    return type(value).__name__ in ("NAType", "NaTType")


def share_words(probability: float) -> str:
    """How common, for a screen: "11.4%", "0.03%", "1 in 2.4 million".

    Parameters
    ----------
    probability : float
        From 0 to 1.

    Returns
    -------
    str
        In per cent down to 0.01%, then as `one_in`; ">99.9%" where it is nearly 1 and not quite.
    """
    if probability >= 0.9995:
        return "100%" if probability > 1 - 1e-12 else ">99.9%"
    if probability >= 0.1:
        return f"{probability:.1%}"
    if probability >= 0.0001:
        return f"{probability * 100:.2g}%"
    return one_in(probability)


def one_in(probability: float) -> str:
    """How rare: "1 in 3,400", "1 in 2.4 million".

    Parameters
    ----------
    probability : float
        From 0 to 1.

    Returns
    -------
    str
        "nobody" for 0.
    """
    if probability <= 0:
        return "nobody"
    each = 1 / probability
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if each >= size:
            return f"1 in {each / size:.3g} {word}"
    digits = max(0, int(math.log10(max(each, 1))) - 1)
    return f"1 in {round(each, -digits) if digits else round(each, 1 if each < 10 else 0):,g}"


def _inside(title: str) -> str:
    """A title inside a sentence: a capital stays where the word is an abbreviation."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def range_words(column: Column, fact: Fact) -> str:
    """A fact about a number, said without its column: "25–35", "65 and over".

    Parameters
    ----------
    column : Column
        The fact's column; of dates, the words are "until" and "or later".
    fact : Fact
        A range, or values.

    Returns
    -------
    str
        Values joined with "or" where the fact names values.
    """
    if isinstance(fact, DateParts):
        parts = [f"{part} {_part_words(part, numbers)}" for part, numbers in fact.parts]
        within = [range_words(column, fact.within)] if fact.within is not None else []
        return ", ".join([*within, *parts])
    if not isinstance(fact, Between):
        return _either(fact_words(column, value) for value in fact.values)
    lower = None if fact.lower is None else value_words(column, fact.lower)
    upper = None if fact.upper is None else value_words(column, fact.upper)
    dated = isinstance(column.format, DateFormat)
    if lower is None:
        return f"until {upper}" if dated else f"up to {upper}"
    if upper is None:
        return f"{lower} or later" if dated else f"{lower} and over"
    if lower == upper:
        return lower
    # A dash would run into those of a date or of an amount below zero.
    return f"{lower} to {upper}" if dated or "-" in lower + upper else f"{lower}–{upper}"


def _part_words(part: str, numbers: Sequence[int]) -> str:
    """Numbers of a part of a date in words: "Sat or Sun", "1980 to 1989"."""
    return _either(word.replace("..", " to ") for word in part_text(part, numbers).split("|"))


def _either(words: Iterable[str]) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
