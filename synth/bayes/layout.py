"""Where a network's columns stand on paper: a layered drawing, arrows pointing down.

The steps are those of Sugiyama, Tagawa and Toda (1981). Rows come from a linear program that makes
all arrows together as short as can be (Gansner et al. 1993, who solve it by network simplex), rows
that are too full overflow into the next. Arrows that pass rows pass them in lanes; all arrows from
one column share its lanes, so twenty children cost one line and not twenty. Rows are put in order
by barycentres, and columns are moved sideways to be as straight above each other as the order
allows: each row is a least-squares problem with least distances, solved exactly by pooling adjacent
violators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Edge = tuple[str, str]
Point = tuple[float, float]
Spot = tuple[str, int]  # a column in its row, or its lane through a row below

LANE = 12.0
"""Width of a lane."""
SWEEPS, RESTARTS = 12, 6
"""Passes over all rows for each of the starting orders."""
STRAIGHT = 24
"""Passes that move columns sideways."""


@dataclass(frozen=True)
class Layout:
    """A drawing.

    Attributes
    ----------
    width, height : float
        Of the whole.
    places : mapping of str to (x, y)
        The centre of each column's box.
    routes : mapping of (parent, child) to tuple of (x, y)
        Points from the parent's lower edge to the child's upper edge.
    rows : tuple of tuples of str
        The columns of each row, left to right.
    """

    width: float
    height: float
    places: Mapping[str, Point]
    routes: Mapping[Edge, tuple[Point, ...]]
    rows: tuple[tuple[str, ...], ...]


def layout(
    names: Sequence[str],
    edges: Sequence[Edge],
    *,
    across: int,
    box: tuple[float, float] = (132.0, 40.0),
    gap: tuple[float, float] = (14.0, 34.0),
    seed: int = 0,
) -> Layout:
    """Lay a network out with at most `across` columns in a row.

    `box` is the width and height of a column's box, `gap` the least distance of two boxes beside
    and above each other. The edges must not form a circle.
    """
    row = _rows(names, edges, across)
    spots, links = _lanes(names, edges, row)
    order = _ordered(spots, links, np.random.default_rng(seed))
    x = _straight(order, links, box[0], gap[0])
    low = min(x[spot] - _half(spot, row, box[0]) for spot in x)
    high = max(x[spot] + _half(spot, row, box[0]) for spot in x)
    x = {spot: value - low for spot, value in x.items()}
    pitch = box[1] + gap[1]
    centre = [box[1] / 2 + i * pitch for i in range(len(order))]
    places = {name: (x[name, row[name]], centre[row[name]]) for name in names}
    routes = {}
    for parent, child in edges:
        points = [(places[parent][0], places[parent][1] + box[1] / 2)]
        for at in range(row[parent] + 1, row[child]):
            lane = x[parent, at]
            points += [(lane, centre[at] - box[1] / 2), (lane, centre[at] + box[1] / 2)]
        points.append((places[child][0], places[child][1] - box[1] / 2))
        routes[parent, child] = tuple(points)
    shown = tuple(tuple(name for name, at in spots if row[name] == at) for spots in order)
    return Layout(high - low, centre[-1] + box[1] / 2 if centre else 0.0, places, routes, shown)


def fitted(
    names: Sequence[str],
    edges: Sequence[Edge],
    width: float,
    *,
    box: tuple[float, float] = (132.0, 40.0),
    gap: tuple[float, float] = (14.0, 34.0),
    most: int = 6,
) -> Layout:
    """The layout with the most columns in a row, `most` at most, that is no wider than `width`.

    Where none is, the narrowest.
    """
    candidates = []
    for across in range(most, 1, -1):
        candidates.append(layout(names, edges, across=across, box=box, gap=gap))
        if candidates[-1].width <= width:
            return candidates[-1]
    return min(candidates, key=lambda drawn: drawn.width)


# ---------------------------------------------------------------------- rows


def _rows(names: Sequence[str], edges: Sequence[Edge], across: int) -> dict[str, int]:
    """The row of each column: arrows short, no row too full, lonely columns last."""
    joined = [name for name in names if any(name in edge for edge in edges)]
    target = _short_arrows(joined, edges)
    above = {name: [a for a, b in edges if b == name] for name in joined}
    below = {name: sum(a == name for a, _ in edges) for name in joined}
    row: dict[str, int] = {}
    at = 0
    while len(row) < len(joined):
        ready = [
            name
            for name in joined
            if name not in row
            and target[name] <= at
            and all(row.get(parent, at) < at for parent in above[name])
        ]
        ready.sort(key=lambda name: (target[name], -below[name]))
        row |= dict.fromkeys(ready[:across], at)
        at += 1
    for i, name in enumerate(name for name in names if name not in row):
        row[name] = at + i // across
    filled = {at: i for i, at in enumerate(sorted(set(row.values())))}
    return {name: filled[at] for name, at in row.items()}


def _short_arrows(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Rows that make the sum of all arrows' lengths least; arrows go down by one or more."""
    from scipy.optimize import linprog  # a third of a second in every process that draws nothing

    if not names:
        return {}
    number = {name: i for i, name in enumerate(names)}
    # A trifle for each row draws parts that no arrow joins to the top.
    cost = np.full(len(names), 1e-3 / len(names))
    bounds = np.zeros((len(edges), len(names)))
    for i, (parent, child) in enumerate(edges):
        cost[number[child]] += 1
        cost[number[parent]] -= 1
        bounds[i, number[parent]], bounds[i, number[child]] = 1, -1
    solution = linprog(cost, A_ub=bounds, b_ub=-np.ones(len(edges)), bounds=(0, len(names)))
    rows = np.rint(solution.x).astype(int)
    return {name: int(rows[number[name]] - rows.min()) for name in names}


