"""Rows of a table as questions to a population's network.

What the network answers row by row (`bayes.rows`) meets here what holds in every row: a sum with
one unknown part is solved, a level that is a range of a number narrows the number, and rules weigh
the codes that are still open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding, Pieces
from synth.bayes.rows import FLOOR, RowEvidence, RowQuestions
from synth.constraints.derived import Cut, Sum
from synth.constraints.posterior import ConstraintFactors, rules_of
from synth.constraints.rules import Rule
from synth.data.evidence import Between, OneOf
from synth.data.schema import Schema
from synth.data.table import Table, read_frame
from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.generators.bayes_network import BayesNetworkModel
from synth.populations.archive import SUFFIX, unpack
from synth.populations.population import Population
from synth.populations.storage import load

Blank: TypeAlias = Literal["unknown", "missing"]
"""What a blank cell says: nothing, or that the value is missing, where the column knows that."""
Rows: TypeAlias = str | Path | pd.DataFrame | Table
BLOCK = 4096
"""Rows worked on at a time."""
_VALUES = 2_000  # distinct values beside which a rule is worked out one by one
_Narrowed = tuple[np.ndarray, list[tuple[np.ndarray, Pieces]]]


def prepared(
    table: Rows, population: Population | str | Path, blank: Blank = "unknown"
) -> tuple[RowQuestions, RowEvidence]:
    """A table's rows as the network is asked about them, for questions of one's own.

    Parameters
    ----------
    table, population, blank
        As in `complete`.

    Returns
    -------
    questions : RowQuestions
        The network with the population's rules.
    evidence : RowEvidence
        What is known of each row.
    """
    requested = RequestedRows.of(table, population, blank)
    return requested.questions, requested.evidence


@dataclass(frozen=True, eq=False)
class RequestedRows:
    """A table's rows as questions to a population's network.

    Attributes
    ----------
    population : Population
        Who is asked.
    raw : DataFrame
        The table as it was read.
    frame : DataFrame
        The population's columns that the table has, in canonical types that allow blank cells.
    unknown : bool array, shape (rows, columns)
        Which cells of all columns of the model are unknown.
    questions : RowQuestions
        The network's, for such rows.
    rules : tuple of Rule
        Rules that weigh the codes which are still open.
    evidence : RowEvidence
        What is known of each row.
    cuts : mapping of str to (int array, tuple of Pieces)
        By number whose range is known: which range, and its pieces.
    notes : tuple of str
        Sentences on what was understood.
    """

    population: Population
    raw: pd.DataFrame
    frame: pd.DataFrame
    unknown: np.ndarray
    questions: RowQuestions
    rules: tuple[Rule, ...]
    evidence: RowEvidence
    cuts: Mapping[str, tuple[np.ndarray, tuple[Pieces, ...]]]
    notes: tuple[str, ...]

    @staticmethod
    def of(
        table: Rows, population: Population | str | Path, blank: Blank, hide: str = ""
    ) -> RequestedRows:
        people = population_of(population)
        notes: list[str] = []
        raw = table.frame if isinstance(table, Table) else table
        if not isinstance(raw, pd.DataFrame):
            raw, read_notes = read_frame(Path(raw), least=1)
            notes += read_notes
        raw = raw.reset_index(drop=True)
        schema = with_blanks(people.schema)
        known = [name for name in schema.names if name in raw.columns]
        if not known:
            names = ", ".join(list(schema.names)[:5])
            raise PopulaceError(
                f"The table has no column of {people.title}: it needs some of {names}, …"
            )
        extra = [str(name) for name in raw.columns if name not in schema]
        if extra:
            notes.append(f"Not in {people.title}, kept as they are: {_list(extra)}.")
        lacking = [name for name in people.modelled.names if name not in raw.columns]
        if lacking:
            notes.append(f"Not in the table, so unknown in every row: {_list(lacking)}.")
        frame = schema.select(known).conform(raw)
        if hide in frame:
            frame = frame.drop(columns=hide)
        frame, more = _solved(frame, people)
        notes += more
        network = people.network
        rules = rules_of(people.constraints, network)
        codings = {name: (c, c.pieces) for name, c in network.codings.items()}
        questions = RowQuestions(network, ConstraintFactors(rules).factors(codings))
        unknown = np.ones((len(frame), len(questions.names)), dtype=bool)
        for c, name in enumerate(questions.names):
            if name in frame:
                unknown[:, c] = frame[name].isna()
                if blank == "missing" and network.schema[name].missing:
                    unknown[:, c] = False
        cuts = _cuts(frame, people, questions, unknown)
        likelihoods = {
            name: (number, np.stack([vector for vector, _ in each]))
            for name, (number, each) in cuts.items()
        }
        pairs = dict(_pairs(frame, rules, questions, unknown))
        evidence = questions.evidence(frame, unknown, likelihoods=likelihoods, pairs=pairs)
        pieces = {
            name: (number, tuple(cut for _, cut in each)) for name, (number, each) in cuts.items()
        }
        return RequestedRows(
            people, raw, frame, unknown, questions, rules, evidence, pieces, tuple(notes)
        )

    def of_rows(self, places: np.ndarray) -> RowEvidence:
        """What is known of some rows."""
        return part_of(self.evidence, places)


def part_of(evidence: RowEvidence, places: np.ndarray) -> RowEvidence:
    """What is known of some rows.

    Parameters
    ----------
    evidence : RowEvidence
        Of all rows.
    places : int array
        Which rows.

    Returns
    -------
    RowEvidence
    """
    return replace(
        evidence,
        codes=evidence.codes[places],
        within=evidence.within[places],
        single=evidence.single[places],
        pair=evidence.pair[places],
    )


def population_of(population: Population | str | Path) -> Population:
    """The population that rows are asked of; its model must be a network.

    Parameters
    ----------
    population : Population, str or Path
        It, its name, or where it lies.

    Returns
    -------
    Population

    Raises
    ------
    PopulaceError
        Its model is none, or it is read corrected or weighted.
    """
    if not isinstance(population, Population):
        population = opened(population)
    _ = population.network  # a sentence where the model is none
    if not isinstance(population.model, BayesNetworkModel):
        raise PopulaceError(
            f"{population.title} is read corrected or weighted here: ask the population as it was "
            "learned about rows."
        )
    return population


def opened(name: str | Path) -> Population:
    """A population by its name, its folder or its file.

    Parameters
    ----------
    name : str or Path
        A shipped population's name, a fitted folder, or a ``.populace`` file.

    Returns
    -------
    Population

    Raises
    ------
    PopulaceError
        There is none, or its files are damaged.
    """
    path = Path(name)
    if path.suffix != SUFFIX or not path.is_file():
        return load(name)
    with TemporaryDirectory(prefix="populace-") as folder:
        return unpack(path.read_bytes(), folder, path.name).in_memory()


def with_blanks(schema: Schema) -> Schema:
    """The same columns, in each of which cells can be blank.

    Parameters
    ----------
    schema : Schema
        Columns of a table.

    Returns
    -------
    Schema
    """
    return Schema(tuple(replace(column, missing=True) for column in schema))


def _list(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def excluded_note(count: int) -> str:
    """The sentence on rows whose cells exclude each other.

    Parameters
    ----------
    count : int
        How many, at least 1.

    Returns
    -------
    str
    """
    rows = "1 row holds" if count == 1 else f"{count:,} rows hold"
    return (
        f"{rows} cells that exclude each other in this population: what fits them best was taken, "
        f"an impossible cell counting as {FLOOR:g}."
    )


def free_name(name: str, frame: pd.DataFrame) -> str:
    """A column's name that the table does not have, by underscores at the end.

    Parameters
    ----------
    name : str
        As it should be.
    frame : DataFrame
        A table.

    Returns
    -------
    str
    """
    while name in frame.columns:
        name += "_"
    return name


def _solved(frame: pd.DataFrame, people: Population) -> tuple[pd.DataFrame, list[str]]:
    """The frame with the one unknown part of each known sum; notes on sums that leave more open."""
    sums = [d for d in people.constraints.derived if isinstance(d, Sum)]
    frame = frame.copy(deep=False)
    open_ = 0
    for _ in range(len(sums) + 1):
        changed, open_ = False, 0
        for formula in sums:
            total = numbers_of(frame, formula.name)
            parts = {name: numbers_of(frame, name) for name in formula.parts}
            absent = np.sum([np.isnan(values) for values in parts.values()], axis=0)
            known = ~np.isnan(total)
            open_ += int((known & (absent > 1)).sum())
            for name, sign in formula.terms:
                here = known & (absent == 1) & np.isnan(parts[name])
                if name not in frame or not here.any():
                    continue
                rest = np.full(len(frame), formula.constant)
                for other, factor in formula.terms:
                    if other != name:
                        rest += factor * np.nan_to_num(parts[other])
                values = np.where(here, sign * (total - rest), parts[name])
                fits = ~here | np.isclose(values, np.rint(values), atol=1e-6)
                if people.schema[name].kind == "integer":
                    values = np.where(fits, np.rint(values), np.nan)
                column = with_blanks(people.schema.select([name]))
                frame[name] = column.conform(pd.DataFrame({name: values}))[name]
                changed |= bool((~np.isnan(values[here])).any())
        if not changed:
            break
    if not open_:
        return frame, []
    return frame, [
        f"{open_:,} known sums leave more than one of their parts open and say nothing of them."
    ]


def numbers_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64; NaN where it is missing, and everywhere where the table lacks it.

    Parameters
    ----------
    frame : DataFrame
        A table.
    name : str
        A column's.

    Returns
    -------
    float array, shape (rows,)
    """
    if name not in frame:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _cuts(
    frame: pd.DataFrame, people: Population, questions: RowQuestions, unknown: np.ndarray
) -> dict[str, _Narrowed]:
    """For each unknown number whose range is known: which range, its likelihood and its pieces."""
    out: dict[str, _Narrowed] = {}
    for cut in people.constraints.derived:
        if not isinstance(cut, Cut) or cut.name not in frame or cut.of in out:
            continue
        coding = people.network.codings.get(cut.of)
        if coding is None or coding.pieces is None:
            continue
        level = frame[cut.name]
        texts = (
            level.astype(object).map({True: "yes", False: "no"})
            if people.schema[cut.name].kind == "boolean"
            else level.astype(object)
        ).to_numpy()
        number = np.full(len(frame), -1)
        likelihoods: list[tuple[np.ndarray, Pieces]] = []
        open_ = unknown[:, questions.place(cut.of)]
        for i, name in enumerate(cut.levels):
            here = open_ & (texts == name)
            if not here.any():
                continue
            below = cut.starts[i + 1] if i + 1 < len(cut.starts) else None
            half = (coding.column.step or 1.0) / 2
            fact = Between(cut.starts[i], None if below is None else below - half)
            known = coding.likelihood(fact)
            if known.pieces is None or not known.codes.sum() > 0:
                continue
            number[here] = len(likelihoods)
            likelihoods.append((known.codes, known.pieces))
        if likelihoods:
            out[cut.of] = (number, likelihoods)
    return out


