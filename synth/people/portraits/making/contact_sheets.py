"""Contact sheets: the portraits of one cell on one picture, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from synth.people.portraits.bank import CELLS, Bank, Cell

_SIDE, _ACROSS, _LINE = 112, 10, 12
LARGE = 214, 5
"""Side and pictures in a row of a sheet on which a person judges faces."""


def of_bank(bank: Bank, cell: Cell) -> Iterator[tuple[str, float, np.ndarray]]:
    """Number, estimated age and picture of a cell's portraits in the bank.

    Parameters
    ----------
    bank : Bank
        The bank.
    cell : Cell
        Which portraits.

    Returns
    -------
    Iterator[tuple[str, float, np.ndarray]]
        Number, years, and RGB uint8 of shape (256, 256, 3).
    """
    for name in bank.cell(cell):
        portrait = bank[name]
        yield name.rsplit("-", 1)[1], portrait.age, portrait.image()


def of_work(work: Path, cell: Cell) -> Iterator[tuple[str, float, np.ndarray]]:
    """The same of a work folder, before the bank is packed.

    Parameters
    ----------
    work : Path
        The folder.
    cell : Cell
        Which portraits.

    Returns
    -------
    Iterator[tuple[str, float, np.ndarray]]
        Number, years, and RGB uint8 of shape (256, 256, 3).
    """
    for path in sorted(work.glob(f"{cell.name}-[0-9]*.npz")):
        with np.load(path, allow_pickle=False) as data:
            if "image" in data:
                yield path.stem.rsplit("-", 1)[1], float(data["age"]), data["image"]


def sheet(
    portraits: Sequence[tuple[str, float, np.ndarray]], side: int = _SIDE, across: int = _ACROSS
) -> Image.Image:
    """Some across; under each its number and estimated age.

    Parameters
    ----------
    portraits : Sequence[tuple[str, float, np.ndarray]]
        Number, years and picture of each.
    side : int, optional
        Pixels of a picture's side.
    across : int, optional
        Pictures in a row.

    Returns
    -------
    Image.Image
        The sheet.
    """
    down = -(-len(portraits) // across) or 1
    page = Image.new("RGB", (across * side, down * (side + _LINE)), "white")
    draw = ImageDraw.Draw(page)
    for index, (number, age, image) in enumerate(portraits):
        x, y = index % across * side, index // across * (side + _LINE)
        small = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
        page.paste(small, (x, y))
        draw.text((x + 2, y + side), f"{number} · {age:.0f}", fill="black")
    return page


def write_sheets(folder: Path, bank: Bank | None, work: Path | None) -> list[Path]:
    """A PNG for each cell that has portraits, of the work folder if one is named.

    Parameters
    ----------
    folder : Path
        Where to write.
    bank : Bank or None
        The bank; the shipped one when None.
    work : Path or None
        The work folder.

    Returns
    -------
    list of Path
        The files written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for cell in CELLS:
        portraits = list(of_work(work, cell) if work else of_bank(bank or Bank(), cell))
        if portraits:
            path = folder / f"{cell.name}.png"
            sheet(portraits).save(path)
            written.append(path)
    return written