def _lanes(
    names: Sequence[str], edges: Sequence[Edge], row: Mapping[str, int]
) -> tuple[list[list[Spot]], list[tuple[Spot, Spot]]]:
    """The spots of each row, and the links between spots of neighbouring rows."""
    spots: list[list[Spot]] = [[] for _ in range(max(row.values(), default=-1) + 1)]
    for name in names:
        spots[row[name]].append((name, row[name]))
    links: dict[tuple[Spot, Spot], None] = {}
    for parent, child in edges:
        for at in range(row[parent] + 1, row[child]):
            if (parent, at) not in spots[at]:
                spots[at].append((parent, at))
            links[(parent, at - 1), (parent, at)] = None
        links[(parent, row[child] - 1), (child, row[child])] = None
    return spots, list(links)


def _half(spot: Spot, row: Mapping[str, int], width: float) -> float:
    return width / 2 if row[spot[0]] == spot[1] else LANE / 2


# ---------------------------------------------------------------------- order


def crossings(order: Sequence[Sequence[Spot]], links: Sequence[tuple[Spot, Spot]]) -> int:
    """How many pairs of links cross."""
    place = {spot: i for spots in order for i, spot in enumerate(spots)}
    total = 0
    for at in range(len(order)):
        ends = np.array([(place[a], place[b]) for a, b in links if a[1] == at])
        if len(ends):
            first, last = ends[:, 0], ends[:, 1]
            total += int(((first[:, None] < first) & (last[:, None] > last)).sum())
    return total


def _ordered(
    spots: list[list[Spot]], links: Sequence[tuple[Spot, Spot]], rng: np.random.Generator
) -> list[list[Spot]]:
    """Each row in the order with the fewest crossings that the sweeps come upon."""
    near: dict[str, dict[Spot, list[Spot]]] = {"up": {}, "down": {}}
    for a, b in links:
        near["down"].setdefault(a, []).append(b)
        near["up"].setdefault(b, []).append(a)
    best, fewest = spots, crossings(spots, links)
    for start in range(RESTARTS):
        order = [list(row) for row in spots]
        if start:
            for row in order:
                rng.shuffle(row)
            order = [[(str(name), int(at)) for name, at in row] for row in order]
        for sweep in range(SWEEPS):
            down = sweep % 2 == 0
            rows = range(1, len(order)) if down else range(len(order) - 2, -1, -1)
            for at in rows:
                beside = order[at - 1 if down else at + 1]
                place = {spot: i / max(len(beside) - 1, 1) for i, spot in enumerate(beside)}
                around = near["up" if down else "down"]
                here = {spot: i / max(len(order[at]) - 1, 1) for i, spot in enumerate(order[at])}
                middle = {
                    spot: float(np.mean([place[other] for other in around[spot]]))
                    if spot in around
                    else here[spot]
                    for spot in order[at]
                }
                order[at].sort(key=lambda spot: (middle[spot], here[spot]))
            count = crossings(order, links)
            if count < fewest:
                best, fewest = [list(row) for row in order], count
    return best


# ---------------------------------------------------------------------- places


def _straight(
    order: Sequence[Sequence[Spot]],
    links: Sequence[tuple[Spot, Spot]],
    width: float,
    gap: float,
) -> dict[Spot, float]:
    """Sideways places: near the linked ones, in order, no closer than boxes and gaps allow."""
    lane = {b for a, b in links if a[0] == b[0]}
    near: dict[Spot, list[tuple[Spot, float]]] = {}
    for a, b in links:
        # Lanes that go on should not bend.
        weight = 8.0 if a in lane and b in lane else 3.0 if b in lane else 1.0
        near.setdefault(a, []).append((b, weight))
        near.setdefault(b, []).append((a, weight))
    need = {
        spot: (LANE / 2 if spot in lane else width / 2 + gap / 2) for row in order for spot in row
    }
    x: dict[Spot, float] = {}
    for row in order:
        at = np.cumsum([0.0] + [need[a] + need[b] for a, b in pairwise(row)])
        x |= {spot: float(v) for spot, v in zip(row, at - at.mean(), strict=True)}
    rows = [list(row) for row in order]
    for sweep in range(STRAIGHT):
        for row in rows if sweep % 2 == 0 else rows[::-1]:
            targets, weights = [], []
            for spot in row:
                around = near.get(spot, [])
                mass = sum(w for _, w in around)
                pull = sum(w * x[other] for other, w in around)
                targets.append((pull + 0.05 * x[spot]) / (mass + 0.05))
                weights.append(mass + 0.05)
            apart = np.cumsum([0.0] + [need[a] + need[b] for a, b in pairwise(row)])
            placed = _pooled(np.array(targets) - apart, np.array(weights)) + apart
            x |= {spot: float(v) for spot, v in zip(row, placed, strict=True)}
    return x


def _pooled(target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The non-decreasing sequence closest to `target` in weighted squares."""
    blocks: list[list[float]] = []  # mean, weight, length
    for value, mass in zip(target, weight, strict=True):
        blocks.append([float(value), float(mass), 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value_b, mass_b, many_b = blocks.pop()
            value_a, mass_a, many_a = blocks.pop()
            both = mass_a + mass_b
            blocks.append([(value_a * mass_a + value_b * mass_b) / both, both, many_a + many_b])
    return np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])
