"""A population as one file, ``*.populace``: a ZIP archive of its folder, opened with suspicion.

Inside are the model's files, JSON, Markdown and, where its owner wants it, Parquet; nothing that
could run. A manifest names each part with its SHA-256. Opening checks names, number, sizes and
digests of the parts before anything is read, unpacks no more than was promised, and asks the model
a few questions before it is trusted.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zipfile
import zlib
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
from synth.populations.as_written import canonical
from synth.populations.population import Population
from synth.populations.storage import ABOUT, CARD, PEOPLE, REFERENCE, TARGETS, load

FORMAT = "populace-file/1"
SUFFIX = ".populace"
BYTES_LIMIT = 200 * 2**20
CHECK_SECONDS, CHECK_CELLS = 120.0, 20_000_000
"""What the questions may take by which a file is tried out."""
_MANIFEST = "manifest.json"
_LARGE = 200 * 2**20
_PARTS = {
    REFERENCE: _LARGE,
    ABOUT: 32 * 2**20,
    CARD: 2**20,
    PEOPLE: _LARGE,
    FILE: 2**24,
    TARGETS: 2**20,
}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MARKUP = re.compile(r"\]\s*[(\[:]|[<>`$\x00-\x1f\u202a-\u202e\u2066-\u2069]|https?:|www\.")
_DAMAGED = "is damaged or was not made by Populace: ask for it anew."


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
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    manifest = json.dumps({"format": FORMAT, "parts": digests}, indent=2).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {_MANIFEST: manifest, **parts}.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()


def unpack(content: bytes, folder: str | Path, name: str = "The file") -> Population:
    """Check a file, write its parts into a folder, and load the population.

    Raises
    ------
    PopulaceError
        It is no such file, promises too much, or holds what it should not.
    """
    if len(content) > BYTES_LIMIT:
        raise PopulaceError(
            f"{name} has {len(content) / 2**20:,.0f} MB, more than {BYTES_LIMIT // 2**20}: "
            "save the population without its rows."
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = _parts(archive, name)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError) as error:
        raise PopulaceError(f"{name} {_DAMAGED}") from error
    except (OSError, RuntimeError, ValueError) as error:  # NotImplementedError is a RuntimeError
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"{name} {_DAMAGED}") from error
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
        raise PopulaceError(f"{name} {_DAMAGED}") from error
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


def _parts(archive: zipfile.ZipFile, name: str) -> dict[str, bytes]:
    """The checked content of each part."""
    entries, limits = archive.infolist(), _limits()
    names = [entry.filename for entry in entries]
    if _MANIFEST not in names:
        raise PopulaceError(f"{name} holds no population: choose a file that Populace saved.")
    strange = [entry for entry in names if entry not in limits and entry != _MANIFEST]
    if strange or len(set(names)) < len(names):
        raise PopulaceError(f"{name} holds more than a population and is not opened.")
    promised = sum(entry.file_size for entry in entries)
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise PopulaceError(f"{name} is locked by a password: save it without one.")
        if entry.file_size > limits.get(entry.filename, 2**20):
            raise PopulaceError(f"{name} unpacks to far more than a population needs.")
    if promised > 2 * BYTES_LIMIT:
        raise PopulaceError(f"{name} unpacks to far more than a population needs.")
    parts = {entry.filename: _read(archive, entry, name) for entry in entries}
    try:
        manifest = json.loads(parts.pop(_MANIFEST))
        digests = dict(manifest["parts"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise PopulaceError(f"{name} {_DAMAGED}") from error
    if manifest.get("format") != FORMAT:
        raise PopulaceError(f"{name} was saved by another version of Populace: save it anew.")
    for part in (ABOUT, *_needed(parts.get(ABOUT, b"{}"))):
        if part not in parts:
            raise PopulaceError(f"{name} lacks {part}: it {_DAMAGED[:-1]}.")
    for part, content in parts.items():
        if hashlib.sha256(content).hexdigest() != digests.get(part):
            raise PopulaceError(f"{name} was changed after it was saved ({part}): ask for it anew.")
    return parts


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """One part, never more than it promised."""
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise PopulaceError(f"{name} {_DAMAGED}")
    return content


def check(population: Population) -> None:
    """Raise a PopulaceError unless a population from elsewhere can be relied on."""
    if _MARKUP.search(f"{population.title} {population.note}") or len(population.note) > 1000:
        raise PopulaceError("Its title or note holds a link or a mark-up: it is not opened.")
    damaged = f"The population {population.title[:60]} {_DAMAGED}"
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
