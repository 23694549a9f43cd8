"""Real numbers in and out of a network: for generators that draw values instead of codes.

A number enters in standard deviations from its mean. What a network draws need not be distributed
as the real numbers are; each is therefore replaced by the real one of the same rank: the network's
own distribution function (of a large sample, taken once) leads to a rank, the real quantile
function back to a value. So a column's shape is right whatever the network has learned, and what it
had to learn is how columns hang together. Small tables teach that badly, so numbers are mixed
linearly before they are ranked (`mixed`): their correlations are then the real ones, and the
network's own is what goes beyond correlations. Between neighbouring real values the quantile
function is a straight line, so drawn numbers are new ones; a value that many people share keeps its
share. Columns with levels, and whether a number is missing, are one-hot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from synth.generators.coded import (
    Candidates,
    Codebook,
    Draw,
    Law,
    Likelihoods,
    Rows,
    choose,
    codes_of,
)
from synth.lazy import cached_property

HEAP = 0.005
"""A value that at least this share of the people has keeps its share exactly."""
KNOTS = 513
"""Points of a network's own distribution function."""
PROBE = 1 << 16
"""People from whom it is taken: the highest hundredth must hold a hundredth of them, a tail's
values lie far apart."""
MIXINGS = 6
"""How often the mixing of numbers is moved."""
FLAT = 1e-3
"""No direction of numbers varies less."""
MOST_KNOTS = 4_096
GRID = 4_096
FARTHEST = 8.0
"""Scores beyond it count as it: one person's million must not drown everybody else."""


@dataclass(frozen=True, eq=False)
class Quantiles:
    """A real column's quantile function: straight lines between knots.

    Attributes
    ----------
    rank : float64 array, shape (knots,)
        Ascending from 0 to 1.
    value : float64 array, shape (knots,)
        Not descending.
    """

    rank: np.ndarray
    value: np.ndarray

    @staticmethod
    def of(values: np.ndarray, weights: np.ndarray | None) -> Quantiles:
        """The function of known values, shape (rows,)."""
        distinct, inverse = np.unique(values, return_inverse=True)
        share = np.bincount(inverse, weights, len(distinct)).astype(np.float64)
        share = share / share.sum()
        high = np.cumsum(share)
        low = np.append(0.0, high[:-1])  # to the last digit, or neighbours would change places
        heap = share >= max(HEAP, 1.5 / len(values))
        ranks = np.concatenate([[0.0], ((low + high) / 2)[~heap], low[heap], high[heap], [1.0]])
        points = np.concatenate(
            [distinct[:1], distinct[~heap], distinct[heap], distinct[heap], distinct[-1:]]
        )
        order = np.lexsort((points, ranks))
        rank, value = ranks[order], points[order]
        if len(rank) > MOST_KNOTS:
            keep = np.linspace(0, len(rank) - 1, MOST_KNOTS).astype(int)
            edge = np.flatnonzero(np.isin(value, distinct[heap]))
            keep = np.union1d(keep, edge)
            rank, value = rank[keep], value[keep]
        return Quantiles(np.clip(rank, 0.0, 1.0), value)

    @cached_property
    def _scale(self) -> tuple[float, float]:
        """Mean and standard deviation."""
        values = self.at((np.arange(GRID) + 0.5) / GRID)
        return float(values.mean()), float(values.std()) or 1.0

    def score(self, values: np.ndarray) -> np.ndarray:
        """Each value in standard deviations from the mean, at most `FARTHEST`."""
        mean, deviation = self._scale
        return np.clip((values - mean) / deviation, -FARTHEST, FARTHEST)

    def at(self, rank: np.ndarray) -> np.ndarray:
        """The value of each rank."""
        return np.interp(rank, self.rank, self.value)


