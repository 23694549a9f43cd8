"""Take profiles home: a folder or a ZIP that opens offline and says "synthetic" in every file."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from synth.data.writers import csv_bytes, parquet_bytes
from synth.interests.vocabulary import interest_title
from synth.people.profile import NOTICE, Profile, json_schema

if TYPE_CHECKING:
    from synth.bayes import Posterior

_ROWS = 1 << 17  # rows held at a time while a table is written


def files(
    profiles: Sequence[Profile], *, population: str = "", given: str = "", seed: int = 0
) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the export, one at a time: constant memory for any number.

    `profiles.json`, `profiles.schema.json`, `index.html`, `CREDITS.md`, `portraits/*.webp` and
    `pictures/*.webp` (each once).
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
            name = f"portraits/{profile.portrait.name}.webp"
            if name not in written:
                written.add(name)
                yield name, profile.portrait.webp()
        for choice in profile.choices:
            name = f"pictures/{choice.picture.id}.webp"
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
    """Write the export into a folder; returns the bytes written."""
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
    """The export as a ZIP file's bytes; the same profiles give the same bytes."""
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
    """Title, author, licence and source of every picture that the profiles show."""
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


def table_csv(asked: Posterior, rows: int, seed: int = 0) -> bytes:
    """`rows` people as CSV: cells that spreadsheets take for formulas are made safe, and a last
    column, `synthetic`, says true in every row."""
    return csv_bytes(_pieces(asked, rows, seed))


def table_parquet(asked: Posterior, rows: int, seed: int = 0) -> bytes:
    """`rows` people as Parquet; the file's metadata says that they are synthetic."""
    return parquet_bytes(_pieces(asked, rows, seed))


def _pieces(asked: Posterior, rows: int, seed: int) -> Iterator[pa.Table]:
    for start in range(0, rows, _ROWS):
        yield asked.sample_arrow(min(_ROWS, rows - start), seed, start=start)


def page(profiles: Sequence[Profile], *, title: str) -> str:
    """One HTML page beside the folders `portraits` and `pictures`; needs no network."""
    cards = "\n".join(_card(profile) for profile in profiles)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="description" content="{escape(NOTICE)}">\n'
        f"<title>{escape(title)} · Populace</title>\n<style>{_STYLE}</style></head>\n"
        f"<body><header><p class=mark>◐ Populace</p><h1>{escape(title)}</h1>"
        f"<p>{len(profiles):,} people, all of them synthetic: none of them exists.</p></header>\n"
        f"<main>\n{cards}\n</main>\n<footer>{escape(NOTICE)} Pictures: see CREDITS.md.</footer>"
        "</body></html>\n"
    )


def _card(profile: Profile) -> str:
    cover = profile.cover
    rest = [choice for choice in profile.choices if choice is not cover]
    parts = []
    if cover is not None:
        parts.append(
            f'<img class=cover loading=lazy src="pictures/{cover.picture.id}.webp" '
            f'alt="{escape(cover.picture.caption)}" title="{escape(cover.picture.credit)}">'
        )
    else:
        parts.append('<div class="cover plain"></div>')
    if profile.portrait is not None:
        parts.append(
            f'<img class=face loading=lazy src="portraits/{profile.portrait.name}.webp" '
            f'alt="{escape(profile.portrait_alt)}">'
        )
    else:
        parts.append(f'<div class="face letters">{escape(profile.identity.initials)}</div>')
    chips = "".join(
        f"<li><b>{rank}</b> {escape(interest_title(interest))}</li>"
        for rank, interest in enumerate(profile.interests, 1)
    )
    pictures = "".join(
        f'<img loading=lazy src="pictures/{c.picture.id}.webp" alt="{escape(c.picture.caption)}" '
        f'title="{escape(c.picture.credit)}">'
        for c in rest
    )
    parts += [
        f"<h2>{escape(profile.name)} <span class=badge>synthetic</span></h2>",
        f"<p class=handle>@{escape(profile.identity.handle)}</p>",
        f"<p class=line>{escape(profile.line)}</p>",
        f"<p class=bio>{escape(profile.bio)}</p>",
        f"<ol>{chips}</ol>" if chips else "",
        f"<div class=pictures>{pictures}</div>" if pictures else "",
        *(f"<blockquote>{escape(post)}</blockquote>" for post in profile.posts),
    ]
    return f"<article>{''.join(parts)}</article>"


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


_STYLE = """
:root{--paper:#faf7f1;--card:#fff;--ink:#26221d;--soft:#6f675c;--line:#e6dfd3;--accent:#b4532a}
@media (prefers-color-scheme:dark){:root{--paper:#191714;--card:#23201c;--ink:#efe9df;
--soft:#a89f92;--line:#3a352e;--accent:#e08a5f}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}header,main,footer{max-width:1160px;margin:auto;padding:0 20px}
h1{margin:.1em 0;font-size:2rem}.mark{margin:28px 0 0;font-weight:600}
header p,footer{color:var(--soft)}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:20px;padding:20px}
article{background:var(--card);border:1px solid var(--line);border-radius:16px;overflow:hidden;
padding-bottom:14px}article>*{margin-left:18px;margin-right:18px}
.cover{display:block;width:100%;height:120px;object-fit:cover;margin:0}.plain{background:
linear-gradient(115deg,color-mix(in srgb,var(--accent) 34%,var(--paper)),var(--line) 70%)}
.face{display:block;width:88px;height:88px;border-radius:50%;margin-top:-48px;object-fit:cover;
border:4px solid var(--card);position:relative}.letters{display:grid;place-items:center;
background:var(--accent);color:#fff;font-size:1.6rem;font-weight:600}
h2{font-size:1.2rem;margin-top:8px;margin-bottom:0}.badge{font-size:.65rem;font-weight:500;
border:1px solid var(--line);border-radius:9px;padding:1px 7px;color:var(--soft);
vertical-align:middle}
p{margin-top:2px;margin-bottom:6px}.handle,.line{color:var(--soft);font-size:.9rem}
ol{list-style:none;display:flex;flex-wrap:wrap;gap:6px;padding:0;margin-top:8px;margin-bottom:10px}
li{background:var(--paper);border-radius:12px;padding:2px 10px;font-size:.85rem}
li b{color:var(--accent)}.pictures{display:grid;gap:8px;
grid-template-columns:repeat(auto-fit,minmax(80px,1fr))}
.pictures img{width:100%;height:110px;object-fit:cover;border-radius:10px}
blockquote{border-left:3px solid var(--line);padding-left:10px;margin-top:10px;margin-bottom:0}
footer{padding-bottom:30px}
""".strip()
