"""A mixture of semi-Markov chains, and exact answers about them.

Within a class, the next state follows from the time, the state and how long the person has been in
it. So (state, duration) is a Markov chain, and forward–backward over it is exact. Facts such as "a
child by 30" add one bit each: whether the place was visited yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.errors import PopulaceError
from synth.lazy import cached_property
from synth.lives.track import LifeEvidence


@dataclass(frozen=True, eq=False)
class Chain:
    """P(states over time | class).

    Attributes
    ----------
    initial : float64 array, shape (classes, states)
        P(first state | class).
    step : float64 array, shape (classes, times - 1, states, bands, states)
        P(next state | class, time, state, band of the duration).
    bands : int64 array, shape (durations,)
        The band of each duration 1, 2, …; the last holds that duration and every longer one.
    """

    initial: np.ndarray
    step: np.ndarray
    bands: np.ndarray

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return int(self.initial.shape[0])

    @property
    def states(self) -> int:
        """How many states there are."""
        return int(self.initial.shape[1])

    @property
    def times(self) -> int:
        """How many times there are."""
        return int(self.step.shape[1]) + 1

    @cached_property
    def moves(self) -> np.ndarray:
        """`step` by durations; shape (times - 1, classes, states, durations, states)."""
        return np.ascontiguousarray(self.step.transpose(1, 0, 2, 3, 4)[:, :, :, self.bands])

    def log_likelihood(self, codes: np.ndarray) -> np.ndarray:
        """ln P(states of a person | class).

        Parameters
        ----------
        codes : int array, shape (people, times)
            States.

        Returns
        -------
        float64 array, shape (people, classes)
        """
        band = self.bands[np.minimum(durations(codes), len(self.bands)) - 1]
        with np.errstate(divide="ignore"):
            out: np.ndarray = np.log(self.initial[:, codes[:, 0]]).T.copy()
            logs = np.log(self.step)
        for t in range(self.times - 1):
            out += logs[:, t, codes[:, t], band[:, t], codes[:, t + 1]].T
        return out

    def given(self, evidence: LifeEvidence) -> Messages:
        """What the evidence says of each class's lives."""
        return Messages(self, evidence)


def durations(codes: np.ndarray) -> np.ndarray:
    """How many times, the present one with them, each person has been in the state.

    A spell that began before the first time counts from there.

    Parameters
    ----------
    codes : int array, shape (people, times)

    Returns
    -------
    int64 array of the same shape
    """
    out = np.ones(codes.shape, dtype=np.int64)
    for t in range(1, codes.shape[1]):
        out[:, t] = np.where(codes[:, t] == codes[:, t - 1], out[:, t - 1] + 1, 1)
    return out


