"""Two groups side by side: in which columns they differ most.

Where a model answers exactly, so does this: the distances are of two posteriors, and no one is
drawn. Where it can only estimate, people are drawn and every distance has an interval. Real people
stand beside where their counts tell of both groups.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synth import describe
from synth.data.column import MISSING
from synth.evaluate import html
from synth.evaluate.columns import exact_shares
from synth.evaluate.distances import tvd

if TYPE_CHECKING:
    from synth.data.column import Column
    from synth.data.contingency import Margins
    from synth.generators.base import Conditional
    from synth.populations import Population

PEOPLE = 20_000
"""So many people of each group are drawn where the model cannot answer exactly."""
SAME = 0.005
"""Columns that differ by less are said to be alike."""
_RESAMPLES = 400
_APART = 0.03  # averages nearer than this share of themselves do not show what differs
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so


@dataclass(frozen=True)
class Distance:
    """A total variation distance, with its 95% interval where it is estimated.

    Attributes
    ----------
    value : float
        From 0 to 1: the share of people of one group who would need another answer for it to be
        like the other.
    low, high : float
        Ends of the interval; the value itself where it is exact.
    """

    value: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Distance:
        """One that has no interval."""
        return cls(value, value, value)

    @classmethod
    def of_counts(cls, a: np.ndarray, b: np.ndarray, seed: int = 0) -> Distance:
        """Estimated from people counted in two groups.

        Parameters
        ----------
        a, b : ndarray of int, shape (places,)
            People in each place, one or more in each group.
        seed : int
            Of the bootstrap.

        Returns
        -------
        Distance
            With the basic bootstrap interval (A. Davison, D. Hinkley, "Bootstrap Methods and their
            Application", 1997, section 5.2), which takes back what chance alone adds to a distance;
            it need not hold the value, which chance can only raise where the groups are alike.
        """
        random = np.random.default_rng(seed)
        value = tvd(a, b)
        again = [random.multinomial(int(n.sum()), n / n.sum(), _RESAMPLES) for n in (a, b)]
        apart = again[0] / a.sum() - again[1] / b.sum()
        drawn = np.abs(apart).sum(axis=1) / 2
        high, low = np.quantile(drawn, [0.025, 0.975])
        return cls(value, *(float(np.clip(2 * value - end, 0, 1)) for end in (low, high)))

    @property
    def exact(self) -> bool:
        """Whether it has no interval."""
        return self.low == self.high == self.value


@dataclass(frozen=True, eq=False)
class GroupDifference:
    """How one column differs between two groups.

    Attributes
    ----------
    column : Column
        The column.
    labels : tuple of str
        Its levels, or bins of a number; ``missing`` last where that can be.
    a, b : ndarray of float, shape (labels,)
        Shares of the two groups.
    distance : Distance
        Of the shares.
    bits : float
        What somebody's answer tells about which of the two groups they are from, 0 to 1: the
        Jensen–Shannon divergence (J. Lin, "Divergence measures based on the Shannon entropy", IEEE
        Transactions on Information Theory 37, 1991).
    means : tuple of (float, float) or None
        Of a number's known values; None for other columns, and where the model does not tell.
    in_evidence : bool
        Whether a fact of either group is about this column.
    real : Distance or None
        Among real people; None where no counts tell of both groups.
    """

    column: Column
    labels: tuple[str, ...]
    a: np.ndarray
    b: np.ndarray
    distance: Distance
    bits: float
    means: tuple[float, float] | None
    in_evidence: bool
    real: Distance | None = None

    @property
    def telling(self) -> int:
        """The label on which the groups differ most."""
        return int(np.argmax(np.abs(self.a - self.b)))

    @property
    def words(self) -> str:
        """What shows the difference: averages of a number, else the share of one level."""
        if self.means is not None and _tell(self.column, *self.means):
            a, b = (_average(self.column, mean) for mean in self.means)
            return f"on average {a}, against {b}"
        at = self.telling
        level = self.labels[at]
        if level == MISSING or not self.column.is_number:
            level = describe.level_words(self.column, level)
        return f"{level} {_percent(self.a[at])}, against {_percent(self.b[at])}"


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """Two groups, column by column.

    Attributes
    ----------
    differences : tuple of GroupDifference
        The column that differs most first.
    exact : bool
        Whether shares and distances follow from the model exactly.
    people : int
        How many of each group were drawn; 0 where none had to be.
    """

    differences: tuple[GroupDifference, ...]
    exact: bool
    people: int = 0

    @property
    def open(self) -> tuple[GroupDifference, ...]:
        """Those of columns about which neither group's facts speak."""
        return tuple(each for each in self.differences if not each.in_evidence)

    def of(self, column: str) -> GroupDifference:
        """The difference of one column."""
        return next(each for each in self.differences if each.column.name == column)

    def sentence(self, most: int = 3) -> str:
        """What differs most, ranked, the groups called A and B.

        Parameters
        ----------
        most : int
            So many columns are named.

        Returns
        -------
        str
        """
        if not self.open:
            return "Every column is known of one of the groups, so none is left to compare."
        first, *rest = self.open
        if first.distance.value < SAME:
            return "A and B hardly differ in any column that is not known."
        words = (
            f"What differs most is {first.column.title}: {_of_100(first.distance)} in A would need "
            f"another answer to be like B ({first.words})."
        )
        named = [each for each in rest[: most - 1] if each.distance.value >= SAME]
        if named:
            words += " Then " + "; ".join(
                f"{each.column.title}, {_of_100(each.distance)} ({each.words})" for each in named
            )
            words += "."
        alike = sum(each.distance.value < SAME for each in self.open)
        if alike:
            words += f" {alike} of {len(self.open)} columns hardly differ."
        return words

    def to_csv(self) -> bytes:
        """Every level of every column, one a row, safe for spreadsheets.

        Returns
        -------
        bytes
            UTF-8.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        heads = "column,level,share_a,share_b,difference,distance,low,high,bits,known,exact"
        writer.writerow([*heads.split(","), "real_distance", "real_low", "real_high"])
        for each in self.differences:
            real = each.real
            ends = ["", "", ""] if real is None else [real.value, real.low, real.high]
            about = [each.distance.value, each.distance.low, each.distance.high, each.bits]
            for label, a, b in zip(each.labels, each.a, each.b, strict=True):
                writer.writerow(
                    [
                        _safe(each.column.name),
                        _safe(label),
                        *(f"{value:.6g}" for value in (a, b, a - b, *about)),
                        str(each.in_evidence).lower(),
                        str(self.exact).lower(),
                        *(f"{end:.6g}" if end != "" else "" for end in ends),
                    ]
                )
        return out.getvalue().encode()

    def to_html(self, title: str, a: str, b: str) -> str:
        """The comparison as one page that opens offline.

        Parameters
        ----------
        title : str
            Of the population.
        a, b : str
            Who the groups are.

        Returns
        -------
        str
        """
        how = (
            "Every figure follows from the model exactly; nobody was drawn."
            if self.exact
            else f"Estimated from {self.people:,} synthetic people of each group; intervals are "
            "95%, by bootstrap."
        )
        body = html.paragraph(f"A: {a}. B: {b}.") + html.paragraph(self.sentence(5))
        body += html.paragraph(how, quiet=True)
        heads = ("Column", "Would need another answer", "Among real people", "Bits", "A, against B")
        rows = [
            (
                each.column.title + " (known)" * each.in_evidence,
                interval_words(each.distance),
                "not counted" if each.real is None else interval_words(each.real),
                f"{each.bits:.3f}",
                each.words,
            )
            for each in self.differences
        ]
        body += html.table(heads, rows)
        for each in self.differences:
            levels = [
                (label, _percent(x), _percent(y), f"{100 * (x - y):+.1f}")
                for label, x, y in zip(each.labels, each.a, each.b, strict=True)
            ]
            body += html.details(
                each.column.title, html.table(("", "A", "B", "Percentage points"), levels)
            )
        return html.page(f"{title}: two groups side by side", f'<div class="rp">{body}</div>')


def compare_groups(
    population: Population,
    a: Conditional,
    b: Conditional,
    real: tuple[Margins | None, Margins | None] = (None, None),
    *,
    people: int = PEOPLE,
    seed: int = 0,
) -> GroupComparison:
    """Compare two groups in every learned column.

    Parameters
    ----------
    population : Population
        Its counts say which places a column has where the model does not.
    a, b : Conditional
        The groups, in canonical dtypes.
    real : tuple of (Margins or None, Margins or None)
        Counts of the real people of each group, over the population's places.
    people : int
        How many of each are drawn where the model answers no question exactly.
    seed : int
        Of the people and of the intervals.

    Returns
    -------
    GroupComparison
    """
    exact = a.exact and b.exact
    frames = None if exact else (a.sample(people, seed=seed), b.sample(people, seed=seed + 1))
    counts, differences = population.contingency, []
    for column in population.modelled.columns:
        name = column.name
        means = None
        if frames is None:
            labels, x, y, means = _exact(population, a, b, column)
            distance = Distance.exactly(0.5 * float(np.abs(x - y).sum()))
        else:
            labels = counts.labels(name)
            drawn = [counts.count(frame, name) for frame in frames]
            x, y = (each / each.sum() for each in drawn)
            distance = Distance.of_counts(drawn[0], drawn[1], seed)
            if column.is_number:
                x_mean, y_mean = (float(frame[name].astype(float).mean()) for frame in frames)
                means = (x_mean, y_mean)
        differences.append(
            GroupDifference(
                column,
                labels,
                x,
                y,
                distance,
                jensen_shannon(x, y),
                means,
                in_evidence=name in a.evidence or name in b.evidence,
                real=_real(real, name, seed),
            )
        )
    ranked = sorted(differences, key=lambda each: -each.distance.value)
    return GroupComparison(tuple(ranked), exact, 0 if exact else people)


def jensen_shannon(a: np.ndarray, b: np.ndarray) -> float:
    """The Jensen–Shannon divergence of two distributions in bits, 0 to 1.

    Parameters
    ----------
    a, b : ndarray of float, shape (n,)
        Probabilities; each sums to one.

    Returns
    -------
    float
    """
    both = a + b  # not halved: half of the smallest number is nought
    total = 0.0
    for each in (a, b):
        some = each > 0
        total += float((each[some] * np.log2(2 * each[some] / both[some])).sum()) / 2
    return min(max(total, 0.0), 1.0)


def interval_words(distance: Distance) -> str:
    """A distance as people of a hundred, with its interval where it is estimated."""
    text = _of_100(distance)
    if distance.exact:
        return text
    return f"{text} ({100 * distance.low:.1f} to {100 * distance.high:.1f})"


def _exact(
    population: Population, a: Conditional, b: Conditional, column: Column
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, tuple[float, float] | None]:
    """Both groups' shares over the same places, and averages of a number."""
    x, y = a.marginal(column.name), b.marginal(column.name)
    means = (x.mean, y.mean)
    known = None if means[0] is None or means[1] is None else (means[0], means[1])
    if x.labels == y.labels:
        return x.labels, x.probabilities, y.probabilities, known
    labels = population.contingency.labels(column.name)
    edges = population.contingency.edges(column.name)
    shares = [exact_shares(each, column.name, labels, edges) for each in (a, b)]
    if shares[0] is None or shares[1] is None:  # levels are the same for everybody
        raise AssertionError(f"{column.name} has other levels in the two groups")
    return labels, shares[0], shares[1], known


def _real(real: tuple[Margins | None, Margins | None], name: str, seed: int) -> Distance | None:
    a, b = real
    if a is None or b is None or not a.rows or not b.rows:
        return None
    return Distance.of_counts(a.marginal(name), b.marginal(name), seed)


def _tell(column: Column, a: float, b: float) -> bool:
    """Whether two averages show how a number differs; dates and years always do."""
    if math.isnan(a) or math.isnan(b):
        return False
    if column.format is not None or describe.is_year(column):
        return a != b
    return abs(a - b) >= _APART * max(abs(a), abs(b))


def _average(column: Column, mean: float) -> str:
    """An average with three digits or so, or as the column's table writes it."""
    if column.format is not None or describe.is_year(column):
        return describe.number_words(column, mean)
    return f"{mean:,.0f}" if abs(mean) >= 100 else f"{mean:.3g}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.0995 or share == 0 else f"{share:.1%}"


def _of_100(distance: Distance) -> str:
    people = 100 * distance.value
    return f"{people:.0f} of 100" if people >= 9.95 else f"{people:.1f} of 100"


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
