"""What is known of a person: equals, one of, between; read from and written as one line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from synth.data.column import MISSING, Column
from synth.data.date_parts import PARTS, part_text, parts_of, read_part, spans
from synth.data.durations import DurationFormat
from synth.data.formats import BooleanFormat, DateFormat, LevelsFormat, NumberFormat
from synth.data.schema import Schema
from synth.data.wording import hint, number_text, some_of
from synth.errors import PopulaceError

_TOKEN = re.compile(r'"((?:[^"]|"")*)"|([,|=])|([^,|="]+)')
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"^({_NUMBER})?\s*\.\.\s*({_NUMBER})?$")
_BOOLEANS = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}


@dataclass(frozen=True)
class OneOf:
    """The column has one of these levels (numbers are written as text; may hold "missing").

    Attributes
    ----------
    values : tuple of str
        At least one.
    """

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        values = (self.values,) if isinstance(self.values, str) else tuple(self.values)
        if not values:
            raise PopulaceError("A fact needs at least one value: name one, or leave it out.")
        object.__setattr__(self, "values", tuple(dict.fromkeys(values)))

    def __str__(self) -> str:
        return "|".join(_quoted(value) for value in self.values)


@dataclass(frozen=True)
class Between:
    """The number lies between the bounds, both included; None leaves that end open.

    Attributes
    ----------
    lower, upper : float or None
        The bounds; at least one of them.
    """

    lower: float | None
    upper: float | None

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            value = getattr(self, name)
            if value is None:
                continue
            if not math.isfinite(value):
                raise PopulaceError(f"The range {self} is not finite: leave that end open.")
            object.__setattr__(self, name, float(value) + 0.0)
        if self.lower is None and self.upper is None:
            raise PopulaceError("The range .. is open at both ends: give one, or leave it out.")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            swapped = f"{number_text(self.upper)}..{number_text(self.lower)}"
            raise PopulaceError(f"The range {self} is empty: write {swapped}.")

    def __str__(self) -> str:
        lower = "" if self.lower is None else number_text(self.lower)
        upper = "" if self.upper is None else number_text(self.upper)
        return f"{lower}..{upper}"


@dataclass(frozen=True)
class DateParts:
    """The date has these parts: ``born.month=Mar``, ``born.weekday=Sat|Sun``.

    Attributes
    ----------
    parts : tuple of (str, tuple of int)
        Names of `date_parts.PARTS`, and the numbers that will do of each.
    within : Between, OneOf or None
        What else is known of the date.
    """

    parts: tuple[tuple[str, tuple[int, ...]], ...]
    within: Between | OneOf | None = None

    def __post_init__(self) -> None:
        parts = dict(self.parts)
        if not parts or len(parts) < len(self.parts) or set(parts) - set(PARTS):
            raise PopulaceError(
                f"A fact about parts of a date needs each once, out of {', '.join(PARTS)}."
            )
        if not all(parts.values()):
            raise PopulaceError("A fact needs at least one value: name one, or leave it out.")
        ordered = tuple((name, tuple(sorted(set(parts[name])))) for name in PARTS if name in parts)
        object.__setattr__(self, "parts", ordered)

    def lines(self, name: str) -> tuple[str, ...]:
        """The facts about a column, one each, as a line of evidence has them."""
        within = () if self.within is None else (f"{_quoted(name)}={self.within}",)
        each = (f"{_quoted(f'{name}.{part}')}={part_text(part, n)}" for part, n in self.parts)
        return (*within, *each)

    def __str__(self) -> str:
        return " and ".join(self.lines("it"))

    def spans(self, column: Column) -> np.ndarray:
        """The ranges of the column's numbers that it leaves; int64 (ranges, 2), both included."""
        if not isinstance(column.format, DateFormat):
            raise PopulaceError(f"Column {column.name} holds no dates: ask for its values.")
        lower, upper = column.bounds
        if isinstance(self.within, Between):
            lower = lower if self.within.lower is None else max(lower, self.within.lower)
            upper = upper if self.within.upper is None else min(upper, self.within.upper)
        intervals = spans(column.format, lower, upper, dict(self.parts))
        if isinstance(self.within, OneOf):
            days = np.array([float(value) for value in self.within.values if value != MISSING])
            place = np.searchsorted(intervals[:, 1], days)
            inside = np.append(intervals[:, 0], np.inf)[place] <= days
            days = np.sort(days[inside]).astype(np.int64)
            intervals = np.stack([days, days], axis=1)
        return intervals

    def holds(self, column: Column, values: np.ndarray) -> np.ndarray:
        """Whether it is true of each of the column's numbers; bool, NaN is False."""
        intervals = self.spans(column)
        place = np.searchsorted(intervals[:, 1], np.nan_to_num(values, nan=-np.inf))
        begins = np.append(intervals[:, 0].astype(np.float64), np.inf)
        return np.asarray((begins[place] <= values) & ~np.isnan(values))


