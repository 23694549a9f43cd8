"""The mark that a portrait is synthetic: in the file's metadata, and visibly if asked.

Every exported file carries XMP with IPTC's digital source type for pictures made by a trained
model; PNG files say the same in a plain text chunk.
"""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

NOTICE = "Synthetic portrait made by Populace; this person does not exist."
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_XMP = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}">
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{NOTICE}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>""".encode()

Format = Literal["webp", "png", "jpeg"]


def encode(image: np.ndarray, form: Format = "webp", *, visible: bool = False) -> bytes:
    """An RGB uint8 image [h, w, 3] as a file's bytes that say the person is synthetic.

    Parameters
    ----------
    image : np.ndarray, uint8, shape (h, w, 3)
        RGB.
    form : Format, optional
        Kind of file.
    visible : bool, optional
        Whether the picture itself says so too.

    Returns
    -------
    bytes
        The file.
    """
    picture = Image.fromarray(image)
    if visible:
        _write_on(picture)
    buffer = io.BytesIO()
    if form == "png":
        text = PngImagePlugin.PngInfo()
        text.add_text("Description", NOTICE)
        text.add_text("DigitalSourceType", SOURCE_TYPE)
        text.add_itxt("XML:com.adobe.xmp", _XMP.decode())
        picture.save(buffer, "PNG", pnginfo=text)
    elif form == "jpeg":
        picture.save(buffer, "JPEG", quality=92, xmp=_XMP)
    else:
        picture.save(buffer, "WEBP", quality=80, method=6, xmp=_XMP)
    return buffer.getvalue()


def says_synthetic(data: bytes) -> bool:
    """Whether an image file carries the mark.

    Parameters
    ----------
    data : bytes
        An image file.

    Returns
    -------
    bool
        Whether the mark is in it.
    """
    return b"trainedAlgorithmicMedia" in data


def _write_on(picture: Image.Image) -> None:
    size = max(11, picture.height // 20)
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(picture, "RGBA")
    left, top, right, bottom = draw.textbbox((0, 0), "synthetic", font=font)
    x, y = picture.width - (right - left) - size, picture.height - (bottom - top) - size
    pad = size // 2
    box = (x - pad, y - pad, x + right - left + pad, y + bottom - top + pad)
    draw.rounded_rectangle(box, radius=pad, fill=(0, 0, 0, 140))
    draw.text((x - left, y - top), "synthetic", font=font, fill=(255, 255, 255, 235))
