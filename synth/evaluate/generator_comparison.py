"""Generators side by side: each learns one half of a table and is judged with the other.

The same split, the same plan and the same judges for all; fresh real people (the learned half
beside the other) stand in the table too. Figures are those of `fidelity` and `utility`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import fidelity
from synth.evaluate.generator_figures import Figures, PeopleFigures, Ruler
from synth.evaluate.privacy import privacy
from synth.evaluate.shape import shape
from synth.evaluate.utility import targets, utility
from synth.fitting.fit import fit
from synth.fitting.refine import refine
from synth.generators import generator, names
from synth.populations import write
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    import pandas as pd

    from synth.fitting.plan import Plan
    from synth.populations import Population

FEWEST = 80
"""Rows below which halves are too small to judge with."""
MOST = 30_000
"""Rows in each half."""
FRESH = "fresh real people"
REAL = "unseen real people"
ATTACKED = 6_000
"""People of each side of an attack, at most."""
_WARM = 64
"""People drawn before drawing is timed."""
FORMAT = "populace-comparison/1"
FILE = "comparison.json"
"""Its name beside a population's files."""

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Entry:
    """One generator in the table, or fresh real people.

    Attributes
    ----------
    name, title : str
        What learned; ``fresh real people`` where nothing did.
    hgb_auc, lr_auc : float
        How well gradient boosting, and a logistic regression, tell its people; 0.5 is best.
    tvd1, tvd2 : float
        Distances of single columns and of pairs.
    utility : float
        The score of a model of `target` that learned from its people.
    repeat_share : float
        The share of its people who repeat the categories of a learned one.
    seconds : float
        For learning.
    rows_per_second : float
        In drawing.
    megabytes : float
        Of the population's folder.
    note : str
        What the generator says of what it learned.
    tvd3 : float
        Distance of triples of columns.
    closest : float
        Mean distance to the closest learned record, over that of fresh real people; below 1 is
        closer than chance.
    attack : float
        What the worst attack gets of learned people beyond what it gets of people never seen.
    attack_name : str
        Which one that is.
    device : str
        What learned, "cpu" or "cuda".
    """

    name: str
    title: str
    hgb_auc: float
    lr_auc: float
    tvd1: float
    tvd2: float
    utility: float
    repeat_share: float
    seconds: float = 0.0
    rows_per_second: float = 0.0
    megabytes: float = 0.0
    note: str = ""
    tvd3: float = 0.0
    closest: float = 1.0
    attack: float = 0.0
    attack_name: str = ""
    device: str = "cpu"


@dataclass(frozen=True)
class Figure:
    """A column of the table.

    Attributes
    ----------
    key : str
        The attribute of `Entry`.
    head, words : str
        Over the column, and what it means.
    form : str
        How a value is written.
    best : {"low", "high", "fresh", ""}
        Which value is best: the lowest, the highest, the one nearest to fresh people's; or none.
    of_fresh : bool
        Whether fresh people have a value.
    """

    key: str
    head: str
    words: str
    form: str
    best: Literal["low", "high", "fresh", ""]
    of_fresh: bool = True

    def text(self, entry: Entry) -> str:
        """An entry's value in writing."""
        if entry.name == FRESH and not self.of_fresh:
            return "–"
        return self.form.format(getattr(entry, self.key))


