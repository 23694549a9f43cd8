"""Questions that each row of a table asks for itself: how likely it is, and what its blanks hold.

Exact on a Bayesian network whose columns have codes, row by row in compiled code (`row_kernels`).
Row i of a seed is the same whatever the rows around it, the size of a chunk or the number of
threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from synth.bayes import row_kernels as kernels
from synth.bayes.budget import current
from synth.bayes.coding import Coding, Pieces
from synth.bayes.factors import Factor
from synth.bayes.network import Network
from synth.bayes.random import stream_key, uniforms_at
from synth.errors import PopulaceError
from synth.lazy import cached_property

CHUNK = 512
"""Rows answered at a time by one thread."""
SCRATCH = (1 << 17, 1 << 21, 1 << 25)
"""Numbers of scratch space that a row may use; the next is tried where one is too small."""
FLOOR = 1e-9
"""What a probability of zero counts where a row's known cells exclude each other."""
_UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class RowEvidence:
    """What is known of each row of a table.

    Attributes
    ----------
    codes : int16 array, shape (rows, columns)
        Known codes, columns in `RowQuestions.names`' order; -1 where a cell is unknown.
    within : float64 array, shape (rows, columns)
        log P(value | code) of each known cell: 0 for levels, minus infinity for a number that the
        column cannot have.
    vectors : float64 array, shape (vectors, codes of the widest column)
        Likelihoods of a column's codes.
    single : int32 array, shape (rows, singles)
        The vector that weighs the column `single_columns[k]` where it is unknown; -1 for none.
    single_columns : tuple of str
        A column for each of them.
    pair : int32 array, shape (rows, extra factors, 2)
        For each extra factor of two columns the vector that weighs its first (second) column where
        the other's value is known; -1 where the other's code says all.
    """

    codes: np.ndarray
    within: np.ndarray
    vectors: np.ndarray
    single: np.ndarray
    single_columns: tuple[str, ...]
    pair: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Cells:
    """Each known cell given the rest of its row; arrays of shape (rows, columns), NaN if unknown.

    Attributes
    ----------
    surprise : float64 array
        -log P(value | rest of the row).
    expected : float64 array
        Its mean over the values that such a rest of the row has.
    tail : float64 array
        The share of those values that are at most as likely as this one.
    likely : int16 array
        The most likely code; -1 if unknown.
    likely_share : float64 array
        Its probability.
    """

    surprise: np.ndarray
    expected: np.ndarray
    tail: np.ndarray
    likely: np.ndarray
    likely_share: np.ndarray


class _Part(NamedTuple):
    """Rows that one thread asks about: where they stand, and which of them are asked this time."""

    place: slice
    facts: kernels.Facts
    rows: np.ndarray
    cells: int
    state: np.ndarray


