"""Fairness: which columns depend on gender or ethnicity, among real and among synthetic people?

A synthetic table should tell what the real one tells: a dependence that is lost hides a difference
between groups, one that is new makes one up. Dependence is `association.cramers_v` and its test
(Pearson's chi², Bonferroni over all questions of the table); the gap is the largest difference
between two groups in the share of one place of the column (statistical parity), among groups of at
least 50 people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.stats import chi2

from synth.data.column import Column
from synth.data.meaning import Meaning, guess_by_name
from synth.errors import PopulaceError
from synth.evaluate.association import coarse_pair, cramers_v
from synth.evaluate.html import details, key, paragraph, table, twins
from synth.evaluate.question import FRESH, Answer, Progress, Question, Section, Titles, percent

if TYPE_CHECKING:
    from synth.data.contingency import ContingencyTables
    from synth.evaluate.comparison import Comparison

SENSITIVE: tuple[Meaning, ...] = ("gender", "ethnicity")
"""Meanings of the columns that fairness asks about unless others are named."""
CHANCE = 0.01
GROUP = 50
GROUPS = 20  # a column with more levels makes no groups
Verdict = Literal["kept", "weaker", "stronger", "lost", "new", "none"]


@dataclass(frozen=True)
class Dependence:
    """How a column depends on a group, among real and synthetic people.

    Associations are bias-corrected Cramér's V (Bergsma 2013; see `association`), 0 to 1.

    Attributes
    ----------
    column, group : str
        Names.
    real : float
        The association among the real people.
    reference : float
        That among fresh real people: the holdout, half of the real people, or people drawn from the
        real counts.
    synthetic : float
        That among the synthetic people.
    gap_real, gap_synthetic : float
        The largest difference between two groups of at least 50 people in the share of one place of
        the column, 0 to 1 (statistical parity).
    verdict : "kept", "weaker", "stronger", "lost", "new" or "none"
        Weaker or stronger where the association moved by over 0.05 and over a quarter of the real
        one; lost or new where it is significant on one side alone and above 0.05 there; else kept
        where it is significant among the real people, and none where it is not.
    """

    column: str
    group: str
    real: float
    reference: float
    synthetic: float
    gap_real: float
    gap_synthetic: float
    verdict: Verdict


@dataclass(frozen=True)
class Fairness:
    """Every column's dependence on every group.

    Attributes
    ----------
    groups : tuple of str
        Names of the columns that make groups.
    dependences : tuple of Dependence
        Group by group, columns in the table's order.
    """

    groups: tuple[str, ...]
    dependences: tuple[Dependence, ...]

    def of(self, verdict: Verdict) -> tuple[Dependence, ...]:
        """The dependences of a verdict.

        Parameters
        ----------
        verdict : "kept", "weaker", "stronger", "lost", "new" or "none"
            As in `Dependence`.

        Returns
        -------
        tuple of Dependence
        """
        return tuple(item for item in self.dependences if item.verdict == verdict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return {
            "groups": list(self.groups),
            "dependences": [asdict(item) for item in self.dependences],
        }


def sensitive_columns(columns: Iterable[Column | str]) -> tuple[str, ...]:
    """The names of the columns that tell gender or ethnicity.

    Parameters
    ----------
    columns : iterable of Column or str
        A column goes by what it means, a mere name by what it sounds like.

    Returns
    -------
    tuple of str
    """
    return tuple(
        column if isinstance(column, str) else column.name
        for column in columns
        if (guess_by_name(column, "categorical") if isinstance(column, str) else column.means)
        in SENSITIVE
    )


def fairness(comparison: Comparison) -> Fairness:
    """Compare how every column depends on each of the comparison's groups.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people. Its groups are asked about; those called gender, sex, ethnicity
        or race, if none are given.

    Returns
    -------
    Fairness

    Raises
    ------
    PopulaceError
        A group is unknown, or has fewer than 2 or more than 20 levels.
    """
    names = comparison.names
    chosen = sensitive_columns(names) if comparison.groups is None else comparison.groups
    _check_groups(chosen, {column.name: len(column.levels) for column in comparison.columns})
    real = comparison.all("real")
    if comparison.holdout is not None:
        fresh = comparison.all("holdout")
    else:
        fresh = real.halves(comparison.random())[0]
    places = comparison.places(10)
    codes = [places.of(sample) for sample in (real, comparison.all("synthetic"), fresh)]

    def crossed(group: str, name: str) -> list[np.ndarray]:
        height, width = places.sizes[group], places.sizes[name]
        return [
            np.bincount(part[group] * width + part[name], minlength=height * width).reshape(
                height, width
            )
            for part in codes
        ]

    return _fairness(chosen, names, crossed)


def fairness_of_counts(
    real: ContingencyTables,
    synthetic: ContingencyTables,
    groups: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> Fairness:
    """`fairness` from counts of pairs alone.

    The reference is of people drawn from the real counts, as many as there are synthetic ones.

    Parameters
    ----------
    real : ContingencyTables
        Counts of the real people.
    synthetic : ContingencyTables
        Counts of the synthetic people over the same places: `real.recount(frame)`.
    groups : sequence of str, optional
        The columns that make groups; those called gender, sex, ethnicity or race if not given.
    seed : int
        Of the people who are drawn for the reference.

    Returns
    -------
    Fairness

    Raises
    ------
    PopulaceError
        A group is unknown, or has fewer than 2 or more than 20 levels.
    """
    names = real.columns
    chosen = sensitive_columns(names) if groups is None else tuple(groups)
    levels = {name: len(real.labels(name)) if real.edges(name) is None else 0 for name in names}
    _check_groups(chosen, levels)
    random = np.random.default_rng(seed)

    def crossed(group: str, name: str) -> list[np.ndarray]:
        counts = coarse_pair(real, group, name)
        drawn = random.multinomial(synthetic.rows, counts.ravel() / counts.sum())
        crossed_synthetic = coarse_pair(synthetic, group, name, real)
        return [counts, crossed_synthetic, drawn.reshape(counts.shape)]

    return _fairness(chosen, names, crossed)


def _check_groups(chosen: Sequence[str], levels: Mapping[str, int]) -> None:
    for group in chosen:
        if group not in levels:
            raise PopulaceError(
                f"No column is called “{group}”: choose the groups among {', '.join(levels)}."
            )
        if not 1 < levels[group] <= GROUPS:
            raise PopulaceError(
                f"Column “{group}” makes no groups: choose one with 2 to {GROUPS} levels."
            )


def _fairness(
    chosen: Sequence[str],
    names: Sequence[str],
    crossed: Callable[[str, str], list[np.ndarray]],
) -> Fairness:
    """The dependences of every column on every group.

    Parameters
    ----------
    chosen : sequence of str
        The columns that make groups.
    names : sequence of str
        All columns.
    crossed : callable
        Gets a group and a column; returns their counts, shape (levels of the group, places) each,
        of real, synthetic and fresh people.

    Returns
    -------
    Fairness
    """
    questions = max(1, len(chosen) * (len(names) - 1))
    out = []
    for group in chosen:
        for name in names:
            if name == group:
                continue
            counts = crossed(group, name)
            real_v, made_v, fresh_v = cramers_v(np.stack(counts)).tolist()
            depends = [_chance(table) < CHANCE / questions for table in counts[:2]]
            out.append(
                Dependence(
                    name,
                    group,
                    real_v,
                    fresh_v,
                    made_v,
                    _gap(counts[0]),
                    _gap(counts[1]),
                    _verdict(depends[0], depends[1], real_v, made_v),
                )
            )
    return Fairness(tuple(chosen), tuple(out))


def _verdict(depends: bool, depends_synthetic: bool, real: float, synthetic: float) -> Verdict:
    if not depends and not depends_synthetic:
        return "none"
    if not depends:
        return "new" if synthetic > 0.05 else "none"
    if not depends_synthetic:
        return "lost" if real > 0.05 else "kept"
    if abs(synthetic - real) <= max(0.05, real / 4):
        return "kept"
    return "stronger" if synthetic > real else "weaker"


def _chance(counts: np.ndarray) -> float:
    """The chance of such a table without any dependence, by Pearson's chi²."""
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0].astype(float)
    if min(counts.shape) < 2:
        return 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    statistic = ((counts - expected) ** 2 / expected).sum()
    return float(chi2.sf(statistic, (counts.shape[0] - 1) * (counts.shape[1] - 1)))