FIGURES: tuple[Figure, ...] = (
    Figure(
        "hgb_auc",
        "HGB",
        "how well gradient boosting tells its people from unseen real ones (AUC; 0.5 is chance)",
        "{:.3f}",
        "low",
    ),
    Figure("lr_auc", "LR", "the same by a logistic regression", "{:.3f}", "low"),
    Figure("tvd1", "columns", "distance of the shares of single columns", "{:.3f}", "low"),
    Figure("tvd2", "pairs", "distance of the shares of pairs of columns", "{:.3f}", "low"),
    Figure("tvd3", "three-way", "distance of the shares of three columns", "{:.3f}", "low"),
    Figure("utility", "utility", "score of a model that learned from its people", "{:.3f}", "high"),
    Figure(
        "repeat_share",
        "repeats",
        "share of its people whose categories some learned person has",
        "{:.3f}",
        "fresh",
    ),
    Figure(
        "closest",
        "closest record",
        "mean distance to the closest learned person, as a part of fresh people's",
        "{:.2f}",
        "fresh",
    ),
    Figure(
        "attack",
        "attacks",
        "what the worst attack gets of learned people beyond people never seen",
        "{:.1%}",
        "low",
        False,
    ),
    Figure("seconds", "seconds", "for learning", "{:,.1f}", "low", False),
    Figure("rows_per_second", "rows/s", "people drawn in a second", "{:,.0f}", "high", False),
    Figure("megabytes", "MB", "size of what was learned", "{:.2f}", "low", False),
)
"""What the table shows."""


