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
from synth.people.portraits.defects import DefectHead
from synth.people.portraits.directions import ATTRIBUTES, Directions
from synth.people.portraits.faces import Detector, Embedding, Face
from synth.people.portraits.generator import FaceGenerator
from synth.people.portraits.heads import ETHNICITIES, GENDERS, Heads, Reading

OLDEST, YOUNGEST = 90, 15
_OLDEST_AIM = 76.0  # the generator has hardly seen older faces: aim no higher without need
_YOUNG, _OLDER = 22, 3.0  # below this age, faces read about so much older than predicted
_CROSSED = 0.75  # share of starts from two people found before: near the goal, less varied
_SHARES = (0.55, 0.5, 0.65)  # of two parents and of a random style: their spread is about kept
_YEARS = 8.0  # parents so many years from the goal are taken less often by a factor of e
_GHOST, _KNOWN, _CHILD = "another face", "somebody we have", "may be a child"
_BROKEN = "may be broken"
_APART = 20.0  # standard deviations of w that a start may be further for a distance of 1
_CLEAR = {"Black": 0.9}  # probability asked of an ethnicity where less takes in others to the eye
_BEYOND = 0.1  # how much further than the bar a step away from somebody aims
_CROWD = 0.03  # of dlib's distance: people so much further count less by a factor of e
_STARTS = 48  # random styles to choose a start from
_STEPS = 5  # paintings of one start at most
_AGEING = 7.0  # years of one correction: longer ones overshoot
_CORRECTION = 3.0  # longest second step, in standard deviations of w: longer ones break faces


@dataclass(frozen=True)
class Target:
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
    def aged(cls, gender: str, age: float, ethnicity: str) -> Target:
        """Someone of about this age: two years to either side, five for those over 45.

        Parameters
        ----------
        gender : str
            Male or female.
        age : float
            Years.
        ethnicity : str
            One of ETHNICITIES.

        Returns
        -------
        Target
            The target.
        """
        around = 2 if age <= 45 else 5
        lower, upper = max(YOUNGEST, age - around), min(OLDEST + 1, age + around)
        return cls(gender, lower, upper, ethnicity)


@dataclass(frozen=True)
class FaceReading:
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
class SearchResult:
    """A face that was accepted: its style, its 256 px image, what was read, and the cost."""

    w: np.ndarray
    image: np.ndarray
    look: FaceReading
    tries: int
    seconds: float


@dataclass(frozen=True)
class Neighbours:
    """People found before: where a search for others like them starts.

    `styles` [m, 512], `faces` [m, 128] (dlib's embeddings) and `readings` [m, 8].
    """

    styles: np.ndarray
    faces: np.ndarray
    readings: np.ndarray

    @classmethod
    def of(
        cls, heads: Heads, styles: np.ndarray, faces: np.ndarray, years: np.ndarray
    ) -> Neighbours | None:
        """From styles, embeddings and estimated ages [m]; None for fewer than four people.

        Parameters
        ----------
        heads : Heads
            What reads the embeddings.
        styles : np.ndarray, shape (m, 512)
            Their styles.
        faces : np.ndarray, shape (m, 128)
            dlib's embeddings.
        years : np.ndarray, shape (m,)
            Estimated ages.

        Returns
        -------
        Neighbours or None
            The neighbours.
        """
        if len(styles) < 4:
            return None
        faces = np.asarray(faces, np.float32)
        return cls(np.asarray(styles, np.float32), faces, _readings(heads, faces, years))


def _readings(heads: Heads, faces: np.ndarray, years: np.ndarray) -> np.ndarray:
    """Readings [n, 8] of embeddings [n, 128]; turn and smile are not known from these."""
    gender, race = heads.gender.logits(faces), heads.ethnicity.logits(faces)
    unknown = np.full((len(faces), 2), np.nan)
    parts = (gender[:, :1] - gender[:, 1:], years[:, None], race - race.mean(1, keepdims=True))
    return np.hstack([*parts, unknown])


