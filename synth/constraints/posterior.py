"""Answers and samples in which rules hold and derived columns are there.

A rule is a node that is always true: a table P(rule holds | codes of its columns) joins those of
the network, and conditioning on it is exact, as on any evidence. Nobody is rejected for it. Only
where one bin holds both values that keep the rule and values that break it (born and died in the
same bin) are the values of that row, not its codes, drawn again until they keep it; given the
codes, that is their exact distribution too. Dates in order are drawn at the distances that real
ones have (`gaps`), given their bins. Rules about derived columns are kept by drawing whole
rows anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding, Pieces
from synth.bayes.factors import Factor
from synth.bayes.inference import CutCodings, DrawRows, ExtraFactors, Posterior
from synth.bayes.network import Network
from synth.bayes.random import stream_key, uniforms_at
from synth.constraints.derived import Constraints
from synth.constraints.gaps import Spread, drawn_pair
from synth.constraints.rules import Rule
from synth.data.evidence import Evidence
from synth.errors import PopulaceError

TRIES = 64
"""How often values are drawn again inside their bins before the whole row is."""
ROW_TRIES = 400
"""How often whole rows are drawn anew before that is given up."""
_BLOCK = 1 << 16


def constrained(
    network: Network,
    evidence: Evidence | None = None,
    do: Evidence | None = None,
    constraints: Constraints | None = None,
    *,
    factors: Sequence[ExtraFactors] = (),
    whole: Posterior | None = None,
) -> Posterior:
    """People of a network among whom rules hold, with derived columns.

    The posterior's probability is the share of those for whom the rules hold. Within a bin that a
    rule cuts in two, marginals of single values are those before the rule; bins are exact.

    Parameters
    ----------
    network : Network
        Who the people are.
    evidence, do : Evidence, optional
        What is known of them, and what is set from outside.
    constraints : Constraints, optional
        What holds in every row, and what is worked out in it.
    factors : sequence of ExtraFactors
        Further tables that join those of the network.
    whole : Posterior, optional
        The same without evidence and do, where it is at hand: spares working it out again.

    Returns
    -------
    Posterior
        Its `transform` is a `ConstraintTransform` where there are constraints.

    Raises
    ------
    PopulaceError
        A fact is about a derived column, or the evidence is impossible under the rules.
    """
    if not constraints:
        return Posterior(network, evidence, do, factors=factors, whole=whole)
    constraints.refuse((*(evidence or ()), *(do or ())))
    rules = rules_of(constraints, network)
    every = (*factors, ConstraintFactors(rules)) if rules else tuple(factors)
    transform = ConstraintTransform(constraints, rules)
    return Posterior(network, evidence, do, factors=every, transform=transform, whole=whole)


def rules_of(constraints: Constraints, network: Network) -> tuple[Rule, ...]:
    """The rules that are all about columns with codes."""
    return tuple(
        rule for rule in constraints.rules if all(name in network.codings for name in rule.columns)
    )


@dataclass(frozen=True)
class ConstraintFactors:
    """P(rule holds | codes of its columns), for each rule.

    Attributes
    ----------
    rules : tuple of Rule
        About columns with codes.
    """

    rules: tuple[Rule, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the rules speak of."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.columns))

    def factors(self, codings: CutCodings) -> tuple[Factor, ...]:
        """One table a rule, over what the evidence has left of its columns' values."""
        return tuple(
            Factor(rule.columns, rule.holds({name: codings[name] for name in rule.columns}))
            for rule in self.rules
        )