@dataclass(frozen=True)
class GeneratorComparison:
    """What every generator made of the same half of a table.

    Attributes
    ----------
    learned, judged : int
        Rows of the two halves.
    target : str
        The column that models learn for `utility`.
    score : str
        The utility's name: "AUC" or "R²".
    entries : tuple of Entry
        The generators in the order asked for.
    fresh : Entry
        Fresh real people.
    curves : mapping of str to mapping of str to list of float
        Generator → curves of losses, where it learned step by step.
    figures : Figures or None
        What charts show of everybody, real people first.
    failed : mapping of str to str
        Generator → why it could not learn this table.
    """

    learned: int
    judged: int
    target: str
    score: str
    entries: tuple[Entry, ...]
    fresh: Entry
    curves: Mapping[str, Mapping[str, list[float]]]
    figures: Figures | None = None
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def best(self) -> Entry:
        """The entry whose people are told from real ones worst."""
        return min(self.entries, key=lambda entry: abs(entry.hgb_auc - 0.5))

    def bold(self, figure: Figure) -> frozenset[str]:
        """The names of the entries with a column's best value, as it is written."""
        if not figure.best:
            return frozenset()
        aim = getattr(self.fresh, figure.key) if figure.best == "fresh" else 0.0
        sign = -1.0 if figure.best == "high" else 1.0

        def rank(entry: Entry) -> float:
            value = getattr(entry, figure.key)
            return abs(value - aim) if figure.best == "fresh" else sign * value

        written = figure.text(min(self.entries, key=rank))
        return frozenset(e.name for e in self.entries if figure.text(e) == written)

    @property
    def target_title(self) -> str:
        """The column that models learn, as screens call it."""
        columns = () if self.figures is None else self.figures.columns
        return next((c.title for c in columns if c.name == self.target), self.target)

    @property
    def sentence(self) -> str:
        """Who wins, by what, and why."""
        best = self.best
        auc_words = f"AUC {best.hgb_auc:.3f}, 0.5 is chance"
        if len(self.entries) == 1:
            return (
                f"{best.title}: gradient boosting tells its people from unseen real ones with "
                f"{auc_words}."
            )
        others = sorted(
            (e for e in self.entries if e is not best), key=lambda e: abs(e.hgb_auc - 0.5)
        )
        second = others[0]
        # Of two AUCs near chance, from halves of the judged and as many drawn people (Hanley and
        # McNeil 1982).
        noise = 2 * math.sqrt(2 / (3 * max(self.judged, 1)))
        ahead = "by a hair, " if second.hgb_auc - best.hgb_auc < noise else ""
        return (
            f"{best.title} wins, {ahead}because its people are the hardest to tell from unseen "
            f"real ones ({auc_words}; next {second.title} with {second.hgb_auc:.3f}): "
            f"{self._why(best, others)} A model of “{self.target_title}” that learned from its "
            f"people scores {best.utility:.3f}, one that learned from real people "
            f"{self.fresh.utility:.3f}."
        )

    def _why(self, best: Entry, others: Sequence[Entry]) -> str:
        """Which distances speak for the winner, most telling first; a whole clause."""
        words = {"tvd3": "three columns", "tvd2": "pairs of columns", "tvd1": "single columns"}
        for key, what in words.items():
            mine, theirs = getattr(best, key), [getattr(e, key) for e in others]
            if mine < min(theirs):
                return (
                    f"the shares of {what} are {mine:.3f} from real ones, the others’ "
                    f"{min(theirs):.3f} to {max(theirs):.3f}, fresh people’s "
                    f"{getattr(self.fresh, key):.3f}."
                )
        closer = min(others, key=lambda e: e.tvd2)
        return (
            f"what gives people away is more than pairs of columns, in which {closer.title} is "
            f"closer ({closer.tvd2:.3f} from real ones beside {best.tvd2:.3f})."
        )

    @property
    def card_line(self) -> str:
        """One line for a population's card."""
        each = ", ".join(
            f"{entry.title} {entry.hgb_auc:.3f}"
            for entry in sorted(self.entries, key=lambda e: e.hgb_auc)
        )
        return (
            f"Generators side by side, learned from {self.learned:,} people and judged with "
            f"{self.judged:,} others (gradient boosting’s AUC, 0.5 is chance): {each}; fresh real "
            f"people {self.fresh.hgb_auc:.3f}."
        )

    def joined(self, other: GeneratorComparison) -> GeneratorComparison:
        """This comparison and another of the same halves; of one generator the other's entry.

        Raises
        ------
        PopulaceError
            They are not of the same people.
        """
        mine, theirs = self.figures, other.figures
        same = (self.learned, self.judged, self.target) == (
            other.learned,
            other.judged,
            other.target,
        )
        if mine is not None and theirs is not None:
            same = same and mine.people[REAL].counts == theirs.people[REAL].counts
        if not same:
            raise PopulaceError(
                "The comparisons are not of the same people: compare with the same table, target "
                "and seed."
            )
        entries = {entry.name: entry for entry in (*self.entries, *other.entries)}
        figures = theirs or mine
        if mine is not None and theirs is not None:
            figures = replace(theirs, people={**mine.people, **theirs.people})
        failed = {name: words for name, words in self.failed.items() if name not in entries}
        return replace(
            other,
            entries=tuple(entries.values()),
            curves={**self.curves, **other.curves},
            figures=figures,
            failed={**failed, **other.failed},
        )

    def title_of(self, name: str) -> str:
        """The title of an entry, or of real people."""
        known = {entry.name: entry.title for entry in (*self.entries, self.fresh)}
        return known.get(name, name[:1].upper() + name[1:])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return {
            "format": FORMAT,
            "learned": self.learned,
            "judged": self.judged,
            "target": self.target,
            "score": self.score,
            "entries": [_plain(entry) for entry in self.entries],
            "fresh": _plain(self.fresh),
            "curves": {name: dict(curves) for name, curves in self.curves.items()},
            "figures": None if self.figures is None else self.figures.to_dict(),
            "failed": dict(self.failed),
            "sentence": self.sentence,
        }

    @staticmethod
    def from_dict(value: Mapping[str, Any]) -> GeneratorComparison:
        """The comparison that `to_dict` wrote.

        Raises
        ------
        PopulaceError
            It is damaged.
        """
        try:
            if value["format"] != FORMAT:
                raise ValueError(value["format"])
            figures = value["figures"]
            return GeneratorComparison(
                int(value["learned"]),
                int(value["judged"]),
                str(value["target"]),
                str(value["score"]),
                tuple(_entry(each) for each in value["entries"]),
                _entry(value["fresh"]),
                {
                    str(name): {str(k): [float(v) for v in curve] for k, curve in curves.items()}
                    for name, curves in value["curves"].items()
                },
                None if figures is None else Figures.from_dict(figures),
                {str(name): str(words) for name, words in value.get("failed", {}).items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PopulaceError("The comparison is damaged: make it again.") from error

    def to_html(self, title: str) -> str:
        """One page with the table and the charts.

        Parameters
        ----------
        title : str
            The page's heading; it is escaped, as all texts are.

        Returns
        -------
        str
            A whole HTML document.
        """
        from synth.evaluate.generator_page import comparison_page

        return comparison_page(self, title)


def stored(population: Population) -> GeneratorComparison | None:
    """The comparison that lies beside a population's files, where there is one.

    Raises
    ------
    PopulaceError
        It is damaged.
    """
    path = None if population.folder is None else population.folder / FILE
    if path is None or not path.is_file():
        return None
    return read_comparison(path)


def read_comparison(path: Path) -> GeneratorComparison:
    """A comparison that was written as JSON.

    Raises
    ------
    PopulaceError
        It is damaged.
    """
    try:
        return GeneratorComparison.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise PopulaceError(f"{path} is damaged: make the comparison again.") from error


def _plain(entry: Entry) -> dict[str, Any]:
    """An entry's values, numbers with six digits."""
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in asdict(entry).items()}


def _entry(value: Mapping[str, Any]) -> Entry:
    values: dict[str, Any] = {
        each.name: (str if each.type == "str" else float)(value[each.name])
        for each in fields(Entry)
        if each.name in value
    }
    return Entry(**values)


def compare_generators(
    frame: pd.DataFrame,
    plan: Plan,
    chosen: Sequence[str] = (),
    *,
    minutes: float | None = None,
    refined: bool = False,
    target: str | None = None,
    seed: int = 0,
    progress: Progress = lambda share, words: None,
    starting: Callable[[str], None] = lambda name: None,
) -> GeneratorComparison:
    """Learn one half of a table with several generators and judge each with the other half.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows as they were read.
    plan : Plan
        What is learned of them.
    chosen : sequence of str
        Names of generators; all if empty.
    minutes : float, optional
        The budget of each that learns step by step.
    refined : bool
        Also judge each refined, as a further entry.
    target : str, optional
        The column that models learn; a suitable one if not given.
    seed : int
        Of the split, of learning and of drawing.
    progress : callable
        Gets the share that is done, and words.
    starting : callable
        Gets each generator's name before it learns.

    Returns
    -------
    GeneratorComparison

    Raises
    ------
    PopulaceError
        There are too few rows, no such generator, or none can learn this table.
    """
    learners = [generator(name) for name in (chosen or names())]
    if len(frame) < FEWEST:
        raise PopulaceError(
            f"The table has {len(frame)} rows: a comparison needs at least {FEWEST}, one half to "
            "learn from and one to judge."
        )
    order = np.random.default_rng(seed).permutation(len(frame))
    half = min(len(order) // 2, MOST)
    known, unseen = (
        frame.iloc[part].reset_index(drop=True) for part in (order[:half], order[-half:])
    )
    judge: _Judge | None = None
    entries: list[Entry] = []
    curves: dict[str, dict[str, list[float]]] = {}
    failed: dict[str, str] = {}
    for number, learner in enumerate(learners):

        def say(share: float, words: str, number: int = number, title: str = learner.title) -> None:
            progress((number + share) / len(learners), f"{title}: {words}")

        starting(learner.name)
        begun = time.perf_counter()
        try:
            population = fit(
                known,
                replace(plan, generator=learner.name, seed=seed),
                lambda share, words, say=say: say(0.7 * share, words),  # type: ignore[misc]
                minutes=minutes,
            )
        except PopulaceError as error:
            failed[learner.name] = str(error)
            continue
        seconds = time.perf_counter() - begun
        report = getattr(population.model, "report", {})
        if report.get("losses"):
            curves[learner.name] = dict(report["losses"])
        device = str(report.get("device", "cpu"))
        variants = [(learner.name, learner.title, population, seconds)]
        if refined:
            say(0.7, "refining")
            corrected, _ = refine(population, seed=seed)
            if corrected.refinement is not None:
                seconds = time.perf_counter() - begun
                title = f"{learner.title}, refined"
                variants.append((f"{learner.name}+refined", title, corrected.refined, seconds))
        for at, (name, title, people_of, took) in enumerate(variants):
            part = 0.75 + 0.25 * at / len(variants)
            say(part, "judging")
            if judge is None:
                judge = _Judge(people_of, unseen, target, seed)
            entries.append(judge.entry(people_of, half, (name, title, took), device))
    if judge is None or judge.fresh is None:
        raise PopulaceError(next(iter(failed.values())))
    progress(1.0, "Done")
    return GeneratorComparison(
        half,
        len(unseen),
        judge.target,
        judge.score,
        tuple(entries),
        judge.fresh,
        curves,
        judge.figures(),
        failed,
    )


class _Judge:
    """The same judges for all.

    Parameters
    ----------
    population : Population
        The first that was learned, its real rows with it.
    unseen : pd.DataFrame
        Real rows that nobody learned from.
    target : str or None
        What models learn.
    seed : int
        Of drawing and judging.
    """

    def __init__(
        self, population: Population, unseen: pd.DataFrame, target: str | None, seed: int
    ) -> None:
        if population.table is None:
            raise PopulaceError("The real rows are not at hand: compare before they are put away.")
        schema = Schema(tuple(replace(column, role="model") for column in population.schema))
        self._real = make_table(population.table.frame[list(schema.names)], schema)
        self._unseen, self._seed = unseen, seed
        # In canonical dtypes, as drawn people are; rows as they were read may be texts.
        others = make_table(unseen[list(schema.names)], schema).frame
        self._ruler = Ruler(self._real.schema.modelled.columns, others)
        self._people: dict[str, PeopleFigures] = {
            REAL: self._ruler.measure(others),
            FRESH: self._ruler.measure(self._real.frame),
        }
        self.target, self.score = target or "", ""
        self.fresh: Entry | None = None

    def figures(self) -> Figures:
        """What charts show of everybody who was judged."""
        return self._ruler.figures(self._people)

    def entry(
        self, population: Population, rows: int, named: tuple[str, str, float], device: str
    ) -> Entry:
        """The entry of a population."""
        name, title, seconds = named
        answer = canonical(population.answer())
        answer.sample(_WARM, seed=self._seed)  # compiled and worked out before it is timed
        begun = time.perf_counter()
        people = answer.sample(rows, seed=self._seed + 1)
        speed = rows / max(time.perf_counter() - begun, 1e-9)
        self._people[name] = self._ruler.measure(people)
        comparison = Comparison.of(self._real, people, holdout=self._unseen, seed=self._seed)
        figures, finer = fidelity(comparison), shape(comparison)
        self.target = self.target or targets(comparison.columns, 1)[0]
        useful = utility(comparison, self.target)
        self.score = useful.score
        risk = privacy(self._some(comparison))
        worst, attack = risk.worst
        if self.fresh is None:
            self.fresh = Entry(
                FRESH,
                FRESH.capitalize(),
                figures.hgb_auc_reference,
                figures.lr_auc_reference,
                figures.tvd1_reference,
                figures.tvd2_reference,
                useful.real,
                figures.repeat_share_reference,
                tvd3=finer.tvd3_reference,
            )
        return Entry(
            name,
            title,
            figures.hgb_auc,
            figures.lr_auc,
            figures.tvd1,
            figures.tvd2,
            useful.synthetic,
            figures.repeat_share,
            seconds,
            speed,
            _megabytes(population),
            " ".join(getattr(population.model, "notes", ())),
            finer.tvd3,
            risk.closeness.ratio,
            attack.excess,
            worst,
            device,
        )

    def _some(self, comparison: Comparison) -> Comparison:
        """At most `ATTACKED` people of each side, who are drawn in no order anyway."""
        parts = {
            side: frame.iloc[:ATTACKED].reset_index(drop=True)
            for side, frame in comparison.frames.items()
        }
        return replace(
            comparison,
            real=parts["real"],
            synthetic=parts["synthetic"],
            holdout=parts["holdout"],
        )


def _megabytes(population: Population) -> float:
    with TemporaryDirectory(prefix="populace-size-") as folder:
        write(population, folder)
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
