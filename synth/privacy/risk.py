"""How many people share what could identify them: k-anonymity, ℓ-diversity, t-closeness.

Quasi-identifiers are columns that somebody may know of a person from elsewhere. People who agree
in all of them are a class. k is the smallest class (L. Sweeney 2002); ℓ says how many values of a
sensitive column each class has at least, plainly and by entropy (A. Machanavajjhala et al. 2007);
t says how far the sensitive column within a class may lie from that of everybody, by the earth
mover's distance: over ranks for numbers, with equal distances for levels (N. Li et al. 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.data.wording import hint
from synth.errors import PopulaceError


@dataclass(frozen=True)
class Disclosure:
    """What a class gives away of a sensitive column, in the worst class.

    Attributes
    ----------
    column : str
        The sensitive column.
    distinct : int
        ℓ: the fewest different values of a class.
    entropy : float
        The smallest exp(entropy) of a class: ℓ where all values were equally common.
    closeness : float
        t: the largest earth mover's distance of a class from everybody, 0 to 1.
    certain : float
        The share of people whose class has one value only: whoever finds the class knows it.
    """

    column: str
    distinct: int
    entropy: float
    closeness: float
    certain: float


@dataclass(frozen=True)
class Risk:
    """How identifiable the people of a table are.

    Attributes
    ----------
    rows : int
        How many people there are.
    quasi : tuple of str
        The quasi-identifiers.
    k : int
        The size of the smallest class.
    classes : int
        How many classes there are.
    unique : float
        The share of people who are alone in their class.
    below : mapping of int to float
        Size → share of people whose class is smaller, for 2, 3, 5, 10 and 20.
    average : float
        The mean chance of finding somebody within their class: classes over people.
    sensitive : tuple of Disclosure
        One for each sensitive column.
    """

    rows: int
    quasi: tuple[str, ...]
    k: int
    classes: int
    unique: float
    below: dict[int, float]
    average: float
    sensitive: tuple[Disclosure, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"quasi": list(self.quasi)}

    @staticmethod
    def from_dict(value: Mapping[str, Any]) -> Risk:
        """What `to_dict` gave, after JSON."""
        return Risk(
            value["rows"],
            tuple(value["quasi"]),
            value["k"],
            value["classes"],
            value["unique"],
            {int(size): share for size, share in value["below"].items()},
            value["average"],
            tuple(Disclosure(**each) for each in value["sensitive"]),
        )

    @property
    def lines(self) -> list[tuple[str, str]]:
        """Each figure in words, and its value."""
        lines = [
            ("k, the smallest group", f"{self.k:,}"),
            ("groups", f"{self.classes:,}"),
            ("people alone in their group", f"{self.unique:.1%}"),
            ("people in groups below 5", f"{self.below[5]:.1%}"),
            ("mean chance to be found", f"{self.average:.1%}"),
        ]
        for each in self.sensitive:
            lines += [
                (f"ℓ of {each.column}", f"{each.distinct} ({each.entropy:.2f} by entropy)"),
                (f"t of {each.column}", f"{each.closeness:.3f}"),
                (f"people whose {each.column} the group gives away", f"{each.certain:.1%}"),
            ]
        return lines

    @property
    def sentence(self) -> str:
        """The risk in words."""
        return (
            f"{self.unique:.1%} of the people are alone with their {' × '.join(self.quasi)}; the "
            f"smallest of {self.classes:,} groups has {self.k:,}."
        )


def codes_of(values: pd.Series) -> np.ndarray:
    """Whole numbers for values, in their order where they have one; missing is a value too."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy().astype(np.int64)
        return np.where(codes < 0, len(values.cat.categories), codes)
    codes, categories = pd.factorize(values, sort=_sortable(values))
    return np.where(codes < 0, len(categories), codes).astype(np.int64)


def _sortable(values: pd.Series) -> bool:
    return values.dtype != object or all(isinstance(value, str) for value in values.dropna())


def classes_of(frame: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """The class of each row, numbered from 0; int64 (rows,).

    Raises
    ------
    PopulaceError
        A column is not there, or there are no rows.
    """
    if not len(frame):
        raise PopulaceError("The table has no rows: bring one with people in it.")
    if not names:
        raise PopulaceError("No quasi-identifier is named: give columns such as --quasi age,sex.")
    number = np.zeros(len(frame), dtype=np.int64)
    columns = [str(column) for column in frame.columns]
    for name in names:
        if name not in frame:
            raise PopulaceError(f"The table has no column {name}{hint(name, columns)}")
        codes = codes_of(frame[name])
        number = np.unique(number * (codes.max() + 1) + codes, return_inverse=True)[1]
    return number


def risk(frame: pd.DataFrame, quasi: Sequence[str], sensitive: Sequence[str] = ()) -> Risk:
    """How identifiable the people of a table are.

    Parameters
    ----------
    frame : pd.DataFrame
        The people.
    quasi : sequence of str
        Columns that may be known of a person from elsewhere.
    sensitive : sequence of str
        Columns that are not to come out.

    Raises
    ------
    PopulaceError
        A column is not there, or named as both.
    """
    both = set(quasi) & set(sensitive)
    if both:
        raise PopulaceError(f"{min(both)} is named as quasi-identifier and as sensitive: drop one.")
    number = classes_of(frame, quasi)
    sizes = np.bincount(number)
    own = sizes[number]
    return Risk(
        len(frame),
        tuple(quasi),
        int(sizes.min()),
        len(sizes),
        float((own == 1).mean()),
        {size: float((own < size).mean()) for size in (2, 3, 5, 10, 20)},
        len(sizes) / len(frame),
        tuple(disclosure(frame, number, name) for name in sensitive),
    )


def disclosure(frame: pd.DataFrame, number: np.ndarray, name: str) -> Disclosure:
    """What classes give away of a column.

    Parameters
    ----------
    frame : pd.DataFrame
        The people.
    number : int64 array, shape (rows,)
        The class of each.
    name : str
        The sensitive column.
    """
    if name not in frame:
        columns = [str(column) for column in frame.columns]
        raise PopulaceError(f"The table has no column {name}{hint(name, columns)}")
    codes = np.unique(codes_of(frame[name]), return_inverse=True)[1]
    is_number = pd.api.types.is_numeric_dtype(frame[name].dtype) and not (
        pd.api.types.is_bool_dtype(frame[name].dtype)
    )
    shares = class_shares(number, codes)
    everybody = np.bincount(codes) / len(codes)
    distances = distances_of(shares, everybody, is_number)
    alone = (shares > 0).sum(axis=1) == 1
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return Disclosure(
        name,
        int((shares > 0).sum(axis=1).min()),
        float(np.exp(-(shares * logs).sum(axis=1).max())),
        float(distances.max()),
        float(alone[number].mean()),
    )


def class_shares(number: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The distribution of a column within each class; float64 (classes, values)."""
    values = int(codes.max()) + 1
    counts = np.bincount(number * values + codes, minlength=(int(number.max()) + 1) * values)
    counts = counts.reshape(-1, values).astype(float)
    return counts / counts.sum(axis=1, keepdims=True)


def distances_of(shares: np.ndarray, everybody: np.ndarray, ordered: bool) -> np.ndarray:
    """The earth mover's distance of each row of shares from those of everybody; float64 (n,)."""
    off = shares - everybody
    if not ordered:
        return 0.5 * np.abs(off).sum(axis=-1)
    steps = np.abs(np.cumsum(off, axis=-1)).sum(axis=-1)
    return steps / max(shares.shape[-1] - 1, 1)
