"""Levels, numbers and links as the pages need them; the rest is in `synth.describe`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit, urlunsplit

from synth import describe
from synth.data.column import Column

_ALWAYS = r"[\\`*{}\[\]<>|~$^]"
# Signs that mean something only at the beginning of a line, beside a letter or outside a word.
_SOMETIMES = (
    r"(?m:(?<=^)\s*[#+\-=])|(?<=\d)[.)](?=\s|$)|:(?=[\w/])|(?<=[^\W\d])\.(?=\w)|(?<=\w)@(?=\w)"
    r"|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)"
)
_MARKDOWN = re.compile(f"({_ALWAYS}|{_SOMETIMES})")


def titles(column: Column, levels: Iterable[str]) -> dict[str, str]:
    """Level → its words; levels whose words would be the same keep their own spelling."""
    words = {level: describe.level_words(column, level) for level in levels}
    seen = list(words.values())
    return {level: text if seen.count(text) == 1 else level for level, text in words.items()}


def plain(text: str) -> str:
    """Text that Markdown shows as it stands.

    No more is escaped than Markdown needs: names of widgets reach screen readers with the escapes.
    """
    return _MARKDOWN.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    return f"{sign[:-1]}\\{sign[-1]}"


def number(value: float, column: Column | None = None) -> str:
    """A number without needless decimals (`1234.0` → `1,234`), as the column's table writes it."""
    if column is not None and column.format is not None:
        return describe.number_words(column, value)
    if column is not None and describe.is_year(column):
        return f"{value:.0f}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def link(base: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The address of a view: the page's address and what was asked."""
    parts, query = urlsplit(base), urlencode(list(parameters))
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
