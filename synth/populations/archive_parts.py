"""What every saved file is: a ZIP archive of named parts with a manifest of their SHA-256.

Names, number, sizes and digests of the parts are checked before anything is read, and no more is
unpacked than was promised.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping

from synth.errors import PopulaceError

BYTES_LIMIT = 200 * 2**20
DAMAGED = "is damaged or was not made by Populace: ask for it anew."
_MANIFEST = "manifest.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_parts(parts: Mapping[str, bytes], kind: str) -> bytes:
    """Parts as one file; the same parts give the same bytes.

    Parameters
    ----------
    parts : mapping of str to bytes
        Content by name.
    kind : str
        The format, which the manifest says.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    manifest = json.dumps({"format": kind, "parts": digests}, indent=2).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {_MANIFEST: manifest, **parts}.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED, 6)
    return out.getvalue()


def read_parts(content: bytes, name: str, kind: str, limits: Mapping[str, int]) -> dict[str, bytes]:
    """The checked content of each part.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        What it is called in sentences.
    kind : str
        The format that its manifest must say.
    limits : mapping of str to int
        The parts that it may have, and their bytes at most.

    Raises
    ------
    PopulaceError
        It is no such file, promises too much, holds what it should not, or was changed.
    """
    if len(content) > BYTES_LIMIT:
        raise PopulaceError(
            f"{name} has {len(content) / 2**20:,.0f} MB, more than {BYTES_LIMIT // 2**20}: "
            "save the population without its rows."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _parts(archive, name, kind, limits)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError) as error:
        raise PopulaceError(f"{name} {DAMAGED}") from error
    except (OSError, RuntimeError, ValueError) as error:  # NotImplementedError is a RuntimeError
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"{name} {DAMAGED}") from error


def _parts(
    archive: zipfile.ZipFile, name: str, kind: str, limits: Mapping[str, int]
) -> dict[str, bytes]:
    entries = archive.infolist()
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
        raise PopulaceError(f"{name} {DAMAGED}") from error
    if manifest.get("format") != kind:
        raise PopulaceError(f"{name} was saved by another version of Populace: save it anew.")
    for part, value in parts.items():
        if hashlib.sha256(value).hexdigest() != digests.get(part):
            raise PopulaceError(f"{name} was changed after it was saved ({part}): ask for it anew.")
    return parts


def require(parts: Mapping[str, bytes], needed: tuple[str, ...], name: str) -> None:
    """Raise a PopulaceError where a file lacks a part that it cannot do without."""
    for part in needed:
        if part not in parts:
            raise PopulaceError(f"{name} lacks {part}: it {DAMAGED[:-1]}.")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> bytes:
    """One part, never more than it promised."""
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise PopulaceError(f"{name} {DAMAGED}")
    return content
