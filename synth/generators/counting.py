"""Counting: every column by itself, or whole rows with smoothing. The floor and the ceiling.

*Independent columns* keep every column's shares and nothing of how columns hang together: what any
other generator must beat. *The joint table* counts whole rows of codes and mixes them with
independent columns: with a share λ a person is drawn column by column, else a learned row is
repeated. λ is the one that leave-one-out likelihood likes best (EM), so on a table with few
distinct rows it is near 0 and on a wide one near 1 of what can be told apart; the report says
which share of the people drawn repeats a real one. Both answer every question exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from synth.generators.base import Progress, Settings, register
from synth.generators.coded import (
    Codebook,
    CodedGenerator,
    Draw,
    Law,
    Likelihoods,
    Proposal,
    Rows,
    check_shares,
    choose,
)

STEPS = 200
"""Steps of EM for λ, at most."""


class _IndependentProposal(Proposal):
    """Columns by themselves, each given what is known of it."""

    def __init__(self, shares: tuple[np.ndarray, ...], known: Likelihoods) -> None:
        self._columns, total = [], 0.0
        for column, each in enumerate(shares):
            if column in known:
                each = each * known[column]
                mass = each.sum()
                total += math.log(mass) if mass > 0 else -math.inf
                each = each / mass if mass > 0 else each
            self._columns.append(each)
        self.log_probability: float = total

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Each column for itself."""
        return Draw(np.stack([choose(each, random.random(rows)) for each in self._columns], axis=1))

    def shares(self, column: int) -> np.ndarray:
        """Exact."""
        return self._columns[column]


class IndependentLaw(Law):
    """The shares of every column's codes.

    Parameters
    ----------
    shares : tuple of float64 array, shape (codes,)
        One for each learned column.
    """

    def __init__(self, shares: tuple[np.ndarray, ...]) -> None:
        self.shares = shares

    def given(self, known: Likelihoods) -> _IndependentProposal:
        """Exact."""
        return _IndependentProposal(self.shares, known)

    def about(self) -> dict[str, Any]:
        """Nothing beyond the arrays."""
        return {}

    def arrays(self) -> dict[str, np.ndarray]:
        """The shares of all columns, one after another."""
        return {"shares": np.concatenate(self.shares)}

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> IndependentLaw:
        """The law of these shares."""
        return cls(_split(arrays["shares"], codebook.sizes))


