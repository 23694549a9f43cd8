"""The contract between what learns people and what asks about them, and the register.

A generator learns a `Model` from a table; a model answers with a `Conditional`: how common some
people are, what they are like, and samples of them. Everything above this room speaks to these
three alone. To add a generator, write one file that ends with ``register(MyGenerator())`` and name
that file in `_MODULES`, or its module in the environment variable ``SYNTH_GENERATORS``.
"""

from __future__ import annotations

import hashlib
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.discovery import Lookup
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.jobs import Progress

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from synth.bayes.inference import Marginal
    from synth.bayes.network import Network
    from synth.data.table import Table

DEFAULT = "bayes-network"
"""The generator that serves where none is named."""
Z95 = 1.959964
"""Standard errors on each side of an estimate that make its 95% interval."""
STREAM_ROWS = 1 << 18
"""Rows of a row group of a streamed file."""


def no_progress(share: float, words: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Settings:
    """How a model is to be learned, or was.

    Attributes
    ----------
    seed : int
        The same seed learns the same model from the same table.
    weights : str or None
        The column that weighs rows; without it every row counts once.
    lookups : tuple of Lookup
        Columns that another column settles exactly.
    options : mapping of str to JSON value
        What else the generator knows: for the Bayesian network `score`, `max_parents`, `bins`,
        `search`, `restarts`, `gaussian`, and `required` and `forbidden` edges. A generator leaves
        aside what it does not know.
    """

    seed: int = 0
    weights: str | None = None
    lookups: tuple[Lookup, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


class Conditional(Protocol):
    """People of whom some things are known.

    Attributes
    ----------
    schema : Schema
        The columns that were learned.
    evidence : Evidence
        What is known of them.
    exact : bool
        Whether probabilities, marginals and samples follow from the model exactly; False where
        they are estimated.
    probability, log_probability : float
        How common such people are, and its natural logarithm.
    standard_error : float
        Of `probability`; 0 where it is exact.
    interval : tuple of float
        The 95% interval of `probability`; the probability itself, twice, where it is exact.
    note : str
        One sentence on how far the answers go; empty where they are exact.
    """

    @property
    def schema(self) -> Schema: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def exact(self) -> bool: ...
    @property
    def probability(self) -> float: ...
    @property
    def log_probability(self) -> float: ...
    @property
    def standard_error(self) -> float: ...
    @property
    def interval(self) -> tuple[float, float]: ...
    @property
    def note(self) -> str: ...

    def marginal(self, column: str) -> Marginal:
        """The distribution of one learned column."""
        ...

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, in canonical dtypes.

        Person number i of a seed is the same however many are drawn, and by however many threads.
        """
        ...

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table, marked as synthetic."""
        ...

    def write_parquet(
        self,
        path: str | Path,
        rows: int,
        seed: int = 0,
        *,
        threads: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Stream people to a Parquet file; `progress` gets the rows written."""
        ...


class Model(Protocol):
    """What was learned from a table; immutable, shared by threads.

    Attributes
    ----------
    generator : str
        The name of the generator that learned it and can load it.
    schema : Schema
        The columns that were learned.
    digest : str
        Its identity: 16 hexadecimal digits of its content's SHA-256.
    network : Network or None
        The Bayesian network, where the model is one.
    settings : Settings
        How it was learned, so that it can be learned again in the same way.
    """

    @property
    def generator(self) -> str: ...
    @property
    def schema(self) -> Schema: ...
    @property
    def digest(self) -> str: ...
    @property
    def network(self) -> Network | None: ...
    @property
    def settings(self) -> Settings: ...

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> Conditional:
        """What is true of people of whom the evidence is known.

        Parameters
        ----------
        evidence : Evidence, optional
            What is known.
        do : Evidence, optional
            What is set from outside, without its causes.
        constraints : Constraints
            What holds in every row, and what is worked out in it.

        Raises
        ------
        PopulaceError
            Nobody is like that, or the model cannot answer such a question.
        """
        ...

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People of whom nothing is known; as `Conditional.sample`."""
        ...

    def save(self, folder: Path) -> None:
        """Write the generator's `files` into a folder that exists."""
        ...


@runtime_checkable
class Generator(Protocol):
    """What learns models.

    Attributes
    ----------
    name : str
        How it is called in files and commands: small letters and hyphens.
    title, description : str
        For the screen: a few words, and one sentence.
    files : tuple of str
        The files of a model in a population's folder; JSON, Parquet, npz or safetensors.
    """

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def files(self) -> tuple[str, ...]: ...

    def fit(self, table: Table, settings: Settings, progress: Progress = no_progress) -> Model:
        """Learn the modelled columns of a table.

        Raises
        ------
        PopulaceError
            One sentence on what cannot be learned and what to do.
        """
        ...

    def load(self, folder: Path) -> Model:
        """Read a model that `Model.save` wrote; a PopulaceError where it is damaged."""
        ...


# ---------------------------------------------------------------------- the register

_MODULES: Sequence[str] = (
    "synth.generators.bayes_network",
    "synth.generators.counting",
    "synth.generators.copula",
    "synth.generators.autoregressive",
    "synth.generators.diffusion",
    "synth.generators.vae",
    "synth.generators.gan",
    "synth.generators.private",
    "synth.generators.hybrid",
)
"""The files that register a generator when they are read."""

VARIABLE = "SYNTH_GENERATORS"
"""The environment variable that names further modules of this kind, with commas between them; child
processes get it too."""

REGISTER: dict[str, Generator] = {}
"""Name → generator; read it through `generator` and `names`, which read the files first."""


def register(generator: Generator) -> Generator:
    """Enter a generator into the register; one of the same name gives way."""
    REGISTER[generator.name] = generator
    return generator


def names() -> tuple[str, ...]:
    """The names of all generators, the default first."""
    for module in (*_MODULES, *_further()):
        import_module(module)
    return tuple(sorted(REGISTER, key=lambda name: (name != DEFAULT, name)))


def titles() -> dict[str, str]:
    """Name → title of all generators, the default first."""
    return {name: REGISTER[name].title for name in names()}


def generator(name: str = DEFAULT) -> Generator:
    """The generator of that name.

    Raises
    ------
    PopulaceError
        There is none; the sentence names one that is meant.
    """
    if _further():  # one of them may stand in for one of ours
        names()
    else:
        for module in _MODULES:  # all take a third of a second; the default's comes first
            if name in REGISTER:
                break
            import_module(module)
    if name not in REGISTER:
        raise PopulaceError(f"There is no generator {name}{hint(name, names())}")
    return REGISTER[name]


def _further() -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get(VARIABLE, "").split(",")))


# ---------------------------------------------------------------------- models on top of models


class ModelWrapper(ABC):
    """A model that changes another's answers: corrected, calibrated, drawn differently.

    A subclass is a frozen dataclass whose first field is `model`; it gives `digest` and `given`.

    Attributes
    ----------
    model : Model
        What was learned.
    """

    model: Model

    @property
    def generator(self) -> str:
        """The name of the generator that learned the model."""
        return self.model.generator

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.model.schema

    @property
    def network(self) -> Network | None:
        """The model's network as it was learned, where it has one."""
        return self.model.network

    @property
    def settings(self) -> Settings:
        """How the model was learned."""
        return self.model.settings

    @property
    @abstractmethod
    def digest(self) -> str:
        """Its identity, another than the model's."""

    @abstractmethod
    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> Conditional:
        """As `Model.given`."""

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People of whom nothing is known."""
        return self.given().sample(rows, seed, start=start, threads=threads)

    def save(self, folder: Path) -> None:
        """Write the files of the model that was learned."""
        self.model.save(folder)

    def digest_with(self, *parts: object) -> str:
        """The model's identity with what changes it: 16 hexadecimal digits of a SHA-256."""
        content = repr((self.model.digest, *parts)).encode()
        return hashlib.sha256(content).hexdigest()[:16]


# ---------------------------------------------------------------------- for those who draw


class DrawnConditional(ABC):
    """A `Conditional` whose files are made from its `sample`.

    A subclass gives `schema`, `evidence`, `exact`, `log_probability`, `marginal` and `sample`.
    """

    @property
    @abstractmethod
    def log_probability(self) -> float:
        """Natural logarithm of `probability`."""

    @property
    def probability(self) -> float:
        """How common such people are."""
        return math.exp(self.log_probability)

    @property
    def standard_error(self) -> float:
        """Of `probability`; 0 where it is exact."""
        return 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of `probability`."""
        p, reach = self.probability, Z95 * self.standard_error
        return max(p - reach, 0.0), min(p + reach, 1.0)

    @property
    def note(self) -> str:
        """One sentence on how far the answers go; empty where they are exact."""
        return ""

    @abstractmethod
    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed."""

    def sample_arrow(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pa.Table:
        """The same people as an Arrow table, marked as synthetic."""
        from synth.data.writers import arrow_table

        return arrow_table(self.sample(rows, seed, start=start, threads=threads), seed)

    def write_parquet(
        self,
        path: str | Path,
        rows: int,
        seed: int = 0,
        *,
        threads: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Stream people to a Parquet file; `progress` gets the rows written."""
        from synth.data import writers

        pieces = (
            self.sample_arrow(min(STREAM_ROWS, rows - low), seed, start=low, threads=threads)
            for low in range(0, rows, STREAM_ROWS)
        )
        schema = self.sample_arrow(0, seed).schema
        writers.write_parquet(Path(path), pieces, schema=schema, progress=progress)
