"""A link as a QR code: drawn here, so that no service learns of it."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

import segno

from synth.errors import PopulaceError

_LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
MOST = 1500
"""Letters of a link; a denser code is not read from the back of a room."""


@lru_cache(maxsize=256)
def image(link: str, words: str) -> str:
    """The code as an HTML image (SVG), dark on light in both themes; `words` name it.

    Kept, as every run of a page shows it. Raises `PopulaceError` where the link is too long.
    """
    if len(link) > MOST:
        raise PopulaceError(
            f"The link has {len(link):,} letters, and a QR code that is read from afar at most "
            f"{MOST:,}: ask for fewer things."
        )
    code = segno.make(link, micro=False, error="m")
    uri = code.svg_data_uri(border=3, dark="#201c18", light="#ffffff", omitsize=True)
    return f'<img class="pp-qr" src="{escape(uri)}" alt="{escape(words)}">'


def is_local(link: str) -> bool:
    """Whether only this machine can open a link."""
    return urlsplit(link).hostname in _LOCAL
