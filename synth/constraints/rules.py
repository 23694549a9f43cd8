"""Fixed rules: what must be true of every person, written as a line of text.

A rule is a comparison, ``age >= 15`` or ``born < died``, or a condition and what follows from it,
``if age < 18 then marital = never married``. It compares a column with a number, with a level, or
with another column by ``<``, ``<=``, ``>``, ``>=``, ``=`` and ``!=``. Names and levels that hold
such signs stand in double quotes. A missing value breaks no rule. The text is parsed by hand;
nothing in it is ever evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth.data.column import Column
from synth.data.evidence import exact_text, number_of
from synth.data.formats import DateFormat
from synth.data.schema import Schema
from synth.data.wording import number_text, some_of
from synth.errors import PopulaceError

if TYPE_CHECKING:  # what looks at a table need not load the network
    from synth.bayes.coding import Coding, Pieces
    from synth.constraints.gaps import Gap

RULES_LIMIT = 100
LINE_LIMIT = 500
_POINTS = 32  # a run of values is compared at this many places, at most
_SIGNS = {
    "<": "<",
    "<=": "<=",
    "≤": "<=",
    "=<": "<=",
    ">": ">",
    ">=": ">=",
    "≥": ">=",
    "=>": ">=",
    "=": "=",
    "==": "=",
    "!=": "!=",
    "≠": "!=",
    "<>": "!=",
}
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_TOKEN = re.compile(r'"((?:[^"]|"")*)"|(->|→|<=|>=|==|!=|=<|=>|<>|[<>=≤≥≠])|([^"<>=≤≥≠!→]|!(?!=))')
_IF = re.compile(r"^\s*if\s+(.*?)\s+then\s+(.*)$", re.IGNORECASE | re.DOTALL)
_HELP = "write it like age >= 15, born < died, or if age < 18 then marital = single"


@dataclass(frozen=True)
class Comparison:
    """A column, a sign, and a number, a level or another column.

    Attributes
    ----------
    column, sign : str
        What is compared, and how.
    other : str or None
        The other column.
    value : float, str or None
        The number or the level.
    written : str
        A number as the column's table writes it; empty for a plain one.
    """

    column: str
    sign: str
    other: str | None = None
    value: float | str | None = None
    written: str = field(default="", compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are compared."""
        return (self.column,) if self.other is None else (self.column, self.other)

    def __str__(self) -> str:
        if self.other is not None:
            right = _quoted(self.other)
        elif isinstance(self.value, float):
            right = self.written or number_text(self.value)
        else:
            right = _quoted(self.value or "")
        return f"{_quoted(self.column)} {self.sign} {right}"

    def evaluate(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Whether the comparison is true in each row.

        Returns
        -------
        true, known : bool array, shape (rows,)
            `known` is False where a value is missing; there `true` is False.
        """
        left = _values(frame[self.column])
        known = ~pd.isna(left)
        if self.other is None:
            return _compare(left, self.value, self.sign) & known, known
        right = _values(frame[self.other])
        known &= ~pd.isna(right)
        true = np.zeros(len(left), dtype=bool)
        true[known] = _compare(left[known], right[known], self.sign)
        return true, known


@dataclass(frozen=True)
class Rule:
    """What must hold; with a condition, only where the condition is true.

    Attributes
    ----------
    conclusion, condition : Comparison
        What holds, and where.
    gap : Gap or None
        Of two dates in order: how far apart they are, once that has been learned.
    """

    conclusion: Comparison
    condition: Comparison | None = None
    gap: Gap | None = None

    @property
    def dates(self) -> tuple[str, str] | None:
        """The earlier and the later of two columns in order; None where the rule orders none."""
        other, sign = self.conclusion.other, self.conclusion.sign
        if self.condition is not None or other is None or sign not in ("<", "<=", ">", ">="):
            return None
        both = (self.conclusion.column, other)
        return both if sign in ("<", "<=") else both[::-1]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rule speaks of."""
        condition = self.condition.columns if self.condition else ()
        return tuple(dict.fromkeys((*condition, *self.conclusion.columns)))

    def __str__(self) -> str:
        if self.condition is None:
            return str(self.conclusion)
        return f"if {self.condition} then {self.conclusion}"

    def broken(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break the rule; bool (rows,). What is missing breaks nothing."""
        true, known = self.conclusion.evaluate(frame)
        wrong = known & ~true
        if self.condition is not None:
            applies, _ = self.condition.evaluate(frame)
            wrong &= applies
        return wrong

    def holds(self, pieces: Mapping[str, tuple[Coding, Pieces | None]]) -> np.ndarray:
        """P(the rule holds | codes of its columns), axes in the order of `columns`.

        `pieces` gives each column's coding and the pieces that its values are drawn from. Exact
        where a piece has at most 32 values; longer runs are compared at 32 places.
        """
        if self.condition is not None:
            applies = _true(self.condition, pieces)
            wrong = _false(self.conclusion, pieces)
            return 1.0 - np.multiply.outer(applies, wrong)
        if self.conclusion.other is None:
            return 1.0 - _false(self.conclusion, pieces)
        if self.gap is not None and self.dates is not None:
            out = _spaced(self.gap, *(pieces[name] for name in self.dates))
            return out if self.dates == self.columns else out.T
        return _pair(self.conclusion, pieces)


def parse_rules(text: str, schema: Schema) -> tuple[Rule, ...]:
    """The rules in a text, one a line; empty lines and lines that begin with # are left out.

    Raises
    ------
    PopulaceError
        One sentence that names the line, what is wrong with it, and what would do.
    """
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if len(lines) > RULES_LIMIT:
        raise PopulaceError(f"There are {len(lines)} rules: keep at most {RULES_LIMIT}.")
    return tuple(dict.fromkeys(parse_rule(line, schema) for line in lines))


def parse_rule(line: str, schema: Schema) -> Rule:
    """One rule; see `parse_rules`."""
    if len(line) > LINE_LIMIT:
        raise PopulaceError(
            f"The rule “{_short(line)}” has {len(line)} characters: keep it within {LINE_LIMIT}."
        )
    conditional = _IF.match(line)
    if conditional:
        sides = [_tokens(conditional[1], line), _tokens(conditional[2], line)]
    else:
        sides = _parts(_tokens(line, line))
    if len(sides) > 2:
        raise PopulaceError(f"The rule “{_short(line)}” has two arrows: write it as two rules.")
    read = [_comparison(side, schema, line) for side in sides]
    if len(read) == 1:
        return Rule(read[0])
    condition, conclusion = read
    for side in read:
        if side.other is not None:
            raise PopulaceError(
                f"The rule “{_short(line)}” compares two columns beside a condition: compare each "
                "with a value there."
            )
    if condition.column == conclusion.column:
        raise PopulaceError(
            f"The rule “{_short(line)}” speaks of {condition.column} on both sides: name two "
            "columns."
        )
    return Rule(conclusion, condition)


# ---------------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Word:
    text: str
    quoted: bool


def _quoted(text: str) -> str:
    plain = text == text.strip() and text and not re.search(r'[<>=≤≥≠!→"#]|->', text)
    plain = plain and not re.search(r"(^|\s)(if|then)(\s|$)", text, re.IGNORECASE)
    plain = plain and _number(text) is None
    return text if plain else '"' + text.replace('"', '""') + '"'


def _short(line: str) -> str:
    line = "".join(c if c.isprintable() else "·" for c in line)
    return line if len(line) <= 60 else line[:59] + "…"


def _tokens(text: str, line: str) -> list[_Word | str]:
    """Words, and signs and arrows as plain strings."""
    tokens: list[_Word | str] = []
    plain, end = "", 0
    for match in _TOKEN.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        quoted, sign, character = match.groups()
        if character is not None:
            plain += character
            continue
        if plain.strip():
            tokens.append(_Word(plain.strip(), quoted=False))
        plain = ""
        tokens.append(sign if sign else _Word(quoted.replace('""', '"'), quoted=True))
    if plain.strip():
        tokens.append(_Word(plain.strip(), quoted=False))
    if end != len(text):
        raise PopulaceError(f"The rule “{_short(line)}” has a quote that does not close: {_HELP}.")
    return tokens


def _parts(tokens: list[_Word | str]) -> list[list[_Word | str]]:
    parts: list[list[_Word | str]] = [[]]
    for token in tokens:
        if token in ("->", "→"):
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _comparison(tokens: list[_Word | str], schema: Schema, line: str) -> Comparison:
    match tokens:
        case [_Word() as left, str() as mark, _Word() as right] if mark in _SIGNS:
            sign = _SIGNS[mark]
        case _:
            raise PopulaceError(f"The rule “{_short(line)}” is not understood: {_HELP}.")
    if left.text not in schema and right.text in schema:
        left, sign, right = right, _SWAPPED[sign], left
    if left.text not in schema:
        number = _number(left.text) is not None and not left.quoted
        named = "no column" if number else f"{_short(left.text)}, which is no column of the table"
        known = some_of([_quoted(name) for name in schema.names])
        raise PopulaceError(f"The rule “{_short(line)}” names {named}: use {known}.")
    column = schema[left.text]
    # A bare number is a number, unless the other side too is a column named by one: 2020 < 2021.
    is_named = right.quoted or _number(right.text) is None or _number(left.text) is not None
    if right.text in schema and is_named:
        other = schema[right.text]
        return _between(column, sign, other, line)
    return _with_value(column, sign, right, line)


def _between(column: Column, sign: str, other: Column, line: str) -> Comparison:
    if column.name == other.name:
        raise PopulaceError(
            f"The rule “{_short(line)}” compares {column.name} with itself: name two columns."
        )
    if column.is_number and other.is_number and not _counts_alike(column, other):
        raise PopulaceError(
            f"The rule “{_short(line)}” compares {column.name} with {other.name}, which are not "
            "both numbers, or dates of one kind and clock: name two columns that count the same."
        )
    if column.is_number != other.is_number:
        raise PopulaceError(
            f"The rule “{_short(line)}” compares numbers with levels: name two columns of numbers."
        )
    if not column.is_number and sign not in ("=", "!="):
        raise PopulaceError(
            f"The rule “{_short(line)}” orders levels, which have no order here: use = or !=."
        )
    return Comparison(column.name, sign, other=other.name)


def _with_value(column: Column, sign: str, word: _Word, line: str) -> Comparison:
    if column.is_number:
        number = number_of(column, word.text)
        if isinstance(column.format, DateFormat) and (ends := column.format.bounds(word.text)):
            number = ends[sign in ("<=", ">")]
        if number is None or not math.isfinite(number):
            raise PopulaceError(
                f"The rule “{_short(line)}” compares the numbers of {column.name} with "
                f"{_short(word.text)}, which is neither a number nor a column: correct it."
            )
        return Comparison(column.name, sign, value=number, written=exact_text(column, number))
    if sign not in ("=", "!="):
        raise PopulaceError(
            f"The rule “{_short(line)}” orders the levels of {column.name}, which have no order "
            "here: use = or !=."
        )
    text = word.text
    if column.kind == "boolean":
        text = {"true": "yes", "false": "no", "1": "yes", "0": "no"}.get(
            text.casefold(), text.casefold()
        )
    if column.levels and text not in column.levels:
        folded = {level.casefold(): level for level in column.levels}
        if text.casefold() not in folded:
            raise PopulaceError(
                f"The rule “{_short(line)}” names {_short(text)}, which is no level of "
                f"{column.name}: use {some_of(column.levels)}."
            )
        text = folded[text.casefold()]
    return Comparison(column.name, sign, value=text)


def _counts_alike(column: Column, other: Column) -> bool:
    """Whether both are plain numbers, or dates whose counts mean the same."""
    forms = [c.format if isinstance(c.format, DateFormat) else None for c in (column, other)]
    if forms[0] is None or forms[1] is None:
        return forms[0] is forms[1]
    return forms[0].goes_with(forms[1])


def _number(text: str) -> float | None:
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", text):
        return None
    return float(text)


# ---------------------------------------------------------------------- values


def _values(series: pd.Series) -> Any:
    """Numbers as float64 with NaN, levels as objects with None; shape (rows,)."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        levels = np.array([*series.cat.categories, None], dtype=object)
        return levels[series.cat.codes.to_numpy()]
    if pd.api.types.is_bool_dtype(series.dtype):
        absent = series.isna().to_numpy()
        values = np.array(["no", "yes"], dtype=object)[
            series.to_numpy(dtype=np.int8, na_value=0).astype(int)
        ]
        values[absent] = None
        return values
    return series.to_numpy(dtype=np.float64, na_value=np.nan)


def _compare(left: Any, right: Any, sign: str) -> np.ndarray:
    if sign == "=":
        return np.asarray(left == right, dtype=bool)
    if sign == "!=":
        return np.asarray(left != right, dtype=bool)
    if sign == "<":
        return np.asarray(left < right, dtype=bool)
    if sign == "<=":
        return np.asarray(left <= right, dtype=bool)
    if sign == ">":
        return np.asarray(left > right, dtype=bool)
    return np.asarray(left >= right, dtype=bool)


# ---------------------------------------------------------------------- codes


def _points(coding: Coding, pieces: Pieces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values, their probability inside their bin, and the bin; at most 32 for each piece."""
    span = pieces.last - pieces.first + 1
    count = np.minimum(span, _POINTS)
    piece = np.repeat(np.arange(len(span)), count)
    place = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    share = (place + 0.5) / count[piece]
    index = pieces.first[piece] + np.floor(share * span[piece]).astype(np.int64)
    value = np.asarray(coding.value(index), dtype=np.float64)
    return value, pieces.weight[piece] / count[piece], pieces.bin[piece]


def _true(comparison: Comparison, pieces: Mapping[str, tuple[Coding, Pieces | None]]) -> np.ndarray:
    """P(a comparison with a value is true | code); nobody's missing value makes it so."""
    coding, cut = pieces[comparison.column]
    out = np.zeros(coding.size)
    if cut is None:
        levels = np.array(coding.column.levels, dtype=object)
        out[: len(levels)] = _compare(levels, comparison.value, comparison.sign)
        return out
    value, weight, bin_ = _points(coding, cut)
    true = _compare(value, comparison.value, comparison.sign)
    np.add.at(out, bin_, weight * true)
    return np.clip(out, 0.0, 1.0)


def _false(
    comparison: Comparison, pieces: Mapping[str, tuple[Coding, Pieces | None]]
) -> np.ndarray:
    coding, _ = pieces[comparison.column]
    known = np.zeros(coding.size)
    known[: coding.size - coding.column.missing] = 1.0
    out = known - _true(comparison, pieces)
    out[out < 1e-12] = 0.0
    return out


def _pair(comparison: Comparison, pieces: Mapping[str, tuple[Coding, Pieces | None]]) -> np.ndarray:
    """P(the comparison of two columns is true | their codes)."""
    (coding, first), (other, second) = (pieces[name] for name in comparison.columns)
    out = np.ones((coding.size, other.size))
    if first is None or second is None:
        a = np.array(coding.column.levels, dtype=object)
        b = np.array(other.column.levels, dtype=object)
        out[: len(a), : len(b)] = _compare(a[:, None], b[None, :], comparison.sign)
        return out
    left, weight, bin_ = _points(coding, first)
    right, mass, place = _points(other, second)
    known = coding.size - coding.column.missing
    for j in range(other.size - other.column.missing):
        here = place == j
        order = np.argsort(right[here])
        values = right[here][order]
        below = np.append(0.0, np.cumsum(mass[here][order]))
        low = below[np.searchsorted(values, left, "left")]  # P(right < left)
        high = below[np.searchsorted(values, left, "right")]  # P(right <= left)
        share = {
            "<": below[-1] - high,
            "<=": below[-1] - low,
            ">": low,
            ">=": high,
            "=": high - low,
            "!=": below[-1] - high + low,
        }[comparison.sign]
        out[:known, j] = np.bincount(bin_, weight * share, minlength=known)[:known]
    out[out < 1e-12] = 0.0
    return np.clip(out, 0.0, 1.0)


_Cut = tuple["Coding", "Pieces | None"]


def _spaced(gap: Gap, first: _Cut, second: _Cut) -> np.ndarray:
    """How much more often gaps fit what a fact left of two bins than the whole bins; 0 where none.

    The network learned which bins go together from people who keep the rule, so without facts
    every pair of bins that a gap can bridge counts in full.
    """
    whole = _bridged_whole(gap, first[0], second[0])
    cut = [each is coding.pieces for coding, each in (first, second)]
    left = whole if all(cut) else _bridged(gap, first, second)
    return np.divide(left, whole, out=np.zeros_like(whole), where=whole > 1e-300)


@lru_cache(maxsize=64)
def _bridged_whole(gap: Gap, first: Coding, second: Coding) -> np.ndarray:
    return _bridged(gap, (first, first.pieces), (second, second.pieces))


def _bridged(gap: Gap, first: _Cut, second: _Cut) -> np.ndarray:
    """The mean share of people at the gaps between the values of two codes; 1 where one misses."""
    (coding, begin), (other, end) = first, second
    out = np.ones((coding.size, other.size))
    if begin is None or end is None:
        return out
    left, weight, bin_ = _points(coding, begin)
    low, high = (np.asarray(other.value(each), dtype=np.float64) for each in (end.first, end.last))
    between = gap.below(high - left[:, None]) - gap.below(low - left[:, None] - 1)
    between *= weight[:, None] * (end.weight / (high - low + 1))
    known, others = coding.size - coding.column.missing, other.size - other.column.missing
    rows = np.zeros((known, len(low)))
    np.add.at(rows, bin_, between)
    sums = np.zeros((others, known))
    np.add.at(sums, end.bin, rows.T)
    out[:known, :others] = sums.T
    return out
