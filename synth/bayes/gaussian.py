"""Conditional linear Gaussians: columns modelled as in the paper, by regressions.

A Gaussian column is y = a + b·(Gaussian parents) + s·noise, with a, b and s of its own for each
combination of its parents' codes (Lauritzen and Wermuth 1989). What is observed is y rounded to the
column's step and held within its bounds, so every fact about it is an interval of y and has a
probability: no densities are mixed with probabilities, and answers are exact integrals.

Sparse combinations are smoothed: each is joined by `PRIOR_PEOPLE` people who look like everybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from synth.bayes.random import fill, stream_key
from synth.data.column import Column
from synth.data.evidence import Between, DateParts, Fact
from synth.errors import PopulaceError

PRIOR_PEOPLE = 4.0
NODES = 48
"""Gauss–Legendre nodes for each dimension of an integral."""
CONFIGURATIONS = 200_000
"""The most combinations of codes that a linked group of Gaussian columns may depend on."""

Interval = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Gaussian:
    """One column's regressions.

    Attributes
    ----------
    column : Column
        The column; its step and bounds say how y is observed.
    given : tuple of str
        Parents with codes.
    linear : tuple of str
        Gaussian parents.
    intercept, deviation : float64 arrays, shape (*given sizes,)
        a and s.
    slope : float64 array, shape (*given sizes, len(linear))
        b.
    """

    column: Column
    given: tuple[str, ...]
    linear: tuple[str, ...]
    intercept: np.ndarray
    slope: np.ndarray
    deviation: np.ndarray

    @staticmethod
    def learn(
        column: Column,
        values: np.ndarray,
        given: Mapping[str, tuple[np.ndarray, int]],
        linear: Mapping[str, np.ndarray],
        weights: np.ndarray | None = None,
    ) -> Gaussian:
        """Fit by least squares in each combination of codes (codes and size by parent)."""
        if np.isnan(values).any():
            raise PopulaceError(
                f"Column {column.name} has missing values and cannot be Gaussian: leave it out of "
                "the Gaussian columns, so that missing becomes a state."
            )
        shape = tuple(size for _, size in given.values())
        row = np.zeros(len(values), np.int64)
        for codes, size in given.values():
            row = row * size + codes
        cells = int(np.prod(shape)) if shape else 1
        x = np.column_stack([np.ones(len(values)), *linear.values(), values])
        w = np.ones(len(values)) if weights is None else weights
        k = x.shape[1]
        moments = np.empty((cells, k, k))
        for i in range(k):
            for j in range(i + 1):
                moments[:, i, j] = np.bincount(row, w * x[:, i] * x[:, j], minlength=cells)
                moments[:, j, i] = moments[:, i, j]
        everybody = moments.sum(axis=0)
        moments = moments + PRIOR_PEOPLE * everybody / everybody[0, 0]
        design, target = moments[:, :-1, :-1], moments[:, :-1, -1]
        scale = np.sqrt(np.einsum("qii->qi", design))
        ridge = 1e-9 * np.eye(k - 1)
        scaled = design / scale[:, :, None] / scale[:, None, :] + ridge
        beta = np.linalg.solve(scaled, (target / scale)[:, :, None])[:, :, 0] / scale
        left = moments[:, -1, -1] - np.einsum("qi,qi->q", beta, target)
        least = ((column.step or 0.0) / 4) ** 2 + 1e-18
        deviation = np.sqrt(np.maximum(left / moments[:, 0, 0], least))
        return Gaussian(
            column,
            tuple(given),
            tuple(linear),
            beta[:, 0].reshape(shape),
            beta[:, 1:].reshape(*shape, k - 2),
            deviation.reshape(shape),
        )

    def intervals(self, fact: Fact) -> tuple[Interval, ...]:
        """The intervals of y that are observed as the fact says.

        A bound between two values that can be observed moves inwards to the next; values named
        alone count as the nearest one that can be observed.
        """
        step = self.column.step or 0.0
        if isinstance(fact, Between):
            low = -np.inf if fact.lower is None else fact.lower
            high = np.inf if fact.upper is None else fact.upper
            if step:
                low = np.ceil(low / step - 1e-6) * step
                high = np.floor(high / step + 1e-6) * step
            pairs = [(low, high)]
        elif isinstance(fact, DateParts):
            pairs = [(float(low), float(high)) for low, high in fact.spans(self.column)]
        else:
            values = {float(v) for v in fact.values}
            if step:
                values = {float(np.rint(v / step) * step) for v in values}
            pairs = [(v, v) for v in sorted(values)]
        out = []
        for low, high in pairs:
            # Everything beyond a bound is observed as the bound.
            below = self.column.lower is not None and low <= self.column.lower
            above = self.column.upper is not None and high >= self.column.upper
            start, end = low - step / 2, high + step / 2
            out.append((-np.inf if below else start, np.inf if above else max(start, end)))
        return tuple(out)

    def observed(self, y: np.ndarray) -> np.ndarray:
        """The value that is seen of y: rounded to the step, within the bounds."""
        step = self.column.step or 0.0
        if step:
            inverse = round(1.0 / step)
            y = np.rint(y / step) * step if inverse < 1 else np.rint(y * inverse) / inverse
        return np.clip(y, self.column.lower, self.column.upper)

    def to_json(self) -> dict[str, Any]:
        """The regressions as JSON-ready lists."""
        return {
            "given": list(self.given),
            "linear": list(self.linear),
            "shape": list(self.intercept.shape),
            "intercept": self.intercept.ravel().tolist(),
            "slope": self.slope.ravel().tolist(),
            "deviation": self.deviation.ravel().tolist(),
        }

    @staticmethod
    def from_json(column: Column, value: Mapping[str, Any]) -> Gaussian:
        """The regressions that `to_json` wrote."""
        shape = tuple(value["shape"])
        return Gaussian(
            column,
            tuple(value["given"]),
            tuple(value["linear"]),
            np.array(value["intercept"], dtype=float).reshape(shape),
            np.array(value["slope"], dtype=float).reshape(*shape, len(value["linear"])),
            np.array(value["deviation"], dtype=float).reshape(shape),
        )


# ---------------------------------------------------------------------- linked groups


@dataclass(frozen=True, eq=False)
class Group:
    """Gaussian columns that facts link, and the joint normal for each combination of codes.

    Attributes
    ----------
    members : tuple of Gaussian
        In an order in which parents come first; closed under Gaussian parents.
    given : tuple of str
        All their parents with codes.
    mean : float64 array, shape (*given sizes, members)
    covariance : float64 array, shape (*given sizes, members, members)
    """

    members: tuple[Gaussian, ...]
    given: tuple[str, ...]
    mean: np.ndarray
    covariance: np.ndarray

    @staticmethod
    def of(members: Sequence[Gaussian], sizes: Mapping[str, int]) -> Group:
        """Join regressions into normals."""
        given = tuple(dict.fromkeys(name for member in members for name in member.given))
        shape = tuple(sizes[name] for name in given)
        if np.prod(shape, dtype=float) > CONFIGURATIONS:
            names = ", ".join(member.column.name for member in members)
            raise PopulaceError(
                f"The Gaussian columns {names} depend on too many combinations to be asked about "
                "at once: leave one of them out of the Gaussian columns."
            )
        m = len(members)
        mean = np.zeros((*shape, m))
        covariance = np.zeros((*shape, m, m))
        place = {member.column.name: i for i, member in enumerate(members)}
        for i, member in enumerate(members):
            a, s = (
                _spread(array, member.given, given, sizes)
                for array in (member.intercept, member.deviation)
            )
            mean[..., i] = a
            covariance[..., i, i] = s**2
            at = [place[name] for name in member.linear]
            if not at:
                continue
            b = _spread(member.slope, member.given, given, sizes)
            mean[..., i] += np.einsum("...k,...k->...", b, mean[..., at])
            earlier = np.einsum("...k,...kj->...j", b, covariance[..., at, :i])
            covariance[..., i, :i] = earlier
            covariance[..., :i, i] = earlier
            covariance[..., i, i] += np.einsum("...k,...k->...", b, earlier[..., at])
        return Group(tuple(members), given, mean, covariance)

    def index(self, name: str) -> int:
        """A member's place."""
        return [member.column.name for member in self.members].index(name)

    def likelihood(self, facts: Mapping[str, Sequence[Interval]]) -> np.ndarray:
        """P(facts | codes) for every combination; shape (*given sizes,)."""
        names = list(facts)
        if len(names) > 3:
            raise PopulaceError(
                f"The facts about {', '.join(names)} concern more than three linked Gaussian "
                "columns: drop one, or leave these columns out of the Gaussian ones."
            )
        at = [self.index(name) for name in names]
        mean = self.mean[..., at].reshape(-1, len(at))
        covariance = self.covariance[..., at, :][..., at].reshape(-1, len(at), len(at))
        lower = np.linalg.cholesky(covariance)
        total = np.zeros(len(mean))
        boxes: list[tuple[Interval, ...]] = [()]
        for name in names:
            boxes = [(*box, interval) for box in boxes for interval in facts[name]]
        for box in boxes:
            total += _rectangle(mean, lower, box)
        return total.reshape(self.mean.shape[:-1])


