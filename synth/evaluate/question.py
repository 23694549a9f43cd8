"""What a question of the report is, and its answer.

A metric is added by one file that makes a `Question`, and one line in `report.QUESTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from synth.describe import level_words
from synth.evaluate.html import page, paragraph
from synth.evaluate.html import section as html_section

if TYPE_CHECKING:
    from synth.data.column import Column

FRESH = "fresh real people"
LEAST = 0.01
"""Between shuffled and fresh people there must be so much, or there is nothing to keep."""
Progress = Callable[[float, str], None]
"""Gets the share that is done, 0 to 1, and what comes next."""
Parts = tuple[tuple[str, float], ...]
"""Parts of the quality: words and 0 to 100."""
Compared = TypeVar("Compared")


@dataclass(frozen=True)
class Titles:
    """Words for columns and their levels.

    Attributes
    ----------
    columns : mapping of str to Column
        By name; a name that is not among them stands for itself.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Iterable[Column]) -> Titles:
        """Titles of the columns of a schema.

        Parameters
        ----------
        columns : iterable of Column
            The columns.

        Returns
        -------
        Titles
        """
        return cls({column.name: column for column in columns})

    def __call__(self, name: str) -> str:
        """A column's title, or its name."""
        return self.columns[name].title if name in self.columns else name

    def level(self, name: str, level: str) -> str:
        """A level of a column in words.

        Parameters
        ----------
        name : str
            The column's name.
        level : str
            As the schema writes it.

        Returns
        -------
        str
            The level itself where the column is not known.
        """
        return level_words(self.columns[name], level) if name in self.columns else level


@dataclass(frozen=True)
class Section:
    """A question with its answer, as a part of the page.

    Attributes
    ----------
    name : str
        A key: "fidelity", say.
    question : str
        The heading.
    sentence : str
        The answer.
    body : str
        What shows it, as HTML.
    """

    name: str
    question: str
    sentence: str
    body: str


@dataclass(frozen=True)
class Answer:
    """What a question comes to.

    Attributes
    ----------
    section : Section
        The answer in a sentence and what shows it.
    figures : mapping of str to value or tuple of values
        Under their names in the report's JSON; each value has `to_dict`.
    scores : tuple of (str, float)
        Parts of the quality, 0 to 100 each.
    """

    section: Section
    figures: Mapping[str, Any]
    scores: Parts = ()

    @property
    def sentence(self) -> str:
        """The answer in a sentence."""
        return self.section.sentence


@dataclass(frozen=True)
class Question(Generic[Compared]):
    """One question of a report.

    Attributes
    ----------
    name : str
        Its key in the report's JSON where it has no answer.
    cost : float
        About how long it takes, as a share of the others'.
    ask : callable
        Gets the comparison and a `Progress` of its own from 0 to 1; returns None where there is
        nothing to ask.
    """

    name: str
    cost: float
    ask: Callable[[Compared, Progress], Answer | None]


def ask_all(
    questions: Sequence[Question[Compared]],
    comparison: Compared,
    progress: Progress = lambda share, words: None,
) -> dict[str, Answer | None]:
    """Ask every question in turn; shares of the work follow from the costs.

    Parameters
    ----------
    questions : sequence of Question
        In the order of the report.
    comparison : object
        What they are asked about.
    progress : callable
        Gets the share that is done (0 to 1) and what comes next.

    Returns
    -------
    dict of str to Answer or None
        By question; None where there was nothing to ask.
    """
    total, before = sum(question.cost for question in questions), 0.0
    answers: dict[str, Answer | None] = {}
    for question in questions:

        def step(
            share: float, words: str, *, start: float = before, cost: float = question.cost
        ) -> None:
            progress((start + cost * share) / total, words)

        answers[question.name] = question.ask(comparison, step)
        before += question.cost
    return answers


@dataclass(frozen=True)
class AnsweredQuestions:
    """The answers that make a report; `quality` is the mean of `parts`.

    Attributes
    ----------
    title : str
        The page's heading.
    answers : mapping of str to Answer or None
        By question.
    notes : tuple of str
        How the people came about and how they were judged.
    titles : Titles
        Words for columns.
    """

    title: str
    answers: Mapping[str, Answer | None]
    notes: tuple[str, ...] = ()
    titles: Titles = field(default_factory=Titles)

    @property
    def parts(self) -> Parts:
        """The parts of the quality, 0 to 100 each."""
        given = (answer for answer in self.answers.values() if answer is not None)
        return tuple(part for answer in given for part in answer.scores)

    @property
    def quality(self) -> float:
        """One score, 0 to 100."""
        return float(np.mean([value for _, value in self.parts]))

    @property
    def weakest(self) -> tuple[str, float]:
        """The part of the quality that is lowest."""
        return min(self.parts, key=lambda part: part[1])

    @property
    def sections(self) -> tuple[Section, ...]:
        """Each question with its answer in a sentence and what shows it."""
        return tuple(answer.section for answer in self.answers.values() if answer is not None)

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of every question by name; None where there was nothing to ask."""
        figures: dict[str, Any] = {}
        for name, answer in self.answers.items():
            figures |= {name: None} if answer is None else answer.figures
        return figures

    @property
    def summary(self) -> str:
        """The score and what it means, as HTML."""
        raise NotImplementedError

    def plain_figures(self) -> dict[str, Any]:
        """`figures` as plain values for JSON.

        Returns
        -------
        dict of str to JSON value
        """
        return {name: _plain(value) for name, value in self.figures.items()}

    def to_html(self) -> str:
        """The whole report as one page.

        Returns
        -------
        str
            A self-contained HTML document: charts inside, nothing fetched, light and dark.
        """
        body = "".join(
            html_section(part.question, paragraph(part.sentence) + part.body)
            for part in self.sections
        )
        return page(self.title, self.summary + body)


def percent(value: float) -> str:
    """A share in per cent.

    Parameters
    ----------
    value : float
        From 0 to 1.

    Returns
    -------
    str
        As "12.3%".
    """
    return f"{100 * value:.1f}%"


def scaled(value: float, best: float, worst: float) -> float:
    """Where a distance lies between the worst and the best.

    Parameters
    ----------
    value : float
        The distance.
    best, worst : float
        Those of fresh real people and of people without any likeness.

    Returns
    -------
    float
        From 0 (worst) to 100 (best). Where the two lie within 0.01, 100 up to there and else 0.
    """
    if worst - best < LEAST:
        return 100.0 if value - best < LEAST else 0.0
    return float(np.clip(100 * (worst - value) / (worst - best), 0, 100))


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return None if value is None else value.to_dict()
