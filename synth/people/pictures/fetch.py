"""Pictures from the network, for users who have one: Flickr8k and Openverse.

Both end in a folder with `credits.json` that `pictures build` turns into a library. What is
there already is not fetched again; no partial file is kept.
"""

from __future__ import annotations

import csv
import io
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from synth.errors import PopulaceError
from synth.interests.vocabulary import KEYWORDS

FLICKR8K = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k"
OPENVERSE = "https://api.openverse.org"
LARGEST_PICTURE = 30_000_000
LARGEST_ARCHIVE = 4_000_000_000
_AGENT = {"User-Agent": "Populace/0.1 (synthetic people; picture library)"}
_PATIENCE = 3  # tries
Progress = Callable[[str, int, int], None]


def fetch_flickr8k(
    folder: Path,
    *,
    base: str = FLICKR8K,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> int:
    """Fetch the 8,000 photographs and captions into `folder`; returns how many there are.

    `base` holds `Flickr8k_Dataset.zip` and `Flickr8k_text.zip`. For non-commercial research.

    Parameters
    ----------
    folder : Path
        Where to write.
    base : str, optional
        The address that holds the archives.
    timeout : float, optional
        Seconds to wait for an answer.
    progress : Progress, optional
        Gets how far the fetching is.

    Returns
    -------
    int
        How many photographs there are.

    Raises
    ------
    PopulaceError
        The network or an archive fails; nothing half-fetched stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = _archive(f"{base}/Flickr8k_text.zip", folder / "Flickr8k_text.zip", timeout, progress)
    captions: dict[str, str] = {}
    with zipfile.ZipFile(texts) as file:
        member = next((n for n in file.namelist() if n.endswith("Flickr8k.token.txt")), None)
        if member is None:
            raise PopulaceError(
                "The Flickr8k texts hold no Flickr8k.token.txt: try another mirror."
            )
        rows = csv.reader(io.StringIO(file.read(member).decode("utf-8", "replace")), delimiter="\t")
        for row in rows:
            if len(row) >= 2:
                captions.setdefault(row[0].split("#")[0], row[1].strip(" ."))
    data = _archive(
        f"{base}/Flickr8k_Dataset.zip", folder / "Flickr8k_Dataset.zip", timeout, progress
    )
    credits: dict[str, dict[str, Any]] = {}
    with zipfile.ZipFile(data) as file:
        members = [n for n in file.namelist() if n.lower().endswith(".jpg")]
        members = [n for n in members if not Path(n).name.startswith("._")]
        for number, member in enumerate(members, 1):
            name = Path(member).name
            if file.getinfo(member).file_size <= LARGEST_PICTURE:
                _write(folder / name, file.read(member))
                credits[name] = {
                    "caption": captions.get(name, ""),
                    "author": "Flickr users",
                    "licence": "for non-commercial research only",
                    "source": "Flickr8k (Hodosh et al. 2013)",
                }
            if progress:
                progress("pictures", number, len(members))
    _write(folder / "credits.json", _json(credits))
    for path in (texts, data):
        path.unlink()
    return len(credits)


def fetch_openverse(
    folder: Path,
    *,
    per_interest: int = 40,
    licences: Sequence[str] = ("cc0", "by"),
    keywords: Mapping[str, Sequence[str]] = KEYWORDS,
    base: str = OPENVERSE,
    timeout: float = 30.0,
    pause: float = 1.0,
    progress: Progress | None = None,
) -> int:
    """Fetch openly licensed photographs for every interest; returns how many there are.

    Each interest's keywords are asked for in turn until `per_interest` pictures are found; title,
    author and licence are kept. `pause` seconds lie between questions, out of courtesy.

    Parameters
    ----------
    folder : Path
        Where to write.
    per_interest : int, optional
        Pictures for each interest.
    licences : sequence of str, optional
        Licences to accept.
    keywords : mapping of str to sequence of str, optional
        Interest → words.
    base : str, optional
        The address of the service.
    timeout : float, optional
        Seconds to wait for an answer.
    pause : float, optional
        Seconds between questions.
    progress : Progress, optional
        Gets how far the fetching is.

    Returns
    -------
    int
        How many photographs there are.

    Raises
    ------
    PopulaceError
        The service does not answer or answers something else.
    """
    if per_interest < 1:
        raise PopulaceError("Ask for at least one picture for each interest.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "credits.json"
    credits: dict[str, dict[str, Any]] = (
        json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    )
    for number, (interest, words) in enumerate(keywords.items(), 1):
        have = sum(credit.get("interest") == interest for credit in credits.values())
        for word in words:
            if have >= per_interest:
                break
            wanted = -(-per_interest // len(words))  # about the same number for every word
            for result in _search(base, word, licences, min(wanted, 20), timeout):
                name = f"{re.sub(r'[^A-Za-z0-9-]', '', str(result.get('id', '')))}.jpg"
                if have >= per_interest or name == ".jpg" or name in credits:
                    continue
                address = str(result.get("thumbnail") or result.get("url") or "")
                try:
                    data = _get(address, timeout, LARGEST_PICTURE)
                except PopulaceError:
                    continue  # one picture less; the next one may answer
                _write(folder / name, data)
                credits[name] = {
                    "caption": str(result.get("title") or word),
                    "title": str(result.get("title") or ""),
                    "author": str(result.get("creator") or "unknown"),
                    "licence": _licence(result),
                    "source": str(result.get("foreign_landing_url") or address),
                    "interest": interest,
                }
                have += 1
                if progress:
                    progress("pictures", len(credits), per_interest * len(keywords))
            _write(path, _json(credits))
            time.sleep(pause)
        if progress:
            progress("interests", number, len(keywords))
    return len(credits)


def _search(
    base: str, word: str, licences: Sequence[str], size: int, timeout: float
) -> list[Mapping[str, Any]]:
    query = urllib.parse.urlencode(
        {
            "q": word,
            "license": ",".join(licences),
            "category": "photograph",
            "page_size": size,
            "mature": "false",
        }
    )
    data = _get(f"{base}/v1/images/?{query}", timeout, LARGEST_PICTURE)
    try:
        results = json.loads(data)["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise PopulaceError(
            "Openverse answered in a form that Populace does not know: try again later."
        ) from error
    return [result for result in results if isinstance(result, dict)]


def _licence(result: Mapping[str, Any]) -> str:
    name = str(result.get("license") or "").lower()
    version = str(result.get("license_version") or "")
    named = {"cc0": "CC0", "pdm": "public domain"}.get(name, f"CC-{name.upper()}")
    return f"{named}-{version}" if version and named != "public domain" else named


def _get(address: str, timeout: float, largest: int) -> bytes:
    if not address.startswith(("https://", "http://")):
        raise PopulaceError(f"{address or 'An empty address'} is no web address.")
    reason: object = ""
    for attempt in range(_PATIENCE):
        try:
            request = urllib.request.Request(address, headers=_AGENT)
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                data: bytes = answer.read(largest + 1)
            if len(data) > largest:
                raise PopulaceError(f"{address} is larger than expected.")
            return data
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code}"
            if error.code not in (429, 500, 502, 503):
                break
            retry_after = error.headers.get("Retry-After", "")
            time.sleep(min(float(retry_after) if retry_after.isdigit() else 2.0**attempt, 30.0))
        except (urllib.error.URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
    host = urllib.parse.urlsplit(address).netloc
    raise PopulaceError(f"{host} did not give the picture or list ({reason}): is there a network?")


def _archive(address: str, path: Path, timeout: float, progress: Progress | None) -> Path:
    if path.is_file() and zipfile.is_zipfile(path):
        return path
    partial = path.with_suffix(".partial")
    reason: object = ""
    for _ in range(_PATIENCE):
        have = partial.stat().st_size if partial.is_file() else 0
        headers = {**_AGENT, **({"Range": f"bytes={have}-"} if have else {})}
        try:
            request = urllib.request.Request(address, headers=headers)
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                resumed = have > 0 and answer.status == 206
                total = int(answer.headers.get("Content-Length") or 0) + (have if resumed else 0)
                with partial.open("ab" if resumed else "wb") as file:
                    while chunk := answer.read(1 << 20):
                        file.write(chunk)
                        if file.tell() > LARGEST_ARCHIVE:
                            raise PopulaceError(f"{address} is larger than expected.")
                        if progress:
                            progress(path.stem, file.tell(), total)
            if zipfile.is_zipfile(partial):
                partial.rename(path)
                return path
            reason = "the archive is damaged"
            if not total or partial.stat().st_size >= total:
                partial.unlink()
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
    partial.unlink(missing_ok=True)
    raise PopulaceError(
        f"{path.name} could not be fetched ({reason}): check the network and retry."
    )


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.replace(path)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
