"""Rows of a table beside a population: blanks filled, a column predicted, odd rows found.

What the network answers row by row (`bayes.rows`) meets here what holds in every row: a sum with
one unknown part is solved, a level that is a range of a number narrows the number, rules weigh the
codes that are still open, and derived columns are worked out again. Filled values that break a rule
inside their bins are drawn again, at most `TRIES` times, then the row as a whole, at most
`ROW_TRIES` times; where that does not help, a note says for how many rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.bayes.budget import current
from synth.bayes.coding import Coding, Pieces
from synth.bayes.random import stream_key, uniforms_at
from synth.bayes.rows import FLOOR, RowEvidence, RowQuestions, values_inside
from synth.constraints.derived import Cut, Sum
from synth.constraints.posterior import ConstraintFactors, rules_of
from synth.constraints.rules import Rule
from synth.data.evidence import Between, OneOf
from synth.data.schema import Column, Schema, hint, number_text
from synth.data.table import Table, read_frame
from synth.data.writers import COLUMN, MARK
from synth.errors import PopulaceError
from synth.generators.bayes_network import BayesNetworkModel
from synth.lazy import cached_property
from synth.populations.archive import SUFFIX, unpack
from synth.populations.as_written import canonical
from synth.populations.population import Population
from synth.populations.storage import load

Blank: TypeAlias = Literal["unknown", "missing"]
"""What a blank cell says: nothing, or that the value is missing, where the column knows that."""
Method: TypeAlias = Literal["draw", "most-likely"]
Rows: TypeAlias = str | Path | pd.DataFrame | Table

NOTICE = (
    "Partly synthetic: the cells that the last column names were filled by Populace from what a "
    "population says of the rest of their row."
)
TRIES = 64
"""How often filled numbers that break a rule are drawn again inside their bins."""
ROW_TRIES = 50
"""How often a row is drawn anew where that does not help."""
BLOCK = 4096
"""Rows worked on at a time."""
REFERENCE = 10_000
"""Synthetic people that a row is compared with, where few patterns of blanks are in a table."""
LEAST_REFERENCE = 100
"""As many at least for each pattern of blanks, however many there are."""
RARE = 1e-6
"""Below this share of such people who have a value, a cell stays blank in any case."""
_COMPARED = 200_000  # people of all patterns together
_VALUES = 2_000  # distinct values beside which a rule is worked out one by one


@dataclass(frozen=True, eq=False)
class Completion:
    """A table whose blanks are filled.

    Attributes
    ----------
    frames : tuple of DataFrame
        One for each draw; columns as in the table that was given, only blank cells changed.
    filled : DataFrame of bool
        Which cells were blank and have a value now, in the first draw.
    probabilities : tuple of DataFrame
        For each draw, P(what was filled | known cells of the row): of a level the level, of a
        number the bin that it lies in; NaN where nothing was filled.
    joint : float64 array or None, shape (rows,)
        Most likely: the probability of everything that was filled in the row, as levels and bins.
    notes : tuple of str
        Sentences on what could not be used or kept.
    """

    frames: tuple[pd.DataFrame, ...]
    filled: pd.DataFrame
    probabilities: tuple[pd.DataFrame, ...]
    joint: np.ndarray | None
    notes: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The first draw."""
        return self.frames[0]

    def marked(self) -> pa.Table:
        """`stacked` with a last column that names each row's filled cells, for a file.

        The table's metadata, which a Parquet file keeps, says that it is partly synthetic.
        """
        out = self.stacked().copy(deep=False)
        names = np.array(self.filled.columns, dtype=object)
        cells = ["; ".join(names[row]) for row in self.filled.to_numpy()]
        mark = _free(COLUMN, out)
        out[mark] = cells * len(self.frames)
        table = pa.Table.from_pandas(out, preserve_index=False)
        return table.replace_schema_metadata({b"synthetic": NOTICE, MARK: mark})

    def stacked(self) -> pd.DataFrame:
        """All draws below each other, with a column ``draw`` from 1 where there are several."""
        if len(self.frames) == 1:
            return self.frame
        parts = []
        for number, frame in enumerate(self.frames, start=1):
            part = frame.copy(deep=False)
            part.insert(0, _free("draw", frame), number)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, eq=False)
