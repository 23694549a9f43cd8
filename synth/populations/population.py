"""A population: a learned model, aggregate counts of the real people, and a card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from synth.bayes.calibration import Target
from synth.bayes.network import Network
from synth.cache import ANSWERS
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.data.contingency import ContingencyTables
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import Table
from synth.data.written import TableFormat
from synth.errors import PopulaceError
from synth.generators.base import Conditional, Model, generator
from synth.generators.bayes_network import BayesNetworkModel
from synth.generators.calibrated import CalibratedModel
from synth.generators.density_ratio import DensityRatio
from synth.generators.rare import RareModel
from synth.generators.refined import RefinedModel
from synth.interests.vocabulary import ICONS, KEYWORDS
from synth.lazy import cached_property
from synth.populations.as_written import as_written
from synth.populations.society import NOWHERE, Society
from synth.privacy.ledger import Ledger

OWN = "own-"
"""How the names of populations in memory begin."""


class Source(Protocol):
    """What lies beside a population's model; read when it is asked for."""

    @property
    def card(self) -> str:
        """Source, licence, meaning and scores, in Markdown."""
        ...

    @property
    def table(self) -> Table | None:
        """The real rows, where they are at hand."""
        ...

    @property
    def contingency(self) -> ContingencyTables:
        """Aggregate counts of the real people."""
        ...


@dataclass(frozen=True, eq=False)
class InMemory:
    """A `Source` of values.

    Attributes
    ----------
    card : str
        In Markdown.
    table : Table or None
        The real rows.
    counts : ContingencyTables or None
        Aggregate counts of the real people; None where they are to be counted from the rows.
    """

    card: str
    table: Table | None
    counts: ContingencyTables | None = None

    @cached_property
    def contingency(self) -> ContingencyTables:
        """Aggregate counts of the real people.

        Raises
        ------
        PopulaceError
            There are neither counts nor rows.
        """
        if self.counts is not None:
            return self.counts
        if self.table is None:
            raise PopulaceError("This population has no counts of real people: build it again.")
        return ContingencyTables.of(self.table)


