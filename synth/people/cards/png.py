"""A profile's card as a PNG file that says it is synthetic, on the picture and in its metadata."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, ImageOps, PngImagePlugin

from synth.interests.vocabulary import interest_title
from synth.people.cards import cover as tint
from synth.people.pictures.choose import Choice
from synth.people.profile import NOTICE, Profile

WIDTH = 760
_PAPER, _INK, _SOFT, _LINE, _ACCENT = "#ffffff", "#26221d", "#6f675c", "#e6dfd3", "#b4532a"
_CHIP = "#f5efe5"
_MARGIN, _COVER, _FACE, _GAP = 36, 220, 150, 12
_TALLEST = 2400


def card_png(profile: Profile) -> bytes:
    """The card, 760 pixels wide and as high as its words need.

    Parameters
    ----------
    profile : Profile
        Whom to show.

    Returns
    -------
    bytes
        A PNG file that says in its metadata that the person is synthetic.
    """
    sheet = Image.new("RGB", (WIDTH, _TALLEST), _PAPER)
    draw = ImageDraw.Draw(sheet)
    y = _head(sheet, draw, profile)
    y = _text(draw, y, profile.name, 34, _INK)
    y = _text(draw, y, f"@{profile.identity.handle}  ·  synthetic person", 19, _SOFT)
    y = _text(draw, y + 4, profile.line, 21, _SOFT)
    y = _text(draw, y + 4, profile.bio, 23, _INK) if profile.bio else y
    y = _facts(draw, y + 10, profile)
    y = _chips(draw, y + 10, profile)
    y = _pictures(sheet, y + 6, profile)
    for post in profile.quoted:
        top = y + 14
        y = _text(draw, top, post, 22, _INK, indent=18)
        draw.line((_MARGIN, top + 4, _MARGIN, y - 4), fill=_LINE, width=4)
    y = _text(draw, y + 20, NOTICE, 16, _SOFT)
    credit = "; ".join(choice.picture.credit for choice in profile.choices)
    if credit:
        y = _text(draw, y, f"Pictures: {credit}", 13, _SOFT)
    metadata = PngImagePlugin.PngInfo()
    metadata.add_text("Description", NOTICE)
    buffer = io.BytesIO()
    sheet.crop((0, 0, WIDTH, min(y + 24, _TALLEST))).save(buffer, "PNG", pnginfo=metadata)
    return buffer.getvalue()


def _head(sheet: Image.Image, draw: ImageDraw.ImageDraw, profile: Profile) -> int:
    cover = profile.cover
    if cover is not None:
        with Image.open(profile.library.path(cover.picture)) as image:
            sheet.paste(_cropped(image, cover, (WIDTH, _COVER)), (0, 0))
    else:
        sheet.paste(tint.draw(profile.interests, profile.name, (WIDTH, _COVER)), (0, 0))
    top = _COVER - _FACE + 40
    box = (_MARGIN, top, _MARGIN + _FACE, top + _FACE)
    draw.ellipse((box[0] - 6, box[1] - 6, box[2] + 6, box[3] + 6), fill=_PAPER)
    if profile.portrait is not None:
        mask = Image.new("L", (_FACE * 4, _FACE * 4), 0)
        ImageDraw.Draw(mask).ellipse((0, 0, _FACE * 4 - 1, _FACE * 4 - 1), fill=255)
        with Image.open(io.BytesIO(profile.portrait.webp())) as image:
            face = ImageOps.fit(image.convert("RGB"), (_FACE, _FACE))
        sheet.paste(face, box[:2], mask.resize((_FACE, _FACE)))
    else:
        draw.ellipse(box, fill=_ACCENT)
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        draw.text(middle, profile.identity.initials, "#ffffff", _font(52), anchor="mm")
    return top + _FACE + 14


def _chips(draw: ImageDraw.ImageDraw, y: int, profile: Profile) -> int:
    x, font = _MARGIN, _font(19)
    for rank, interest in enumerate(profile.interests, 1):
        words = f"{rank}  {interest_title(interest)}"
        width = round(draw.textlength(words, font)) + 28
        if x + width > WIDTH - _MARGIN and x > _MARGIN:
            x, y = _MARGIN, y + 46
        draw.rounded_rectangle((x, y, x + width, y + 36), 18, fill=_CHIP)
        draw.text((x + 14, y + 18), words, _ACCENT, font, anchor="lm")
        x += width + 8
    return y + 46 if profile.interests else y


def _facts(draw: ImageDraw.ImageDraw, y: int, profile: Profile) -> int:
    """The columns in words of a person without interests, a line each."""
    for title, value in profile.highlights:
        draw.line((_MARGIN, y, WIDTH - _MARGIN, y), fill=_LINE, width=1)
        draw.text((_MARGIN, y + 9), title, _SOFT, _font(20))
        draw.text((WIDTH - _MARGIN, y + 9), value, _INK, _font(20), anchor="ra")
        y += 42
    return y


def _pictures(sheet: Image.Image, y: int, profile: Profile) -> int:
    rest = [choice for choice in profile.choices if choice is not profile.cover]
    if not rest:
        return y
    width = (WIDTH - 2 * _MARGIN - _GAP * (len(rest) - 1)) // len(rest)
    height = 210 if len(rest) > 1 else 280
    for number, choice in enumerate(rest):
        with Image.open(profile.library.path(choice.picture)) as image:
            fitted = _cropped(image, choice, (width, height))
        sheet.paste(fitted, (_MARGIN + number * (width + _GAP), y))
    return y + height


def _cropped(image: Image.Image, choice: Choice, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(image.convert("RGB"), size, centering=choice.picture.focus)


def _text(
    draw: ImageDraw.ImageDraw, y: int, text: str, size: int, colour: str, indent: int = 0
) -> int:
    """Write wrapped words; returns where the next line begins."""
    font = _font(size)
    room = WIDTH - 2 * _MARGIN - indent
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and draw.textlength(longer, font) > room:
            draw.text((_MARGIN + indent, y), line, colour, font)
            y, line = y + round(size * 1.4), word
        else:
            line = longer
    draw.text((_MARGIN + indent, y), line, colour, font)
    return y + round(size * 1.4)


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(tint.FONTS / "Lato-Regular.ttf"), size)
