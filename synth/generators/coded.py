"""Models of codes: what every generator shares that learns columns as codes.

A table becomes a matrix of codes by a `Codebook`: a column with levels by its levels, a number by
its bins, a missing value as a state of its own (`bayes.coding`). A column that another settles
exactly is not learned but looked up. A new generator says only two things, in a `Law`: how codes
are learned (its generator's `learn`), and how they are drawn of people of whom something is known
(`Law.given`). All else is here:

- **values**: inside a bin, values are drawn from its pieces, so numbers keep their heaps, their
  steps and their bounds; a law that draws real numbers itself gives `Draw.values`.
- **evidence** reaches a law as P(fact | code) for each column. A law answers with a `Proposal`:
  codes with a weight each, whose mean is the evidence's probability and which a bound limits. Where
  the law can condition exactly, all weights are equal. Where it cannot, rows are kept with a
  probability of weight / bound (von Neumann's rejection), which is exact for samples;
  probabilities and marginals are then estimated from `PILOT` weighted people, with a standard
  error and an interval, and `note` says so.
- **seeds**: people are drawn in blocks of `BLOCK`; a block's numbers come from a counter-based
  stream of (seed, block), a value's from (seed, column, number of the person), so that a person
  is the same however many are drawn, in whatever pieces, by however many threads.
- **constraints**: `ConstrainedDraws`; **what is set from outside** is refused, for that needs
  arrows.
- **files**: one ``.npz`` of plain arrays and a JSON text, read without unpickling and checked;
  the digest is that of its content.
- **settings**: `minutes` (a budget of time), `epochs` (a limit of passes) and `bins`, beside the
  seed. The same seed learns the same model from the same table wherever time does not run out
  first; the report says which limit ended learning.

Nothing here imports torch: what was learned is drawn from with numpy alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding, Pieces
from synth.bayes.marginal import Marginal
from synth.bayes.random import stream_key, uniforms
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.discovery import Lookup
from synth.data.column import MISSING
from synth.data.evidence import Between, DateParts, Evidence, Fact
from synth.data.schema import Schema
from synth.data.table import Table
from synth.errors import PopulaceError
from synth.generators.base import (
    Conditional,
    DrawnConditional,
    Progress,
    Settings,
    no_progress,
)
from synth.generators.blocks import draw_blocks
from synth.generators.constrained import ConstrainedDraws, marginal_of
from synth.lazy import cached_property

BLOCK = 1 << 10
"""People of a block, and candidates of a batch."""
PILOT = 1 << 14
"""People from whom what is not exact is estimated."""
BARREN = 256
"""So many batches without a kept candidate end the search."""
LARGEST = 1 << 30
"""Bytes that a file may unpack to."""
FORMAT = "populace-codes/1"
_PILOT_SEED = 20_261_126
_OPTIONS = ("minutes", "epochs", "bins", "candidates")

Likelihoods = Mapping[int, np.ndarray]
"""Number of a learned column → P(fact | code), float64, shape (codes,)."""


# ---------------------------------------------------------------------- what a law says


@dataclass(frozen=True, eq=False)
class Draw:
    """People drawn by a proposal.

    Attributes
    ----------
    codes : int32 array, shape (rows, learned columns)
        Their codes.
    log_weight : float64 array, shape (rows,), or None
        Natural logarithms of their weights; None where all weigh alike.
    values : float64 array, shape (rows, learned columns), or None
        Numbers that the law draws itself, NaN where missing and in other columns.
    """

    codes: np.ndarray
    log_weight: np.ndarray | None = None
    values: np.ndarray | None = None


class Proposal(ABC):
    """How a law draws people of whom something is known.

    Attributes
    ----------
    log_probability : float or None
        Natural logarithm of the evidence's probability; None where it is to be estimated, as the
        mean weight.
    log_bound : float
        No log-weight is above it.
    """

    log_probability: float | None = None
    log_bound: float = 0.0

    @abstractmethod
    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Candidates from a stream of random numbers; the same stream gives the same people."""

    def shares(self, column: int) -> np.ndarray | None:
        """P(code | evidence) of a learned column, float64 (codes,); None if to be estimated."""
        return None