@dataclass(frozen=True, eq=False)
class Population:
    """People who can be asked about and drawn.

    Attributes
    ----------
    name, title, note : str
        The folder's name, words for the screen, and one sentence on whom it speaks of.
    model : Model
        What was learned; any registered generator's.
    featured : tuple of str
        Columns that the sidebar shows first.
    folder : Path or None
        Where it lies; None where it lives in memory alone.
    source : Source
        The card, the real rows and their counts.
    constraints : Constraints
        What is worked out in every sampled row, and the rules that hold in it.
    learned_keywords : mapping of str to tuple of str
        Interest → keywords that were learned with it; empty for the shipped populations.
    plan : mapping of str to JSON value, or None
        The plan that it was learned by, as `fitting.plan.Plan.to_json` writes it; what was left
        out of the model is named in it without its values.
    refinement : DensityRatio or None
        What corrects the model's people, where it was learned; see `refined`.
    survey : tuple of Target
        Margins of the population that a survey's weights speak for, where they are known.
    survey_title : str
        What that population is called inside a sentence: "the US population".
    society : Society
        Country, language, names and looks of its people, apart from the model.
    """

    name: str
    title: str
    note: str
    model: Model
    featured: tuple[str, ...]
    folder: Path | None
    source: Source = field(repr=False)
    constraints: Constraints = NO_CONSTRAINTS
    learned_keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plan: Mapping[str, Any] | None = field(default=None, repr=False)
    refinement: DensityRatio | None = field(default=None, repr=False)
    survey: tuple[Target, ...] = field(default=(), repr=False)
    survey_title: str = "the survey’s population"
    society: Society = NOWHERE

    # ------------------------------------------------------------------ the model

    @property
    def has_network(self) -> bool:
        """Whether the model is a Bayesian network."""
        return self.model.network is not None

    @property
    def network(self) -> Network:
        """The Bayesian network.

        Raises
        ------
        PopulaceError
            The model is none; see `has_network`.
        """
        network = self.model.network
        if network is None:
            title = generator(self.model.generator).title
            raise PopulaceError(
                f"{self.title} has no network (it was learned by “{title}”): learn it as a "
                "Bayesian network to see arrows."
            )
        return network

    @property
    def modelled(self) -> Schema:
        """The columns that were learned."""
        return self.model.schema

    @cached_property
    def schema(self) -> Schema:
        """The columns of a sampled row: those that are learned, and those worked out (apart)."""
        return self.constraints.schema(self.model.schema)

    @cached_property
    def form(self) -> TableFormat:
        """How the columns of a sampled row are written."""
        return TableFormat(self.schema)

    @cached_property
    def digest(self) -> str:
        """The population's identity: its model's, and what it was learned from in memory."""
        if self.folder is not None and not self.constraints and not self.learned_keywords:
            return self.model.digest
        content: tuple[Any, ...] = (
            self.model.digest,
            self.contingency.to_json(),
            self.table is not None,
            (self.title, self.note, self.featured, self.card),
            self.constraints.to_json(),
        )
        if self.learned_keywords:
            content = (*content, sorted(self.learned_keywords.items()))
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]

    # ------------------------------------------------------------------ what lies beside it

    @cached_property
    def contingency(self) -> ContingencyTables:
        """Aggregate counts of the real people."""
        return self.source.contingency

    @cached_property
    def card(self) -> str:
        """Source, licence, meaning and scores, in Markdown."""
        return self.source.card

    @cached_property
    def table(self) -> Table | None:
        """The real rows, where they are shipped or in memory."""
        return self.source.table

    @cached_property
    def ledger(self) -> Ledger | None:
        """What was promised and spent, where it was learned under differential privacy."""
        network = self.model.network
        about = network.about.get("privacy") if network is not None else None
        return None if about is None else Ledger.from_json(about)

    @property
    def people_learned(self) -> str:
        """How many real people taught it: “5,000”, or “about 5,000” where only noise tells."""
        rows = f"{self.contingency.rows:,}"
        return rows if self.ledger is None else f"about {rows}"

    # ------------------------------------------------------------------ interests

    @property
    def interests(self) -> tuple[str, ...]:
        """The columns that hold a person's interests, first to last."""
        return tuple(column.name for column in self.modelled.of_meaning("interest"))

    @cached_property
    def keywords(self) -> Mapping[str, tuple[str, ...]]:
        """Interest → at most ten words that describe it: those learned with it, or the shipped."""
        known = {**KEYWORDS, **self.learned_keywords}
        return {name: known[name] for name in self._interest_levels if name in known}

    @cached_property
    def icons(self) -> Mapping[str, str]:
        """Interest → name of a Material symbol."""
        return {name: ICONS[name] for name in self._interest_levels if name in ICONS}

    @property
    def _interest_levels(self) -> tuple[str, ...]:
        levels = (level for name in self.interests for level in self.modelled[name].levels)
        return tuple(dict.fromkeys(levels))

    # ------------------------------------------------------------------ questions

    def evidence(self, text: str) -> Evidence:
        """Read a line of facts about this population, as `Evidence.parse` does.

        Raises
        ------
        PopulaceError
            Also where a fact is about a column that is worked out.
        """
        columns = Schema(tuple(replace(column, role="model") for column in self.schema))
        evidence = Evidence.parse(text, columns)
        self.constraints.refuse(tuple(evidence))
        return evidence

    def given(self, evidence: Evidence | None = None, do: Evidence | None = None) -> Conditional:
        """`Model.given` under the constraints, with the latest answers kept.

        Its samples are as the table was written; see `synth.populations.as_written`.
        """
        key = (evidence or Evidence(), do or Evidence())
        answer: Conditional | None = ANSWERS.get(self._owner, key)
        if answer is None:
            answer = self.answer(*key)
            ANSWERS.put(self._owner, key, answer, shared=self.model)
        return answer

    def answer(self, evidence: Evidence | None = None, do: Evidence | None = None) -> Conditional:
        """What `given` says, worked out anew and not kept: for questions asked only once."""
        people = self.model.given(evidence or Evidence(), do or Evidence(), self.constraints)
        return as_written(people, self.form)

    @cached_property
    def _owner(self) -> int:
        """Whose answers those are that `ANSWERS` keeps."""
        return ANSWERS.owner(self)

    # ------------------------------------------------------------------ readings

    @cached_property
    def refined(self) -> Population:
        """The same population, its people corrected by `refinement`; estimates, not exact.

        Raises
        ------
        PopulaceError
            No refinement was learned.
        """
        if self.refinement is None:
            raise PopulaceError(
                f"{self.title} has no refinement: learn it with `python -m synth fit --refine`."
            )
        return replace(self, model=RefinedModel(self.model, self.refinement))

    def calibrated(self, targets: Sequence[Target]) -> Population:
        """The same population with given margins, changed as little as possible; exact.

        Raises
        ------
        PopulaceError
            The targets cannot be reached, or the model is no network.
        """
        return replace(self, model=CalibratedModel(self.model, tuple(targets)))

    def with_rarity(self, exponent: float) -> Population:
        """The same population, rare people drawn more often: in proportion to p(x)^exponent.

        Raises
        ------
        PopulaceError
            The exponent is not above 0, or the model is no network.
        """
        return replace(self, model=RareModel(self.model, exponent))

    # ------------------------------------------------------------------ copies

    def in_memory(self) -> Population:
        """The same population with its files read, called ``own-`` and digits of its digest."""
        source = InMemory(self.card, self.table, self.contingency)
        return named(replace(self, folder=None, source=source))

    def with_model(
        self, model: Model | Network, *, title: str | None = None, card: str | None = None
    ) -> Population:
        """The same people described by another model, in memory.

        Parameters
        ----------
        model : Model or Network
            Of the same columns.
        title, card : str, optional
            Where they change.
        """
        source = InMemory(self.card if card is None else card, self.table, self.contingency)
        return named(
            replace(
                self,
                model=as_model(model),
                title=self.title if title is None else title,
                folder=None,
                source=source,
            )
        )


