"""Take profiles home: a folder or a ZIP that opens offline and says "synthetic" in every file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from synth.data.writers import csv_bytes, parquet_bytes
from synth.people.cards import cover, html
from synth.people.profile import NOTICE, Profile, json_schema

if TYPE_CHECKING:
    from synth.generators.base import Conditional

_ROWS = 1 << 17  # rows held at a time while a table is written


def files(
    profiles: Sequence[Profile], *, population: str = "", given: str = "", seed: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the export, one at a time: constant memory for any number.

    `profiles.json`, `profiles.schema.json`, `index.html`, `CREDITS.md`, `portraits/*.webp` and
    `pictures/*.webp` (each once).

    Parameters
    ----------
    profiles : sequence of Profile
        Whom to export.
    population, given : str, optional
        For `profiles.json`: the population's name, and the evidence in words.
    seed : int, optional
        The seed they were drawn with.

    Returns
    -------
    Iterator[tuple[str, bytes]]
        Path relative to the export, and content.
    """
    whole = {
        "notice": NOTICE,
        "population": population,
        "given": given,
        "seed": seed,
        "profiles": [profile.to_json() for profile in profiles],
    }
    yield "profiles.json", _json(whole)
    yield "profiles.schema.json", _json(json_schema())
    title = given or "Everybody"
    yield "index.html", page(profiles, title=title).encode()
    yield "CREDITS.md", credits_of(profiles).encode()
    written: set[str] = set()
    for profile in profiles:
        if profile.portrait is not None:
            name = html.portrait_file(profile)
            if name not in written:
                written.add(name)
                yield name, profile.portrait.webp()
        if profile.cover is None:
            name = html.cover_file(profile)
            if name not in written:
                written.add(name)
                yield name, cover.webp(profile.interests, profile.name)
        for choice in profile.choices:
            name = html.picture_file(profile, choice)
            if name not in written:
                written.add(name)
                yield name, profile.library.path(choice.picture).read_bytes()


def write_folder(
    profiles: Sequence[Profile],
    folder: Path,
    *,
    population: str = "",
    given: str = "",
    seed: int = 0,
) -> int:
    """Write the export into a folder; returns the bytes written.

    Parameters
    ----------
    profiles : sequence of Profile
        Whom to export.
    folder : Path
        Where to write.
    population, given : str, optional
        As in `files`.
    seed : int, optional
        The seed they were drawn with.

    Returns
    -------
    int
        Bytes written.
    """
    total = 0
    for name, data in files(profiles, population=population, given=given, seed=seed):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        total += len(data)
    return total


def as_zip(
    profiles: Sequence[Profile], *, population: str = "", given: str = "", seed: int = 0
) -> bytes:
    """The export as a ZIP file's bytes; the same profiles give the same bytes.

    Parameters
    ----------
    profiles : sequence of Profile
        Whom to export.
    population, given : str, optional
        As in `files`.
    seed : int, optional
        The seed they were drawn with.

    Returns
    -------
    bytes
        The ZIP file.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = NOTICE.encode()
        for name, data in files(profiles, population=population, given=given, seed=seed):
            info = zipfile.ZipInfo(f"populace/{name}", (2026, 1, 1, 0, 0, 0))
            stored = name.endswith(".webp")
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def credits_of(profiles: Sequence[Profile]) -> str:
    """Title, author, licence and source of every picture that the profiles show.

    Parameters
    ----------
    profiles : sequence of Profile
        Whose pictures.

    Returns
    -------
    str
        Markdown, ordered by the pictures' ids.
    """
    lines = [
        "# Credits",
        "",
        f"{NOTICE} Portraits come from a generator trained on FFHQ (non-commercial research).",
        "The content pictures are real works by others:",
        "",
    ]
    shown = {c.picture.id: c.picture for profile in profiles for c in profile.choices}
    for picture in sorted(shown.values(), key=lambda p: p.id):
        note = f" {picture.note}" if picture.note else ""
        lines.append(f"- `pictures/{picture.id}.webp`: {picture.credit}. {picture.source}.{note}")
    return "\n".join(lines) + "\n"


def table_csv(conditional: Conditional, rows: int, seed: int = 0) -> bytes:
    """`rows` people as CSV: cells that spreadsheets take for formulas are made safe, and a last
    column, `synthetic`, says true in every row.

    Parameters
    ----------
    conditional : Conditional
        Whom to sample.
    rows : int
        How many.
    seed : int, optional
        Of the sample.

    Returns
    -------
    bytes
        The file.
    """
    return csv_bytes(_pieces(conditional, rows, seed))


def table_parquet(conditional: Conditional, rows: int, seed: int = 0) -> bytes:
    """`rows` people as Parquet; the file's metadata says that they are synthetic.

    Parameters
    ----------
    conditional : Conditional
        Whom to sample.
    rows : int
        How many.
    seed : int, optional
        Of the sample.

    Returns
    -------
    bytes
        The file.
    """
    return parquet_bytes(_pieces(conditional, rows, seed))


def _pieces(conditional: Conditional, rows: int, seed: int) -> Iterator[pa.Table]:
    for start in range(0, rows, _ROWS):
        yield conditional.sample_arrow(min(_ROWS, rows - start), seed, start=start)


def page(profiles: Sequence[Profile], *, title: str) -> str:
    """One HTML page beside the folders `portraits` and `pictures`; needs no network.

    Parameters
    ----------
    profiles : sequence of Profile
        Whom to show.
    title : str
        The page's title.

    Returns
    -------
    str
        HTML.
    """
    return html.page(profiles, title=title, notice=NOTICE)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
