"""Finding faces of the years that a person sees: what the reader of ages alone cannot do.

The reader takes glasses and pale light for years, so a search for old people that trusts it finds
people of fifty with glasses, which the generator often paints half. A person has looked at every
portrait of the bank; from the years seen and from who wears glasses two more linear readings of w
are learned, and candidates are moved to the years wanted, away from glasses, while gender,
ethnicity and turn are held. A person then chooses among the candidates and says how old they look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synth.people.portraits.bank import Bank, Cell
from synth.people.portraits.directions import ATTRIBUTES, Directions
from synth.people.portraits.heads import ETHNICITIES
from synth.people.portraits.live import Tools
from synth.people.portraits.making.build import UNLIKE, unpack
from synth.people.portraits.mark import encode
from synth.people.portraits.search import FaceReading, SearchResult, Target, Thresholds

SEEN = (*ATTRIBUTES, "seen years", "glasses")
"""Readings of a style: the directions', years as a person sees them, log-odds of glasses."""

_HELD = ("male", *ETHNICITIES, "turn")
_STRENGTH = 0.003  # of the logistic regression: inverse of the penalty, on standardised styles
_BARE = -2.5  # log-odds of glasses to reach
_SHARES = (0.5, 0.42, 0.75)  # of two parents and of a random style
_STRANGERS = 0.12  # how often parents of other ethnicities are taken, of those of the same
_GLASSES = 0.5  # how often parents with glasses are taken
_YEARS = 6.0  # parents so many years from the goal are taken less often by a factor of e
_FAR = 1.12  # the most unusual style, as in `Directions.distance`
_STEPS = 4  # paintings of one start at most
_CROWD, _BEYOND = 0.03, 0.1  # of a step away from people there are, as in the search
_LIKE_A_FACE, _LIKE_THEIR_OWN = 0.5, 0.55  # lower bars than the search has: a person chooses
_MOST = 140.0  # years that the reader may read: it is not asked
_LOST = frozenset({"no face", "another face", "may be broken"})