Fact = OneOf | Between | DateParts


class Evidence(Mapping[str, Fact]):
    """Facts by column; immutable and hashable, so that answers can be kept by it.

    ``Evidence.parse("marital=married,age=25..35,top1=gardening|pets", schema)`` reads the line
    that ``str(evidence)`` writes. Ends of a range may be open (``age=65..``), a number may be
    named alone (``age=30``), and a missing value is written ``missing``. Names and values that
    hold ``,``, ``|``, ``=``, ``..`` or quotes stand in double quotes, a quote inside doubled.
    Spaces around names and values do not count. Of a date, parts can be named as well:
    ``born.year=1980..1989,born.month=Mar,born.weekday=Sat|Sun``. Times that a table writes as 905
    are read so, while ``str`` has minutes: `text` is the line to show, and to keep.

    Parameters
    ----------
    facts : mapping of str to OneOf, Between or DateParts, optional
        What is known of each column.

    Raises
    ------
    PopulaceError
        A fact is neither a OneOf, a Between nor a DateParts.
    """

    __slots__ = ("_facts", "_hash")
    _facts: dict[str, Fact]
    _hash: int

    def __init__(self, facts: Mapping[str, Fact] | None = None) -> None:
        facts = dict(facts or {})
        for name, fact in facts.items():
            if not isinstance(name, str) or not isinstance(fact, OneOf | Between | DateParts):
                raise PopulaceError(
                    f"The fact about {name} is neither a OneOf, a Between nor a DateParts."
                )
        object.__setattr__(self, "_facts", facts)
        object.__setattr__(self, "_hash", hash(frozenset(facts.items())))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("evidence does not change; make a new one")

    def __getitem__(self, name: str) -> Fact:
        return self._facts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Evidence) and self._facts == other._facts

    def __str__(self) -> str:
        lines: list[str] = []
        for name, fact in self._facts.items():
            if isinstance(fact, DateParts):
                lines += fact.lines(name)
            else:
                lines.append(f"{_quoted(name)}={fact}")
        return ",".join(lines)

    def text(self, schema: Schema) -> str:
        """The line with values as the table writes them: dates, amounts, words for yes and no.

        Parameters
        ----------
        schema : Schema
            The columns; those that it lacks stand as `str` has them.

        Returns
        -------
        str
            `parse` reads it again as the same facts.
        """
        lines: list[str] = []
        for name, fact in self._facts.items():
            column = next((c for c in schema if c.name == name), None)
            if isinstance(fact, DateParts):
                parts = fact.lines(name)[fact.within is not None :]
                known = [f"{_quoted(name)}={_shown(fact.within, column)}"] if fact.within else []
                lines += [*known, *parts]
            else:
                lines.append(f"{_quoted(name)}={_shown(fact, column)}")
        return ",".join(lines)

    def __repr__(self) -> str:
        return f"Evidence({str(self)!r})"

    def __reduce__(self) -> tuple[type[Evidence], tuple[dict[str, Fact]]]:
        return Evidence, (self._facts,)

    def __or__(self, other: Mapping[str, Fact]) -> Evidence:
        """These facts and the others; where both speak of a column, the others hold."""
        return Evidence({**self._facts, **other})

    def without(self, *names: str) -> Evidence:
        """The facts about every column but the named ones."""
        return Evidence({name: fact for name, fact in self._facts.items() if name not in names})

    @staticmethod
    def parse(text: str, schema: Schema) -> Evidence:
        """Read a line of facts and check it against the schema.

        Parameters
        ----------
        text : str
            Facts between commas: ``marital=married,age=25..35``.
        schema : Schema
            The columns.

        Returns
        -------
        Evidence
            The facts as the schema writes them.

        Raises
        ------
        PopulaceError
            One sentence that names the column, the value and the closest that would do.
        """
        facts: dict[str, Fact] = {}
        parts: dict[str, dict[str, tuple[int, ...]]] = {}
        for name, values in _split(text):
            column, part = _column_and_part(name, schema)
            seen = parts.setdefault(column.name, {}) if part else facts
            if (part or column.name) in seen:
                raise PopulaceError(
                    f"The column {name if part else column.name} is named twice: "
                    "write one fact about it."
                )
            if part:
                parts[column.name][part] = _part(column, part, values)
            else:
                facts[column.name] = _fact(column, values)
        for name, numbers in parts.items():
            facts[name] = _parted(schema[name], numbers, facts.get(name))
        return Evidence(facts)

    def checked(self, schema: Schema) -> Evidence:
        """The same facts with names and values as the schema writes them.

        Parameters
        ----------
        schema : Schema
            The columns.

        Returns
        -------
        Evidence
            The facts.

        Raises
        ------
        PopulaceError
            A fact does not fit its column.
        """
        facts: dict[str, Fact] = {}
        for name, fact in self._facts.items():
            column = _column(name, schema)
            if isinstance(fact, Between):
                facts[column.name] = _between(column, fact)
            elif isinstance(fact, DateParts):
                facts[column.name] = _parted(column, dict(fact.parts), fact.within)
            else:
                facts[column.name] = _one_of(column, list(fact.values))
        return Evidence(facts)


