"""Learned families as one file, ``*.families``: a ZIP archive of their folder, without any row.

It is opened with the suspicion of `synth.populations.archive`: parts are checked before they are
read, and a few families are drawn before it is trusted.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from synth.bayes.budget import limited
from synth.data.model_folders import CARD
from synth.errors import PopulaceError
from synth.generators.bayes_network import FILE
from synth.linked.population import LinkedPopulation
from synth.linked.storage import ABOUT, RATIO, ROOT_RATIO, ROWS, load_linked, save_linked
from synth.populations.archive import CHECK_CELLS, CHECK_SECONDS, has_markup
from synth.populations.archive_limits import check_size
from synth.populations.archive_parts import DAMAGED, pack_parts, read_parts, require

FORMAT = "populace-families-file/1"
MOST_ROWS = 200_000
"""More rows of the few families that are drawn on trial would be no plan of real ones."""
_TRIED = 20
_LARGE = 200 * 2**20
_LIMITS = {
    ABOUT: 32 * 2**20,
    FILE: _LARGE,
    ROWS: _LARGE,
    ROOT_RATIO: 2**24,
    RATIO: 2**24,
    CARD: 2**20,
}


def pack_linked(population: LinkedPopulation) -> bytes:
    """Families as one file; the same families give the same bytes."""
    with TemporaryDirectory(prefix="populace-") as folder:
        save_linked(population, folder)
        parts = {
            name: (Path(folder) / name).read_bytes()
            for name in _LIMITS
            if (Path(folder) / name).is_file()
        }
    return pack_parts(parts, FORMAT)


def unpack_linked(content: bytes, folder: str | Path, name: str = "The file") -> LinkedPopulation:
    """Check a file, write its parts into a folder, and load the families.

    Raises
    ------
    PopulaceError
        It is no such file, promises too much, or holds what it should not.
    """
    parts = read_parts(content, name, FORMAT, _LIMITS)
    require(parts, (ABOUT, FILE, ROWS), name)
    check_size(parts, name)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for part, value in parts.items():
        (folder / part).write_bytes(value)
    try:
        with limited(seconds=CHECK_SECONDS, cells=CHECK_CELLS):
            population = load_linked(folder)
            _check(population, name)
    except PopulaceError as error:
        reason = str(error).replace(f"{folder}/", "").replace(str(folder), name)
        raise PopulaceError(f"{name} cannot be used: {reason[0].lower()}{reason[1:]}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise PopulaceError(f"{name} {DAMAGED}") from error
    return population


def _check(population: LinkedPopulation, name: str) -> None:
    """Raise a PopulaceError unless families from elsewhere can be relied on."""
    if has_markup(f"{population.title} {population.note}") or len(population.note) > 1000:
        raise PopulaceError("Its title or note holds a link or a mark-up: it is not opened.")
    model = population.model
    parents = model.root.given().sample(_TRIED, seed=0)
    planned = np.zeros(_TRIED, np.int64)
    for shape in model.shapes[1:]:
        if shape.parent == model.shapes[0].name:
            planned += model.siblings[shape.name].plan.targets(parents)[0]
    if (planned < 0).any() or planned.sum() > MOST_ROWS:
        raise PopulaceError(f"{name} plans more rows than families have: ask for it anew.")
    model.given().families(_TRIED, 0, threads=1)
