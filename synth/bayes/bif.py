"""BIF files: networks of states as text.

BIF is the interchange format of Cozman (1998, "The Interchange Format for Bayesian Networks",
version 0.15) that the bnlearn repository uses. The reader and writer are our own: pgmpy's reader
forgets quotes, so that names with commas or brackets fall apart, and reads a file that lacks rows
as if they were zeros.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NoReturn

import numpy as np

from synth.bayes.categorical import categorical_network, refuse_gaussians
from synth.bayes.network import Network
from synth.errors import PopulaceError

LARGEST_FILE = 64 << 20
"""Bytes of a BIF file, at most."""
CELLS = 1 << 24
"""Numbers in one table of a file, at most."""

# ---------------------------------------------------------------------- writing

_PLAIN = re.compile(r'[^\s{}()\[\];,|"]+')


def write_bif(network: Network, path: str | Path) -> None:
    """Write the network as a BIF file (UTF-8); probabilities keep all their digits.

    Names and labels that are no plain word are quoted.

    Raises
    ------
    PopulaceError
        The network has Gaussian columns, or a name holds a double quote or a line break, which
        BIF cannot write.
    """
    Path(path).write_text(bif_text(network), encoding="utf-8")


def bif_text(network: Network) -> str:
    """The text that `write_bif` writes."""
    refuse_gaussians(network, "BIF files")
    labels = {
        name: [_bif_word(label, name) for label in network.codings[name].labels]
        for name in network.order
    }
    word = {name: _bif_word(name, name) for name in network.order}
    lines = ["network populace {", "}"]
    for name in network.order:
        own = labels[name]
        lines += [
            f"variable {word[name]} {{",
            f"  type discrete [ {len(own)} ] {{ {', '.join(own)} }};",
            "}",
        ]
    for name in network.order:
        table, parents = network.tables[name], network.parents[name]
        if not parents:
            lines.append(f"probability ( {word[name]} ) {{")
            lines.append(f"  table {_bif_numbers(table)};")
        else:
            above = ", ".join(word[parent] for parent in parents)
            lines.append(f"probability ( {word[name]} | {above} ) {{")
            rows = product(*(labels[parent] for parent in parents))
            flat = table.reshape(-1, table.shape[-1])
            for row, numbers in zip(rows, flat, strict=True):
                lines.append(f"  ({', '.join(row)}) {_bif_numbers(numbers)};")
        lines.append("}")
    return "\n".join(lines) + "\n"


def _bif_word(text: str, column: str) -> str:
    if _PLAIN.fullmatch(text) and "//" not in text and "/*" not in text:
        return text
    if '"' in text or any(ord(character) < 32 for character in text):
        raise PopulaceError(
            f"Column {column}: BIF cannot write {text!r}, which holds a double quote or a line "
            "break: rename it."
        )
    return f'"{text}"'


def _bif_numbers(numbers: np.ndarray) -> str:
    return ", ".join(repr(float(number)) for number in numbers)


# ---------------------------------------------------------------------- reading

_BIF_TOKEN = re.compile(
    r"""\s+ | //[^\n]* | /\*.*?\*/
      | "(?P<string>[^"]*)"
      | (?P<mark>[{}()\[\];,|])
      | (?P<word>(?:(?!/\*|//)[^\s{}()\[\];,|"])+)""",
    re.VERBOSE | re.DOTALL,
)


_MOST_ROUNDING = 0.05
_COMMENTS = r"(?:(?:%|//)[^\n]*\s*)*"
_OTHER_FORMATS = (
    ("an XMLBIF file", re.compile(r"<(?=.*?<(?:!doctype\s+)?bif\b|bif\b)", re.DOTALL)),
    ("a GeNIe file (.xdsl)", re.compile(r"<(?=.*?<smile\b|smile\b)", re.DOTALL)),
    ("an XML file", re.compile(r"<")),
    ("a Hugin file (.net)", re.compile(_COMMENTS + r"(?:net\s*\{|class\s+\w+\s*\{|node\s)")),
    ("a Microsoft file (.dsc)", re.compile(_COMMENTS + r"belief\s+network\b")),
    ("a Netica file (.dne)", re.compile(_COMMENTS + r"bnet\s+\w+\s*\{")),
    ("a JSON file", re.compile(r"[\[{]\s*(?:\"|\{\s*\")")),
    ("a UAI file", re.compile(r"(?:bayes|markov)\s+\d+\s")),
)
"""Networks in other formats, and how their files begin."""


class _Mark(str):
    """A mark such as ``{`` that stood outside quotes."""

    __slots__ = ()


def read_bif(source: str | Path) -> Network:
    """Read a BIF file, or its text, as a network of categorical columns.

    A string that holds a brace or a line break is text, any other is a path. Tables may be
    written whole (``table``), by rows, and with a ``default`` row; comments and properties are
    passed over.

    Raises
    ------
    PopulaceError
        One sentence with the line at which the file stops making sense.
    """
    if isinstance(source, str) and ("{" in source or "\n" in source):
        return _network(source)
    try:
        path = Path(source)
        if path.stat().st_size > LARGEST_FILE:
            raise PopulaceError(
                f"The BIF file {source} has more than {LARGEST_FILE >> 20} MB: "
                "this is no Bayesian network that can be answered exactly, choose another."
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PopulaceError(
            f"The BIF file {source} is not UTF-8 text: save it as UTF-8, unpacked."
        ) from error
    except OSError as error:
        raise PopulaceError(
            f"The BIF file {source} cannot be read ({error.strerror}): check the path."
        ) from error
    except ValueError as error:
        if isinstance(error, PopulaceError):
            raise
        raise PopulaceError(f"{source!r} is no path of a BIF file: check it.") from error
    return _network(text)


def _network(text: str) -> Network:
    head = text.lstrip("\ufeff \t\r\n")[:4000].casefold()
    for name, start in _OTHER_FORMATS:
        if start.match(head):
            raise PopulaceError(
                f"This is {name}, not BIF: open it with the program that wrote it, or with "
                "pyAgrum, and save it as .bif."
            )
    return _Bif(text).network()


class _Bif:
    """Reads one text, token by token."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        self._lines: list[int] = []
        self._at = 0
        line, end = 1, 0
        while end < len(text):
            match = _BIF_TOKEN.match(text, end)
            if match is None:
                self._lines.append(line)
                self._at = len(self._tokens)
                self._fail("a quote or a comment is not closed")
            mark = match["mark"]
            token = _Mark(mark) if mark else match["string"] or match["word"]
            if token is not None:
                self._tokens.append(token)
                self._lines.append(line)
            elif match["string"] is not None:
                self._tokens.append("")
                self._lines.append(line)
            line += match[0].count("\n")
            end = match.end()
        self._lines.append(line)
        self._states: dict[str, tuple[str, ...]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._tables: dict[str, np.ndarray] = {}
        self._rounding: dict[str, float] = {}
        self._digits = 0

    def network(self) -> Network:
        """The whole file's network."""
        while self._at < len(self._tokens):
            word = self._next()
            if word == "network":
                self._skip_block()
            elif word == "variable":
                self._variable()
            elif word == "probability":
                self._probability()
            elif word != ";":
                self._fail(f"{_short(word)} is neither network, variable nor probability", back=1)
        for name in self._states:
            if name not in self._tables:
                raise PopulaceError(
                    f"The BIF file has no probability block for {_short(name)}: add it."
                )
        return categorical_network(
            self._states, self._parents, self._tables, "BIF", rounding=self._rounding
        )

    # ------------------------------------------------------------------ tokens

    def _fail(self, what: str, back: int = 0) -> NoReturn:
        line = self._lines[min(max(self._at - back, 0), len(self._lines) - 1)]
        raise PopulaceError(f"The BIF file cannot be read at line {line}: {what}; mend it there.")

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            self._fail("the file ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, mark: str) -> None:
        token = self._next()
        if token != mark:
            self._fail(f"{mark} was expected, not {_short(token)}", back=1)

    def _until(self, *ends: str) -> list[str]:
        """The tokens up to one of the marks, which is passed over."""
        tokens: list[str] = []
        while True:
            token = self._next()
            if isinstance(token, _Mark) and token in ends:
                return tokens
            tokens.append(token)

    def _skip_block(self) -> None:
        self._until("{")
        self._until("}")

    def _names(self, tokens: Sequence[str]) -> list[str]:
        """Names between commas, where words may stand apart; or else one a word."""
        if not any(isinstance(token, _Mark) for token in tokens):
            return list(tokens)
        parts: list[list[str]] = [[]]
        for token in tokens:
            if isinstance(token, _Mark):
                if token != ",":
                    self._fail(f"{token} stands among names", back=1)
                parts.append([])
            else:
                parts[-1].append(token)
        return [" ".join(part) for part in parts if part]

    def _numbers(self, tokens: Sequence[str], count: int) -> list[float]:
        numbers = []
        self._digits = max(self._digits, *(_digits(token) for token in tokens), 0)
        for token in tokens:
            if isinstance(token, _Mark) and token == ",":
                continue
            try:
                number = float(token)
            except ValueError:
                self._fail(f"{_short(token)} is no number", back=1)
            if not (math.isfinite(number) and number >= 0):
                self._fail(f"{_short(token)} is no probability", back=1)
            numbers.append(number)
        if len(numbers) != count:
            self._fail(f"{count:,} numbers were expected, not {len(numbers):,}", back=1)
        return numbers

    # ------------------------------------------------------------------ blocks

    def _variable(self) -> None:
        name = " ".join(self._until("{"))
        if not name or name in self._states:
            self._fail(f"the variable {_short(name)} has no name or is there twice", back=1)
        while True:
            word = self._next()
            if word == "}":
                break
            if word == "property":
                self._until(";")
            elif word == "type":
                if self._next() != "discrete":
                    self._fail(f"{_short(name)} is not discrete", back=1)
                self._expect("[")
                count = " ".join(self._until("]"))
                self._expect("{")
                states = self._names(self._until("}"))
                self._expect(";")
                if count != str(len(states)):
                    self._fail(
                        f"{_short(name)} announces {_short(count)} states and has {len(states)}",
                        back=1,
                    )
                self._states[name] = tuple(states)
            else:
                self._fail(f"{_short(word)} stands inside a variable", back=1)
        if not self._states.get(name):
            self._fail(f"the variable {_short(name)} has no states", back=1)

    def _probability(self) -> None:
        self._expect("(")
        tokens = self._until(")")
        bars = [i for i, token in enumerate(tokens) if isinstance(token, _Mark) and token == "|"]
        if len(bars) > 1:
            self._fail("two bars stand in one probability", back=1)
        if bars:
            child = " ".join(tokens[: bars[0]])
            parents = self._names(tokens[bars[0] + 1 :])
        else:
            child, *parents = self._names(tokens) or [""]
        for name in (child, *parents):
            if name not in self._states:
                self._fail(f"there is no variable {_short(name)} before this line", back=1)
        if child in self._tables or len({child, *parents}) <= len(parents):
            self._fail(f"{_short(child)} is there twice", back=1)
        shape = tuple(len(self._states[name]) for name in (*parents, child))
        if math.prod(shape) > CELLS:
            self._fail(f"the table of {_short(child)} has more than {CELLS:,} numbers", back=1)
        self._parents[child] = tuple(parents)
        self._digits = 0
        self._tables[child] = self._table(child, parents, shape)
        if self._digits > 1:  # each number may be off by half of its last digit
            off = 0.5 * shape[-1] * 10.0**-self._digits
            self._rounding[child] = min(off, _MOST_ROUNDING)

    def _table(self, child: str, parents: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
        self._expect("{")
        table: np.ndarray | None = None
        default: list[float] | None = None
        rows: dict[tuple[int, ...], list[float]] = {}
        while True:
            word = self._next()
            if word == "}":
                break
            if word == "property":
                self._until(";")
            elif word == "table" and not isinstance(word, _Mark):
                numbers = self._numbers(self._until(";"), math.prod(shape))
                # The child changes slowest, the last parent fastest.
                table = np.moveaxis(np.array(numbers).reshape(shape[-1], *shape[:-1]), 0, -1)
            elif word == "default":
                default = self._numbers(self._until(";"), shape[-1])
            elif word == "(":
                states_of_row = self._names(self._until(")"))
                if len(states_of_row) != len(parents):
                    self._fail(
                        f"a row of {_short(child)} names {len(states_of_row)} states for "
                        f"{len(parents)} parents",
                        back=1,
                    )
                for parent, state in zip(parents, states_of_row, strict=True):
                    if state not in self._states[parent]:
                        self._fail(f"{_short(parent)} has no state {_short(state)}", back=1)
                row = tuple(
                    self._states[parent].index(state)
                    for parent, state in zip(parents, states_of_row, strict=True)
                )
                if row in rows:
                    self._fail(f"a row of {_short(child)} is there twice", back=1)
                rows[row] = self._numbers(self._until(";"), shape[-1])
            else:
                self._fail(f"{_short(word)} stands inside a probability", back=1)
        if table is None:
            if default is None and len(rows) < math.prod(shape[:-1]):
                self._fail(f"the table of {_short(child)} lacks rows", back=1)
            table = np.empty(shape)
            if default is not None:
                table[...] = default
        else:
            table = table.copy()
        for row, numbers in rows.items():
            table[row] = numbers
        return table


def _digits(token: str) -> int:
    """How many digits stand after the point of a number; 0 where it has an exponent."""
    _, point, rest = token.partition(".")
    return len(rest) if point and rest.isdigit() else 0


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")