def part_of(column: Column, part: str, text: str) -> tuple[int, ...]:
    """The numbers that a text names of a part of the column's dates: ``Mar``, ``Sat|Sun``.

    Parameters
    ----------
    column : Column
        A column of dates.
    part : str
        One of `date_parts.PARTS`.
    text : str
        Values or ranges, with ``|`` between them.

    Raises
    ------
    PopulaceError
        A word names none.
    """
    form = column.format
    years = (1, 9999)
    if isinstance(form, DateFormat) and column.lower is not None and column.upper is not None:
        years = (form.moment(column.lower).year, form.moment(column.upper).year)
    return read_part(part, text.split("|"), column.name, years)


# ---------------------------------------------------------------------- writing


def value_text(fact: Fact, column: Column) -> str:
    """What stands behind the equals sign of a line: a range or values, as the table writes them.

    Parameters
    ----------
    fact : Between or OneOf
        Parts of dates are facts of their own; see `Evidence.text`.
    column : Column
        The fact's column.
    """
    if isinstance(fact, DateParts):
        raise PopulaceError(
            f"Parts of {column.name}'s dates make no value: name a range of dates instead."
        )
    return _shown(fact, column)


def _shown(fact: Between | OneOf | None, column: Column | None) -> str:
    """A fact with values as the table writes them."""
    if column is None or fact is None:
        return str(fact)
    if isinstance(fact, Between):
        ends = (
            None if end is None else exact_text(column, end) for end in (fact.lower, fact.upper)
        )
        return _quoted_range("..".join(end or "" for end in ends))
    return "|".join(_quoted(_state_text(column, value)) for value in fact.values)


def _quoted_range(text: str) -> str:
    return text if not re.search(r'[,|="]', text) else '"' + text.replace('"', '""') + '"'


