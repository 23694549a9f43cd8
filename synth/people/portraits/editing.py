"""The same face at another age or of another gender.

Where the generator is in the cache the portrait is edited: its style w moves along the directions
of age and gender while ethnicity, turn and smile are held, and what is read off the painting
corrects the step (Shen et al., CVPR 2020, section 3.2). Elsewhere another portrait of the bank
serves, the one whose embedding lies nearest to the old one's. The result says which it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from synth.errors import PopulaceError
from synth.people.portraits.bank import Bank, Cell, Portrait
from synth.people.portraits.heads import ETHNICITIES, GENDERS
from synth.people.portraits.mark import encode

if TYPE_CHECKING:
    from synth.people.portraits.live import Tools

How = Literal["same", "edited", "bank", "none"]

_PRESERVED = (*ETHNICITIES, "turn", "smile")
_YOUNGEST_AIM, _OLDEST_AIM = 17.0, 76.0  # the generator has hardly seen others
_CLOSE = 4.0  # years between the wanted age and the one read that will do
_NEAR = 5.0  # years by which a person may change without another portrait
_CLEAR = 4.0  # log-odds of a gender that is plain to see
_PAINTINGS = 4
_AMONG = 24  # nearest in age of the bank's cell; the most alike of them is taken


@dataclass(frozen=True, eq=False)
class EditedPortrait:
    """A portrait painted from an edited style; it stands where a bank's portrait would.

    Attributes
    ----------
    name: for file names; origin: the bank's portrait that was edited.
    gender: as asked for; age: in years, as read off the painting; embedding: [128].
    data: the picture as webp, 256 px, marked as synthetic in its metadata.
    """

    name: str
    origin: Portrait
    gender: str
    age: float
    embedding: np.ndarray
    data: bytes

    def webp(self) -> bytes:
        """The picture's file.

        Returns
        -------
        bytes
            The file, 256 × 256 pixels.
        """
        return self.data


@dataclass(frozen=True, eq=False)
class Likeness:
    """A portrait after a change: how it was made, and a sentence that says so."""

    portrait: Portrait | EditedPortrait | None
    how: How
    note: str


def likeness(
    portrait: Portrait | EditedPortrait | None,
    bank: Bank,
    was: tuple[str, float | None],
    now: tuple[str, float | None],
    tools: Tools | None = None,
    *,
    reason: str = "the generator is not on this machine",
) -> Likeness:
    """The portrait of the same person after a change of gender and age.

    Parameters
    ----------
    was, now: gender (male or female) and age in years, before and after.
    tools: generator and readers; without them the bank serves.
    reason: why there are none, for the note.

    Returns
    -------
    Likeness
        The portrait, how it came about, and a sentence on it.
    """
    gender, age = now
    if portrait is None or gender not in GENDERS or age is None:
        return Likeness(None, "none", "No portrait: the record gives no age or no gender.")
    if gender == was[0] and was[1] is not None and abs(age - was[1]) <= _NEAR:
        return Likeness(
            portrait, "same", "The portrait is the same: age and gender hardly changed."
        )
    if tools is not None and tools.generator.name != bank.painter:
        tools, reason = None, f"they were painted by {bank.painter}, which is not loaded"
    if tools is not None:
        edited = edit(portrait, bank, gender, age, tools)
        if edited is not None:
            read = f"the classifiers read about {edited.age:.0f} years"
            note = f"The portrait is the same face, edited by the generator: {read}."
            return Likeness(edited, "edited", note)
        reason = "the generator lost the face"
    try:
        other = nearest(portrait, bank, gender, age)
    except PopulaceError as error:
        return Likeness(None, "none", str(error))
    note = f"The portrait is another one of the bank, the most alike of that age: {reason}."
    return Likeness(other, "bank", note)


def nearest(portrait: Portrait | EditedPortrait, bank: Bank, gender: str, age: float) -> Portrait:
    """The bank's portrait of this gender and about this age that looks most like the old one.

    Parameters
    ----------
    portrait : Portrait or EditedPortrait
        The old one.
    bank : Bank
        Where to look.
    gender : str
        Male or female.
    age : float
        Years.

    Returns
    -------
    Portrait
        Another portrait than the old one.

    Raises
    ------
    PopulaceError
        The bank has nobody of that gender and ethnicity.
    """
    origin = _origin(portrait)
    ethnicity = origin.cell.ethnicity
    cells = [Cell.of(gender, min(max(age + way, 15), 90), ethnicity) for way in (0, -8, 8, -20, 20)]
    names = [name for cell in dict.fromkeys(cells) for name in bank.cell(cell)]
    rows = np.array([bank.names.index(name) for name in dict.fromkeys(names)], dtype=int)
    rows = np.array([row for row in rows if bank.names[row] != origin.name], dtype=int)
    if not len(rows):
        raise PopulaceError(
            f"The bank has no portrait of a {gender} {ethnicity}: make some with "
            "`python -m synth portraits build-bank`."
        )
    away = np.abs(bank.ages[rows] - age)
    rows = rows[np.argsort(away, kind="stable")][:_AMONG]
    mine = bank.embeddings[bank.names.index(origin.name)].astype(np.float64)
    far = np.linalg.norm(bank.embeddings[rows].astype(np.float64) - mine, axis=1)
    # A tenth of the embedding's scale for each four years: alike first, but not of another age.
    far = far + np.maximum(np.abs(bank.ages[rows] - age) - _CLOSE, 0) * 0.025
    return bank[bank.names[rows[int(np.argmin(far))]]]


def edit(
    portrait: Portrait | EditedPortrait, bank: Bank, gender: str, age: float, tools: Tools
) -> EditedPortrait | None:
    """Move the portrait's style to this gender and age; None where no face is left.

    Every painting is read; what was read corrects the next step. The best one is given. A portrait
    that was edited before is edited from its origin, so that changes don't add up to another face.

    Parameters
    ----------
    portrait : Portrait or EditedPortrait
        The one to change.
    bank : Bank
        Where its style is kept.
    gender : str
        Male or female.
    age : float
        Years.
    tools : Tools
        Generator and readers.

    Returns
    -------
    EditedPortrait or None
        The edited portrait.
    """
    directions, reader = tools.search.directions, tools.reader
    origin = _origin(portrait)
    w = bank.style(origin.name)
    first = reader.look(tools.generator.paint(w)[0])
    if first is None:
        return None
    aim = float(np.clip(age, _YOUNGEST_AIM, _OLDEST_AIM))
    sign = 1.0 if gender == "male" else -1.0
    seen, start, gain = first.readings, w, 1.0
    best: tuple[float, EditedPortrait] | None = None
    years = 0.0
    for _ in range(_PAINTINGS):
        years += (aim - seen[1]) / gain
        step = {"age": float(np.clip(years, -75, 75))}
        hold: tuple[str, ...] = (*_PRESERVED, "male")
        if gender != origin.cell.gender:
            male = directions.predict(start)[0][0]
            step["male"] = sign * max(_CLEAR, abs(male)) - male
            hold = _PRESERVED
        w = directions.limited(start + directions.change(step, hold), 1.3)
        image = tools.generator.paint(w)[0]
        look = reader.look(image)
        if look is None:
            years *= 0.6
            continue
        male = float(look.reading.male[0])
        right = male if gender == "male" else 1 - male
        fault = abs(look.years - aim) + 20 * max(0.0, 0.8 - right)
        if best is None or fault < best[0]:
            name = f"{origin.name}-edited-{gender}-{round(age)}"
            edited = EditedPortrait(name, origin, gender, look.years, look.embedding, encode(image))
            best = (fault, edited)
        if abs(look.years - aim) <= _CLOSE and right >= 0.8:
            break
        if abs(years) > 1:  # how strongly this face answers to a step in age
            gain = float(np.clip((look.readings[1] - first.readings[1]) / years, 0.5, 3.0))
        seen = look.readings
    return None if best is None else best[1]


# ---------------------------------------------------------------------------------------- private


def _origin(portrait: Portrait | EditedPortrait) -> Portrait:
    return portrait.origin if isinstance(portrait, EditedPortrait) else portrait
