"""What is to be made of a table: one immutable value, with JSON in and out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from synth.bayes.scores import ScoreName
from synth.constraints.derived import (
    Cut,
    Derived,
    Elapsed,
    counts,
    derived_from_json,
    derived_to_json,
)
from synth.constraints.discovery import Lookup
from synth.constraints.rules import Rule, parse_rules
from synth.data.column import Column, Kind, Role
from synth.data.formats import DateFormat
from synth.data.meaning import Meaning
from synth.data.readers.containers import ENDINGS
from synth.data.schema import Schema
from synth.data.templates import parse_spec
from synth.data.wording import hint
from synth.errors import PopulaceError
from synth.fitting.inspection import Inspection
from synth.fitting.interests import InterestSource
from synth.generators import base as generators

Use = Literal["learn", "weight", "count", "keep apart", "leave out"]
"""What a column is for, in the user's words; "count" is a weight that says how many people."""
USES: tuple[Use, ...] = get_args(Use)
KINDS: tuple[Kind, ...] = get_args(Kind)
_ROLES: dict[Use, Role] = {
    "learn": "model",
    "weight": "weight",
    "count": "weight",
    "keep apart": "apart",
    "leave out": "skip",
}
_ROLE_USES: dict[Role, Use] = {"model": "learn", "apart": "keep apart", "skip": "leave out"}
FORMAT = "populace-plan/1"


@dataclass(frozen=True)
class Correction:
    """What a user says of one column; None leaves it as it was understood.

    Attributes
    ----------
    name : str
        The column.
    use : Use or None
        What it is for.
    kind : {"categorical", "boolean", "integer", "real"} or None
        What its values are.
    lower, upper : float or None
        Bounds of a number, in its unit.
    label : str or None
        Words for the screen.
    meaning : Meaning or None
        What the column says of a person; empty for nothing that is known.
    written : str or None
        How its values are written in text files, by an example; see `Column.written_as`.
    missing_word : str or None
        As `Column.missing_word`.
    """

    name: str
    use: Use | None = None
    kind: Kind | None = None
    lower: float | None = None
    upper: float | None = None
    label: str | None = None
    meaning: Meaning | None = None
    written: str | None = None
    missing_word: str | None = None


