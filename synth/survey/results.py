"""What the votes of a survey tell: shares who believe, with their intervals."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from synth.data.contingency import share_intervals
from synth.survey.storage import Count
from synth.survey.survey import PARTS, Person, Survey, Vote

PAPER = 0.70
"""Of the paper: 80 people were shown ten profiles, and 70% of them believed that these were real.
It does not say how many answers that is, so there is no interval beside it."""
PAPER_PEOPLE, PAPER_PROFILES = 80, 10

_AGES = ((20, "up to 20"), (45, "21 to 45"), (200, "46 and over"))  # the paper's groups of ages
_UNKNOWN = "not known"


@dataclass(frozen=True)
class Share:
    """How many of some answers say that the person is real.

    Attributes
    ----------
    label : str
        Whose answers, or of whom.
    believed, answers : int
        Those who believe, of how many.
    """

    label: str
    believed: int
    answers: int

    @property
    def value(self) -> float | None:
        """The share; None where nobody has answered."""
        return self.believed / self.answers if self.answers else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95% interval, as if every answer came from somebody else; 0 and 1 of none."""
        low, high = share_intervals(np.array([self.believed, self.answers - self.believed]))[:, 0]
        return float(low), float(high)


@dataclass(frozen=True)
class Results:
    """What a survey tells so far.

    Attributes
    ----------
    participants : int
        Those who have answered at least once.
    overall : Share
        Of all answers.
    groups : mapping of str to tuple of Share
        By gender, age and ethnicity of the face, and by part shown; only what occurs.
    profiles : tuple of Share
        By profile, in the order of their numbers.
    """

    participants: int
    overall: Share
    groups: Mapping[str, tuple[Share, ...]]
    profiles: tuple[Share, ...]


def age_group(age: int | None) -> str:
    """The paper's group of ages, in words."""
    if age is None:
        return _UNKNOWN
    return next(label for most, label in _AGES if age <= most)


_BY: Mapping[str, Callable[[Person], str]] = MappingProxyType(
    {
        "gender of the face": lambda person: person.gender,
        "age of the face": lambda person: age_group(person.age),
        "ethnicity of the face": lambda person: person.ethnicity or _UNKNOWN,
    }
)


def results(survey: Survey, counts: Iterable[Count], participants: int) -> Results:
    """Sum the votes up.

    Parameters
    ----------
    survey : Survey
        Whose votes.
    counts : iterable of Count
        Votes by item.
    participants : int
        How many people gave them.

    Returns
    -------
    Results
    """
    counted = tuple(counts)
    groups = {}
    for title, label_of in _BY.items():
        labels = [label_of(person) for person in survey.people]
        groups[title] = _sums(sorted(set(labels), key=_rank), counted, _of_person(labels))
    parts = [PARTS[part] for part in survey.parts]
    groups["what was shown"] = _sums(parts, counted, lambda count: PARTS[count.part])
    profiles = [f"profile {person.number + 1}" for person in survey.people]
    return Results(
        participants,
        _sums(("everybody",), counted, lambda _: "everybody")[0],
        MappingProxyType({title: shares for title, shares in groups.items() if len(shares) > 1}),
        _sums(profiles, counted, _of_person(profiles)),
    )


def to_csv(survey: Survey, votes: Iterable[Vote]) -> bytes:
    """The votes as a table: one a row, participants by number.

    Parameters
    ----------
    survey : Survey
        Whose votes.
    votes : iterable of Vote
        The votes.

    Returns
    -------
    bytes
        CSV in UTF-8.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ("survey", "participant", "profile", "shown", "gender", "age", "ethnicity", "believed")
    )
    numbers: dict[str, int] = {}
    for vote in votes:
        person = survey.people[vote.item.number]
        number = numbers.setdefault(vote.participant, len(numbers) + 1)
        age = "" if person.age is None else person.age
        about = (person.gender, age, person.ethnicity, "yes" if vote.believed else "no")
        writer.writerow((survey.code, number, person.number + 1, vote.item.part, *about))
    return text.getvalue().encode()


def _sums(
    labels: Sequence[str], counts: Sequence[Count], label_of: Callable[[Count], str]
) -> tuple[Share, ...]:
    believed, answers = dict.fromkeys(labels, 0), dict.fromkeys(labels, 0)
    for count in counts:
        believed[label_of(count)] += count.believed
        answers[label_of(count)] += count.answers
    return tuple(Share(label, believed[label], answers[label]) for label in labels)


def _of_person(labels: Sequence[str]) -> Callable[[Count], str]:
    return lambda count: labels[count.number]


def _rank(label: str) -> tuple[int, str]:
    """Ages from young to old, other labels by their letters, what is not known last."""
    ages = [words for _, words in _AGES]
    return (ages.index(label) if label in ages else 9 if label == _UNKNOWN else 0, label)
