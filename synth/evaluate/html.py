"""The parts of a self-contained page: text escaped (Jinja2), charts drawn inside, nothing fetched.

`PARTS` is the style of the parts alone, under the class `rp`, so that another page can show them
too; it says its own colours in --rp-accent, --rp-quiet, --rp-line, --rp-back and --rp-ink.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_TEMPLATES = Path(__file__).with_name("templates")
Marks = Sequence[tuple[str, str]]
"""What a chart's row draws: class and style of each mark."""
NAMED = 30
"""A heatmap of more columns than this names them on hover alone."""
STYLE = """
:root{color-scheme:light dark;--rp-paper:light-dark(#fbf8f3,#1d1a17);
--rp-ink:light-dark(#2b2723,#efe8df);--rp-quiet:light-dark(#6f665b,#a99e92);
--rp-line:light-dark(#e4ddd1,#3a342d);--rp-accent:light-dark(#b4532a,#e58d60);
--rp-back:light-dark(#fff,#26221e)}
body{background:var(--rp-paper);color:var(--rp-ink);font:16px/1.55 system-ui,sans-serif;
margin:0 auto;max-width:66rem;padding:2rem 1.25rem 4rem;overflow-wrap:anywhere}
h1{font-weight:680;letter-spacing:-.02em;line-height:1.2;margin:0 0 1.25rem}
h2{font-weight:650;font-size:1.3rem;margin:2.75rem 0 .25rem;padding-top:1.5rem;
border-top:1px solid var(--rp-line)}
"""

PARTS = """
.rp p{max-width:46rem;margin:.4rem 0;line-height:1.5}
.rp p.quiet{color:var(--rp-quiet);font-size:.92rem}
.rp .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.9rem;
margin:0 0 1rem}
.rp .fact{background:var(--rp-back);border:1px solid var(--rp-line);border-radius:.75rem;
padding:.7rem 1.1rem}
.rp .fact span{color:var(--rp-quiet);display:block;font-size:.85rem}
.rp .fact b{font-size:2rem;font-weight:680;line-height:1.25;letter-spacing:-.01em;
color:var(--rp-accent)}
.rp .fact i{font-style:normal;color:var(--rp-quiet)}
.rp .sides{display:grid;gap:0 3rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr))}
.rp .sides>div{min-width:0}
.rp .scroll{overflow-x:auto;margin:.7rem 0}
.rp table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.92rem;
overflow-wrap:normal;min-width:min(100%,26rem)}
.rp th,.rp td{border:0;border-bottom:1px solid var(--rp-line);padding:.34rem 0 .34rem 1.1rem;
text-align:right;vertical-align:top;white-space:nowrap}
.rp th:first-child,.rp td:first-child{text-align:left;padding-left:0;white-space:normal;
min-width:8rem;overflow-wrap:anywhere}
.rp th{color:var(--rp-quiet);font-weight:500;white-space:normal;vertical-align:bottom}
.rp .chart{display:grid;grid-template-columns:minmax(6rem,13rem) minmax(5rem,24rem) auto;
gap:.32rem .8rem;align-items:center;font-size:.88rem;margin:.8rem 0;
font-variant-numeric:tabular-nums}
.rp .chart>span{overflow-wrap:anywhere;line-height:1.25}
.rp .chart>em{font-style:normal;color:var(--rp-quiet);white-space:nowrap}
.rp .track{position:relative;height:1.1rem;background:linear-gradient(var(--rp-line) 0 0) left/1px
100% no-repeat}
.rp .track>*{position:absolute;display:block}
.rp .bar{left:0;top:.15rem;height:.8rem;background:var(--rp-accent);border-radius:0 .2rem .2rem 0}
.rp .low{left:0;top:.58rem;height:.45rem;background:var(--rp-accent);border-radius:0 .2rem .2rem 0}
.rp .high{left:0;top:.08rem;height:.45rem;background:var(--rp-quiet);opacity:.65;
border-radius:0 .2rem .2rem 0}
.rp .mark{top:-.05rem;width:2px;height:1.2rem;background:var(--rp-ink)}
.rp .span{top:.48rem;height:.16rem;background:var(--rp-accent);opacity:.55}
.rp .dot{top:.3rem;width:.5rem;height:.5rem;margin-left:-.25rem;border-radius:50%;
background:var(--rp-accent)}
.rp .key{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;color:var(--rp-quiet);font-size:.86rem;
margin:.7rem 0 0}
.rp .key i{display:inline-block;width:.8rem;height:.55rem;margin-right:.4rem;border-radius:.15rem;
background:var(--rp-accent)}
.rp .key i.quiet{background:var(--rp-quiet);opacity:.65}
.rp .key i.line{width:2px;height:.95rem;background:var(--rp-ink);vertical-align:-.15rem}
.rp details{margin:.7rem 0;border-top:1px solid var(--rp-line);padding-top:.5rem}
.rp summary{cursor:pointer;color:var(--rp-accent);font-weight:550}
.rp .three{display:grid;gap:1.2rem 2rem;margin:.6rem 0;
grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr))}
.rp .heat{display:grid;gap:1px;margin:.3rem 0;align-items:center}
.rp .heat i{aspect-ratio:1;background:var(--rp-accent)}
.rp .heat span{font-size:.68rem;line-height:1;overflow:hidden;white-space:nowrap;
text-overflow:ellipsis;padding-right:.3rem;text-align:right;color:var(--rp-quiet)}
"""


