"""The drawing of a network: columns as boxes, arrows as wide as they are strong.

The boxes' places come from `synth.bayes.layout`; graph.js draws them and tells which is clicked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from pages.shared import markdown
from synth.bayes.layout import Layout, fitted

if TYPE_CHECKING:
    from synth.bayes import Network
    from synth.data.column import Column
    from synth.data.schema import Schema

Edge = tuple[str, str]
_HERE = Path(__file__).parent


class _Screen(NamedTuple):
    """Pixels of a drawing, of a column's box, of the gaps; and the most boxes in a row."""

    width: float
    box: tuple[float, float]
    gap: tuple[float, float]
    most: int


_WIDE = _Screen(720.0, (172.0, 27.0), (10.0, 13.0), 4)
_NARROW = _Screen(350.0, (96.0, 42.0), (8.0, 28.0), 3)
MOST = 50  # columns of a drawing
_LETTER = 6.9  # a letter's width in the boxes
BITS = math.log(2)
KINDS = {"categorical": "categorical", "boolean": "boolean", "integer": "number", "real": "number"}
LEGEND = (
    '<p class="pp-legend pp-kinds"><span><i class="pp-kind-categorical"></i>choice</span>'
    '<span><i class="pp-kind-boolean"></i>yes or no</span>'
    '<span><i class="pp-kind-number"></i>number</span>{more}</p>'
)

_draw = st.components.v2.component(
    "populace-graph",
    html='<div class="graph"></div>',
    css=(_HERE / "graph.css").read_text(encoding="utf-8"),
    js=(_HERE / "graph.js").read_text(encoding="utf-8"),
)


@st.cache_resource(show_spinner=False, max_entries=64)
def _drawings(names: tuple[str, ...], edges: tuple[Edge, ...]) -> tuple[Layout, Layout]:
    """Columns and arrows laid out for a wide screen and for a narrow one."""
    wide, narrow = (
        fitted(names, edges, screen.width, box=screen.box, gap=screen.gap, most=screen.most)
        for screen in (_WIDE, _NARROW)
    )
    return wide, narrow


def show(
    network: Network,
    strengths: Mapping[Edge, float],
    *,
    key: str,
    label: str,
    chosen: str | None = None,
    observed: Collection[str] = (),
    moved: Mapping[str, float] | None = None,
    highlighted: Collection[Edge] = (),
    on_click: Callable[[], None] = lambda: None,
) -> None:
    """Draw a network.

    `strengths` are in nats; `observed` are the columns of which something is known, `moved` says
    how far each column moved for it, 0 to 1; `highlighted` arrows are in colour. A click leaves the
    column's name in `st.session_state[key]["node"]` and calls `on_click`.
    """
    schema, edges = network.schema, network.edges
    if len(schema) > MOST:
        schema, edges = _around(network, chosen)
        st.caption(
            f"Of {len(network.schema)} columns only those near "
            f"{markdown.plain(schema.columns[0].title)} are drawn: open another to see its "
            "neighbours."
        )
    most = max(strengths.values(), default=0.0) or 1.0
    drawing: dict[str, Any] = {
        "label": label,
        "chosen": chosen,
        "nodes": [
            {
                "name": column.name,
                "kind": "class" if column.role == "class" else KINDS[column.kind],
                "observed": column.name in observed,
                "moved": None if moved is None else min(1.0, moved[column.name]),
                "tip": _about(column, network, column.name in observed, moved),
            }
            for column in schema
        ],
        "edges": [
            {
                "parent": parent,
                "child": child,
                "weight": math.sqrt(max(0.0, strengths.get((parent, child), most / 4)) / most),
                "highlighted": (parent, child) in highlighted,
                "tip": _strength(schema[parent], schema[child], strengths.get((parent, child))),
            }
            for parent, child in edges
        ],
        "drawings": [
            _places(drawn, schema, edges, kind, screen.box)
            for drawn, kind, screen in zip(
                _drawings(schema.names, edges),
                ("wide", "narrow"),
                (_WIDE, _NARROW),
                strict=True,
            )
        ],
    }
    _draw(data=drawing, key=key, on_node_change=on_click)


def _around(network: Network, chosen: str | None) -> tuple[Schema, tuple[Edge, ...]]:
    """A column, its neighbours, and the arrows among them; the best joined where none is open."""
    near: dict[str, set[str]] = {name: set() for name in network.schema.names}
    for parent, child in network.edges:
        near[parent].add(child)
        near[child].add(parent)
    middle = chosen or max(near, key=lambda name: len(near[name]))
    names = (middle, *[name for name in near if name in near[middle]][: MOST - 1])
    edges = tuple(edge for edge in network.edges if set(edge) <= set(names))
    return network.schema.select(names), edges


def _places(
    drawn: Layout, schema: Schema, edges: Sequence[Edge], kind: str, box: tuple[float, float]
) -> dict[str, Any]:
    letters = int((box[0] - 10) / _LETTER)
    return {
        "kind": kind,
        "most": 1.12,
        "box": box,
        "width": round(drawn.width, 1),
        "height": round(drawn.height, 1),
        "places": [[round(v, 1) for v in drawn.places[column.name]] for column in schema],
        "routes": [[[round(v, 1) for v in p] for p in drawn.routes[e]] for e in edges],
        "titles": [_lines(column.title, letters) for column in schema],
    }


def _lines(title: str, letters: int) -> list[str]:
    """A title in one or two lines of at most so many letters."""
    lines = [""]
    for word in title.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], " ".join(lines[1:])]
    return [line if len(line) <= letters else f"{line[: letters - 1].rstrip()}…" for line in lines]


def bits(nats: float) -> str:
    """An amount of information in bits."""
    amount = nats / BITS
    return "less than 0.001 bits" if amount < 0.001 else f"{amount:.2g} bits"


def _strength(parent: Column, child: Column, nats: float | None) -> str:
    arrow = f"{parent.title} → {child.title}"
    if nats is None:
        return f"{arrow}: a regression"
    return f"{arrow}: {bits(nats)} beyond the other arrows"


def _about(
    column: Column, network: Network, observed: bool, moved: Mapping[str, float] | None
) -> str:
    above = sum(child == column.name for _, child in network.edges)
    below = sum(parent == column.name for parent, _ in network.edges)
    drawing = f"{column.title}: {above} arrows in, {below} out"
    if observed:
        drawing += ", known"
    if moved is not None:
        drawing += f", moved by {moved[column.name]:.2f}"
    return drawing
