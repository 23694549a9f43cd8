"""A population's own words: phrase → what it may say of a person."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from synth import describe
from synth.ask import words as w
from synth.ask.words import Words, words_of
from synth.data.column import MISSING, Column
from synth.data.formats import DateFormat
from synth.data.meaning import gender_of, marital_of, partner_of
from synth.data.schema import Schema

if TYPE_CHECKING:
    from synth.populations import Population

_NEED_CONTEXT = frozenset(
    words_of(text)[0]
    for text in ("yes", "no", "none", "other", "most", "several", "own", "fair", "good", "poor")
)
_SPLIT = re.compile(r"\s*[&,/]\s*")


@dataclass(frozen=True)
class Says:
    """What a phrase says: that a column has one of these levels.

    Attributes
    ----------
    column : str
        The column's name.
    levels : tuple of str
        At least one.
    """

    column: str
    levels: tuple[str, ...]


@dataclass
class Lexicon:
    """The words of a schema.

    Attributes
    ----------
    levels : dict of tuple of str to list of Says
        Phrase → columns and levels that it may mean; the likelier come first.
    together : dict of tuple of str to tuple of Says
        Phrase → several facts at once.
    columns : dict of tuple of str to str
        Phrase → the column that it names.
    ages : dict of tuple of str to (float or None, float or None)
        Phrase → years.
    interests : tuple of str
        The columns of interests, in their order.
    longest : int
        Words of the longest phrase.
    """

    schema: Schema
    levels: dict[Words, list[Says]] = field(default_factory=lambda: defaultdict(list))
    together: dict[Words, tuple[Says, ...]] = field(default_factory=dict)
    columns: dict[Words, str] = field(default_factory=dict)
    ages: dict[Words, tuple[float | None, float | None]] = field(default_factory=dict)
    interests: tuple[str, ...] = ()
    longest: int = 1

    def finish(self) -> Lexicon:
        """Note how long phrases get."""
        known = (*self.levels, *self.together, *self.columns, *self.ages)
        self.longest = max((len(phrase) for phrase in known), default=1)
        return self

    def say(self, phrase: Words, column: str, levels: Iterable[str]) -> None:
        """Let a phrase mean levels of a column, after what it means already."""
        meaning = Says(column, tuple(levels))
        if phrase and meaning.levels and all(each.column != column for each in self.levels[phrase]):
            self.levels[phrase].append(meaning)


@lru_cache(maxsize=32)
def _kept(digest: str, population: Population) -> Lexicon:
    return _of(population)


def lexicon(population: Population) -> Lexicon:
    """The words of a population, worked out once.

    Parameters
    ----------
    population : Population
        Its modelled columns, interests and keywords are named.

    Returns
    -------
    Lexicon
    """
    return _kept(population.digest, population)


def _of(population: Population) -> Lexicon:
    schema = population.modelled
    lexicon = Lexicon(schema, interests=population.interests)
    order = [*(name for name in population.featured if name in schema.names), *schema.names]
    columns = [schema[name] for name in dict.fromkeys(order)]
    yes_or_no = [column for column in columns if agreed(column) is not None]
    choices = [c for c in columns if c.kind == "categorical" and c not in yes_or_no]
    for column in yes_or_no:
        for phrase in _names(column):
            lexicon.say(phrase, column.name, agreed(column) or ())
    for column in (*yes_or_no, *choices):
        for level in column.states:
            _level(lexicon, column, level)
    for column in columns:
        _column(lexicon, column)
    _people(lexicon, schema)
    for name in lexicon.interests:
        for interest, keywords in population.keywords.items():
            if interest in schema[name].states:
                for keyword in keywords:
                    lexicon.say(words_of(keyword), name, (interest,))
    for column in choices:
        _parts(lexicon, column)
    _aliases(lexicon)
    return lexicon.finish()


def agreed(column: Column) -> tuple[str, ...] | None:
    """The level that says yes, of a column of yes and no."""
    if column.kind == "boolean":
        return ("yes",)
    levels = {level.casefold(): level for level in column.levels}
    spoken = column.kind == "categorical" and set(levels) == {"yes", "no"}
    return (levels["yes"],) if spoken else None


def is_counted(column: Column) -> bool:
    """Whether a column holds plain numbers, not dates."""
    return column.is_number and not isinstance(column.format, DateFormat)


def _level(lexicon: Lexicon, column: Column, level: str) -> None:
    if level == MISSING and column.means == "interest":
        lexicon.say(words_of("no interest"), column.name, (level,))
    for text in (describe.level_words(column, level), level.replace("_", " ")):
        lexicon.say(words_of(text), column.name, (level,))


def needs_column(phrase: Words) -> bool:
    """Whether a level says something only behind its column's name: yes, none, other."""
    return (len(phrase) == 1 and phrase[0] in _NEED_CONTEXT) or phrase == words_of("not stated")