def exact_text(column: Column, value: float) -> str:
    """A number as the table writes it, or plain where that would say less than the number does."""
    form = column.format
    if form is None or isinstance(form, BooleanFormat | LevelsFormat):
        return number_text(value)
    if isinstance(form, DateFormat | DurationFormat) and not float(value).is_integer():
        return number_text(value)
    text = column.text(value)
    if isinstance(form, DateFormat):
        return text if form.bounds(text) == (value, value) else number_text(value)
    return text if ".." not in text and number_of(column, text) == value else number_text(value)


def _state_text(column: Column, value: str) -> str:
    if value == MISSING:
        return value
    if column.is_number:
        return exact_text(column, float(value))
    if isinstance(column.format, BooleanFormat):
        return column.format.yes if value == "yes" else column.format.no
    return value


# ---------------------------------------------------------------------- reading


def _quoted(text: str) -> str:
    plain = text and text == text.strip() and ".." not in text and not re.search(r'[,|="]', text)
    return text if plain else '"' + text.replace('"', '""') + '"'


@dataclass(frozen=True)
class _Word:
    text: str
    quoted: bool


def _split(text: str) -> list[tuple[str, list[_Word]]]:
    """Each fact as a column name and its values, not yet understood."""
    if not text.strip():
        return []
    facts: list[tuple[str, list[_Word]]] = []
    for part in _parts(_tokens(text), ","):
        if not part:
            raise PopulaceError(f"There is an empty fact in {text!r}: remove the extra comma.")
        sides = _parts(part, "=")
        name = _word(sides[0], text)
        if len(sides) == 1:
            raise PopulaceError(
                f"{name.text!r} says nothing of a column: write column=value, and put a value that "
                "holds a comma in double quotes."
            )
        if len(sides) > 2:
            raise PopulaceError(
                f"The fact about {name.text} has two equals signs: put the value in double quotes."
            )
        facts.append((name.text, [_word(value, text) for value in _parts(sides[1], "|")]))
    return facts


def _tokens(text: str) -> list[_Word | str]:
    """Words, and the marks , | = as plain strings."""
    tokens: list[_Word | str] = []
    end = 0
    for match in _TOKEN.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        quoted, mark, plain = match.groups()
        if quoted is not None:
            tokens.append(_Word(quoted.replace('""', '"'), quoted=True))
        elif mark:
            tokens.append(mark)
        elif plain.strip():
            tokens.append(_Word(plain.strip(), quoted=False))
    if end != len(text):
        raise PopulaceError(f"A double quote is not closed in {text!r}: close it, or double it.")
    return tokens


def _parts(tokens: list[_Word | str], mark: str) -> list[list[_Word | str]]:
    parts: list[list[_Word | str]] = [[]]
    for token in tokens:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _word(tokens: list[_Word | str], text: str) -> _Word:
    if not tokens:
        raise PopulaceError(f"A name or a value is empty in {text!r}: write column=value.")
    if len(tokens) > 1 or not isinstance(tokens[0], _Word):
        raise PopulaceError(
            f"A name or a value in {text!r} mixes quoted and plain text: quote it whole."
        )
    return tokens[0]


# ---------------------------------------------------------------------- checking


def _column(name: str, schema: Schema) -> Column:
    names = schema.modelled.names
    if name not in names:
        same = [other for other in names if other.casefold() == name.casefold()]
        if len(same) == 1:
            name = same[0]
        elif name in schema:
            raise PopulaceError(
                f"The column {name} is not part of the model (its role is "
                f"{schema[name].role}): ask about another column."
            )
        else:
            raise PopulaceError(f"There is no column {name}{hint(name, names)}")
    return schema[name]


def _column_and_part(name: str, schema: Schema) -> tuple[Column, str]:
    """The column that a name means, and the part of its dates; empty for the whole."""
    names = {other.casefold() for other in schema.modelled.names}
    stem, dot, part = name.rpartition(".")
    if name.casefold() in names or not dot or stem.casefold() not in names:
        return _column(name, schema), ""
    column, part = _column(stem, schema), part.casefold()
    have = parts_of(column.format) if isinstance(column.format, DateFormat) else ()
    if not have:
        raise PopulaceError(f"The column {column.name} holds no dates, so it has no {part}.")
    if part not in have:
        raise PopulaceError(f"Dates of {column.name} have no {part}{hint(part, have)}")
    return column, part


