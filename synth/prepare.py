"""What the first visitor would wait for, done before: code compiled, models and pictures read.

Numba compiles each of its functions once a machine and keeps the result, so that only the very
first use is slow; ``python -m synth warm`` after the installation makes that one nobody's. The app
does the same in a thread while it starts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from synth import populations
from synth.data.evidence import Evidence, OneOf
from synth.populations import Population


@dataclass(frozen=True)
class Prepared:
    """What was prepared.

    Attributes
    ----------
    names : tuple of str
        The populations.
    seconds : float
        How long it took.
    """

    names: tuple[str, ...]
    seconds: float


def prepare_first(population: Population) -> None:
    """Draw and complete anybody of a population: what a page needs that opens without facts.

    Parameters
    ----------
    population : Population
        Any.
    """
    from synth.people.profile import make_profiles

    make_profiles(population, count=1)


def prepare(population: Population) -> None:
    """Draw anybody, and somebody of whom a fact is known, so that all of it is compiled and read.

    Parameters
    ----------
    population : Population
        Any.
    """
    from synth.people.profile import make_profiles

    prepare_first(population)
    coded = [column for column in population.modelled if column.kind == "categorical"]
    if coded and coded[0].levels:
        fact = Evidence({coded[0].name: OneOf((coded[0].levels[0],))})
        make_profiles(population, fact, count=1)


def prepare_all(*names: str) -> Prepared:
    """Prepare populations by name.

    Parameters
    ----------
    *names : str
        Shipped populations; all of them when none is named.

    Returns
    -------
    Prepared

    Raises
    ------
    PopulaceError
        There is no population of a name.
    """
    begin = time.perf_counter()
    chosen = names or populations.available()
    for name in chosen:
        prepare(populations.load(name))
    return Prepared(tuple(chosen), time.perf_counter() - begin)


__all__ = ["Prepared", "prepare", "prepare_all", "prepare_first"]
