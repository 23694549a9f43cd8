"""The report's sections: a question, its answer in one sentence, and the charts and tables that
show it, as HTML made of the parts in `page`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from synth.describe import level_words
from synth.evaluate.association import MEASURE
from synth.evaluate.html import (
    bars,
    details,
    facts,
    heatmap,
    intervals,
    key,
    page,
    paragraph,
    section,
    sides,
    table,
    twins,
)

if TYPE_CHECKING:
    from synth.data.schema import Column
    from synth.evaluate.diversity import Diversity
    from synth.evaluate.fairness import Dependence, Fairness
    from synth.evaluate.fidelity import Aggregates, Fidelity, PairScore
    from synth.evaluate.privacy import Privacy
    from synth.evaluate.shape import Shape
    from synth.evaluate.utility import Utility

LEVEL_TITLES = {"strong": "Strong", "fair": "Fair", "weak": "Weak", "open": "Not judged"}
FRESH = "fresh real people"
SHOWN = 24  # bars of one chart; the rest stands in the JSON


@dataclass(frozen=True)
class Titles:
    """Words for columns and their levels."""

    columns: Mapping[str, Column] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Iterable[Column]) -> Titles:
        """Of the columns of a schema."""
        return cls({column.name: column for column in columns})

    def __call__(self, name: str) -> str:
        """A column's title, or its name."""
        return self.columns[name].title if name in self.columns else name

    def level(self, name: str, level: str) -> str:
        """A level of a column in words."""
        return level_words(self.columns[name], level) if name in self.columns else level


@dataclass(frozen=True)
class Section:
    """name: "fidelity", say; question: the heading; sentence: the answer; body: HTML."""

    name: str
    question: str
    sentence: str
    body: str


def document(title: str, head: str, parts: Sequence[Section]) -> str:
    """The whole page."""
    return page(
        title,
        head
        + "".join(section(part.question, paragraph(part.sentence) + part.body) for part in parts),
    )