@dataclass(frozen=True, eq=False)
class SeenReadings:
    """Linear readings of styles, in the order of `SEEN`.

    Attributes
    ----------
    directions : Directions
        The first of them, and the spread of w.
    weights : ndarray, shape (10, 512)
        Of w less its mean.
    bias : ndarray, shape (10,)
        The readings of the mean style.
    """

    directions: Directions
    weights: np.ndarray
    bias: np.ndarray

    @classmethod
    def learn(
        cls, directions: Directions, styles: np.ndarray, years: np.ndarray, glasses: np.ndarray
    ) -> SeenReadings:
        """Learn from portraits that a person looked at.

        Parameters
        ----------
        directions : Directions
            The other readings.
        styles : ndarray, shape (n, 512)
            Of the portraits.
        years : ndarray, shape (n,)
            How old they look.
        glasses : ndarray of bool, shape (n,)
            Who wears some.
        """
        from sklearn.linear_model import LogisticRegression, RidgeCV
        from sklearn.preprocessing import StandardScaler

        away = np.asarray(styles, np.float64) - directions.mean
        ages = RidgeCV(np.geomspace(0.1, 300, 10)).fit(away, years)
        scaler = StandardScaler().fit(away)
        worn = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=500).fit(
            scaler.transform(away), glasses
        )
        worn_weights = worn.coef_[0] / scaler.scale_
        return cls(
            directions,
            np.vstack([directions.weights, ages.coef_, worn_weights]),
            np.concatenate(
                [directions.bias, [ages.intercept_], worn.intercept_ - worn_weights @ scaler.mean_]
            ),
        )

    def predict(self, style: np.ndarray) -> np.ndarray:
        """Readings [10] of a style [512]."""
        return self.weights @ (style - self.directions.mean) + self.bias

    def change(self, by: Mapping[str, float]) -> np.ndarray:
        """The smallest step [512] that adds `by` to these readings."""
        lift, gram = self._lifted(tuple(by))
        return lift @ np.linalg.solve(gram, np.array(list(by.values())))

    def limited(self, style: np.ndarray, hold: tuple[str, ...]) -> np.ndarray:
        """The style [512] pulled back until it is no more unusual than allowed; `hold` stays."""
        lift, gram = self._lifted(hold)
        directions, away = self.directions, style - self.directions.mean
        if directions.distance(style)[0] > _FAR:
            rows = self.weights[[SEEN.index(name) for name in hold]]
            part = lift @ np.linalg.solve(gram, rows @ away)
            room = len(away) * _FAR**2 - directions.length(part) ** 2
            share = np.sqrt(max(room, 0.0)) / directions.length(away - part)
            away = part + max(share, 0.5) * (away - part)
        far = float(directions.distance(directions.mean + away)[0])
        return directions.mean + away * min(1.0, _FAR / far)

    def _lifted(self, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        rows = self.weights[[SEEN.index(name) for name in names]]
        lift = self.directions.covariance @ rows.T
        gram = rows @ lift
        gram[np.diag_indices_from(gram)] *= 1 + 1e-6
        return lift, gram


def candidates(
    tools: Tools,
    bank: Bank,
    glasses: frozenset[str],
    gender: str,
    ethnicity: str,
    years: tuple[float, float],
    seed: int,
) -> Iterator[SearchResult]:
    """Faces for a person to choose among, without end.

    Parameters
    ----------
    tools : Tools
        Generator and reader.
    bank : Bank
        Whom to learn from and to be unlike; its `looks` are the years seen.
    glasses : frozenset of str
        Portraits of the bank that wear glasses.
    gender, ethnicity : str
        Whom to find.
    years : (float, float)
        The least and the most that they should look.
    seed : int
        Of all draws.

    Yields
    ------
    SearchResult
        A face of the gender and ethnicity, like nobody before.
    """
    worn = np.array([name in glasses for name in bank.names])
    styles, mean = bank.styles.astype(np.float64), tools.search.directions.mean
    readings = SeenReadings.learn(tools.search.directions, styles, bank.looks, worn)
    target = Target(gender, 15, 91, ethnicity)
    thresholds = Thresholds(unlike=UNLIKE[ethnicity], score=_LIKE_A_FACE, ethnicity=_LIKE_THEIR_OWN)
    rng = np.random.default_rng(
        [seed, ETHNICITIES.index(ethnicity), int(gender == "female"), int(years[0])]
    )
    mine = np.array([name.startswith(f"{gender}-") for name in bank.names])
    same = np.array([f"-{ethnicity}-" in name for name in bank.names])
    usual = mine * np.where(same, 1.0, _STRANGERS) * np.where(worn, _GLASSES, 1.0)
    known = list(bank.embeddings[bank.rows(gender, ethnicity)].astype(np.float32))
    first, second, third = _SHARES
    painted = 0
    while True:
        aim = rng.uniform(*years)
        weight = usual * np.exp(-np.abs(bank.looks - aim) / _YEARS)
        left, right = rng.choice(len(weight), 2, replace=False, p=weight / weight.sum())
        base = tools.generator.styles(1, rng, rng.uniform(0.65, 0.8))[0]
        style = mean + first * (styles[left] - mean) + second * (styles[right] - mean)
        style = style + third * (base - mean)
        typical = tools.search.directions.typical[ETHNICITIES.index(ethnicity)]
        aims = {
            "male": rng.uniform(2.8, 4) * (1 if gender == "male" else -1),
            **dict(zip(ETHNICITIES, typical * rng.uniform(0.65, 0.95), strict=True)),
            "turn": rng.uniform(-0.4, 0.4),
            "seen years": aim,
            "glasses": _BARE,
        }
        look: FaceReading | None = None
        fault = ""
        for _ in range(_STEPS):
            if fault == "somebody we have" and look is not None:
                style = style + _away(readings, look.embedding, np.stack(known), thresholds)
            else:
                style = style + readings.change(
                    _missing(readings, style, aims, look, thresholds, target)
                )
            style = readings.limited(style, tuple(aims))
            w = style.astype(np.float32)
            image = tools.generator.draft(w)
            painted += 1
            look = tools.reader.look(image)
            fault = _fault(tools, thresholds, target, w, image, look, known)
            if not fault:  # the draft will do: see whether the painting does
                image = tools.generator.paint(w[None])[0]
                look = tools.reader.look(image)
                fault = _fault(tools, thresholds, target, w, image, look, known)
            if look is not None and not fault:
                known.append(look.embedding)
                yield SearchResult(w, image, look, min(painted, 255), 0.0)
                painted = 0
            # A turned head is turned back by the next step; what hardly looks like a face is left.
            faint = look is None or look.face.score < thresholds.score
            if not fault or fault in _LOST or faint:
                break


def _missing(
    readings: SeenReadings,
    style: np.ndarray,
    aims: Mapping[str, float],
    look: FaceReading | None,
    thresholds: Thresholds,
    target: Target,
) -> dict[str, float]:
    """What the readings of a style lack to the aims: as painted where that is known."""
    now = readings.predict(style)
    settled: frozenset[str] = frozenset()
    if look is not None:
        now[: len(ATTRIBUTES) - 1] = look.readings[:-1]
        settled = thresholds.reached(look, target)
    by = {name: aim - float(now[SEEN.index(name)]) for name, aim in aims.items()}
    by |= dict.fromkeys(settled & set(by), 0.0)
    if by["male"] * aims["male"] < 0:  # a gender clearer than asked is fine
        by["male"] = 0.0
    by["glasses"] = min(by["glasses"], 0.0)
    return by


def _fault(
    tools: Tools,
    thresholds: Thresholds,
    target: Target,
    style: np.ndarray,
    image: np.ndarray,
    look: FaceReading | None,
    known: list[np.ndarray],
) -> str:
    """Why a painting is not shown to anybody; the years that are read count for nothing."""
    fault = thresholds.fault(look, target)
    if look is None or (fault and not (fault == "age" and look.years < _MOST)):
        return fault or "no face"
    defects = tools.search.defects
    if defects is not None and defects.refuses(style):
        return "may be broken"
    if not tools.reader.alone(image):
        return "another face"
    near = np.linalg.norm(np.stack(known) - look.embedding, axis=1).min() if known else np.inf
    return "somebody we have" if near < thresholds.unlike else ""


def _away(
    readings: SeenReadings, face: np.ndarray, known: np.ndarray, thresholds: Thresholds
) -> np.ndarray:
    """A step away from the people there are, the gender, ethnicity and turn held."""
    apart = np.linalg.norm(face - known, axis=1)
    share = np.exp(-(apart - apart.min()) / _CROWD)
    away = (share / apart) @ (face - known)
    away /= np.linalg.norm(away)
    by = _BEYOND + thresholds.unlike - float(apart.min())
    return readings.directions.likeness_step(away, by, _HELD)


def write_candidate(path: Path, result: SearchResult, gender: str, ethnicity: str) -> None:
    """Write a candidate, as `admit` reads it.

    Parameters
    ----------
    path : Path
        The npz file.
    result : SearchResult
        The face.
    gender, ethnicity : str
        Whom it shows.
    """
    male = float(result.look.reading.male[0])
    race = float(result.look.reading.ethnicity[0, ETHNICITIES.index(ethnicity)])
    np.savez(
        path,
        w=result.w,
        image=result.image,
        embedding=result.look.embedding,
        age=result.look.years,
        certainty=min(male if gender == "male" else 1 - male, race),
        tries=result.tries,
    )


def admit(
    bank: Bank, chosen: Mapping[Path, float], work: Path, refused: frozenset[str]
) -> tuple[dict[str, float], list[str]]:
    """Write a bank and the candidates that a person chose into a work folder, to be packed.

    A run of `candidates` keeps away from the bank and from its own faces only; of candidates of
    several runs that are nearer than the bar, the one that is named first is admitted.

    Parameters
    ----------
    bank : Bank
        The bank.
    chosen : mapping of Path to float
        Candidates `GENDER-ETHNICITY-….npz` → years that they look; these decide the cell.
    work : Path
        An empty folder.
    refused : frozenset of str
        Portraits that were turned down: their numbers are not used again.

    Returns
    -------
    (dict of str to float, list of str)
        The new portraits' names and the years that they look; the candidates that are too much
        like somebody who is there.
    """
    unpack(bank, work, refused)
    numbers: dict[str, int] = {}
    for name in (*bank.names, *refused):
        of, last = name.rsplit("-", 1)
        numbers[of] = max(numbers.get(of, -1), int(last))
    names: dict[str, float] = {}
    alike: list[str] = []
    kept = np.array([name not in refused for name in bank.names])
    people: dict[tuple[str, str], list[np.ndarray]] = {}
    for path, years in chosen.items():
        gender, ethnicity = path.stem.split("-")[:2]
        if (gender, ethnicity) not in people:
            rows = bank.rows(gender, ethnicity)
            people[gender, ethnicity] = list(bank.embeddings[rows[kept[rows]]].astype(np.float32))
        known = people[gender, ethnicity]
        with np.load(path, allow_pickle=False) as data:
            face = data["embedding"].astype(np.float32)
        if known and np.linalg.norm(np.stack(known) - face, axis=1).min() < UNLIKE[ethnicity]:
            alike.append(path.stem)
            continue
        known.append(face)
        cell = Cell.of(gender, years, ethnicity).name
        numbers[cell] = numbers.get(cell, -1) + 1
        name = f"{cell}-{numbers[cell]:03}"
        with np.load(path, allow_pickle=False) as data:
            np.savez(
                work / f"{name}.npz",
                webp=np.frombuffer(encode(data["image"]), np.uint8),
                **{key: data[key] for key in ("w", "embedding", "age", "certainty", "tries")},
            )
        names[name] = years
    return names, alike