class Prediction:
    """One column's posterior for each row.

    Attributes
    ----------
    column : Column
        The column.
    labels : tuple of str
        Its levels, or its bins; ``missing`` last where that is a state.
    probabilities : float64 array, shape (rows, labels)
        Given all other known cells of the row.
    mean, median, lower, upper : float64 array or None, shape (rows,)
        Numbers: of the values that are not missing; `lower` and `upper` hold 90% between them.
    notes : tuple of str
        Sentences on what could not be used.
    """

    column: Column
    labels: tuple[str, ...]
    probabilities: np.ndarray
    mean: np.ndarray | None
    median: np.ndarray | None
    lower: np.ndarray | None
    upper: np.ndarray | None
    notes: tuple[str, ...]

    @property
    def most_likely(self) -> np.ndarray:
        """The label with the highest probability of each row; object, shape (rows,)."""
        return np.array(self.labels, dtype=object)[self.probabilities.argmax(axis=1)]

    @property
    def frame(self) -> pd.DataFrame:
        """Levels: a column of probabilities for each; numbers: mean, median, 5% and 95%."""
        if self.mean is None:
            out = pd.DataFrame(self.probabilities, columns=list(self.labels))
            out.insert(0, _free("most likely", out), self.most_likely)
            return out
        out = pd.DataFrame(
            {"mean": self.mean, "median": self.median, "5%": self.lower, "95%": self.upper}
        )
        if self.column.missing:
            out["missing"] = self.probabilities[:, -1]
        return out


@dataclass(frozen=True)
class OddCell:
    """A cell that is rare given the rest of its row.

    Attributes
    ----------
    column, value : str
        The cell.
    tail : float
        The share of people with the same rest whose cell is at most as likely.
    probability : float
        P(value | rest of the row).
    likely : str
        The most likely level or bin instead.
    likely_probability : float
        Its probability.
    """

    column: str
    value: str
    tail: float
    probability: float
    likely: str
    likely_probability: float


@dataclass(frozen=True, eq=False)
class Scores:
    """How likely each row is, and what makes it unlikely.

    Attributes
    ----------
    log_probability : float64 array, shape (rows,)
        Of the row's known cells; minus infinity where the population excludes them.
    percentile : float64 array, shape (rows,)
        The share of the population's own people, with the same cells blank, who are at most as
        likely; an estimate from `compared` synthetic people.
    compared : int
        With how many synthetic people each row was compared, at least.
    surprise, expected, tail : DataFrame
        Of each known cell: -log P(cell | rest of the row), its mean given such a rest, and the
        share of values that are at most as likely. NaN where a cell is unknown.
    typical : DataFrame
        For each column the mean surprise among the population's own people, and the value that
        95% of them do not exceed.
    broken : tuple of tuple of str
        For each row the rules and formulas that its known cells break.
    odd : tuple of tuple of OddCell
        For each row its most surprising cells, the rarest first.
    notes : tuple of str
        Sentences on what could not be used.
    """

    log_probability: np.ndarray
    percentile: np.ndarray
    compared: int
    surprise: pd.DataFrame
    expected: pd.DataFrame
    tail: pd.DataFrame
    typical: pd.DataFrame
    broken: tuple[tuple[str, ...], ...]
    odd: tuple[tuple[OddCell, ...], ...]
    notes: tuple[str, ...]

    @cached_property
    def order(self) -> np.ndarray:
        """Row numbers, the oddest first; int64, shape (rows,)."""
        lowest = self.tail.min(axis=1).fillna(1.0).to_numpy()
        broken = np.array([not each for each in self.broken])
        return np.lexsort((self.log_probability, lowest, self.percentile, broken))

    @property
    def frame(self) -> pd.DataFrame:
        """One row for each: log-probability, percentile, and its odd cells."""
        data: dict[str, Any] = {
            "log_probability": self.log_probability,
            "percentile": self.percentile,
            "breaks": ["; ".join(each) for each in self.broken],
        }
        most = max((len(each) for each in self.odd), default=0)
        for k in range(most):
            cells = [each[k] if k < len(each) else None for each in self.odd]
            data[f"odd_{k + 1}"] = [None if c is None else c.column for c in cells]
            data[f"odd_{k + 1}_value"] = [None if c is None else c.value for c in cells]
            data[f"odd_{k + 1}_probability"] = [None if c is None else c.probability for c in cells]
            data[f"odd_{k + 1}_share_as_rare"] = [None if c is None else c.tail for c in cells]
            data[f"odd_{k + 1}_likely"] = [None if c is None else c.likely for c in cells]
        return pd.DataFrame(data)