def summary(
    quality: float,
    parts: Sequence[tuple[str, float]],
    words: str,
    *,
    people: tuple[int, int],
    name: str = "Quality",
    level: tuple[str, str, str] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The overall score and the privacy level, each with its meaning.

    people: how many synthetic and real; name: of the score; level: the level, what it means, and
    its definition.
    """
    made, real = people
    shown = [(name, f"{quality:.0f}", "of 100")]
    if level:
        shown.append(("Privacy", LEVEL_TITLES[level[0]], ""))
    shown += [("Synthetic people", f"{made:,}", ""), ("Real people learned from", f"{real:,}", "")]
    weakest, least = min(parts, key=lambda part: part[1])
    lead = paragraph(f"The weakest part of the quality is “{weakest.lower()}”: {least:.0f} of 100.")
    if level:
        title = LEVEL_TITLES[level[0]].lower()
        lead += paragraph(f"Privacy is {title}. {level[1]}")
    rows = [(part, value, 100.0) for part, value in parts]
    chart = key(("", "parts of the quality, of 100"), ("line", FRESH)) + bars(rows, "{0:.0f}")
    defined = paragraph(words, quiet=True)
    if level:
        defined += paragraph(level[2], quiet=True)
    notes_after = "".join(paragraph(note, quiet=True) for note in notes)
    return facts(shown) + sides(lead + chart, defined + notes_after)


# ── Fidelity ─────────────────────────────────────────────────────────────────────────────────────


def of_fidelity(found: Fidelity, finer: Shape, titles: Titles) -> Section:
    """Are they like the real people?"""
    worst = farthest(found.pairs)
    sentence = (
        f"Gradient boosting tells them from real people with an AUC of {found.hgb_auc:.2f} "
        f"({FRESH} {found.hgb_auc_reference:.2f}; 0.50 is not at all); on average "
        f"{_share(found.tvd1)} of people would have to change a single answer for the shares to "
        f"agree ({FRESH} {_share(found.tvd1_reference)})"
    )
    if worst:
        a, b = titles(worst[0].a), titles(worst[0].b)
        sentence += f", and {a} with {b} is the pair that is farthest off"
    rows = [
        ("Told apart by gradient boosting, AUC", "hgb_auc", "1"),
        ("Told apart by a logistic regression, AUC", "lr_auc", "1"),
        ("Single columns, TVD", "tvd1", ""),
        ("Pairs of columns, TVD", "tvd2", f"{found.tvd2_scrambled:.4f}"),
        ("Associations, mean difference", "association", f"{found.association_scrambled:.4f}"),
        ("Rows that repeat real categories", "repeat_share", ""),
    ]
    figures = [
        (words, f"{getattr(found, name):.4f}", f"{getattr(found, f'{name}_reference'):.4f}", last)
        for words, name, last in rows
    ]
    figures.insert(
        4,
        (
            "Triples of columns, TVD",
            f"{finer.tvd3:.4f}",
            f"{finer.tvd3_reference:.4f}",
            f"{finer.tvd3_scrambled:.4f}",
        ),
    )
    figures += [
        (
            "Patterns of missing values, TVD",
            f"{finer.missingness:.4f}",
            f"{finer.missingness_reference:.4f}",
            "",
        ),
        (
            f"Rare levels kept, of {finer.rare_levels}",
            str(finer.rare_kept),
            str(finer.rare_kept_reference),
            "",
        ),
    ]
    body = (
        sides(
            table(("", "synthetic", FRESH, "worst"), figures)
            + paragraph(
                "TVD, total variation distance: the share of people who would have to change their "
                "answer for two distributions to agree. Worst is what real rows get whose columns "
                "were shuffled apart, or what one gets who always knows.",
                quiet=True,
            )
            + lost(finer.rare_lost, titles),
            columns_chart(found, titles),
        )
        + _tails(finer, titles)
        + associations_details(found, titles)
        + pairs_details(found, titles)
    )
    return Section("fidelity", "Fidelity: are they like the real people?", f"{sentence}.", body)


def columns_chart(found: Fidelity | Aggregates, titles: Titles) -> str:
    """The distance of each column, farthest first."""
    singles = sorted(found.columns.items(), key=lambda item: -item[1][0])
    rows = [(titles(name), own, fresh) for name, (own, fresh) in singles[:SHOWN]]
    return key(("", "distance of each column, TVD"), ("line", FRESH)) + bars(rows)


def farthest(pairs: Sequence[PairScore], most: int = 10) -> list[PairScore]:
    """The pairs that are farthest beyond their reference."""
    return sorted(pairs, key=lambda pair: pair.tvd_reference - pair.tvd)[:most]


def pairs_details(found: Fidelity | Aggregates, titles: Titles) -> str:
    """The pairs that are farthest off, behind a click."""
    worst = farthest(found.pairs)
    if not worst:
        return ""
    rows = [
        (
            f"{titles(pair.a)} × {titles(pair.b)}",
            f"{pair.tvd:.4f}",
            f"{pair.tvd_reference:.4f}",
        )
        for pair in worst
    ]
    return details(
        "The pairs that are farthest off", table(("pair, TVD", "synthetic", FRESH), rows)
    )


def associations_details(found: Fidelity | Aggregates, titles: Titles) -> str:
    """How columns hang together, real, synthetic and the difference, behind a click."""
    if not found.pairs:
        return ""
    names = list(found.columns)
    at = {name: place for place, name in enumerate(names)}
    real, made = np.eye(len(names)), np.eye(len(names))
    for pair in found.pairs:
        i, j = at[pair.a], at[pair.b]
        real[i, j] = real[j, i] = pair.association_real
        made[i, j] = made[j, i] = pair.association_synthetic
    words = [titles(name) for name in names]
    maps = (
        heatmap("Real", words, real)
        + heatmap("Synthetic", words, made)
        + heatmap("Difference, five times as dark", words, 5 * np.abs(made - real))
    )
    return details(
        "How columns hang together",
        paragraph(f"{MEASURE}: 0 is no association, 1 a complete one.", quiet=True)
        + f'<div class="three">{maps}</div>',
    )


def _tails(found: Shape, titles: Titles) -> str:
    rows = []
    for tail in found.tails:
        name = titles(tail.column)
        rows += [
            (f"{name}: below the real 1% point", _share(tail.low), _share(tail.low_reference), ""),
            (f"{name}: above the real 99%", _share(tail.high), _share(tail.high_reference), ""),
        ]
    rows += [
        (
            f"{titles(heap.column)} = {heap.value:,g}",
            _share(heap.synthetic),
            _share(heap.reference),
            _share(heap.real),
        )
        for heap in found.heaps
    ]
    if not rows:
        return ""
    return details(
        "Tails of numbers, and values that many share",
        table(("share of people", "synthetic", FRESH, "real"), rows),
    )


def lost(levels: Sequence[tuple[str, str]], titles: Titles) -> str:
    """The rare levels, (column, level), that no synthetic person has."""
    if not levels:
        return ""
    words = [f"{titles(column)}: {titles.level(column, level)}" for column, level in levels]
    more = f" and {len(words) - 20} more" if len(words) > 20 else ""
    return paragraph(f"Rare levels lost: {', '.join(words[:20])}{more}.", quiet=True)


# ── Diversity and utility ────────────────────────────────────────────────────────────────────────


def of_diversity(found: Diversity) -> Section:
    """Are they as varied?"""
    rows = [
        ("Real people whose combination appears", found.coverage, found.coverage_reference),
        ("Rows with a new combination", found.new, found.new_reference),
        ("… of which every pair is a real one", found.plausible, found.plausible_reference),
    ]
    shown = [(words, _share(own), _share(fresh)) for words, own, fresh in rows]
    shown.append(
        (
            "Distinct combinations per 100 rows",
            f"{found.distinct:.1f}",
            f"{found.distinct_reference:.1f}",
        )
    )
    sentence = (
        f"The combinations of {_share(found.coverage)} of real people appear among them ({FRESH} "
        f"{_share(found.coverage_reference)}); {_share(found.new)} of the rows are combinations "
        f"that no real person here has ({FRESH} {_share(found.new_reference)}), and "
        f"{_share(found.plausible)} of those hold only pairs that real people have."
    )
    return Section(
        "diversity",
        "Diversity: are they as varied?",
        sentence,
        table(("of all categories together", "synthetic", FRESH), shown),
    )


def of_utility(found: Sequence[Utility], titles: Titles) -> Section:
    """Do models that learn from them work on real people?"""
    question = "Utility: do models that learn from them work on real people?"
    if not found:
        return Section("utility", question, "One column alone leaves nothing to learn from.", "")
    told = [
        f"{titles(item.target)} {_share(min(item.kept, 1.0))} "
        f"({item.score} {item.synthetic:.2f} beside {item.real:.2f})"
        for item in found
    ]
    rows = [
        (
            f"{titles(item.target)}, {item.score}",
            f"{item.synthetic:.3f}",
            f"{item.real:.3f}",
            _share(item.kept),
        )
        for item in found
    ]
    return Section(
        "utility",
        question,
        "Of what real people teach a model about a column, synthetic people teach: "
        + "; ".join(told)
        + ".",
        table(("", "learned synthetic", "learned real", "kept"), rows)
        + paragraph(
            "Gradient boosting learns the target from all other columns and is tested on real "
            "people that it has not seen. AUC weighs each level against the rest and is 0.5 for "
            "who guesses; R² is the share of a number’s variance that is told.",
            quiet=True,
        ),
    )


# ── Privacy ──────────────────────────────────────────────────────────────────────────────────────


def of_privacy(found: Privacy, titles: Titles) -> Section:
    """Do they give real people away?"""
    near, flags = found.closeness, found.flags
    control = "people never seen" if found.control == "holdout" else "guessing"
    name, worst = found.worst
    sentence = (
        f"{_share(found.identical)} of the rows equal a real row ({FRESH} "
        f"{_share(found.identical_reference)}), and the mean distance to the closest real person "
        f"is {near.ratio:.2f} of theirs. The worst attack is “{_worded(name, titles)}”: right for "
        f"{_share(worst.attack.value)} of those learned from, {_share(worst.control.value)} "
        f"by {control}, an excess of {_share(worst.excess)} "
        f"({_share(worst.lower)} to {_share(worst.upper)})."
        if found.control == "holdout"
        else f"{_share(found.identical)} of the rows equal a real row ({FRESH} "
        f"{_share(found.identical_reference)}), and the mean distance to the closest real person "
        f"is {near.ratio:.2f} of theirs. Attacks stand beside mere guessing, which any useful "
        "synthetic table beats, so they tell nothing of single people here."
    )
    rows = [
        ("Rows equal to a real row", found.identical, found.identical_reference),
        ("Rows as near as the nearest 5%", near.nearer, near.nearer_reference),
        ("Copies of one person", flags.copies, flags.copies_reference),
        ("Near copies", flags.near_copies, flags.near_copies_reference),
        ("Outliers, where nobody real is", flags.outliers, flags.outliers_reference),
        ("… left out when filtered", flags.filtered, flags.filtered_reference),
    ]
    shown = [(words, _share(own), _share(fresh)) for words, own, fresh in rows]
    shown.insert(
        1,
        ("Median distance to the closest", f"{near.median:.3f}", f"{near.median_reference:.3f}"),
    )
    attacks = found.attacks
    heads = ("attack", "success", control, "excess")
    cells = [
        (
            _worded(words, titles),
            _between(attack.attack.value, attack.attack.lower, attack.attack.upper),
            _between(attack.control.value, attack.control.lower, attack.control.upper),
            _between(attack.excess, attack.lower, attack.upper),
        )
        for words, attack in attacks.items()
    ]
    chart = [
        (
            _worded(words, titles),
            attack.excess,
            attack.lower,
            attack.upper,
            f"{100 * attack.excess:.0f}% ({100 * attack.lower:.0f}–{100 * attack.upper:.0f})",
        )
        for words, attack in attacks.items()
    ]
    left = table(("", "synthetic", FRESH), shown) + paragraph(
        "A near copy is less than a fifth as far from a real person as the next real person is; an "
        "outlier is farther from every real person than 99.9% of them are from the next.",
        quiet=True,
    )
    right = (
        key(("", f"excess of each attack over {control}, with its interval (95%, all at once)"))
        + intervals(chart)
        + paragraph(
            "Excess: of the people whom the attack would not get by knowing the population, the "
            "share that it gets all the same. It is wide where the control already knows nearly "
            "everybody.",
            quiet=True,
        )
    )
    body = sides(left, right) + details("Every attack and its control", table(heads, cells))
    return Section("privacy", "Privacy: do they give real people away?", sentence, body)


def _worded(attack: str, titles: Titles) -> str:
    """An attack's name with the column's words."""
    start, _, name = attack.partition("Inferring ")
    if name and not start:
        return f"Inferring {titles(name)}"
    return attack


# ── Fairness ─────────────────────────────────────────────────────────────────────────────────────


def of_fairness(found: Fairness, titles: Titles) -> Section:
    """What depends on the groups, among real and synthetic people?"""
    groups = [titles(group) for group in found.groups]
    question = f"Fairness: what depends on {' and '.join(groups)}?"
    if not found.dependences:
        return Section("fairness", question, "No other column could depend on it.", "")
    sentences, body = [], ""
    for group, words in zip(found.groups, groups, strict=True):
        own = sorted(
            (item for item in found.dependences if item.group == group), key=lambda one: -one.real
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
                        _share(item.gap_real),
                        _share(item.gap_synthetic),
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


def _between(value: float, lower: float, upper: float) -> str:
    return f"{_share(value)} ({_share(lower)}–{_share(upper)})"


def _share(value: float) -> str:
    return f"{100 * value:.1f}%"