@dataclass(frozen=True)
class ConstraintTransform:
    """Finishes rows: draws values that break a rule again, works out derived columns.

    Attributes
    ----------
    constraints : Constraints
        What holds in every row, and what is worked out in it.
    rules : tuple of Rule
        The rules about columns with codes, which `ConstraintFactors` has in the tables already.
    """

    constraints: Constraints
    rules: tuple[Rule, ...]

    def finished(
        self,
        draw: DrawRows,
        codings: CutCodings,
        rows: int,
        seed: int,
        *,
        start: int,
        threads: int | None,
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed; see `RowTransform`."""
        frame = self._kept(draw, codings, rows, seed, start=start, threads=threads)
        return self.constraints.with_templates(frame, seed, start)

    def _kept(
        self,
        draw: DrawRows,
        codings: CutCodings,
        rows: int,
        seed: int,
        *,
        start: int,
        threads: int | None,
    ) -> pd.DataFrame:
        """Rows that keep the rules, with what is worked out."""
        drawing = _Drawing(draw, codings, self.constraints, self.rules, seed)
        frame = drawing.rows(rows, start, threads)
        if not self.constraints.rules:
            return frame
        broken = np.flatnonzero(self.constraints.broken(frame))
        for attempt in range(1, ROW_TRIES + 1):
            if not len(broken):
                return frame
            frame, broken = drawing.replaced(frame, broken, start, attempt)
        raise PopulaceError(
            f"Hardly anybody keeps all rules at once ({len(broken):,} of {rows:,} rows could not "
            "be drawn): drop or loosen one of them."
        )


class _Drawing:
    """One sample under constraints."""

    def __init__(
        self,
        draw: DrawRows,
        codings: CutCodings,
        constraints: Constraints,
        rules: Sequence[Rule],
        seed: int,
    ) -> None:
        self._draw = draw
        self._constraints = constraints
        self._rules = rules
        self._seed = seed
        names = dict.fromkeys(name for rule in rules for name in rule.columns)
        self._numbers: dict[str, tuple[Coding, Pieces]] = {}
        for name in names:
            coding, pieces = codings[name]
            if pieces is not None:
                self._numbers[name] = (coding, pieces)

    def rows(
        self, rows: int, start: int, threads: int | None, seed: int | None = None
    ) -> pd.DataFrame:
        """Rows whose values keep the rules where their codes can."""
        seed = self._seed if seed is None else seed
        frame = self._draw(rows, seed, start=start, threads=threads)
        if self._numbers:
            frame = self._spaced(frame, seed, start)
            frame = self._redrawn(frame, seed, start)
        return self._constraints.derive(frame)

    def replaced(
        self, frame: pd.DataFrame, broken: np.ndarray, start: int, attempt: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Whole rows anew: number i of another stream takes the place of number i."""
        other = int(stream_key(self._seed, f"again\x1f{attempt}") % np.uint64(2**62))
        still = []
        blocks = (start + broken) // _BLOCK
        for block in np.unique(blocks):
            rows = broken[blocks == block]
            low = int(rows[0])
            fresh = self.rows(int(rows[-1]) - low + 1, start + low, 1, other).iloc[rows - low]
            wrong = self._constraints.broken(fresh)
            kept = rows[~wrong]
            if len(kept):
                frame = frame.copy(deep=False)
                for name in frame.columns:
                    column = frame[name].copy()
                    column.iloc[kept] = fresh[name].iloc[~wrong].array
                    frame[name] = column
            still.append(rows[wrong])
        return frame, np.concatenate(still)

    def _spaced(self, frame: pd.DataFrame, seed: int, start: int) -> pd.DataFrame:
        """Dates in order as far apart as the real ones, inside their bins."""
        ordered = [(rule.dates, rule.gap) for rule in self._rules if rule.gap is not None]
        settled: set[str] = set()
        for names, gap in ordered:
            if names is None or gap is None or settled.issuperset(names):
                continue
            known = np.flatnonzero(~frame[list(names)].isna().any(axis=1).to_numpy())
            part = [frame[name].iloc[known].reset_index(drop=True) for name in names]
            first, second = (
                Spread(coding, pieces, np.asarray(coding.encode(column), dtype=np.int64))
                for column, (coding, pieces) in zip(
                    part, (self._numbers[name] for name in names), strict=True
                )
            )
            begin, end = (column.to_numpy(dtype=np.float64) for column in part)

            uniform = partial(_stream, seed, names, start + known)
            drawn = drawn_pair(
                gap,
                first,
                second,
                uniform,
                fixed_first=begin if names[0] in settled else None,
                fixed_second=end if names[1] in settled else None,
            )
            places = known[drawn[2]]
            frame = frame.copy(deep=False)
            for name, values in zip(names, drawn, strict=False):
                if name not in settled:
                    column = frame[name].copy()
                    some = column.iloc[places]
                    absent = np.zeros(len(places), dtype=bool)
                    column.iloc[places] = _like(values[drawn[2]], absent, some)
                    frame[name] = column
            settled.update(names)
        return frame

    def _broken(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows break a rule about columns with codes."""
        broken = np.zeros(len(frame), dtype=bool)
        for rule in self._rules:
            broken |= rule.broken(frame)
        return broken

    def _redrawn(self, frame: pd.DataFrame, seed: int, start: int) -> pd.DataFrame:
        """The values of rows that break a rule drawn again, inside their bins."""
        places = np.flatnonzero(self._broken(frame))
        if not len(places):
            return frame
        names = [name for rule in self._rules for name in rule.columns]
        part = frame[list(dict.fromkeys(names))].iloc[places].reset_index(drop=True)
        codes = {name: coding.encode(part[name]) for name, (coding, _) in self._numbers.items()}
        result = {name: part[name].to_numpy(np.float64, na_value=np.nan) for name in self._numbers}
        absent = {name: np.isnan(values) for name, values in result.items()}
        left = np.arange(len(part))
        for attempt in range(TRIES):
            trial = {name: part[name].iloc[left].array for name in part if name not in result}
            for name in result:
                values = self._values(name, codes[name][left], seed, start + places[left], attempt)
                values[absent[name][left]] = np.nan
                trial[name] = values
            wrong = self._broken(pd.DataFrame(trial))
            for name in result:
                result[name][left[~wrong]] = trial[name][~wrong]
            left = left[wrong]
            if not len(left):
                break
        frame = frame.copy(deep=False)
        for name, values in result.items():
            column = frame[name].copy()
            column.iloc[places] = _like(values, absent[name], part[name])
            frame[name] = column
        return frame

    def _values(
        self, name: str, codes: np.ndarray, seed: int, rows: np.ndarray, attempt: int
    ) -> np.ndarray:
        """A value inside each bin; where the code is `missing`, any."""
        coding, pieces = self._numbers[name]
        codes = np.minimum(codes, pieces.bins - 1)
        first, second = (
            uniforms_at(stream_key(seed, f"{name}\x1frule{attempt}\x1f{k}"), rows) for k in "ab"
        )
        total = np.append(0.0, np.cumsum(pieces.weight))
        starts = np.searchsorted(pieces.bin, np.arange(int(codes.max()) + 2))
        low, high = total[starts[codes]], total[starts[codes + 1]]
        piece = np.searchsorted(total, low + first * (high - low), side="right") - 1
        piece = np.clip(piece, starts[codes], np.maximum(starts[codes + 1] - 1, 0))
        span = pieces.last[piece] - pieces.first[piece] + 1
        index = pieces.first[piece] + np.floor(second * span).astype(np.int64)
        return np.array(coding.value(index), dtype=np.float64)


def _like(values: np.ndarray, absent: np.ndarray, column: pd.Series) -> Any:
    """Values in the column's own type, missing where they were."""
    if isinstance(column.dtype, np.dtype):
        if column.dtype.kind == "f":
            return np.where(absent, np.nan, values).astype(column.dtype)
        return np.rint(values).astype(column.dtype)
    whole = np.where(absent, 1, np.rint(values)).astype(column.dtype.numpy_dtype)
    return pd.arrays.IntegerArray(whole, absent)


def _stream(seed: int, names: tuple[str, str], rows: np.ndarray, word: str) -> np.ndarray:
    """Numbers of two columns' own stream called by a word, one for each row."""
    return uniforms_at(stream_key(seed, "\x1f".join((*names, word))), rows)