@dataclass(frozen=True, eq=False)
class Channels:
    """How columns lie side by side in a network's input and output.

    Attributes
    ----------
    codebook : Codebook
        The columns.
    quantiles : mapping of int to Quantiles
        Of each learned column that holds numbers.
    """

    codebook: Codebook
    quantiles: Mapping[int, Quantiles]

    @staticmethod
    def learn(rows: Rows) -> Channels:
        """The channels of a table."""
        quantiles = {}
        for column, name in enumerate(rows.codebook.learned):
            if rows.codebook.schema[name].is_number:
                values = rows.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
                known = ~np.isnan(values)
                weights = None if rows.weights is None else rows.weights[known]
                quantiles[column] = Quantiles.of(values[known], weights)
        return Channels(rows.codebook, quantiles)

    def correlations(self, rows: Rows) -> np.ndarray:
        """Correlations of the people's numbers; float64 (numbers, numbers)."""
        names = [self.codebook.learned[column] for column in self.quantiles]
        values = rows.frame[names].to_numpy(dtype=np.float64, na_value=np.nan)
        return correlations(values, rows.weights)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First channel and number of channels of each learned column.

        A number has its score and, where it can be missing, two for known and missing.
        """
        spans, low = [], 0
        for column, name in enumerate(self.codebook.learned):
            width = self.codebook.sizes[column]
            if column in self.quantiles:
                width = 3 if self.codebook.schema[name].missing else 1
            spans.append((low, width))
            low += width
        return spans

    @property
    def width(self) -> int:
        """How many channels there are."""
        low, width = self.spans[-1]
        return low + width

    @property
    def groups(self) -> list[tuple[int, int]]:
        """First channel and number of channels of everything one-hot."""
        return [
            (low + 1, 2) if column in self.quantiles else (low, width)
            for column, (low, width) in enumerate(self.spans)
            if column not in self.quantiles or width == 3
        ]

    @property
    def numbers(self) -> list[int]:
        """The channels of scores."""
        return [self.spans[column][0] for column in self.quantiles]

    def encode(self, rows: Rows) -> np.ndarray:
        """People as a network reads them; float32 (rows, width); a missing number's score is 0."""
        out = np.zeros((len(rows.codes), self.width), np.float32)
        at = np.arange(len(out))
        for column, (low, width) in enumerate(self.spans):
            if column not in self.quantiles:
                out[at, low + rows.codes[:, column]] = 1.0
                continue
            name = self.codebook.learned[column]
            values = rows.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            absent = np.isnan(values)
            scores = self.quantiles[column].score(np.where(absent, 0.0, values))
            out[:, low] = np.where(absent, 0.0, scores)
            if width == 3:
                out[:, low + 1], out[:, low + 2] = ~absent, absent
        return out


