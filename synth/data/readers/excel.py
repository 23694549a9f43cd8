"""Excel workbooks (.xlsx) as CSV text: the first sheet that holds a table.

A reader of our own: it streams, refuses entities and checks sizes before it unpacks. Formulas are
not worked out; what stands in their cells is what Excel last saved.
"""

from __future__ import annotations

import csv
import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from xml.parsers import expat

from synth.errors import PopulaceError

CELLS_LIMIT = 10_000_000
_PART_LIMIT = 600 * 2**20
_COLUMNS = 16_384
_CHUNK = 2**16
_DATE_CODES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_CELL = re.compile(r"^([A-Z]{1,3})(\d+)$")
_EMPTY_ERRORS = {"#N/A", "#NULL!"}


def read_workbook(content: bytes, name: str) -> tuple[bytes, tuple[str, ...]]:
    """A workbook's first sheet that is not empty, as CSV (comma, UTF-8), and notes.

    Dates are written as 2020-12-31, moments as 2020-12-31 23:59:00; numbers with all their digits.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        How sentences call it.

    Returns
    -------
    bytes
        CSV.
    tuple of str
        What was passed over.

    Raises
    ------
    PopulaceError
        It is damaged, locked, or larger than `CELLS_LIMIT` cells.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _read(archive, name)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        expat.ExpatError,
        EOFError,
        LookupError,
        NotImplementedError,
        OSError,
        OverflowError,
        RuntimeError,
        ValueError,
        zlib.error,
    ) as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(
            f"{name} is a damaged Excel workbook: save it anew as .xlsx or CSV."
        ) from error


def _read(archive: zipfile.ZipFile, name: str) -> tuple[bytes, tuple[str, ...]]:
    parts = {entry.filename: entry for entry in archive.infolist()}
    for entry in parts.values():
        if entry.flag_bits & 0x1:
            raise PopulaceError(f"{name} is locked by a password: save it without one.")
        if entry.file_size > _PART_LIMIT:
            raise PopulaceError(f"{name} unpacks to far more than a table: keep fewer rows.")
    sheets, is_1904 = _sheets(archive, parts)
    if not sheets:
        raise PopulaceError(f"{name} has no sheet with cells: save the table as CSV.")
    dates = _date_styles(archive, parts)
    texts = _shared_texts(archive, parts)
    for sheet, path in sheets:
        rows = list(_Rows(archive, path, texts, dates, is_1904, name))
        width = max((len(row) for row in rows), default=0)
        if width:
            if len(rows) * width > 4 * CELLS_LIMIT:
                raise PopulaceError(f"{name} has hardly any cell filled: save the table as CSV.")
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\n")
            writer.writerows(row + [""] * (width - len(row)) for row in rows)
            notes: tuple[str, ...] = ()
            if len(sheets) > 1:
                shown = "".join(c if c.isprintable() else "·" for c in sheet)[:60]
                notes = (
                    f"{name} has {len(sheets)} sheets; the one called {shown} was read: save "
                    "another alone to read it.",
                )
            return text.getvalue().encode(), notes
    raise PopulaceError(f"{name} is an empty workbook: save the sheet with the table.")


def _parse(
    archive: zipfile.ZipFile,
    path: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    for _ in _parsing(archive, path, start, end, text):
        pass


def _parsing(
    archive: zipfile.ZipFile,
    path: str,
    start: Callable[[str, Mapping[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Parse a part piece by piece; names without their namespaces."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: start(tag.rsplit(":", 1)[-1], attributes)
    if end is not None:
        parser.EndElementHandler = lambda tag: end(tag.rsplit(":", 1)[-1])
    if text is not None:
        parser.CharacterDataHandler = text
    with archive.open(path) as file:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk)
            yield
        parser.Parse(b"", True)
    yield


def _sheets(
    archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]
) -> tuple[list[tuple[str, str]], bool]:
    """Name and path of each visible sheet, and whether days count from 1904."""
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str]] = []
    is_1904 = False

    def relation(tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "Relationship":
            target = attributes.get("Target", "")
            path = target[1:] if target.startswith("/") else posixpath.join("xl", target)
            targets[attributes.get("Id", "")] = posixpath.normpath(path)

    def sheet(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal is_1904
        if tag == "workbookPr":
            is_1904 = attributes.get("date1904", "0") in ("1", "true")
        elif tag == "sheet" and attributes.get("state", "visible") == "visible":
            key = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            path = targets.get(key, "")
            if path in parts and "worksheets/" in path:
                sheets.append((attributes.get("name", ""), path))

    _parse(archive, "xl/_rels/workbook.xml.rels", relation)
    _parse(archive, "xl/workbook.xml", sheet)
    return sheets, is_1904


def _date_styles(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> set[int]:
    """The cell styles that show a number as a date or time."""
    if "xl/styles.xml" not in parts:
        return set()
    dated = set(_DATE_CODES)
    styles: list[int] = []
    inside = ""

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        nonlocal inside
        if tag in ("cellXfs", "cellStyleXfs"):
            inside = tag
        elif tag == "numFmt":
            code = _QUOTED.sub("", attributes.get("formatCode", "")).lower()
            number = int(attributes.get("numFmtId", "-1"))
            (dated.add if re.search(r"[ymdhs]", code) else dated.discard)(number)
        elif tag == "xf" and inside == "cellXfs":
            styles.append(int(attributes.get("numFmtId", "0")))

    _parse(archive, "xl/styles.xml", start)
    return {i for i, number in enumerate(styles) if number in dated}


def _shared_texts(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> list[str]:
    if "xl/sharedStrings.xml" not in parts:
        return []
    texts: list[str] = []
    pieces: list[str] = []
    is_text, phonetic = False, 0

    def start(tag: str, _: Mapping[str, str]) -> None:
        nonlocal is_text, phonetic
        if tag == "si":
            pieces.clear()
        elif tag == "rPh":
            phonetic += 1
        is_text = tag == "t" and not phonetic

    def end(tag: str) -> None:
        nonlocal is_text, phonetic
        is_text = False
        if tag == "si":
            texts.append("".join(pieces))
        elif tag == "rPh":
            phonetic -= 1

    def text(data: str) -> None:
        if is_text:
            pieces.append(data)

    _parse(archive, "xl/sharedStrings.xml", start, end, text)
    return texts


class _Rows:
    """The rows of one sheet, cells as text."""

    def __init__(
        self,
        archive: zipfile.ZipFile,
        path: str,
        texts: list[str],
        dates: set[int],
        is_1904: bool,
        name: str,
    ) -> None:
        self._texts, self._dates, self._name = texts, dates, name
        self._epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)
        self._rows: list[list[str]] = []
        self._row: list[str] = []
        self._cells = 0
        self._at, self._type, self._style = 0, "n", 0
        self._is_value = False
        self._pieces: list[str] = []
        self._parts = _parsing(archive, path, self._start, self._end, self._text)

    def __iter__(self) -> Iterator[list[str]]:
        for _ in self._parts:
            yield from self._rows
            self._rows = []

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "row":
            self._row = []
        elif tag == "c":
            match = _CELL.match(attributes.get("r", ""))
            self._at = _column(match[1]) if match else len(self._row)
            self._type = attributes.get("t", "n")
            self._style = int(attributes.get("s", "0"))
            self._pieces = []
        elif tag in ("v", "t"):
            self._is_value = True
        elif tag == "rPh":
            self._is_value = False

    def _text(self, data: str) -> None:
        if self._is_value:
            self._pieces.append(data)

    def _end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self._is_value = False
        elif tag == "c":
            value = self._value("".join(self._pieces))
            if value:
                if self._at >= _COLUMNS:
                    raise ValueError("a column beyond the last")
                self._row += [""] * (self._at + 1 - len(self._row))
                self._row[self._at] = value
        elif tag == "row":
            self._cells += max(len(self._row), 1)
            if self._cells > CELLS_LIMIT:
                raise PopulaceError(
                    f"{self._name} has more than {CELLS_LIMIT // 10**6} million cells: save it as "
                    "CSV or Parquet."
                )
            self._rows.append(self._row)

    def _value(self, text: str) -> str:
        kind = self._type
        if not text or kind == "e":
            return "" if text in _EMPTY_ERRORS else text
        if kind == "s":
            return self._texts[int(text)]
        if kind == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        if kind == "d":
            return text.replace("T", " ").removesuffix(" 00:00:00")
        if kind != "n":
            return text
        number = float(text)
        if self._style in self._dates and 0 <= number < 2_958_466:
            return self._moment(number)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _moment(self, serial: float) -> str:
        moment = self._epoch + timedelta(days=serial)
        moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
        if serial < 1:
            return moment.strftime("%H:%M:%S")
        if serial == int(serial):
            return moment.strftime("%Y-%m-%d")
        return moment.strftime("%Y-%m-%d %H:%M:%S")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
