"""What every question of a report is asked about: one immutable value, made once.

The frames are made comparable once (the same columns, in the same order, of the same kinds), and so
are the places of every row, the keys of equal rows and the coordinates of people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pandas as pd

from synth.data.conform import read_as
from synth.data.contingency import Binning
from synth.data.formats import DateFormat
from synth.errors import PopulaceError
from synth.evaluate.distance import Space
from synth.evaluate.spelling import spelling_hints
from synth.lazy import cached_property

if TYPE_CHECKING:
    from synth.data.column import Column
    from synth.data.table import Table

FEWEST_ROWS = 20
Side = Literal["real", "synthetic", "holdout"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Some people of one side of a comparison.

    Attributes
    ----------
    side : "real", "synthetic" or "holdout"
    rows : int64 array, shape (n,)
        Positions in that side's frame.
    """

    side: Side
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def draw(self, rows: int, random: np.random.Generator) -> Sample:
        """At most `rows` of these people in random order.

        Parameters
        ----------
        rows : int
            The most to draw, without replacement.
        random : numpy Generator
            Draws the order.

        Returns
        -------
        Sample
            Of the same side.
        """
        return Sample(self.side, self.rows[random.permutation(len(self.rows))[:rows]])

    def halves(self, random: np.random.Generator) -> tuple[Sample, Sample]:
        """These people split in two at random.

        Parameters
        ----------
        random : numpy Generator
            Draws the order.

        Returns
        -------
        tuple of (Sample, Sample)
            The first is the smaller where their number is odd.
        """
        order, half = random.permutation(len(self.rows)), len(self.rows) // 2
        return Sample(self.side, self.rows[order[:half]]), Sample(
            self.side, self.rows[order[half:]]
        )


@dataclass(frozen=True, eq=False)
class Places:
    """The place of every person in every column; see `Comparison.places`.

    Attributes
    ----------
    sizes : mapping of str to int
        The number of places of each column, missing values included.
    codes : mapping of side to mapping of str to int64 array, shape (rows,)
        Places from 0; arrays are read-only.
    """

    sizes: Mapping[str, int]
    codes: Mapping[Side, Mapping[str, np.ndarray]]

    def of(self, sample: Sample) -> dict[str, np.ndarray]:
        """The places of some people by column.

        Parameters
        ----------
        sample : Sample
            n people of a side that was coded.

        Returns
        -------
        dict of str to int64 array, shape (n,)
            Copies, which may be changed.
        """
        return {name: codes[sample.rows] for name, codes in self.codes[sample.side].items()}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Real and synthetic people made comparable, and what a report asks of them.

    Attributes
    ----------
    columns : tuple of Column
        The modelled columns, which are compared.
    real, synthetic : DataFrame
        Categories as `pandas.Categorical` over the levels of all frames together, numbers float64.
    holdout : DataFrame or None
        Real people whom the generator never saw.
    seed : int
        Every question starts a generator of its own from it.
    target : str or None
        The column that models learn; suitable ones where None.
    groups : tuple of str or None
        The columns that fairness asks about; those called gender, sex, ethnicity or race where
        None.
    """

    columns: tuple[Column, ...]
    real: pd.DataFrame
    synthetic: pd.DataFrame
    holdout: pd.DataFrame | None = None
    seed: int = 0
    target: str | None = None
    groups: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls,
        real: Table,
        synthetic: pd.DataFrame,
        *,
        holdout: pd.DataFrame | None = None,
        seed: int = 0,
        target: str | None = None,
        groups: Sequence[str] | None = None,
    ) -> Self:
        """Make tables comparable.

        Columns that the schema does not model are left out; columns of `synthetic` that the real
        table lacks are ignored.

        Parameters
        ----------
        real : Table
            The people whom the generator learned from.
        synthetic : DataFrame
            The people whom it drew.
        holdout : DataFrame, optional
            Real people whom it never saw.
        seed : int
            Of every question.
        target : str, optional
            The column that models learn.
        groups : sequence of str, optional
            The columns that fairness asks about.

        Returns
        -------
        Comparison

        Raises
        ------
        PopulaceError
            No column is modelled, a column is missing in a frame, a number is not a number there,
            or a frame has fewer than 20 rows.
        """
        columns = tuple(real.schema.modelled.columns)
        truth, other, *rest = comparable(columns, real.frame, synthetic, holdout)
        return cls(
            columns,
            truth,
            other,
            rest[0] if rest else None,
            seed,
            target,
            None if groups is None else tuple(groups),
        )

    def random(self) -> np.random.Generator:
        """A new generator of the comparison's seed.

        Returns
        -------
        numpy Generator
        """
        return np.random.default_rng(self.seed)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns with levels; all columns where there is none."""
        chosen = [c.name for c in self.columns if c.kind in ("categorical", "boolean")]
        return tuple(chosen) or self.names

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """Sentences on columns whose levels the two tables write differently."""
        return spelling_hints(self.real, self.synthetic)

    @cached_property
    def frames(self) -> Mapping[Side, pd.DataFrame]:
        """The frames by side."""
        frames: dict[Side, pd.DataFrame] = {"real": self.real, "synthetic": self.synthetic}
        if self.holdout is not None:
            frames["holdout"] = self.holdout
        return MappingProxyType(frames)

    def all(self, side: Side) -> Sample:
        """Everybody of a side.

        Parameters
        ----------
        side : "real", "synthetic" or "holdout"
            A side that the comparison has.

        Returns
        -------
        Sample
            In the order of the frame.
        """
        return Sample(side, np.arange(len(self.frames[side])))

    def frame(self, sample: Sample) -> pd.DataFrame:
        """The rows of some people.

        Parameters
        ----------
        sample : Sample
            n people of one side.

        Returns
        -------
        DataFrame, n rows
            In the sample's order.
        """
        return self.frames[sample.side].iloc[sample.rows]

    def places(self, bins: int) -> Places:
        """The place of every person in every column, numbers in quantile bins of the real people.

        Worked out once for each number of bins; see `bin_codes`.

        Parameters
        ----------
        bins : int
            Bins of a number.

        Returns
        -------
        Places
        """
        if bins not in self._places:
            frames = list(self.frames.values())
            binned = bin_codes(self.columns, self.real, frames, bins)
            codes: dict[Side, Mapping[str, np.ndarray]] = {}
            for at, side in enumerate(self.frames):
                codes[side] = {name: parts[at] for name, (parts, _) in binned.items()}
                for array in codes[side].values():
                    array.setflags(write=False)
            sizes = {name: size for name, (_, size) in binned.items()}
            self._places.setdefault(bins, Places(sizes, codes))
        return self._places[bins]

    @cached_property
    def _places(self) -> dict[int, Places]:
        return {}

    @cached_property
    def space(self) -> Space:
        """The coordinates in which people are near or far."""
        return Space.of(self.columns, self.real)

    @cached_property
    def keys(self) -> Mapping[Side, np.ndarray]:
        """One number for each distinct row over all frames, int64 (rows,); float32 numbers equal
        their float64."""
        codes = []
        for name in self.names:
            values = [plain_values(frame[name]) for frame in self.frames.values()]
            joined = np.concatenate(values).astype(np.float32)
            codes.append(np.unique(joined, return_inverse=True)[1])
        ends = np.cumsum([len(frame) for frame in self.frames.values()])[:-1]
        parts = np.split(row_keys(codes), ends)
        return MappingProxyType(dict(zip(self.frames, parts, strict=True)))