class Reader:
    """Detector, embedding and heads together; the mirrored chip is read too and averaged."""

    def __init__(self, detector: Detector, embedding: Embedding, heads: Heads) -> None:
        self._detector, self._embedding, self.heads = detector, embedding, heads

    def alone(self, image: np.ndarray) -> bool:
        """Whether nobody looks in from the side of an image.

        Parameters
        ----------
        image : np.ndarray, uint8, shape (h, w, 3)
            RGB.

        Returns
        -------
        bool
            Whether nobody does.
        """
        return not self._detector.beside(image)

    def look(self, image: np.ndarray) -> FaceReading | None:
        """Read an RGB uint8 image [h, w, 3]; None where no face is found.

        Parameters
        ----------
        image : np.ndarray, uint8, shape (h, w, 3)
            RGB.

        Returns
        -------
        FaceReading or None
            What was read.
        """
        face = self._detector(image)
        if face is None:
            return None
        both, textures = self._embedding.read(np.stack([face.chip, face.chip[:, ::-1]]))
        embedding = both.mean(0, keepdims=True)
        reading = self.heads.read(embedding, textures.mean(0, keepdims=True))
        readings = _readings(self.heads, embedding, reading.years)[0]
        nose = face.points[4, 0] - face.points[:4, 0].mean()
        width = abs(face.points[2:4, 0].mean() - face.points[:2, 0].mean())
        readings[ATTRIBUTES.index("turn")] = 4 * nose / width
        return FaceReading(face, embedding[0], reading, readings)


@dataclass(frozen=True)
class Thresholds:
    """What a portrait must reach to be kept."""

    gender: float = 0.9
    ethnicity: float = 0.65
    score: float = 0.9
    turn: float = 0.35
    distance: float = 1.08
    child: float = 0.3
    unlike: float = 0.42  # dlib: 0.6 is perhaps one person

    def reached(self, look: FaceReading, target: Target) -> frozenset[str]:
        """Attributes of a painting that are well enough already: a correction leaves them.

        Parameters
        ----------
        look : FaceReading
            What was read in the painting.
        target : Target
            Whom to find.

        Returns
        -------
        frozenset of str
            Names of attributes.
        """
        male, race = self._certainty(look, target)
        good = {"male": male >= self.gender, "turn": look.face.turn <= self.turn}
        good |= dict.fromkeys(ETHNICITIES, race >= self._clear(target))
        return frozenset(name for name, reached in good.items() if reached)

    def _clear(self, target: Target) -> float:
        return max(self.ethnicity, _CLEAR.get(target.ethnicity, 0.0))

    def _certainty(self, look: FaceReading, target: Target) -> tuple[float, float]:
        """Probabilities of the wanted gender and ethnicity."""
        male = float(look.reading.male[0])
        race = float(look.reading.ethnicity[0, ETHNICITIES.index(target.ethnicity)])
        return male if target.gender == "male" else 1 - male, race

    def fault(self, look: FaceReading | None, target: Target) -> str:
        """Why a painting is refused, in a word or two; empty when it is accepted.

        Parameters
        ----------
        look : FaceReading or None
            What was read in the painting; None without a face.
        target : Target
            Whom to find.

        Returns
        -------
        str
            The reason.
        """
        if look is None:
            return "no face"
        gender, race = self._certainty(look, target)
        if look.face.others:
            return _GHOST
        if look.face.score < self.score or look.face.turn > self.turn:
            return "not frontal"
        if gender < self.gender:
            return "gender"
        if race < self._clear(target):
            return "ethnicity"
        if float(look.reading.groups[0, 0]) > self.child:
            return _CHILD
        return "" if target.lower <= look.years < target.upper else "age"


