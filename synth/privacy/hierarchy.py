"""Coarser values: trees of levels, aligned ranges of numbers, months and years of dates.

A file of hierarchies is TOML or JSON, one entry a column:

    [education.tree]
    school = ["9th", "10th", "11th", "12th", "HS-grad"]
    college = ["Bachelors", "Masters", "Doctorate"]

    [age]
    widths = [5, 10, 20]

Trees nest. They are public knowledge: nobody's row decides them.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from synth.errors import PopulaceError

ANY = "any"
"""The value that says nothing."""
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Tree:
    """Levels and their coarser ones.

    Attributes
    ----------
    above : mapping of str to str
        Node → the node above it; the topmost is `ANY`.
    """

    above: Mapping[str, str]

    @staticmethod
    def of(levels: Sequence[str], nested: Any = None) -> Tree:
        """A tree over levels.

        Parameters
        ----------
        levels : sequence of str
            The leaves; those that the tree does not name hang from the top.
        nested : mapping or sequence, optional
            Mappings of names to more of the same, and lists of levels.

        Raises
        ------
        PopulaceError
            A name stands twice in the tree.
        """
        above: dict[str, str] = {}

        def hang(node: Any, parent: str) -> None:
            items = node.items() if isinstance(node, Mapping) else [(each, ()) for each in node]
            for name, inner in items:
                if str(name) in above or str(name) == ANY:
                    raise PopulaceError(f"The tree names {name!r} twice: give each node one place.")
                above[str(name)] = parent
                hang(inner, str(name))

        hang(nested or (), ANY)
        for level in levels:
            above.setdefault(str(level), ANY)
        return Tree(above)

    def path(self, node: str) -> tuple[str, ...]:
        """The nodes from one up to the top."""
        out = [node]
        while out[-1] != ANY:
            out.append(self.above[out[-1]])
        return tuple(out)

    def children(self, node: str) -> tuple[str, ...]:
        """The nodes right below one."""
        return tuple(name for name, parent in self.above.items() if parent == node)

    def common(self, levels: Sequence[str]) -> str:
        """The lowest node above all of some levels, or the level itself where it is one."""
        first, *rest = dict.fromkeys(levels)
        for node in self.path(first):
            if all(node in self.path(level) for level in rest):
                return node
        return ANY

    def leaves(self, node: str) -> int:
        """How many levels lie below a node; 1 for a level."""
        below = self.children(node)
        return sum(self.leaves(child) for child in below) if below else 1


@dataclass(frozen=True)
class Hierarchies:
    """How columns become coarser.

    Attributes
    ----------
    trees : mapping of str to JSON value
        Column → its nested tree.
    widths : mapping of str to tuple of float
        Column of numbers → widths of aligned ranges, ascending.
    """

    trees: Mapping[str, Any] = field(default_factory=dict)
    widths: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @staticmethod
    def read(path: str | Path) -> Hierarchies:
        """A TOML or JSON file.

        Raises
        ------
        PopulaceError
            It cannot be read, or an entry is no hierarchy.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
            is_json = path.suffix.lower() == ".json"
            value = json.loads(text) if is_json else tomllib.loads(text)
        except (OSError, UnicodeDecodeError) as error:
            raise PopulaceError(f"The hierarchies {path} cannot be read: name a file.") from error
        except (ValueError, RecursionError) as error:
            raise PopulaceError(f"The hierarchies {path} are damaged: {error}.") from error
        trees, widths = {}, {}
        for name, entry in value.items() if isinstance(value, Mapping) else ():
            if not isinstance(entry, Mapping) or not entry.keys() <= {"tree", "widths"}:
                raise PopulaceError(
                    f"The hierarchy of {name} is not understood: give it a tree or widths."
                )
            if "tree" in entry:
                trees[str(name)] = entry["tree"]
            numbers = entry.get("widths", ())
            if not all(isinstance(w, int | float) and w > 0 for w in numbers):
                raise PopulaceError(f"The widths of {name} are no numbers above 0: mend them.")
            if numbers:
                widths[str(name)] = tuple(sorted(float(w) for w in numbers))
        return Hierarchies(trees, widths)


def aligned(low: float, high: float, widths: Sequence[float], step: float) -> tuple[float, float]:
    """The narrowest aligned range that holds two numbers; themselves where none does.

    Parameters
    ----------
    low, high : float
        In the column's unit, both included.
    widths : sequence of float
        Ascending.
    step : float
        The column's resolution: a range of width 10 by steps of 1 is 20–29.
    """
    if low == high:
        return low, high
    for width in widths:
        start = math.floor(low / width) * width
        if high <= start + width - step:
            return start, start + width - step
    return low, high


def date_range(first: int, last: int) -> str:
    """Days since 1970 in words: a day, a month, a quarter, a year, a decade, or years.

    Parameters
    ----------
    first, last : int
        Both included.
    """
    a, b = EPOCH + timedelta(days=first), EPOCH + timedelta(days=last)
    if a == b:
        return a.isoformat()
    if (a.year, a.month) == (b.year, b.month):
        return f"{a.year}-{a.month:02d}"
    if a.year == b.year and (a.month - 1) // 3 == (b.month - 1) // 3:
        return f"{a.year}-Q{(a.month - 1) // 3 + 1}"
    if a.year == b.year:
        return str(a.year)
    if a.year // 10 == b.year // 10:
        return f"{a.year // 10 * 10}s"
    return f"{a.year}–{b.year}"
