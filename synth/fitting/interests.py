"""Interests learned from what people write or do, as columns top1 to top3 of their table.

An `InterestSource` says where they are to come from: a column of texts, or a second table with a
row for each person and item that a key joins to the first. `learn_interests` learns them
(`synth.interests`). What fewer than five people wrote or did is left out, so that no keyword speaks
of one person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.column import MISSING, Column
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.interests import Counts, Learned, learn

TOPICS = (2, 40)
"""How few and how many interests can be asked for."""
RANKS: Mapping[str, str] = {
    "top1": "First interest",
    "top2": "Second interest",
    "top3": "Third interest",
}
FEWEST = 5
"""An item that fewer people have is left out."""
_ITEM_LENGTH = 40
_NESTED = (list, dict, tuple, np.ndarray)

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class InterestSource:
    """Where interests are to come from.

    Attributes
    ----------
    topics : int
        How many, 2 to 40.
    text : str
        A column of the table with what each person wrote; or else
    key : str
        the column of the table that says who each row is, and
    person, item, amount : str
        the columns of a second table: who, what, and how much (empty: each row counts once).
    """

    topics: int = 10
    text: str = ""
    key: str = ""
    person: str = ""
    item: str = ""
    amount: str = ""

    def checked(self, schema: Schema) -> InterestSource:
        """The source itself, or a PopulaceError on what a table of this schema does not have."""
        if not TOPICS[0] <= self.topics <= TOPICS[1]:
            raise PopulaceError(
                f"{self.topics} interests are asked for: ask for {TOPICS[0]} to {TOPICS[1]}."
            )
        if bool(self.text) == bool(self.key and self.person and self.item):
            raise PopulaceError(
                "Interests come from a column of texts, or from a second table: name the column, "
                "or the key, the person and the item."
            )
        schema[self.text or self.key]  # raises where there is none
        taken = [name for name in RANKS if name in schema]
        if taken:
            raise PopulaceError(
                f"The table has a column {taken[0]} already, where interests would stand: rename "
                "it, or learn without interests."
            )
        return self

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> InterestSource:
        """What `to_json` wrote; KeyError, TypeError or ValueError where it is damaged."""
        words = {name: str(value[name]) for name in ("text", "key", "person", "item", "amount")}
        return InterestSource(int(value["topics"]), **words)


@dataclass(frozen=True)
class SecondTable:
    """A second table, as the visitor chooses from it: its columns, and which are numbers."""

    name: str
    rows: int
    columns: tuple[str, ...]
    numbers: tuple[str, ...]

    @staticmethod
    def of(frame: pd.DataFrame, name: str) -> SecondTable:
        """What a frame of `table.read_frame` offers."""
        numbers = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c])]
        return SecondTable(
            name, len(frame), tuple(map(str, frame.columns)), tuple(map(str, numbers))
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> SecondTable:
        """What `to_json` wrote."""
        names = {part: tuple(map(str, value[part])) for part in ("columns", "numbers")}
        return SecondTable(str(value["name"]), int(value["rows"]), **names)


@dataclass(frozen=True)
class Interest:
    """One interest: its name, its keywords, and the share of people who have it first."""

    name: str
    keywords: tuple[str, ...]
    share: float

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Interest:
        """What `dataclasses.asdict` made of it."""
        return Interest(
            str(value["name"]), tuple(map(str, value["keywords"])), float(value["share"])
        )


@dataclass(frozen=True, eq=False)
class LearnedInterests:
    """Interests of a table's people.

    Attributes
    ----------
    interests : tuple of Interest
        The commonest first interest first.
    columns : tuple of Column
        top1 and, where some people have more than one interest, top2 and top3.
    frame : pd.DataFrame
        These columns, a row for each row of the table; missing where somebody has fewer.
    note : str
        A sentence on what they were learned from.
    """

    interests: tuple[Interest, ...]
    columns: tuple[Column, ...]
    frame: pd.DataFrame
    note: str

    @property
    def keywords(self) -> dict[str, tuple[str, ...]]:
        """Interest → what describes it."""
        return {interest.name: interest.keywords for interest in self.interests}

    @property
    def rules(self) -> str:
        """Nobody has the same interest twice; as `parse_rules` reads them."""
        names = [column.name for column in self.columns]
        pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        return "\n".join(f"{a} != {b}" for a, b in pairs)


def learn_interests(
    frame: pd.DataFrame,
    source: InterestSource,
    second_table: pd.DataFrame | None = None,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> LearnedInterests:
    """Learn the interests of a table's people.

    Parameters
    ----------
    frame : pd.DataFrame
        The table, a row for each person, as `table.read_frame` gives it.
    source : InterestSource
        Where they come from.
    second_table : pd.DataFrame, optional
        Where the source speaks of one.
    seed : int
        The same seed gives the same interests.
    progress : callable, optional
        Gets the share that is done, between 0 and 1, and words.

    Raises
    ------
    PopulaceError
        A column lacks or holds something else, nobody of the table is in the second one, or there
        is too little to learn from.
    """
    say = progress or (lambda share, words: None)
    if source.text:
        texts = _texts(frame, source.text)
        counts = Counts.texts(texts.reset_index(drop=True), min_people=FEWEST)
        counts = counts.aligned([word for word in counts.items if len(word) <= _ITEM_LENGTH])
        who = pd.Index(np.arange(len(frame)))
        what, where = "words", f"column {source.text}"
        last = " The texts themselves are not learned."
    else:
        counts, who = _long(frame, source, second_table)
        what, where, last = "items", f"column {source.item} of a second table", ""
    if len(counts.items) < source.topics:
        raise PopulaceError(
            f"The {where} is too little for {source.topics} interests, with {len(counts.items):,} "
            f"{what} that {FEWEST} people or more share: ask for fewer, or choose another column."
        )
    learned = learn(
        counts,
        source.topics,
        seed=seed,
        threads=1,
        progress=lambda passes, perplexity: say(
            1 - 0.97**passes, f"Finding interests: pass {passes}, perplexity {perplexity:,.1f}"
        ),
    )
    some = counts.people[np.diff(counts.matrix.indptr) > 0]
    known = int((some.get_indexer(who) >= 0).sum())
    note = f"{source.topics} interests were learned from {len(counts.items):,} {what} of {where}"
    note += f", for {known:,} of {len(frame):,} people." if known < len(frame) else "."
    return _named(learned, who, note + last)


def _texts(frame: pd.DataFrame, name: str) -> pd.Series:
    column = _column(frame, name, "The table")
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
        raise PopulaceError(f"Column {name} holds no texts: choose one in which people write.")
    return _words(column)


def _long(
    frame: pd.DataFrame, source: InterestSource, second_table: pd.DataFrame | None
) -> tuple[Counts, pd.Index]:
    """What everybody in the second table did, and who the rows of the first are."""
    if second_table is None:
        raise PopulaceError("The plan takes interests from a second table: give that table too.")
    who = _keys(_column(frame, source.key, "The table"))
    columns = {
        "person": _keys(_column(second_table, source.person, "The second table")),
        "item": _clean(_column(second_table, source.item, "The second table")),
    }
    if source.amount:
        columns["amount"] = _column(second_table, source.amount, "The second table")
    rows = pd.DataFrame(columns).dropna(subset=["person"])
    rows = rows.rename(columns={"amount": source.amount or "amount"})
    if not rows["person"].isin(who).any():
        raise PopulaceError(
            f"Nobody in column {source.key} of the table is in column {source.person} of the "
            "second one: choose the two columns that name the same people."
        )
    counts = Counts.long(rows, "person", "item", source.amount or None).used_by(FEWEST)
    return counts, pd.Index(who)


def _column(frame: pd.DataFrame, name: str, table: str) -> pd.Series:
    if name not in frame.columns:
        raise PopulaceError(f"{table} has no column {name}: choose one that it has.")
    return frame[name]


def _words(column: pd.Series) -> pd.Series:
    """Cells as Python's texts, None where they are missing."""
    if column.dtype == object and any(isinstance(cell, _NESTED) for cell in column):
        raise PopulaceError(f"Column {column.name} holds lists: choose one of texts or numbers.")
    try:
        words = column.astype("string").astype(object)
    except (TypeError, ValueError) as error:
        raise PopulaceError(
            f"Column {column.name} holds neither texts nor numbers: choose another."
        ) from error
    return words.where(words.notna(), None)


