"""Numbers, levels and links as people read them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlencode, urlsplit, urlunsplit

from synth.people.keywords import KEYWORDS, interest_title
from synth.schema import MISSING

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:^])")


def percent(share: float) -> str:
    """A share in words: `0.114` → `11.4 %`; below 0.01 % as one in so many."""
    if share >= 0.9995:
        return "100 %"
    if share >= 0.01:
        return f"{share:.1%}".replace("%", " %")
    if share >= 0.0001:
        return f"{share:.2%}".replace("%", " %")
    return f"1 in {_round(1 / share):,}" if share > 0 else "0 %"


def one_in(share: float) -> str:
    """`0.0003` → `1 in 3,300`."""
    return f"1 in {max(1, _round(1 / share)):,}" if share > 0 else "nobody"


def _round(number: float) -> int:
    """Two significant digits, so that nobody reads more into it."""
    digits = len(str(int(number)))
    return int(round(number, 2 - digits)) if digits > 2 else round(number)


def level_title(level: str) -> str:
    """A level for the screen: interests by their titles, underscores as spaces."""
    if level == MISSING:
        return "not recorded"
    if level in KEYWORDS:
        return interest_title(level)
    return level.replace("_", " ")


def titles(levels: Iterable[str]) -> dict[str, str]:
    """Level → its words; levels whose words would be the same keep their own spelling."""
    words = {level: level_title(level) for level in levels}
    seen = list(words.values())
    return {level: text if seen.count(text) == 1 else level for level, text in words.items()}


def plain(text: str) -> str:
    """Text that Markdown shows as it stands."""
    return _MARKDOWN.sub(r"\\\1", text)


def number(value: float) -> str:
    """A number without needless decimals: `1234.0` → `1,234`."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def link(base: str, parameters: Iterable[tuple[str, str]]) -> str:
    """The address of a view: the page's address and what was asked."""
    parts, query = urlsplit(base), urlencode(list(parameters))
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, ""))