def _names(column: Column) -> list[Words]:
    """How a column is called."""
    title = re.sub(r"\([^)]*\)", "", column.title)
    texts = (column.title, title, title.partition(",")[0], column.name.replace("_", " "))
    return [words for words in dict.fromkeys(map(words_of, texts)) if words]


def _column(lexicon: Lexicon, column: Column) -> None:
    for phrase in _names(column):
        lexicon.columns.setdefault(phrase, column.name)
    if not column.is_number:
        return
    for line, part in w.COLUMNS.items():
        if part == column.means or part in f"{column.name} {column.title}".casefold():
            for phrase in w.phrases(line):
                lexicon.columns.setdefault(phrase, column.name)


def _parts(lexicon: Lexicon, column: Column) -> None:
    """Beginnings and parts of levels: `high school`, `fitness` of `Gym & fitness`."""
    beginnings: dict[Words, list[str]] = defaultdict(list)
    for level in column.levels:
        text = describe.level_words(column, level)
        for part in _SPLIT.split(text):
            beginnings[words_of(part)].append(level)
        phrase = words_of(text)
        for end in range(1, len(phrase)):
            beginnings[phrase[:end]].append(level)
    for phrase, levels in beginnings.items():
        useful = phrase and any(len(word) > 3 and word.isalpha() for word in phrase)
        if useful and phrase[-1] not in w.NOTHING and phrase[0] not in w.NEGATIONS:
            lexicon.say(phrase, column.name, dict.fromkeys(levels))


def _people(lexicon: Lexicon, schema: Schema) -> None:
    """What people are called by gender, marital status, children and age."""
    gender, marital, children = (schema.first(m) for m in ("gender", "marital", "children"))
    if gender is not None:
        for value, line in w.GENDERS.items():
            levels = [each for each in gender.levels if gender_of(each, gender.levels) == value]
            for phrase in w.phrases(line):
                lexicon.say(phrase, gender.name, levels)
    if marital is not None:
        for status, line in w.MARITAL.items():
            for phrase in w.phrases(line):
                lexicon.say(phrase, marital.name, statuses(marital, status))
        levels = [x for x in marital.levels if marital_of(x) not in ("married", "remarried", None)]
        lexicon.say(words_of(w.UNMARRIED), marital.name, levels)
    partner = schema.first("partner")
    if partner is not None:
        for phrase in w.phrases(w.MARITAL["partnered"]):
            levels = [level for level in partner.levels if partner_of(level) == "partner"]
            lexicon.say(phrase, partner.name, levels)
    if children is not None and agreed(children):
        for phrase in w.phrases(w.CHILDREN):
            lexicon.say(phrase, children.name, agreed(children) or ())
    for line, facts in w.KIN.items():
        says = [_kin(schema, meaning, value) for meaning, value in facts.items()]
        if all(says):
            for phrase in w.phrases(line):
                lexicon.together[phrase] = tuple(each for each in says if each is not None)
    for line, years in w.AGES.items():
        for phrase in w.phrases(line):
            lexicon.ages[phrase] = years


def statuses(column: Column, status: str) -> list[str]:
    """The levels of a column that say a marital status."""
    return [level for level in column.levels if marital_of(level) == status]


def _kin(schema: Schema, meaning: str, value: str) -> Says | None:
    column = next((each for each in schema if each.means == meaning), None)
    if column is None:
        return None
    if meaning == "gender":
        levels = [x for x in column.levels if gender_of(x, column.levels) == value]
    elif meaning == "marital":
        levels = statuses(column, value)
    else:
        levels = [x for x in column.states if x.casefold() == value]
    return Says(column.name, tuple(levels)) if levels else None


def _aliases(lexicon: Lexicon) -> None:
    for line, target in w.ALIASES.items():
        wanted = words_of(target)
        negated = wanted[0] in w.NEGATIONS
        for meaning in list(lexicon.levels.get(wanted[1:] if negated else wanted, ())):
            column = lexicon.schema[meaning.column]
            others = tuple(level for level in column.levels if level not in meaning.levels)
            levels = others if negated else meaning.levels
            for phrase in w.phrases(line):
                lexicon.say(phrase, meaning.column, levels)


__all__ = ["Lexicon", "Says", "agreed", "is_counted", "lexicon", "needs_column", "statuses"]