class FaceSearch:
    """Searches w for wanted people."""

    def __init__(
        self,
        generator: FaceGenerator,
        reader: Reader,
        directions: Directions,
        thresholds: Thresholds | None = None,
        defects: DefectHead | None = None,
    ) -> None:
        self.generator, self.reader, self.directions = generator, reader, directions
        self.thresholds = thresholds or Thresholds()
        self.defects = defects

    def find(
        self,
        target: Target,
        seed: int | np.random.Generator,
        tries: int = 40,
        neighbours: Neighbours | None = None,
        stopped: Callable[[], bool] = lambda: False,
        tried: Callable[[np.ndarray, np.ndarray, FaceReading | None, str], None] | None = None,
        unlike: np.ndarray | None = None,
    ) -> SearchResult | None:
        """One accepted face, or None after this many paintings or when `stopped` says so.

        `neighbours` are people of that gender and ethnicity found before, for example of the bank:
        two of about the age are crossed with a random style, which starts near rare people. `tried`
        is told w, image, look and fault of every painting. `unlike` [k, 128] are embeddings of
        people who must not come again.

        Parameters
        ----------
        target : Target
            Whom to find.
        seed : int or np.random.Generator
            The same seed finds the same face.
        tries : int, optional
            The most paintings.
        neighbours : Neighbours, optional
            People to start from.
        stopped : callable, optional
            Asked before each round whether to end.
        tried : callable, optional
            Gets every painting.
        unlike : np.ndarray or None, shape (k, 128), optional
            dlib's embeddings to keep away from.

        Returns
        -------
        SearchResult or None
            The face with its style and cost.
        """
        rng, start = np.random.default_rng(seed), time.perf_counter()
        painted = 0
        while painted < tries and not stopped():
            aims = self._aims(target, rng)
            w, seen = self._start(aims, target, neighbours, unlike, rng)
            gain, most, settled, look, fault = 1.0, np.inf, frozenset[str](), None, ""
            for attempt in range(_STEPS):
                step = dict(zip(aims, _missing(aims, seen[None])[0], strict=True))
                step |= dict.fromkeys(settled, 0.0)
                step["age"] /= gain
                if attempt:
                    step["age"] = float(np.clip(step["age"], -_AGEING, _AGEING))
                elif target.upper <= _YOUNG:  # the young look older than predicted
                    step["age"] -= _OLDER
                if fault == _KNOWN and look is not None and unlike is not None:
                    step["age"] = 0.0
                    move = self._away(look.embedding, unlike, tuple(aims))
                else:
                    move = self.directions.change(step)
                move *= min(1.0, most / max(self.directions.length(move), 1e-9))
                w = self.directions.limited(w + move, self.thresholds.distance, tuple(aims))
                image = self.generator.draft(w)
                look = self.reader.look(image)
                fault = self.thresholds.fault(look, target)
                if not fault and self.defects is not None and self.defects.refuses(w):
                    fault = _BROKEN
                if not fault:  # the draft will do: see whether the painting does
                    image = self.generator.paint(w)[0]
                    look = self.reader.look(image)
                    fault = self.thresholds.fault(look, target) or self._other(image, look, unlike)
                painted += 1
                if tried is not None:
                    tried(w, image, look, fault)
                if not fault and look is not None:
                    return SearchResult(w, image, look, painted, time.perf_counter() - start)
                if look is None or painted >= tries or stopped():
                    break
                if look.face.score < self.thresholds.score or fault in (_GHOST, _BROKEN):
                    break
                if fault == _CHILD:
                    aims["age"] += 1.0
                age = ATTRIBUTES.index("age")
                if abs(step["age"]) > 1:  # how strongly this face answers to a step in age
                    answer = (look.readings[age] - seen[age]) / step["age"]
                    gain = float(np.clip(answer, 0.8, 4.0))
                seen, most, settled = (
                    look.readings,
                    _CORRECTION,
                    self.thresholds.reached(look, target),
                )
        return None

    def _other(self, image: np.ndarray, look: FaceReading | None, unlike: np.ndarray | None) -> str:
        """What only a painting can be refused for: a face at its border, or one we have."""
        if not self.reader.alone(image):
            return _GHOST
        if look is None or unlike is None or not len(unlike):
            return ""
        return _KNOWN if _nearest(look.embedding[None], unlike)[0] < self.thresholds.unlike else ""

    def _away(self, face: np.ndarray, known: np.ndarray, hold: tuple[str, ...]) -> np.ndarray:
        """A step away from the nearest of the `known` embeddings, the readings held.

        From several if they are about as near: a step from one alone would lead to the next.
        """
        apart = np.linalg.norm(face - known, axis=1)
        share = np.exp(-(apart - apart.min()) / _CROWD)
        away = (share / apart) @ (face - known)
        away /= np.linalg.norm(away)
        by = _BEYOND + self.thresholds.unlike - float(apart.min())
        return self.directions.likeness_step(away, by, hold)

    def _aims(self, target: Target, rng: np.random.Generator) -> dict[str, float]:
        """Readings to reach: those of a clear case, a little different every time."""
        margin = 0.12 * (target.upper - target.lower)
        oldest = max(target.lower + 2 * margin, min(target.upper - margin, _OLDEST_AIM))
        typical = self.directions.typical[ETHNICITIES.index(target.ethnicity)]
        return {
            "male": rng.uniform(2.8, 4) * (1 if target.gender == "male" else -1),
            "age": rng.uniform(target.lower + margin, oldest),
            **dict(zip(ETHNICITIES, typical * rng.uniform(0.65, 0.95), strict=True)),
            "turn": rng.uniform(-0.4, 0.4),
        }

    def _start(
        self,
        aims: dict[str, float],
        target: Target,
        neighbours: Neighbours | None,
        unlike: np.ndarray | None,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Of many styles one near to the aims and far from the people `unlike`; its readings [8].

        All is predicted: nothing is painted for that. Most starts are crossed with two of the
        `neighbours`, where there are some; else half are moved by the way of the ethnicity's mean
        style.
        """
        directions = self.directions
        styles = self.generator.styles(_STARTS, rng, rng.uniform(0.65, 0.85))
        seen, faces = directions.predict(styles), directions.face(styles)
        if rng.random() < _CROSSED:
            if neighbours is not None:
                styles, seen, faces = self._cross(styles, neighbours, aims["age"], rng)
            else:
                styles = styles + directions.shift[ETHNICITIES.index(target.ethnicity)]
                seen, faces = directions.predict(styles), directions.face(styles)
        missing = _missing(aims, seen)
        effort = directions.effort(missing, list(aims))
        if unlike is not None and len(unlike):
            moved = faces + directions.changes(missing, list(aims)) @ directions.likeness[:-1]
            effort = effort - _APART * _nearest(moved, unlike)
        best = int(effort.argmin())
        return styles[best], seen[best]

    def _cross(
        self, bases: np.ndarray, neighbours: Neighbours, age: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Parts of two of the kin of about this age and of each base [n, 512]: styles,
        readings [n, 8] and embeddings [n, 128].

        What the linear prediction misses of the two, it is expected to miss of the child as well.
        """
        directions, mean = self.directions, self.generator.mean
        near = np.exp(-np.abs(neighbours.readings[:, ATTRIBUTES.index("age")] - age) / _YEARS)
        pairs = [rng.choice(len(near), 2, replace=False, p=near / near.sum()) for _ in bases]
        left, right = np.array(pairs).T
        first, second, third = _SHARES

        def mixed(rows: np.ndarray) -> np.ndarray:
            return first * rows[left] + second * rows[right]

        missed = np.nan_to_num(neighbours.readings - directions.predict(neighbours.styles))
        strange = neighbours.faces - directions.face(neighbours.styles)
        styles = (mean + mixed(neighbours.styles - mean) + third * (bases - mean)).astype(
            np.float32
        )
        return (
            styles,
            directions.predict(styles) + mixed(missed),
            directions.face(styles) + mixed(strange),
        )


def _missing(aims: dict[str, float], seen: np.ndarray) -> np.ndarray:
    """What the readings [n, 8] lack to the aims, [n, aims]; a gender clearer than asked is fine."""
    now = seen[:, [ATTRIBUTES.index(name) for name in aims]]
    missing = np.array(list(aims.values())) - now
    male = list(aims).index("male")
    missing[missing[:, male] * aims["male"] < 0, male] = 0.0
    return missing


def _nearest(faces: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of each embedding [n, 128] to the nearest of the others [k, 128], [n]."""
    return np.linalg.norm(faces[:, None] - others[None], axis=2).min(1)
