"""From an Arrow filter to evidence: whatever a filter says of one column is tried on its values.

A filter is taken apart where it says *and*. What speaks of one column alone, however it says so,
is evaluated for every value that the column can have, and the values of which it is true are the
fact: no operator needs to be known here. What remains (about several columns, about columns
without codes, about too many values) is left to be applied to people who are drawn.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from synth.bayes.coding import Coding
from synth.bayes.inference import Posterior
from synth.data.column import MISSING
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.generators.base import Conditional
from synth.populations.as_written import AsWritten, canonical

MOST_VALUES = 1 << 21
"""Values of a column that a filter is tried on."""
MOST_NAMED = 512
"""Separate numbers that a fact names."""
_AND = ("and_kleene", "and")

Token = tuple[str, str]
"""One entry of a serialised expression: what it is, and its name or place."""


@dataclass(frozen=True)
class Pushed:
    """A filter, taken apart.

    Attributes
    ----------
    facts : Evidence
        What became evidence.
    rest : pyarrow.compute.Expression or None
        What people who are drawn must pass still.
    columns : tuple of str
        The columns of which `rest` speaks.
    nobody : bool
        Whether no value at all passes.
    """

    facts: Evidence
    rest: pc.Expression | None
    columns: tuple[str, ...]
    nobody: bool = False


def pushed(people: Conditional, condition: pc.Expression) -> Pushed:
    """Take a filter apart into evidence about people and what must be tried on them.

    Parameters
    ----------
    people : Conditional
        Whom the filter is about; facts that are known of them are joined to those of the filter.
    condition : pyarrow.compute.Expression
        As DuckDB and Polars hand it to a dataset.
    """
    parts = conjuncts(condition)
    posterior = canonical(people)
    if not isinstance(posterior, Posterior) or not posterior.exact:
        return _left(Evidence(), parts)
    about: dict[str, list[_Part]] = {}
    rest = []
    for part in parts:
        alone = part.columns[0] if len(part.columns) == 1 else ""
        if alone in posterior.network.codings and alone not in posterior.do:
            about.setdefault(alone, []).append(part)
        else:
            rest.append(part)
    facts: dict[str, Fact] = {}
    for name, same in about.items():
        values = _values(people, posterior, name)
        if values is None:
            rest += same
            continue
        try:
            passed = _true(values.written, _all_of([part.expression for part in same]))
        except pa.ArrowException:  # it is about other types; people who are drawn will say so
            rest += same
            continue
        passed &= values.possible
        if not passed.any():
            return Pushed(Evidence(), None, (), nobody=True)
        if passed.all() and name not in posterior.evidence:
            continue
        fact = values.fact(passed)
        if fact is None:
            rest += same
        else:
            facts[name] = fact
    return _left(Evidence(facts), rest)


def _left(facts: Evidence, parts: Sequence[_Part]) -> Pushed:
    columns = dict.fromkeys(name for part in parts for name in part.columns)
    rest = _all_of([part.expression for part in parts]) if parts else None
    return Pushed(facts, rest, tuple(columns))


def _all_of(expressions: Sequence[pc.Expression]) -> pc.Expression:
    whole = expressions[0]
    for other in expressions[1:]:
        whole = whole & other
    return whole


# ---------------------------------------------------------------------- the values of a column


@dataclass(frozen=True, eq=False)
class _Values:
    """Every value that a column can have.

    Attributes
    ----------
    coding : Coding
        The column's.
    numbers : array
        Numbers in ascending order, or the codes of levels.
    written : pyarrow.Table
        One column, as people's table has it; a missing value in the last row, where there is one.
    possible : bool array
        In which rows is what the facts known of people leave.
    """

    coding: Coding
    numbers: np.ndarray
    written: pa.Table
    possible: np.ndarray

    def fact(self, passed: np.ndarray) -> Fact | None:
        """The fact that the column has one of the values that passed; None where none says so."""
        column = self.coding.column
        absent = bool(column.missing and passed[-1])
        at = np.flatnonzero(passed[: len(self.numbers)])
        if not column.is_number:
            named = [column.levels[i] if column.levels else ("no", "yes")[i] for i in at]
            return OneOf((*named, *([MISSING] if absent else [])))
        if len(at) and not absent and at[-1] - at[0] + 1 == len(at):
            return Between(float(self.numbers[at[0]]), float(self.numbers[at[-1]]))
        if len(at) > MOST_NAMED:
            return None
        named = [number_text(float(self.numbers[i])) for i in at]
        return OneOf((*named, *([MISSING] if absent else [])))


def _values(people: Conditional, posterior: Posterior, name: str) -> _Values | None:
    """Every value of a column that the facts known of people leave; None for too many."""
    coding = posterior.network.codings[name]
    column = coding.column
    pieces = coding.pieces
    left = np.ones(coding.size)
    if name in posterior.evidence:
        likelihood = coding.likelihood(posterior.evidence[name])
        pieces, left = likelihood.pieces, likelihood.codes
    if pieces is None:
        numbers, possible = np.arange(coding.size - column.missing), left > 0
    else:
        lengths = pieces.last - pieces.first + 1
        if lengths.sum() > MOST_VALUES:
            return None
        runs = [
            np.arange(low, high + 1) for low, high in zip(pieces.first, pieces.last, strict=True)
        ]
        numbers = np.unique(coding.value(np.concatenate(runs) if runs else np.zeros(0, np.int64)))
        possible = np.append(np.ones(len(numbers)), left[-1] if column.missing else []) > 0
    frame = _frame(coding, numbers)
    if isinstance(people, AsWritten):
        table = people.form.table(frame)
    else:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    return _Values(coding, numbers, table, possible)


def _frame(coding: Coding, numbers: np.ndarray) -> pd.DataFrame:
    """One column of values in its canonical dtype, the missing one last."""
    column = coding.column
    cells: list[object] | np.ndarray
    if column.kind == "categorical":
        cells = [*column.levels]
    elif column.kind == "boolean":
        cells = [False, True]
    else:
        cells = numbers.astype(np.int64) if column.kind == "integer" else numbers
    values = pd.Series(cells, dtype=column.dtype)
    if column.missing:
        values = pd.concat([values, pd.Series([None], dtype=column.dtype)], ignore_index=True)
    return pd.DataFrame({column.name: values})


def _true(table: pa.Table, condition: pc.Expression) -> np.ndarray:
    """In which rows an expression is true; null counts as not."""
    hit = ds.dataset(table).to_table(columns={"hit": condition})["hit"]
    return np.asarray(pc.fill_null(hit, False).to_numpy(zero_copy_only=False), dtype=bool)


# ---------------------------------------------------------------------- expressions


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of a filter with the columns that it names."""

    expression: pc.Expression
    columns: tuple[str, ...]