@lru_cache(maxsize=1)
def _parts() -> Any:
    """The macros of the template, which escape all that is no `Markup`."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("parts.html").module


def page(title: str, body: str) -> str:
    """A whole HTML document.

    Parameters
    ----------
    title : str
        Its title and heading, escaped.
    body : str
        HTML.

    Returns
    -------
    str
    """
    return str(_parts().page(title, Markup(STYLE + PARTS), Markup(body)))


def section(title: str, body: str) -> str:
    """A part of the page under a heading.

    Parameters
    ----------
    title : str
        The heading, escaped.
    body : str
        HTML.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().section(title, Markup(body)))


def paragraph(words: str, *, quiet: bool = False) -> str:
    """A paragraph.

    Parameters
    ----------
    words : str
        Text, escaped.
    quiet : bool
        For what explains: smaller and paler.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().paragraph(words, quiet))


def details(title: str, body: str) -> str:
    """What opens on a click.

    Parameters
    ----------
    title : str
        What is clicked, escaped.
    body : str
        HTML.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().details(title, Markup(body)))


def facts(items: Sequence[tuple[str, str, str]]) -> str:
    """The few figures that matter.

    Parameters
    ----------
    items : sequence of (str, str, str)
        A name, a value, and words after it, escaped.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().facts(items))


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; the first column is text, the others stand to the right.

    Parameters
    ----------
    heads : sequence of str
        k headings, escaped.
    rows : sequence of sequence of str
        k cells in each, escaped.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().table(heads, rows))


def sides(left: str, right: str) -> str:
    """Two parts beside each other, or below where the page is narrow.

    Parameters
    ----------
    left, right : str
        HTML.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().sides(Markup(left), Markup(right)))


def key(*items: tuple[str, str]) -> str:
    """What the marks of a chart mean.

    Parameters
    ----------
    *items : tuple of (str, str)
        The mark's class ("", "quiet" or "line") and words, escaped.

    Returns
    -------
    str
        HTML.
    """
    return str(_parts().key(items))


def bars(rows: Sequence[tuple[str, float, float]], form: str = "{:.3f} · {:.3f}") -> str:
    """A bar for each value, with a mark at its reference.

    Parameters
    ----------
    rows : sequence of (str, float, float)
        Name, value and reference; the longest bar or mark has the largest of all.
    form : str
        A format of value and reference, in this order.

    Returns
    -------
    str
        HTML.
    """
    most = max([value for row in rows for value in row[1:]] + [1e-9])
    return _chart(
        [
            (
                name,
                (
                    ("bar", f"width:{_per(value, most)}"),
                    ("mark", f"left:{_per(reference, most)}"),
                ),
                form.format(value, reference),
            )
            for name, value, reference in rows
        ]
    )


def intervals(rows: Sequence[tuple[str, float, float, float, str]]) -> str:
    """A dot on its interval for each value.

    Parameters
    ----------
    rows : sequence of (str, float, float, float, str)
        Name, value, lower and upper end, and words; numbers from 0 to 1.

    Returns
    -------
    str
        HTML.
    """
    return _chart(
        [
            (
                name,
                (
                    ("span", f"left:{_per(low)};width:{_per(high - low)}"),
                    ("dot", f"left:{_per(value)}"),
                ),
                words,
            )
            for name, value, low, high, words in rows
        ]
    )


def twins(rows: Sequence[tuple[str, float, float, str]]) -> str:
    """Two bars, real above synthetic, from 0 to the largest, for each name.

    Parameters
    ----------
    rows : sequence of (str, float, float, str)
        Name, real value, synthetic value, and words after them.

    Returns
    -------
    str
        HTML.
    """
    most = max([value for row in rows for value in row[1:3]] + [1e-9])
    return _chart(
        [
            (
                name,
                (
                    ("high", f"width:{_per(real, most)}"),
                    ("low", f"width:{_per(synthetic, most)}"),
                ),
                words,
            )
            for name, real, synthetic, words in rows
        ]
    )


def heatmap(title: str, names: Sequence[str], values: np.ndarray) -> str:
    """A square of shares, darker for more; names stand at the rows where they can be read.

    Parameters
    ----------
    title : str
        What stands above, escaped.
    names : sequence of str
        k names, escaped; more than 30 show on hover alone.
    values : float array, shape (k, k)
        Clipped to 0 and 1.

    Returns
    -------
    str
        HTML.
    """
    many = len(names) > NAMED
    shares = np.clip(values, 0, 1)
    rows = [
        (
            None if many else name,
            [
                (f"{name} × {other}: {share:.3f}", f"{0.05 + 0.95 * share:.2f}")
                for other, share in zip(names, row, strict=True)
            ],
        )
        for name, row in zip(names, shares.tolist(), strict=True)
    ]
    columns = f"repeat({len(names)},minmax(0,1fr))"
    grid = columns if many else f"minmax(4rem,8.5rem) {columns}"
    return str(_parts().heatmap(title, grid, rows))


def _chart(rows: Sequence[tuple[str, Marks, str]]) -> str:
    return str(_parts().chart(rows))


def _per(value: float, most: float = 1.0) -> str:
    return f"{100 * min(max(value / most, 0.0), 1.0):.2f}%"
