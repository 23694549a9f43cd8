"""The same face later: edited where there is a generator, otherwise the bank's most alike."""

import io

import numpy as np
import pytest
from PIL import Image

from synth.errors import PopulaceError
from synth.people.portraits import weights
from synth.people.portraits.bank import shipped
from synth.people.portraits.editing import EditedPortrait, edit, likeness, nearest
from synth.people.portraits.mark import says_synthetic


@pytest.fixture(scope="module")
def bank():
    try:
        return shipped()
    except PopulaceError:
        pytest.skip("no portraits are shipped")


@pytest.fixture(scope="module")
def face(bank):
    return bank.pick("female", 30, "White", 1)


def test_a_few_years_need_no_other_portrait(bank, face):
    result = likeness(face, bank, ("female", 30), ("female", 34))
    assert result.how == "same" and result.portrait is face


def test_nobody_without_age_or_gender_has_a_portrait(bank, face):
    assert likeness(face, bank, ("female", 30), ("unknown", 30)).how == "none"
    assert likeness(face, bank, ("female", 30), ("female", None)).portrait is None
    assert likeness(None, bank, ("female", 30), ("female", 60)).note


def test_without_the_generator_the_most_alike_of_the_bank_serves(bank, face):
    result = likeness(face, bank, ("female", 30), ("female", 60))
    assert result.how == "bank" and "bank" in result.note and "generator" in result.note
    cell = result.portrait.cell
    assert (cell.gender, cell.ethnicity) == ("female", face.cell.ethnicity)
    assert abs(result.portrait.age - 60) < 12
    assert result.portrait == nearest(face, bank, "female", 60)
    row, here = bank.names.index(face.name), bank.names.index(result.portrait.name)
    cell_rows = [bank.names.index(name) for name in bank.cell(cell)]
    far = np.linalg.norm(bank.embeddings[cell_rows].astype(float) - bank.embeddings[row], axis=1)
    mine = np.linalg.norm(bank.embeddings[here].astype(float) - bank.embeddings[row])
    assert mine <= np.median(far)


def test_an_edited_portrait_can_stand_for_another(bank, face):
    edited = EditedPortrait("x", face, "female", 30.0, bank.embeddings[0], face.webp())
    assert likeness(edited, bank, ("female", 30), ("male", 30)).portrait.cell.gender == "male"
    assert edited.webp() == face.webp()


def test_the_generator_edits_the_face_and_holds_the_rest(bank, face):
    tools = pytest.importorskip("synth.people.portraits.live").Tools
    if not weights.are_here():
        pytest.skip("The generator is not in the cache: `python -m synth models --fetch all`.")
    loaded = tools.load()
    old = edit(face, bank, "male", 65, loaded)
    assert old is not None and old.age > face.age + 15 and old.gender == "male"
    assert says_synthetic(old.webp())
    with Image.open(io.BytesIO(old.webp())) as image:
        assert image.size == (256, 256)
    same = np.linalg.norm(old.embedding - bank.embeddings[bank.names.index(face.name)])
    rows = [bank.names.index(name) for name in bank.cell(face.cell)]
    others = np.linalg.norm(bank.embeddings[rows].astype(float) - old.embedding, axis=1)
    assert same < np.median(others), "an edited face stays nearer to itself than to others"
    again = likeness(face, bank, ("female", 30), ("male", 65), loaded)
    assert again.how == "edited" and "edited" in again.note
    assert again.portrait.webp() == old.webp() and again.portrait.gender == "male"


def test_another_painters_portrait_is_not_edited(bank, face):
    class Painter:
        name = "another"

    class Tools:
        generator = Painter()

    changed = likeness(face, bank, ("female", 30), ("male", 30), Tools())
    assert changed.how == "bank" and "painted by mobilestylegan-ffhq" in changed.note
