"""Why these pictures: the conjugate matrix of a person's words and the pictures considered.

For each interest the pictures that were shown stand beside those that came next; each is asked to
choose among the words of all the person's interests and "anything else" (paper, section 3.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth.errors import PopulaceError
from synth.people.pictures.choose import THRESHOLD, Choice, best
from synth.people.pictures.library import Library

ELSE = "anything else"


@dataclass(frozen=True)
class Considered:
    """A picture that could stand for an interest, and whether it was shown on the card.

    `choice.probability` is the scorer's: the picture choosing among all interests that have words.
    """

    choice: Choice
    shown: bool


@dataclass(frozen=True, eq=False)
class Why:
    """The matrix and what is needed to read it.

    Attributes
    ----------
    words: keywords in the order of the interests; the last is `ELSE`.
    interests: the interest each word belongs to; empty for the last.
    pictures: one a row of the matrix, in the order of the interests, those shown first.
    matrix: shape (pictures, words), float; rows sum to one.
    threshold: below this score a picture is not shown unless somebody found that it fits.
    scorer: what scored, in words.
    """

    words: tuple[str, ...]
    interests: tuple[str, ...]
    pictures: tuple[Considered, ...]
    matrix: np.ndarray
    threshold: float
    scorer: str

    def winner(self, row: int) -> int:
        """The column of the word that a picture gives most of its probability to.

        Parameters
        ----------
        row : int
            The picture's row of `matrix`.

        Returns
        -------
        int
            The column of `matrix`.
        """
        return int(np.argmax(self.matrix[row]))


def explain(
    choices: Sequence[Choice],
    interests: Sequence[str],
    library: Library,
    keywords: Mapping[str, Sequence[str]],
    *,
    others: int = 2,
) -> Why:
    """Why a person got these pictures.

    Parameters
    ----------
    choices: the pictures on the card; interests: the person's, first to third.
    keywords: interest → words; interests without words are left out.
    others: how many pictures that came next to consider for each interest.

    Returns
    -------
    Why
        The matrix, with its words and pictures.

    Raises
    ------
    PopulaceError
        None of the interests has words, or a word is new to the library.
    """
    described = [interest for interest in interests if keywords.get(interest)]
    if not described:
        raise PopulaceError("No interest of this person has keywords: no picture was looked for.")
    words: dict[str, str] = {}
    for interest in described:
        for word in keywords[interest]:
            words.setdefault(word, interest)
    on_card = {choice.picture.id for choice in choices}
    pictures: list[Considered] = []
    seen: set[str] = set()
    for interest in described:
        shown = [choice for choice in choices if choice.interest == interest]
        ranked = best(
            interest, others + len(on_card) + len(seen), library=library, keywords=keywords
        )
        after = [c for c in ranked if c.picture.id not in on_card | seen][:others]
        seen |= {choice.picture.id for choice in after}
        pictures += [Considered(choice, True) for choice in shown]
        pictures += [Considered(choice, False) for choice in after]
    matrix = (
        library.conjugate([each.choice.picture for each in pictures], list(words))
        if pictures
        else np.zeros((0, len(words) + 1))
    )
    return Why(
        words=(*words, ELSE),
        interests=(*words.values(), ""),
        pictures=tuple(pictures),
        matrix=matrix,
        threshold=THRESHOLD,
        scorer=library.scorer_name,
    )
