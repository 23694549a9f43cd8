"""Aggregate counts of the real people: every column, and every pair of columns.

A shipped population may not carry its rows. What it carries are `ContingencyTables`: how many real
people fall in each place of each column and of each pair of columns. From them the app draws real
beside synthetic, and the marginals of the real people under one fact.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import pandas as pd

from synth.data.column import BOOLEAN_LEVELS, MISSING, Column
from synth.data.evidence import DateParts, Evidence, Fact, OneOf
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.lazy import cached_property

if TYPE_CHECKING:
    from synth.data.table import Table

SINGLE_VALUES = 100  # a number with at most so many values gets a place for each
BINS = 20  # other numbers get at most so many places, equally full
PAIR_CELLS = 3_000_000  # a table whose pairs need more cells than this gets 10 bins for a number
COARSE_BINS = 10
"""About so many bins of a number where pairs of columns are compared."""
Key = TypeVar("Key", str, tuple[str, str])
BOOLEAN_WORDS = {"no": 0, "false": 0, "0": 0, "yes": 1, "true": 1, "1": 1}


@dataclass(frozen=True, eq=False)
class Binning:
    """How the values of one column become the places of a count.

    Attributes
    ----------
    labels : tuple of str
        One word for each place; the last is "missing" where the column may be missing.
    edges : float64 array, shape (places + 1,), or None
        For numbers: place i holds edges[i] <= x < edges[i+1]; the first and the last place take
        what lies beyond. None for categories.
    values : float64 array, shape (places,), or None
        For numbers with one value a place.
    whole : bool
        For numbers, whether they are integers; the edges are then integers too.
    missing : bool
        Whether the last place is for missing values.
    """

    labels: tuple[str, ...]
    edges: np.ndarray | None = None
    values: np.ndarray | None = None
    whole: bool = False
    missing: bool = False

    def __post_init__(self) -> None:
        for array in (self.edges, self.values):
            if array is not None:
                array.setflags(write=False)

    @property
    def places(self) -> int:
        """The number of places with values, `missing` left out."""
        return len(self.labels) - self.missing

    @classmethod
    def of(cls, column: Column, values: pd.Series, *, single: int, bins: int) -> Self:
        """The places of a column.

        Parameters
        ----------
        column : Column
            Its kind, levels and step.
        values : pd.Series
            The real people's values.
        single : int
            A number with at most so many values gets a place for each.
        bins : int
            Other numbers get at most so many places, equally full.

        Returns
        -------
        Binning
            Levels, single values, or quantiles.
        """
        missing = bool(column.missing or values.isna().any())
        tail = (MISSING,) if missing else ()
        if column.kind in ("categorical", "boolean"):
            return cls(tuple(column.levels) + tail, missing=missing)
        whole = column.kind == "integer"
        numbers = _numbers(values)
        distinct, times = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
        if not len(distinct):
            return cls(tail, np.array([0.0]), None, whole, missing)
        if whole and distinct[-1] - distinct[0] < single:
            distinct = np.arange(distinct[0], distinct[-1] + 1)
        if len(distinct) <= single:
            edges = np.r_[distinct[0], (distinct[1:] + distinct[:-1]) / 2, distinct[-1] + whole]
            if whole:
                edges = np.ceil(edges)
            labels = tuple(_number(value) for value in distinct)
            return cls(labels + tail, edges, distinct, whole, missing)
        edges = _quantile_edges(distinct, times, bins, whole, column.step)
        return cls(_bin_labels(edges, whole) + tail, edges, None, whole, missing)

    def codes(self, values: pd.Series) -> np.ndarray:
        """The place of each value.

        Parameters
        ----------
        values : pd.Series, shape (n,)
            Of the column.

        Returns
        -------
        int32 array, shape (n,)
            -1 for a level that has no place, -2 for a missing value where none was expected.
        """
        if self.edges is None:
            codes = _level_codes(values, self.labels[: self.places])
            absent = values.isna().to_numpy()
        else:
            numbers = _numbers(values)
            cuts, kind = self.edges[1:-1], float if self.whole else np.float32
            places = np.searchsorted(cuts.astype(kind), numbers.astype(kind), side="right")
            codes = places.astype(np.int32)
            absent = np.isnan(numbers)
        codes[absent] = self.places if self.missing else -2
        return codes

    def holds(self, fact: Fact) -> np.ndarray | None:
        """The places that a fact keeps.

        Parameters
        ----------
        fact : OneOf or Between
            About the column.

        Returns
        -------
        bool array, shape (labels,), or None
            None where the fact cuts a place in two.
        """
        kept = np.zeros(len(self.labels), dtype=bool)
        if isinstance(fact, OneOf):
            wanted = set(fact.values)
            if self.missing and MISSING in wanted:
                kept[-1] = True
            wanted.discard(MISSING)
            if self.edges is None:
                kept[: self.places] |= np.isin(self.labels[: self.places], list(wanted))
            elif self.values is not None:
                kept[: self.places] |= np.isin(self.values, [float(value) for value in wanted])
            elif wanted:
                return None
            return kept
        if self.edges is None or isinstance(fact, DateParts):
            return None
        low = -np.inf if fact.lower is None else fact.lower
        high = np.inf if fact.upper is None else fact.upper
        if self.values is not None:
            kept[: self.places] = (self.values >= low) & (self.values <= high)
            return kept
        return self._bins_between(kept, self.edges, low, high)

    def _bins_between(
        self, kept: np.ndarray, edges: np.ndarray, low: float, high: float
    ) -> np.ndarray | None:
        first, last = edges[:-1], edges[1:] - self.whole
        inside = (first >= low) & (last <= high)
        outside = (first > high) | ((last < low) if self.whole else (last <= low))
        if not self.whole:
            outside[-1] = first[-1] > high or last[-1] < low
        if not (inside | outside).all():
            return None
        kept[: self.places] = inside
        return kept

    def joined(self, counts: np.ndarray, bins: int) -> np.ndarray:
        """The first place of each bin once places are joined to fewer, equally full ones.

        Parameters
        ----------
        counts : int array, shape (labels,)
            How many people fall in each place.
        bins : int
            At most so many bins of values; a place that fills one alone adds a bin.

        Returns
        -------
        int array, ascending, beginning with 0
            Places. Levels, the place for missing values, and a number's places where there are no
            more than `bins` stay alone.
        """
        if self.edges is None or self.places <= bins:
            return np.arange(len(self.labels))
        times = counts[: self.places]
        heaps, cuts = _heaps_and_cuts(times, bins)
        starts = np.unique(np.r_[0, cuts, heaps, heaps + 1])
        return np.r_[starts[starts < self.places], np.arange(self.places, len(self.labels))]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        out: dict[str, Any] = {"labels": list(self.labels), "missing": self.missing}
        if self.edges is not None:
            out["whole"] = self.whole
            out["edges"] = self.edges.tolist()
        if self.values is not None:
            out["values"] = self.values.tolist()
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`.

        Parameters
        ----------
        data : mapping
            Values of JSON.

        Returns
        -------
        Binning
            The same places.
        """
        edges, values = data.get("edges"), data.get("values")
        return cls(
            tuple(data["labels"]),
            None if edges is None else np.asarray(edges, dtype=float),
            None if values is None else np.asarray(values, dtype=float),
            bool(data.get("whole", False)),
            bool(data["missing"]),
        )