class RowQuestions:
    """Asks a network about every row of a table.

    Immutable, so threads may share it.

    Parameters
    ----------
    network : Network
        Without Gaussian columns.
    factors : sequence of Factor
        Tables over one or two columns that join those of the network: what must hold.

    Attributes
    ----------
    names : tuple of str
        The columns, in the order of all arrays.

    Raises
    ------
    PopulaceError
        The network has Gaussian columns.
    """

    def __init__(self, network: Network, factors: Sequence[Factor] = ()) -> None:
        if network.gaussians:
            raise PopulaceError(
                f"Rows with the Gaussian column {next(iter(network.gaussians))} cannot be asked "
                "about one by one: learn it without --gaussian."
            )
        self.network = network
        self.factors = tuple(factors)
        self.names = tuple(name for name in network.schema.names if name in network.codings)
        self._codings = [network.codings[name] for name in self.names]
        self._place = {name: i for i, name in enumerate(self.names)}

    def place(self, name: str) -> int:
        """A column's number in all arrays.

        Parameters
        ----------
        name : str
            The column.

        Raises
        ------
        PopulaceError
            There is no such column.
        """
        _ = self.network.schema[name]
        return self._place[name]

    # ------------------------------------------------------------------ what is known

    def evidence(
        self,
        frame: pd.DataFrame,
        unknown: np.ndarray | None = None,
        *,
        likelihoods: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
        pairs: Mapping[tuple[int, int], tuple[np.ndarray, np.ndarray]] | None = None,
    ) -> RowEvidence:
        """Code a table's rows.

        Parameters
        ----------
        frame : DataFrame
            Rows in the schema's canonical dtypes; columns that it lacks are unknown.
        unknown : bool array, shape (rows, columns), optional
            Which cells are unknown, in `names`' order; blank ones if not given. A blank cell that
            is not unknown has the state `missing`.
        likelihoods : mapping of str to (int array, float64 array), optional
            What is known of a column's unknown cells: for each row a vector's number (-1 for
            none), and the vectors over its codes, shape (vectors, codes).
        pairs : mapping of (int, int) to (int array, float64 array), optional
            For extra factor k and its side 0 or 1: the same for the column on that side, where the
            value of the other is known.

        Returns
        -------
        RowEvidence

        Raises
        ------
        PopulaceError
            A cell that is missing in a column that knows no missing values is not unknown.
        """
        rows, n = len(frame), len(self.names)
        codes = np.full((rows, n), _UNKNOWN, dtype=np.int16)
        within = np.zeros((rows, n))
        for c, (name, coding) in enumerate(zip(self.names, self._codings, strict=True)):
            if name not in frame:
                continue
            values = frame[name]
            blank = values.isna().to_numpy()
            here = ~blank if unknown is None else ~unknown[:, c]
            if (blank & here).any() and not coding.column.missing:
                raise PopulaceError(
                    f"Column {name} has no missing values in this population: leave such cells "
                    "unknown."
                )
            codes[here, c] = coding.encode(values)[here]
            if coding.pieces is not None:
                within[:, c] = _log_within(coding, coding.pieces, values)
        widest = max(coding.size for coding in self._codings)
        vectors: list[np.ndarray] = []
        count = 0

        def added(numbers: np.ndarray, table: np.ndarray) -> np.ndarray:
            nonlocal count
            wide = np.zeros((len(table), widest))
            wide[:, : table.shape[1]] = table
            vectors.append(wide)
            shifted = np.where(numbers < 0, -1, numbers + count).astype(np.int32)
            count += len(table)
            return shifted

        known = likelihoods or {}
        single = np.full((rows, len(known)), -1, dtype=np.int32)
        for k, (numbers, table) in enumerate(known.values()):
            single[:, k] = added(numbers, table)
        pair = np.full((rows, len(self.factors), 2), -1, dtype=np.int32)
        for (k, side), (numbers, table) in (pairs or {}).items():
            pair[:, k, side] = added(numbers, table)
        stacked = np.concatenate([np.zeros((0, widest)), *vectors])
        return RowEvidence(codes, within, stacked, single, tuple(known), pair)

    # ------------------------------------------------------------------ questions

    def log_probability(
        self, evidence: RowEvidence, *, floor: float = 0.0, threads: int | None = None
    ) -> np.ndarray:
        """The log-probability of each row's known cells, unknown ones summed out.

        Numbers count as the values that they are, not only as their bins. Extra factors are not
        normalised by: with them it is the logarithm of P(cells and all that must hold).

        Parameters
        ----------
        evidence : RowEvidence
            The rows.
        floor : float
            What probabilities below it count.
        threads : int, optional
            All processors when None.

        Returns
        -------
        float64 array, shape (rows,)
            Minus infinity where the network excludes the cells.
        """
        out = self._log_codes(evidence, floor, threads)
        return out + np.where(evidence.codes >= 0, evidence.within, 0.0).sum(axis=1)

    def _log_codes(
        self,
        evidence: RowEvidence,
        floor: float,
        threads: int | None,
        values_only: bool = False,
    ) -> np.ndarray:
        out = np.empty(len(evidence))

        def ask(p: _Part) -> None:
            kernels.log_probabilities(
                self._tables, p.facts, p.rows, p.cells, floor, p.state, out[p.place]
            )

        self._each(evidence, ask, threads, values_only)
        return out

    def posterior(
        self,
        evidence: RowEvidence,
        column: str,
        *,
        floor: float = 0.0,
        threads: int | None = None,
    ) -> np.ndarray:
        """The posterior over a column's codes given all other known cells of the row.

        Its own cell is not looked at, so that a prediction can be compared with it.

        Parameters
        ----------
        evidence, floor, threads
            As in `log_probability`.
        column : str
            The column.

        Returns
        -------
        float64 array, shape (rows, codes)
            NaN where the known cells around it exclude each other.
        """
        c = self.place(column)
        out = np.empty((len(evidence), self._codings[c].size))

        def ask(p: _Part) -> None:
            kernels.column_posterior(
                self._tables, p.facts, p.rows, p.cells, floor, c, p.state, out[p.place]
            )

        state = self._each(evidence, ask, threads)
        out[state != kernels.DONE] = np.nan
        return out

    def posteriors(
        self,
        evidence: RowEvidence,
        *,
        floor: float = 0.0,
        values_only: bool = False,
        threads: int | None = None,
    ) -> dict[str, np.ndarray]:
        """The posterior of every unknown cell given all known cells of its row.

        Parameters
        ----------
        evidence, floor, threads
            As in `log_probability`.
        values_only : bool
            Given also that no unknown cell is `missing`.

        Returns
        -------
        dict of str to float64 array, shape (rows, codes)
            NaN where a cell is known, and where the known cells exclude each other.
        """
        sizes = [coding.size for coding in self._codings]
        offset = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        out = np.empty((len(evidence), offset[-1]))
        out.fill(np.nan)

        def ask(p: _Part) -> None:
            kernels.beliefs(
                self._tables, p.facts, p.rows, p.cells, floor, offset, p.state, out[p.place]
            )

        state = self._each(evidence, ask, threads, values_only)
        out[state != kernels.DONE] = np.nan
        return {name: out[:, offset[c] : offset[c + 1]] for c, name in enumerate(self.names)}

    def draw(
        self,
        evidence: RowEvidence,
        draws: int = 1,
        seed: int = 0,
        *,
        numbers: np.ndarray | None = None,
        stream: str = "",
        floor: float = 0.0,
        values_only: bool = False,
        threads: int | None = None,
    ) -> np.ndarray:
        """Draw all unknown codes of each row from their joint posterior.

        Parameters
        ----------
        evidence, floor, threads
            As in `log_probability`.
        draws : int
            How many times.
        seed : int
            The same seed gives the same codes.
        numbers : int64 array, shape (rows,), optional
            Each row's number, which settles its draw; 0, 1, … if not given.
        stream : str
            Another word gives other codes.
        values_only : bool
            No unknown cell becomes `missing`.

        Returns
        -------
        int16 array, shape (draws, rows, columns)
            Known codes as they are; -1 in rows whose known cells exclude each other.
        """
        n = len(self.names)
        numbers = np.arange(len(evidence)) if numbers is None else numbers
        out = np.full((draws, len(evidence), n), _UNKNOWN, dtype=np.int16)
        keys = [
            [stream_key(seed, f"{name}\x1frow{stream}\x1f{k}") for name in self.names]
            for k in range(draws)
        ]

        def ask(p: _Part) -> None:
            here = numbers[p.place]
            uniform = np.empty((draws, n, len(here)))
            for k in range(draws):
                for c in range(n):
                    uniform[k, c] = uniforms_at(keys[k][c], here)
            drawn = out[:, p.place].copy()  # contiguous however many parts: one compiled kernel
            kernels.draw_codes(
                self._tables, p.facts, p.rows, p.cells, floor, uniform, p.state, drawn
            )
            out[:, p.place] = drawn

        self._each(evidence, ask, threads, values_only)
        return out

    def most_likely(
        self,
        evidence: RowEvidence,
        *,
        floor: float = 0.0,
        values_only: bool = False,
        threads: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The jointly most likely codes of all unknown cells of each row (max-product).

        Parameters
        ----------
        evidence, floor, values_only, threads
            As in `draw`.

        Returns
        -------
        codes : int16 array, shape (rows, columns)
            Known codes as they are; -1 in rows whose known cells exclude each other.
        share : float64 array, shape (rows,)
            The probability of that combination given the known cells; NaN in such rows.
        """
        out = np.full((len(evidence), len(self.names)), _UNKNOWN, dtype=np.int16)
        logs = np.empty(len(evidence))

        def ask(p: _Part) -> None:
            kernels.most_likely_codes(
                self._tables, p.facts, p.rows, p.cells, floor, p.state, out[p.place], logs[p.place]
            )

        self._each(evidence, ask, threads, values_only)
        with np.errstate(invalid="ignore"):  # where both are minus infinity
            logs -= self._log_codes(evidence, floor, threads, values_only)
        return out, np.minimum(np.exp(logs), 1.0)

    def cells(
        self, evidence: RowEvidence, *, floor: float = FLOOR, threads: int | None = None
    ) -> Cells:
        """Each known cell given the rest of its row.

        Parameters
        ----------
        evidence, threads
            As in `log_probability`.
        floor : float
            What probabilities below it count, so that one impossible pair of cells leaves the
            others an answer.

        Returns
        -------
        Cells
        """
        shape = (len(evidence), len(self.names))
        surprise, expected, tail, share = (np.full(shape, np.nan) for _ in range(4))
        likely = np.full(shape, _UNKNOWN, dtype=np.int16)
        pieces = self._pieces

        def ask(p: _Part) -> None:
            outs = (surprise, expected, tail, likely, share)
            arguments: tuple[Any, ...] = (
                self._tables,
                p.facts,
                p.rows,
                p.cells,
                floor,
                *pieces,
                evidence.within[p.place],
                p.state,
                *(out[p.place] for out in outs),
            )
            kernels.leave_one_out(*arguments)

        self._each(evidence, ask, threads)
        return Cells(surprise, expected, tail, likely, share)

    def quantiles(self, column: str, p: np.ndarray, shares: Sequence[float]) -> np.ndarray:
        """Quantiles of a number's known values.

        Parameters
        ----------
        column : str
            A column of numbers.
        p : float64 array, shape (rows, codes)
            Posteriors over its codes.
        shares : sequence of float
            Between 0 and 1.

        Returns
        -------
        float64 array, shape (rows, shares)
            NaN where no value is possible.
        """
        coding = self._codings[self.place(column)]
        pieces = coding.number_pieces
        out = np.empty((len(p), len(shares)), dtype=np.int64)
        kernels.quantiles(
            np.ascontiguousarray(p), pieces.bins, pieces.starts.astype(np.int64), pieces.first,
            pieces.last, pieces.weight, np.asarray(shares, dtype=np.float64), out,
        )  # fmt: skip
        values = np.asarray(coding.value(out), dtype=np.float64)
        values[out < pieces.first[0]] = np.nan
        return values

    def means(self, column: str, p: np.ndarray) -> np.ndarray:
        """The mean of a number's known values; as `quantiles`, float64, shape (rows,)."""
        coding = self._codings[self.place(column)]
        pieces = coding.number_pieces
        middle = coding.means(pieces.first, pieces.last)
        mean = np.bincount(pieces.bin, pieces.weight * middle, minlength=pieces.bins)
        known = p[:, : pieces.bins]
        total = known.sum(axis=1)
        return np.divide(known @ mean, total, out=np.full(len(p), np.nan), where=total > 0)

    # ------------------------------------------------------------------ compiled code

    @cached_property
    def _tables(self) -> kernels.Tables:
        network, place = self.network, self._place
        factors = [
            Factor((*network.parents[name], name), network.tables[name]) for name in self.names
        ]
        factors += self.factors
        base, length, start, scope, step, flat = [], [], [0], [], [], []
        at = 0
        for factor in factors:
            table = np.ascontiguousarray(factor.table, dtype=np.float64)
            base.append(at)
            length.append(table.size)
            at += table.size
            flat.append(table.reshape(-1))
            scope += [place[name] for name in factor.scope]
            step += [stride // table.itemsize for stride in table.strides]
            start.append(len(scope))
        touch: list[list[int]] = [[] for _ in self.names]
        for number, factor in enumerate(factors):
            for name in factor.scope:
                touch[place[name]].append(number)

        def whole(values: Sequence[int]) -> np.ndarray:
            return np.array(values, dtype=np.int64)

        return kernels.Tables(
            whole([coding.size for coding in self._codings]),
            whole([place[name] for name in network.order]),
            np.concatenate(flat),
            whole(base),
            whole(length),
            whole(start),
            whole(scope),
            whole(step),
            whole([0, *np.cumsum([len(each) for each in touch]).tolist()]),
            whole([number for each in touch for number in each]),
        )

    @cached_property
    def _pieces(self) -> tuple[np.ndarray, ...]:
        """What `leave_one_out` asks of the pieces of all numbers."""
        bins, start, bin_start = [], [0], []
        parts: list[Pieces] = []
        entropies: list[np.ndarray] = []
        logs: list[np.ndarray] = []
        filled = 0
        for coding in self._codings:
            bin_start.append(filled)
            if coding.pieces is None:
                bins.append(0)
                start.append(start[-1])
                continue
            pieces = coding.pieces
            parts.append(pieces)
            logs.append(_log_one(coding, pieces))
            bins.append(pieces.bins)
            start.append(start[-1] + len(pieces.bin))
            terms = -pieces.weight * _log_one(coding, pieces)
            terms[pieces.weight <= 0] = 0.0
            entropies.append(np.bincount(pieces.bin, terms, minlength=pieces.bins))
            filled += pieces.bins
        empty = np.zeros(0)
        return (
            np.array(bins, dtype=np.int64),
            np.array(start, dtype=np.int64),
            np.concatenate([empty, *(p.bin for p in parts)]).astype(np.int64),
            np.concatenate([empty, *(p.weight for p in parts)]),
            np.concatenate([empty, *logs]),
            np.concatenate([empty, *entropies]),
            np.array(bin_start, dtype=np.int64),
        )

    def _each(
        self,
        evidence: RowEvidence,
        ask: Callable[[_Part], None],
        threads: int | None,
        values_only: bool = False,
    ) -> np.ndarray:
        """Ask chunk by chunk; how each row ended."""
        vectors, barred = self._barred(evidence.vectors, values_only)
        columns = np.array([self._place[n] for n in evidence.single_columns], dtype=np.int64)
        state = np.zeros(len(evidence), dtype=np.int64)

        def work(low: int) -> None:
            part = slice(low, min(low + CHUNK, len(evidence)))
            facts = kernels.Facts(
                np.ascontiguousarray(evidence.codes[part]),
                vectors,
                np.ascontiguousarray(evidence.single[part]),
                columns,
                np.ascontiguousarray(evidence.pair[part]),
                barred,
            )
            rows = np.arange(len(facts.codes))
            for cells in SCRATCH:
                ask(_Part(part, facts, rows, cells, state[part]))
                rows = np.flatnonzero(state[part] == kernels.TOO_LARGE)
                if not len(rows):
                    return
            raise PopulaceError(
                "A row leaves too many linked columns open to be answered exactly: give more of "
                "its cells, or learn the network with fewer parents (--max-parents)."
            )

        budget = current()
        starts = range(0, len(evidence), CHUNK)
        count = min(
            (os.cpu_count() or 1) if threads is None else max(threads, 1), max(len(starts), 1)
        )
        if count == 1:
            for low in starts:
                budget.check()
                work(low)
            return state
        with ThreadPoolExecutor(count) as pool:
            for wave in range(0, len(starts), count):
                budget.check()
                list(pool.map(work, starts[wave : wave + count]))
        return state

    def _barred(self, vectors: np.ndarray, values_only: bool) -> tuple[np.ndarray, np.ndarray]:
        """The vectors, and those that bar the state `missing`."""
        barred = np.full(len(self.names), -1, dtype=np.int32)
        if not values_only:
            return vectors, barred
        more: list[np.ndarray] = []
        for c, coding in enumerate(self._codings):
            if coding.column.missing and coding.size > 1:
                barred[c] = len(vectors) + len(more)
                vector = np.zeros(vectors.shape[1])
                vector[: coding.size - 1] = 1.0
                more.append(vector)
        return np.concatenate([vectors, *(v[None] for v in more)]), barred


def values_inside(
    coding: Coding, pieces: Pieces, codes: np.ndarray, first: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """A number inside each bin, settled by two uniform numbers.

    Parameters
    ----------
    coding : Coding
        Of a column of numbers.
    pieces : Pieces
        Its pieces, whole or cut.
    codes : int array, shape (rows,)
        Bins.
    first, second : float64 array, shape (rows,)
        Which piece of the bin, and where in the piece.

    Returns
    -------
    float64 array, shape (rows,)
    """
    total = np.append(0.0, np.cumsum(pieces.weight))
    starts = np.searchsorted(pieces.bin, np.arange(int(codes.max(initial=0)) + 2))
    low, high = total[starts[codes]], total[starts[codes + 1]]
    piece = np.searchsorted(total, low + first * (high - low), side="right") - 1
    piece = np.clip(piece, starts[codes], np.maximum(starts[codes + 1] - 1, 0))
    span = pieces.last[piece] - pieces.first[piece] + 1
    index = pieces.first[piece] + np.minimum(np.floor(second * span), span - 1).astype(np.int64)
    return np.asarray(coding.value(index), dtype=np.float64)


def _log_one(coding: Coding, pieces: Pieces) -> np.ndarray:
    """log P(one value of a piece | bin); where values are not equally wide, of one as the mean."""
    values = pieces.last - pieces.first + 1
    if coding.calendar is not None:
        values = coding.value(pieces.last) - coding.value(pieces.first) + 1
    with np.errstate(divide="ignore"):
        return np.log(pieces.weight / values)


def _log_within(coding: Coding, pieces: Pieces, values: pd.Series) -> np.ndarray:
    """log P(value | bin): 0 where it is missing, minus infinity where no piece holds it."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    there = ~np.isnan(numbers)
    index = coding.index(numbers[there])
    piece = np.minimum(np.searchsorted(pieces.last, index), len(pieces.last) - 1)
    covered = (index >= pieces.first[piece]) & (index <= pieces.last[piece])
    out = np.zeros(len(numbers))
    share = coding.widths(numbers[there]) / (pieces.last - pieces.first + 1)[piece]
    with np.errstate(divide="ignore"):
        out[there] = np.where(covered, np.log(pieces.weight[piece] * share), -np.inf)
    return out