def plain_values(values: pd.Series) -> np.ndarray:
    """Values of a comparable column as numbers.

    Parameters
    ----------
    values : Series, n rows
        Numbers, or `pandas.Categorical`.

    Returns
    -------
    float64 array, shape (n,)
        Numbers, or the codes of levels; NaN for missing.
    """
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return values.to_numpy(dtype=float)
    codes = values.cat.codes.to_numpy().astype(float)
    return np.where(codes < 0, np.nan, codes)


def comparable(
    columns: Sequence[Column],
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None = None,
) -> list[pd.DataFrame]:
    """The frames with the same columns in the same order and of the same kinds.

    Parameters
    ----------
    columns : sequence of Column
        The columns to compare.
    real, synthetic : DataFrame
        Frames that hold them, among others.
    holdout : DataFrame, optional
        A third frame.

    Returns
    -------
    list of DataFrame
        Real, synthetic and, where given, the holdout, rows numbered from 0. Categories are
        `pandas.Categorical` over the levels of all frames together, numbers float64.

    Raises
    ------
    PopulaceError
        As `Comparison.of` does.
    """
    frames = [("real", real), ("synthetic", synthetic)]
    if holdout is not None:
        frames.append(("holdout", holdout))
    if not columns:
        raise PopulaceError("No column is modelled: give at least one column the role “model”.")
    for word, frame in frames:
        if len(frame) < FEWEST_ROWS:
            raise PopulaceError(
                f"The {word} table has {len(frame)} rows: a comparison needs at least "
                f"{FEWEST_ROWS}."
            )
        lacking = [column.name for column in columns if column.name not in frame]
        if lacking:
            raise PopulaceError(
                f"The {word} table lacks the column “{lacking[0]}”: give it every column of the "
                "real one."
            )
    out: list[dict[str, pd.Series]] = [{} for _ in frames]
    for column in columns:
        parts = [frame[column.name].reset_index(drop=True) for _, frame in frames]
        if column.kind in ("categorical", "boolean"):
            parts = _as_levels(column, parts)
        else:
            words = [word for word, _ in frames]
            parts = [
                _as_numbers(column, part, word) for part, word in zip(parts, words, strict=True)
            ]
        for series, target in zip(parts, out, strict=True):
            target[column.name] = series
    return [pd.DataFrame(target) for target in out]