def _part(column: Column, part: str, words: list[_Word]) -> tuple[int, ...]:
    """The numbers that words name of a part."""
    return part_of(column, part, "|".join(word.text for word in words))


def _parted(
    column: Column, numbers: Mapping[str, tuple[int, ...]], within: Fact | None
) -> DateParts:
    """A fact about parts of a date that can be."""
    if isinstance(within, DateParts):
        raise PopulaceError(f"A fact about {column.name} stands inside another: join them.")
    form = column.format
    have = parts_of(form) if isinstance(form, DateFormat) else ()
    for part in numbers:
        if part not in have:
            raise PopulaceError(f"Dates of {column.name} have no {part}{hint(part, have)}")
    if isinstance(within, Between):
        within = _between(column, within)
    elif within is not None:
        within = _one_of(column, [value for value in within.values if value != MISSING] or ["?"])
    fact = DateParts(tuple(numbers.items()), within)
    if column.lower is not None and column.upper is not None and not len(fact.spans(column)):
        raise PopulaceError(
            f"No date of {column.name} has {','.join(fact.lines(column.name))}: {_remedy(column)}."
        )
    return fact


def _fact(column: Column, words: list[_Word]) -> Fact:
    if not column.is_number:
        for word in words:
            if not word.quoted and _RANGE.match(word.text) and word.text not in column.levels:
                raise _not_a_number(column, word.text)
        return _one_of(column, [word.text for word in words])
    if isinstance(column.format, DateFormat):
        dated = _dates(column, column.format, words)
        if isinstance(dated, Between):
            return _between(column, dated)
        words = dated
    ranges = [ends for word in words if (ends := _ends(column, word.text)) is not None]
    if not ranges:
        return _one_of(column, [word.text for word in words])
    if len(words) > 1:
        raise PopulaceError(
            f"The fact about {column.name} joins a range with other values: "
            "give one range, or values alone."
        )
    lower, upper = ranges[0]
    try:
        fact = Between(lower, upper)
    except PopulaceError as error:
        raise PopulaceError(f"In the column {column.name} {_uncapitalised(error)}") from error
    return _between(column, fact)


def _dates(column: Column, form: DateFormat, words: list[_Word]) -> Between | list[_Word]:
    """Dates as counts; a range where one is named, or where one word names many days."""
    if len(words) == 1:
        ends = words[0].text.split("..") if ".." in words[0].text else [words[0].text] * 2
        named = [form.bounds(end.strip()) if end.strip() else None for end in ends]
        if len(ends) == 2 and any(named):
            unknown = [
                end for end, name in zip(ends, named, strict=True) if end.strip() and not name
            ]
            if unknown:
                raise _no_date(column, unknown[0])
            lower, upper = (name[i] if name else None for i, name in enumerate(named))
            if lower is not None and upper is not None and lower > upper:
                raise PopulaceError(
                    f"In the column {column.name} the range {words[0].text} is empty: "
                    f"write {ends[1]}..{ends[0]}."
                )
            if lower != upper:
                return Between(lower, upper)
    out = []
    for word in words:
        name = form.bounds(word.text)
        plain = word.text == MISSING or re.fullmatch(_NUMBER, word.text) or _RANGE.match(word.text)
        if name is None and not plain:
            raise _no_date(column, word.text)
        out.append(word if name is None else _Word(number_text(name[0]), quoted=word.quoted))
    return out


def _no_date(column: Column, word: str) -> PopulaceError:
    return PopulaceError(
        f"The column {column.name} holds dates and {word!r} is none: {_remedy(column)}."
    )


