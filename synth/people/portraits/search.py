"""Finding a face: move a random style to the wanted reading, paint it, read it, correct, accept.

No blind rejection: the first style is already drawn at the wanted attributes, and what the heads
read off the painting corrects the next step, so rare people cost about as much as common ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from synth.errors import PopulaceError
from synth.people.portraits.directions import ATTRIBUTES, Directions
from synth.people.portraits.faces import Detector, Embedding, Face
from synth.people.portraits.generator import Generator
from synth.people.portraits.heads import ETHNICITIES, GENDERS, Heads, Reading

OLDEST, YOUNGEST = 90, 15
_OLDEST_AIM = 76.0  # the generator has hardly seen older faces: aim no higher without need
_CROSSED = 0.5  # share of starts from two parents: near the goal, but less varied
_CORRECTION = 3.0  # longest second step, in standard deviations of w: longer ones break faces


@dataclass(frozen=True)
class Wanted:
    """Whom to find: gender, the years [lower, upper), ethnicity."""

    gender: str
    lower: float
    upper: float
    ethnicity: str

    def __post_init__(self) -> None:
        if self.gender not in GENDERS or self.ethnicity not in ETHNICITIES:
            raise PopulaceError(
                f"No portrait can be asked for as {self.gender} {self.ethnicity}; gender is one of "
                f"{', '.join(GENDERS)}, ethnicity one of {', '.join(ETHNICITIES)}."
            )
        if not YOUNGEST <= self.lower < self.upper <= OLDEST + 1:
            raise PopulaceError(
                f"Portraits show people aged {YOUNGEST} to {OLDEST}; ask for an age in that range."
            )

    @classmethod
    def aged(cls, gender: str, age: float, ethnicity: str) -> Wanted:
        """Someone of about this age: two years to either side, five for those over 45."""
        around = 2 if age <= 45 else 5
        lower, upper = max(YOUNGEST, age - around), min(OLDEST + 1, age + around)
        return cls(gender, lower, upper, ethnicity)


@dataclass(frozen=True)
class Look:
    """What was read in one painting; `readings` [8] is in the order of directions.ATTRIBUTES."""

    face: Face
    embedding: np.ndarray
    reading: Reading
    readings: np.ndarray

    @property
    def years(self) -> float:
        """Estimated age."""
        return float(self.reading.years[0])


@dataclass(frozen=True)
class Found:
    """A face that was accepted: its style, its 256 px image, what was read, and the cost."""

    w: np.ndarray
    image: np.ndarray
    look: Look
    tries: int
    seconds: float


class Reader:
    """Detector, embedding and heads together; the mirrored chip is read too and averaged."""

    def __init__(self, detector: Detector, embedding: Embedding, heads: Heads) -> None:
        self._detector, self._embedding, self.heads = detector, embedding, heads

    def look(self, image: np.ndarray) -> Look | None:
        """Read an RGB uint8 image [h, w, 3]; None where no face is found."""
        face = self._detector(image)
        if face is None:
            return None
        both = self._embedding.embed(np.stack([face.chip, face.chip[:, ::-1]]))
        embedding = both.mean(0, keepdims=True)
        reading = self.heads.read(embedding)
        gender = self.heads.gender.logits(embedding)[0]
        race = self.heads.ethnicity.logits(embedding)[0]
        nose = face.points[4, 0] - face.points[:4, 0].mean()
        width = abs(face.points[2:4, 0].mean() - face.points[:2, 0].mean())
        readings = np.array(
            [
                gender[0] - gender[1],
                reading.years[0],
                *(race - race.mean()),
                4 * nose / width,
                np.nan,
            ]
        )
        return Look(face, embedding[0], reading, readings)


@dataclass(frozen=True)
class Bar:
    """What a portrait must reach to be kept."""

    gender: float = 0.92
    ethnicity: float = 0.75
    score: float = 0.6
    turn: float = 0.35
    distance: float = 1.15
    child: float = 0.4

    def fault(self, look: Look | None, wanted: Wanted) -> str:
        """Why a painting is refused, in a word or two; empty when it is accepted."""
        if look is None:
            return "no face"
        male = float(look.reading.male[0])
        race = float(look.reading.ethnicity[0, ETHNICITIES.index(wanted.ethnicity)])
        if look.face.others:
            return "another face"
        if look.face.score < self.score or look.face.turn > self.turn:
            return "not frontal"
        if (male if wanted.gender == "male" else 1 - male) < self.gender:
            return "gender"
        if race < self.ethnicity:
            return "ethnicity"
        if float(look.reading.groups[0, 0]) > self.child:
            return "may be a child"
        return "" if wanted.lower <= look.years < wanted.upper else "age"


class Finder:
    """Searches w for wanted people."""

    def __init__(
        self, generator: Generator, reader: Reader, directions: Directions, bar: Bar | None = None
    ) -> None:
        self.generator, self.reader, self.directions = generator, reader, directions
        self.bar = bar or Bar()

    def find(
        self,
        wanted: Wanted,
        seed: int | np.random.Generator,
        tries: int = 40,
        parents: np.ndarray | None = None,
        stopped: Callable[[], bool] = lambda: False,
        tried: Callable[[np.ndarray, np.ndarray, Look | None, str], None] | None = None,
    ) -> Found | None:
        """One accepted face, or None after this many paintings or when `stopped` says so.

        `parents` [m, 512] are styles of like people found before, for example of the bank: two of
        them are crossed with a random style, which starts nearer to rare people. `tried` is told
        w, image, look and fault of every painting.
        """
        rng, start = np.random.default_rng(seed), time.perf_counter()
        painted = 0
        which = ETHNICITIES.index(wanted.ethnicity)
        while painted < tries and not stopped():
            base = self.generator.styles_of(1, rng, rng.uniform(0.6, 0.8))[0]
            margin = 0.12 * (wanted.upper - wanted.lower)
            oldest = max(wanted.lower + 2 * margin, min(wanted.upper - margin, _OLDEST_AIM))
            typical = self.directions.typical[which] * rng.uniform(0.8, 1.2)
            aims = {
                "male": rng.uniform(4, 8) * (1 if wanted.gender == "male" else -1),
                "age": rng.uniform(wanted.lower + margin, oldest),
                **dict(zip(ETHNICITIES, typical, strict=True)),
                "turn": rng.uniform(-0.4, 0.4),
            }
            crossed = parents is not None and len(parents) >= 4 and rng.random() < _CROSSED
            w = self._cross(base, parents, rng) if crossed else base + self.directions.shift[which]
            seen = self.directions.predict(w)[0]
            gain, most = dict.fromkeys(aims, 1.0), np.inf
            for attempt in range(5):
                now = dict(zip(ATTRIBUTES, seen, strict=True))
                step = {name: (aim - now[name]) / gain[name] for name, aim in aims.items()}
                if step["male"] * aims["male"] < 0:  # clear enough already: leave it there
                    step["male"] = 0.0
                if crossed and attempt == 0:  # parents were found, not predicted: look first
                    step = dict.fromkeys(step, 0.0)
                elif attempt == 0 and wanted.upper <= 31:  # the young side is steep: stop short
                    step["age"] *= 0.75
                move = self.directions.change(step)
                move *= min(1.0, most / max(self.directions.length(move), 1e-9))
                w = self.directions.limited(w + move, self.bar.distance)
                image = self.generator.paint(w)[0]
                painted += 1
                look = self.reader.look(image)
                fault = self.bar.fault(look, wanted)
                if tried is not None:
                    tried(w, image, look, fault)
                if not fault and look is not None:
                    return Found(w, image, look, painted, time.perf_counter() - start)
                if look is None or painted >= tries or stopped():
                    break
                if look.face.others or look.face.score < self.bar.score:
                    break
                age = ATTRIBUTES.index("age")
                if abs(step["age"]) > 1:  # how strongly this face answers to a step in age
                    answer = (look.readings[age] - seen[age]) / step["age"]
                    gain["age"] = float(np.clip(answer, 0.7, 4.0))
                seen, most = look.readings, _CORRECTION
        return None

    def _cross(self, base: np.ndarray, parents: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A style of about the parents' spread: parts of two of them and of a random one."""
        centre = parents.mean(0)
        one, two = parents[rng.choice(len(parents), 2, replace=False)] - centre
        other = base - self.generator.mean
        return (centre + 0.55 * one + 0.5 * two + 0.65 * other).astype(np.float32)
