"""What a talk shows, worked out: people and drawings that need no app and no network."""

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
class Graph:
    """Boxes and arrows, laid out.

    Attributes
    ----------
    title : str
        What is shown.
    size : (float, float)
        Width and height of the drawing.
    box : (float, float)
        Width and height of a box.
    nodes : tuple of (str, (float, float), float)
        Label, centre, and how much it stands out, 0 to 1.
    arrows : tuple of (tuple of (float, float), float)
        Points from the parent's lower edge to the child's upper edge, and the strength, 0 to 1.
    """

    title: str
    size: tuple[float, float]
    box: tuple[float, float]
    nodes: tuple[tuple[str, tuple[float, float], float], ...]
    arrows: tuple[tuple[tuple[tuple[float, float], ...], float], ...]


@dataclass(frozen=True)
class Areas:
    """Shares over time, on top of each other.

    Attributes
    ----------
    title : str
        What is shown.
    labels : tuple of str
        The times.
    series : tuple of (str, str, tuple of float)
        Name, colour and shares, the lowest first; at each time they sum to one.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[tuple[str, str, tuple[float, ...]], ...]


@dataclass(frozen=True)
class Intervals:
    """Shares with their intervals, one below the other.

    Attributes
    ----------
    title : str
        What is shown.
    rows : tuple of (str, float or None, float, float)
        Label, share, and the ends of its interval; no share is a heading, or nobody's.
    mark : float or None
        A share that is drawn through all of them.
    mark_title : str
        What it is.
    """

    title: str
    rows: tuple[tuple[str, float | None, float, float], ...]
    mark: float | None = None
    mark_title: str = ""


@dataclass(frozen=True)
class Figures:
    """A table of figures.

    Attributes
    ----------
    title : str
        What is shown.
    columns : tuple of str
        Heads, the first one of the labels.
    rows : tuple of tuple of str
        A label and its figures.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Live:
    """Nothing but the way to the app, where a slide cannot be taken along; says why."""

    words: str


Block = People | Faces | Bars | Matrix | Graph | Areas | Intervals | Figures | Live


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
