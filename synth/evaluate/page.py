"""The parts of a self-contained page: text escaped, plots drawn inside, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

STYLE = """
:root{--paper:#fbf8f3;--ink:#2b2723;--quiet:#7a7068;--line:#e6ded3;--accent:#b5532f;--back:#fff}
@media(prefers-color-scheme:dark){:root{--paper:#1d1a17;--ink:#efe8df;--quiet:#a79c91;
--line:#3a342e;--accent:#e58a63;--back:#26221e}}
body{background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,sans-serif;margin:0 auto;
max-width:64rem;padding:2rem 1.25rem 4rem}
h1{font-weight:600;margin:0 0 1rem}h2{font-weight:600;font-size:1.25rem;margin:2.5rem 0 .75rem}
p{color:var(--quiet);max-width:46rem}.facts{display:flex;flex-wrap:wrap;gap:1rem}
.fact{background:var(--back);border:1px solid var(--line);border-radius:.75rem;
padding:.75rem 1.25rem}
.fact b{font-size:1.75rem;font-weight:600}.fact span{color:var(--quiet);display:block}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.35rem .9rem .35rem 0;text-align:right}
th:first-child,td:first-child{text-align:left}th{color:var(--quiet);font-weight:500}
svg{display:block;max-width:100%;height:auto;margin:.5rem 0}svg text{fill:var(--ink);
font:12px system-ui,sans-serif}.three{display:grid;gap:1rem;
grid-template-columns:repeat(auto-fit,minmax(17rem,1fr))}
"""


def page(title: str, body: str) -> str:
    """A whole HTML document."""
    words = escape(title)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">"
        f"<title>{words}</title><style>{STYLE}</style></head>"
        f"<body><h1>{words}</h1>{body}</body></html>"
    )


def section(title: str, body: str) -> str:
    """A part of the page under a heading."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def paragraph(words: str) -> str:
    """A paragraph of quiet text."""
    return f"<p>{escape(words)}</p>"


def facts(items: Sequence[tuple[str, str, str]]) -> str:
    """The few figures that matter: a name, a value, and words after it."""
    cells = "".join(
        f'<div class="fact"><span>{escape(name)}</span><b>{escape(value)}</b> {escape(after)}</div>'
        for name, value, after in items
    )
    return f'<div class="facts">{cells}</div>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column is text, the others stand to the right."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def bars(rows: Sequence[tuple[str, float, float]]) -> str:
    """A bar for each name and value, with a mark at the reference; SVG."""
    most = max([value for row in rows for value in row[1:]] + [1e-9])
    width, left, step = 640, 210, 22
    parts = []
    for place, (name, value, mark) in enumerate(rows):
        top = place * step
        long = (width - left - 60) * value / most
        at = left + (width - left - 60) * mark / most
        words = escape(_short(name, 28))
        parts.append(
            f'<text x="{left - 8}" y="{top + 15}" text-anchor="end">{words}</text>'
            f'<rect x="{left}" y="{top + 4}" width="{long:.1f}" height="14" rx="3" '
            f'fill="var(--accent)"><title>{escape(name)}: {value:.4f}, reference {mark:.4f}'
            f'</title></rect><rect x="{at:.1f}" y="{top + 1}" width="2" height="20" '
            f'fill="var(--ink)"/><text x="{left + max(long, at - left) + 8:.1f}" '
            f'y="{top + 15}">{value:.3f}</text>'
        )
    return (
        f'<svg viewBox="0 0 {width} {len(rows) * step + 4}" width="{width}" role="img" '
        f'aria-label="Distance of each column">{"".join(parts)}</svg>'
    )


def heatmap(title: str, names: Sequence[str], values: np.ndarray) -> str:
    """A square of shares between 0 and 1, darker for more; SVG, float (k, k)."""
    cell = max(6, min(26, 260 // max(len(names), 1)))
    left, top = 110, 20
    side = cell * len(names)
    parts = [f'<text x="{left}" y="12">{escape(title)}</text>']
    for i, name in enumerate(names):
        if cell >= 10:
            parts.append(
                f'<text x="{left - 6}" y="{top + i * cell + cell * 0.75:.1f}" text-anchor="end" '
                f'style="font-size:{min(11, cell)}px">{escape(_short(name, 17))}</text>'
            )
        for j, other in enumerate(names):
            value = float(np.clip(values[i, j], 0, 1))
            shade = f"{0.06 + 0.94 * value:.3f}"
            parts.append(
                f'<rect x="{left + j * cell}" y="{top + i * cell}" width="{cell - 1}" '
                f'height="{cell - 1}" fill="var(--accent)" fill-opacity="{shade}">'
                f"<title>{escape(name)} × {escape(other)}: {value:.3f}</title></rect>"
            )
    return (
        f'<svg viewBox="0 0 {left + side} {top + side}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def _short(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"
