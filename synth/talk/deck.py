"""What a talk shows, worked out: people, bars and matrices that need no app and no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from synth.people.profile import Profile


@dataclass(frozen=True)
class People:
    """People as cards."""

    profiles: tuple[Profile, ...]


@dataclass(frozen=True)
class Faces:
    """Portraits beside each other, as WebP."""

    images: tuple[bytes, ...]
    words: str


@dataclass(frozen=True)
class Bars:
    """Shares of some places, side by side.

    Attributes
    ----------
    title : str
        What is shown.
    labels : tuple of str
        The places.
    series : tuple of (str, tuple of float)
        Whose shares; the first is drawn quietly where there are two.
    unit : str
        ``%`` for shares, else what the values are.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    unit: str = "%"


@dataclass(frozen=True)
class Matrix:
    """A square of all pairs, from 0 to 1.

    Attributes
    ----------
    title : str
        What is shown.
    labels : tuple of str
        Of rows and columns.
    values : ndarray of float, shape (labels, labels)
        The diagonal is left out.
    """

    title: str
    labels: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Live:
    """Nothing but the way to the app, where a slide cannot be taken along; says why."""

    words: str


Block = People | Faces | Bars | Matrix | Live


@dataclass(frozen=True)
class Sheet:
    """A slide as it is taken along.

    Attributes
    ----------
    title : str
        The headline.
    line : str
        What is shown, and how sure it is, in a sentence.
    blocks : tuple of Block
        What is shown.
    notes : str
        What the presenter says.
    """

    title: str
    line: str
    blocks: tuple[Block, ...]
    notes: str = ""


@dataclass(frozen=True)
class Deck:
    """A talk as it is taken along."""

    title: str
    sheets: tuple[Sheet, ...]