def _gap(counts: np.ndarray) -> float:
    groups = counts[counts.sum(axis=1) >= GROUP]
    if len(groups) < 2:
        return 0.0
    shares = groups / groups.sum(axis=1, keepdims=True)
    return float((shares.max(axis=0) - shares.min(axis=0)).max())


# ── The question ─────────────────────────────────────────────────────────────────────────────────

SHOWN = 24  # bars of one chart; the rest stands in the JSON


def _ask(comparison: Comparison, progress: Progress) -> Answer | None:
    """What depends on the groups, among real and synthetic people?"""
    progress(0.0, "What depends on groups")
    groups = comparison.groups
    if not (sensitive_columns(comparison.names) if groups is None else groups):
        return None
    figures = fairness(comparison)
    return Answer(fairness_section(figures, Titles.of(comparison.columns)), {"fairness": figures})


QUESTION: Question[Comparison] = Question("fairness", 3, _ask)


def fairness_section(figures: Fairness, titles: Titles) -> Section:
    """What depends on the groups, among real and synthetic people?

    Parameters
    ----------
    figures : Fairness
        The answer in figures.
    titles : Titles
        Words for columns.

    Returns
    -------
    Section
    """
    groups = [titles(group) for group in figures.groups]
    question = f"Fairness: what depends on {' and '.join(groups)}?"
    if not figures.dependences:
        return Section("fairness", question, "No other column could depend on it.", "")
    sentences, body = [], ""
    for group, words in zip(figures.groups, groups, strict=True):
        own = sorted(
            (item for item in figures.dependences if item.group == group),
            key=lambda item: -item.real,
        )
        sentences.append(_fair_words(own, words, titles))
        body += key(("quiet", f"association with {words}, real"), ("", "synthetic")) + twins(
            [
                (
                    titles(item.column),
                    item.real,
                    item.synthetic,
                    f"{item.real:.2f} · {item.synthetic:.2f}"
                    + (f" · {item.verdict}" if item.verdict != "none" else ""),
                )
                for item in own[:SHOWN]
            ]
        )
        body += details(
            f"Associations with {words}, and the widest gaps between groups",
            table(
                ("", "real", "synthetic", FRESH, "gap, real", "gap, synthetic"),
                [
                    (
                        titles(item.column),
                        f"{item.real:.3f}",
                        f"{item.synthetic:.3f}",
                        f"{item.reference:.3f}",
                        percent(item.gap_real),
                        percent(item.gap_synthetic),
                    )
                    for item in own
                ],
            ),
        )
    body += paragraph(
        "A dependence that is lost hides a difference between groups; one that is new makes one "
        "up. Kept means within 0.05 or a quarter of the real association.",
        quiet=True,
    )
    return Section("fairness", question, " ".join(sentences), body)


def _fair_words(own: Sequence[Dependence], group: str, titles: Titles) -> str:
    depends = [item for item in own if item.verdict not in ("none", "new")]
    counted = []
    for verdict in ("weaker", "stronger", "lost", "new"):
        some = [titles(item.column) for item in own if item.verdict == verdict]
        if some:
            counted.append(f"{len(some)} {verdict} ({', '.join(some)})")
    kept = sum(item.verdict == "kept" for item in own)
    out = f"Of {len(own)} columns, {len(depends)} depend on {group} among real people: {kept} kept"
    return f"{out}{', ' if counted else ''}{', '.join(counted)}."
