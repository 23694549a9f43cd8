"""Every file says that its person is synthetic."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from synth.people.portraits.mark import NOTICE, SOURCE_TYPE, encode, says_synthetic

IMAGE = np.full((128, 128, 3), 120, np.uint8)


@pytest.mark.parametrize("form", ["webp", "png", "jpeg"])
def test_the_mark_is_in_the_metadata(form):
    data = encode(IMAGE, form)
    assert says_synthetic(data)
    opened = Image.open(io.BytesIO(data))
    assert opened.size == (128, 128)
    xmp = opened.info.get("xmp") or opened.info.get("XML:com.adobe.xmp")
    assert SOURCE_TYPE in (xmp if isinstance(xmp, str) else xmp.decode())
    if form == "png":
        assert opened.text["Description"] == NOTICE


def test_a_visible_mark_changes_the_picture_and_only_if_asked():
    plain = np.asarray(Image.open(io.BytesIO(encode(IMAGE, "png"))))
    marked = np.asarray(Image.open(io.BytesIO(encode(IMAGE, "png", visible=True))))
    assert (plain == IMAGE).all()
    changed = np.argwhere((marked != IMAGE).any(-1))
    assert len(changed) and changed.min(0).tolist() > [64, 0]


def test_a_plain_picture_does_not_say_so():
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).save(buffer, "PNG")
    assert not says_synthetic(buffer.getvalue())
