"""Generators side by side as one page that opens offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from synth.evaluate.generator_comparison import FIGURES, FRESH, REAL, GeneratorComparison
from synth.evaluate.html import details, heatmap, page, paragraph, section
from synth.evaluate.svg import COLOURS, STYLE, Series, bold_table, legend, lines, plane

if TYPE_CHECKING:
    from synth.evaluate.generator_figures import Figures

COLUMNS = 12
"""Columns whose curves the page shows."""


def comparison_page(comparison: GeneratorComparison, title: str) -> str:
    """The whole page.

    Parameters
    ----------
    comparison : GeneratorComparison
        What is shown.
    title : str
        Its heading, escaped.

    Returns
    -------
    str
        A whole HTML document.
    """
    body = f"<style>{STYLE}</style>"
    body += section("Who wins", paragraph(comparison.sentence) + comparison_table(comparison))
    if comparison.curves:
        body += section("Losses while learning", _curves(comparison))
    if comparison.figures is not None:
        body += section("Columns", _columns(comparison, comparison.figures))
        body += section("What hangs together", _associations(comparison, comparison.figures))
        body += section("Principal components", _planes(comparison, comparison.figures))
    notes = "".join(
        paragraph(f"{entry.title}: {entry.note}", quiet=True)
        for entry in comparison.entries
        if entry.note
    )
    notes += "".join(
        paragraph(f"{name} could not learn this table: {words}")
        for name, words in comparison.failed.items()
    )
    if notes:
        body += section("Notes", notes)
    return page(title, body)


def comparison_table(comparison: GeneratorComparison) -> str:
    """The table, best values bold, fresh people last, with what its heads mean.

    Parameters
    ----------
    comparison : GeneratorComparison
        What is shown.

    Returns
    -------
    str
        HTML.
    """
    bold = {figure.key: comparison.bold(figure) for figure in FIGURES}
    heads = [("Generator", "What learned"), *((f.head, f.words) for f in FIGURES)]
    rows = [
        [
            (entry.title, entry is comparison.best),
            *((figure.text(entry), entry.name in bold[figure.key]) for figure in FIGURES),
        ]
        for entry in (*comparison.entries, comparison.fresh)
    ]
    meanings = "; ".join(f"{figure.head}: {figure.words}" for figure in FIGURES)
    return bold_table(heads, rows) + paragraph(
        f"Learned from {comparison.learned:,} people, judged with {comparison.judged:,} others. "
        f"Utility is the {comparison.score} of a model of “{comparison.target_title}”. The best of "
        f"each column is bold. {meanings}.",
        quiet=True,
    )


def colours(comparison: GeneratorComparison) -> dict[str, str]:
    """A colour for real people and for each entry.

    Parameters
    ----------
    comparison : GeneratorComparison
        What is shown.

    Returns
    -------
    dict of str to str
        Name → CSS colour.
    """
    names = [REAL, *(entry.name for entry in comparison.entries)]
    return {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}


def _legend(comparison: GeneratorComparison) -> str:
    return legend([(comparison.title_of(n), c) for n, c in colours(comparison).items()])


def _curves(comparison: GeneratorComparison) -> str:
    charts = []
    for name, curves in comparison.curves.items():
        series = [
            Series(what, COLOURS[i % len(COLOURS)], np.linspace(0, 1, len(curve)).tolist(), curve)
            for i, (what, curve) in enumerate(curves.items())
            if curve
        ]
        if series:
            charts.append(
                "<div>"
                + lines(comparison.title_of(name), series)
                + legend([(each.name, each.colour) for each in series])
                + "</div>"
            )
    words = "From the first step to the last: what each network made smaller, or fought over."
    return paragraph(words, quiet=True) + f'<div class="charts">{"".join(charts)}</div>'


def _columns(comparison: GeneratorComparison, figures: Figures) -> str:
    each_colour = colours(comparison)
    sums = []
    for column in figures.columns[:COLUMNS]:
        series = [
            Series(comparison.title_of(name), colour, *figures.cumulative(column, name))
            for name, colour in each_colour.items()
            if name in figures.people
        ]
        sums.append(lines(column.title, series))
    body = paragraph(
        "Cumulative sums: the share of people up to each value, levels in the table’s order.",
        quiet=True,
    )
    body += _legend(comparison) + f'<div class="charts">{"".join(sums)}</div>'
    if figures.numbers:
        body += paragraph(
            "Means and standard deviations of the numbers, real across, synthetic upwards, on "
            "logarithmic axes: on the diagonal they agree.",
            quiet=True,
        )
        body += f'<div class="charts">{_moments(comparison, figures)}</div>'
    return body


def _moments(comparison: GeneratorComparison, figures: Figures) -> str:
    charts = []
    real = figures.people[REAL].moments
    for at, title in enumerate(("Means", "Standard deviations")):
        series = []
        across = [abs(real[name][at]) for name in figures.numbers]
        for name, colour in colours(comparison).items():
            if name == REAL:
                series.append(Series("equal", colour, sorted(across), sorted(across)))
            elif name in figures.people:
                ours = [abs(figures.people[name].moments[n][at]) for n in figures.numbers]
                series.append(Series(comparison.title_of(name), colour, across, ours, dots=True))
        charts.append(lines(title, series, logarithmic=True))
    return "".join(charts)


def _associations(comparison: GeneratorComparison, figures: Figures) -> str:
    titles = [column.title for column in figures.columns]
    maps = []
    for name, people in figures.people.items():
        if name == FRESH:
            continue
        apart = figures.distance_of_associations(REAL, name)
        words = comparison.title_of(name)
        if name != REAL:
            words += f": {apart:.3f} from real ones"
        maps.append(heatmap(words, titles, np.array(people.associations)))
    return paragraph(
        "Bias-corrected Cramér’s V of each pair of columns, numbers in ten bins.", quiet=True
    ) + details("Every pair of columns", f'<div class="three">{"".join(maps)}</div>')


def _planes(comparison: GeneratorComparison, figures: Figures) -> str:
    first, second = figures.explained
    most = max(max(map(max, figures.people[REAL].plane)), 1e-9)
    planes = "".join(
        plane(comparison.title_of(name), people.plane, most)
        for name, people in figures.people.items()
        if name != FRESH
    )
    words = (
        f"Everybody on the real people’s first two axes, which hold {first:.0%} and {second:.0%} "
        "of their variance; darker where more people are."
    )
    return paragraph(words, quiet=True) + f'<div class="charts">{planes}</div>'