def conjuncts(condition: pc.Expression) -> list[_Part]:
    """The parts of an expression that *and* joins, each with its columns.

    Arrow shows an expression only whole, so its pickled form is read: an Arrow file whose
    metadata lists calls, names of fields and places of literals in reading order.

    Raises
    ------
    PopulaceError
        The expression is of a form that is not known here.
    """
    make, (content,) = condition.__reduce__()
    literals = pa.ipc.open_file(content).get_batch(0)
    parts = []
    for tokens in _split(_metadata(literals.schema)):
        named = [name for kind, name in tokens if kind == "field_ref"]
        if any(kind == "nested_field_ref" for kind, _ in tokens):
            raise PopulaceError("A filter about parts of a column cannot be read: take it out.")
        parts.append(_Part(make(_file(literals, tokens)), tuple(dict.fromkeys(named))))
    return parts


def _split(tokens: list[Token]) -> list[list[Token]]:
    """Token lists of the operands of the outermost *and*, however deep it is nested."""
    if not tokens or tokens[0] not in [("call", name) for name in _AND]:
        return [tokens]
    operands: list[list[Token]] = []
    depth = 0
    for token in tokens[1:-1]:
        if depth == 0 and token[0] != "end":
            operands.append([])
        operands[-1].append(token)
        depth += (token[0] == "call") - (token[0] == "end")
    return [part for operand in operands for part in _split(operand)]


def _file(literals: pa.RecordBatch, tokens: Iterable[Token]) -> pa.Buffer:
    batch = literals.replace_schema_metadata(pa.KeyValueMetadata(list(tokens)))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


class _ArrowSchema(ctypes.Structure):
    """The beginning of Arrow's C data interface for schemas."""

    _fields_ = [
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_void_p),
    ]


def _metadata(schema: pa.Schema) -> list[Token]:
    """A schema's metadata with repeated keys, of which Python's own view keeps the last alone.

    The C data interface writes them as a number of pairs, then each text behind its length.
    """
    capsule = schema.__arrow_c_schema__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    place = _ArrowSchema.from_address(pointer(capsule, b"arrow_schema")).metadata
    if not place:
        return []

    def number() -> int:
        nonlocal place
        value = ctypes.c_int32.from_address(place).value
        place += 4
        return value

    def text() -> str:
        nonlocal place
        length = number()
        value = ctypes.string_at(place, length).decode()
        place += length
        return value

    return [(text(), text()) for _ in range(number())]