class ValuedLaw(Law):
    """A network from noise to values.

    Parameters
    ----------
    channels : Channels
        What its outputs mean.
    layers : sequence of (float32 array (outputs, inputs), float32 array (outputs,))
        ReLU between them.
    spread : float32 array, shape (numbers,)
        Standard deviation of what is added to each score.
    own : float64 array, shape (numbers, knots), or None
        The network's own quantiles of each score at evenly spaced ranks; worked out if None.
    mixing : float32 array, shape (numbers, numbers), or None
        What scores are multiplied by, one row for each that comes out; None leaves them.
    """

    draws_numbers = True

    def __init__(
        self,
        channels: Channels,
        layers: Sequence[tuple[np.ndarray, np.ndarray]],
        spread: np.ndarray,
        own: np.ndarray | None = None,
        mixing: np.ndarray | None = None,
    ) -> None:
        self.channels, self.layers, self.spread = channels, list(layers), spread
        self.mixing = np.eye(len(channels.numbers), dtype=np.float32) if mixing is None else mixing
        self._own = own

    @cached_property
    def own(self) -> np.ndarray:
        """The network's own quantiles of each score; float64 (numbers, knots)."""
        return self._quantiles(PROBE) if self._own is None else self._own

    def _quantiles(self, probe: int) -> np.ndarray:
        """The quantiles of so many people's scores; float64 (numbers, knots)."""
        channels = self.channels
        own = np.zeros((len(channels.numbers), KNOTS))
        out, _ = self.outputs(np.random.default_rng(0), probe)
        for number, (column, low) in enumerate(
            zip(channels.quantiles, channels.numbers, strict=True)
        ):
            scores = out[:, low]
            if channels.spans[column][1] == 3:  # the ranks are those of known numbers
                known = out[:, low + 1] >= out[:, low + 2]
                scores = scores[known] if known.any() else scores
            own[number] = np.quantile(scores, np.linspace(0, 1, KNOTS))
        return own

    def given(self, known: Likelihoods) -> Candidates:
        """People as they come: such a network cannot condition."""
        return Candidates(self.people, known)

    def outputs(self, random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
        """What the network gives, numbers with their noise, and uniform numbers for each column."""
        noise = random.standard_normal((rows, self.layers[0][0].shape[1])).astype(np.float32)
        out = forward(self.layers, noise)
        scatter = random.standard_normal((rows, len(self.channels.numbers))).astype(np.float32)
        scores = out[:, self.channels.numbers] + scatter * self.spread
        out[:, self.channels.numbers] = scores @ self.mixing.T
        uniform = random.random((rows, len(self.channels.spans)))
        return out, uniform

    def people(self, random: np.random.Generator, rows: int) -> Draw:
        """People of whom nothing is known."""
        out, uniform = self.outputs(random, rows)
        book = self.channels.codebook
        codes = np.zeros((rows, len(book.learned)), np.int32)
        values = np.full((rows, len(book.learned)), np.nan)
        number = 0
        for column, (low, width) in enumerate(self.channels.spans):
            if column not in self.channels.quantiles:
                codes[:, column] = choose(softmax(out[:, low : low + width]), uniform[:, column])
                continue
            rank = np.interp(out[:, low], self.own[number], np.linspace(0, 1, KNOTS))
            drawn = self.channels.quantiles[column].at(rank)
            if width == 3:
                chosen = choose(softmax(out[:, low + 1 : low + 3]), uniform[:, column])
                drawn = np.where(chosen == 1, np.nan, drawn)
            coding = book.codings[book.learned[column]]
            # On the column's own steps, so that what is checked is what is drawn.
            index = coding.index(np.nan_to_num(drawn))
            drawn = np.where(np.isnan(drawn), np.nan, np.asarray(coding.value(index)))
            values[:, column] = drawn
            codes[:, column] = codes_of(coding, drawn)
            number += 1
        return Draw(codes, None, values)

    def mixed(self, wanted: np.ndarray, probe: int | None = None) -> ValuedLaw:
        """The law whose numbers have these correlations, as nearly as mixing can make them so.

        Scores are whitened and coloured anew. Ranking bends them afterwards, so the colour is
        moved a few times by what is still amiss.

        Parameters
        ----------
        wanted : float64 array, shape (numbers, numbers)
            As `correlations` gives them.
        probe : int, optional
            People from whom it is worked out; `PROBE` if not given.
        """
        probe = probe or PROBE
        channels = self.channels
        count = len(channels.numbers)
        if count < 2:
            return self
        plain = ValuedLaw(channels, self.layers, self.spread)
        out, _ = plain.outputs(np.random.default_rng(0), probe)
        scores = out[:, channels.numbers].astype(np.float64)
        deviation = np.maximum(scores.std(axis=0), 1e-6)
        whiten = np.linalg.inv(_root(np.corrcoef(scores / deviation, rowvar=False))) / deviation
        colour, best = wanted, (np.inf, plain)
        for _ in range(MIXINGS):
            mixing = (_root(colour) @ whiten).astype(np.float32)
            tried = ValuedLaw(channels, self.layers, self.spread, None, mixing)
            law = ValuedLaw(channels, self.layers, self.spread, tried._quantiles(probe), mixing)
            values = law.people(np.random.default_rng(0), probe).values
            assert values is not None
            amiss = wanted - correlations(values[:, list(channels.quantiles)])
            far = float(np.abs(amiss).max())
            if far < best[0]:
                best = far, law
            colour = colour + amiss
        return best[1]

    def about(self) -> dict[str, Any]:
        """The depth."""
        return {"layers": len(self.layers)}

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights, spreads, the mixing, quantiles of the network and of the real columns."""
        out = {"spread": self.spread, "own": self.own, "mixing": self.mixing}
        for number, (weight, bias) in enumerate(self.layers):
            out[f"layer{number}.weight"], out[f"layer{number}.bias"] = weight, bias
        for column, each in self.channels.quantiles.items():
            out[f"quantiles{column}"] = np.stack([each.rank, each.value])
        return out

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> ValuedLaw:
        """The law of these arrays."""
        quantiles = {}
        for column, name in enumerate(codebook.learned):
            if codebook.schema[name].is_number:
                rank, value = arrays[f"quantiles{column}"].astype(np.float64)
                if (np.diff(rank) < 0).any() or not np.isfinite(value).all():
                    raise ValueError("quantiles")
                quantiles[column] = Quantiles(rank, value)
        channels = Channels(codebook, quantiles)
        layers = layers_of(about, arrays)
        own, spread = arrays["own"].astype(np.float64), arrays["spread"].astype(np.float32)
        mixing = arrays.get("mixing")  # older files have none
        if mixing is not None:
            mixing = mixing.astype(np.float32)
            if mixing.shape != (len(quantiles),) * 2 or not np.isfinite(mixing).all():
                raise ValueError("mixing")
        fine = (
            layers[-1][0].shape[0] == channels.width
            and own.shape == (len(quantiles), KNOTS)
            and spread.shape == (len(quantiles),)
        )
        if not fine:
            raise ValueError("shapes")
        return cls(channels, layers, spread, own, mixing)


def correlations(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Correlations of numbers over the people who state both of a pair.

    Parameters
    ----------
    values : float64 array, shape (rows, numbers)
        NaN for missing ones.
    weights : float64 array, shape (rows,), optional
        How much each person counts.

    Returns
    -------
    float64 array, shape (numbers, numbers)
        0 where one of a pair is constant; ones on the diagonal.
    """
    count = values.shape[1]
    share = np.ones(len(values)) if weights is None else weights
    out = np.eye(count)
    for a in range(count):
        for b in range(a):
            both = ~np.isnan(values[:, a]) & ~np.isnan(values[:, b])
            w = share[both]
            if not w.sum() > 0:
                continue
            x, y = (values[both, c] - np.average(values[both, c], weights=w) for c in (a, b))
            size = math.sqrt(float((w * x * x).sum()) * float((w * y * y).sum()))
            if size > 0:
                out[a, b] = out[b, a] = float((w * x * y).sum()) / size
    return out


def _root(matrix: np.ndarray) -> np.ndarray:
    """The symmetric root of a matrix of correlations, made positive definite where it is not."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    values = np.maximum(values, FLAT)
    fixed = (vectors * values) @ vectors.T
    scale = 1 / np.sqrt(np.diag(fixed))
    values, vectors = np.linalg.eigh(fixed * np.outer(scale, scale))
    return (vectors * np.sqrt(np.maximum(values, FLAT))) @ vectors.T


# ---------------------------------------------------------------------- plain networks


def forward(layers: Sequence[tuple[np.ndarray, np.ndarray]], inputs: np.ndarray) -> np.ndarray:
    """The output of a plain network, ReLU between its layers; float32 (rows, outputs)."""
    state = inputs
    for number, (weight, bias) in enumerate(layers):
        if number:
            state = np.maximum(state, 0.0)
        state = state @ weight.T + bias
    return state


def layers_of(
    about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The layers that were saved; a ValueError or KeyError where they do not fit each other."""
    layers = [
        (
            arrays[f"layer{number}.weight"].astype(np.float32),
            arrays[f"layer{number}.bias"].astype(np.float32),
        )
        for number in range(int(about["layers"]))
    ]
    for number, (weight, bias) in enumerate(layers):
        fine = weight.ndim == 2 and bias.shape == (weight.shape[0],)
        fine = fine and bool(np.isfinite(weight).all() and np.isfinite(bias).all())
        if not fine or (number and layers[number - 1][0].shape[0] != weight.shape[1]):
            raise ValueError("layers")
    if not layers:
        raise ValueError("layers")
    return layers


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of each row; float64."""
    logits = logits.astype(np.float64)
    out = np.exp(logits - logits.max(axis=1, keepdims=True))
    return out / out.sum(axis=1, keepdims=True)


def drawn_codes(out: np.ndarray, uniform: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """Codes drawn from what a network gives for all columns' codes, one block a column.

    Parameters
    ----------
    out : float array, shape (rows, codes of all columns)
        Logits.
    uniform : float64 array, shape (rows, columns)
        In [0, 1).
    sizes : sequence of int
        How many codes each column has.

    Returns
    -------
    int32 array, shape (rows, columns)
        A code of each column.
    """
    codes = np.zeros((len(out), len(sizes)), np.int32)
    low = 0
    for column, size in enumerate(sizes):
        codes[:, column] = choose(softmax(out[:, low : low + size]), uniform[:, column])
        low += size
    return codes