def _spread(
    array: np.ndarray, own: Sequence[str], given: Sequence[str], sizes: Mapping[str, int]
) -> np.ndarray:
    """An array over `own` columns laid out over all of `given` (trailing axes kept)."""
    extra = array.ndim - len(own)
    order = [own.index(name) for name in given if name in own]
    array = array.transpose([*order, *range(len(own), array.ndim)])
    shape = [sizes[name] if name in own else 1 for name in given]
    array = array.reshape((*shape, *array.shape[len(own) :]))
    full = tuple(sizes[name] for name in given)
    return np.broadcast_to(array, (*full, *array.shape[array.ndim - extra :]))


def _mass(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """P(a < standard normal < b); in the upper tail by its mirror image, which keeps the digits."""
    from scipy.special import ndtr  # a third of a second, where columns without codes are rare

    flip = a > 0
    left, right = np.where(flip, -b, a), np.where(flip, -a, b)
    return ndtr(right) - ndtr(left)


def _rectangle(mean: np.ndarray, lower: np.ndarray, box: Sequence[Interval]) -> np.ndarray:
    """P(y in box) for normals with means (q, k) and Cholesky factors (q, k, k)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)

    def inner(shift: np.ndarray, i: int) -> np.ndarray:
        # shift: (q, points, k) what the noise of earlier columns adds to each later mean.
        low, high = box[i]
        s = lower[:, i, i][:, None]
        a = (low - mean[:, i][:, None] - shift[:, :, i]) / s
        b = (high - mean[:, i][:, None] - shift[:, :, i]) / s
        if i == len(box) - 1:
            return _mass(a, b)
        a, b = np.clip(a, -9.0, 9.0), np.clip(b, -9.0, 9.0)
        total = np.zeros(a.shape)
        # Panels keep the nodes dense however wide the interval is, and however sharply the next
        # column's fact cuts in.
        ends = [a + (b - a) * panel / 6 for panel in range(7)]
        slope = lower[:, i + 1, i][:, None]
        for edge in box[i + 1]:
            if np.isfinite(edge):
                gap = edge - mean[:, i + 1][:, None] - shift[:, :, i + 1]
                with np.errstate(divide="ignore", invalid="ignore"):
                    centre = np.clip(np.nan_to_num(gap / slope), -99.0, 99.0)
                    width = np.minimum(lower[:, i + 1, i + 1][:, None] / abs(slope), 99.0)
                ends += [np.clip(centre + k * width, a, b) for k in (-8, -3, 0, 3, 8)]
        ends = list(np.sort(np.stack(ends), axis=0))
        for left, right in pairwise(ends):
            z = (left + right)[..., None] / 2 + (right - left)[..., None] / 2 * nodes
            w = (right - left)[..., None] / 2 * weights * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
            step = z[..., None] * lower[:, None, None, :, i]
            moved = shift[:, :, None, :] + step
            q, points, n, k = moved.shape
            value = inner(moved.reshape(q, points * n, k), i + 1).reshape(q, points, n)
            total += (w * value).sum(axis=-1)
        return total

    return inner(np.zeros((len(mean), 1, mean.shape[1])), 0)[:, 0]


# ---------------------------------------------------------------------- sampling


@dataclass(frozen=True, eq=False)
class Step:
    """How one Gaussian column is drawn: a regression, its noise held to intervals if any."""

    gaussian: Gaussian
    given: tuple[str, ...]
    linear: tuple[str, ...]
    intercept: np.ndarray
    slope: np.ndarray
    deviation: np.ndarray
    intervals: tuple[Interval, ...] = ()


def prior_steps(members: Sequence[Gaussian]) -> list[Step]:
    """Each column by its own regression."""
    return [Step(m, m.given, m.linear, m.intercept, m.slope, m.deviation) for m in members]


def posterior_steps(group: Group, facts: Mapping[str, Sequence[Interval]]) -> list[Step]:
    """The group's columns with the facts' first, each regressed on all before it."""
    if len(facts) > 2:
        raise PopulaceError(
            f"People cannot be drawn under facts about {', '.join(facts)}, more than two linked "
            "Gaussian columns: drop one, or leave these columns out of the Gaussian ones."
        )
    # The rarer fact comes first and is met exactly; the other then seldom needs another try.
    names = sorted(facts, key=lambda name: group.likelihood({name: facts[name]}).mean())
    names += [m.column.name for m in group.members if m.column.name not in facts]
    steps = []
    for i, name in enumerate(names):
        at = group.index(name)
        before = [group.index(other) for other in names[:i]]
        mean, variance = group.mean[..., at], group.covariance[..., at, at]
        slope = np.zeros((*mean.shape, i))
        if before:
            inner = group.covariance[..., before, :][..., before]
            cross = group.covariance[..., before, at]
            slope = np.linalg.solve(inner, cross[..., None])[..., 0]
            mean = mean - np.einsum("...k,...k->...", slope, group.mean[..., before])
            variance = variance - np.einsum("...k,...k->...", slope, cross)
        deviation = np.sqrt(np.maximum(variance, 1e-18))
        steps.append(
            Step(
                group.members[at],
                group.given,
                tuple(names[:i]),
                mean,
                slope,
                deviation,
                tuple(facts.get(name, ())),
            )
        )
    return steps


class GaussianSampler:
    """Draws Gaussian columns after the columns with codes."""

    def __init__(self, steps: Sequence[Step], sizes: Mapping[str, int]) -> None:
        self._steps = tuple(steps)
        self._sizes = dict(sizes)

    def column(self, name: str) -> Column:
        """A Gaussian column by name."""
        return next(s.gaussian.column for s in self._steps if s.gaussian.column.name == name)

    def fill(
        self,
        codes: Mapping[str, np.ndarray],
        keys: Mapping[str, tuple[np.uint64, np.uint64]],
        start: int,
        low: int,
        high: int,
        out: Mapping[str, np.ndarray],
    ) -> None:
        """Draw rows low to high into `out`, given the codes of the same rows."""
        y: dict[str, np.ndarray] = {}
        skip = False
        for i, step in enumerate(self._steps):
            if skip:
                skip = False
                continue
            name = step.gaussian.column.name
            uniform = _uniform(keys[name][0], start + low, high - low)
            following = self._steps[i + 1] if i + 1 < len(self._steps) else None
            if (
                step.intervals
                and following is not None
                and following.intervals
                and (following.linear == (name,))
            ):
                second = following.gaussian.column.name
                y[name], y[second] = self._pair(
                    step, following, codes, keys, start + low, high - low, uniform
                )
                skip = True
            else:
                mean, s = self._moments(step, codes, y, high - low)
                y[name] = mean + s * _noise(uniform, mean, s, step.intervals)[0]
        for step in self._steps:
            name = step.gaussian.column.name
            out[name][low:high] = step.gaussian.observed(y[name])

    def _moments(
        self,
        step: Step,
        codes: Mapping[str, np.ndarray],
        y: Mapping[str, np.ndarray],
        rows: int,
    ) -> tuple[np.ndarray, np.ndarray]:
        row: Any = np.int64(0)
        for name in step.given:
            row = row * self._sizes[name] + codes[name].astype(np.int64)
        row = np.broadcast_to(row, (rows,))
        mean = step.intercept.reshape(-1)[row]
        slope = step.slope.reshape(step.intercept.size, len(step.linear))[row]
        for k, name in enumerate(step.linear):
            mean = mean + slope[:, k] * y[name]
        return mean, step.deviation.reshape(-1)[row]

    def _pair(
        self,
        first: Step,
        second: Step,
        codes: Mapping[str, np.ndarray],
        keys: Mapping[str, tuple[np.uint64, np.uint64]],
        start: int,
        rows: int,
        uniform: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Two linked facts: draw the first within its own, keep it as often as the second fits."""
        a, b = first.gaussian.column.name, second.gaussian.column.name
        y, x = np.empty(rows), np.empty(rows)
        open_ = np.arange(rows)
        turn = 0
        while len(open_):
            here = {name: values[open_] for name, values in codes.items()}
            u = uniform if turn == 0 else _again(keys[a][0], turn, start, rows)
            v = _again(keys[b][1], turn, start, rows)
            mean, s = self._moments(first, here, {}, len(open_))
            value = mean + s * _noise(u[open_], mean, s, first.intervals)[0]
            mean2, s2 = self._moments(second, here, {a: value}, len(open_))
            w = (
                _uniform(keys[b][0], start, rows)
                if turn == 0
                else _again(keys[b][0], turn, start, rows)
            )
            noise, fits = _noise(w[open_], mean2, s2, second.intervals)
            slope = second.slope.reshape(-1)[self._rows(second, here, len(open_))]
            best = _best_fit(mean2 - slope * value, slope, s2, first.intervals, second.intervals)
            keep = v[open_] * best <= fits
            done = open_[keep]
            y[done] = value[keep]
            x[done] = (mean2 + s2 * noise)[keep]
            open_ = open_[~keep]
            turn += 1
        return y, x

    def _rows(self, step: Step, codes: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        row = np.zeros(rows, np.int64)
        for name in step.given:
            row = row * self._sizes[name] + codes[name]
        return row


def _best_fit(
    intercept: np.ndarray,
    slope: np.ndarray,
    s: np.ndarray,
    first: Sequence[Interval],
    second: Sequence[Interval],
) -> np.ndarray:
    """An upper bound of P(second fact | y of the first column) over the first fact."""
    total = np.zeros(len(intercept))
    for low, high in second:
        best = np.zeros(len(intercept))
        # For one interval the fit has one peak: where the mean is nearest its middle.
        if np.isfinite(low) and np.isfinite(high):
            wanted = np.full(len(intercept), (low + high) / 2)
        else:
            wanted = np.full(len(intercept), high if np.isfinite(low) else low)
        with np.errstate(divide="ignore", invalid="ignore"):
            at = np.nan_to_num((wanted - intercept) / slope, nan=0.0)
        for a, b in first:
            mean = intercept + slope * np.clip(at, max(a, -1e12), min(b, 1e12))
            best = np.maximum(best, _mass((low - mean) / s, (high - mean) / s))
        total += best
    return total


def _uniform(key: np.uint64, start: int, rows: int) -> np.ndarray:
    number = np.empty(rows, np.uint64)
    fill(key, start, number)
    return ((number >> np.uint64(11)).astype(np.float64) + 0.5) / 9007199254740992.0


def _again(key: np.uint64, turn: int, start: int, rows: int) -> np.ndarray:
    """Fresh uniforms for a further try."""
    return _uniform(stream_key(int(key), f"try {turn}"), start, rows)


def _noise(
    uniform: np.ndarray, mean: np.ndarray, s: np.ndarray, intervals: Sequence[Interval]
) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal noise held to the intervals of y, and the chance of meeting them."""
    from scipy.special import ndtr, ndtri

    if not intervals:
        return ndtri(uniform), np.ones(len(uniform))
    # In the upper tail the mirror image keeps the digits that 1 − tiny would lose.
    bounds = [((low - mean) / s, (high - mean) / s) for low, high in intervals]
    flip = np.array([a > 0 for a, _ in bounds]).all(axis=0)
    sign = np.where(flip, -1.0, 1.0)
    masses = []
    for a, b in bounds:
        left, right = np.where(flip, -b, a), np.where(flip, -a, b)
        masses.append((ndtr(left), ndtr(right) - ndtr(left)))
    total = sum(mass for _, mass in masses)
    target = uniform * total
    z = np.zeros(len(uniform))
    passed = np.zeros(len(uniform))
    for i, (left, mass) in enumerate(masses):
        last = i == len(masses) - 1
        here = (target >= passed) & ((target <= passed + mass) | last)
        z = np.where(here, ndtri(left + np.clip(target - passed, 0, mass)), z)
        passed = passed + mass
    z = sign * z
    # Rounding may leave the interval by a hair: hold it inside.
    low = np.min([np.minimum(a, b) for a, b in bounds], axis=0)
    high = np.max([np.maximum(a, b) for a, b in bounds], axis=0)
    return np.clip(z, low, high), total
