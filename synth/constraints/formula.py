"""Columns that a user adds, written as a line: ``age = years(admitted - born)``.

A line names a new column and says how every row works it out: a number of days, weeks, months,
years, hours, minutes or seconds between two dates, or a sum of numbers such as
``total = work + home - 1``.
Names that hold signs or blanks at their ends stand in double quotes. Nothing is ever evaluated.
"""

from __future__ import annotations

import re

from synth.constraints.derived import PERIODS, Derived, Elapsed, Sum
from synth.data.column import Column
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.data.wording import some_of
from synth.errors import PopulaceError

_LINE = re.compile(r'\s*("(?:[^"]|"")*"|[^="]+?)\s*=(.*)', re.DOTALL)
_ELAPSED = re.compile(rf"\s*({'|'.join(PERIODS)})\s*\((.*)\)\s*([+-]\s*\d+)?\s*", re.DOTALL)
_TERM = re.compile(r'\s*([+-])?\s*("(?:[^"]|"")*"|[^+"-]+)')
_NUMBER = re.compile(r"\d+\.?\d*|\.\d+")
_HELP = "write it like age = years(admitted - born) or total = work + home"


def parse_derived(line: str, schema: Schema) -> tuple[Derived, Column]:
    """The formula of a line, and the column that it makes.

    Parameters
    ----------
    line : str
        As above.
    schema : Schema
        The columns that there are; numbers and dates of role "model" can be parts.

    Returns
    -------
    Sum or Elapsed
        The formula.
    Column
        A number without bounds.

    Raises
    ------
    PopulaceError
        One sentence that names the line and what would do.
    """
    shown = "".join(c if c.isprintable() else "·" for c in line.strip())[:60]
    plain = line.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    match = _LINE.fullmatch(plain)
    if match is None:
        raise PopulaceError(f"The column “{shown}” is not understood: {_HELP}.")
    name = _name(match[1])
    if name in schema:
        raise PopulaceError(f"There is a column {name} already: give “{shown}” another name.")
    if elapsed := _ELAPSED.fullmatch(match[2]):
        return _elapsed(name, elapsed, schema, shown)
    return _sum(name, match[2], schema, shown)


def _elapsed(name: str, match: re.Match[str], schema: Schema, shown: str) -> tuple[Elapsed, Column]:
    terms = _terms(match[2], shown)
    if [sign for sign, _ in terms] != [1, -1]:
        raise PopulaceError(f"“{shown}” needs the later date less the earlier one: {_HELP}.")
    until, since = (_part(word, schema, shown) for _, word in terms)
    begin, end = since.format, until.format
    if (
        not isinstance(begin, DateFormat)
        or not isinstance(end, DateFormat)
        or not begin.goes_with(end)
    ):
        raise PopulaceError(
            f"“{shown}” takes {since.name} from {until.name}, which are not two dates of one kind: "
            "name two that count the same."
        )
    constant = int(match[3].replace(" ", "")) if match[3] else 0
    period = next(each for each in PERIODS if each == match[1])
    formula = Elapsed(name, since.name, until.name, period, begin.unit, constant)
    if not formula.is_countable or since.name == until.name:
        raise PopulaceError(f"“{shown}” cannot be counted from these dates: name finer ones.")
    missing = since.missing or until.missing
    return formula, Column(name, "integer", missing=missing, step=1.0)


def _sum(name: str, text: str, schema: Schema, shown: str) -> tuple[Sum, Column]:
    constant, parts = 0.0, []
    for sign, word in _terms(text, shown):
        if _NUMBER.fullmatch(word) and word not in schema:
            constant += sign * float(word)
        else:
            parts.append((_part(word, schema, shown), sign))
    if not parts:
        raise PopulaceError(f"“{shown}” names no column: {_HELP}.")
    if any(isinstance(column.format, DateFormat) for column, _ in parts):
        raise PopulaceError(
            f"“{shown}” adds dates: say what the time between is counted in, as in "
            "days(admitted - born)."
        )
    terms = tuple((column.name, sign) for column, sign in parts)
    whole = constant.is_integer() and all(column.kind == "integer" for column, _ in parts)
    step = min(column.step or 1e-6 for column, _ in parts)
    column = Column(
        name,
        "integer" if whole else "real",
        missing=any(column.missing for column, _ in parts),
        step=1.0 if whole else step,
    )
    return Sum(name, terms, constant), column


def _terms(text: str, shown: str) -> list[tuple[int, str]]:
    """Signs and words of a sum."""
    terms, at = [], 0
    for match in _TERM.finditer(text):
        if match.start() != at or (at and not match[1]):
            break
        at = match.end()
        terms.append((-1 if match[1] == "-" else 1, _name(match[2])))
    if text[at:].strip() or not terms or not all(word for _, word in terms):
        raise PopulaceError(f"The column “{shown}” is not understood: {_HELP}.")
    return terms


def _part(word: str, schema: Schema, shown: str) -> Column:
    usable = [column.name for column in schema.modelled if column.is_number]
    if word not in usable:
        raise PopulaceError(
            f"“{shown}” names {word}, which is no number or date that is learned: "
            f"use {some_of(usable) if usable else 'another table'}."
        )
    return schema[word]


def _name(word: str) -> str:
    word = word.strip()
    if len(word) > 1 and word[0] == word[-1] == '"':
        return word[1:-1].replace('""', '"').strip()
    return word
