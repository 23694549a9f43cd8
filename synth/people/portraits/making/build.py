"""Making the bank: every cell filled evenly, from seeds, resumable, curated."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from synth.people.portraits.bank import CELLS, PAINTER, Bank, Cell
from synth.people.portraits.directions import Directions
from synth.people.portraits.heads import ETHNICITIES, Heads
from synth.people.portraits.mark import encode
from synth.people.portraits.search import FaceSearch, Neighbours, SearchResult, Target

UNLIKE = {"White": 0.48, "Black": 0.42, "Asian": 0.35, "Indian": 0.42}
"""Least distance of dlib's embeddings between two portraits of a gender and ethnicity.

As near as the nearest two of fifty real people are: the median over draws of fifty from UTKFace of
one gender, age band and ethnicity, and over the cells of at least 300 people (White .49, Black
.42, Asian .35, Indian .43; smaller cells hold several photographs of one person). dlib tells some
people apart worse than others. Here the bar also holds between the age bands.
"""
_COPY = 0.78
"""Styles nearer than this, in standard deviations of w, make much the same picture (random ones
are 1.4 apart): the later of two is left out."""
_INSIDE = {(15, 20): (16, 20.5), (21, 30): (22, 31), (31, 45): (31, 44), (46, 60): (47, 61)}
_INSIDE[(61, 90)] = (61, 91)
_TRIES = 30  # paintings for one portrait


@dataclass
class _CellPortraits:
    """What a cell has so far: styles, embeddings, estimated ages; the names of those good."""

    styles: list[np.ndarray] = field(default_factory=list)
    embeddings: list[np.ndarray] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    good: list[str] = field(default_factory=list)


@dataclass
class _Shelf:
    """Takes portraits in the order of their numbers and says which are good."""

    directions: Directions
    refused: frozenset[str]
    by_cell: dict[Cell, _CellPortraits]
    seen: dict[tuple[str, str], list[np.ndarray]] = field(default_factory=dict)

    def take(self, cell: Cell, path: Path) -> None:
        """Note the portrait of this file, or that its search failed."""
        mine = self.by_cell[cell]
        with np.load(path, allow_pickle=False) as data:
            if "embedding" not in data:
                return
            w, age = data["w"], float(data["age"])
            # What a bank holds is good, whatever half precision has made of its age and style.
            packed = "webp" in data
            mine.styles.append(w)
            mine.embeddings.append(data["embedding"])
            mine.ages.append(age)
        target = target_of(cell)
        if path.stem in self.refused:
            return
        if not packed and not target.lower <= age < target.upper:
            return
        others = self.seen.setdefault((cell.gender, cell.ethnicity), [])
        if not packed and others and self._nearest(others, w) < _COPY:
            return
        others.append(w)
        mine.good.append(path.stem)

    def _nearest(self, others: Sequence[np.ndarray], w: np.ndarray) -> float:
        """How far a style is from the nearest of others."""
        return float(self.directions.distance(np.stack(others) - w + self.directions.mean).min())


def fill(
    search: FaceSearch,
    work: Path,
    each: int,
    seed: int = 0,
    *,
    cells: Sequence[Cell] = CELLS,
    refused: frozenset[str] = frozenset(),
    target: Callable[[Cell], Target] | None = None,
    progress: Callable[[str, int], None] = lambda name, good: None,
) -> None:
    """Find `each` portraits a cell into the folder `work`; what is there already is kept.

    Portrait k of a cell comes from the seed (seed, cell, k) and from the portraits of its gender
    and ethnicity with smaller numbers alone, so a stopped run continues where it was. `refused`
    names portraits that a person looked at and turned down: they are made, so that the others
    stay as they were, but not counted; nor are near copies.

    Parameters
    ----------
    search : FaceSearch
        What finds faces.
    work : Path
        The folder to fill.
    each : int
        Good portraits a cell.
    seed : int, optional
        Of all draws.
    cells : sequence of Cell, optional
        The cells to fill.
    refused : frozenset of str, optional
        Names of portraits that were turned down.
    target : callable, optional
        Whom a cell's new portraits ask for; `target_of` when left out.
    progress : callable, optional
        Gets a portrait's name, and the good ones of its cell.
    """
    target = target or target_of
    by_cell = {cell: _CellPortraits() for cell in cells}
    shelf = _Shelf(search.directions, refused, by_cell)
    for number in range(6 * each):
        for cell in cells:
            if len(by_cell[cell].good) >= each:
                continue
            path = work / f"{cell.name}-{number:03}.npz"
            if not path.exists():
                thresholds = replace(search.thresholds, unlike=UNLIKE[cell.ethnicity])
                result = FaceSearch(
                    search.generator,
                    search.reader,
                    search.directions,
                    thresholds,
                    search.defects,
                ).find(
                    target(cell),
                    np.random.default_rng([seed, CELLS.index(cell), number]),
                    tries=_TRIES,
                    neighbours=_neighbours(by_cell, cell, search.reader.heads),
                    unlike=_known(by_cell, cell),
                )
                _write(path, result)
            shelf.take(cell, path)
            progress(cell.name, len(by_cell[cell].good))


def chosen(
    work: Path, directions: Directions, refused: frozenset[str] = frozenset()
) -> dict[Cell, list[str]]:
    """Names of the good portraits of a work folder, by cell: as `fill` counts them.

    Parameters
    ----------
    work : Path
        The folder that `fill` filled.
    directions : Directions
        What tells near copies.
    refused : frozenset of str, optional
        Names of portraits that were turned down.

    Returns
    -------
    mapping of Cell to list of str
        Cell → names.
    """
    shelf = _Shelf(directions, refused, {cell: _CellPortraits() for cell in CELLS})
    order = {cell.name: (index, cell) for index, cell in enumerate(CELLS)}
    portraits: list[tuple[int, int, Cell, Path]] = []
    for path in work.glob("*-[0-9]*.npz"):
        name, number = path.stem.rsplit("-", 1)
        index, cell = order[name]
        portraits.append((int(number), index, cell, path))
    for _, _, cell, path in sorted(portraits, key=lambda portrait: portrait[:2]):
        shelf.take(cell, path)
    return {cell: portraits_of_cell.good for cell, portraits_of_cell in shelf.by_cell.items()}


def pack(
    work: Path,
    folder: Path,
    each: int,
    good: Mapping[Cell, Sequence[str]],
    painter: str = PAINTER,
    before: Bank | None = None,
    seen: Mapping[str, float] | None = None,
) -> int:
    """Make the bank of at most `each` good portraits a cell of a work folder; how many.

    `painter` is the name of the generator that painted them.

    Parameters
    ----------
    work : Path
        The folder that `fill` filled.
    folder : Path
        The bank's.
    each : int
        The most portraits a cell.
    good : mapping of Cell to sequence of str
        Cell → names, as from `chosen`.
    painter : str, optional
        The generator's name.
    before : Bank, optional
        The bank that is packed anew: its portraits keep their places, so that who is shown for
        whom stays as it was, and new ones take the places that are free.
    seen : mapping of str to float, optional
        Portrait → years as a person sees them, where the estimate is far off.

    Returns
    -------
    int
        Portraits in the bank.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[object]] = {
        key: [] for key in ("name", "cell", "age", "certainty", "w", "embedding", "tries")
    }
    places: list[int] = []
    drawn_from: list[int] = []
    for index, cell in enumerate(CELLS):
        names = good[cell][:each]
        taken, most = _places(names, before, index)
        places += taken
        drawn_from.append(most)
        with zipfile.ZipFile(folder / f"{cell.name}.zip", "w", zipfile.ZIP_STORED) as pages:
            for name in names:
                with np.load(work / f"{name}.npz", allow_pickle=False) as data:
                    # A fixed date: the same portraits make the same file.
                    page = zipfile.ZipInfo(f"{name}.webp", (2026, 1, 1, 0, 0, 0))
                    webp = bytes(data["webp"]) if "webp" in data else encode(data["image"])
                    pages.writestr(page, webp)
                    for key in ("age", "certainty", "w", "embedding", "tries"):
                        rows[key].append(data[key])
                rows["name"].append(name)
                rows["cell"].append(index)
    looks = [(seen or {}).get(str(n), a) for n, a in zip(rows["name"], rows["age"], strict=True)]
    np.savez_compressed(
        folder / "index.npz",
        looks=np.array(looks, np.float16),
        name=np.array(rows["name"], dtype=np.str_),
        cell=np.array(rows["cell"], np.uint8),
        age=np.array(rows["age"], np.float16),
        certainty=np.array(rows["certainty"], np.float16),
        w=np.array(rows["w"], np.float16),
        embedding=np.array(rows["embedding"], np.float16),
        tries=np.array(rows["tries"], np.uint8),
        painter=np.array(painter),
        place=np.array(places, np.uint8),
        drawn_from=np.array(drawn_from, np.uint8),
    )
    return len(rows["name"])


