"""Populace: synthetic people whose records, portraits and pictures belong together.

The door: what most people need is here, and imported when it is first used.

>>> from synth import load
>>> population = load("us-time-use")
>>> married = population.given(population.evidence("marital=married,age=25..35"))
>>> people = married.sample(1000, seed=7)

The rooms, from the lowest floor to the highest; each imports only from those above it in this list
(`tests/test_architecture.py` reads the imports):

``errors``, ``registry``, ``lazy``, ``cache``, ``environment``, ``jobs``
    One error class; weights that are fetched; attributes worked out once; answers kept by their
    bytes; odd machines; long work in a thread or a process, with progress, queue and stop.
``data``
    Tables and their schema, evidence, contingency tables (counts of the real people), what columns
    mean, and the writers of every synthetic table.
``bayes``
    The mixed Bayesian network: structure, parameters, exact inference, sampling.
``constraints``
    What must hold in every row: rules, derived columns, look-ups, and how they are discovered.
``privacy``
    Budgets, exact noise, the ledger, private counts and their estimate; k, ℓ, t and Mondrian.
``generators``
    The contract of whatever learns people, the register, and one file a generator.
``populations``
    A model with its counts, texts and constraints: loaded, saved, packed as one file.
``interests``, ``describe``, ``ask``, ``cluster``, ``virtual``, ``fitting``, ``lives``, ``days``,
``linked``
    Topics in what people do; questions in words, and words as questions; sampling on Dask; an
    Arrow reader of any length; from a table to a population; states over time; minutes of a day;
    tables linked by keys.
``people``
    Names, profiles, posts, what-if; cards, portraits and pictures.
``evaluate``
    Fidelity, diversity, utility, privacy and fairness; reports.
``simulation``, ``survey``, ``talk``
    A population that moves, year by year; whether people believe a profile; talks
    as files, HTML pages and PPTX.
``shipped_populations``, ``prepare``, ``api``, ``bench``, ``cli``
    How the shipped populations are built; what the first use would wait for; people over HTTP;
    benchmarks; the command line.

Above them stand ``pages`` and ``app.py``, which draw what these rooms return.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from synth.environment import ensure_numba_cache

if TYPE_CHECKING:
    from synth.data.evidence import Evidence
    from synth.data.table import read_table
    from synth.evaluate.report import report
    from synth.fitting.simple import fit
    from synth.people.profile import make_profiles
    from synth.populations import load
    from synth.populations.completion import complete
    from synth.populations.prediction import predict
    from synth.populations.scoring import score

__all__ = [
    "Evidence",
    "complete",
    "fit",
    "load",
    "make_profiles",
    "predict",
    "read_table",
    "report",
    "score",
]

_MODULES = {
    "Evidence": "synth.data.evidence",
    "complete": "synth.populations.completion",
    "fit": "synth.fitting.simple",
    "load": "synth.populations",
    "make_profiles": "synth.people.profile",
    "predict": "synth.populations.prediction",
    "read_table": "synth.data.table",
    "report": "synth.evaluate.report",
    "score": "synth.populations.scoring",
}


ensure_numba_cache()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
