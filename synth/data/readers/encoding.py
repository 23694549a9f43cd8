"""Text of any usual encoding as UTF-8, or a sentence that says where it is none."""

from __future__ import annotations

import codecs
import re

from synth.errors import PopulaceError

_BLOCK = 2**24
_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, which begins alike
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]+")
_UNUSED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_REMEDY = "save it with the encoding UTF-8 and read that"


def as_utf8(content: bytes, name: str) -> tuple[bytes, tuple[str, ...]]:
    """The text in UTF-8 without a byte-order mark, and a note where its encoding was guessed.

    Read are UTF-8, UTF-16 (with its mark, or without it where the text is Western), UTF-32 and, as
    Windows-1252, the Western European encodings of one byte a letter.

    Parameters
    ----------
    content : bytes
        A file's content.
    name : str
        How sentences call it.

    Returns
    -------
    bytes
        The text.
    tuple of str
        Notes.

    Raises
    ------
    PopulaceError
        The text mixes encodings, is in one that cannot be told, or is no text.
    """
    mark = next((mark for mark in _MARKS if content.startswith(mark)), b"")
    encoding = _MARKS.get(mark) or _unmarked(content)
    content = content[len(mark) :]
    if encoding != "utf-8":
        try:
            content = content.decode(encoding).encode()
        except UnicodeDecodeError as error:
            raise PopulaceError(f"{name} breaks off inside a character: save it again.") from error
        except UnicodeEncodeError as error:
            raise PopulaceError(f"{name} holds half a character: save it again.") from error
    if b"\x00" in content:
        line = content.count(b"\n", 0, content.index(b"\x00")) + 1
        raise PopulaceError(
            f"{name} holds NUL bytes (line {line}) and is no text: save the table as CSV (UTF-8) "
            "or Parquet and read that."
        )
    wrong = _not_utf8(content)
    if wrong is None:
        return content, ()
    return _western(content, wrong, name)


def _unmarked(content: bytes) -> str:
    """UTF-16 without a mark: every other byte of its first letters is zero."""
    head = content[:1000]
    if len(head) >= 8 and len(head) % 2 == 0:
        for encoding, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            letters = head[::2] if encoding == "utf-16-le" else head[1::2]
            if zeros.count(0) > 0.9 * len(zeros) and not letters.count(0):
                return encoding
    return "utf-8"


def _not_utf8(content: bytes) -> int | None:
    """Where the bytes stop being UTF-8; None where they never do."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content), _BLOCK):
        block = content[start : start + _BLOCK]
        kept = len(decoder.getstate()[0])
        try:
            decoder.decode(block, final=start + _BLOCK >= len(content))
        except UnicodeDecodeError as error:
            return start - kept + error.start
    return None


def _western(content: bytes, at: int, name: str) -> tuple[bytes, tuple[str, ...]]:
    """Text with one byte a letter, where it looks like one of a Western European language."""
    line = content.count(b"\n", 0, at) + 1
    runs = _HIGH.findall(content[: 2**22]) or _HIGH.findall(content[at : at + 2**20])
    whole = sum(_SEQUENCE.fullmatch(run) is not None for run in runs)
    if whole and whole >= 0.1 * len(runs):
        raise PopulaceError(
            f"{name} mixes UTF-8 with another encoding (line {line} is not UTF-8): {_REMEDY}."
        )
    long = sum(len(run) > 2 for run in runs)
    if _UNUSED.search(content) or long > 0.2 * len(runs):
        raise PopulaceError(
            f"{name} is not UTF-8 (line {line}), and its encoding cannot be told: {_REMEDY}."
        )
    note = (
        f"{name} is not UTF-8 (line {line}) and was read as Western European text (Windows-1252): "
        "if letters look wrong, save it as UTF-8."
    )
    return content.decode("cp1252").encode(), (note,)