def _places(names: Sequence[str], before: Bank | None, cell: int) -> tuple[list[int], int]:
    """The place of each portrait of a cell, and how many places there are."""
    if before is None:
        return list(range(len(names))), len(names)
    known = dict(zip(before.names, before.places.tolist(), strict=True))
    mine = {known[name] for name in names if name in known}
    most = int(before.drawn_from[cell])
    free = iter([p for p in range(most) if p not in mine] + list(range(most, most + len(names))))
    places = [known[name] if name in known else next(free) for name in names]
    return places, max([most, *(place + 1 for place in places)])


def unpack(bank: Bank, work: Path, refused: frozenset[str] = frozenset()) -> None:
    """Write a bank into a work folder, so that `fill` goes on from it.

    Numbers below a cell's largest that are not in the bank count as searches that failed: they are
    not tried again.

    Parameters
    ----------
    bank : Bank
        The bank.
    work : Path
        An empty folder, or one that this was done to before.
    refused : frozenset of str
        Portraits that were turned down; their numbers are not used again.
    """
    work.mkdir(parents=True, exist_ok=True)
    numbers: dict[str, int] = {}
    for name in (*bank.names, *refused):
        of, last = name.rsplit("-", 1)
        numbers[of] = max(numbers.get(of, -1), int(last))
    with np.load(bank.folder / "index.npz", allow_pickle=False) as data:
        tries = dict(zip(bank.names, data["tries"].tolist(), strict=True))
    for row, name in enumerate(bank.names):
        path, portrait = work / f"{name}.npz", bank[name]
        if path.exists():
            continue
        np.savez(
            path,
            w=bank.styles[row].astype(np.float32),
            webp=np.frombuffer(portrait.webp(), np.uint8),
            embedding=bank.embeddings[row].astype(np.float32),
            age=portrait.age,
            certainty=portrait.certainty,
            tries=tries[name],
        )
    for cell, most in numbers.items():
        for number in range(most + 1):
            path = work / f"{cell}-{number:03}.npz"
            if not path.exists():
                _write(path, None)