def as_model(model: Model | Network) -> Model:
    """The model itself, or a network as one."""
    return BayesNetworkModel(model) if isinstance(model, Network) else model


def named(population: Population) -> Population:
    """A population in memory under the name that its digest gives it."""
    return replace(population, name=f"{OWN}{population.digest[:8]}")


def of(
    model: Model | Network,
    table: Table,
    *,
    title: str,
    note: str = "",
    featured: tuple[str, ...] = (),
    card: str = "",
    constraints: Constraints = NO_CONSTRAINTS,
    keywords: Mapping[str, tuple[str, ...]] | None = None,
    plan: Mapping[str, Any] | None = None,
) -> Population:
    """A population in memory, called ``own-`` and eight digits of its digest.

    Parameters
    ----------
    model : Model or Network
        What was learned.
    table : Table
        The real rows that it was learned from, or at least its columns and those that
        `constraints` works out.
    title, note, featured, card, constraints, plan
        As in `Population`.
    keywords : mapping of str to tuple of str, optional
        What describes its interests, where they were learned.

    Raises
    ------
    PopulaceError
        The table lacks a column.
    """
    model = as_model(model)
    schema = constraints.schema(model.schema)
    missing = [name for name in schema.names if name not in table.frame.columns]
    if missing:
        raise PopulaceError(f"The table lacks the network's column {missing[0]}: learn from it.")
    rows = Table(table.frame[list(schema.names)], schema, table.digest)
    return named(
        Population(
            name="",
            title=title,
            note=note or f"Learned from {len(table):,} rows of a table of your own.",
            model=model,
            featured=tuple(n for n in featured if n in model.schema) or model.schema.names[:6],
            folder=None,
            source=InMemory(card, rows),
            constraints=constraints,
            learned_keywords=dict(keywords or {}),
            plan=plan,
        )
    )