def _pairs(
    frame: pd.DataFrame, rules: Sequence[Rule], questions: RowQuestions, unknown: np.ndarray
) -> Iterable[tuple[tuple[int, int], tuple[np.ndarray, np.ndarray]]]:
    """What rules of two columns say of one, where the other's number is known to the digit."""
    codings = questions.network.codings
    for k, rule in enumerate(rules):
        if len(rule.columns) != 2:
            continue
        for side in (0, 1):
            name, other = rule.columns[side], rule.columns[1 - side]
            beside = codings[other]
            if beside.pieces is None or other not in frame:
                continue
            values = numbers_of(frame, other)
            # Cells that are asked about one by one need it too, so all known values are looked at.
            there = ~np.isnan(values) & ~unknown[:, questions.place(other)]
            distinct, place = np.unique(values[there], return_inverse=True)
            if not 0 < len(distinct) <= _VALUES:
                continue
            vectors = [_beside(rule, codings, name, other, float(value)) for value in distinct]
            number = np.full(len(frame), -1)
            number[there] = place
            yield (k, side), (number, np.stack(vectors))


def _beside(
    rule: Rule, codings: Mapping[str, Coding], name: str, other: str, value: float
) -> np.ndarray:
    """P(the rule holds | code of one column, value of the other)."""
    coding = codings[other]
    cut = coding.likelihood(OneOf((number_text(value),))).pieces
    if cut is None or not len(cut.bin):
        return np.ones(codings[name].size)
    table = rule.holds({name: (codings[name], codings[name].pieces), other: (coding, cut)})
    return np.take(table, int(cut.bin[0]), axis=rule.columns.index(other))


def broken_rules(
    frame: pd.DataFrame, population: Population
) -> tuple[list[tuple[str, np.ndarray]], np.ndarray]:
    """Which rules rows break, of those whose columns the frame has.

    Parameters
    ----------
    frame : DataFrame
        Finished rows.
    population : Population
        Whose rules.

    Returns
    -------
    list of (str, bool array)
        Each rule in words, and the rows that break it.
    bool array, shape (rows,)
        The rows that break any.
    """
    broken = [
        (str(rule), rule.broken(frame))
        for rule in population.constraints.rules
        if all(name in frame for name in rule.columns)
    ]
    out = np.zeros(len(frame), dtype=bool)
    for _, rows in broken:
        out |= rows
    return broken, out
