"""Where a table begins and ends in a text, what sets its cells apart, and its columns' names.

Exports of spreadsheets and statistical programs put titles above a table and sources below it,
number the rows in a column without a name, end each line with a comma, or set columns apart by
spaces. What is passed over is said in a note.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from synth.data.readers.containers import REMEDY
from synth.errors import PopulaceError

_HEAD = 2**20
_TAIL = 2**16
_LINES = 60
_MOST_TITLES = 30
_SEP = re.compile(r'^"?sep=(.|\\t)"?$', re.IGNORECASE)
_FOOTNOTE = re.compile(
    r"^\W*(source|note|notes|quelle|fuente|fonte|©|\(c\)|copyright|last updated|updated|generated|"
    r"exported|downloaded)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?$")
_BLANK_LINE = re.compile(rb"(?m)^[ \t,;|\"]*[,;\t|][ \t,;|\"]*\r?$")


@dataclass(frozen=True)
class Layout:
    """A text table, found.

    Attributes
    ----------
    body : bytes
        The rows, without names, titles and footnotes; UTF-8.
    delimiter : str
        What sets cells apart.
    names : tuple of str
        What the columns are called, stripped; empty for one without a name.
    first_line : int
        The number of lines above the body.
    notes : tuple of str
        What was passed over.
    """

    body: bytes
    delimiter: str
    names: tuple[str, ...]
    first_line: int
    notes: tuple[str, ...]

    @property
    def has_blank_lines(self) -> bool:
        """Whether a line of the body holds nothing but delimiters."""
        return _BLANK_LINE.search(self.body) is not None


def layout(content: bytes, name: str) -> Layout:
    """Find the table in a text.

    Parameters
    ----------
    content : bytes
        UTF-8.
    name : str
        How sentences call it.

    Returns
    -------
    Layout
        Its rows are not looked at beyond the first and last few.

    Raises
    ------
    PopulaceError
        There is no row of names, or its first line is endless.
    """
    lines = _first_lines(content, name)
    notes: list[str] = []
    start = len(content) - len(content.lstrip(b"\r\n"))
    passed = content.count(b"\n", 0, start)
    declared = _SEP.match(lines[0].strip()) if lines else None
    delimiters = ",;\t|"
    if declared:
        delimiters = "\t" if declared[1] == "\\t" else declared[1]
        start += len(lines[0].encode())
        passed += 1
        lines = lines[1:]
    header = _header(lines, delimiters)
    if header is None and not declared:
        spaced = _spaced(content[start:], lines)
        if spaced is not None:
            content, start = spaced, 0
            notes.append(f"The columns of {name} are set apart by spaces.")
            lines = _first_lines(content, name)
            header = _header(lines, "\t")
    if header is None:
        header = _single_column(lines, delimiters[0])
    if header is None:
        raise PopulaceError(f"{name} has no row of column names: {REMEDY}.")
    if header.titles:
        notes.append(f"Above the table in {name}, {_lines(header.titles)} passed over.")
    used = "".join(lines[: header.lines])
    start += len(used.encode())
    body, below = _without_footnotes(content[start:], header.delimiter, header.columns)
    if below:
        notes.append(f"Below the table in {name}, {_lines(below)} passed over.")
    return Layout(
        body,
        header.delimiter,
        tuple(cell.strip() for cell in header.names),
        passed + header.lines,
        tuple(notes),
    )


def _lines(count: int) -> str:
    return "1 line was" if count == 1 else f"{count} lines were"


# ---------------------------------------------------------------------- the top


@dataclass(frozen=True)
class _Header:
    delimiter: str
    names: tuple[str, ...]
    columns: int
    lines: int
    """How many lines up to and with the row of names."""
    titles: int
    is_complete: bool
    """Whether the row of names had as many cells as the others."""


def _first_lines(content: bytes, name: str) -> list[str]:
    """The first lines with their ends; whole ones only."""
    head = content[:_HEAD].decode("utf-8", errors="ignore")
    lines = list(io.StringIO(head, newline=""))
    while len(lines) > 1 and not lines[0].strip("\r\n"):
        lines.pop(0)
    lines = lines[: _LINES + 1]
    if len(content) > _HEAD:
        if len(lines) < 2 and not content[:_HEAD].strip(b"\r\n").count(b"\n"):
            raise PopulaceError(f"{name} has a first line of over a million characters: {REMEDY}.")
        if len(lines) <= _LINES and len(lines) > 1:
            lines = lines[:-1]
    return lines[:_LINES]


def _rows(lines: Sequence[str], delimiter: str) -> list[tuple[list[str], int]]:
    """The cells of each row that is not blank, and the number of lines up to its end."""
    reader = csv.reader(lines, delimiter=delimiter)
    rows = []
    try:
        for row in reader:
            if row:
                rows.append((row, reader.line_num))
    except csv.Error:
        return []
    return rows


def _header(lines: Sequence[str], delimiters: str) -> _Header | None:
    """The row of names under the delimiter that makes the most even table; None for one column."""
    best = (-1.0, False, 0)
    best_header = None
    for delimiter in delimiters:
        rows = _rows(lines, delimiter)
        header = _header_of(rows, delimiter)
        if header is None:
            continue
        even = [len(row) == header.columns for row, end in rows if end > header.lines]
        # Titles, and names that lack a column, are rarer than another delimiter.
        is_plain = header.is_complete and not header.titles
        score = (float(all(even)) if even else 0.5, is_plain, header.columns)
        if score > best:
            best, best_header = score, header
    return best_header


def _header_of(rows: Sequence[tuple[list[str], int]], delimiter: str) -> _Header | None:
    if not rows:
        return None
    counts = Counter(len(row) for row, _ in rows)
    most = max(counts.values())
    columns = next(len(row) for row, _ in rows if counts[len(row)] == most)
    if columns == 1 and len(counts) > 1:
        columns = max(counts, key=lambda count: (counts[count] if count > 1 else 0, count))
    if columns < 2:
        return None
    first = 0
    while first < min(len(rows) - 1, _MOST_TITLES) and _is_title(rows[first][0], columns):
        first += 1
    if first == len(rows) - 1:
        first = 0  # nothing would be left
    names, end = rows[first]
    is_complete = len(rows) == 1 or len(names) == columns
    rest = [row for row, _ in rows[first + 1 :]]
    if len(rows) == 1:
        columns = len(names)
    elif len(names) == columns - 1 and all(len(row) == columns for row in rest):
        # Without a name: what ends each line with a delimiter, or the labels of R's rows.
        is_trailing = all(not row[-1].strip() for row in rest)
        names = [*names, ""] if is_trailing else ["", *names]
    else:
        columns = len(names)
    return _Header(delimiter, tuple(names), columns, end, first, is_complete)


def _is_title(row: Sequence[str], columns: int) -> bool:
    filled = sum(bool(cell.strip()) for cell in row)
    if len(row) == columns == 2:  # else a column without a name, or without values
        return filled == 1 and " " in row[0].strip()
    return filled <= 1 or (len(row) < columns - 1 and filled == 2 and columns > 3)


def _single_column(lines: Sequence[str], delimiter: str) -> _Header | None:
    for row, end in _rows(lines, delimiter):
        return _Header(delimiter, tuple(row), len(row), end, 0, True)
    return None


# ---------------------------------------------------------------------- spaces


def _spaced(content: bytes, lines: Sequence[str]) -> bytes | None:
    """A table whose columns are set apart by spaces, with tabs instead; None where it is none."""
    rows = [_words(line) for line in lines if line.strip()]
    if len(rows) < 3:
        return None
    columns = len(rows[1])
    even = all(len(row) == columns for row in rows[1:])
    if not even or columns < 2 or len(rows[0]) not in (columns, columns - 1):
        return None
    numeric = [all(_NUMBER.match(row[i]) for row in rows[1:]) for i in range(columns)]
    is_table = any(numeric) if columns > 2 else all(numeric)
    if not is_table or any(_NUMBER.match(cell) for cell in rows[0]):
        return None
    return re.sub(
        rb'("(?:[^"\n]|"")*")|[ ]+',
        lambda match: match[1] or b"\t",
        re.sub(rb"(?m)^[ ]+|[ ]+(?=\r?$)", b"", content),
    )


def _words(line: str) -> list[str]:
    try:
        return next(csv.reader([line.strip()], delimiter=" ", skipinitialspace=True), [])
    except csv.Error:
        return []


# ---------------------------------------------------------------------- the bottom


def _without_footnotes(body: bytes, delimiter: str, columns: int) -> tuple[bytes, int]:
    """The body without the lines below it that belong to no row, and how many they are."""
    if columns < 2:
        return body, 0
    tail = body[-_TAIL:]
    at = tail.find(b"\n") + 1 if len(body) > _TAIL else 0
    lines = list(io.StringIO(tail[at:].decode("utf-8", errors="ignore"), newline=""))
    kept, below = len(lines), 0
    after_blank = [not line.strip() for line in lines]
    for i in range(len(lines) - 1, max(len(lines) - _MOST_TITLES, 0), -1):
        line = lines[i]
        if not line.strip():
            continue
        if line.count('"') % 2:
            break
        # Above a footnote, a single word or a ruled line is one more.
        goes_on = below and delimiter not in line and not _NUMBER.match(line.strip())
        if not goes_on and not _is_footnote(line, delimiter, columns, after_blank[i - 1]):
            break
        kept, below = i, below + 1
    if not below:
        return body, 0
    while kept and not lines[kept - 1].replace(delimiter, "").strip():
        kept -= 1
    gone = sum(len(line.encode()) for line in lines[kept:])
    return body[: len(body) - gone], below


def _is_footnote(line: str, delimiter: str, columns: int, follows_blank: bool) -> bool:
    cells = next(iter(csv.reader([line.strip("\r\n")], delimiter=delimiter)), [])
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) != 1 and not (len(cells) < columns and _FOOTNOTE.match(line)):
        return False
    text = line.strip() if len(filled) != 1 else filled[0]
    is_worded = any(c.isalpha() for c in text) and (" " in text or ":" in text)
    if len(cells) == 1:
        return is_worded or bool(_FOOTNOTE.match(text))
    return bool(_FOOTNOTE.match(text)) or (follows_blank and is_worded)