def row_keys(columns: Sequence[np.ndarray]) -> np.ndarray:
    """A number for each distinct combination of codes.

    Parameters
    ----------
    columns : sequence of int array, shape (n,) each
        Codes, column by column; one column or more, one row or more.

    Returns
    -------
    int64 array, shape (n,)
        Equal for equal rows, different for different ones.
    """
    key = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for codes in columns:
        low, high = int(codes.min()), int(codes.max())
        width = high - low + 1
        if size * width > 2**62:
            key = np.unique(key, return_inverse=True)[1].astype(np.int64)
            size = int(key.max()) + 1
        key = key * width + (codes - low)
        size *= width
    return key


def bin_codes(
    columns: Sequence[Column], truth: pd.DataFrame, frames: Sequence[pd.DataFrame], bins: int
) -> dict[str, tuple[list[np.ndarray], int]]:
    """The place of every row of every frame, by column.

    Numbers fall in quantile bins of `truth`; a number that fills a bin has it alone (the many
    zeros of a gain). Missing values have a place of their own, the last.

    Parameters
    ----------
    columns : sequence of Column
        The columns to code.
    truth : DataFrame
        The comparable frame that defines the bins.
    frames : sequence of DataFrame
        The comparable frames to code.
    bins : int
        Bins of a number.

    Returns
    -------
    dict of str to (list of int64 array, int)
        By column: the places of each frame's rows, shape (rows,) each, and the number of places.
    """
    out = {}
    for column in columns:
        parts = [frame[column.name] for frame in frames]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            places = len(parts[0].cat.categories) + 1
            codes = [part.cat.codes.to_numpy().astype(np.int64) for part in parts]
            codes = [np.where(part < 0, places - 1, part) for part in codes]
        else:
            known = truth[column.name].to_numpy(dtype=float)
            known = known[~np.isnan(known)]
            edges = _edges(known, bins)
            places = len(edges) + 2
            numbers = [part.to_numpy(dtype=float) for part in parts]
            codes = [
                np.where(np.isnan(x), places - 1, np.searchsorted(edges, x, side="right"))
                for x in numbers
            ]
        out[column.name] = codes, places
    return out


def _edges(known: np.ndarray, bins: int) -> np.ndarray:
    """Where each place but the first begins, ascending."""
    if not len(known):
        return np.array([])
    values, counts = np.unique(known, return_counts=True)
    alone = values[counts * bins >= len(known)]
    parts = np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])
    return np.unique(np.concatenate([parts, alone, np.nextafter(alone, np.inf)]))


def _as_levels(column: Column, parts: list[pd.Series]) -> list[pd.Series]:
    parts = [read_as(part, column) for part in parts]
    coding = Binning(tuple(column.levels))
    codes = [coding.codes(part) for part in parts]
    strange: dict[str, int] = {}
    for part, places in zip(parts, codes, strict=True):
        for place in np.flatnonzero(places == -1):
            word = str(part.iloc[place])
            places[place] = strange.setdefault(word, len(column.levels) + len(strange))
    levels = pd.CategoricalDtype([*column.levels, *strange])
    return [
        pd.Series(pd.Categorical.from_codes(np.where(places < 0, -1, places), dtype=levels))
        for places in codes
    ]


def _as_numbers(column: Column, part: pd.Series, word: str) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(part.dtype) or column.format is not None:
        try:
            part = read_as(part, column)
        except PopulaceError as error:
            odd = re.search(r"has '(.*)' in row", str(error))
            kind = "dates" if isinstance(column.format, DateFormat) else "numbers"
            singular = kind.removesuffix("s")
            raise PopulaceError(
                f"Column “{column.name}” of the {word} table holds “{odd[1] if odd else ''}” among "
                f"its {kind}: write a {singular} or leave it empty."
            ) from error
    values = part.to_numpy(dtype=float, na_value=np.nan)
    if column.kind == "real":  # 0.1 is one number whether a library keeps it in 4 bytes or in 8
        values = values.astype(np.float32).astype(float)
    return pd.Series(np.where(np.isinf(values), np.nan, values))
