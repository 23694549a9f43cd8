"""A picture of tables and the keys that join them: boxes, parents above their children."""

from __future__ import annotations

from html import escape

from synth.linked.inspection import InspectedTable, LinkedInspection


def picture(inspection: LinkedInspection) -> str:
    """The tables as nested lists that the style sheet draws as a tree; every text is escaped."""
    keys = inspection.keys
    drawn: set[str] = set()

    def branch(table: InspectedTable) -> str:
        drawn.add(table.name)
        below = "".join(
            branch(child)
            for child in inspection.tables
            if child.name in keys
            and keys[child.name].parent == table.name
            and child.name not in drawn
        )
        return f"<li>{_key(table)}{_box(table)}{f'<ul>{below}</ul>' if below else ''}</li>"

    # Roots first; tables that belong to each other in a circle stand beside them.
    roots = [table for table in inspection.tables if table.name not in keys]
    trees = "".join(branch(t) for t in (*roots, *inspection.tables) if t.name not in drawn)
    return (
        f'<div class="pp-links" role="group" aria-label="{escape(in_words(inspection))}">'
        f"<ul>{trees}</ul></div>"
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


def _box(table: InspectedTable) -> str:
    return (
        f'<div class="pp-links-box"><b>{escape(table.name)}</b>'
        f"<span>{table.rows:,} rows · {len(table.columns)} columns</span></div>"
    )


def _key(table: InspectedTable) -> str:
    """Above a child: the key, and how many rows each parent has."""
    if table.key is None:
        return ""
    key = table.key
    words = key.column if key.column == key.key else f"{key.key} = {key.column}"
    least = 0 if table.childless else 1
    many = f"<span>{least}–{table.most:,.0f} each</span>" if table.most else ""
    icon = '<span class="pp-icon" aria-hidden="true">key</span>'
    return f'<div class="pp-links-key"><b>{icon}{escape(words)}</b>{many}</div>'