# ---------------------------------------------------------------------- the door


def complete(
    table: Rows,
    population: Population | str | Path,
    *,
    method: Method = "draw",
    draws: int = 1,
    seed: int = 0,
    blank: Blank = "unknown",
    values_only: bool = False,
    threads: int | None = None,
) -> Completion:
    """Fill a table's blank cells by what a population says of the rest of each row; exact.

    Parameters
    ----------
    table : str, Path, DataFrame or Table
        Rows with columns of the population; other columns are kept as they are.
    population : Population, str or Path
        One whose model is a Bayesian network; or its name, folder or file.
    method : {"draw", "most-likely"}
        Draw all blanks of a row from their joint posterior, or fill the jointly most likely levels
        and bins; a number is then the median of its bin.
    draws : int
        How many filled tables are drawn (multiple imputation).
    seed : int
        The same seed fills row i the same, whatever rows are around it.
    blank : {"unknown", "missing"}
        What a blank cell says. "missing": it is the state `missing` where the column knows that,
        and stays; only others are filled.
    values_only : bool
        Give a value also to cells that come out as missing, each from its own posterior given
        that it has one. Otherwise a cell stays blank as often as it is missing among such people
        (children have no job).
    threads : int, optional
        All processors when None.

    Returns
    -------
    Completion

    Raises
    ------
    PopulaceError
        The table holds a level that the population does not know, or no column of it.
    """
    if draws < 1:
        raise PopulaceError(f"A table cannot be filled {draws} times: ask for one draw or more.")
    if method == "most-likely" and draws > 1:
        raise PopulaceError("The most likely values are always the same: ask for one draw of them.")
    requested = _RequestedRows.of(table, population, blank)
    return _Filling(requested, method, draws, seed, values_only, threads).completion()


def predict(
    column: str,
    table: Rows,
    population: Population | str | Path,
    *,
    blank: Blank = "unknown",
    values_only: bool = False,
    threads: int | None = None,
) -> Prediction:
    """The posterior of a column for each row, given the row's other known cells; exact.

    Parameters
    ----------
    column : str
        A column of the population. Cells that the table has of it are not looked at.
    table, population, blank, threads
        As in `complete`.
    values_only : bool
        Given that the value is not missing.

    Returns
    -------
    Prediction

    Raises
    ------
    PopulaceError
        There is no such column, or as `complete`.
    """
    people = _population(population)
    if column not in people.schema:
        raise PopulaceError(f"There is no column {column}{hint(column, people.schema.names)}")
    people.constraints.refuse((column,))
    requested = _RequestedRows.of(table, people, blank, hide=column)
    questions, coding = requested.questions, people.network.codings[column]
    p = questions.posterior(requested.evidence, column, threads=threads)
    notes = list(requested.notes)
    lost = np.isnan(p[:, 0])
    if lost.any():
        p[lost] = questions.posterior(
            requested.of_rows(np.flatnonzero(lost)), column, floor=FLOOR, threads=threads
        )
        notes.append(_excluded(int(lost.sum())))
    labels = coding.labels
    if values_only and coding.column.missing:
        p, labels = p[:, :-1], labels[:-1]
        total = p.sum(axis=1, keepdims=True)
        p = np.divide(p, total, out=np.full(p.shape, 1.0 / len(labels)), where=total > 0)
    mean = median = lower = upper = None
    if coding.pieces is not None:
        mean = questions.means(column, p)
        lower, median, upper = questions.quantiles(column, p, (0.05, 0.5, 0.95)).T
    return Prediction(coding.column, labels, p, mean, median, lower, upper, tuple(notes))


