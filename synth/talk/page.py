"""A deck as one HTML page that plays offline: images, styles and keys are inside."""

from __future__ import annotations

import base64
from functools import lru_cache
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from synth.people.cards import html as cards
from synth.people.profile import NOTICE
from synth.talk.deck import (
    Areas,
    Bars,
    Block,
    Deck,
    Faces,
    Figures,
    Graph,
    Intervals,
    Live,
    Matrix,
    People,
    Sheet,
)

_TEMPLATES = Path(__file__).with_name("templates")
_QUIET, _ACCENT, _OTHERS = "quiet", "accent", ("other-1", "other-2", "other-3")


def to_html(deck: Deck) -> bytes:
    """The deck as one page.

    Keys: arrows, PageUp, PageDown, Home, End; B for black, F for full screen, N for notes.

    Parameters
    ----------
    deck : Deck
        What is shown.

    Returns
    -------
    bytes
        HTML in UTF-8; it asks nothing of a network.
    """
    sheets = [
        {
            "title": sheet.title,
            "line": sheet.line,
            "notes": sheet.notes,
            "kind": type(sheet.blocks[0]).__name__.lower() if sheet.blocks else "live",
            "count": len(sheet.blocks),
            "blocks": [Markup(_draw(block, sheet)) for block in sheet.blocks],
        }
        for sheet in deck.sheets
    ]
    drawn = (
        _environment()
        .get_template("talk.html")
        .render(
            title=deck.title,
            sheets=sheets,
            notice=NOTICE,
            style=Markup((_TEMPLATES / "talk.css").read_text("utf-8")),
            script=Markup((_TEMPLATES / "talk.js").read_text("utf-8")),
        )
    )
    return drawn.encode()


def _draw(block: Block, sheet: Sheet) -> str:
    if isinstance(block, People):
        count = len(block.profiles)
        drawn = "".join(cards.card(each, asks_interests=False) for each in block.profiles)
        return f'<div class="people people-{"few" if count <= 6 else "many"}">{drawn}</div>'
    if isinstance(block, Faces):
        images = "".join(f'<img src="{_webp(data)}" alt="Portrait">' for data in block.images)
        return f'<div class="faces">{images}</div><p class="line">{escape(block.words)}</p>'
    if isinstance(block, Bars):
        beside_graph = isinstance(sheet.blocks[0], Graph)
        return _bars(block, 560 if len(sheet.blocks) == 1 else 450 if beside_graph else 330)
    if isinstance(block, Matrix):
        return _matrix(block)
    if isinstance(block, Graph):
        return _graph(block)
    if isinstance(block, Areas):
        return _areas(block)
    if isinstance(block, Intervals):
        return _intervals(block)
    if isinstance(block, Figures):
        return _figures(block)
    assert isinstance(block, Live)
    return f'<p class="live">{escape(block.words)}</p>'


def _webp(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"


def _classes(count: int) -> tuple[str, ...]:
    return (_ACCENT,) if count == 1 else (_QUIET, _ACCENT, *_OTHERS)


def _bars(block: Bars, width: int) -> str:
    """Bars that lie: an SVG that fills its place; the narrower it is, the larger its letters."""
    classes = _classes(len(block.series))
    thick, gap, most_letters = 9, 8, width // 13
    left = 12 + 5.6 * min(most_letters, max(map(len, block.labels), default=0))
    step = thick * len(block.series) + gap
    height = step * len(block.labels) + 4
    most = max((max(values, default=0.0) for _, values in block.series), default=0.0) or 1.0
    form = {"%": "{:.1%}", "of 100": "{:.0f}"}.get(block.unit, f"{{:.2f}} {block.unit}")
    parts = []
    for row, label in enumerate(block.labels):
        top = row * step + 2
        middle = top + thick * len(block.series) / 2
        shown = label if len(label) <= most_letters else f"{label[: most_letters - 1]}…"
        parts.append(
            f'<text x="{left - 8}" y="{middle:.1f}" class="label"><title>{escape(label)}</title>'
            f"{escape(shown)}</text>"
        )
        for (name, values), kind, place in zip(
            block.series, classes, range(len(classes)), strict=False
        ):
            value = values[row]
            words = escape(form.format(value))
            long = max(1.0, value / most * (width - left - 52))
            y = top + place * thick
            parts.append(
                f'<rect x="{left}" y="{y}" width="{long:.1f}" height="{thick - 1}" class="{kind}">'
                f"<title>{escape(name)}, {escape(label)}: {words}</title></rect>"
            )
            if len(block.series) < 3:
                parts.append(
                    f'<text x="{left + long + 5:.1f}" y="{y + thick / 2:.1f}" class="value">'
                    f"{words}</text>"
                )
    key = "".join(
        f'<span><i class="{kind}"></i>{escape(name)}</span>'
        for (name, _), kind in zip(block.series, classes, strict=False)
    )
    return (
        f'<figure class="bars"><figcaption><b>{escape(block.title)}</b> {key}</figcaption>'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(block.title)}" '
        f'preserveAspectRatio="xMinYMin meet">{"".join(parts)}</svg></figure>'
    )


