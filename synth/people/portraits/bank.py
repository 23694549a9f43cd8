"""The bank: portraits that ship with the project, found by gender, age and ethnicity.

A zip file for each cell (gender, age band, ethnicity) holds the pictures as webp; `index.npz`
holds what is known of each. Both are opened on first use; a picture is read when it is shown.
"""

from __future__ import annotations

import functools
import hashlib
import zipfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from synth.environment import MODELS
from synth.errors import PopulaceError
from synth.people.portraits.heads import ETHNICITIES, GENDERS

BANDS = ((15, 20), (21, 30), (31, 45), (46, 60), (61, 90))
"""Ages in whole years, both ends included."""
YOUNGEST = BANDS[0][0]
"""Nobody younger has a face: the bank shows no children."""
SHIPPED = MODELS / "portraits" / "bank"
PAINTER = "mobilestylegan-ffhq"
"""Who painted a bank whose index does not say: the one generator of that time."""

# Portraits so many years further from an age are picked less often by a factor of e: the young and
# the oldest, whose years show, and everybody else, who shall not all have the same few faces.
_NEAR_YOUNG, _NEAR, _NEAR_OLD = 1.5, 3.0, 1.5
_OLD = 76  # years, from which most portraits of the oldest band look too young

# How the ethnicities of the populations are shown. Hispanic people are of every descent; the
# heads know no such class (a label of culture, not of looks), so a record that says Hispanic gets
# a portrait of any cell that US Hispanics name as their race most: mostly White, some Black or
# Indian-looking. "Mixed" and "Other" are drawn from all four evenly.
_MAPPING: dict[str, dict[str, float]] = {
    **{name.lower(): {name: 1.0} for name in ETHNICITIES},
    "hispanic": {"White": 0.6, "Indian": 0.3, "Black": 0.1},
    "mixed": dict.fromkeys(ETHNICITIES, 0.25),
    "other": dict.fromkeys(ETHNICITIES, 0.25),
}


@dataclass(frozen=True)
class Cell:
    """Gender, age band and ethnicity.

    Attributes
    ----------
    gender : str
        One of GENDERS.
    band : tuple[int, int]
        First and last year of age.
    ethnicity : str
        One of ETHNICITIES.
    """

    gender: str
    band: tuple[int, int]
    ethnicity: str

    @property
    def name(self) -> str:
        """For example `female-21-30-Indian`."""
        return f"{self.gender}-{self.band[0]}-{self.band[1]}-{self.ethnicity}"

    @classmethod
    def of(cls, gender: str, age: float, ethnicity: str) -> Cell:
        """The cell of a person; ages outside 15–90 go to the nearest band.

        Parameters
        ----------
        gender : str
            One of GENDERS.
        age : float
            Years.
        ethnicity : str
            One of ETHNICITIES.

        Returns
        -------
        Cell
            The cell.

        Raises
        ------
        PopulaceError
            The bank has no such gender or ethnicity.
        """
        band = next((band for band in BANDS if age < band[1] + 1), BANDS[-1])
        if gender not in GENDERS or ethnicity not in ETHNICITIES:
            raise PopulaceError(
                f"The bank has no {gender} {ethnicity} portraits; gender is one of "
                f"{', '.join(GENDERS)}, ethnicity one of {', '.join(ETHNICITIES)}."
            )
        return cls(gender, band, ethnicity)


CELLS = tuple(Cell(g, band, e) for g in GENDERS for band in BANDS for e in ETHNICITIES)


def shown_as(ethnicity: str, rng: np.random.Generator) -> str:
    """One of the four ethnicities of the portraits for what a record says.

    Raises PopulaceError for a word that has no mapping.

    Parameters
    ----------
    ethnicity : str
        As a record says it, in any case.
    rng : np.random.Generator
        What draws where several portraits' ethnicities may stand for it.

    Returns
    -------
    str
        One of ETHNICITIES.
    """
    shares = _MAPPING.get(ethnicity.lower())
    if shares is None:
        raise PopulaceError(
            f"No portrait is known for the ethnicity {ethnicity}; use one of "
            f"{', '.join(name.title() for name in _MAPPING)}."
        )
    return str(rng.choice(list(shares), p=list(shares.values())))