def score(
    table: Rows,
    population: Population | str | Path,
    *,
    blank: Blank = "missing",
    worst: int = 3,
    reference: int = REFERENCE,
    seed: int = 0,
    threads: int | None = None,
) -> Scores:
    """How likely each row is among a population's people, and which cells make it unlikely.

    Parameters
    ----------
    table, population, threads
        As in `complete`.
    blank : {"unknown", "missing"}
        What a blank cell says: that the value is missing, where the column knows that, or nothing.
    worst : int
        How many cells of each row are named.
    reference : int
        Synthetic people that rows are compared with; fewer for each where blanks come in many
        patterns.
    seed : int
        Which people these are.

    Returns
    -------
    Scores

    Raises
    ------
    PopulaceError
        As `complete`.
    """
    requested = _RequestedRows.of(table, population, blank)
    return _Scoring(requested, worst, reference, seed, threads).scores()


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
    requested = _RequestedRows.of(table, population, blank)
    return requested.questions, requested.evidence


# ---------------------------------------------------------------------- what is asked


@dataclass(frozen=True, eq=False)
class _RequestedRows:
    """A table's rows, understood.

    `frame` holds the population's columns that the table has, in canonical types that allow blank
    cells; `unknown` says which cells of all columns of the model are unknown.
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
    ) -> _RequestedRows:
        people = _population(population)
        notes: list[str] = []
        raw = table.frame if isinstance(table, Table) else table
        if not isinstance(raw, pd.DataFrame):
            raw, read_notes = read_frame(Path(raw), least=1)
            notes += read_notes
        raw = raw.reset_index(drop=True)
        schema = _open(people.schema)
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
        return _RequestedRows(
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


def _population(population: Population | str | Path) -> Population:
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


def _open(schema: Schema) -> Schema:
    """The same columns, in each of which cells can be blank."""
    return Schema(tuple(replace(column, missing=True) for column in schema))


def _list(names: Sequence[str], most: int = 6) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _excluded(count: int) -> str:
    rows = "1 row holds" if count == 1 else f"{count:,} rows hold"
    return (
        f"{rows} cells that exclude each other in this population: what fits them best was taken, "
        f"an impossible cell counting as {FLOOR:g}."
    )


def _free(name: str, frame: pd.DataFrame) -> str:
    while name in frame.columns:
        name += "_"
    return name


# ---------------------------------------------------------------------- what follows without asking


def _solved(frame: pd.DataFrame, people: Population) -> tuple[pd.DataFrame, list[str]]:
    """The frame with the one unknown part of each known sum; notes on sums that leave more open."""
    sums = [d for d in people.constraints.derived if isinstance(d, Sum)]
    frame = frame.copy(deep=False)
    open_ = 0
    for _ in range(len(sums) + 1):
        changed, open_ = False, 0
        for formula in sums:
            total = _numbers(frame, formula.name)
            parts = {name: _numbers(frame, name) for name in formula.parts}
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
                column = _open(people.schema.select([name]))
                frame[name] = column.conform(pd.DataFrame({name: values}))[name]
                changed |= bool((~np.isnan(values[here])).any())
        if not changed:
            break
    if not open_:
        return frame, []
    return frame, [
        f"{open_:,} known sums leave more than one of their parts open and say nothing of them."
    ]


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


_Narrowed = tuple[np.ndarray, list[tuple[np.ndarray, Pieces]]]


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
            values = _numbers(frame, other)
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


# ---------------------------------------------------------------------- filling


class _Filling:
    """One table's blanks, block by block."""

    def __init__(
        self,
        requested: _RequestedRows,
        method: Method,
        draws: int,
        seed: int,
        values_only: bool,
        threads: int | None,
    ) -> None:
        self._requested, self._method, self._draws = requested, method, draws
        self._seed, self._values_only, self._threads = seed, values_only, threads
        self._shown = [n for n in requested.questions.names if n in requested.frame]
        self._excluded = self._stuck = 0

    def completion(self) -> Completion:
        """The filled tables."""
        requested = self._requested
        rows = len(requested.frame)
        columns = [name for name in requested.raw.columns if name in requested.population.schema]
        target = {name: requested.raw[name].isna().to_numpy() for name in columns}
        frames = [requested.frame.copy() for _ in range(self._draws)]
        chances = [
            pd.DataFrame(np.nan, index=range(rows), columns=columns) for _ in range(self._draws)
        ]
        for name in columns:  # what a sum settled
            solved = target[name] & requested.frame[name].notna().to_numpy()
            for chance in chances:
                chance.loc[solved, name] = 1.0
        joint = np.ones(rows) if self._method == "most-likely" else None
        shown = [requested.questions.place(name) for name in self._shown]
        places = np.flatnonzero(requested.unknown[:, shown].any(axis=1))
        for low in range(0, len(places), BLOCK):
            current().check()
            self._fill(places[low : low + BLOCK], frames, chances, joint)
        out = []
        for frame in frames:
            frame = self._derived(frame)
            whole = requested.raw.copy(deep=False)
            for name in columns:
                whole[name] = _joined(requested.raw[name], frame[name], target[name])
            out.append(whole)
        filled = pd.DataFrame(
            {name: target[name] & out[0][name].notna().to_numpy() for name in columns}
        )
        for name in requested.population.constraints.names:
            if name in filled:
                for chance in chances:
                    chance.loc[filled[name].to_numpy(), name] = np.nan
        notes = list(requested.notes)
        if self._excluded:
            notes.append(_excluded(self._excluded))
        if self._stuck:
            notes.append(
                f"In {self._stuck:,} rows no values were found that keep all rules beside what is "
                "known: see which cells break them with `score`."
            )
        return Completion(tuple(out), filled, tuple(chances), joint, tuple(notes))

    def _fill(
        self,
        places: np.ndarray,
        frames: list[pd.DataFrame],
        chances: list[pd.DataFrame],
        joint: np.ndarray | None,
    ) -> None:
        requested, questions = self._requested, self._requested.questions
        evidence = requested.of_rows(places)
        beliefs = self._best(evidence, self._beliefs)
        if joint is None:
            codes = self._codes(evidence, places, "")
        else:
            codes, joint[places] = self._most_likely(evidence)
        if self._values_only:
            for k in range(self._draws):
                self._give_values(codes[k], places, beliefs, k)
        for k, frame in enumerate(frames):
            values = self._values(codes[k], places, k, "")
            part = self._kept(frame, places, codes[k], values, k)
            for name in self._shown:
                c = questions.place(name)
                here = requested.unknown[places, c]
                if not here.any():
                    continue
                column = frame[name].array.copy()
                column[places[here]] = part[name].array[here]
                frame[name] = column
                has = here & part[name].notna().to_numpy()
                code = codes[k][has, c].astype(int)
                chances[k].loc[places[has], name] = beliefs[name][has, code]

    def _give_values(
        self, codes: np.ndarray, places: np.ndarray, beliefs: dict[str, np.ndarray], draw: int
    ) -> None:
        """Cells that came out as missing get a value of their own posterior, where one can be."""
        requested = self._requested
        for name in self._shown:
            c, coding = requested.questions.place(name), requested.population.network.codings[name]
            if not coding.column.missing:
                continue
            p = beliefs[name][:, :-1]
            here = requested.unknown[places, c] & (codes[:, c] == coding.size - 1)
            here &= np.nan_to_num(p.sum(axis=1)) > RARE
            if not here.any():
                continue
            if self._method == "most-likely":
                codes[here, c] = p[here].argmax(axis=1)
                continue
            total = np.cumsum(p[here], axis=1)
            key = stream_key(self._seed, f"{name}\x1fgiven\x1f{draw}")
            wanted = uniforms_at(key, places)[here] * total[:, -1]
            codes[here, c] = (total <= wanted[:, None]).sum(axis=1)

    def _beliefs(self, evidence: RowEvidence, floor: float) -> dict[str, np.ndarray]:
        return self._requested.questions.posteriors(evidence, floor=floor, threads=self._threads)

    def _best(self, evidence: RowEvidence, ask: Any) -> dict[str, np.ndarray]:
        """The posteriors; where cells exclude each other, with the floor."""
        out: dict[str, np.ndarray] = ask(evidence, 0.0)
        open_ = evidence.codes < 0
        first = open_.argmax(axis=1)
        lost = np.zeros(len(evidence), dtype=bool)
        for c, name in enumerate(self._requested.questions.names):
            lost |= (first == c) & open_[:, c] & np.isnan(out[name][:, 0])
        if lost.any():
            again = ask(part_of(evidence, np.flatnonzero(lost)), FLOOR)
            for name, values in out.items():
                values[lost] = again[name]
        return out

    def _codes(self, evidence: RowEvidence, places: np.ndarray, stream: str) -> np.ndarray:
        codes = self._draw(evidence, places, stream, 0.0)
        lost = (codes[0] < 0).all(axis=1)
        if lost.any():
            here = np.flatnonzero(lost)
            again = self._draw(part_of(evidence, here), places[here], stream, FLOOR)
            codes[:, here] = again
            if not stream:
                self._excluded += len(here)
        return codes

    def _draw(
        self, evidence: RowEvidence, places: np.ndarray, stream: str, floor: float
    ) -> np.ndarray:
        return self._requested.questions.draw(
            evidence,
            self._draws,
            self._seed,
            numbers=places,
            stream=stream,
            floor=floor,
            threads=self._threads,
        )

    def _most_likely(self, evidence: RowEvidence) -> tuple[np.ndarray, np.ndarray]:
        questions = self._requested.questions
        codes, share = questions.most_likely(evidence, threads=self._threads)
        lost = np.flatnonzero((codes < 0).all(axis=1))
        if len(lost):
            codes[lost], share[lost] = questions.most_likely(
                part_of(evidence, lost), floor=FLOOR, threads=self._threads
            )
            self._excluded += len(lost)
        return codes[None], share

    # ------------------------------------------------------------------ values

    def _values(
        self, codes: np.ndarray, places: np.ndarray, draw: int, stream: str
    ) -> dict[str, np.ndarray]:
        """A number inside each bin, NaN where it is missing; by column of numbers."""
        requested = self._requested
        out = {}
        for name in self._shown:
            c = requested.questions.place(name)
            coding = requested.population.network.codings[name]
            if coding.pieces is None or not requested.unknown[places, c].any():
                continue
            if self._method == "most-likely" and not stream:
                first = second = np.full(len(places), 0.5)
            else:
                first, second = (
                    uniforms_at(
                        stream_key(self._seed, f"{name}\x1fin{stream}\x1f{k}{draw}"), places
                    )
                    for k in "ab"
                )
            code = np.clip(codes[:, c].astype(np.int64), 0, coding.pieces.bins - 1)
            values = values_inside(coding, coding.pieces, code, first, second)
            number, cuts = requested.cuts.get(name, (np.full(len(requested.frame), -1), ()))
            for i, cut in enumerate(cuts):
                here = (number[places] == i) & np.isin(code, cut.bin)
                if here.any():
                    inside = values_inside(coding, cut, code[here], first[here], second[here])
                    values[here] = inside
            out[name] = np.where(codes[:, c] >= coding.pieces.bins, np.nan, values)
        return out

    def _part(
        self, places: np.ndarray, codes: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> pd.DataFrame:
        """Rows with their unknown cells filled, in canonical types."""
        requested = self._requested
        schema = _open(requested.population.schema)
        part = requested.frame.iloc[places].reset_index(drop=True)
        for name in self._shown:
            c = requested.questions.place(name)
            here = requested.unknown[places, c]
            if not here.any():
                continue
            column = schema[name]
            if name in values:
                filled = np.where(here, values[name], _numbers(part, name))
                part[name] = schema.select([name]).conform(pd.DataFrame({name: filled}))[name]
                continue
            old = part[name]
            code = codes[:, c].astype(np.int64)
            if column.kind == "boolean":
                truth = np.where(here, code == 1, old.to_numpy(dtype=bool, na_value=False))
                absent = np.where(here, code >= 2, old.isna().to_numpy())
                part[name] = pd.arrays.BooleanArray(truth, absent)
            else:
                code = np.where(code >= len(column.levels), -1, code)
                code = np.where(here, code, old.cat.codes.to_numpy())
                part[name] = pd.Categorical.from_codes(code, dtype=column.dtype)
        return part

    def _kept(
        self,
        frame: pd.DataFrame,
        places: np.ndarray,
        codes: np.ndarray,
        values: dict[str, np.ndarray],
        draw: int,
    ) -> pd.DataFrame:
        """The filled rows, drawn again as long as they break a rule that their blanks can keep."""
        part = self._part(places, codes, values)
        if not self._requested.population.constraints.rules:
            return part
        wrong = np.flatnonzero(self._broken(part))
        for attempt in range(1, TRIES + 1):
            if not len(wrong) or not values:
                break
            again = self._values(codes[wrong], places[wrong], draw, f"again{attempt}")
            trial = self._part(places[wrong], codes[wrong], again)
            wrong = _taken(part, trial, wrong, self._broken(trial))
        for attempt in range(1, ROW_TRIES + 1):
            if not len(wrong):
                break
            evidence = self._requested.of_rows(places[wrong])
            fresh = self._codes(evidence, places[wrong], f"again{attempt}")[draw]
            again = self._values(fresh, places[wrong], draw, f"row{attempt}")
            trial = self._part(places[wrong], fresh, again)
            bad = self._broken(trial)
            codes[wrong[~bad]] = fresh[~bad]
            wrong = _taken(part, trial, wrong, bad)
        self._stuck += len(wrong) if draw == 0 else 0
        return part

    def _derived(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with derived columns where all their parts are there; given ones are kept."""
        out = frame.copy(deep=False)
        schema = _open(self._requested.population.schema)
        for formula in self._requested.population.constraints.derived:
            if any(part not in out for part in formula.parts):
                continue
            worked = pd.DataFrame({formula.name: formula.values(out)})
            values = schema.select([formula.name]).conform(worked)[formula.name]
            if formula.name in out:
                given = out[formula.name]
                values = _joined(given, values, given.isna().to_numpy())
            out[formula.name] = values
        return out

    def _broken(self, part: pd.DataFrame) -> np.ndarray:
        return broken_rules(self._derived(part), self._requested.population)[1]


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


def _taken(
    part: pd.DataFrame, trial: pd.DataFrame, wrong: np.ndarray, bad: np.ndarray
) -> np.ndarray:
    """Put rows that are good now into `part`; which are still wrong."""
    good = wrong[~bad]
    for name in part.columns:
        column = part[name].array.copy()
        column[good] = trial[name].array[~bad]
        part[name] = column
    return wrong[bad]


def _joined(old: pd.Series, new: pd.Series, here: np.ndarray) -> pd.Series:
    """A column with the cells of another where they are wanted, in a type that holds both."""
    if not here.any():
        return old
    if isinstance(old.dtype, pd.CategoricalDtype) and isinstance(new.dtype, pd.CategoricalDtype):
        levels = new.cat.categories
        texts = np.where(here, new.astype(object), old.astype(object))
        if set(old.cat.categories.astype(str)) <= set(levels):
            return pd.Series(pd.Categorical(texts, dtype=new.dtype), index=old.index)
    if old.dtype == new.dtype:
        out = old.array.copy()
        out[here] = new.array[here]
        return pd.Series(out, index=old.index)
    if pd.api.types.is_numeric_dtype(new.dtype) and not pd.api.types.is_bool_dtype(new.dtype):
        numbers = np.where(
            here,
            new.to_numpy(dtype=np.float64, na_value=np.nan),
            pd.to_numeric(old, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan),
        )
        known = numbers[~np.isnan(numbers)]
        if pd.api.types.is_integer_dtype(new.dtype) and (known == np.rint(known)).all():
            whole = np.where(np.isnan(numbers), 0, numbers).astype(np.int64)
            return pd.Series(pd.arrays.IntegerArray(whole, np.isnan(numbers)), index=old.index)
        return pd.Series(numbers, index=old.index)
    fresh = new.astype(object)
    if pd.api.types.is_bool_dtype(new.dtype) and not _is_truth(old):
        fresh = fresh.map({True: "yes", False: "no"})
    out = np.where(here, fresh, old.astype(object))
    return pd.Series(out, index=old.index, dtype=object).where(lambda s: s.notna(), None)


def _is_truth(values: pd.Series) -> bool:
    """Whether a column holds truth values already, not words for them."""
    return all(isinstance(value, bool | np.bool_) for value in values.dropna().unique())


# ---------------------------------------------------------------------- odd rows


class _Scoring:
    """One table's rows beside the population's own people."""

    def __init__(
        self, requested: _RequestedRows, worst: int, reference: int, seed: int, threads: int | None
    ) -> None:
        self._requested, self._worst, self._threads = requested, worst, threads
        self._reference, self._seed = max(reference, 1), seed

    def scores(self) -> Scores:
        """How likely each row is, and why."""
        requested, questions = self._requested, self._requested.questions
        logs = questions.log_probability(requested.evidence, threads=self._threads)
        cells = questions.cells(requested.evidence, threads=self._threads)
        names = list(questions.names)
        drawn = canonical(requested.population.given()).sample(self._reference, seed=self._seed)
        people = _RequestedRows.of(drawn, requested.population, "missing").evidence
        percentile, compared = self._percentiles(logs, people)
        some = part_of(people, np.arange(min(len(people), 2000)))
        usual = questions.cells(some, threads=self._threads).surprise
        typical = pd.DataFrame(
            {"mean": usual.mean(axis=0), "95%": np.quantile(usual, 0.95, axis=0)}, index=names
        )
        shown = [questions.place(name) for name in names if name in requested.frame]
        odd = tuple(self._odd(row, shown, cells) for row in range(len(requested.frame)))
        return Scores(
            logs,
            percentile,
            compared,
            pd.DataFrame(cells.surprise, columns=names),
            pd.DataFrame(cells.expected, columns=names),
            pd.DataFrame(cells.tail, columns=names),
            typical,
            self._broken(),
            odd,
            requested.notes,
        )

    def _percentiles(self, logs: np.ndarray, people: RowEvidence) -> tuple[np.ndarray, int]:
        """The share of the population's people, with the same blanks, who are at most as likely."""
        requested, questions = self._requested, self._requested.questions
        patterns, which = np.unique(requested.evidence.codes < 0, axis=0, return_inverse=True)
        which = which.reshape(-1)
        count = max(_COMPARED // len(patterns), LEAST_REFERENCE)
        count = min(count, len(people))
        out = np.empty(len(logs))
        group = max(1, 65_536 // count)
        for low in range(0, len(patterns), group):
            some = patterns[low : low + group]
            places = np.tile(np.arange(count), len(some))
            blanked = part_of(people, places)
            blank = np.repeat(some, count, axis=0)
            blanked = replace(blanked, codes=np.where(blank, -1, blanked.codes).astype(np.int16))
            theirs = questions.log_probability(blanked, threads=self._threads)
            for k, each in enumerate(theirs.reshape(len(some), count)):
                here = which == low + k
                ranked = np.sort(each)
                out[here] = np.searchsorted(ranked, logs[here] + 1e-9, side="right") / count
        return out, count

    def _odd(self, row: int, shown: Sequence[int], cells: Any) -> tuple[OddCell, ...]:
        requested, names = self._requested, self._requested.questions.names
        known = [c for c in shown if not np.isnan(cells.surprise[row, c])]
        known.sort(key=lambda c: (cells.tail[row, c], -cells.surprise[row, c]))
        out = []
        for c in known[: self._worst]:
            coding = requested.population.network.codings[names[c]]
            out.append(
                OddCell(
                    names[c],
                    _shown(requested.frame[names[c]].iloc[row], coding),
                    float(cells.tail[row, c]),
                    float(np.exp(-cells.surprise[row, c])),
                    coding.labels[int(cells.likely[row, c])],
                    float(cells.likely_share[row, c]),
                )
            )
        return tuple(out)

    def _broken(self) -> tuple[tuple[str, ...], ...]:
        """The rules and formulas that each row's known cells break."""
        requested = self._requested
        broken, _ = broken_rules(requested.frame, requested.population)
        for formula in requested.population.constraints.derived:
            if formula.name not in requested.frame or any(
                p not in requested.frame for p in formula.parts
            ):
                continue
            column = requested.population.schema[formula.name]
            given = requested.frame[formula.name]
            worked = formula.values(requested.frame)
            if column.is_number:
                off = np.abs(_numbers(requested.frame, formula.name) - worked)
                broken.append((str(formula), off > (column.step or 1e-6) / 2))
            else:
                text = given.astype(object).map(lambda v: {True: "yes", False: "no"}.get(v, v))
                there = given.notna().to_numpy() & ~pd.isna(worked)
                broken.append((str(formula), there & (text.to_numpy() != worked)))
        return tuple(
            tuple(words for words, rows in broken if rows[row])
            for row in range(len(requested.frame))
        )


def _shown(value: Any, coding: Coding) -> str:
    """A cell in words."""
    if pd.isna(value):
        return coding.labels[-1]
    if coding.pieces is not None:
        return coding.column.text(float(value))
    if coding.column.kind == "boolean":
        return "yes" if value else "no"
    return str(value)