def _split(joined: np.ndarray, sizes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    if joined.shape != (sum(sizes),):
        raise ValueError("shares")
    parts = tuple(np.split(joined.astype(np.float64), np.cumsum(sizes)[:-1]))
    check_shares(parts, sizes)
    return parts


class IndependentColumns(CodedGenerator):
    """Learns every column by itself."""

    name = "independent"
    title = "Independent columns"
    description = (
        "Every column by itself: all shares are right and nothing hangs together. Exact, at once; "
        "what any other way must beat."
    )
    law = IndependentLaw
    bins = 256

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[IndependentLaw, dict[str, Any]]:
        """Count."""
        return IndependentLaw(tuple(rows.shares())), {
            "notes": ["Columns are drawn independently: nothing of how they hang together is kept."]
        }


# ---------------------------------------------------------------------- whole rows


class _JointProposal(Proposal):
    """A learned row, or columns by themselves, each with its share of those who fit."""

    def __init__(self, law: JointLaw, known: Likelihoods) -> None:
        self._law = law
        weight = law.weight
        for column, likelihood in known.items():
            weight = weight * likelihood[law.rows[:, column]]
        self._weight = weight
        self._independent = law.independent.given(known)
        repeated = (1 - law.smoothing) * weight.sum()
        fresh = law.smoothing * math.exp(self._independent.log_probability)
        total = repeated + fresh
        self.fresh = fresh / total if total > 0 else 0.0
        self.log_probability: float = math.log(total) if total > 0 else -math.inf

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Some people anew, the others repeated."""
        anew = random.random(rows) < self.fresh
        which = random.random(rows)
        # Both kinds are drawn for every row, so that the stream does not depend on the coin.
        codes = (
            self._independent.draw(random, rows).codes
            if self.fresh > 0
            else np.zeros((rows, self._law.rows.shape[1]), np.int32)
        )
        if self.fresh < 1:
            repeated = self._law.rows[choose(self._weight, which)]
            codes = np.where(anew[:, None], codes, repeated)
        return Draw(codes.astype(np.int32))

    def shares(self, column: int) -> np.ndarray:
        """Exact."""
        size = self._law.sizes[column]
        counts = np.bincount(self._law.rows[:, column], self._weight, size)
        out = np.zeros(size)
        if self.fresh < 1:
            out += (1 - self.fresh) * counts / counts.sum()
        if self.fresh > 0:
            out += self.fresh * self._independent.shares(column)
        return out


class JointLaw(Law):
    """The distinct rows of codes, mixed with independent columns.

    Parameters
    ----------
    rows : int32 array, shape (distinct, learned columns)
        Distinct rows.
    weight : float64 array, shape (distinct,)
        Their shares of the real people.
    independent : IndependentLaw
        The columns by themselves.
    smoothing : float
        λ: the share of people who are drawn column by column.
    """

    def __init__(
        self,
        rows: np.ndarray,
        weight: np.ndarray,
        independent: IndependentLaw,
        smoothing: float,
    ) -> None:
        self.rows, self.weight = rows, weight
        self.independent, self.smoothing = independent, smoothing
        self.sizes = tuple(len(each) for each in independent.shares)

    def given(self, known: Likelihoods) -> _JointProposal:
        """Exact."""
        return _JointProposal(self, known)

    def about(self) -> dict[str, Any]:
        """The mixture's share."""
        return {"smoothing": self.smoothing}

    def arrays(self) -> dict[str, np.ndarray]:
        """Rows, their shares, and those of the columns."""
        return {"rows": self.rows, "weight": self.weight, **self.independent.arrays()}

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> JointLaw:
        """The law of these rows."""
        independent = IndependentLaw.restored(codebook, about, arrays)
        rows, weight = arrays["rows"].astype(np.int32), arrays["weight"].astype(np.float64)
        smoothing = float(about["smoothing"])
        fine = rows.ndim == 2 and rows.shape[1] == len(codebook.sizes) and 0 <= smoothing <= 1
        if not fine or (rows < 0).any() or (rows >= np.array(codebook.sizes)).any():
            raise ValueError("rows")
        check_shares([weight], [len(rows)])
        return cls(rows, weight, independent, smoothing)


class JointTable(CodedGenerator):
    """Counts whole rows."""

    name = "joint-table"
    title = "Joint table"
    description = (
        "Whole rows counted, mixed with independent columns: exact for a few columns with few "
        "values; on a wide table it repeats real people or forgets how columns hang together."
    )
    law = JointLaw
    bins = 24

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[JointLaw, dict[str, Any]]:
        """Count rows, and find how many people are to be drawn column by column."""
        independent = IndependentLaw(tuple(rows.shares()))
        distinct, inverse, count = np.unique(
            rows.codes, axis=0, return_inverse=True, return_counts=True
        )
        inverse = inverse.reshape(-1)
        progress(0.5, "Weighing repetition against independence")
        weights = np.ones(len(rows.codes)) if rows.weights is None else rows.weights
        mass = np.bincount(inverse, weights, len(distinct))
        columns = enumerate(independent.shares)
        alone = np.prod([each[distinct[:, column]] for column, each in columns], axis=0)
        smoothing = _smoothing(count, alone)
        law = JointLaw(distinct, mass / mass.sum(), independent, smoothing)
        repeats = 1 - smoothing
        note = (
            f"{repeats:.0%} of its people repeat the codes of a real row, the others are drawn "
            "column by column."
        )
        if (count == 1).mean() > 0.5 and repeats > 0.01:
            note += (
                f" {(count == 1).mean():.0%} of the distinct rows occur once: what it repeats are "
                "single people, so it learns them by heart. Take another way to share people."
            )
        return law, {"notes": [note], "smoothing": smoothing, "distinct": len(distinct)}


def _smoothing(count: np.ndarray, alone: np.ndarray) -> float:
    """λ of the largest leave-one-out likelihood.

    Parameters
    ----------
    count : int array, shape (distinct,)
        How often each row occurs.
    alone : float64 array, shape (distinct,)
        Its probability under independent columns.
    """
    rows = count.sum()
    if rows < 2:
        return 1.0
    others = (count - 1) / (rows - 1)
    smoothing = 0.5
    for _ in range(STEPS):
        fresh = smoothing * alone
        both = fresh + (1 - smoothing) * others
        share = np.divide(fresh, both, out=np.ones_like(fresh), where=both > 0)
        new = float((count * share).sum() / rows)
        if abs(new - smoothing) < 1e-9:
            break
        smoothing = new
    return smoothing


register(IndependentColumns())
register(JointTable())
