"""The focal point of a picture: where something stands out, and what crops keep."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from synth.people.pictures.focus import focus_of
from synth.people.pictures.library import load_library


def _spot(x, y, size=(200, 120)):
    pixels = np.full((size[1], size[0], 3), 90, np.uint8)
    left, top = round(x * size[0]), round(y * size[1])
    pixels[max(top - 12, 0) : top + 12, max(left - 12, 0) : left + 12] = (240, 40, 40)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("x", "y"), [(0.25, 0.3), (0.5, 0.5), (0.75, 0.3), (0.3, 0.75)])
def test_what_stands_out_is_the_focus(x, y):
    focus = focus_of(_spot(x, y))
    # At least a third of the way from the middle to what stands out, and not beyond it.
    for share, place in zip(focus, (x, y), strict=True):
        assert abs(share - place) <= abs(0.5 - place) * 2 / 3 + 0.06


def test_a_plain_picture_has_its_focus_in_the_middle():
    assert focus_of(Image.new("L", (30, 80), 120)) == (0.5, 0.5)


def test_a_crop_by_the_focus_keeps_what_the_middle_loses():
    image = _spot(0.5, 0.25, (200, 200))
    kept = ImageOps.fit(image, (200, 50), centering=focus_of(image))
    lost = ImageOps.fit(image, (200, 50))
    assert np.asarray(kept)[..., 0].max() >= 240 and np.asarray(lost)[..., 0].max() < 150


def test_every_shipped_picture_has_a_focus_inside():
    pictures = load_library().pictures
    assert all(0 <= share <= 1 for picture in pictures for share in picture.focus)
    assert len({picture.focus for picture in pictures}) > 100
    assert pictures[0].position.count("%") == 2