@dataclass(frozen=True)
class Plan:
    """What to learn from a table, what to work out, and what must hold.

    Attributes
    ----------
    schema : Schema
        The columns and their roles; bounds that are narrower than the data leave rows out.
    count : str
        The column that says how many people a row stands for; empty for none.
    derived : tuple of Sum, Cut and Elapsed
        Columns that are not learned but worked out in every row.
    lookups : tuple of Lookup
        Columns that another column settles exactly.
    rules : tuple of Rule
        What must be true of every person.
    score : {"predictive", "k2", "bic", "bdeu"}
        What the search for edges maximises.
    max_parents, seed : int
        As in `bayes.learn`.
    title : str
        What the population is called.
    interests : InterestSource or None
        Where interests come from that are learned first, and learned from as top1 to top3.
    generator : str
        What learns; a name of `generators.names`.
    make : mapping of str to str
        Columns that are left out and made new for every person, and how: ``pattern``,
        ``faker:name`` or ``faker:name:de_DE``; see `data.templates`.
    privacy : mapping of str to JSON value
        For the generator "private": ``epsilon``, ``delta`` and ``public``, as
        `privacy.public.Public.to_json` writes it; see `fitting.private`.
    """

    schema: Schema
    count: str = ""
    derived: tuple[Derived, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    rules: tuple[Rule, ...] = ()
    score: ScoreName = "predictive"
    max_parents: int = 4
    seed: int = 0
    title: str = ""
    interests: InterestSource | None = None
    generator: str = generators.DEFAULT
    make: Mapping[str, str] = field(default_factory=dict)
    privacy: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(inspection: Inspection, title: str = "") -> Plan:
        """The plan that is followed when nothing is corrected."""
        return Plan(
            inspection.schema,
            derived=inspection.derived,
            lookups=inspection.lookups,
            rules=inspection.rules,
            title=title or title_of(inspection.name),
        )

    @property
    def weight(self) -> str:
        """The column that weighs rows; empty for none."""
        return next(
            (c.name for c in self.schema if c.role == "weight" and c.name != self.count), ""
        )

    def use(self, name: str) -> Use:
        """What a column is for."""
        role = self.schema[name].role
        if role == "weight":
            return "count" if name == self.count else "weight"
        return _ROLE_USES[role]

    def corrected(self, corrections: Sequence[Correction]) -> Plan:
        """The plan under a user's corrections; what no longer fits them is dropped.

        Raises
        ------
        PopulaceError
            A column is not there, two columns weigh rows, or nothing is left to learn.
        """
        schema, count = self.schema, self.count
        for correction in corrections:
            name, use, kind = correction.name, correction.use, correction.kind
            column = schema[name]
            changes: dict[str, Any] = {}
            if use is not None:
                if use not in USES:
                    raise PopulaceError(f"Column {name} has the use {use!r}{hint(str(use), USES)}")
                changes["role"] = _ROLES[use]
                if use == "count":
                    count = name
                elif count == name:
                    count = ""
            if kind is not None and kind != column.kind:
                changes["kind"] = kind
            if (kind or column.kind) in ("integer", "real"):
                for end in ("lower", "upper"):
                    if getattr(correction, end) is not None:
                        changes[end] = float(getattr(correction, end))
            if correction.label is not None:
                changes["label"] = " ".join(correction.label.split())[:100]
            if correction.meaning is not None:
                changes["meaning"] = correction.meaning
            if correction.missing_word is not None:
                changes["missing_word"] = correction.missing_word
                if column.kind == "categorical":  # the word may be a level now, or no longer
                    changes |= {"levels": (), "missing": False}
            schema = schema.changed(name, **changes)
            if correction.written is not None:
                before, form = (
                    schema[name].format,
                    schema[name].written_as(correction.written).format,
                )
                reread = isinstance(before, DateFormat) and form != before
                ends = {"lower": None, "upper": None} if reread else {}  # they are other days now
                schema = schema.changed(name, format=form, **ends)
                if reread:
                    self = self._without(name)
        plan = replace(self, schema=schema, count=count)
        plan = plan.following(plan.derived, plan.lookups)
        return plan.checked()

    def _without(self, name: str) -> Plan:
        """The plan without what was found to follow from or to be ruled by a column."""
        derived = [e for e in self.derived if name not in (e.name, *e.parts)]
        rules = tuple(rule for rule in self.rules if name not in rule.columns)
        return replace(self, derived=tuple(derived), rules=rules)

    def weighed(self, name: str, use: Use) -> Plan:
        """The plan in which a column, and no other, weighs or counts the rows."""
        column = self.schema[name]
        others = [c.name for c in self.schema if c.role == "weight" and c.name != name]
        if others:
            raise PopulaceError(f"{others[0]} and {name} both weigh the rows: keep one of the two.")
        if not column.is_number:
            raise PopulaceError(
                f"Column {name} holds no numbers and cannot weigh or count rows: name another."
            )
        schema = self.schema.changed(name, role="weight")
        plan = replace(self, schema=schema, count=name if use == "count" else "")
        return plan.following(plan.derived, plan.lookups).checked()

    def making(self, make: Mapping[str, str]) -> Plan:
        """The plan in which columns are left out and made new instead; see `make`.

        Raises
        ------
        PopulaceError
            There is no such column or way to make it.
        """
        schema = self.schema
        for name, spec in make.items():
            parse_spec(spec, schema[name].name)
            schema = schema.changed(name, role="skip")
        count = "" if self.count in make else self.count
        plan = replace(self, schema=schema, count=count, make=dict(make))
        return plan.following(plan.derived, plan.lookups)

    def on(self, schema: Schema) -> Plan:
        """The plan over another schema of the same columns; what no longer fits is dropped."""
        plan = replace(self, schema=schema)
        return plan.following(plan.derived, plan.lookups)

    def rule_texts(self, more: Sequence[str] | None = None) -> list[str]:
        """The rules as lines, with more of them."""
        return [*(str(rule) for rule in self.rules), *(more or ())]

    def following(self, derived: Sequence[Derived], lookups: Sequence[Lookup]) -> Plan:
        """The plan with these dependences and its rules, as far as its columns still allow them."""
        learned = {c.name: c for c in self.schema if c.role == "model"}
        kept: list[Derived] = []
        for entry in derived:
            fits = entry.name in learned and all(
                part in learned and learned[part].is_number for part in entry.parts
            )
            if isinstance(entry, Elapsed):
                fits = fits and all(counts(learned[part], entry.unit) for part in entry.parts)
            if fits and learned[entry.name].is_number != isinstance(entry, Cut):
                kept.append(entry)
        gone = {entry.name for entry in kept}
        settled = [
            entry
            for entry in lookups
            if entry.name in learned
            and entry.of in learned
            and not {entry.name, entry.of} & gone
            and not learned[entry.of].is_number
        ]
        rules = tuple(rule for rule in self.rules if _fits(rule, learned))
        return replace(self, derived=tuple(kept), lookups=tuple(settled), rules=rules)

    def ruled(self, text: str) -> Plan:
        """The plan with the rules of a text, one a line; raises as `parse_rules` does."""
        usable = Schema(tuple(c for c in self.schema if c.role == "model"))
        return replace(self, rules=parse_rules(text, usable))

    def checked(self) -> Plan:
        """The plan itself, or a PopulaceError on what cannot be learned from it."""
        if not self.schema.modelled:
            raise PopulaceError("No column is left to learn from: give one the use “learn”.")
        weights = [c.name for c in self.schema if c.role == "weight"]
        if len(weights) > 1:
            raise PopulaceError(
                f"{weights[0]} and {weights[1]} both weigh the rows: keep one of the two."
            )
        for name in weights:
            if not self.schema[name].is_number:
                raise PopulaceError(
                    f"Column {name} holds no numbers and cannot weigh or count rows: give it "
                    "another use."
                )
        if self.interests is not None:
            self.interests.checked(self.schema)
        generators.generator(self.generator)  # raises where there is none
        for name, spec in self.make.items():
            parse_spec(spec, name)
            if self.schema[name].role != "skip":
                raise PopulaceError(
                    f"Column {name} is both learned and made new: give it the use “leave out”."
                )
        return self

    def kept(self) -> Plan:
        """The plan as a population keeps it: what is not learned is named without its values."""
        text = self.interests.text if self.interests is not None else ""
        columns = (
            column
            if column.role == "model" and column.name != text
            else Column(column.name, "categorical", missing=True, role="skip")
            for column in self.schema
            if column.role != "weight"
        )
        weights = (
            replace(column, lower=None, upper=None)
            for column in self.schema
            if column.role == "weight"
        )
        return replace(self, schema=Schema((*columns, *weights)))

    # ------------------------------------------------------------------ JSON

    def to_json(self) -> dict[str, Any]:
        """JSON-ready values."""
        return {
            "format": FORMAT,
            "title": self.title,
            **self.schema.to_json(),
            "count": self.count,
            "derived": [derived_to_json(entry) for entry in self.derived],
            "lookups": [[entry.name, entry.of] for entry in self.lookups],
            "rules": [str(rule) for rule in self.rules],
            "score": self.score,
            "max_parents": self.max_parents,
            "seed": self.seed,
            **({"interests": self.interests.to_json()} if self.interests else {}),
            "generator": self.generator,
            "make": dict(self.make),
            **({"privacy": dict(self.privacy)} if self.privacy else {}),
        }

    @staticmethod
    def from_json(value: str | Mapping[str, Any]) -> Plan:
        """The plan that `to_json` wrote, or a schema with nothing but columns.

        Raises
        ------
        PopulaceError
            It is no plan, or a damaged one.
        """
        content: Any = value
        if isinstance(value, str):
            try:
                content = json.loads(value)
            except (json.JSONDecodeError, RecursionError) as error:
                raise PopulaceError("The plan is not valid JSON: write it anew.") from error
        schema = Schema.from_json(content)
        try:
            plan = Plan(
                schema,
                count=str(content.get("count", "")),
                derived=tuple(derived_from_json(entry) for entry in content.get("derived", [])),
                lookups=tuple(
                    Lookup(str(name), str(of)) for name, of in content.get("lookups", [])
                ),
                score=content.get("score", "predictive"),
                max_parents=int(content.get("max_parents", 4)),
                seed=int(content.get("seed", 0)),
                title=str(content.get("title", "")),
                interests=(
                    InterestSource.from_json(content["interests"])
                    if content.get("interests")
                    else None
                ),
                generator=str(content.get("generator", generators.DEFAULT)),
                privacy=dict(content.get("privacy", {})),
            )
            rules = "\n".join(str(rule) for rule in content.get("rules", []))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PopulaceError):
                raise
            raise PopulaceError(f"The plan is damaged near {error}: write it anew.") from error
        if plan.score not in get_args(ScoreName):
            raise PopulaceError(
                f"There is no score {plan.score}{hint(str(plan.score), get_args(ScoreName))}"
            )
        if plan.count:
            plan = replace(plan, schema=plan.schema.changed(plan.count, role="weight"))
        make = content.get("make", {})
        if not isinstance(make, Mapping) or not all(isinstance(v, str) for v in make.values()):
            raise PopulaceError('The plan\'s "make" names no columns: write it anew.')
        return plan.making(make).ruled(rules).checked()


def _fits(rule: Rule, learned: Mapping[str, Column]) -> bool:
    """Whether the columns of a rule are still learned, and as what they were."""
    for side in (rule.condition, rule.conclusion):
        if side is None:
            continue
        if any(name not in learned for name in side.columns):
            return False
        numbers = {learned[name].is_number for name in side.columns}
        ordered = side.sign not in ("=", "!=") or isinstance(side.value, float)
        if len(numbers) > 1 or (ordered and False in numbers):
            return False
    return True


def title_of(file: str) -> str:
    """A title from a file's name: ``adult_train.parquet`` becomes "Adult train"."""
    stem = file.rsplit("/", 1)[-1]
    for ending in (".gz", ".zip", *(f".{ending}" for ending in ENDINGS), ".pq"):
        stem = stem[: -len(ending)] if stem.casefold().endswith(ending) else stem
    stem = re.sub(r"https?:|www\.", " ", stem)
    stem = "".join(c if c.isprintable() and c not in "<>[]`$_" else " " for c in stem)
    words = " ".join(stem.split())
    words = words[:60].strip() or "My table"
    return words[0].upper() + words[1:]


__all__ = ["KINDS", "USES", "Correction", "Cut", "Plan", "Use", "title_of"]