@dataclass(frozen=True)
class Portrait:
    """One picture of the bank: its name, cell, estimated age, scores, and style.

    `certainty` is the lower of the heads' probabilities of the gender and the ethnicity.
    """

    name: str
    cell: Cell
    age: float
    certainty: float
    folder: Path

    def webp(self) -> bytes:
        """The picture, 256 px, marked as synthetic in its metadata.

        Returns
        -------
        bytes
            The file.
        """
        return _pages(self.folder / f"{self.cell.name}.zip").read(f"{self.name}.webp")

    def image(self) -> np.ndarray:
        """The picture as RGB uint8 [256, 256, 3].

        Returns
        -------
        np.ndarray, uint8, shape (256, 256, 3)
            RGB.
        """
        import io

        from PIL import Image

        return np.asarray(Image.open(io.BytesIO(self.webp())).convert("RGB"))


@functools.lru_cache(maxsize=64)
def _pages(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise PopulaceError(
            f"The portraits {path.name} cannot be read; make them again with "
            "`python -m synth portraits build-bank`."
        ) from error


class Bank:
    """Picks portraits; the same seed gives the same portrait, and nothing changes after loading.

    Attributes
    ----------
    names : tuple of str
        The portraits.
    ages, certainty : np.ndarray, shape (n,)
        Estimated years; the lower of the probabilities of gender and ethnicity.
    looks : np.ndarray, shape (n,)
        Years that a person sees, where the estimate is far off; elsewhere the estimate.
    styles : np.ndarray, shape (n, latent_size of the painter)
        What each was painted from.
    embeddings : np.ndarray, shape (n, 128)
        dlib's embeddings of the faces.
    places : np.ndarray of int, shape (n,)
        Where each portrait stands in its cell's draws.
    drawn_from : np.ndarray of int, shape (cells,)
        How many places each cell has.
    painter : str
        Name of the `FaceGenerator` that painted them.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        self.folder = folder
        try:
            with np.load(folder / "index.npz", allow_pickle=False) as data:
                self.names = tuple(str(name) for name in data["name"])
                self._cell = data["cell"].astype(np.int64)
                self.ages = data["age"].astype(np.float64)
                self.looks = (data["looks"] if "looks" in data else data["age"]).astype(np.float64)
                self.certainty = data["certainty"].astype(np.float64)
                self.styles = data["w"]
                self.embeddings = data["embedding"]
                self.painter = str(data["painter"]) if "painter" in data else PAINTER
                place = data["place"].astype(np.int64) if "place" in data else None
                drawn_from = data["drawn_from"].astype(np.int64) if "drawn_from" in data else None
        except (OSError, KeyError, ValueError) as error:
            raise PopulaceError(
                f"The portrait bank {folder} cannot be read; make it with "
                "`python -m synth portraits build-bank`."
            ) from error
        self._of_cell = {
            cell: np.flatnonzero(self._cell == index) for index, cell in enumerate(CELLS)
        }
        if place is None or drawn_from is None:  # nobody was turned down since it was made
            place = np.zeros(len(self.names), np.int64)
            for rows in self._of_cell.values():
                place[rows] = np.arange(len(rows))
            drawn_from = np.array([len(rows) for rows in self._of_cell.values()])
        # A portrait keeps its place when others are turned down: nobody else's face changes.
        self.places, self.drawn_from = place, drawn_from
        self._row = {name: row for row, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def cell(self, cell: Cell) -> tuple[str, ...]:
        """Names of a cell's portraits.

        Parameters
        ----------
        cell : Cell
            Gender, age band and ethnicity.

        Returns
        -------
        tuple of str
            The names.
        """
        return tuple(self.names[row] for row in self._of_cell[cell])

    def rows(self, gender: str, ethnicity: str) -> np.ndarray:
        """Where the people of a gender and ethnicity stand in `names`, `ages`, `styles`.

        Parameters
        ----------
        gender : str
            One of GENDERS.
        ethnicity : str
            One of ETHNICITIES.

        Returns
        -------
        np.ndarray of int, shape (k,)
            Row numbers, ascending.
        """
        kind = (gender, ethnicity)
        cells = [i for i, cell in enumerate(CELLS) if (cell.gender, cell.ethnicity) == kind]
        return np.flatnonzero(np.isin(self._cell, cells))

    def __getitem__(self, name: str) -> Portrait:
        """The portrait of this name."""
        try:
            row = self._row[name]
        except KeyError as error:
            raise PopulaceError(f"The bank has no portrait called {name}; pick one.") from error
        return Portrait(
            name,
            CELLS[self._cell[row]],
            float(self.ages[row]),
            float(self.certainty[row]),
            self.folder,
        )

    def style(self, name: str) -> np.ndarray:
        """The w [512] that the generator paints this portrait from.

        Parameters
        ----------
        name : str
            A portrait's name.

        Returns
        -------
        np.ndarray, float32, shape (512,)
            The style.
        """
        return self.styles[self._row[self[name].name]].astype(np.float32)

    def pick(
        self,
        gender: str,
        age: float,
        ethnicity: str,
        seed: int | str,
        taken: Collection[str] = (),
    ) -> Portrait:
        """A portrait for one person: the same for the same seed while `taken` leaves it free.

        Among the cell's portraits, and those of other cells that look as old as its people are,
        those that look nearest to the age are preferred. Ethnicity may also be Hispanic, Mixed or
        Other (see `shown_as`). When all are taken, a portrait is used a second time; when a cell
        has none, the nearest age band that has some serves, and the portrait's own `cell` and
        `age` say so.

        Parameters
        ----------
        gender : str
            One of GENDERS, in any case.
        age : float
            Years.
        ethnicity : str
            As a record says it.
        seed : int or str
            The same seed picks the same portrait.
        taken : collection of str, optional
            Names of portraits that are used already.

        Returns
        -------
        Portrait
            The portrait.

        Raises
        ------
        PopulaceError
            The gender or the ethnicity is not known.
        """
        rng = np.random.default_rng(_number(seed))
        cell = Cell.of(gender.lower(), age, shown_as(ethnicity, rng))
        stocked = self._stocked(cell)
        rows, noise = [], []
        # Its own cell draws first, so that the others of its kind change nothing in it.
        kin = [replace(stocked, band=band) for band in BANDS if band != stocked.band]
        for other in (stocked, *kin):
            of_cell = self._of_cell[other]
            drawn = rng.gumbel(size=int(self.drawn_from[CELLS.index(other)]))[self.places[of_cell]]
            fit = self._inside(of_cell, stocked.band) | (other == stocked)
            rows.append(of_cell[fit])
            noise.append(drawn[fit])
        among = np.concatenate(rows)
        # Gumbel noise over the age difference: near ages first, a fixed order for a fixed seed.
        near = _NEAR_YOUNG if age < BANDS[1][0] else _NEAR if age < _OLD else _NEAR_OLD
        away = np.abs(self.looks[among] - age) / near
        order = among[np.argsort(away + np.concatenate(noise), kind="stable")]
        free = (row for row in order if self.names[row] not in taken)
        return self[self.names[next(free, order[0])]]

    def _inside(self, rows: np.ndarray, band: tuple[int, int]) -> np.ndarray:
        """Which portraits look as old as the people of a band are."""
        return (self.looks[rows] >= band[0]) & (self.looks[rows] < band[1] + 1)

    def _stocked(self, cell: Cell) -> Cell:
        """The cell, or the nearest age band of the same gender and ethnicity with portraits."""
        home = BANDS.index(cell.band)
        bands = sorted(BANDS, key=lambda band: abs(BANDS.index(band) - home))
        for band in bands:
            near = replace(cell, band=band)
            if len(self._of_cell[near]):
                return near
        raise PopulaceError(
            f"The bank has no portrait of {cell.name} or its neighbours; make some with "
            "`python -m synth portraits build-bank`."
        )


@functools.lru_cache(maxsize=1)
def shipped() -> Bank:
    """The bank that comes with the project, loaded on first use and shared.

    Returns
    -------
    Bank
        The bank.
    """
    return Bank()


def _number(seed: int | str) -> int:
    if isinstance(seed, str):
        return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    return abs(int(seed))
