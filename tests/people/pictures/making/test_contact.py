"""The contact sheet of what cards show."""

from PIL import Image
from typer.testing import CliRunner

from synth.cli import app
from synth.interests.vocabulary import KEYWORDS
from synth.people.pictures.library import load_library
from synth.people.pictures.making.contact import contact_sheet, shown


def test_only_what_a_card_may_show_is_on_the_sheet():
    library = load_library()
    for interest in KEYWORDS:
        pictures = shown(interest, library, "FR")
        assert len(pictures) <= 3 and all(p.kind != "drawing" for p in pictures), interest
    walks = shown("walking", library, "FR", count=99)
    assert walks and all("FR" in (picture.at_home or ("FR",)) for picture in walks)
    assert len(walks) < len(shown("walking", library, count=99))
    assert {picture.subject for picture in shown("pets", library, count=99)} == {"cat", "dog"}


def test_an_interest_without_pictures_has_an_empty_place():
    sheet = contact_sheet(["television", "gardening"], load_library())
    width, height = sheet.size
    halves = (sheet.crop((0, 30, width // 3, height)), sheet.crop((width // 3, 30, width, height)))
    empty, filled = (len(half.getcolors(1 << 20)) for half in halves)
    assert empty == 1 and filled > 1000


def test_command_line(tmp_path):
    out = tmp_path / "contact.webp"
    result = CliRunner().invoke(app, ["pictures", "contact", "--out", str(out)])
    assert result.exit_code == 0, result.output
    with Image.open(out) as image:
        assert image.width > 1000 and image.height > 1000
