"""What a file is, and the one table inside a ZIP or gzip file; sizes are checked first."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from typing import Literal

from synth.errors import PopulaceError

Kind = Literal["parquet", "excel", "json", "text"]

ENDINGS = ("csv", "tsv", "txt", "parquet", "xlsx", "jsonl", "ndjson", "json", "zip", "gz")
"""How the names of files end that may hold a table."""
REMEDY = "save the table as CSV (UTF-8) or Parquet and read that"
_PICKLE = "a Python pickle, which is never opened"
_NOT_TABLES = (
    (b"\x80", _PICKLE),
    (b"ccopy_reg\n", _PICKLE),
    (b"(lp0\n", _PICKLE),
    (b"(dp0\n", _PICKLE),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"%PDF", "a PDF document"),
    (b"<!", "a web page or an XML document"),
    (b"<?", "a web page or an XML document"),
    (b"<html", "a web page or an XML document"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"$FL2", "an SPSS file"),
    (b"SQLite format 3\x00", "a SQLite database"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_NETWORK = re.compile(
    rb"\s*(?:network\s+[^\s{]+\s*\{|net\s*\{|belief\s+network\b|bnet\s+\w+\s*\{"
    rb"|(?=<)[^\x00]{0,4000}?<(?:bif|smile)\b)",
    re.IGNORECASE,
)
"""How files of Bayesian networks begin: BIF, Hugin, Microsoft, Netica, XMLBIF, GeNIe."""
_REMEDIES = {
    "an old Excel workbook (.xls)": "save it in Excel as .xlsx or CSV and read that",
    "a SQLite database": "name its table on the command line as sqlite:///FILE?table=NAME",
}


def kind_of(content: bytes, name: str) -> Kind:
    """What the content of a file is.

    Parameters
    ----------
    content : bytes
        The whole file, already unpacked.
    name : str
        How sentences call it.

    Returns
    -------
    {"parquet", "excel", "json", "text"}
        By its first bytes; what is nothing else is text.

    Raises
    ------
    PopulaceError
        It is known to be no table.
    """
    if content[:4] == b"PAR1":
        return "parquet"
    if content[:4] == b"PK\x03\x04":
        return "excel"
    if _NETWORK.match(content[:5000]):
        raise PopulaceError(
            f"{name} is a Bayesian network, not a table of people: save people drawn from it as "
            "CSV and read that, or read a .bif file in Python with synth.bayes.bif.read_bif."
        )
    for magic, what in _NOT_TABLES:
        if content.startswith(magic) and not content.startswith(b"\xff\xfe"):
            raise PopulaceError(f"{name} is {what}: {_REMEDIES.get(what, REMEDY)}.")
    start = content[:100].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b'{"', b"[{", b"{ ")) or start[:1] + start[1:].lstrip()[:1] in (
        b'{"',
        b"[{",
    ):
        return "json"
    return "text"


def unpacked(content: bytes, name: str, limit: int) -> tuple[bytes, str]:
    """The one table inside a ZIP or gzip file; any other content as it is.

    Parameters
    ----------
    content : bytes
        A file's content.
    name : str
        How sentences call it.
    limit : int
        Bytes that the table inside may have.

    Returns
    -------
    bytes
        The table's content.
    str
        How sentences call it: the name of the file inside, where it is in a ZIP file.

    Raises
    ------
    PopulaceError
        It holds no table or several, is locked or damaged, or unpacks to more than the limit.
    """
    if content[:2] == b"\x1f\x8b":
        return _gunzipped(content, name, limit), name
    if content[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        return content, name
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _single(archive, content, name, limit)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise PopulaceError(f"{name} is a damaged ZIP archive: save or download it again.") from (
            error
        )
    except (OSError, RuntimeError, ValueError, zlib.error) as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"{name} is a damaged ZIP archive: save or download it again.") from (
            error
        )


def _single(archive: zipfile.ZipFile, content: bytes, name: str, limit: int) -> tuple[bytes, str]:
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and not entry.filename.startswith("__MACOSX/")
        and not entry.filename.rsplit("/", 1)[-1].startswith(".")
    ]
    names = {entry.filename for entry in entries}
    if "[Content_Types].xml" in names:
        if not any(entry.startswith("xl/") for entry in names):
            raise PopulaceError(f"{name} is an Office document without a table: {REMEDY}.")
        return content, name
    if {"manifest.json", "population.json"} <= names:
        raise PopulaceError(
            f"{name} is a population that Populace saved, not a table: open it as a population."
        )
    if "mimetype" in names:
        raise PopulaceError(
            f"{name} is an OpenDocument file: save the table as .xlsx or CSV and read that."
        )
    if len(entries) != 1:
        count = f"{len(entries):,} files" if entries else "no file"
        raise PopulaceError(
            f"{name} is a ZIP archive with {count}: put one table into it, or read that alone."
        )
    (entry,) = entries
    if entry.flag_bits & 0x1:
        raise PopulaceError(f"{name} is locked by a password: unpack it and read the table.")
    if entry.file_size > limit:
        raise PopulaceError(
            f"{name} unpacks to {entry.file_size / 2**20:,.0f} MB, more than {limit // 2**20}: "
            "keep fewer rows or columns."
        )
    with archive.open(entry) as file:
        inside = file.read(limit + 1)
    if len(inside) > min(limit, entry.file_size):
        raise PopulaceError(f"{name} unpacks to more than it says and is not opened.")
    # One level is enough: what is packed twice is not unpacked again.
    if inside[:2] == b"\x1f\x8b" or (inside[:4] == b"PK\x03\x04" and not _is_workbook(inside)):
        raise PopulaceError(f"{name} holds another archive: unpack it and read the table.")
    shown = "".join(c if c.isprintable() else "·" for c in entry.filename.rsplit("/", 1)[-1])
    return inside, f"{shown[:100]} in {name}"


def _is_workbook(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "xl/workbook.xml" in archive.namelist()


def _gunzipped(content: bytes, name: str, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            inside = file.read(limit + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise PopulaceError(f"{name} is a damaged gzip archive: save or download it again.") from (
            error
        )
    if len(inside) > limit:
        raise PopulaceError(
            f"{name} unpacks to more than {limit // 2**20} MB: keep fewer rows or columns."
        )
    return inside
