"""Facts as a link of the app writes them, read by the rules of `Evidence.parse`.

A level stands in its words, one parameter each: ``gender=female&top1=Pets&top1=Games``; a range as
its ends, ``age=25&age=45``. People who write links by hand write as on the command line: in other
letters, ``top1=pets|games``, ``age=25..45``. Both are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from synth import describe
from synth.data.column import MISSING, Column
from synth.data.date_parts import parts_of
from synth.data.dates import CLOCKS
from synth.data.evidence import Between, DateParts, Evidence, Fact, OneOf, part_of
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.errors import PopulaceError

_OTHERS = ("population", "people", "seed", "which", "targets", "compare", "kept")
"""What a link says beside facts; a column of such a name has a parameter with a sign behind it."""

_CLOCK = re.compile(r"\b(\d\d?):(\d\d)(?::(\d\d))?\b")


def fact_of(column: Column, values: Sequence[str]) -> Fact | None:
    """What the values of a column's parameter say.

    Parameters
    ----------
    column : Column
        The column.
    values : sequence of str
        As the link has them.

    Returns
    -------
    OneOf, Between, DateParts or None
        As the schema writes it; None where nothing is said, as by a range that holds all values.

    Raises
    ------
    PopulaceError
        One sentence that names the column, the value and what would do.
    """
    written = [value.strip() for value in values if value.strip()]
    if not written:
        return None
    if not column.is_number:
        levels = tuple(level for value in written for level in _levels(column, value))
        return _checked(column, OneOf(levels))
    if len(written) > 2:
        raise PopulaceError(
            f"The fact about {column.name} has {len(written)} values and a range has two ends: "
            f"write {column.name}=lowest..highest."
        )
    return _within(column, _parsed(column, "..".join(written)))


def evidence_of(link: Mapping[str, Sequence[str]], schema: Schema) -> Evidence:
    """The facts that a link names about group A.

    Parameters
    ----------
    link : mapping of str to sequence of str
        Parameter → values.
    schema : Schema
        The columns.

    Returns
    -------
    Evidence

    Raises
    ------
    PopulaceError
        A value cannot be read.
    """
    facts: dict[str, Fact] = {}
    for column in schema.columns:
        keys = [f"{column.name}.", f"{column.name}_", column.name]
        keys = keys[: 2 if column.name in _OTHERS else 3]
        if column.missing and any(list(link.get(f"{key}_missing", ())) == ["true"] for key in keys):
            facts[column.name] = OneOf((MISSING,))
            continue
        key = next((key for key in keys if key in link), "")
        parts = {
            part: part_of(column, part, "|".join(link[f"{column.name}.{part}"]))
            for part in (parts_of(column.format) if isinstance(column.format, DateFormat) else ())
            if f"{column.name}.{part}" in link
        }
        fact = fact_of(column, link.get(key, ()))
        if parts:
            within = fact if isinstance(fact, Between | OneOf) else None
            fact = _checked(column, DateParts(tuple(parts.items()), within))
        if fact is not None:
            facts[column.name] = fact
    return Evidence(facts)


def _levels(column: Column, text: str) -> tuple[str, ...]:
    """The levels that a value names: as the schema or `describe` writes them, in any letters."""
    words = {describe.level_words(column, level): level for level in column.states}
    words |= {level: level for level in column.states}
    if text in words:
        return (words[text],)
    same = {level for word, level in words.items() if word.casefold() == text.casefold()}
    if len(same) == 1:
        return tuple(same)
    if "|" in text and '"' not in text:
        return tuple(level for piece in text.split("|") for level in _levels(column, piece.strip()))
    fact = _parsed(column, text)
    return fact.values if isinstance(fact, OneOf) else ()


def _parsed(column: Column, text: str) -> Fact:
    """A value as the command line reads it; one with a comma needs no quotes here."""
    name, text, schema = _quoted(column.name), _clocks(column, text), Schema((column,))
    try:
        return Evidence.parse(f"{name}={_quoted(text)}", schema)[column.name]
    except PopulaceError:
        if "|" not in text and '"' not in text:
            raise
    quoted = text if '"' in text else "|".join(map(_quoted, text.split("|")))
    evidence = Evidence.parse(f"{name}={quoted}", schema)
    if len(evidence) != 1:
        raise PopulaceError(f"The value {text} says more than one fact: give each a parameter.")
    return evidence[column.name]


def _clocks(column: Column, text: str) -> str:
    """Times as a table writes them without a colon: 09:05 → 0905."""
    form = column.format
    if not isinstance(form, DateFormat) or form.pattern not in CLOCKS:
        return text
    end = "" if form.unit == "m" else "00"
    return _CLOCK.sub(lambda time: f"{time[1]}{time[2]}{time[3] or end}", text)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _checked(column: Column, fact: Fact) -> Fact:
    return Evidence({column.name: fact}).checked(Schema((column,)))[column.name]


def _within(column: Column, fact: Fact) -> Fact | None:
    """The fact without ends that leave nothing out."""
    if not isinstance(fact, Between):
        return fact
    low, high = fact.lower, fact.upper
    low = None if low is None or (column.lower is not None and low <= column.lower) else low
    high = None if high is None or (column.upper is not None and high >= column.upper) else high
    if low is None and high is None:
        return None
    return replace(fact, lower=low, upper=high)
