"""Answers and samples in which rules hold and derived columns are there.

A rule is a node that is always true: a table P(rule holds | codes of its columns) joins those of
the network, and conditioning on it is exact, as on any evidence. Nobody is rejected for it. Only
where one bin holds both values that keep the rule and values that break it (born and died in the
same bin) are the values of that row, not its codes, drawn again until they keep it; given the
codes, that is their exact distribution too. Rules about derived columns are kept by drawing whole
rows anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.bayes.inference import Factor, Posterior, _ImpossibleError, _OnlyTold
from synth.bayes.network import Network
from synth.bayes.random import stream_key
from synth.bayes.sampling import Sampler
from synth.constraints.derived import Constraints
from synth.data.evidence import Evidence, Fact
from synth.data.writers import arrow_table
from synth.errors import PopulaceError
from synth.lazy import cached_property

TRIES = 64
"""How often values are drawn again inside their bins before the whole row is."""
ROW_TRIES = 400
_BLOCK = 1 << 16


class ConstrainedPosterior(Posterior):
    """A `Posterior` under rules, whose samples hold derived columns.

    `probability` is the share of those for whom the rules hold. Within a bin that a rule cuts in
    two, marginals of single values are those before the rule; bins are exact.
    """

    def __init__(
        self,
        network: Network,
        evidence: Evidence,
        do: Evidence,
        constraints: Constraints,
        whole: ConstrainedPosterior | None = None,
    ) -> None:
        constraints.refuse((*evidence, *do))
        self.constraints = constraints
        self._rules = tuple(
            rule
            for rule in constraints.rules
            if all(name in network.codings for name in rule.columns)
        )
        self._whole = whole
        super().__init__(network, evidence, do)

    @cached_property
    def _rule_factors(self) -> tuple[Factor, ...]:
        out = []
        for rule in self._rules:
            pieces = {n: (self.network.codings[n], self._pieces(n)) for n in rule.columns}
            out.append(Factor(rule.columns, rule.holds(pieces)))
        return tuple(out)

    @cached_property
    def _relevant(self) -> tuple[str, ...]:
        ruled = [name for rule in self._rules for name in rule.columns]
        return self._cut.ancestors([*super()._relevant, *ruled])

    def _factors(self, names: Sequence[str]) -> list[Factor]:
        names = set(names)
        return super()._factors(names) + [
            factor for factor in self._rule_factors if set(factor.scope) <= names
        ]

    @property
    def log_probability(self) -> float:
        """Natural logarithm of `probability`."""
        if not self._rules:
            return super().log_probability
        if not self.evidence and not self.do:
            return 0.0
        whole = self._whole
        if whole is None or self.do:
            whole = ConstrainedPosterior(self.network, Evidence(), self.do, self.constraints)
        return min(self._eliminated[1] - whole._eliminated[1], 0.0)

    @property
    def probability(self) -> float:
        """P(evidence): the share of those who keep the rules of whom it is true."""
        return math.exp(self.log_probability)

    def _is_impossible(self, facts: dict[str, Fact]) -> bool:
        try:
            ConstrainedPosterior(self.network, _OnlyTold(facts), self.do, self.constraints)
        except _ImpossibleError:
            return True
        except PopulaceError:
            return False
        return False

    @cached_property
    def _sampler(self) -> ConstrainedSampler:
        return ConstrainedSampler(super()._sampler, self)


class ConstrainedSampler:
    """Draws finished rows; person number i of a seed is the same however many are asked for."""

    def __init__(self, drawn: Sampler, posterior: ConstrainedPosterior) -> None:
        self._drawn = drawn
        self._constraints = posterior.constraints
        self._rules = posterior._rules
        names = dict.fromkeys(name for rule in self._rules for name in rule.columns)
        self._numbers = {
            name: (posterior.network.codings[name], posterior._pieces(name))
            for name in names
            if posterior.network.codings[name].pieces is not None
        }

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, finished."""
        frame = self._once(rows, seed, start, threads)
        if not self._constraints.rules:
            return frame
        broken = np.flatnonzero(self._constraints.broken(frame))
        for attempt in range(1, ROW_TRIES + 1):
            if not len(broken):
                return frame
            frame, broken = self._replace(frame, broken, seed, start, attempt)
        raise PopulaceError(
            f"Hardly anybody keeps all rules at once ({len(broken):,} of {rows:,} rows could not "
            "be drawn): drop or loosen one of them."
        )

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table; levels are dictionaries."""
        frame = self.sample(rows, seed, start=start, threads=threads)
        return arrow_table(frame, seed)

    batches = Sampler.batches
    write_parquet = Sampler.write_parquet

    # ------------------------------------------------------------------ rows

    def _once(self, rows: int, seed: int, start: int, threads: int | None = None) -> pd.DataFrame:
        frame = self._drawn.sample(rows, seed, start=start, threads=threads)
        if self._numbers:
            frame = self._redraw(frame, seed, start)
        return self._constraints.derive(frame)

    def _redraw(self, frame: pd.DataFrame, seed: int, start: int) -> pd.DataFrame:
        """Draw the values of rows that break a rule again, inside their bins."""
        broken = np.zeros(len(frame), dtype=bool)
        for rule in self._rules:
            broken |= rule.broken(frame)
        left = np.flatnonzero(broken)
        if not len(left):
            return frame
        part = frame.iloc[left].reset_index(drop=True)
        codes = {name: coding.encode(part[name]) for name, (coding, _) in self._numbers.items()}
        done = part.copy()
        open_ = np.arange(len(part))
        for attempt in range(TRIES):
            tried = part.iloc[open_].copy()
            for name in self._numbers:
                values = self._values(name, codes[name][open_], seed, start + left[open_], attempt)
                absent = tried[name].isna().to_numpy()
                tried[name] = _like(values, absent, tried[name])
            wrong = np.zeros(len(tried), dtype=bool)
            for rule in self._rules:
                wrong |= rule.broken(tried)
            kept = open_[~wrong]
            for name in self._numbers:
                column = done[name].copy()
                column.iloc[kept] = tried[name].iloc[~wrong].array
                done[name] = column
            open_ = open_[wrong]
            if not len(open_):
                break
        frame = frame.copy(deep=False)
        for name in self._numbers:
            column = frame[name].copy()
            column.iloc[left] = done[name].array
            frame[name] = column
        return frame

    def _values(
        self, name: str, codes: np.ndarray, seed: int, rows: np.ndarray, attempt: int
    ) -> np.ndarray:
        """A value inside each bin; where the code is `missing`, any."""
        coding, pieces = self._numbers[name]
        codes = np.minimum(codes, pieces.bins - 1)
        first, second = (
            _uniform(stream_key(seed, f"{name}\x1frule{attempt}\x1f{k}"), rows) for k in "ab"
        )
        total = np.append(0.0, np.cumsum(pieces.weight))
        starts = np.searchsorted(pieces.bin, np.arange(int(codes.max()) + 2))
        low, high = total[starts[codes]], total[starts[codes + 1]]
        piece = np.searchsorted(total, low + first * (high - low), side="right") - 1
        piece = np.clip(piece, starts[codes], np.maximum(starts[codes + 1] - 1, 0))
        span = pieces.last[piece] - pieces.first[piece] + 1
        index = pieces.first[piece] + np.floor(second * span).astype(np.int64)
        return np.asarray(coding.value(index), dtype=np.float64)

    def _replace(
        self, frame: pd.DataFrame, broken: np.ndarray, seed: int, start: int, attempt: int
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Draw whole rows anew: number i of another stream takes the place of number i."""
        other = int(stream_key(seed, f"again\x1f{attempt}") % np.uint64(2**62))
        still = []
        blocks = (start + broken) // _BLOCK
        for block in np.unique(blocks):
            rows = broken[blocks == block]
            low = int(rows[0])
            fresh = self._once(int(rows[-1]) - low + 1, other, start + low, 1).iloc[rows - low]
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


def _like(values: np.ndarray, absent: np.ndarray, column: pd.Series) -> object:
    """Values in the column's own type, missing where they were."""
    if isinstance(column.dtype, np.dtype):
        if column.dtype.kind == "f":
            return np.where(absent, np.nan, values).astype(column.dtype)
        return np.rint(values).astype(column.dtype)
    whole = np.where(absent, 1, np.rint(values)).astype(column.dtype.numpy_dtype)
    return pd.arrays.IntegerArray(whole, absent)


def _uniform(key: np.uint64, rows: np.ndarray) -> np.ndarray:
    """Number `row` of a stream for each row, in [0, 1); as `random.fill`, at scattered places."""
    half = np.uint64(32)
    with np.errstate(over="ignore"):
        y = (rows.astype(np.uint64) + np.uint64(1)) * key
        z = y + key
        x = y * y + y
        x = (x >> half) | (x << half)
        x = x * x + z
        x = (x >> half) | (x << half)
        x = x * x + y
        x = (x >> half) | (x << half)
        x = x * x + z
        t = x
        x = (x >> half) | (x << half)
        number = t ^ ((x * x + y) >> half)
    return (number >> np.uint64(11)).astype(np.float64) / 9007199254740992.0
