"""A designed cover for people without a photograph that fills one: a tint with interests' icons."""

from __future__ import annotations

import base64
import io
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

from synth.environment import MODELS
from synth.interests.vocabulary import ICONS

FONTS = MODELS / "fonts"
SIZE = (760, 220)
_GROUNDS = (
    ("#f0d9c8", "#a2552f"),
    ("#efe2c0", "#8d6b1f"),
    ("#dfe5cf", "#62733b"),
    ("#d5e2e0", "#3f716b"),
    ("#dcdfe8", "#52628a"),
    ("#ecd9de", "#94506a"),
)


def tint_of(text: str) -> int:
    """Which of the six tints goes with a word, as the style sheet numbers them.

    Parameters
    ----------
    text : str
        An interest, or a name.

    Returns
    -------
    int
        From 0 to 5.
    """
    return sum(map(ord, text)) % len(_GROUNDS)


def draw(interests: Sequence[str], key: str, size: tuple[int, int] = SIZE) -> Image.Image:
    """The cover: a tint, the first interest's icon large, the others small.

    Parameters
    ----------
    interests : sequence of str
        First to third; none are needed.
    key : str
        What decides the tint where there is no interest.
    size : (int, int), optional
        Width and height in pixels.

    Returns
    -------
    Image
        RGB.
    """
    width, height = size
    ground, ink = _GROUNDS[tint_of(interests[0] if interests else key)]
    sheet = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(sheet, "RGBA")
    glyphs = _glyphs()
    right = width - round(height * 0.18)
    for rank, interest in enumerate(interests[:3]):
        glyph = glyphs.get(ICONS.get(interest, "interests"), glyphs["interests"])
        share, strength = ((0.52, 225), (0.3, 130), (0.3, 130))[rank]
        font = _icon_font(round(height * share))
        red, green, blue = (int(ink[i : i + 2], 16) for i in (1, 3, 5))
        place = (right, height // 2)
        pen.text(place, chr(glyph), (red, green, blue, strength), font, anchor="rm")
        right -= round(height * (share + 0.14))
    return sheet


@lru_cache(maxsize=256)
def webp(interests: tuple[str, ...], key: str) -> bytes:
    """The cover as a webp file.

    Parameters
    ----------
    interests : tuple of str
        First to third.
    key : str
        What decides the tint where there is no interest.

    Returns
    -------
    bytes
        The file.
    """
    buffer = io.BytesIO()
    draw(interests, key).save(buffer, "WEBP", quality=82)
    return buffer.getvalue()


def uri(interests: tuple[str, ...], key: str) -> str:
    """The cover as a ``data:`` address.

    Parameters
    ----------
    interests, key
        As in `webp`.

    Returns
    -------
    str
        The address.
    """
    return "data:image/webp;base64," + base64.b64encode(webp(interests, key)).decode()


@lru_cache(maxsize=1)
def _glyphs() -> Mapping[str, int]:
    return tomllib.loads((FONTS / "icons.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _icon_font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "icons.ttf"), size)
