"""Making the bank: every cell filled evenly, from seeds, resumable, curated."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np

from synth.people.portraits.bank import BANDS, CELLS, Cell
from synth.people.portraits.heads import ETHNICITIES
from synth.people.portraits.mark import encode
from synth.people.portraits.search import Finder, Found, Wanted

UNLIKE = 0.42
"""Least distance of dlib embeddings between two portraits of a cell (0.6: perhaps one person)."""


def fill(
    finder: Finder,
    work: Path,
    each: int,
    seed: int = 0,
    *,
    cells: Sequence[Cell] = CELLS,
    refused: frozenset[str] = frozenset(),
    progress: Callable[[str, int], None] = lambda name, tries: None,
) -> None:
    """Find `each` portraits a cell into the folder `work`; what is there already is kept.

    Portrait k of a cell comes from the seed (seed, cell, k) alone, so a stopped run continues
    where it was. `refused` names portraits that a person looked at and turned down.
    """
    kept: dict[Cell, list[np.ndarray]] = {cell: [] for cell in cells}
    styles: dict[Cell, list[np.ndarray]] = {cell: [] for cell in cells}
    tried: dict[Cell, int] = dict.fromkeys(cells, 0)
    while open_cells := [c for c in cells if len(kept[c]) < each and tried[c] < 6 * each]:
        for cell in open_cells:
            number, tried[cell] = tried[cell], tried[cell] + 1
            name = f"{cell.name}-{number:03}"
            path = work / f"{name}.npz"
            if name in refused:
                continue
            if not path.exists():
                identity = [seed, CELLS.index(cell), number]
                found = _one(finder, cell, identity, kept[cell], _parents(styles, cell))
                _write(path, found)
                progress(name, found.tries if found else 0)
            with np.load(path, allow_pickle=False) as data:
                if "embedding" in data:
                    kept[cell].append(data["embedding"])
                    styles[cell].append(data["w"])


def sort(
    finder: Finder,
    work: Path,
    each: int,
    styles: Iterable[np.ndarray],
    *,
    first_number: int = 500,
    images: Iterable[np.ndarray | None] | None = None,
) -> int:
    """Put faces that were made for another end into the cells they read as; how many were kept.

    `styles` are w [512], for example the random faces that taught the directions; `images` are
    their 256 px paintings where there are any. Names count on from `first_number`, the style's
    place in the list, so that they never meet those of `fill`.
    """
    kept: dict[Cell, list[np.ndarray]] = {cell: [] for cell in CELLS}
    for cell in CELLS:
        for path in sorted(work.glob(f"{cell.name}-[0-9]*.npz")):
            with np.load(path, allow_pickle=False) as data:
                if "embedding" in data:
                    kept[cell].append(data["embedding"])
    count = 0
    for number, (w, image) in enumerate(
        zip(styles, images or repeat(None), strict=False), first_number
    ):
        painted = finder.generator.paint(w)[0] if image is None else image
        look = finder.reader.look(painted)
        if look is None or not 15 <= look.years < 91:
            continue
        gender = "male" if look.reading.male[0] > 0.5 else "female"
        race = ETHNICITIES[int(look.reading.ethnicity[0].argmax())]
        cell = Cell.of(gender, look.years, race)
        near = [np.linalg.norm(look.embedding - other) for other in kept[cell]]
        path = work / f"{cell.name}-{number:03}.npz"
        if (
            len(near) >= each
            or path.exists()
            or finder.bar.fault(look, _wanted(cell))
            or (near and min(near) < UNLIKE)
        ):
            continue
        _write(path, Found(np.asarray(w), painted, look, 1, 0.0))
        kept[cell].append(look.embedding)
        count += 1
    return count


def pack(work: Path, folder: Path, each: int, refused: frozenset[str] = frozenset()) -> int:
    """Make the bank of at most `each` portraits a cell out of a work folder; the number packed.

    Of two portraits of one gender and ethnicity that are too much alike the first is packed.
    """
    alike: dict[tuple[str, str], list[np.ndarray]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    rows: dict[str, list[object]] = {
        key: [] for key in ("name", "cell", "age", "certainty", "w", "embedding", "tries")
    }
    for index, cell in enumerate(CELLS):
        packed = 0
        with zipfile.ZipFile(folder / f"{cell.name}.zip", "w", zipfile.ZIP_STORED) as pages:
            for path in sorted(work.glob(f"{cell.name}-[0-9]*.npz")):
                if path.stem in refused or packed == each:
                    continue
                with np.load(path, allow_pickle=False) as data:
                    if "embedding" not in data:
                        continue
                    others = alike.setdefault((cell.gender, cell.ethnicity), [])
                    if any(np.linalg.norm(data["embedding"] - other) < UNLIKE for other in others):
                        continue
                    others.append(data["embedding"])
                    # A fixed date: the same portraits make the same file.
                    page = zipfile.ZipInfo(f"{path.stem}.webp", (2026, 1, 1, 0, 0, 0))
                    pages.writestr(page, encode(data["image"]))
                    for key in ("age", "certainty", "w", "embedding", "tries"):
                        rows[key].append(data[key])
                rows["name"].append(path.stem)
                rows["cell"].append(index)
                packed += 1
    np.savez_compressed(
        folder / "index.npz",
        name=np.array(rows["name"], dtype=np.str_),
        cell=np.array(rows["cell"], np.uint8),
        age=np.array(rows["age"], np.float16),
        certainty=np.array(rows["certainty"], np.float16),
        w=np.array(rows["w"], np.float16),
        embedding=np.array(rows["embedding"], np.float16),
        tries=np.array(rows["tries"], np.uint8),
    )
    return len(rows["name"])


def _parents(styles: dict[Cell, list[np.ndarray]], cell: Cell) -> np.ndarray | None:
    """Styles of the cell found so far, or, while these are few, of the neighbouring ages too."""
    if len(styles[cell]) >= 6:
        return np.stack(styles[cell])
    band = BANDS.index(cell.band)
    near = [BANDS[i] for i in (band - 1, band, band + 1) if 0 <= i < len(BANDS)]
    rows = [w for one in near for w in styles.get(replace(cell, band=one), [])]
    return np.stack(rows) if len(rows) >= 4 else None


def _one(
    finder: Finder,
    cell: Cell,
    seed: list[int],
    kept: list[np.ndarray],
    parents: np.ndarray | None,
) -> Found | None:
    rng = np.random.default_rng(seed)
    wanted = _wanted(cell)
    tries = 0
    for _ in range(2):
        found = finder.find(wanted, rng, tries=10, parents=parents)
        if found is None:
            return None
        tries += found.tries
        near = [np.linalg.norm(found.look.embedding - other) for other in kept]
        if not near or min(near) >= UNLIKE:
            return Found(found.w, found.image, found.look, tries, found.seconds)
    return None


def _wanted(cell: Cell) -> Wanted:
    upper = cell.band[1] + (0 if cell.band[1] == 20 else 1)  # teens: not those who look 20 to 21
    return Wanted(cell.gender, cell.band[0], upper, cell.ethnicity)


def _write(path: Path, found: Found | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        if found is None:
            np.savez(file, none=np.zeros(0, np.uint8))
        else:
            reading = found.look.reading
            race = ETHNICITIES.index(path.stem.rsplit("-", 2)[1])
            male = float(reading.male[0])
            gender = male if path.stem.startswith("male") else 1 - male
            np.savez(
                file,
                w=found.w.astype(np.float32),
                image=found.image,
                embedding=found.look.embedding,
                age=found.look.years,
                certainty=min(gender, float(reading.ethnicity[0, race])),
                tries=found.tries,
            )
    part.replace(path)