@dataclass(frozen=True, eq=False)
class Margins:
    """The counts of every column alone.

    Attributes
    ----------
    rows : int
        How many people are counted.
    binnings : mapping of str to Binning
        The places of every column.
    counts : mapping of str to int64 array, shape (labels,)
        How many people fall in each place.
    """

    rows: int
    binnings: Mapping[str, Binning]
    counts: Mapping[str, np.ndarray]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that are counted."""
        return tuple(self.binnings)

    def labels(self, column: str) -> tuple[str, ...]:
        """The names of a column's places: levels, numbers or bins such as "25–34", "missing".

        Parameters
        ----------
        column : str
            One of the counted columns.

        Returns
        -------
        tuple of str
            One for each place.
        """
        return self._binning(column).labels

    def edges(self, column: str) -> np.ndarray | None:
        """The bin edges of a number, one more than its places with values; None for categories."""
        return self._binning(column).edges

    @cached_property
    def coarse_starts(self) -> Mapping[str, np.ndarray]:
        """The first place of each of about ten bins of every column; see `Binning.joined`."""
        return _closed(
            {
                name: binning.joined(self.counts[name], COARSE_BINS)
                for name, binning in self.binnings.items()
            }
        )

    def marginal(self, column: str) -> np.ndarray:
        """How many people fall in each place of a column.

        Parameters
        ----------
        column : str
            One of the counted columns.

        Returns
        -------
        int64 array, shape (labels,)
            The counts.
        """
        self._binning(column)
        return self.counts[column]

    def share(self, column: str) -> np.ndarray:
        """`marginal` as shares that add up to one (zeros where nobody is counted).

        Parameters
        ----------
        column : str
            One of the counted columns.

        Returns
        -------
        float64 array, shape (labels,)
            The shares.
        """
        return self.marginal(column) / max(self.rows, 1)

    def count(self, frame: pd.DataFrame, column: str) -> np.ndarray:
        """How many rows of any frame fall in each place of a column.

        Parameters
        ----------
        frame : pd.DataFrame
            Real or synthetic people; numbers beyond the real ones are counted in the first or last
            place.
        column : str
            One of the counted columns.

        Returns
        -------
        int64 array, shape (labels,)
            The counts.

        Raises
        ------
        PopulaceError
            The frame lacks the column or holds a level without a place.
        """
        return np.bincount(self.codes(frame, column), minlength=len(self.labels(column)))

    def codes(self, frame: pd.DataFrame, column: str) -> np.ndarray:
        """The place of every row of a frame.

        Parameters
        ----------
        frame : pd.DataFrame
            Any people; numbers beyond the real ones fall in the first or the last place.
        column : str
            One of the counted columns.

        Returns
        -------
        int32 array, shape (rows,)
            The places.

        Raises
        ------
        PopulaceError
            As `count` does.
        """
        binning = self._binning(column)
        if column not in frame:
            raise PopulaceError(
                f"The table has no column “{column}”: give it the columns of the real one."
            )
        codes = binning.codes(frame[column])
        if len(codes) and codes.min() < 0:
            strange = frame[column].iloc[int(np.argmin(codes))]
            what = "a missing value" if codes.min() == -2 else f"the value “{strange}”"
            raise PopulaceError(
                f"Column “{column}” holds {what}, which no real person has: "
                "change it to one of the real values."
            )
        return codes

    def _binning(self, column: str) -> Binning:
        if column not in self.binnings:
            raise PopulaceError(
                f"No column is called “{column}”: choose one of {', '.join(self.binnings)}."
            )
        return self.binnings[column]


@dataclass(frozen=True, eq=False)
class ContingencyTables(Margins):
    """The counts of every column and of every pair of columns of the real people.

    Attributes
    ----------
    pairs : mapping of (str, str) to int64 array, shape (labels, labels)
        How many people fall in each pair of places; each pair of columns once.
    """

    pairs: Mapping[tuple[str, str], np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table) -> Self:
        """Count a table's modelled columns, alone and in pairs.

        Parameters
        ----------
        table : Table
            The real people.

        Returns
        -------
        ContingencyTables
            The counts, over places that suit these people.
        """
        binnings = _binnings(table.frame, table.schema.modelled.columns)
        return cls._over(table.frame, MappingProxyType(binnings))

    def recount(self, frame: pd.DataFrame) -> Self:
        """The same counts, over the same places, of another frame: a synthetic one, say.

        Parameters
        ----------
        frame : pd.DataFrame
            People with the counted columns.

        Returns
        -------
        ContingencyTables
            Their counts.

        Raises
        ------
        PopulaceError
            As `count` does.
        """
        return self._over(frame, self.binnings)

    @classmethod
    def _over(cls, frame: pd.DataFrame, binnings: Mapping[str, Binning]) -> Self:
        empty = Margins(len(frame), binnings, {})
        codes = {name: empty.codes(frame, name).astype(np.intp) for name in binnings}
        sizes = {name: len(binning.labels) for name, binning in binnings.items()}
        pairs = {
            (a, b): np.bincount(
                codes[a] * sizes[b] + codes[b], minlength=sizes[a] * sizes[b]
            ).reshape(sizes[a], sizes[b])
            for a, b in itertools.combinations(binnings, 2)
        }
        counts = {name: np.bincount(codes[name], minlength=sizes[name]) for name in binnings}
        return cls(len(frame), binnings, _closed(counts), _closed(pairs))

    def pair(self, a: str, b: str) -> np.ndarray:
        """How many people fall in each pair of places.

        Parameters
        ----------
        a, b : str
            Counted columns; the same one gives its counts on the diagonal.

        Returns
        -------
        int64 array, shape (labels of a, labels of b)
            The counts.
        """
        self._binning(a), self._binning(b)
        if a == b:
            return np.diag(self.counts[a])
        return self.pairs[a, b] if (a, b) in self.pairs else self.pairs[b, a].T

    def under(self, evidence: Evidence) -> Margins | None:
        """The margins of the real people of whom `evidence` is true.

        Exact, from the pairs; so None where they cannot tell: for facts about more than one
        column, or a fact that cuts a bin in two.

        Parameters
        ----------
        evidence : Evidence
            What is known.

        Returns
        -------
        Margins or None
            None where the pairs cannot tell.
        """
        facts = dict(evidence)
        if not facts:
            return self
        if len(facts) > 1:
            return None
        ((name, fact),) = facts.items()
        kept = self._binning(name).holds(fact)
        if kept is None:
            return None
        counts = {
            other: np.where(kept, self.counts[name], 0)
            if other == name
            else self.pair(name, other)[kept].sum(axis=0)
            for other in self.binnings
        }
        return Margins(int(self.counts[name][kept].sum()), self.binnings, _closed(counts))

    def among(self, table: Table, evidence: Evidence, schema: Schema) -> Margins:
        """The margins of the real people of whom any evidence is true, where their rows are there.

        Parameters
        ----------
        table : Table
            The rows that are counted here.
        evidence : Evidence
            What is known.
        schema : Schema
            The columns as the evidence names them.

        Returns
        -------
        Margins
            Their counts.
        """
        people = table.frame[of_whom(table.frame, evidence, schema)]
        empty = Margins(len(people), self.binnings, {})
        counts = {name: empty.count(people, name) for name in self.binnings}
        return Margins(len(people), self.binnings, _closed(counts))

    def to_json(self) -> str:
        """Compact JSON; `from_json` reads it back."""
        return json.dumps(
            {
                "format": "populace-reference-1",
                "rows": self.rows,
                "columns": {name: binning.to_dict() for name, binning in self.binnings.items()},
                "counts": {name: counts.tolist() for name, counts in self.counts.items()},
                "pairs": [[a, b, _pack(counts)] for (a, b), counts in self.pairs.items()],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Parameters
        ----------
        text : str
            What `to_json` wrote.

        Returns
        -------
        ContingencyTables
            The counts.

        Raises
        ------
        PopulaceError
            The text holds no such counts.
        """
        try:
            data = json.loads(text)
            if data["format"] != "populace-reference-1":
                raise KeyError("format")
            binnings = {name: Binning.from_dict(item) for name, item in data["columns"].items()}
            counts = {
                name: np.asarray(item, dtype=np.int64) for name, item in data["counts"].items()
            }
            sizes = {name: len(binning.labels) for name, binning in binnings.items()}
            pairs = {
                (a, b): _unpack(packed, sizes[a] * sizes[b]).reshape(sizes[a], sizes[b])
                for a, b, packed in data["pairs"]
            }
            ordered = {name: counts[name] for name in binnings}
            rows = int(data["rows"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise PopulaceError(
                "This is not a reference of real people: make it anew with “fit”."
            ) from error
        return cls(rows, MappingProxyType(binnings), _closed(ordered), _closed(pairs))


def share_intervals(counts: np.ndarray, confidence: float = 0.95) -> np.ndarray:
    """Wilson's intervals of the shares that counts of people tell.

    Parameters
    ----------
    counts : array, shape (n,)
        How many people, drawn independently, fall in each place.
    confidence : float
        Of each interval by itself.

    Returns
    -------
    float64 array, shape (2, n)
        Low and high ends; 0 and 1 where nobody is counted.

    References
    ----------
    E. B. Wilson (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22.
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum()
    if not total > 0:
        return np.stack([np.zeros(len(counts)), np.ones(len(counts))])
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = counts / total
    middle = share + z * z / (2 * total)
    half = z * np.sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2)
    bounds = np.stack([middle - half, middle + half]) / (1 + z * z / total)
    return np.clip(bounds, 0.0, 1.0)


def of_whom(frame: pd.DataFrame, evidence: Evidence, schema: Schema) -> np.ndarray:
    """The rows of a frame of whom the evidence is true.

    Parameters
    ----------
    frame : pd.DataFrame
        Real people.
    evidence : Evidence
        What is known.
    schema : Schema
        The columns as the evidence names them.

    Returns
    -------
    bool array, shape (rows,)
        True for those of whom the evidence holds.
    """
    kept = np.ones(len(frame), dtype=bool)
    for name, fact in evidence.checked(schema).items():
        column, values = schema[name], frame[name]
        if isinstance(fact, DateParts):
            kept &= fact.holds(column, _numbers(values))
            continue
        if not isinstance(fact, OneOf):
            numbers, slack = _numbers(values), 1e-6 * (column.step or 1.0)
            low = -np.inf if fact.lower is None else fact.lower - slack
            high = np.inf if fact.upper is None else fact.upper + slack
            kept &= (numbers >= low) & (numbers <= high)
            continue
        wanted = [value for value in fact.values if value != MISSING]
        if column.is_number:
            step = column.step or 1e-9
            places = np.rint(_numbers(values) / step)
            here = np.isin(places, np.rint(np.array([float(v) for v in wanted]) / step))
        else:
            codes = _level_codes(values, column.levels)
            here = np.isin(codes, [column.levels.index(value) for value in wanted])
        if MISSING in fact.values:
            here |= values.isna().to_numpy()
        kept &= here
    return kept


def _binnings(frame: pd.DataFrame, columns: tuple[Column, ...]) -> dict[str, Binning]:
    for single, bins in ((SINGLE_VALUES, BINS), (20, 10)):
        binnings = {
            column.name: Binning.of(column, frame[column.name], single=single, bins=bins)
            for column in columns
        }
        sizes = np.array([len(binning.labels) for binning in binnings.values()])
        if (sizes.sum() ** 2 - (sizes**2).sum()) / 2 <= PAIR_CELLS:
            break
    return binnings


def _numbers(values: pd.Series) -> np.ndarray:
    """A column as float64 with NaN for missing."""
    if isinstance(values.dtype, pd.CategoricalDtype) or values.dtype == object:
        values = pd.to_numeric(values.astype(object), errors="coerce")
    return values.to_numpy(dtype=float, na_value=np.nan)


def _level_codes(values: pd.Series, levels: tuple[str, ...]) -> np.ndarray:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = values.cat.codes.to_numpy(), values.cat.categories
    else:
        codes, distinct = pd.factorize(values)
    words = [_level(value) for value in distinct]
    if levels == BOOLEAN_LEVELS:
        places = [BOOLEAN_WORDS.get(word.casefold(), -1) for word in words]
    else:  # a plain look-up: a pandas index of a few words takes a millisecond, column by column
        known = {level: place for place, level in enumerate(levels)}
        places = [known.get(word, -1) for word in words]
    return np.array([*places, -1], dtype=np.int32)[codes]


def _level(value: object) -> str:
    """A level as a schema writes it: 3, not 3.0, which other libraries make of it."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _quantile_edges(
    distinct: np.ndarray, times: np.ndarray, bins: int, whole: bool, step: float | None
) -> np.ndarray:
    """Edges of equally full bins; a value that fills a bin alone gets a bin of its own."""
    at, cuts = _heaps_and_cuts(times, bins)
    heaps = distinct[at]
    after = heaps + (1.0 if whole else step or 0.0)
    edges = np.unique(np.r_[distinct[0], distinct[cuts], heaps, after])
    edges = edges[edges <= distinct[-1]]
    if not whole:  # a float32 shows its seven digits
        edges = np.unique([float(f"{edge:.7g}") for edge in edges])
    return np.r_[edges, distinct[-1] + 1] if whole else np.unique(np.r_[edges, distinct[-1]])


def _heaps_and_cuts(times: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Where values (in order, held by so many people) fill a bin alone, and where bins are cut."""
    total = times.sum()
    cuts = np.searchsorted(np.cumsum(times), np.linspace(0, 1, bins + 1)[1:-1] * total)
    return np.flatnonzero(times * bins >= total), cuts


def _bin_labels(edges: np.ndarray, whole: bool) -> tuple[str, ...]:
    return tuple(
        _number(low) if high - whole == low else f"{_number(low)}–{_number(high - whole)}"
        for low, high in itertools.pairwise(edges)
    )


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def _pack(counts: np.ndarray) -> list[int]:
    """Counts in a row; a run of k zeros is written -k."""
    flat = counts.ravel()
    packed: list[int] = []
    at = 0
    for place in np.flatnonzero(flat):
        if place > at:
            packed.append(-(int(place) - at))
        packed.append(int(flat[place]))
        at = int(place) + 1
    if at < len(flat):
        packed.append(-(len(flat) - at))
    return packed


def _unpack(packed: list[int], size: int) -> np.ndarray:
    items = np.asarray(packed, dtype=np.int64)
    steps = np.where(items < 0, -items, 1)
    if steps.sum() != size:
        raise ValueError("the counts of a pair do not fit its labels")
    counts = np.zeros(size, dtype=np.int64)
    kept = items >= 0
    counts[(np.cumsum(steps) - 1)[kept]] = items[kept]
    return counts


def _closed(arrays: dict[Key, np.ndarray]) -> Mapping[Key, np.ndarray]:
    for array in arrays.values():
        array.setflags(write=False)
    return MappingProxyType(arrays)
