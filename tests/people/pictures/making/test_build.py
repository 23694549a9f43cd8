"""Building a library: broken files listed, metadata gone, interrupted runs go on."""

import json

import numpy as np
import pytest
from PIL import Image

from synth.errors import PopulaceError
from synth.people.pictures.library import Library
from synth.people.pictures.making.build import build

KEYWORDS = {"red things": ("red",), "green things": ("green",), "blue things": ("blue",)}


class ColourScorer:
    """Knows three colours, counts the pictures it was shown."""

    name, scale = "colours", 20.0

    def __init__(self, fail_after=None):
        self.seen, self.fail_after = 0, fail_after

    def embed_images(self, images):
        self.seen += len(images)
        if self.fail_after is not None and self.seen > self.fail_after:
            raise KeyboardInterrupt
        means = np.stack([np.asarray(im, np.float32).mean((0, 1)) for im in images])
        vectors = np.concatenate([means, np.full((len(means), 1), 1.0)], 1)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def embed_texts(self, texts):
        names = ("red", "green", "blue")
        rows = [[float(name in text) for name in names] for text in texts]
        rows = [[*row, float(not any(row))] for row in rows]
        return np.array(rows, np.float32)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for number, colour in enumerate(("red", "green", "blue")):
        exif = Image.Exif()
        exif[0x010E] = "secret place"
        image = Image.new("RGB", (900, 600), colour)
        image.save(folder / f"IMG_{number} {colour}.jpg", exif=exif)
    Image.new("RGBA", (300, 300), (255, 0, 0, 128)).save(folder / "deep" / "seethrough.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    (folder / "tiny.png").write_bytes(b"")
    (folder / "notes.txt").write_text("not a picture")
    credit = {"caption": "a red wall", "author": "Ann", "licence": "CC0", "subject": "wall"}
    credits = {"IMG_0 red.jpg": credit}
    (folder / "credits.json").write_text(json.dumps(credits))
    return folder


def test_build_and_load(folder, tmp_path):
    built = build(folder, tmp_path / "out", ColourScorer(), keywords=KEYWORDS)
    library = Library.load(tmp_path / "out")
    assert len(library.pictures) == 4 and len(built.skipped) == 2
    assert any("broken.jpg" in line for line in built.skipped)
    red = next(p for p in library.pictures if p.caption == "a red wall")
    assert red.credit == "a red wall · Ann · CC0" and red.subject == "wall"
    with Image.open(library.path(red)) as image:
        assert max(image.size) <= 560 and not image.getexif() and image.format == "WEBP"
    assert b"secret" not in library.path(red).read_bytes()
    likely = library.probabilities("green things", KEYWORDS)
    assert library.pictures[int(likely.argmax())].caption.endswith("green")


def test_a_second_run_looks_at_nothing_again(folder, tmp_path):
    build(folder, tmp_path / "out", ColourScorer(), keywords=KEYWORDS)
    scorer = ColourScorer()
    again = build(folder, tmp_path / "out", scorer, keywords=KEYWORDS)
    assert scorer.seen == 0 and again.reused == 4


def test_an_interrupted_run_goes_on(folder, tmp_path, monkeypatch):
    from synth.people.pictures.making import build as module

    monkeypatch.setattr(module, "_BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        build(folder, tmp_path / "out", ColourScorer(fail_after=2), keywords=KEYWORDS)
    partial = tmp_path / "out" / "vectors.partial"
    partial.write_text(partial.read_text() + "0123456789abcdef 0.5 0.")  # a line cut off
    scorer = ColourScorer()
    built = build(folder, tmp_path / "out", scorer, keywords=KEYWORDS)
    assert built.reused == 2 and scorer.seen == 2 and not partial.exists()


@pytest.mark.parametrize("what", ["missing", "empty", "all broken", "bad credits"])
def test_errors(tmp_path, what):
    folder = tmp_path / "in"
    if what != "missing":
        folder.mkdir()
    if what in ("all broken", "bad credits"):
        (folder / "a.jpg").write_bytes(b"no")
    if what == "bad credits":
        (folder / "credits.json").write_text("[1")
    with pytest.raises(PopulaceError):
        build(folder, tmp_path / "out", ColourScorer(), keywords=KEYWORDS)
