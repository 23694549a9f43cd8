"""What a table's columns are: inferred, corrected, kept as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd

from synth.data.column import Column, Role, check_name, column_from_json
from synth.data.conform import completed_column, conform_column
from synth.data.formats import format_to_json
from synth.data.infer import infer_column
from synth.data.meaning import Meaning
from synth.data.wording import hint
from synth.errors import PopulaceError


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order; look one up by name with ``schema["age"]``.

    Attributes
    ----------
    columns : tuple of Column
        Their names differ.
    """

    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        _check_unique(self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def canonical(self) -> Schema:
        """The same columns, however they are written."""
        return Schema(
            tuple(
                replace(column, format=None, storage="", missing_word=None)
                for column in self.columns
            )
        )

    @property
    def modelled(self) -> Schema:
        """The columns that a network learns: those of role "model"."""
        return self.of_role("model")

    def of_role(self, *roles: Role) -> Schema:
        """The columns that have one of the roles."""
        return Schema(tuple(column for column in self.columns if column.role in roles))

    def of_meaning(self, meaning: Meaning) -> tuple[Column, ...]:
        """The columns of a meaning, those of role "skip" left out.

        In the schema's order; interests whose names end in a number (``top1``, ``top2``) in the
        order of the numbers.
        """
        columns = [c for c in self.columns if c.role != "skip" and c.means == meaning]
        if meaning == "interest":
            ranks = [re.search(r"\d+$", column.name) for column in columns]
            if all(ranks):
                columns.sort(key=lambda c: int(c.name[len(c.name.rstrip("0123456789")) :]))
        return tuple(columns)

    def first(self, meaning: Meaning) -> Column | None:
        """The column of a meaning: one where it is set, else by its name, else by its levels."""
        columns = self.of_meaning(meaning)
        explicit = [c for c in columns if c.meaning is not None]
        named = [c for c in columns if c._meaning_of_name == meaning]
        return next(iter((*explicit, *named, *columns)), None)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise PopulaceError(f"There is no column {name}{hint(name, self.names)}")

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def select(self, names: Sequence[str]) -> Schema:
        """The named columns, in the order of `names`.

        Parameters
        ----------
        names : sequence of str
            Names of columns.

        Returns
        -------
        Schema
            Those columns.
        """
        return Schema(tuple(self[name] for name in names))

    def without(self, *names: str) -> Schema:
        """The schema less the named columns."""
        gone = {self[name].name for name in names}
        return Schema(tuple(column for column in self.columns if column.name not in gone))

    def changed(self, name: str, **changes: Any) -> Schema:
        """A schema in which one column has other attributes: ``changed("weight", role="weight")``.

        A column that changes its kind loses its levels, bounds and step unless they are given;
        `completed` finds them again in the data.

        Parameters
        ----------
        name : str
            The column.
        **changes
            Attributes of `Column`.

        Returns
        -------
        Schema
            The schema with the column changed.
        """
        column = self[name]
        if changes.get("kind", column.kind) != column.kind:
            unknown = {"levels": (), "lower": None, "upper": None, "step": None, "format": None}
            changes = unknown | changes
        new = replace(column, **changes)
        return Schema(tuple(new if c.name == name else c for c in self.columns))

    # ------------------------------------------------------------------ data

    @staticmethod
    def infer(frame: pd.DataFrame) -> Schema:
        """The schema that the data suggest; `infer_with_notes` also says what was left out.

        Parameters
        ----------
        frame : pd.DataFrame
            Rows as they were read.

        Returns
        -------
        Schema
            A column for each of the frame.
        """
        return infer_with_notes(frame)[0]

    def completed(self, frame: pd.DataFrame) -> Schema:
        """Levels, bounds and steps that the schema does not give, found in the data.

        Parameters
        ----------
        frame : pd.DataFrame
            Rows as they were read.

        Returns
        -------
        Schema
            Complete for every column that the frame has.
        """
        done = []
        for column in self.columns:
            if column.role == "skip" or column.name not in frame.columns:
                done.append(column)
                continue
            done.append(completed_column(column, frame[column.name]))
        return Schema(tuple(done))

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame in canonical dtypes, columns in schema order, those of role "skip" left out.

        Categorical columns become ``pd.Categorical`` with the schema's levels, booleans ``bool``
        (or nullable "boolean"), integers int64 (nullable where values can be missing), reals
        float64. Columns that the schema does not name are dropped.

        Parameters
        ----------
        frame : pd.DataFrame
            Rows as they were read.

        Returns
        -------
        pd.DataFrame
            As many rows.

        Raises
        ------
        PopulaceError
            A column is absent, or holds a value that its kind or levels do not allow.
        """
        kept = [column for column in self.columns if column.role != "skip"]
        for column in kept:
            if column.name not in frame.columns:
                names = [str(name) for name in frame.columns]
                raise PopulaceError(
                    f"The table has no column {column.name}{hint(column.name, names)}"
                )
        data = {column.name: conform_column(frame[column.name], column) for column in kept}
        return pd.DataFrame(data, index=pd.RangeIndex(len(frame)))

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """The schema as JSON-ready values; what equals its default is left out."""
        columns = []
        for column in self.columns:
            entry = {
                field.name: getattr(column, field.name)
                for field in fields(Column)
                if getattr(column, field.name) != field.default
            }
            if column.format is not None:
                entry["format"] = format_to_json(column.format)
            if column.kind == "boolean":
                entry.pop("levels", None)
            elif "levels" in entry:
                entry["levels"] = list(column.levels)
            columns.append(entry)
        return {"columns": columns}

    @staticmethod
    def from_json(value: str | Mapping[str, Any]) -> Schema:
        """The schema written by `to_json`, given as values or as JSON text.

        Parameters
        ----------
        value : str or mapping
            JSON.

        Returns
        -------
        Schema
            The columns.

        Raises
        ------
        PopulaceError
            It is no schema, or a damaged one.
        """
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (json.JSONDecodeError, RecursionError) as error:
                raise PopulaceError(
                    "The schema is not valid JSON: write it with `Schema.to_json`."
                ) from error
        if not isinstance(value, Mapping) or not isinstance(value.get("columns"), list):
            raise PopulaceError('The schema needs a list called "columns", one entry for each.')
        return Schema(tuple(column_from_json(entry) for entry in value["columns"]))


def _check_unique(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise PopulaceError(f"The column {twice} is there twice: rename one of the two.")


def infer_with_notes(frame: pd.DataFrame) -> tuple[Schema, tuple[str, ...]]:
    """The schema that the data suggest, and one sentence for each column that is left out.

    Identifiers, free text, dates, nested values and columns without variation get the role
    "skip"; the sentence says which and what to do.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as they were read.

    Returns
    -------
    Schema
        A column for each of the frame.
    tuple of str
        The sentences.

    Raises
    ------
    PopulaceError
        A column has no name, a name twice, infinite values, or numbers mixed with texts.
    """
    names = list(frame.columns)
    for position, name in enumerate(names, start=1):
        if not isinstance(name, str):
            raise PopulaceError(
                f"Column {position} has no name in words ({name!r}): give every column a name."
            )
        if not name.strip():
            raise PopulaceError(f"Column {position} has no name: give every column a name.")
        check_name(name)
    _check_unique(names)
    inferred = [infer_column(frame[name], name) for name in names]
    return Schema(tuple(column for column, _ in inferred)), tuple(
        note for _, note in inferred if note
    )