def _relatives(by_cell: dict[Cell, _CellPortraits], cell: Cell) -> list[_CellPortraits]:
    """What there is of the cell's gender and ethnicity, of every age."""
    kind = (cell.gender, cell.ethnicity)
    return [those for other, those in by_cell.items() if (other.gender, other.ethnicity) == kind]


def _neighbours(by_cell: dict[Cell, _CellPortraits], cell: Cell, heads: Heads) -> Neighbours | None:
    """Everyone of the cell's gender and ethnicity so far: where a search starts."""
    those = _relatives(by_cell, cell)
    styles = [w for portraits in those for w in portraits.styles]
    faces = [embedding for portraits in those for embedding in portraits.embeddings]
    ages = [age for portraits in those for age in portraits.ages]
    return Neighbours.of(heads, np.array(styles), np.array(faces), np.array(ages))


def _known(by_cell: dict[Cell, _CellPortraits], cell: Cell) -> np.ndarray | None:
    """Embeddings of everyone of the cell's gender and ethnicity so far."""
    rows = [
        embedding for portraits in _relatives(by_cell, cell) for embedding in portraits.embeddings
    ]
    return np.stack(rows) if rows else None


def target_of(cell: Cell) -> Target:
    """Whom the portraits of a cell ask for: inside its band, so that few look like the next.

    Parameters
    ----------
    cell : Cell
        Gender, age band and ethnicity.

    Returns
    -------
    Target
        The target.
    """
    lower, upper = _INSIDE[cell.band]
    return Target(cell.gender, lower, upper, cell.ethnicity)


def _write(path: Path, result: SearchResult | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        if result is None:
            np.savez(file, none=np.zeros(0, np.uint8))
        else:
            reading = result.look.reading
            race = ETHNICITIES.index(path.stem.rsplit("-", 2)[1])
            male = float(reading.male[0])
            gender = male if path.stem.startswith("male") else 1 - male
            np.savez(
                file,
                w=result.w.astype(np.float32),
                image=result.image,
                embedding=result.look.embedding,
                age=result.look.years,
                certainty=min(gender, float(reading.ethnicity[0, race])),
                tries=result.tries,
            )
    part.replace(path)
