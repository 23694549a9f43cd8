"""Families of which facts hold: drawn, and how common they are.

Candidates are parents of the network; their rows follow, drawn anew a few times where a rule does
not hold; corrections keep them in proportion, and facts about rows keep those of which they are
true. Family number i of a seed is the same however many are drawn, by however many threads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.bayes.random import stream_key, uniforms
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.generators.base import Conditional
from synth.generators.blocks import draw_blocks
from synth.generators.refined import Estimate
from synth.lazy import cached_property
from synth.linked.facts import RowFact
from synth.linked.families import Families, joined, kept, replaced, without_parents
from synth.linked.features import Rows
from synth.linked.siblings import Prepared, frame_of

if TYPE_CHECKING:
    from synth.linked.model import LinkedModel

BLOCK = 1 << 12
"""Families of a block; a block is drawn from its beginning, wherever in it one starts."""
LEAST = 256
"""Candidates of a batch, at least."""
LARGEST = 1 << 14
"""And at most."""
BARREN = 1 << 19
"""So many candidates in a row without a kept family end the search."""
PILOT, PILOT_SEED = 1 << 14, 20261126
"""Candidates that estimate how common families are."""
AGAIN = 12
"""So often the rows of a family are drawn anew where a rule does not hold."""
WIDE = 4096
"""Rows of a family that have random numbers of their own for the rows below them."""


@dataclass(frozen=True, eq=False)
class FamiliesGiven:
    """Families of which facts hold, to draw.

    Attributes
    ----------
    model : LinkedModel
    evidence : Evidence
        About the root.
    some : tuple of RowFact
        About rows.
    """

    model: LinkedModel
    evidence: Evidence = field(default_factory=Evidence)
    some: tuple[RowFact, ...] = ()

    # ------------------------------------------------------------------ how common

    @property
    def exact(self) -> bool:
        """Whether `probability` is exact: facts about parents alone, nothing corrected."""
        free = self.model.ratio is None and self.model.root_ratio is None
        if not self.evidence and not self.some:
            return True
        return free and not self.some and not self.model.rules

    @cached_property
    def estimate(self) -> Estimate:
        """How common such families are.

        The parents' facts count exactly, by elimination; then so many candidates are drawn of which
        they hold, each counted by the ratios, the rules, and whether the facts about rows hold.
        """
        network = float(self._root.probability)
        if self.exact:
            return Estimate(network if self.evidence else 1.0, 0.0)
        free = self.model.given()
        here, here_error = self._mean_weight(True)
        base, base_error = free._mean_weight(False)
        value = network * here / base
        relative = math.hypot(here_error / here if here > 0 else 0.0, base_error / base)
        return Estimate(min(value, 1.0), value * relative)

    @property
    def probability(self) -> float:
        """The estimate's value."""
        return self.estimate.value

    @property
    def effective_size(self) -> float:
        """How many independent families the pilot's weights are worth; (Σw)² / Σw²."""
        weights = self._weights(True)
        return float(weights.sum() ** 2 / max((weights**2).sum(), 1e-300))

    @property
    def note(self) -> str:
        """One sentence on how far the answers go."""
        if self.exact:
            return ""
        return (
            f"Estimated from {PILOT:,} families drawn from the networks and kept or left by what "
            f"must hold (effective size {self.effective_size:,.0f}); families drawn are exactly "
            "those of the corrected model of which the facts are true."
        )

    def _mean_weight(self, facts: bool) -> tuple[float, float]:
        weights = self._weights(facts)
        weights = np.concatenate([weights, np.zeros(PILOT - len(weights))])  # parents that are left
        return float(weights.mean()), float(weights.std() / math.sqrt(PILOT))

    def _weights(self, facts: bool) -> np.ndarray:
        parents, families, fine = self._pilot
        model = self.model
        weights = np.ones(len(parents))
        if model.root_ratio is not None:
            weights *= model.root_ratio.acceptance(parents, model.planned_sizes(parents))
        if model.ratio is not None:
            weights *= model.ratio.acceptance(self.model.features_of(families), families.sizes)
        weights *= fine
        return weights * self._holds(families) if facts else weights

    @cached_property
    def _pilot(self) -> tuple[pd.DataFrame, Families, np.ndarray]:
        parents, numbers = self.candidates(PILOT, PILOT_SEED)
        return parents, *self._families(parents, numbers, PILOT_SEED)

    # ------------------------------------------------------------------ families

    @cached_property
    def _root(self) -> Conditional:
        return self.model.root.given(self.evidence)

    def families(
        self, count: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> Families:
        """Families number `start` to `start + count` of the seed.

        Family number i of a seed is the same however many are drawn, by however many threads.

        Raises
        ------
        PopulaceError
            Hardly a family is like that.
        """
        if count < 0:
            raise PopulaceError(f"A sample cannot have {count} families: ask for none or more.")
        if count == 0:
            nobody, none = self._root.sample(0, seed), np.zeros(0, np.int64)
            return self._below(nobody, none, seed, self._prepared(nobody, none, seed))
        return joined(draw_blocks(partial(self._block, seed), BLOCK, start, count, threads))

    def _block(self, seed: int, block: int, low: int, high: int) -> Families:
        """The families number `low` to `high` of a block: its candidates in order, those kept."""
        model = self.model
        own = int(stream_key(seed, f"families\x1f{block}") % np.uint64(2**62))
        keys = [stream_key(own, word) for word in ("parents", "families")]
        parts: list[Families] = []
        first, have, since = 0, 0, 0
        size = self._first_batch(high)
        while have < high:
            parents, numbers = self.candidates(size, own, start=first)
            if model.root_ratio is not None:
                keep = model.root_ratio.acceptance(parents, model.planned_sizes(parents))
                stay = uniforms(keys[0], first, size)[numbers - first] < keep
                parents, numbers = parents[stay].reset_index(drop=True), numbers[stay]
            some, fine = self._families(parents, numbers, own)
            if self.some:
                fine &= self._holds(some)
            if model.ratio is not None and fine.any():
                uniform = uniforms(keys[1], first, size)[numbers - first]
                if not fine.all():
                    some, uniform = kept(some, fine), uniform[fine]
                keep = model.ratio.acceptance(model.features_of(some), some.sizes)
                fine = uniform < keep
            # Of this batch, the kept ones with a number in [low, high).
            place = have + np.cumsum(fine) - fine
            parts.append(kept(some, fine & (place >= low) & (place < high)))
            got = int(fine.sum())
            have += got
            since = 0 if got else since + size
            first += size
            if since >= BARREN:
                raise PopulaceError(
                    f"Of {since:,} families not one is like that: drop a fact about the rows."
                )
            share = max(have / first, 1e-4)
            size = int(np.clip(1.1 * (high - have) / share, LEAST, LARGEST))
        return joined(parts)

    def _first_batch(self, wanted: int) -> int:
        """How many candidates are drawn at first: no more than are wanted where all are kept."""
        model = self.model
        if model.ratio is None and model.root_ratio is None and not self.some:
            spare = 1.02 * wanted + 16 if model.rules else wanted
            return min(int(spare), LARGEST)
        return min(max(LEAST, 2 * wanted), LARGEST)

    def candidates(
        self, count: int, seed: int, *, start: int = 0
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Parents of the network of which the rules that need no rows hold, and their numbers.

        What a rule says to be the number of rows is set to it, unless a fact speaks of it.
        """
        parents = self._root.sample(count, seed, start=start, threads=1)
        model = self.model
        bare = {
            name: Rows(some.schema, some.plan.targets(parents)[0], np.zeros((0, 0)))
            for name, some in model.siblings.items()
            if model.shape(name).parent == model.shapes[0].name
        }
        fine = np.ones(count, bool)
        for rule in model.rules:
            if rule.settles_a_parent and rule.parent not in self.evidence:
                parents = rule.settled(parents, bare)
        for rule in model.rules:
            if rule.needs_no_rows:
                fine &= rule.holds(parents, bare)
        numbers = np.arange(start, start + count, dtype=np.int64)
        if fine.all():
            return parents, numbers
        return parents[fine].reset_index(drop=True), numbers[fine]

    def _families(
        self, parents: pd.DataFrame, numbers: np.ndarray, seed: int
    ) -> tuple[Families, np.ndarray]:
        """The rows of parents, and whether every rule holds; bool, shape (parents,).

        Rows are drawn anew, a few times, where a rule of rows does not hold. So parents stay as
        common as they are, however hard their rows are to come by.
        """
        prepared = self._prepared(parents, numbers, seed)
        some = self._below(parents, numbers, seed, prepared)
        fine = self._obeys(some)
        bad = np.flatnonzero(~fine)
        ruled = parents[self._ruled] if len(bad) else parents
        places, parts = [], []
        for again in range(AGAIN):
            if not len(bad):
                break
            own = int(stream_key(seed, f"again\x1f{again}") % np.uint64(2**62))
            above = ruled.iloc[bad].reset_index(drop=True)
            some_prepared = {name: each.part(bad) for name, each in prepared.items()}
            others = self._below(above, numbers[bad], own, some_prepared)
            better = self._obeys(others)
            if better.any():
                places.append(bad[better])
                parts.append(kept(without_parents(others), better))
                bad = bad[~better]
        if parts:  # put in place together: every time would move all of the families
            where = np.concatenate(places)
            some = replaced(some, where, joined(parts))
            fine[where] = True
        return some, fine

    @property
    def _ruled(self) -> list[str]:
        """The columns of parents that rules look at."""
        names = {name for rule in self.model.rules for name in (rule.parent, rule.other)}
        top = self.model.shapes[0].schema
        return [column.name for column in top if column.name in names]

    def _prepared(
        self, parents: pd.DataFrame, numbers: np.ndarray, seed: int
    ) -> dict[str, Prepared]:
        """What the rows right below parents are drawn from."""
        top = self.model.shapes[0].name
        return {
            shape.name: self.model.siblings[shape.name].prepare(parents, numbers, seed)
            for shape in self.model.shapes[1:]
            if shape.parent == top
        }

    def _below(
        self,
        parents: pd.DataFrame,
        numbers: np.ndarray,
        seed: int,
        prepared: Mapping[str, Prepared],
    ) -> Families:
        """The rows of parents, table by table."""
        above: dict[str, tuple[pd.DataFrame, np.ndarray]] = {}
        rows: dict[str, Rows] = {}
        root = self.model.shapes[0].name
        has_below = {shape.parent for shape in self.model.shapes}
        for shape in self.model.shapes[1:]:
            siblings = self.model.siblings[shape.name]
            if shape.parent == root:
                own = numbers
                some = siblings.draw_prepared(prepared[shape.name], own, seed)
            else:
                frame, own = above[shape.parent]
                some = siblings.draw(frame, own, seed)
            rows[shape.name] = some
            if shape.name in has_below:
                begin = np.repeat(np.cumsum(some.counts) - some.counts, some.counts)
                inside = np.arange(len(begin)) - begin
                above[shape.name] = (frame_of(some), np.repeat(own, some.counts) * WIDE + inside)
        tables = {s.name: "" if s.parent == root else s.parent for s in self.model.shapes[1:]}
        return Families(parents, rows, tables)

    def _obeys(self, families: Families) -> np.ndarray:
        """Whether every rule holds; bool, shape (families,)."""
        out = np.ones(len(families), bool)
        for rule in self.model.rules:
            out &= rule.holds(families.parents, families.rows)
        return out

    def _holds(self, families: Families) -> np.ndarray:
        """Whether every fact about rows holds; bool, shape (families,)."""
        out = np.ones(len(families), bool)
        for fact in self.some:
            matches = fact.matches(families.rows[fact.table])
            out &= fact.fits(self._per_root(fact.table, matches, families))
        return out

    def _per_root(self, table: str, matches: np.ndarray, families: Families) -> np.ndarray:
        """How many of a root row's rows match, also where tables lie between."""
        name, count = table, matches.astype(np.int64)
        while name != self.model.shapes[0].name:
            counts = families.rows[name].counts
            family = np.repeat(np.arange(len(counts)), counts)
            count = np.bincount(family, count, minlength=len(counts)).astype(np.int64)
            name = self.model.shape(name).parent
        return count
