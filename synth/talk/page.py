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
from synth.talk.deck import Bars, Block, Deck, Faces, Live, Matrix, People

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
            "blocks": [Markup(_draw(block, len(sheet.blocks))) for block in sheet.blocks],
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


def _draw(block: Block, beside: int) -> str:
    if isinstance(block, People):
        count = len(block.profiles)
        drawn = "".join(cards.card(each, asks_interests=False) for each in block.profiles)
        return f'<div class="people people-{"few" if count <= 6 else "many"}">{drawn}</div>'
    if isinstance(block, Faces):
        images = "".join(f'<img src="{_webp(data)}" alt="Portrait">' for data in block.images)
        return f'<div class="faces">{images}</div><p class="line">{escape(block.words)}</p>'
    if isinstance(block, Bars):
        return _bars(block, 560 if beside == 1 else 330)
    if isinstance(block, Matrix):
        return _matrix(block)
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
    left = 12 + 5.1 * min(most_letters, max(map(len, block.labels), default=0))
    step = thick * len(block.series) + gap
    height = step * len(block.labels) + 4
    most = max((max(values, default=0.0) for _, values in block.series), default=0.0) or 1.0
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
            words = f"{value:.1%}" if block.unit == "%" else f"{value:.2f} {block.unit}"
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


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
