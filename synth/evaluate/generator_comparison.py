"""Generators side by side: each learns one half of a table and is judged with the other.

The same split, the same plan and the same judges for all; fresh real people (the learned half
beside the other) stand in the table too. Figures are those of `fidelity` and `utility`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import fidelity
from synth.evaluate.html import page, paragraph, section, table
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
    """

    learned: int
    judged: int
    target: str
    score: str
    entries: tuple[Entry, ...]
    fresh: Entry
    curves: dict[str, dict[str, list[float]]]

    @property
    def best(self) -> Entry:
        """The entry whose people are told from real ones worst."""
        return min(self.entries, key=lambda entry: entry.hgb_auc)

    @property
    def sentence(self) -> str:
        """Who wins, and by what."""
        best = self.best
        if len(self.entries) == 1:
            return (
                f"{best.title}: gradient boosting tells its people from unseen real ones with an "
                f"AUC of {best.hgb_auc:.3f} (0.5 is chance)."
            )
        others = sorted(e.hgb_auc for e in self.entries if e is not best)
        return (
            f"{best.title} is told from unseen real people worst: AUC {best.hgb_auc:.3f}, the next "
            f"{others[0]:.3f} (0.5 is chance). A model of {self.target} that learned from its "
            f"people scores {best.utility:.3f}, one that learned from real people "
            f"{self.fresh.utility:.3f}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self) | {"sentence": self.sentence}

    def to_html(self, title: str) -> str:
        """One page with the table.

        Parameters
        ----------
        title : str
            The page's heading; it is escaped, as all texts are.

        Returns
        -------
        str
            A whole HTML document.
        """
        heads = ["Generator", *(words for _, words, _ in FIGURES)]
        rows = [
            [entry.title, *(form.format(getattr(entry, key)) for key, _, form in FIGURES)]
            for entry in (*self.entries, self.fresh)
        ]
        body = paragraph(self.sentence) + table(heads, rows)
        body += paragraph(
            f"Learned from {self.learned:,} people, judged with {self.judged:,} others. Utility is "
            f"the {self.score} of {self.target}.",
            quiet=True,
        )
        notes = "".join(
            paragraph(f"{entry.title}: {entry.note}") for entry in self.entries if entry.note
        )
        return page(title, section("Generators", body) + (section("Notes", notes) if notes else ""))


FIGURES: tuple[tuple[str, str, str], ...] = (
    ("hgb_auc", "HGB", "{:.3f}"),
    ("lr_auc", "LR", "{:.3f}"),
    ("tvd1", "columns", "{:.3f}"),
    ("tvd2", "pairs", "{:.3f}"),
    ("utility", "utility", "{:.3f}"),
    ("repeat_share", "repeats", "{:.3f}"),
    ("seconds", "seconds", "{:.0f}"),
    ("rows_per_second", "rows/s", "{:,.0f}"),
    ("megabytes", "MB", "{:.1f}"),
)
"""What the table shows: attribute, head, form."""


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

    Returns
    -------
    GeneratorComparison

    Raises
    ------
    PopulaceError
        There are too few rows, or no such generator.
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
    entries: list[Entry] = []
    curves: dict[str, dict[str, list[float]]] = {}
    fresh: Entry | None = None
    for number, learner in enumerate(learners):

        def say(share: float, words: str, number: int = number, title: str = learner.title) -> None:
            progress((number + share) / len(learners), f"{title}: {words}")

        begun = time.perf_counter()
        population = fit(
            known,
            replace(plan, generator=learner.name, seed=seed),
            lambda share, words, say=say: say(0.7 * share, words),  # type: ignore[misc]
            minutes=minutes,
        )
        seconds = time.perf_counter() - begun
        report = getattr(population.model, "report", {})
        if report.get("losses"):
            curves[learner.name] = dict(report["losses"])
        variants = [(learner.name, learner.title, population, seconds)]
        if refined:
            say(0.75, "refining")
            corrected, _ = refine(population, seed=seed)
            if corrected.refinement is not None:
                seconds = time.perf_counter() - begun
                title = f"{learner.title}, refined"
                variants.append((f"{learner.name}+refined", title, corrected.refined, seconds))
        for name, title, people_of, took in variants:
            say(0.8, "judging")
            entry, reference, used, score = _judged(
                people_of, unseen, half, target, seed, (name, title, took)
            )
            entries.append(entry)
            fresh = reference if fresh is None else fresh
    assert fresh is not None  # there is at least one learner
    progress(1.0, "Done")
    return GeneratorComparison(half, len(unseen), used, score, tuple(entries), fresh, curves)


def _judged(
    population: Population,
    unseen: pd.DataFrame,
    rows: int,
    target: str | None,
    seed: int,
    named: tuple[str, str, float],
) -> tuple[Entry, Entry, str, str]:
    """The entry of a population, that of fresh people, the target and its score's name."""
    name, title, seconds = named
    begun = time.perf_counter()
    people = canonical(population.answer()).sample(rows, seed=seed + 1)
    speed = rows / max(time.perf_counter() - begun, 1e-9)
    if population.table is None:
        raise PopulaceError("The real rows are not at hand: compare before they are put away.")
    schema = Schema(tuple(replace(column, role="model") for column in population.schema))
    real = make_table(population.table.frame[list(schema.names)], schema)
    comparison = Comparison.of(real, people, holdout=unseen, seed=seed)
    figures = fidelity(comparison)
    column = target or targets(comparison.columns, 1)[0]
    useful = utility(comparison, column)
    entry = Entry(
        name,
        title,
        figures.hgb_auc,
        figures.lr_auc,
        figures.tvd1,
        figures.tvd2,
        useful.synthetic,
        figures.repeat_share,
        round(seconds, 2),
        round(speed, 1),
        round(_megabytes(population), 3),
        " ".join(getattr(population.model, "notes", ())),
    )
    fresh = Entry(
        FRESH,
        FRESH.capitalize(),
        figures.hgb_auc_reference,
        figures.lr_auc_reference,
        figures.tvd1_reference,
        figures.tvd2_reference,
        useful.real,
        figures.repeat_share_reference,
    )
    return entry, fresh, column, useful.score


def _megabytes(population: Population) -> float:
    with TemporaryDirectory(prefix="populace-size-") as folder:
        write(population, folder)
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
