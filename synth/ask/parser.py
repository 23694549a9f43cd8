"""Reads a question in words: the longest phrases that a population knows, numbers, negations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from synth.ask import words as w
from synth.ask.lexicon import Lexicon, Says, agreed, is_counted, lexicon, needs_column, statuses
from synth.ask.words import Words, number, words_of
from synth.data.column import MISSING, Column
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from synth.populations import Population

_MOST_WORDS = 60
_OLDEST = 120.0


@dataclass(frozen=True)
class Understood:
    """What a question was understood to say.

    Attributes
    ----------
    evidence : Evidence
        The facts; they fit the population's schema.
    unknown : tuple of str
        What was not understood, in the question's words, in lower case without accents.
    """

    evidence: Evidence
    unknown: tuple[str, ...] = ()


def understand(text: str, population: Population) -> Understood:
    """Read a question in words.

    Parameters
    ----------
    text : str
        "women in their thirties who garden, not married, earning more than 1,000".
    population : Population
        Whose words are known.

    Returns
    -------
    Understood
        No facts where nothing was understood.

    Raises
    ------
    PopulaceError
        The question has too many words.
    """
    words = words_of(text)
    if len(words) > _MOST_WORDS:
        raise PopulaceError(f"A question may have {_MOST_WORDS} words: say it in fewer.")
    reader = _Reader(lexicon(population), words, w.tokens(text))
    reader.read()
    return Understood(Evidence(reader.finished()), tuple(dict.fromkeys(reader.unknown)))


@dataclass
class _Reader:
    """One reading of a question, from left to right."""

    known: Lexicon
    words: Words
    spoken: list[str]
    at: int = 0
    facts: dict[str, Fact] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    context: str = ""
    denied: bool = False
    either: bool = False
    last: str = ""
    single: bool = False
    kin: bool = False

    # ------------------------------------------------------------------ the walk

    def read(self) -> None:
        """Read all words."""
        while self.at < len(self.words):
            if self._phrase() or self._number():
                continue
            word = self.words[self.at]
            self.at += 1
            if word in w.EITHER:
                self.either = True
            if word in w.NEGATIONS:
                self.denied = True
            elif word not in w.NOTHING and word not in w.UNITS and word not in "<>+=":
                self.unknown.append(self.spoken[self.at - 1])

    def _phrase(self) -> bool:
        """The longest known phrase from here on."""
        for length in range(min(self.known.longest, len(self.words) - self.at), 0, -1):
            phrase = self.words[self.at : self.at + length]
            if self._together(phrase) or self._level(phrase) or self._age(phrase):
                self.at += length
                return True
            if phrase in self.known.columns and (phrase not in w.AGED or not self._aged()):
                self.at += length
                self.context = self.known.columns[phrase]
                self._agree()
                return True
        return False

    def _agree(self) -> None:
        """A column of yes and no that is named says yes, unless its level follows."""
        column = self.known.schema[self.context]
        yes = agreed(column)
        if yes is None:
            return
        for length in range(min(self.known.longest, len(self.words) - self.at), 0, -1):
            following = self.words[self.at : self.at + length]
            meaning = self._meaning(following, self.context)
            if meaning is not None and needs_column(following):
                self.at += length
                self._take(meaning)
                return
        self._take(Says(column.name, yes))

    def _together(self, phrase: Words) -> bool:
        says = self.known.together.get(phrase)
        if says is None:
            return False
        self.kin = self.kin or any(
            self.known.schema[each.column].means == "children" for each in says
        )
        denied = self.denied
        for each in says:
            self.denied = denied and each is says[-1]
            self._take(each)
        return True

    def _meaning(self, phrase: Words, column: str) -> Says | None:
        says = self.known.levels.get(phrase, ())
        return next((each for each in says if each.column == column), None)

    def _level(self, phrase: Words) -> bool:
        says = self.known.levels.get(phrase)
        if not says:
            return False
        inside = self._meaning(phrase, self.context)
        if inside is None and needs_column(phrase):
            return False
        if inside is None and all(word in w.NOTHING for word in phrase):
            return False
        chosen = inside or says[0]
        if inside is None and phrase in self.known.columns:
            named = self.known.columns[phrase]
            if agreed(self.known.schema[named]) is None:
                return False  # a column's name, not a level
            self.context = named
            self.at += len(phrase)
            self._agree()
            self.at -= len(phrase)
            return True
        if chosen.column in self.known.interests and inside is None:
            self._interest(chosen)
        else:
            self._take(chosen)
        self.single = self.single or self._means_single(chosen)
        return True

    def _means_single(self, meaning: Says) -> bool:
        column = self.known.schema[meaning.column]
        return column.means == "marital" and list(meaning.levels) == statuses(column, "single")

    # ------------------------------------------------------------------ facts

    def _take(self, meaning: Says) -> None:
        """Add a fact: levels of a column, or all others where they are denied."""
        column = self.known.schema[meaning.column]
        before = self.facts.get(column.name)
        old = before.values if isinstance(before, OneOf) else ()
        levels = meaning.levels
        if self.denied:
            allowed = old or tuple(each for each in column.states if each != MISSING)
            levels = tuple(each for each in allowed if each not in meaning.levels)
        elif old and self.last == column.name:
            levels = tuple(each for each in column.states if each in (*old, *levels))
        if levels:
            self.facts[column.name] = OneOf(levels)
        else:
            self.unknown.append(" ".join(words_of(column.title)))
        self._done(column.name)

    def _interest(self, meaning: Says) -> None:
        """An interest goes to the first place that is free; a denied one is at no place."""
        if self.denied:
            for name in self.known.interests:
                schema = self.known.schema[name]
                old = self.facts.get(name)
                allowed = old.values if isinstance(old, OneOf) else schema.states
                rest = tuple(each for each in allowed if each not in meaning.levels)
                if rest:
                    self.facts[name] = OneOf(rest)
            self._done(meaning.column, context="")
            return
        if self.last in self.known.interests and self.either:
            places = [self.last]
        else:
            places = [name for name in self.known.interests if name not in self.facts]
        for name in places:
            levels = tuple(x for x in meaning.levels if x in self.known.schema[name].states)
            if levels:
                self._take(Says(name, levels))
                self.context = ""
                return
        self.unknown.append(" ".join(meaning.levels))

    def _done(self, column: str, *, context: str | None = None) -> None:
        following = self.words[self.at + 1 : self.at + 2]
        self.last, self.context = column, column if context is None else context
        self.denied = self.denied and bool(following) and following[0] in w.EITHER
        self.either = False

    # ------------------------------------------------------------------ numbers

    def _starts(self, phrases: Sequence[Words]) -> int:
        """How many words the longest of these phrases takes here; 0 where none begins."""
        lengths = (len(p) for p in phrases if self.words[self.at : self.at + len(p)] == p)
        return max(lengths, default=0)

    def _aged(self) -> bool:
        """Whether `age` here begins years."""
        following = self.words[self.at + 1 : self.at + 2]
        return bool(following) and (number(following[0]) is not None or following[0] in w.NOTHING)

    def _value(self) -> float | None:
        """The number here, with its unit; the place moves behind it."""
        if self.at >= len(self.words):
            return None
        value = number(self.words[self.at])
        if value is None:
            return None
        self.at += 1
        while self.at < len(self.words) and self.words[self.at] in w.UNITS:
            self.at += 1
        return value

    def _number(self) -> bool:
        """A range of numbers, such as "over 60", "25 to 35", "in their late thirties"."""
        if self._decade():
            return True
        begin = self.at
        self.at += self._starts(w.AGED)
        for phrases, strict, above in (
            (w.AT_LEAST, False, True),
            (w.AT_MOST, False, False),
            (w.ABOVE, True, True),
            (w.BELOW, True, False),
        ):
            length = self._starts(phrases)
            if not length:
                continue
            here, self.at = self.at, self.at + length
            value = self._value()
            if value is None:
                self.at = here
                continue
            if phrases is w.AT_LEAST and self._second() is not None:
                self.at = here + length
                break
            return self._range(value, None, strict) if above else self._range(None, value, strict)
        self.at += self._starts(w.BETWEEN)
        low = self._value()
        if low is None:
            self.at = begin
            return False
        high = self._second()
        if high is not None:
            return self._range(min(low, high), max(low, high))
        for phrases, ends in ((w.AND_ABOVE, (low, None)), (w.AND_BELOW, (None, low))):
            length = self._starts(phrases)
            if length:
                self.at += length
                return self._range(*ends)
        return self._range(low, low)

    def _second(self) -> float | None:
        """The number behind `to` or `and`; the place moves behind it where there is one."""
        here = self.at
        if self.at < len(self.words) and self.words[self.at] in w.JOINTS:
            self.at += 1
            value = self._value()
            if value is not None:
                return value
        self.at = here
        return None

    def _decade(self) -> bool:
        part = w.PARTS.get(self.words[self.at])
        place = self.at + (part is not None)
        begin = w.DECADES.get(self.words[place]) if place < len(self.words) else None
        if begin is None:
            return False
        first, last = part or (0.0, 9.0)
        self.at, self.context = place + 1, ""
        return self._range(begin + first, begin + last)

    def _age(self, phrase: Words) -> bool:
        years = self.known.ages.get(phrase)
        if years is None:
            return False
        ages = self._ages()
        if ages is None:
            return False
        self.at += len(phrase) - 1
        self._limit(ages, *years)
        self.at -= len(phrase) - 1
        return True

    def _ages(self) -> Column | None:
        return self.known.schema.first("age") or self.known.schema.first("age group")

    def _range(self, low: float | None, high: float | None, strict: bool = False) -> bool:
        """A range of the column that is named before or behind it; of the age where none is."""
        column = self._named()
        if column is None:
            self.unknown.append(f"{high if low is None else low:g}")
            self.denied = False
            return True
        if strict and column.kind != "real":
            low = None if low is None else low + 1
            high = None if high is None else high - 1
        self.at -= 1
        self._limit(column, low, high)
        self.at += 1
        return True

    def _named(self) -> Column | None:
        schema = self.known.schema
        if self.context and is_counted(schema[self.context]):
            return schema[self.context]
        here = self.at
        while here < len(self.words) and self.words[here] in w.NOTHING:
            here += 1
        for length in range(min(self.known.longest, len(self.words) - here), 0, -1):
            name = self.known.columns.get(self.words[here : here + length])
            if name is not None and is_counted(schema[name]):
                self.at = here + length
                return schema[name]
        for length in range(min(self.known.longest, len(self.words) - self.at), 0, -1):
            name = self.known.columns.get(self.words[self.at : self.at + length])
            if name is not None and is_counted(schema[name]):
                self.at += length
                return schema[name]
        return self._ages()

    def _limit(self, column: Column, low: float | None, high: float | None) -> None:
        """Add a range, cut to what the column can be."""
        if column.kind == "categorical":
            levels = [x for x in column.levels if _overlaps(x, low, high)]
            if levels:
                self._take(Says(column.name, tuple(levels)))
            else:
                self._say_outside(column, low, high)
            return
        lower, upper = column.bounds
        asked_of_age = column.means == "age" and max(low or 0.0, high or 0.0) > _OLDEST
        outside = (low is not None and low > upper) or (high is not None and high < lower)
        if asked_of_age or outside:
            self._say_outside(column, low, high)
            return
        low = None if low is None or low <= lower else low
        high = None if high is None or high >= upper else high
        if self.denied and (low is None) != (high is None):
            step = 1.0 if column.kind != "real" else 0.0
            low, high = (None, low - step) if low is not None else ((high or 0.0) + step, None)
        old = self.facts.get(column.name)
        if isinstance(old, Between):
            low = old.lower if low is None else low
            high = old.upper if high is None else high
        if low is not None or high is not None:
            self.facts[column.name] = Between(low, high)
        self._done(column.name)

    def _say_outside(self, column: Column, low: float | None, high: float | None) -> None:
        ends = " to ".join(dict.fromkeys(f"{end:g}" for end in (low, high) if end is not None))
        self.unknown.append(f"{column.title.lower()} {ends}")
        self._done(column.name)

    # ------------------------------------------------------------------ the end

    def finished(self) -> dict[str, Fact]:
        """The facts, with what only the whole question tells."""
        if self.single and self.kin:
            self._single_parent()
        return self.facts

    def _single_parent(self) -> None:
        """A single parent is one without a partner, whatever they were before."""
        schema = self.known.schema
        marital, partner = schema.first("marital"), schema.first("partner")
        if partner is not None and "none" in partner.levels and partner.name not in self.facts:
            if marital is not None:
                self.facts.pop(marital.name, None)
            self.facts[partner.name] = OneOf(("none",))
        elif marital is not None:
            alone = [
                level
                for status in ("single", "separated", "divorced", "widowed")
                for level in statuses(marital, status)
            ]
            self.facts[marital.name] = OneOf(tuple(x for x in marital.levels if x in alone))


def _overlaps(level: str, low: float | None, high: float | None) -> bool:
    """Whether at least half of a group of years lies in a range."""
    ends = [float(each) for each in re.findall(r"\d+", level)[:2]]
    if not ends:
        return False
    begin, end = ends[0], ends[-1] if len(ends) > 1 else ends[0] + 10
    inside = min(end + 1, (high if high is not None else end) + 1) - max(begin, low or begin)
    return inside * 2 >= end + 1 - begin


__all__ = ["Understood", "understand"]