class Law(ABC):
    """What was learned of codes; immutable, shared by threads.

    Attributes
    ----------
    exact : bool
        Whether what `given` says without an estimate is exact under the model; False for laws that
        condition approximately.
    draws_numbers : bool
        Whether it draws the numbers themselves (`Draw.values`); facts about them then do not reach
        `given` but are checked on the numbers.
    """

    exact: bool = True
    draws_numbers: bool = False

    @abstractmethod
    def given(self, known: Likelihoods) -> Proposal:
        """How people are drawn of whom these facts are known; empty for everybody.

        Evidence that is possible column by column may still have the probability 0: the proposal
        says so by a `log_probability` of minus infinity, or by weights of 0.
        """

    @abstractmethod
    def about(self) -> dict[str, Any]:
        """JSON-ready values that `restored` needs."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """Plain arrays that `restored` needs."""

    @classmethod
    @abstractmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> Law:
        """The law that gave these; a ValueError or KeyError where they do not belong together."""


class Candidates(Proposal):
    """A law that cannot condition: people as they come, weighed by what is known of them.

    Parameters
    ----------
    draw : callable
        Gets a stream and a number of rows; gives people of whom nothing is known.
    known : Likelihoods
        What is known.
    """

    def __init__(
        self, draw: Callable[[np.random.Generator, int], Draw], known: Likelihoods
    ) -> None:
        self._draw, self._known = draw, known
        self.log_probability = None if known else 0.0

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Everybody, with the likelihood of what is known as the weight."""
        people = self._draw(random, rows)
        if not self._known:
            return people
        weight = np.ones(rows)
        for column, likelihood in self._known.items():
            weight = weight * likelihood[people.codes[:, column]]
        with np.errstate(divide="ignore"):
            return replace(people, log_weight=np.log(weight))


# ---------------------------------------------------------------------- codes