def _ends(column: Column, text: str) -> tuple[float | None, float | None] | None:
    """The ends of a range of numbers, plain or as the column writes them; None where it is none."""
    if match := _RANGE.match(text):
        lower, upper = (None if end is None else float(end) for end in match.groups())
        return lower, upper
    parts = [part.strip() for part in text.split("..")]
    if len(parts) != 2 or not any(parts):
        return None
    ends = [number_of(column, part) if part else None for part in parts]
    if any(part and end is None for part, end in zip(parts, ends, strict=True)):
        return None
    return ends[0], ends[1]


def number_of(column: Column, text: str) -> float | None:
    """A number, plain or as the column writes it; None where it is none."""
    if re.fullmatch(_NUMBER, text):
        return float(text)
    if isinstance(column.format, DurationFormat):
        named = column.format.bounds(text)
        return None if named is None else named[0]
    if not isinstance(column.format, NumberFormat | DateFormat):
        return None
    number = float(column.format.parse([text])[0])
    return number if math.isfinite(number) else None


def _between(column: Column, fact: Between) -> Between:
    if not column.is_number:
        raise _not_a_number(column, str(fact))
    for value, outside in (
        (fact.lower, column.upper is not None and (fact.lower or 0) > column.upper),
        (fact.upper, column.lower is not None and (fact.upper or 0) < column.lower),
    ):
        if value is not None and outside:
            raise _outside(column, str(fact), value)
    return fact


def _one_of(column: Column, values: list[str]) -> OneOf:
    states = {_state(column, value) for value in values}
    if column.is_number:
        return OneOf(tuple(sorted(states, key=lambda v: math.inf if v == MISSING else float(v))))
    return OneOf(tuple(state for state in column.states if state in states))


def _state(column: Column, value: str) -> str:
    """The value as the schema writes it."""
    if value == MISSING:
        if not column.missing:
            raise PopulaceError(
                f"The column {column.name} has no missing values: {_remedy(column)}."
            )
        return value
    if column.is_number:
        return _number(column, value)
    if value in column.levels:
        return value
    if column.kind == "boolean" and value.casefold() in _BOOLEANS:
        return _BOOLEANS[value.casefold()]
    if isinstance(column.format, BooleanFormat):
        words = {column.format.no.casefold(): "no", column.format.yes.casefold(): "yes"}
        if value.casefold() in words:
            return words[value.casefold()]
    same = [level for level in column.levels if level.casefold() == value.casefold()]
    if len(same) == 1:
        return same[0]
    raise PopulaceError(
        f"The column {column.name} has no level {value!r}{hint(value, column.states)}"
    )


def _number(column: Column, value: str) -> str:
    number = number_of(column, value)
    if number is None or not math.isfinite(number):
        raise PopulaceError(
            f"The column {column.name} holds numbers and {value!r} is none: {_remedy(column)}."
        )
    if column.kind == "integer" and not number.is_integer():
        below = math.floor(number)
        raise PopulaceError(
            f"The column {column.name} holds whole numbers and {value} is none: "
            f"use {below} or {below + 1}."
        )
    if column.lower is not None and number < column.lower:
        raise _outside(column, value, number)
    if column.upper is not None and number > column.upper:
        raise _outside(column, value, number)
    return number_text(number)


def _not_a_number(column: Column, text: str) -> PopulaceError:
    return PopulaceError(
        f"The column {column.name} holds no numbers, so {text} cannot be a range of it: "
        f"{_remedy(column)}."
    )


def _outside(column: Column, text: str, value: float) -> PopulaceError:
    lower, upper = column.lower, column.upper
    closest = upper if lower is None or (upper is not None and value > upper) else lower
    return PopulaceError(
        f"The column {column.name} has no values at {text}: {_remedy(column)}; "
        f"the closest is {column.text(closest or 0)}."
    )


def _remedy(column: Column) -> str:
    """What would do: the levels, or the range of the numbers."""
    if not column.is_number:
        return f"use {some_of(column.states)}"
    if column.lower is None or column.upper is None:
        return "use a number"
    return f"it goes from {column.text(column.lower)} to {column.text(column.upper)}"


def _uncapitalised(error: PopulaceError) -> str:
    sentence = str(error)
    return sentence[0].lower() + sentence[1:]
