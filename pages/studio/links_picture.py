"""A picture of tables and the keys that join them: boxes, parents above their children."""

from __future__ import annotations

from html import escape

from synth.linked.inspection import InspectedTable, LinkedInspection

_WIDTH, _HEIGHT, _GAP, _RISE = 190, 74, 26, 64
_LETTERS = 22


def picture(inspection: LinkedInspection) -> str:
    """The tables as an SVG drawing; every text is escaped."""
    columns, depths = _places(inspection)
    width = round((max(columns.values()) + 1) * (_WIDTH + _GAP) - _GAP) + 4
    height = (max(depths.values()) + 1) * (_HEIGHT + _RISE) - _RISE + 4
    at = {
        name: (round(columns[name] * (_WIDTH + _GAP)) + 2, depths[name] * (_HEIGHT + _RISE) + 2)
        for name in columns
    }
    lines = "".join(
        _line(table, at[table.key.parent], at[table.name])
        for table in inspection.tables
        if table.key is not None and table.key.parent in at
    )
    named = {key.parent: key.key for key in inspection.keys.values()}
    boxes = "".join(_box(t, at[t.name], named.get(t.name, "")) for t in inspection.tables)
    return (
        '<div class="pp-links"><svg role="img" xmlns="http://www.w3.org/2000/svg" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'aria-label="{escape(in_words(inspection))}">{lines}{boxes}</svg></div>'
    )


def in_words(inspection: LinkedInspection) -> str:
    """What the picture shows, as a sentence."""
    parts = [
        f"{table.name} belongs to {table.key.parent} by {table.key}"
        if table.key is not None
        else f"{table.name} belongs to none"
        for table in inspection.tables
    ]
    return "; ".join(parts)


def _places(inspection: LinkedInspection) -> tuple[dict[str, float], dict[str, int]]:
    """The column (a parent stands over the middle of its children) and the depth of each table."""
    keys = inspection.keys
    names = [table.name for table in inspection.tables]
    columns: dict[str, float] = {}
    depths: dict[str, int] = {}
    free = 0.0

    def place(name: str, depth: int) -> None:
        nonlocal free
        depths[name] = depth
        below = [n for n in names if n in keys and keys[n].parent == name and n not in depths]
        for child in below:
            place(child, depth + 1)
        if below:
            columns[name] = (columns[below[0]] + columns[below[-1]]) / 2
        else:
            columns[name] = free
            free += 1

    # Roots first; tables that belong to each other in a circle stand beside them.
    for name in [*(n for n in names if n not in keys), *names]:
        if name not in depths:
            place(name, 0)
    return columns, depths


def _short(text: str) -> str:
    return text if len(text) <= _LETTERS else f"{text[: _LETTERS - 1]}…"


def _box(table: InspectedTable, at: tuple[int, int], key: str) -> str:
    x, y = at
    rows = f"{table.rows:,} rows · {len(table.columns)} columns"
    label = f"key {key}" if key else (f"by {table.key.column}" if table.key else "no key")
    return (
        f'<g class="pp-links-box"><title>{escape(table.name)}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="10"/>'
        f'<text class="pp-links-name" x="{x + 14}" y="{y + 25}">{escape(_short(table.name))}</text>'
        f'<text x="{x + 14}" y="{y + 44}">{rows}</text>'
        f'<text x="{x + 14}" y="{y + 61}">{escape(_short(label))}</text></g>'
    )


def _line(table: InspectedTable, above: tuple[int, int], at: tuple[int, int]) -> str:
    """From the parent down to the child: the key, and how many rows each parent has."""
    x1, y1, x2, y2 = above[0] + _WIDTH // 2, above[1] + _HEIGHT, at[0] + _WIDTH // 2, at[1]
    middle = (y1 + y2) // 2
    least = 0 if table.childless else 1
    words = f"{least}–{table.most:,.0f} each" if table.most else ""
    return (
        f'<path d="M{x1} {y1}C{x1} {middle} {x2} {middle} {x2} {y2}"/>'
        f'<path class="pp-links-head" d="M{x2 - 5} {y2 - 8}L{x2} {y2 - 1}L{x2 + 5} {y2 - 8}"/>'
        f'<text x="{x2 + 10}" y="{y2 - 12}">{escape(_short(str(table.key)))}</text>'
        f'<text x="{x2 + 10}" y="{y2 - 28}">{words}</text>'
    )
