"""What was learned of linked tables, and families drawn from it.

Parents come from an exact Bayesian network whose columns are the parents' own and what they plan
for their rows; rows follow one after the other (`siblings`). Where real families were many, two
density ratios correct what the networks miss: one of parents and plans, one of whole families;
candidates are kept in proportion. Rules that held in every real family hold in every drawn one, and
facts about rows are met in the same way: by keeping the families of which they are true.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.generators.base import Model
from synth.lazy import cached_property
from synth.linked.correction import Correction
from synth.linked.drawing import FamiliesGiven
from synth.linked.facts import RowFact
from synth.linked.families import Families
from synth.linked.features import Feature, family_frame
from synth.linked.rules import FamilyRule
from synth.linked.siblings import Siblings
from synth.linked.tables import LinkedTable


@dataclass(frozen=True, eq=False)
class Shape:
    """How a table looks from outside.

    Attributes
    ----------
    name : str
        The table.
    schema : Schema
        All of its columns, in order, as it has them.
    key, parent, link, order, counter : str
        As in `LinkedTable`.
    counts_from : int
        As in `LinkedTable`.
    """

    name: str
    schema: Schema
    key: str = ""
    parent: str = ""
    link: str = ""
    order: str = ""
    counter: str = ""
    counts_from: int = 1

    @staticmethod
    def of(table: LinkedTable) -> Shape:
        """The shape of a table."""
        return Shape(
            table.name,
            table.schema,
            table.key,
            table.parent,
            table.link,
            table.order,
            table.counter,
            table.counts_from,
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are written, in order: keys, the counter, and what was learned."""
        named = {self.key, self.link, self.counter} - {""}
        return tuple(c.name for c in self.schema if c.role == "model" or c.name in named)


@dataclass(frozen=True, eq=False)
class LinkedModel:
    """Families that were learned; immutable, shared by threads.

    Attributes
    ----------
    shapes : tuple of Shape
        The tables, the root first.
    root : Model
        The root's columns and its plans.
    siblings : mapping of str to Siblings
        How rows follow, for every table but the root.
    rules : tuple of FamilyRule
        What held in every family.
    root_ratio, ratio : Correction or None
        What corrects parents with their plans, and whole families.
    features : tuple of Feature
        What `ratio` looks at.
    seed : int
        With which it was learned.
    """

    shapes: tuple[Shape, ...]
    root: Model
    siblings: Mapping[str, Siblings]
    rules: tuple[FamilyRule, ...] = ()
    root_ratio: Correction | None = None
    ratio: Correction | None = None
    features: tuple[Feature, ...] = ()
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The tables' names, the root's first."""
        return tuple(shape.name for shape in self.shapes)

    def shape(self, name: str) -> Shape:
        """A table's shape."""
        for shape in self.shapes:
            if shape.name == name:
                return shape
        raise PopulaceError(f"There is no table {name}{hint(name, self.names)}")

    @cached_property
    def digest(self) -> str:
        """Its identity: 16 hexadecimal digits of a SHA-256."""
        content = hashlib.sha256(self.root.digest.encode())
        for name, some in self.siblings.items():
            content.update(name.encode())
            content.update(some.program.cumulative.astype(np.float64).tobytes())
            content.update(some.program.factors.tobytes())
        for ratio in (self.root_ratio, self.ratio):
            content.update(b"" if ratio is None else ratio.digest.encode())
        content.update(repr(self.rules).encode())
        return content.hexdigest()[:16]

    def features_of(self, families: Families) -> pd.DataFrame:
        """What `ratio` looks at."""
        top = self.shapes[0]
        tables = dict.fromkeys(feature.table for feature in self.features)
        own = families.parents[[c.name for c in top.schema.modelled]]
        return family_frame(own, {t: families.rows[t] for t in tables}, self.features)

    def planned_sizes(self, parents: pd.DataFrame) -> np.ndarray:
        """How many rows parents plan, of all tables right below them together."""
        top = self.shapes[0].name
        out = np.zeros(len(parents), np.int64)
        for shape in self.shapes[1:]:
            if shape.parent == top:
                out += self.siblings[shape.name].plan.targets(parents)[0]
        return out

    def with_ratios(
        self,
        root_ratio: Correction | None,
        ratio: Correction | None,
        features: tuple[Feature, ...] = (),
    ) -> LinkedModel:
        """The same networks, corrected."""
        return replace(self, root_ratio=root_ratio, ratio=ratio, features=features)

    def given(
        self, evidence: Evidence | None = None, some: Sequence[RowFact] = ()
    ) -> FamiliesGiven:
        """Families of which facts hold.

        Parameters
        ----------
        evidence : Evidence, optional
            About the root's row (and its plans: ``"members rows"``).
        some : sequence of RowFact
            About rows: how many of a table's rows are like that.

        Raises
        ------
        PopulaceError
            A fact names what is not there, or no family is like that.
        """
        for fact in some:
            if fact.table not in self.siblings:
                raise PopulaceError(
                    f"There is no table {fact.table}{hint(fact.table, self.names[1:])}"
                )
            fact.check(self.siblings[fact.table].schema)
        return FamiliesGiven(self, evidence or Evidence(), tuple(some))
