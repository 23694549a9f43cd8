"""The ledger of a private population: what was measured, with how much noise, at what cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np

from synth.errors import PopulaceError
from synth.privacy.accounting import (
    epsilon_of,
    epsilon_of_choice,
    in_words,
    rho_of,
    rho_of_choice,
    variance_of,
)
from synth.privacy.noise import SYSTEM, Source, discrete_gaussian, exponential_choice

Mechanism = Literal["discrete Gaussian", "exponential mechanism", "noisy threshold"]
FORMAT = "populace-ledger/1"
NEIGHBOURS = "tables that differ by one row, added or removed"
_SLACK = 1e-12


@dataclass(frozen=True)
class Entry:
    """One look at the real rows.

    Attributes
    ----------
    what : str
        What was looked at, in words.
    mechanism : Mechanism
        How it was kept private.
    columns : tuple of str
        The columns that were looked at; empty for a choice among many.
    cells : int
        How many numbers came of it.
    sigma : float
        Deviation of the noise on each; 0 for a choice.
    rho : float
        What it cost.
    delta : float
        What it cost of δ; above 0 for noisy thresholds alone.
    """

    what: str
    mechanism: Mechanism
    columns: tuple[str, ...]
    cells: int
    sigma: float
    rho: float
    delta: float = 0.0


@dataclass(frozen=True)
class Ledger:
    """What a population promises to every person, and what was spent of it.

    Attributes
    ----------
    epsilon, delta : float
        The promise.
    rho : float
        The budget that they are worth, beside `threshold_delta`.
    threshold_delta : float
        The part of δ that is kept for noisy thresholds.
    entries : tuple of Entry
        All looks at the real rows, in their order.
    is_for_tests : bool
        Whether the noise followed from a seed: then nothing is promised.
    public : tuple of str
        Sentences on what counted as public knowledge.
    """

    epsilon: float
    delta: float
    rho: float
    threshold_delta: float
    entries: tuple[Entry, ...] = ()
    is_for_tests: bool = False
    public: tuple[str, ...] = ()

    @property
    def spent(self) -> float:
        """The ρ of all entries."""
        return math.fsum(entry.rho for entry in self.entries)

    @property
    def spent_delta(self) -> float:
        """The δ of all entries."""
        return math.fsum(entry.delta for entry in self.entries)

    @property
    def spent_epsilon(self) -> float:
        """The ε that all entries are worth at the promised δ."""
        return epsilon_of(self.spent, self.delta - self.spent_delta) if self.entries else 0.0

    # ------------------------------------------------------------------ words

    @property
    def promise(self) -> str:
        """The promise in plain words."""
        if self.is_for_tests:
            return (
                "FOR TESTS ONLY: the noise follows from a seed, so nothing is promised to anybody."
            )
        return in_words(self.epsilon)

    @property
    def how(self) -> str:
        """How the population was learned, in a few words that begin a sentence."""
        if self.is_for_tests:
            return f"Learned for tests only (noise from a seed, as for ε = {self.epsilon:g})"
        return f"Learned privately (ε = {self.epsilon:g})"

    def markdown(self) -> str:
        """A section for the card."""
        lines = [
            "## Privacy",
            "",
            self.promise,
            "",
            ("Nothing is promised; the noise is as for " if self.is_for_tests else "Promised: ")
            + f"(ε = {self.epsilon:g}, δ = {self.delta:g})-differential privacy for "
            f"{NEIGHBOURS}; somebody with several rows is promised less, ε for each of them. "
            f"Spent: ρ = {self.spent:.6g} of {self.rho:.6g}, which is ε = "
            f"{self.spent_epsilon:.4g}. The noise is the discrete Gaussian of Canonne, Kamath and "
            "Steinke (2020), drawn with whole numbers"
            + (
                " from a seed, for tests only."
                if self.is_for_tests
                else " from the operating system's randomness."
            ),
            "",
            "Not promised: what holds for people in general can be learned, and guessed of "
            "anybody, whether in the table or not; how long the learning took; anything "
            "about what was published of the same people elsewhere. Each further population "
            "learned from the same rows adds its ε and δ to these.",
            "",
            *(f"- Public: {text}" for text in self.public),
            "",
            "| look | mechanism | numbers | σ | ρ |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {entry.what} | {entry.mechanism} | {entry.cells:,} | "
            f"{f'{entry.sigma:.4g}' if entry.sigma else '–'} | {entry.rho:.3g} |"
            for entry in self.entries
        ]
        return "\n".join([*lines, ""])

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "format": FORMAT,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "rho": self.rho,
            "threshold_delta": self.threshold_delta,
            "for_tests_only": self.is_for_tests,
            "public": list(self.public),
            "entries": [
                {
                    "what": entry.what,
                    "mechanism": entry.mechanism,
                    "columns": list(entry.columns),
                    "cells": entry.cells,
                    "sigma": entry.sigma,
                    "rho": entry.rho,
                    "delta": entry.delta,
                }
                for entry in self.entries
            ],
        }

    @staticmethod
    def from_json(value: Any) -> Ledger:
        """What `to_json` wrote.

        Raises
        ------
        PopulaceError
            It is damaged, or its entries cost more than it promises.
        """
        try:
            if value["format"] != FORMAT:
                raise ValueError("format")
            ledger = Ledger(
                float(value["epsilon"]),
                float(value["delta"]),
                float(value["rho"]),
                float(value["threshold_delta"]),
                tuple(_entry(each) for each in value["entries"]),
                bool(value["for_tests_only"]),
                tuple(str(each) for each in value["public"]),
            )
            numbers = (ledger.epsilon, ledger.delta, ledger.rho, ledger.threshold_delta)
            if not all(math.isfinite(number) and number >= 0 for number in numbers):
                raise ValueError("numbers")
        except (KeyError, TypeError, ValueError) as error:
            raise PopulaceError(
                "The privacy ledger is damaged: learn the population again."
            ) from error
        if ledger.spent > ledger.rho * (1 + 1e-6) or ledger.spent_delta > ledger.delta:
            raise PopulaceError(
                "The privacy ledger spends more than it promises: learn the population again."
            )
        return ledger


def _entry(value: Mapping[str, Any]) -> Entry:
    mechanism = value["mechanism"]
    if mechanism not in get_args(Mechanism):
        raise ValueError("mechanism")
    entry = Entry(
        str(value["what"]),
        mechanism,
        tuple(str(name) for name in value["columns"]),
        int(value["cells"]),
        float(value["sigma"]),
        float(value["rho"]),
        float(value["delta"]),
    )
    if not (entry.rho >= 0 and entry.delta >= 0):
        raise ValueError("cost")
    return entry


@dataclass(eq=False)
class Accountant:
    """The only door to the real rows: every look is paid for before it is answered.

    Attributes
    ----------
    epsilon, delta : float
        The promise.
    source : Source
        Randomness.
    thresholds : int
        How many noisy thresholds there may be; they share a tenth of δ.
    rho : float
        The whole budget.
    entries : list of Entry
        What was spent.
    noise_scale : float
        1. Anything less breaks the promise: for audits that are to fail, and for tests.
    """

    epsilon: float
    delta: float
    source: Source = SYSTEM
    thresholds: int = 0
    noise_scale: float = 1.0
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.threshold_delta = self.delta / 10 if self.thresholds else 0.0
        self.rho = rho_of(self.epsilon, self.delta - self.threshold_delta)

    @property
    def left(self) -> float:
        """The ρ that is left."""
        return max(self.rho - math.fsum(entry.rho for entry in self.entries), 0.0)

    def counts(
        self,
        true: np.ndarray,
        rho: float,
        what: str,
        columns: Sequence[str],
    ) -> tuple[np.ndarray, float]:
        """Counts with noise; a person is in one of them, once.

        Parameters
        ----------
        true : int array, any shape
            How many rows are in each cell.
        rho : float
            What it may cost.
        what, columns
            As in `Entry`.

        Returns
        -------
        counts : int64 array, the same shape
            With noise; may be negative.
        sigma : float
            Its deviation.
        """
        return self._noisy(
            true, rho, Entry(what, "discrete Gaussian", tuple(columns), true.size, 0, 0)
        )

    def seen(self, true: np.ndarray, rho: float, what: str, columns: Sequence[str]) -> np.ndarray:
        """Which of some values so many rows have that one row alone cannot have brought them about.

        Parameters
        ----------
        true : int array, shape (values,)
            How many rows have each value that any has.
        rho : float
            What it may cost, beside its part of δ.
        what, columns
            As in `Entry`.

        Returns
        -------
        bool array, shape (values,)
            A value of one row is seen with probability δ / `thresholds` at most.
        """
        if not self.thresholds:
            raise PopulaceError(f"No δ is kept for {what}: count it among the thresholds.")
        delta = self.threshold_delta / self.thresholds
        entry = Entry(what, "noisy threshold", tuple(columns), 0, 0, 0, delta)
        noisy, sigma = self._noisy(true, rho, entry)
        # P(noise > t) ≤ exp(-t² / 2σ²), for the discrete Gaussian is sub-Gaussian.
        present = noisy > 1.0 + sigma * math.sqrt(2.0 * math.log(1.0 / delta))
        # How many values there are is not for the ledger; how many were seen is.
        self.entries[-1] = replace(self.entries[-1], cells=int(present.sum()))
        return present

    def _noisy(self, true: np.ndarray, rho: float, entry: Entry) -> tuple[np.ndarray, float]:
        """Counts with noise that is paid for, and its deviation."""
        variance = variance_of(rho)
        sigma = math.sqrt(float(variance))
        self._pay(replace(entry, sigma=sigma, rho=float(1 / (2 * variance))))
        drawn = self._noise(variance, true.size)
        noisy = np.rint(true).astype(np.int64) + drawn.reshape(true.shape)
        return noisy, sigma * self.noise_scale

    def choice(self, scores: Sequence[int], sensitivity: int, rho: float, what: str) -> int:
        """The place of one of the best candidates, by the exponential mechanism.

        Parameters
        ----------
        scores : sequence of int
            One row that comes or goes changes each by at most `sensitivity`.
        sensitivity : int
            Above 0.
        rho : float
            What it may cost.
        what : str
            As in `Entry`.

        Returns
        -------
        int
            The place.
        """
        epsilon = Fraction(math.floor(epsilon_of_choice(rho) * 2**20), 2**20)
        cost = rho_of_choice(float(epsilon))
        self._pay(Entry(what, "exponential mechanism", (), 1, 0.0, cost))
        if not epsilon:
            raise PopulaceError("The budget is too small for a choice: raise ε.")
        rate = epsilon / (2 * sensitivity)
        if self.noise_scale != 1.0:
            rate /= Fraction(self.noise_scale)
        return exponential_choice(scores, rate, self.source)

    def ledger(self, public: Sequence[str] = ()) -> Ledger:
        """What was spent so far."""
        return Ledger(
            self.epsilon,
            self.delta,
            self.rho,
            self.threshold_delta,
            tuple(self.entries),
            self.source.is_for_tests or self.noise_scale != 1.0,
            tuple(public),
        )

    def _noise(self, variance: Fraction, count: int) -> np.ndarray:
        if self.noise_scale != 1.0:
            scaled = float(variance) * self.noise_scale**2
            variance = Fraction(max(round(scaled * 64), 1), 64)
            if variance > 64:
                variance = Fraction(round(variance))
        return discrete_gaussian(variance, count, self.source)

    def _pay(self, entry: Entry) -> None:
        if entry.rho > self.left * (1 + _SLACK) + _SLACK * self.rho:
            raise PopulaceError(
                f"The privacy budget is spent before {entry.what} was looked at: raise ε."
            )
        spent_delta = math.fsum(each.delta for each in self.entries)
        if spent_delta + entry.delta > self.threshold_delta * (1 + 1e-9):
            raise PopulaceError("The δ for noisy thresholds is spent: raise δ or name the levels.")
        self.entries.append(entry)
