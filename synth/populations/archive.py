"""A population as one file, ``*.populace``: a ZIP archive of its folder, opened with suspicion.

Inside are the model's files, JSON, Markdown and, where its owner wants it, Parquet; nothing that
could run. A manifest names each part with its SHA-256. Opening checks names, number, sizes and
digests of the parts before anything is read, unpacks no more than was promised, and asks the model
a few questions before it is trusted.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np

from synth.bayes.budget import limited
from synth.bayes.coding import Coding
from synth.bayes.network import Network
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.generators import base
from synth.generators.refined import FILE
from synth.populations.archive_limits import check_size
from synth.populations.archive_parts import DAMAGED, pack_parts, read_parts, require
from synth.populations.as_written import canonical
from synth.populations.population import Population
from synth.populations.storage import ABOUT, CARD, PEOPLE, REFERENCE, TARGETS, load

FORMAT = "populace-file/1"
SUFFIX = ".populace"
CHECK_SECONDS, CHECK_CELLS = 120.0, 20_000_000
"""What the questions may take by which a file is tried out."""
_LARGE = 200 * 2**20
_PARTS = {
    REFERENCE: _LARGE,
    ABOUT: 32 * 2**20,
    CARD: 2**20,
    PEOPLE: _LARGE,
    FILE: 2**24,
    TARGETS: 2**20,
}
_MARKUP = re.compile(r"\]\s*[(\[:]|[<>`$\x00-\x1f\u202a-\u202e\u2066-\u2069]|https?:|www\.")


def pack(folder: str | Path, *, rows: bool = False) -> bytes:
    """A population's folder as one file; the real rows only where `rows` says so.

    The same folder gives the same bytes.
    """
    folder = Path(folder)
    parts = {
        name: (folder / name).read_bytes()
        for name in _limits()
        if (folder / name).is_file() and (rows or name != PEOPLE)
    }
    return pack_parts(parts, FORMAT)


def unpack(content: bytes, folder: str | Path, name: str = "The file") -> Population:
    """Check a file, write its parts into a folder, and load the population.

    Raises
    ------
    PopulaceError
        It is no such file, promises too much, or holds what it should not.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    parts = read_parts(content, name, FORMAT, _limits())
    require(parts, (ABOUT, *_needed(parts.get(ABOUT, b"{}"))), name)
    check_size(parts, name)
    for part, value in parts.items():
        (folder / part).write_bytes(value)
    try:
        with limited(seconds=CHECK_SECONDS, cells=CHECK_CELLS):
            population = load(folder)
            check(population)
    except PopulaceError as error:
        reason = str(error).replace(f"{folder}/", "")
        raise PopulaceError(f"{name} cannot be used: {reason[0].lower()}{reason[1:]}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise PopulaceError(f"{name} {DAMAGED}") from error
    return population


def _limits() -> dict[str, int]:
    """The parts that a file may have, and their bytes at most."""
    files = [file for name in base.names() for file in base.generator(name).files]
    return {**dict.fromkeys(files, _LARGE), **_PARTS}


def _needed(about: bytes) -> tuple[str, ...]:
    """The parts that a population cannot do without, by its ``population.json``."""
    try:
        content = json.loads(about)
    except (ValueError, RecursionError):
        return (REFERENCE,)  # `load` says what is wrong with it
    content = content if isinstance(content, dict) else {}
    files = base.generator(str(content.get("generator", base.DEFAULT))).files
    # A private population has no counts of real people.
    return files if "privacy" in content else (REFERENCE, *files)


def has_markup(text: str) -> bool:
    """Whether words for the screen hold a link, a mark-up or a sign that turns writing around."""
    return _MARKUP.search(text) is not None


def check(population: Population) -> None:
    """Raise a PopulaceError unless a population from elsewhere can be relied on."""
    if has_markup(f"{population.title} {population.note}") or len(population.note) > 1000:
        raise PopulaceError("Its title or note holds a link or a mark-up: it is not opened.")
    damaged = f"The population {population.title[:60]} {DAMAGED}"
    if population.has_network:
        _check_network(population.network, damaged)
    if population.ledger is not None:
        population.ledger.to_json()
    contingency = population.contingency
    if set(contingency.columns) != set(population.modelled.names):
        raise PopulaceError(damaged)
    # A few questions, as the pages ask them.
    conditional = canonical(population.given(Evidence()))
    people = conditional.sample(100, seed=0)
    for name in population.modelled.names:
        marginal = conditional.marginal(name)
        if not math.isclose(float(marginal.probabilities.sum()), 1.0, abs_tol=1e-6):
            raise PopulaceError(damaged)
        contingency.count(people, name)
        if contingency.marginal(name).sum() != contingency.rows:
            raise PopulaceError(damaged)
    if population.refinement is not None:
        population.refined.given(Evidence()).sample(20, seed=0)
    if population.table is not None:
        missing = [n for n in population.schema.names if n not in population.table.frame]
        if missing:
            raise PopulaceError(damaged)


def _check_network(network: Network, damaged: str) -> None:
    """Raise a PopulaceError unless a network's numbers make sense."""
    for name, coding in network.codings.items():
        if coding.column.is_number and not _sound(coding):
            raise PopulaceError(damaged)
        mass = network.tables[name].sum(axis=-1)
        if not np.isfinite(mass).all():
            raise PopulaceError(damaged)


def _sound(coding: Coding) -> bool:
    """Whether a number's pieces follow each other, bin after bin, with shares that add up."""
    pieces = coding.pieces
    if pieces is None or not len(pieces.first):
        return False
    same = len(pieces.first) == len(pieces.last) == len(pieces.bin) == len(pieces.weight)
    return bool(
        same
        and (pieces.first <= pieces.last).all()
        and (pieces.first[1:] > pieces.last[:-1]).all()
        and pieces.bin[0] == 0
        and np.isin(np.diff(pieces.bin), (0, 1)).all()
        and np.isfinite(pieces.weight).all()
        and (pieces.weight >= 0).all()
        and np.abs([pieces.first[0], pieces.last[-1]]).max() < 2**62
    )
