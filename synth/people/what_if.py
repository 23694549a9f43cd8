"""What if she were 60? Some facts of a person change, some stay, the rest follows from the person.

The new person is a sample of P(everything | what changed, what stays), but not any: the person is
laid among peers, drawn from P(everything | the old facts, what stays), the peers are matched with
as many people of the new facts so that as little as possible changes in sum (optimal transport,
the maximal coupling of the two posteriors by their samples), and the person becomes their own
match. Somebody drawn from the old posterior so becomes somebody drawn from the new, exactly, and
keeps their place among others: three different people stay different. Peers and matches are drawn
with the same counter-based numbers. The same seed gives the same person. Name, pictures and words
that the new facts leave alone are kept, so that one sees what the change brings with it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth.data.column import MISSING, Column
from synth.data.evidence import Evidence, OneOf
from synth.data.schema import Schema
from synth.data.wording import number_text
from synth.errors import PopulaceError
from synth.people.facts import age_of
from synth.people.profile import Profile, complete, plain_record
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    from synth.generators.base import Conditional
    from synth.people.pictures.library import Library
    from synth.people.portraits.editing import Likeness
    from synth.populations import Population


@dataclass(frozen=True)
class Shift:
    """How far one column moves for everybody who is like the person in what stays.

    Attributes
    ----------
    column, label: the column, and its state that gains most.
    before, after: the probability of that state without and with the change.
    distance: total variation distance between the column's two posteriors.
    """

    column: Column
    label: str
    before: float
    after: float
    distance: float


@dataclass(frozen=True)
class WhatIf:
    """A person after a change.

    Attributes
    ----------
    record: column → value (str, int, float, bool or None), as near to the old one as its place
        among others allows.
    changes, kept: the facts that were changed and those that stayed.
    share: P(changes | kept), how common the change is among people who share what stays; exact.
    differs: columns whose value is another one now, in the schema's order.
    shifts: columns that the change moves most, the farthest first.
    """

    record: Mapping[str, Any]
    changes: Evidence
    kept: Evidence
    share: float
    differs: tuple[str, ...]
    shifts: tuple[Shift, ...]


def what_if(
    record: Mapping[str, Any],
    population: Population,
    changes: Evidence,
    *,
    keep: Collection[str] = (),
    seed: int = 0,
    shifts: int = 3,
) -> WhatIf:
    """Change facts of a person; the rest changes as little as the posterior allows.

    Parameters
    ----------
    record: the person, column → value; missing values as None, NaN or NA.
    changes: the new facts; each may leave room, such as ``age=55..65``.
    keep: columns that stay as they are; those that change are not kept.
    shifts: how many columns to name in `WhatIf.shifts`.

    Returns
    -------
    WhatIf
        The person after the change.

    Raises
    ------
    PopulaceError
        Nothing changes, or the facts exclude each other.
    """
    if not changes:
        raise PopulaceError("Nothing changes: choose at least one fact to change.")
    schema = population.modelled
    before = plain_record(record)
    kept = Evidence(
        {
            name: exactly(schema[name], before.get(name))
            for name in schema.names
            if name in keep and name not in changes and name in before
        }
    )
    changes = changes.checked(schema)
    old, new = population.given(kept), population.given(kept | changes)
    was = Evidence(
        {name: exactly(schema[name], before[name]) for name in changes if name in before}
    )
    after = _match(before, population, kept | was, new, seed)
    for name, value in before.items():
        if name in kept:  # as it was, to the last digit
            after[name] = value
    after = plain_record(after)
    return WhatIf(
        record=after,
        changes=changes,
        kept=kept,
        share=float(min(1.0, np.exp(new.log_probability - old.log_probability))),
        differs=tuple(n for n in schema.names if not _same(before.get(n), after.get(n))),
        shifts=_shifts(population, kept, changes, shifts),
    )


def exactly(column: Column, value: Any) -> OneOf:
    """The fact that a column has just this value; None is the missing one.

    Parameters
    ----------
    column : Column
        The column.
    value : Any
        The record's value.

    Returns
    -------
    OneOf
        The fact.
    """
    if value is None or value != value or str(value) == "<NA>":
        return OneOf((MISSING,))
    if column.kind == "boolean":
        return OneOf((column.levels[1] if value in (True, column.levels[1]) else column.levels[0],))
    if column.kind == "categorical":
        return OneOf((str(value),))
    number = float(value)
    if column.kind == "real" and column.step:
        number = round(round(number / column.step) * column.step, 9)
    return OneOf((number_text(number),))


def redress(
    before: Profile,
    result: WhatIf,
    population: Population,
    likeness: Likeness | None = None,
    *,
    library: Library | None = None,
    keywords: Mapping[str, Sequence[str]] | None = None,
    number: int = 0,
    language: str | None = None,
) -> Profile:
    """The profile of the person after the change.

    The name stays while the gender does; a picture stays while its interest does.

    Parameters
    ----------
    likeness: the portrait after the change; without one the bank's pick for a new person serves.
    language: of the posts; the population's when left out.
    number: tells apart several changes of one person in `Profile.id`.

    Returns
    -------
    Profile
        The new profile.
    """
    seed, person = _numbers(before.id)
    drawn = complete(
        [result.record],
        population,
        seed,
        drawn_with=before.stream,
        language=language,
        library=library,
        keywords=keywords,
        start=person,
        avoid=[before],
    )[0]
    kept = {choice.interest: choice for choice in reversed(before.choices)}
    choices = tuple(kept.get(choice.interest, choice) for choice in drawn.choices)
    if drawn.interests == before.interests:
        choices = before.choices
    unique = {choice.picture.id: choice for choice in choices}
    same = drawn.gender == before.gender
    notes = list(drawn.notes)
    portrait = drawn.portrait
    if likeness is not None:
        portrait = likeness.portrait
        notes.append(likeness.note)
    return replace(
        drawn,
        id=f"{seed}-{person}-{number}",
        identity=before.identity if same else drawn.identity,
        choices=tuple(unique.values()),
        portrait=portrait,
        notes=tuple(dict.fromkeys(notes)),
    )


def lasting(
    record: Mapping[str, Any], schema: Schema, changes: Collection[str] = ()
) -> tuple[str, ...]:
    """Columns that no change of circumstances alters: gender, ethnicity, birth, past degrees.

    Parameters
    ----------
    record : mapping of str to Any
        The person.
    schema : Schema
        The columns.
    changes : collection of str, optional
        What changes itself.

    Returns
    -------
    tuple of str
        Names in the schema's order; schooling only of those who are old enough to have left it.
    """
    age = age_of(record, schema)
    schooled = age is None or age >= _SCHOOLED
    names = []
    for column in schema:
        words = f"{column.name} {column.title}".lower()
        born = "born" in words or "birth" in words
        degree = schooled and (column.means == "education" or "education" in words)
        fixed = column.means in ("gender", "ethnicity") or born or degree
        if fixed and column.name not in changes and column.name in record:
            names.append(column.name)
    return tuple(names)


# ---------------------------------------------------------------------------------------- private

_SCHOOLED = 25  # years
_PEERS = 256


def _match(
    before: Mapping[str, Any],
    population: Population,
    old: Evidence,
    new: Conditional,
    seed: int,
) -> dict[str, Any]:
    """The person's match among people of the new facts."""
    schema = population.modelled
    # Everybody has peers of their own: with the same for all, some would share a match.
    content = repr((seed, sorted((name, str(value)) for name, value in before.items())))
    seed = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=4).digest(), "big") >> 1
    drawn = canonical(new).sample(_PEERS, seed=seed)
    try:
        peers = canonical(population.given(old)).sample(_PEERS - 1, seed=seed)
    except PopulaceError:  # the old record is of another reading, which knows no peers of it
        (first_drawn,) = drawn.iloc[[0]].to_dict("records")
        return dict(first_drawn)
    # The person first; a column that the record lacks is as far from everybody.
    cost = np.zeros((_PEERS, _PEERS))
    for name in schema.names:
        if name not in before:
            continue
        column = schema[name]
        mine = pd.Series([before[name]], dtype=object)
        ours = pd.concat([mine, peers[name].astype(object)], ignore_index=True)
        theirs = drawn[name].astype(object)
        if column.is_number:
            first, second = (
                pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
                for values in (ours, theirs)
            )
            spread = max(float(np.nanstd(np.concatenate([first, second]))), 1e-9)
            away = np.abs(first[:, None] - second[None, :]) / spread
            gone, absent = np.isnan(first)[:, None], np.isnan(second)[None, :]
            away = np.where(gone & absent, 0.0, np.where(gone | absent, 2.0, away))
            cost += np.minimum(away, 2.0) / 2
        else:
            texts = [values.where(values.notna(), "").astype(str) for values in (ours, theirs)]
            cost += texts[0].to_numpy()[:, None] != texts[1].to_numpy()[None, :]
    from scipy.optimize import linear_sum_assignment  # a third of a second on the first page

    rows, places = linear_sum_assignment(cost)
    (record,) = drawn.iloc[[int(places[rows == 0][0])]].to_dict("records")
    return dict(record)


def _shifts(
    population: Population, kept: Evidence, changes: Evidence, count: int
) -> tuple[Shift, ...]:
    schema = population.modelled
    old, new = population.given(kept), population.given(kept | changes)
    moved = []
    for column in schema:
        if column.name in changes or column.name in kept or not count:
            continue
        before, after = old.marginal(column.name), new.marginal(column.name)
        if before.labels != after.labels:
            continue
        gain = after.probabilities - before.probabilities
        most = int(np.argmax(gain))
        moved.append(
            Shift(
                column,
                before.labels[most],
                float(before.probabilities[most]),
                float(after.probabilities[most]),
                float(np.abs(gain).sum() / 2),
            )
        )
    moved.sort(key=lambda shift: -shift.distance)
    return tuple(shift for shift in moved[:count] if shift.distance > 1e-6)


def _same(first: Any, second: Any) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        return abs(first - second) <= 1e-6 * max(1.0, abs(first))
    return first == second


def _numbers(identity: str) -> tuple[int, int]:
    """Seed and number of a profile's id, whatever was changed since."""
    seed, person, *_ = identity.split("-")
    return int(seed), int(person)