@dataclass(frozen=True, eq=False)
class Codebook:
    """A table's columns as codes.

    Attributes
    ----------
    schema : Schema
        The modelled columns.
    codings : mapping of str to Coding
        Of every column.
    settled : mapping of str to (str, int32 array)
        Columns that are not learned: the learned column that settles each, and its code for each
        code of that column.
    """

    schema: Schema
    codings: Mapping[str, Coding]
    settled: Mapping[str, tuple[str, np.ndarray]] = field(default_factory=dict)

    @staticmethod
    def learn(
        table: Table, settings: Settings, bins: int, weights: np.ndarray | None = None
    ) -> Codebook:
        """Find the codes of a table's modelled columns."""
        schema = table.schema.modelled
        if settings.weights is not None and settings.weights in schema:
            schema = schema.without(settings.weights)
        codings, settled = {}, {}
        usable = _usable(settings.lookups, schema)
        for column in schema:
            values = table.frame[column.name]
            if column.name in usable and column.is_number:
                codings[column.name] = _atoms(Coding(column), values)
            else:
                codings[column.name] = Coding.learn(column, values, bins, weights)
        for name, of in usable.items():
            parent, child = codings[of], codings[name]
            known, codes = parent.encode(table.frame[of]), child.encode(table.frame[name])
            common = int(np.bincount(codes, minlength=child.size).argmax())
            by_code = np.full(parent.size, common, np.int32)
            by_code[known] = codes
            settled[name] = (of, by_code)
        return Codebook(schema, codings, settled)

    @cached_property
    def learned(self) -> tuple[str, ...]:
        """The columns that a law learns, in the schema's order."""
        return tuple(name for name in self.schema.names if name not in self.settled)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each learned column has."""
        return tuple(self.codings[name].size for name in self.learned)

    @property
    def lookups(self) -> tuple[Lookup, ...]:
        """The columns that are looked up."""
        return tuple(Lookup(name, of) for name, (of, _) in self.settled.items())

    def encode(self, frame: pd.DataFrame) -> np.ndarray:
        """Codes of the learned columns, int32 (rows, learned columns)."""
        columns = [self.codings[name].encode(frame[name]) for name in self.learned]
        return np.stack(columns, axis=1).astype(np.int32)

    def known(self, evidence: Evidence) -> tuple[dict[int, np.ndarray], dict[str, Pieces]]:
        """What facts say of codes, and what they leave of numbers' pieces.

        Raises
        ------
        PopulaceError
            Nobody is like that, by one column alone.
        """
        likelihoods: dict[int, np.ndarray] = {}
        pieces: dict[str, Pieces] = {}
        for name, fact in evidence.items():
            likelihood = self.codings[name].likelihood(fact)
            codes, of = likelihood.codes, name
            if name in self.settled:
                of, by_code = self.settled[name]
                codes = likelihood.codes[by_code]
            elif likelihood.pieces is not None:
                pieces[name] = likelihood.pieces
            at = self.learned.index(of)
            likelihoods[at] = codes * likelihoods[at] if at in likelihoods else codes
            if not likelihoods[at].any():
                raise PopulaceError(
                    f"Nobody in this population has {Evidence({name: fact}).text(self.schema)}: "
                    "choose another value."
                )
        return likelihoods, pieces

    def decode(
        self,
        codes: np.ndarray,
        seed: int,
        start: int,
        *,
        pieces: Mapping[str, Pieces] | None = None,
        values: np.ndarray | None = None,
    ) -> pd.DataFrame:
        """People number `start` and on, in canonical dtypes.

        Parameters
        ----------
        codes : int32 array, shape (rows, learned columns)
        seed, start : int
            Which numbers of which streams say where in a bin a value lies.
        pieces : mapping of str to Pieces, optional
            What evidence has left of a number's pieces.
        values : float64 array, shape (rows, learned columns), optional
            Numbers that are known already.
        """
        at = {name: number for number, name in enumerate(self.learned)}
        columns: dict[str, Any] = {}
        for column in self.schema:
            name, coding = column.name, self.codings[column.name]
            if name in self.settled:
                of, by_code = self.settled[name]
                mine = by_code[codes[:, at[of]]]
            else:
                mine = codes[:, at[name]]
            if not column.is_number:
                levels = np.where(mine < len(column.levels), mine, -1)
                columns[name] = pd.Categorical.from_codes(levels, categories=list(column.levels))
                continue
            whole = coding.number_pieces
            if values is not None and name in at:
                numbers = np.asarray(coding.value(coding.index(_known(values[:, at[name]]))))
                numbers = np.where(np.isnan(values[:, at[name]]), np.nan, numbers)
            else:
                places = (pieces or {}).get(name, whole)
                if not len(places.first):  # what is known is that the value is missing
                    places = whole
                inside = np.minimum(mine, whole.bins - 1)
                numbers = _values(coding, places, whole.bins, inside, (seed, name), start)
                numbers = np.where(mine >= whole.bins, np.nan, numbers)
            columns[name] = numbers
        return self.schema.conform(pd.DataFrame(columns, index=pd.RangeIndex(len(codes))))

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "schema": self.schema.to_json(),
            "codings": {name: coding.to_json() for name, coding in self.codings.items()},
            "settled": {name: [of, codes.tolist()] for name, (of, codes) in self.settled.items()},
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Codebook:
        """The codebook that `to_json` wrote; a ValueError or KeyError where it is damaged."""
        schema = Schema.from_json(value["schema"])
        codings = {c.name: Coding.from_json(c, value["codings"][c.name]) for c in schema}
        settled = {
            str(name): (str(of), np.array(codes, np.int32))
            for name, (of, codes) in value["settled"].items()
        }
        for name, (of, codes) in settled.items():
            fine = of in codings and of not in settled and len(codes) == codings[of].size
            if not fine or (codes < 0).any() or (codes >= codings[name].size).any():
                raise ValueError(name)
        return Codebook(schema, codings, settled)


def _usable(lookups: Sequence[Lookup], schema: Schema) -> dict[str, str]:
    """Looked-up column → the learned column with levels that settles it."""
    of = {
        lookup.name: lookup.of
        for lookup in lookups
        if lookup.name in schema and lookup.of in schema and not schema[lookup.of].is_number
    }
    usable = {}
    for name in of:
        root, seen = of[name], {name}
        while root in of and root not in seen:
            seen.add(root)
            root = of[root]
        if root not in seen:
            usable[name] = root
    return usable


def _atoms(coding: Coding, values: pd.Series) -> Coding:
    """The coding of a number in which each value is a bin of its own."""
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    index = np.unique(coding.index(numbers[~np.isnan(numbers)]))
    pieces = Pieces(index, index, np.arange(len(index)), np.ones(len(index)))
    return replace(coding, pieces=pieces)


def _known(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), 0.0, values)


def _values(
    coding: Coding,
    pieces: Pieces,
    bins: int,
    codes: np.ndarray,
    stream: tuple[int, str],
    start: int,
) -> np.ndarray:
    """A value inside each bin, by the numbers of the people."""
    seed, name = stream
    which, where = (
        uniforms(stream_key(seed, f"{name}\x1f{k}"), start, len(codes)) for k in ("piece", "value")
    )
    total = np.append(0.0, np.cumsum(pieces.weight))
    starts = np.searchsorted(pieces.bin, np.arange(bins + 1))
    low, high = total[starts[codes]], total[starts[codes + 1]]
    piece = np.searchsorted(total, low + which * (high - low), side="right") - 1
    last = np.maximum(starts[codes + 1] - 1, starts[codes])
    piece = np.minimum(np.clip(piece, starts[codes], last), len(pieces.first) - 1)
    span = pieces.last[piece] - pieces.first[piece] + 1
    index = pieces.first[piece] + np.floor(where * span).astype(np.int64)
    return np.asarray(coding.value(index), dtype=np.float64)


def codes_of(coding: Coding, values: np.ndarray) -> np.ndarray:
    """The code of each number, NaN for a missing one; int32, shape (rows,)."""
    pieces = coding.number_pieces
    absent = np.isnan(values)
    piece = np.searchsorted(pieces.last, coding.index(_known(values)))
    codes = pieces.bin[np.minimum(piece, len(pieces.last) - 1)]
    return np.where(absent, pieces.bins, codes).astype(np.int32)


def holds(coding: Coding, fact: Fact, values: np.ndarray) -> np.ndarray:
    """Whether a fact is true of each number; bool, shape (rows,)."""
    absent = np.isnan(values)
    index = coding.index(_known(values))
    if isinstance(fact, Between):
        low, high = coding.range(fact.lower, fact.upper)
        return ~absent & (index >= low) & (index <= high)
    if isinstance(fact, DateParts):
        return fact.holds(coding.column, np.where(absent, np.nan, coding.value(index)))
    wanted = coding.index(np.array([float(v) for v in fact.values if v != MISSING]))
    return np.where(absent, MISSING in fact.values, np.isin(index, wanted))


# ---------------------------------------------------------------------- answers


class CodedConditional(DrawnConditional):
    """People of a law of whom some things are known.

    Parameters
    ----------
    codebook : Codebook
        What codes mean.
    law : Law
        How codes are drawn.
    evidence : Evidence
        What is known, checked.

    Raises
    ------
    PopulaceError
        Nobody is like that.
    """

    def __init__(self, codebook: Codebook, law: Law, evidence: Evidence) -> None:
        self.codebook, self.law = codebook, law
        self._evidence = evidence
        self._checked: dict[str, Fact] = {}  # facts about numbers that the law draws itself
        if law.draws_numbers:
            self._checked = {
                name: fact
                for name, fact in evidence.items()
                if codebook.schema[name].is_number and name not in codebook.settled
            }
        known, self._pieces = codebook.known(evidence.without(*self._checked))
        self._proposal = law.given(known)
        self._known = None if self._checked else self._proposal.log_probability
        if self._proposal.log_probability == -math.inf:
            words = evidence.text(codebook.schema)
            raise PopulaceError(f"Nobody in this population has {words}: drop a fact.")

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.codebook.schema

    @property
    def evidence(self) -> Evidence:
        """What is known."""
        return self._evidence

    @property
    def exact(self) -> bool:
        """Whether answers follow from the model exactly."""
        if not self._evidence:
            return self.law.exact
        return self.law.exact and self._known is not None

    @property
    def note(self) -> str:
        """One sentence on how far the answers go; empty where they are exact."""
        if self.exact:
            return ""
        if not self._evidence:
            return f"Marginals are estimated from {PILOT:,} people that the model drew."
        if self._known is not None:
            return "The model conditions approximately: probability and people are estimates."
        low, high = self.interval
        return (
            f"Estimated from {PILOT:,} people that the model drew: between {100 * low:.2g}% and "
            f"{100 * high:.2g}% of everybody (95% interval)."
        )

    # ------------------------------------------------------------------ estimates

    @cached_property
    def log_probability(self) -> float:
        """Natural logarithm of `probability`; an estimate unless `exact`."""
        if self._known is not None:
            return min(self._known, 0.0)
        mean, _ = self._mean
        return min(self._proposal.log_bound + math.log(mean), 0.0)

    @cached_property
    def standard_error(self) -> float:
        """Of `probability`; 0 where it is exact."""
        if self._known is not None:
            return 0.0
        return math.exp(self._proposal.log_bound) * self._mean[1]

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of `probability` (Wilson's, at the estimate's own precision)."""
        p, error = self.probability, self.standard_error
        if error == 0.0:
            return p, p
        z, n = 1.959964, p * (1 - p) / error**2
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(middle - half, 0.0), min(middle + half, 1.0)

    @cached_property
    def _pilot(self) -> tuple[np.ndarray, np.ndarray]:
        """Codes of people and their weights in parts of the bound; the same at every call."""
        codes, weights = [], []
        for batch in range(PILOT // BLOCK):
            people = self._batch(_PILOT_SEED, batch, 0)
            codes.append(people.codes)
            weights.append(self._accepted(people))
        return np.concatenate(codes), np.concatenate(weights)

    @cached_property
    def _mean(self) -> tuple[float, float]:
        """The mean weight and its standard error, in parts of the bound."""
        weights = self._pilot[1]
        mean = float(weights.mean())
        if not mean > 0:
            raise PopulaceError(
                f"None of {PILOT:,} people that this model drew is like that: drop a fact, or ask "
                "a Bayesian network."
            )
        return mean, float(weights.std() / math.sqrt(len(weights)))

    def marginal(self, column: str) -> Marginal:
        """The distribution of one learned column; estimated where the law gives no shares."""
        coding = self.codebook.codings[self.schema[column].name]
        of, by_code = self.codebook.settled.get(column, (column, None))
        at = self.codebook.learned.index(of)
        shares = None if self._checked else self._proposal.shares(at)
        if shares is None:
            if self.law.draws_numbers and coding.pieces is not None and by_code is None:
                return marginal_of(coding.column, self.sample(PILOT, _PILOT_SEED)[column])
            codes, weights = self._pilot
            _ = self._mean  # refuses where nobody has a weight
            shares = np.bincount(codes[:, at], weights, minlength=self.codebook.sizes[at])
        shares = shares / shares.sum()
        if by_code is not None:
            shares = np.bincount(by_code, shares, minlength=coding.size)
        if coding.pieces is None:
            return Marginal(coding.column, coding.labels, shares)
        pieces = self._pieces.get(column, coding.pieces)
        parts = (pieces.first, pieces.last, shares[pieces.bin] * pieces.weight)
        return Marginal(
            coding.column,
            coding.labels,
            shares,
            parts,
            None,
            coding.per_unit,
            pieces.bin,
            coding.lattice,
        )

    # ------------------------------------------------------------------ samples

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed, exactly `rows`.

        Raises
        ------
        PopulaceError
            Hardly a candidate is kept.
        """
        width = len(self.codebook.learned)
        if rows == 0:
            return self.codebook.decode(np.zeros((0, width), np.int32), seed, start)
        drawn = draw_blocks(partial(self._block, seed), BLOCK, start, rows, threads)
        values = [each.values for each in drawn if each.values is not None]
        return self.codebook.decode(
            np.concatenate([each.codes for each in drawn]),
            seed,
            start,
            pieces=self._pieces,
            values=np.concatenate(values) if values else None,
        )

    def _batch(self, seed: int, block: int, batch: int) -> Draw:
        """A batch of candidates; the same whoever asks."""
        key = int(stream_key(seed, f"codes\x1f{block}\x1f{batch}"))
        return self._proposal.draw(np.random.Generator(np.random.Philox(key)), BLOCK)

    def _accepted(self, people: Draw) -> np.ndarray:
        """The probability with which each candidate is kept; float64, shape (rows,)."""
        keep = np.ones(len(people.codes))
        if people.log_weight is not None:
            keep = np.exp(np.minimum(people.log_weight - self._proposal.log_bound, 0.0))
        if people.values is not None:
            for name, fact in self._checked.items():
                numbers = people.values[:, self.codebook.learned.index(name)]
                keep = keep * holds(self.codebook.codings[name], fact, numbers)
        return keep

    def _block(self, seed: int, block: int, low: int, high: int) -> Draw:
        """The people number `low` to `high` of a block: its candidates in order, those kept."""
        codes, values = [], []
        kept, batch, barren = 0, 0, 0
        while kept < high:
            people = self._batch(seed, block, batch)
            coin = uniforms(stream_key(seed, f"keep\x1f{block}\x1f{batch}"), 0, BLOCK)
            chosen = np.flatnonzero(coin < self._accepted(people))
            places = kept + np.arange(len(chosen))
            chosen = chosen[(places >= low) & (places < high)]
            kept += len(places)
            codes.append(people.codes[chosen])
            if people.values is not None:
                values.append(people.values[chosen])
            batch += 1
            barren = 0 if len(places) else barren + 1
            if barren >= BARREN:
                raise PopulaceError(
                    "This model draws hardly anybody of whom these facts hold: drop a fact, or "
                    "draw from a Bayesian network."
                )
        return Draw(np.concatenate(codes), None, np.concatenate(values) if values else None)


# ---------------------------------------------------------------------- model and generator


@dataclass(frozen=True, eq=False)
class CodedModel:
    """A law of codes as a `Model`.

    Attributes
    ----------
    generator : str
        The name of the generator that learned it.
    codebook : Codebook
        What codes mean.
    law : Law
        What was learned of them.
    settings : Settings
        How it was learned.
    report : mapping of str to JSON value
        What learning has to say: `notes`, curves of losses, seconds, what ended it.
    """

    generator: str
    codebook: Codebook
    law: Law
    settings: Settings
    report: Mapping[str, Any] = field(default_factory=dict)

    network: ClassVar[None] = None

    @property
    def schema(self) -> Schema:
        """The columns that were learned."""
        return self.codebook.schema

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the card."""
        return tuple(self.report.get("notes", ()))

    @cached_property
    def _content(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        about = {
            "format": FORMAT,
            "generator": self.generator,
            "codebook": self.codebook.to_json(),
            "law": self.law.about(),
            "settings": {
                "seed": self.settings.seed,
                "weights": self.settings.weights,
                "options": {k: v for k, v in self.settings.options.items() if k in _OPTIONS},
            },
        }
        return about, self.law.arrays()

    @cached_property
    def digest(self) -> str:
        """Its identity: 16 hexadecimal digits of its content's SHA-256."""
        about, arrays = self._content
        content = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for name in sorted(arrays):
            content.update(name.encode())
            content.update(np.ascontiguousarray(arrays[name]).tobytes())
        return content.hexdigest()[:16]

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> Conditional:
        """People of whom the evidence is known.

        Raises
        ------
        PopulaceError
            Nobody is like that, or something is set from outside.
        """
        if do:
            raise PopulaceError(
                "What is set from outside needs arrows, and this model has none: ask a Bayesian "
                "network."
            )
        checked = (evidence or Evidence()).checked(self.schema)
        drawn = CodedConditional(self.codebook, self.law, checked)
        if not constraints:
            return drawn
        everybody = CodedConditional(self.codebook, self.law, Evidence())
        return ConstrainedDraws(drawn, everybody, constraints)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People of whom nothing is known."""
        return self.given().sample(rows, seed, start=start, threads=threads)

    def save(self, folder: Path) -> None:
        """Write the generator's one file."""
        about, arrays = self._content
        text = json.dumps({**about, "report": dict(self.report)}).encode()
        written: dict[str, Any] = {**arrays, "about": np.frombuffer(text, np.uint8)}
        np.savez_compressed(folder / file_of(self.generator), **written)


def file_of(generator: str) -> str:
    """The name of a model's file."""
    return f"{generator}.npz"


class CodedGenerator(ABC):
    """A generator of codes; a subclass gives its names, its law's class and `learn`.

    Attributes
    ----------
    name, title, description : str
        As `Generator` has them.
    law : type of Law
        What `learn` gives and `load` restores.
    bins : int
        The bins of a number, where settings name no other.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    law: ClassVar[type[Law]]
    bins: ClassVar[int] = 32

    @property
    def files(self) -> tuple[str, ...]:
        """The one file of a model."""
        return (file_of(self.name),)

    @abstractmethod
    def learn(self, rows: Rows, settings: Settings, progress: Progress) -> tuple[Law, dict]:
        """Learn the codes; the law, and its report."""

    def fit(self, table: Table, settings: Settings, progress: Progress = no_progress) -> CodedModel:
        """Learn the modelled columns of a table; columns that others settle are exact.

        Raises
        ------
        PopulaceError
            There are no rows, or the weights are not numbers above 0.
        """
        if len(table) == 0:
            raise PopulaceError("There is no row to learn from: bring a table with people in it.")
        weights = _weights(table, settings.weights)
        progress(0.0, "Finding the states of the columns")
        codebook = Codebook.learn(
            table, settings, int(settings.options.get("bins", self.bins)), weights
        )
        if not codebook.learned:
            raise PopulaceError("No column is left to learn from: give one the use “learn”.")
        rows = Rows(codebook, codebook.encode(table.frame), weights, table.frame)
        law, report = self.learn(rows, settings, progress)
        kept = {k: v for k, v in settings.options.items() if k in _OPTIONS}
        learned = replace(settings, lookups=codebook.lookups, options=kept)
        progress(1.0, "Learned")
        return CodedModel(self.name, codebook, law, learned, report)

    def load(self, folder: Path) -> CodedModel:
        """Read a model that was saved; a PopulaceError where it is damaged."""
        path = folder / file_of(self.name)
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                    raise ValueError("size")
            with np.load(path, allow_pickle=False) as data:
                about = json.loads(data["about"].tobytes())
                arrays = {name: data[name] for name in data.files if name != "about"}
            if about["format"] != FORMAT or about["generator"] != self.name:
                raise ValueError(about["format"])
            codebook = Codebook.from_json(about["codebook"])
            law = self.law.restored(codebook, about["law"], arrays)
            written = about["settings"]
            settings = Settings(
                int(written["seed"]),
                written["weights"],
                codebook.lookups,
                dict(written["options"]),
            )
            report = dict(about.get("report", {}))
        except (
            OSError,
            KeyError,
            ValueError,
            TypeError,
            AttributeError,
            IndexError,
            zipfile.BadZipFile,
            PopulaceError,
        ) as error:
            raise PopulaceError(f"{path} is damaged: learn the population again.") from error
        return CodedModel(self.name, codebook, law, settings, report)


@dataclass(frozen=True, eq=False)
class Rows:
    """What a law learns from.

    Attributes
    ----------
    codebook : Codebook
        What codes mean.
    codes : int32 array, shape (rows, learned columns)
        The people.
    weights : float64 array, shape (rows,), or None
        How much each counts; their mean is 1.
    frame : pd.DataFrame
        Their values.
    """

    codebook: Codebook
    codes: np.ndarray
    weights: np.ndarray | None
    frame: pd.DataFrame

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes each learned column has."""
        return self.codebook.sizes

    def some(self, which: np.ndarray) -> Rows:
        """Some of the people, by their numbers; all alike where none of them counts at all."""
        weights = None if self.weights is None else self.weights[which]
        if weights is not None:
            weights = weights / weights.mean() if weights.sum() > 0 else None
        frame = self.frame.iloc[which].reset_index(drop=True)
        return replace(self, codes=self.codes[which], weights=weights, frame=frame)

    def shares(self, smoothing: float = 0.0) -> list[np.ndarray]:
        """The share of each code, column by column."""
        out = []
        for column, size in enumerate(self.sizes):
            counts = np.bincount(self.codes[:, column], self.weights, size) + smoothing / size
            out.append(counts / counts.sum())
        return out


def _weights(table: Table, name: str | None) -> np.ndarray | None:
    if name is None:
        return None
    if name not in table.frame:
        raise PopulaceError(f"The table lacks {name}, which weighs its rows: add it.")
    weights = table.frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    if not (weights >= 0).all() or not weights.sum() > 0:
        raise PopulaceError(f"Column {name} has missing or negative weights: mend them.")
    return weights / weights.mean()


def check_shares(shares: Sequence[np.ndarray], sizes: Sequence[int]) -> None:
    """A ValueError where arrays are no distributions over so many codes each."""
    fine = len(shares) == len(sizes) and all(
        each.shape == (size,) and np.isfinite(each).all() and (each >= 0).all() and each.sum() > 0
        for each, size in zip(shares, sizes, strict=False)
    )
    if not fine:
        raise ValueError("shares")


def choose(shares: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """A code by each uniform number, from one distribution or one for each row; int32 (rows,).

    Parameters
    ----------
    shares : float array, shape (codes,) or (rows, codes)
        Not negative; they need not sum to one.
    uniform : float64 array, shape (rows,)
        In [0, 1).
    """
    total = np.cumsum(shares, axis=-1, dtype=np.float64)
    if shares.ndim == 1:
        codes = np.searchsorted(total, uniform * total[-1], side="right")
        # Rounding must not end on a code that cannot be.
        return np.minimum(codes, np.flatnonzero(shares > 0)[-1]).astype(np.int32)
    codes = (total <= (uniform * total[:, -1])[:, None]).sum(axis=1)
    last = shares.shape[1] - 1 - np.argmax(shares[:, ::-1] > 0, axis=1)
    return np.minimum(codes, last).astype(np.int32)