class Messages:
    """Forward–backward under evidence; exact.

    Parameters
    ----------
    chain : Chain
        The chains.
    evidence : LifeEvidence
        What is known.

    Attributes
    ----------
    likelihood : float64 array, shape (classes,)
        P(evidence | class).
    """

    def __init__(self, chain: Chain, evidence: LifeEvidence) -> None:
        if evidence.allowed.shape != (chain.times, chain.states):
            raise PopulaceError("The evidence speaks of another sequence: read it with its track.")
        self.chain = chain
        self.allowed = evidence.allowed.astype(np.float64)
        bits = np.zeros(evidence.allowed.shape, dtype=np.int64)
        for number, place in enumerate(evidence.ever):
            bits |= place.astype(np.int64) << number
        self.bits = bits
        """For each time and state, the facts of a part of life that it satisfies; as bits."""
        self.marks = 1 << len(evidence.ever)
        """How many sets of satisfied facts there are."""
        first = chain.initial * self.allowed[0]
        arrived = self._arrive(0)
        weights = np.take_along_axis(
            self.backward[0][..., 0],
            np.broadcast_to(arrived[0], (chain.classes, 1, chain.states)),
            axis=1,
        )[:, 0]
        self.first = first * weights
        """P(first state, evidence | class); shape (classes, states)."""
        self.likelihood: np.ndarray = self.first.sum(axis=1)

    def _arrive(self, time: int) -> np.ndarray:
        """The marks after coming to each state at a time; shape (marks, states)."""
        out: np.ndarray = np.arange(self.marks)[:, None] | self.bits[time][None, :]
        return out

    @cached_property
    def backward(self) -> list[np.ndarray]:
        """P(evidence after the time | class, marks, state, duration), for each time."""
        chain = self.chain
        shape = (chain.classes, self.marks, chain.states, len(chain.bands))
        last = np.zeros(shape)
        last[:, -1] = 1.0
        out = [last]
        for t in range(chain.times - 2, -1, -1):
            out.append(self._weighted(t, out[-1]).sum(axis=-1))
        return out[::-1]

    def _weighted(self, time: int, after: np.ndarray) -> np.ndarray:
        """P(next state and what is known after) ; shape (classes, marks, states, durations, to)."""
        chain = self.chain
        arrive = self._arrive(time + 1)
        marks, to = arrive, np.arange(chain.states)
        fresh = after[:, marks, to, 0] * self.allowed[time + 1]  # (classes, marks, to)
        out = chain.moves[time][:, None] * fresh[:, :, None, None, :]
        longer = np.minimum(np.arange(len(chain.bands)) + 1, len(chain.bands) - 1)
        stay = after[:, marks, to][..., longer] * self.allowed[time + 1][:, None]
        for s in range(chain.states):
            out[:, :, s, :, s] = chain.moves[time][:, None, s, :, s] * stay[:, :, s]
        return out

    @cached_property
    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """What samples are drawn by.

        Returns
        -------
        first : float64 array, shape (classes, states)
            Cumulative P(first state | class, evidence).
        moves : float32 array, shape (times - 1, classes, marks, states, durations, states)
            Cumulative P(next state | class, marks, state, duration, evidence).
        """
        chain = self.chain
        moves = np.empty(
            (
                chain.times - 1,
                chain.classes,
                self.marks,
                chain.states,
                len(chain.bands),
                chain.states,
            ),
            dtype=np.float32,
        )
        for t in range(chain.times - 1):
            moves[t] = _cumulative(self._weighted(t, self.backward[t + 1]))
        return _cumulative(self.first), moves

    def walk(self, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """State and move probabilities among people with given shares of the classes.

        Parameters
        ----------
        classes : float64 array, shape (classes,)
            P(class | everything known).

        Returns
        -------
        states : float64 array, shape (times, states)
        moves : float64 array, shape (times - 1, states, states)
            P(state and next state).
        """
        chain = self.chain
        with np.errstate(invalid="ignore", divide="ignore"):
            start = np.where(
                self.likelihood[:, None] > 0, self.first / self.likelihood[:, None], 0.0
            )
        here = np.zeros((chain.classes, self.marks, chain.states, len(chain.bands)))
        arrive, k = self._arrive(0), np.arange(chain.classes)
        for s in range(chain.states):
            here[k, arrive[0, s], s, 0] = classes * start[:, s]
        states, moves = [here.sum(axis=(0, 1, 3))], []
        longer = np.minimum(np.arange(len(chain.bands)) + 1, len(chain.bands) - 1)
        for t in range(chain.times - 1):
            weighted = self._weighted(t, self.backward[t + 1])
            total = weighted.sum(axis=-1, keepdims=True)
            share = np.divide(weighted, total, out=np.zeros_like(weighted), where=total > 0)
            flow = here[..., None] * share
            moves.append(flow.sum(axis=(0, 1, 3)))
            here = np.zeros_like(here)
            arrive = self._arrive(t + 1)
            for q in range(self.marks):
                for s in range(chain.states):
                    to = arrive[q, s]
                    kept = flow[:, q, s, :, s]
                    for d, later in enumerate(longer):
                        here[:, to, s, later] += kept[:, d]
                    here[:, to, s, 0] += flow[:, q, :, :, s].sum(axis=(1, 2)) - kept.sum(axis=1)
            states.append(here.sum(axis=(0, 1, 3)))
        return np.array(states), np.array(moves)


def _cumulative(weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=-1, keepdims=True)
    out: np.ndarray = np.cumsum(weights, axis=-1)
    np.divide(out, total, out=out, where=total > 0)
    # The last state that is possible takes what rounding leaves, so that none other can.
    return np.where(out >= 1 - 1e-12, 2.0, out)
