"""The report: every question at once, as one value, as JSON and as a page that opens offline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.evaluate.association import MEASURE
from synth.evaluate.diversity import Diversity, diversity
from synth.evaluate.fairness import Fairness, fairness, sensitive_columns
from synth.evaluate.fidelity import Fidelity, evaluate
from synth.evaluate.page import bars, facts, heatmap, page, paragraph, section, table
from synth.evaluate.privacy import Attack, Privacy, privacy
from synth.evaluate.shape import Shape, shape
from synth.evaluate.utility import Utility, targets, utility

if TYPE_CHECKING:
    import pandas as pd

    from synth.table import Table

QUALITY = (
    "The quality is the mean of five parts, each 100 where the synthetic people differ no more "
    "from the real ones than fresh real people do: single columns, pairs and triples of columns "
    "(100 less the excess distance in per cent), associations (100 less ten times the excess "
    "difference in per cent), and how hard they are to tell apart (100 where gradient boosting "
    "guesses, 0 where it always knows)."
)


@dataclass(frozen=True)
class Report:
    """Everything that was asked of one synthetic table.

    quality: 0 to 100, as `QUALITY` says; parts: what it is the mean of.
    """

    title: str
    fidelity: Fidelity
    shape: Shape
    diversity: Diversity
    utility: tuple[Utility, ...]
    privacy: Privacy
    fairness: Fairness | None
    quality: float
    parts: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "title": self.title,
            "quality": round(self.quality, 2),
            "quality_words": QUALITY,
            "quality_parts": {name: round(value, 2) for name, value in self.parts},
            "privacy_level": self.privacy.level,
            "fidelity": self.fidelity.to_dict(),
            "shape": self.shape.to_dict(),
            "diversity": self.diversity.to_dict(),
            "utility": [item.to_dict() for item in self.utility],
            "privacy": self.privacy.to_dict(),
            "fairness": None if self.fairness is None else self.fairness.to_dict(),
        }

    def to_html(self) -> str:
        """One self-contained page: plots inside, nothing fetched, light and dark."""
        return page(
            self.title,
            _summary(self)
            + _fidelity(self.fidelity)
            + _shape(self.shape)
            + _diversity(self.diversity)
            + _utility(self.utility)
            + _privacy(self.privacy)
            + (_fairness(self.fairness) if self.fairness else ""),
        )


def report(
    real: Table,
    synthetic: pd.DataFrame,
    *,
    holdout: pd.DataFrame | None = None,
    target: str | None = None,
    groups: Sequence[str] | None = None,
    title: str = "Synthetic people beside real ones",
    seed: int = 0,
    progress: Callable[[float, str], None] = lambda share, words: None,
) -> Report:
    """Ask every question.

    target: the column that models learn; three suitable ones where none is given.
    groups: the columns that fairness asks about; those called gender, sex, ethnicity or race
        where none are given.
    progress: told the share that is done (0 to 1) and what comes next.

    Raises PopulaceError as `fidelity.evaluate`, `utility.utility` and `fairness.fairness` do.
    """
    columns = real.schema.modelled.columns
    names = [column.name for column in columns]
    progress(0.0, "Fidelity")
    likeness = evaluate(real, synthetic, holdout=holdout, seed=seed)
    progress(0.25, "Shape and diversity")
    finer = shape(real, synthetic, holdout=holdout, seed=seed)
    variety = diversity(real, synthetic, holdout=holdout, seed=seed)
    progress(0.3, "Utility")
    wanted = (target,) if target else (targets(columns) if len(columns) > 1 else ())
    useful = tuple(utility(real, synthetic, name, holdout=holdout, seed=seed) for name in wanted)
    progress(0.55, "Privacy")
    private = privacy(real, synthetic, holdout=holdout, seed=seed)
    progress(0.95, "Fairness")
    asked = sensitive_columns(names) if groups is None else tuple(groups)
    fair = fairness(real, synthetic, asked, holdout=holdout, seed=seed) if asked else None
    parts = quality_parts(likeness, finer)
    progress(1.0, "Done")
    return Report(
        title,
        likeness,
        finer,
        variety,
        useful,
        private,
        fair,
        float(np.mean([value for _, value in parts])),
        parts,
    )


def quality_parts(likeness: Fidelity, finer: Shape) -> tuple[tuple[str, float], ...]:
    """The parts of the quality, 0 to 100 each, as `QUALITY` says."""

    def less(excess: float, weight: float) -> float:
        return float(np.clip(100 - 100 * weight * max(0.0, excess), 0, 100))

    told = max(likeness.hgb_auc, 1 - likeness.hgb_auc)
    told_fresh = max(likeness.hgb_auc_reference, 1 - likeness.hgb_auc_reference)
    return (
        ("Single columns", less(likeness.tvd1 - likeness.tvd1_reference, 1)),
        ("Pairs of columns", less(likeness.tvd2 - likeness.tvd2_reference, 1)),
        ("Triples of columns", less(finer.tvd3 - finer.tvd3_reference, 1)),
        ("Associations", less(likeness.association - likeness.association_reference, 10)),
        ("Hard to tell apart", less(told - told_fresh, 2)),
    )


def _summary(found: Report) -> str:
    levels = {"strong": "Strong", "fair": "Fair", "weak": "Weak", "open": "Not judged"}
    return (
        facts(
            [
                ("Quality", f"{found.quality:.0f}", "of 100"),
                ("Privacy", levels[found.privacy.level], ""),
                ("Synthetic people", f"{found.fidelity.rows_synthetic:,}", ""),
                ("Real people", f"{found.fidelity.rows_real:,}", ""),
            ]
        )
        + paragraph(QUALITY)
        + paragraph(f"Privacy: {found.privacy.words}")
        + paragraph(
            "Every score stands beside its reference: what as many fresh real people would get. "
            "All people called synthetic are made by a model; none of them lives."
        )
        + table(("Part of the quality", "of 100"), [(n, f"{v:.1f}") for n, v in found.parts])
    )


def _fidelity(found: Fidelity) -> str:
    figures = (
        ("Told apart by a logistic regression, AUC", "lr_auc"),
        ("Told apart by gradient boosting, AUC", "hgb_auc"),
        ("Distance of single columns, TVD", "tvd1"),
        ("Distance of pairs of columns, TVD", "tvd2"),
        ("Difference of associations", "association"),
        ("Rows that repeat real categories", "repeat_share"),
    )
    rows = [
        (words, f"{getattr(found, key):.4f}", f"{getattr(found, f'{key}_reference'):.4f}")
        for words, key in figures
    ]
    names = list(found.columns)
    at = {name: place for place, name in enumerate(names)}
    real, made = np.eye(len(names)), np.eye(len(names))
    for pair in found.pairs:
        i, j = at[pair.a], at[pair.b]
        real[i, j] = real[j, i] = pair.association_real
        made[i, j] = made[j, i] = pair.association_synthetic
    worst = sorted(found.pairs, key=lambda pair: pair.tvd_reference - pair.tvd)[:10]
    singles = sorted(found.columns.items(), key=lambda item: -item[1][0])
    return section(
        "Fidelity: are they like the real people?",
        table(("", "synthetic", "fresh real people"), rows)
        + paragraph("Distance of every column; the mark is the reference.")
        + bars([(name, value, fresh) for name, (value, fresh) in singles])
        + paragraph(f"Associations between columns: {MEASURE}.")
        + '<div class="three">'
        + heatmap("Real", names, real)
        + heatmap("Synthetic", names, made)
        + heatmap("Difference", names, np.abs(made - real))
        + "</div>"
        + paragraph("The pairs that are farthest beyond their reference.")
        + table(
            ("pair", "synthetic", "fresh real people"),
            [(f"{p.a} × {p.b}", f"{p.tvd:.4f}", f"{p.tvd_reference:.4f}") for p in worst],
        ),
    )


def _shape(found: Shape) -> str:
    rows = [
        ("Triples of columns, TVD", f"{found.tvd3:.4f}", f"{found.tvd3_reference:.4f}"),
        (
            "Patterns of missing values, TVD",
            f"{found.missingness:.4f}",
            f"{found.missingness_reference:.4f}",
        ),
        (
            f"Rare levels kept, of {found.rare_levels}",
            str(found.rare_kept),
            str(found.rare_kept_reference),
        ),
    ]
    for tail in found.tails:
        rows.append(
            (f"{tail.column}: below the real 1%", _share(tail.low), _share(tail.low_reference))
        )
        rows.append(
            (f"{tail.column}: above the real 99%", _share(tail.high), _share(tail.high_reference))
        )
    out = table(("", "synthetic", "fresh real people"), rows)
    if found.rare_lost:
        lost = ", ".join(f"{column}: {level}" for column, level in found.rare_lost[:20])
        out += paragraph(f"Rare levels lost: {lost}.")
    if found.heaps:
        out += paragraph("Values that many people share.")
        out += table(
            ("value", "real", "synthetic"),
            [
                (f"{heap.column} = {heap.value:g}", _share(heap.real), _share(heap.synthetic))
                for heap in found.heaps
            ],
        )
    return section("Shape: tails, rare levels, heaps, missing values", out)


def _diversity(found: Diversity) -> str:
    rows = [
        ("Real people whose categories appear", found.coverage, found.coverage_reference),
        ("Rows with new categories", found.new, found.new_reference),
        ("… of which every pair is real", found.plausible, found.plausible_reference),
    ]
    shown = [(words, _share(own), _share(fresh)) for words, own, fresh in rows]
    shown.append(
        (
            "Distinct combinations per 100 rows",
            f"{found.distinct:.1f}",
            f"{found.distinct_reference:.1f}",
        )
    )
    return section(
        "Diversity: are they as varied?", table(("", "synthetic", "fresh real people"), shown)
    )


def _utility(found: Sequence[Utility]) -> str:
    rows = [
        (
            item.target,
            item.score,
            f"{item.synthetic:.3f}",
            f"{item.real:.3f}",
            f"{item.guess:g}",
            _share(item.kept),
        )
        for item in found
    ]
    return section(
        "Utility: do models that learn from them work on real people?",
        table(("target", "score", "learned synthetic", "learned real", "guessing", "kept"), rows),
    )


def _privacy(found: Privacy) -> str:
    near = found.closeness
    control = "holdout" if found.control == "holdout" else "guessing"
    attacks = [
        ("Singling out by four columns", found.singling_out),
        (
            "Singling out by one value"
            + (f" ({found.leaking_column})" if found.leaking_column else ""),
            found.singling_out_value,
        ),
        ("Linking two halves of a person", found.linkability),
        *((f"Inferring {name}", attack) for name, attack in found.inference_columns.items()),
    ]
    return section(
        "Privacy: do they give real people away?",
        table(
            ("", "synthetic", "fresh real people"),
            [
                (
                    "Rows equal to a real row",
                    _share(found.identical),
                    _share(found.identical_reference),
                ),
                (
                    "Median distance to the closest",
                    f"{near.median:.3f}",
                    f"{near.median_reference:.3f}",
                ),
                (
                    "Rows as close as the closest 5%",
                    _share(near.nearer),
                    _share(near.nearer_reference),
                ),
            ],
        )
        + paragraph(
            f"Attacks, with 95% intervals. The control is {control}; the excess is what the "
            "attack does better on people whom the generator learned from."
        )
        + table(
            ("attack", "success", f"control: {control}", "excess"),
            [_attack_row(words, attack) for words, attack in attacks],
        ),
    )


def _attack_row(words: str, attack: Attack) -> tuple[str, str, str, str]:
    tried = attack.attack
    return (
        words,
        f"{_share(tried.value)} ({_share(tried.lower)}–{_share(tried.upper)})",
        _share(attack.control.value),
        f"{_share(attack.excess)} ({_share(attack.lower)}–{_share(attack.upper)})",
    )


def _fairness(found: Fairness) -> str:
    rows = [
        (
            item.group,
            item.column,
            f"{item.real:.3f}",
            f"{item.synthetic:.3f}",
            _share(item.gap_real),
            _share(item.gap_synthetic),
            item.verdict,
        )
        for item in sorted(found.dependences, key=lambda item: (item.group, -item.real))
    ]
    return section(
        "Fairness: what depends on " + " and ".join(found.groups) + "?",
        table(
            ("group", "column", "real", "synthetic", "gap, real", "gap, synthetic", "verdict"), rows
        ),
    )


def _share(value: float) -> str:
    return f"{100 * value:.1f}%"