def _matrix(block: Matrix) -> str:
    count, cell, left, top = len(block.labels), 20, 150, 4
    side = count * cell
    parts = []
    for i, label in enumerate(block.labels):
        shown = label if len(label) <= 20 else f"{label[:19]}…"
        parts.append(
            f'<text x="{left - 6}" y="{top + (i + 0.5) * cell}" class="label">'
            f"{escape(shown)}</text>"
        )
        for j, other in enumerate(block.labels):
            if i != j:
                value = min(1.0, max(0.0, float(block.values[i, j])))
                parts.append(
                    f'<rect x="{left + j * cell}" y="{top + i * cell}" width="{cell - 1}" '
                    f'height="{cell - 1}" class="accent" opacity="{0.05 + 0.95 * value:.3f}">'
                    f"<title>{escape(label)} and {escape(other)}: {value:.2f}</title></rect>"
                )
    return (
        f'<figure class="matrix"><figcaption><b>{escape(block.title)}</b></figcaption>'
        f'<svg viewBox="0 0 {left + side} {top + side}" role="img" '
        f'aria-label="{escape(block.title)}" preserveAspectRatio="xMinYMin meet">'
        f"{''.join(parts)}</svg></figure>"
    )


def _figure(
    kind: str, title: str, size: tuple[float, float], parts: list[str], key: str = ""
) -> str:
    return (
        f'<figure class="{kind}"><figcaption><b>{escape(title)}</b> {key}</figcaption>'
        f'<svg viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img" aria-label="{escape(title)}" '
        f'preserveAspectRatio="xMinYMin meet">{"".join(parts)}</svg></figure>'
    )


def _graph(block: Graph) -> str:
    """Boxes and arrows: wide arrows are strong, dark boxes stand out."""
    wide, high = block.box
    parts = []
    for points, strength in block.arrows:
        (x, y), path = points[0], f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        for nx, ny in points[1:]:
            middle = (y + ny) / 2
            path += f"C{x:.1f},{middle:.1f} {nx:.1f},{middle:.1f} {nx:.1f},{ny:.1f}"
            x, y = nx, ny
        parts.append(
            f'<path d="{path}" class="arrow" stroke-width="{0.7 + 4 * strength:.1f}"/>'
            f'<path d="M{x - 4:.1f},{y - 6:.1f}L{x + 4:.1f},{y - 6:.1f}L{x:.1f},{y:.1f}Z" '
            'class="soft"/>'
        )
    for label, (x, y), share in block.nodes:
        at = f'x="{x - wide / 2:.1f}" y="{y - high / 2:.1f}" width="{wide}" height="{high}" rx="6"'
        parts.append(
            f'<rect {at} class="box"/><rect {at} class="accent" opacity="{0.75 * share:.2f}"/>'
            f'<text x="{x:.1f}" y="{y:.1f}" class="node">{escape(label)}</text>'
        )
    return _figure("graph", block.title, (block.size[0], block.size[1] + 4), parts)


def _areas(block: Areas) -> str:
    """Shares on top of each other, from left to right."""
    width, height, left, low = 560.0, 330.0, 34.0, 18.0
    count = max(1, len(block.labels) - 1)
    xs = [left + (width - left - 8) * i / count for i in range(len(block.labels))]
    below, parts, keys = [0.0] * len(xs), [], []
    for name, colour, values in block.series:
        above = [b + v for b, v in zip(below, values, strict=True)]
        there = [
            f"{x:.1f},{(height - low) * (1 - a) + 2:.1f}" for x, a in zip(xs, above, strict=True)
        ]
        back = [
            f"{x:.1f},{(height - low) * (1 - b) + 2:.1f}" for x, b in zip(xs, below, strict=True)
        ]
        parts.append(
            f'<polygon points="{" ".join([*there, *back[::-1]])}" fill="{escape(colour)}">'
            f"<title>{escape(name)}</title></polygon>"
        )
        keys.append(f'<span><i style="background:{escape(colour)}"></i>{escape(name)}</span>')
        below = above
    for share in (0.0, 0.5, 1.0):
        y = (height - low) * (1 - share) + 2
        parts.append(f'<text x="{left - 5}" y="{max(y, 7):.1f}" class="label">{share:.0%}</text>')
    step = -(-len(xs) // 8)
    for i in range(0, len(xs), step):
        parts.append(
            f'<text x="{xs[i]:.1f}" y="{height - 5}" class="node">{escape(block.labels[i])}</text>'
        )
    return _figure("areas", block.title, (width, height), parts, "".join(keys))


def _intervals(block: Intervals) -> str:
    """Points with lines on one axis from 0 to 100%."""
    width, left, step = 560.0, 170.0, 19.0
    height, place = step * len(block.rows) + 22, lambda share: left + (width - left - 60) * share
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = place(share)
        parts.append(
            f'<path d="M{x:.1f},0V{height - 18}" class="grid"/>'
            f'<text x="{x:.1f}" y="{height - 8}" class="node">{share:.0%}</text>'
        )
    if block.mark is not None:
        x = place(block.mark)
        parts.append(
            f'<path d="M{x:.1f},0V{height - 18}" class="mark-line"><title>'
            f"{escape(block.mark_title)}: {block.mark:.0%}</title></path>"
        )
    for row, (label, value, low, high) in enumerate(block.rows):
        y = row * step + step / 2
        kind = "label" if value is not None else "label head"
        parts.append(f'<text x="{left - 10}" y="{y}" class="{kind}">{escape(label)}</text>')
        if value is not None:
            parts.append(
                f'<path d="M{place(low):.1f},{y}H{place(high):.1f}" class="interval"/>'
                f'<circle cx="{place(value):.1f}" cy="{y}" r="4.5" class="accent"/>'
                f'<text x="{place(high) + 6:.1f}" y="{y}" class="value">{value:.0%}</text>'
            )
    return _figure("intervals", block.title, (width, height), parts)


def _figures(block: Figures) -> str:
    heads = "".join(f'<th scope="col">{escape(each)}</th>' for each in block.columns)
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in block.rows
    )
    return (
        f'<figure class="figures"><figcaption><b>{escape(block.title)}</b></figcaption>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></figure>"
    )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
