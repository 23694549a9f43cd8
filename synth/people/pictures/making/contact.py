"""A contact sheet: for each interest the pictures that a card shows first, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from synth.interests.vocabulary import interest_title
from synth.people.cards.cover import FONTS
from synth.people.pictures.choose import best, is_at_home
from synth.people.pictures.library import Library, Picture
from synth.people.sentences import sentences

_WIDTH, _HEIGHT, _GAP = 150, 100, 6
_TITLE = 26  # pixels above the pictures of an interest
_ACROSS, _BESIDE = 3, 3  # pictures of an interest, and interests in a row


def shown(
    interest: str, library: Library, country: str = "", count: int = _ACROSS
) -> list[Picture]:
    """The best pictures of an interest that a card may show.

    Parameters
    ----------
    interest : str
        Its name.
    library : Library
        Where to look.
    country : str, optional
        Where the people live, in two letters.
    count : int, optional
        The most pictures.

    Returns
    -------
    list of Picture
        Best first; no drawings, nothing that is at home elsewhere alone or that no words are about.
    """
    subjects = ("", *sentences().subjects(interest))
    pictures = (choice.picture for choice in best(interest, len(library.pictures), library=library))
    fitting = [
        picture
        for picture in pictures
        if picture.kind != "drawing"
        and (len(subjects) == 1 or picture.subject in subjects)
        and is_at_home(picture, interest, country)
    ]
    return fitting[:count]


def contact_sheet(interests: Sequence[str], library: Library, country: str = "") -> Image.Image:
    """Three pictures for each interest, three interests in a row, an empty place where none fits.

    Parameters
    ----------
    interests : sequence of str
        Their names.
    library : Library
        Where to look.
    country : str, optional
        Where the people live, in two letters.

    Returns
    -------
    Image.Image
        The sheet.
    """
    wide = _ACROSS * (_WIDTH + _GAP) + _GAP
    high = _TITLE + _HEIGHT + _GAP
    rows = -(-len(interests) // _BESIDE)
    sheet = Image.new("RGB", (_BESIDE * wide, max(1, rows) * high), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.truetype(str(FONTS / "Lato-Regular.ttf"), 17)
    for number, interest in enumerate(interests):
        left, top = number % _BESIDE * wide + _GAP, number // _BESIDE * high
        draw.text((left, top + 3), interest_title(interest), "#26221d", font)
        for place, picture in enumerate(shown(interest, library, country)):
            with Image.open(library.path(picture)) as image:
                fitted = ImageOps.fit(
                    image.convert("RGB"), (_WIDTH, _HEIGHT), centering=picture.focus
                )
            sheet.paste(fitted, (left + place * (_WIDTH + _GAP), top + _TITLE))
    return sheet