def _keys(column: pd.Series) -> pd.Series:
    """Who somebody is, as a text: 7, 7.0 and "7 " are the same person."""
    if pd.api.types.is_float_dtype(column):
        whole = column.dropna()
        if np.isfinite(whole).all() and (whole == np.rint(whole)).all():
            column = column.astype("Int64")
    words = _words(column)
    return words.map(lambda word: word.strip() or None, na_action="ignore")


def _clean(column: pd.Series) -> pd.Series:
    """Items as short printable texts."""

    def tidy(word: str) -> str | None:
        shown = "".join(c if c.isprintable() else " " for c in word[: 4 * _ITEM_LENGTH])
        shown = " ".join(shown.split())
        return (shown if len(shown) <= _ITEM_LENGTH else shown[: _ITEM_LENGTH - 1] + "…") or None

    words = _words(column)
    seen = {word: tidy(word) for word in words.dropna().unique()}
    return words.map(seen, na_action="ignore").astype(object)


def _named(learned: Learned, who: pd.Index, note: str) -> LearnedInterests:
    tops = learned.joined(pd.DataFrame({"who": who}), "who", len(RANKS)).drop(columns="who")
    model = learned.interests
    names = {}
    for number, name in enumerate(model.names, 1):
        plain = name if model.keywords[name] else f"Interest {number}"
        names[name] = plain if plain != MISSING else plain.capitalize()
    tops = tops.apply(lambda column: column.cat.rename_categories(names))
    columns = []
    for name in tops:
        levels = tuple(tops[name].cat.remove_unused_categories().cat.categories)
        if len(levels) < 2:
            break
        absent = bool(tops[name].isna().any())
        columns.append(Column(name, "categorical", levels, absent, label=RANKS[name]))
    if not columns:
        raise PopulaceError(
            "The people of the table cannot be told apart by interests: choose another column, or "
            "ask for more interests."
        )
    first = tops["top1"].value_counts(normalize=True)
    interests = [
        Interest(plain, model.keywords[name], float(first.get(plain, 0.0)))
        for name, plain in names.items()
    ]
    interests.sort(key=lambda interest: -interest.share)
    frame = tops[[column.name for column in columns]]
    return LearnedInterests(tuple(interests), tuple(columns), frame, note)


__all__ = [
    "FEWEST",
    "RANKS",
    "TOPICS",
    "Interest",
    "InterestSource",
    "LearnedInterests",
    "SecondTable",
    "learn_interests",
]
