"""Privacy: do the synthetic people give away the real ones?

Copies and closeness are judged against what fresh real people would show: those of a holdout, or
each real row beside all the others. Three attacks follow M. Giomi, F. Boenisch, C. Wehmeyer,
B. Tasnádi, "A unified framework for quantifying privacy risk in synthetic data" (PETS 2023): each
is tried on real people whom the generator learned from and, as a control, on people of the holdout,
whom it never saw; what works on both is knowledge of the population, not of a person. The excess is
(attack - control) / (1 - control). Without a holdout the control is guessing, which any useful
synthetic table beats; the result says so and no level is drawn from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.evaluate.distance import Space, closest, squared_distances
from synth.evaluate.fidelity import comparable, row_keys

if TYPE_CHECKING:
    from synth.schema import Column
    from synth.table import Table

Control = Literal["holdout", "guessing"]
Level = Literal["strong", "fair", "weak", "open"]

Z = 1.959964  # 95%
ATTACKS = 1000
CLOSEST_ROWS = 4000  # rows whose closest record is looked for
NEIGHBOURS = 5  # linkability: how many closest synthetic rows count as a link
WIDTH = 4  # singling out: how many columns a question names
SECRETS = 20  # inference: of a wide table so many columns are drawn
NEAR = 0.05  # inference: a number is guessed when within this share of the column's middle 90%

LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        "strong": "No attack does more than 5 points better on the people learned from than on "
        "others, and copies and close records are no commoner than among fresh real people.",
        "fair": "The best attack does 5 to 20 points better on the people learned from, or copies "
        "and close records are somewhat commoner than among fresh real people.",
        "weak": "An attack does over 20 points better on the people learned from, or the synthetic "
        "rows stand clearly closer to real rows than fresh real people do.",
        "open": "Copies and close records are as common as among fresh real people; attacks "
        "cannot be judged without a holdout of people whom the generator never saw.",
    }
)


@dataclass(frozen=True)
class Rate:
    """A share of successes with its 95% interval (E. Wilson, 1927)."""

    value: float
    lower: float
    upper: float
    tries: int

    @classmethod
    def of(cls, successes: int, tries: int) -> Rate:
        """The rate and its interval.

        Raises PopulaceError where nothing was tried.
        """
        if tries < 1:
            raise PopulaceError("A rate needs at least one try: ask for more attacks.")
        centre = (successes + Z**2 / 2) / (tries + Z**2)
        spread = Z / (tries + Z**2) * np.sqrt(successes * (tries - successes) / tries + Z**2 / 4)
        return cls(
            successes / tries,
            max(0.0, float(centre - spread)),
            min(1.0, float(centre + spread)),
            tries,
        )


@dataclass(frozen=True)
class Attack:
    """How often an attack succeeds on people learned from, and its control.

    excess: (attack - control) / (1 - control), at least 0; lower, upper: its 95% interval.
    """

    attack: Rate
    control: Rate
    excess: float
    lower: float
    upper: float

    @classmethod
    def of(cls, attack: Rate, control: Rate) -> Attack:
        """Both rates; the interval by propagation of both errors."""
        left = 1 - control.value
        if left <= 0:
            return cls(attack, control, 0.0, 0.0, 1.0)
        excess = (attack.value - control.value) / left
        spread = float(
            np.hypot(
                (attack.upper - attack.lower) / 2 / left,
                (1 - attack.value) * (control.upper - control.lower) / 2 / left**2,
            )
        )
        return cls(
            attack,
            control,
            max(0.0, excess),
            min(1.0, max(0.0, excess - spread)),
            min(1.0, max(0.0, excess + spread)),
        )


@dataclass(frozen=True)
class Closeness:
    """Distances to the closest real record (see `distance`), of synthetic and of fresh people.

    ratio: mean distance, synthetic over fresh: below 1 is closer than chance.
    nearer: the share of synthetic rows as close as the closest 5% of fresh people or closer, and
        `nearer_reference` that share among the fresh people themselves (more than .05 with ties).
    """

    median: float
    median_reference: float
    ratio: float
    nearer: float
    nearer_reference: float


@dataclass(frozen=True)
class Privacy:
    """What the synthetic people give away; see the module for each figure."""

    control: Control
    identical: float  # share of synthetic rows equal to a real row in every column
    identical_reference: float
    closeness: Closeness
    singling_out: Attack
    singling_out_value: Attack  # by one column's value
    leaking_column: str  # the column whose single values single out most
    linkability: Attack
    inference: Attack  # of the column that fares worst
    inference_columns: Mapping[str, Attack]
    level: Level

    @property
    def words(self) -> str:
        """What the level means."""
        return LEVELS[self.level]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        out: dict[str, Any] = {"level": self.level, "words": self.words, "control": self.control}
        for name in ("identical", "identical_reference", "leaking_column"):
            out[name] = getattr(self, name)
        for name in (
            "closeness",
            "singling_out",
            "singling_out_value",
            "linkability",
            "inference",
        ):
            out[name] = asdict(getattr(self, name))
        out["inference_columns"] = {
            name: asdict(attack) for name, attack in self.inference_columns.items()
        }
        return out


@dataclass(frozen=True, eq=False)
class Flags:
    """Synthetic rows that one may wish to leave out, bool (n,) each.

    copies: equal in every column to exactly one real row, which no other real row equals.
    outliers: farther from every real row than 99.9% of real rows are from the next.
    """

    copies: np.ndarray
    outliers: np.ndarray


def privacy(
    real: Table, synthetic: pd.DataFrame, *, holdout: pd.DataFrame | None = None, seed: int = 0
) -> Privacy:
    """Attack the people that a generator learned from with what it made.

    Raises PopulaceError as `fidelity.evaluate` does.
    """
    columns = real.schema.modelled.columns
    truth, made, *rest = comparable(columns, real.frame, synthetic, holdout)
    fresh = rest[0] if rest else None
    random = np.random.default_rng(seed)
    space = Space.of(columns, truth)
    identical, identical_fresh = identical_shares(truth, made, fresh)
    near = closeness(space, truth, made, fresh, random)
    single = singling_out(columns, truth, made, fresh, random)
    values, leaking = singling_out_by_value(columns, truth, made, fresh, random)
    linked = linkability(space, truth, made, fresh, random)
    inferred = inference(columns, space, truth, made, fresh, random)
    worst = max(inferred.values(), key=lambda attack: attack.lower, default=linked)
    return Privacy(
        "holdout" if fresh is not None else "guessing",
        identical,
        identical_fresh,
        near,
        single,
        values,
        leaking,
        linked,
        worst,
        MappingProxyType(inferred),
        _level(
            fresh is not None,
            identical - identical_fresh,
            near,
            [single, values, linked, *inferred.values()],
        ),
    )


def flag(real: Table, synthetic: pd.DataFrame) -> Flags:
    """The rows of `synthetic` that copy one person, or lie where no real person is."""
    columns = real.schema.modelled.columns
    truth, made = comparable(columns, real.frame, synthetic)
    keys = _keys([truth, made])
    single, times = np.unique(keys[0], return_counts=True)
    copies = np.isin(keys[1], single[times == 1])
    space = Space.of(columns, truth)
    points = space.points(truth)
    some = np.random.default_rng(0).permutation(len(points))[:CLOSEST_ROWS]
    usual = _closest_others(points, some)
    return Flags(copies, closest(space.points(made), points) > np.quantile(usual, 0.999))


def identical_shares(
    truth: pd.DataFrame, made: pd.DataFrame, fresh: pd.DataFrame | None
) -> tuple[float, float]:
    """The share of synthetic rows equal to a real row in every column, and of fresh real rows."""
    keys = _keys([truth, made] + ([] if fresh is None else [fresh]))
    if fresh is not None:
        reference = np.isin(keys[2], keys[0])
    else:
        _, at, times = np.unique(keys[0], return_inverse=True, return_counts=True)
        reference = times[at] > 1
    return float(np.isin(keys[1], keys[0]).mean()), float(reference.mean())


def closeness(
    space: Space,
    truth: pd.DataFrame,
    made: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> Closeness:
    """Distances to the closest real record, of synthetic and of fresh people."""
    points = space.points(truth)
    mine = closest(space.points(_some(made, CLOSEST_ROWS, random)), points)
    if fresh is None:
        theirs = _closest_others(points, random.permutation(len(points))[:CLOSEST_ROWS])
    else:
        theirs = closest(space.points(_some(fresh, CLOSEST_ROWS, random)), points)
    border = np.quantile(theirs, 0.05)
    return Closeness(
        float(np.median(mine)),
        float(np.median(theirs)),
        float((mine.mean() + 1e-9) / (theirs.mean() + 1e-9)),
        float((mine <= border).mean()),
        float((theirs <= border).mean()),
    )


def singling_out(
    columns: Sequence[Column],
    truth: pd.DataFrame,
    made: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> Attack:
    """Questions about four columns, put together from one synthetic row, that fit one person alone.

    Categories ask for the same level; numbers for as much or more where the row lies above the
    median, else as much or less. The control counts the persons of the holdout (as many as are
    asked among those learned from), or asks with values of four different rows.
    """
    width = min(WIDTH, len(columns))
    rows = len(truth) if fresh is None else min(len(truth), len(fresh))
    asked = _some(truth, rows, random)
    asked_fresh = asked if fresh is None else _some(fresh, rows, random)
    middle = {
        column.name: float(np.nanmedian(truth[column.name].to_numpy(dtype=float)))
        for column in columns
        if not _categorical(truth[column.name]) and truth[column.name].notna().any()
    }
    hits = [0, 0]
    values = {column.name: _plain(made[column.name]) for column in columns}
    inside = {column.name: _plain(asked[column.name]) for column in columns}
    outside = {column.name: _plain(asked_fresh[column.name]) for column in columns}
    for row in random.integers(0, len(made), ATTACKS):
        chosen = random.permutation(len(columns))[:width]
        others = random.integers(0, len(made), width) if fresh is None else np.full(width, row)
        for kind, (people, sources) in enumerate(
            ((inside, np.full(width, row)), (outside, others))
        ):
            fits = np.ones(rows, dtype=bool)
            for place, source in zip(chosen, sources, strict=True):
                name = columns[place].name
                fits &= _fits(people[name], values[name][source], middle.get(name))
                if not fits.any():
                    break
            hits[kind] += int(fits.sum()) == 1
    return Attack.of(Rate.of(hits[0], ATTACKS), Rate.of(hits[1], ATTACKS))


def singling_out_by_value(
    columns: Sequence[Column],
    truth: pd.DataFrame,
    made: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> tuple[Attack, str]:
    """Values that stand once in a synthetic column and fit exactly one person; the column that
    gives away most, and its name ("" where no column has such values).

    A leaked identifier shows here. The control counts in a holdout of the same number, or guesses
    values between the real ones at random.
    """
    rows = len(truth) if fresh is None else min(len(truth), len(fresh))
    asked = _some(truth, rows, random)
    worst, leaking = Attack.of(Rate.of(0, ATTACKS), Rate.of(0, ATTACKS)), ""
    for column in columns:
        values, times = np.unique(_plain(made[column.name]), return_counts=True)
        once = values[(times == 1) & ~_absent(values)]
        if len(once) < 10:
            continue
        tried = random.permutation(once)[:ATTACKS]
        hits = _single_hits(tried, _plain(asked[column.name]))
        if fresh is not None:
            control = _single_hits(tried, _plain(_some(fresh, rows, random)[column.name]))
        else:
            guesses = random.permutation(tried) if _categorical(made[column.name]) else tried
            if not _categorical(made[column.name]):
                step = column.step or 1.0
                low, high = tried.min(), tried.max()
                guesses = np.round(random.uniform(low, high, len(tried)) / step) * step
            control = _single_hits(guesses, _plain(asked[column.name]))
        found = Attack.of(Rate.of(hits, len(tried)), Rate.of(control, len(tried)))
        if found.lower > worst.lower or not leaking:
            worst, leaking = found, column.name
    return worst, leaking


def linkability(
    space: Space,
    truth: pd.DataFrame,
    made: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> Attack:
    """Someone who knows half of a person's columns, and elsewhere the other half, links the two
    where one synthetic row is among the five closest to both.

    The control links people of the holdout, or takes five rows at random.
    """
    names = list(space.columns)
    if len(names) < 2:
        return Attack.of(Rate.of(0, 1), Rate.of(0, 1))
    order = random.permutation(len(names))
    halves = [space.part([names[place] for place in part]) for part in np.array_split(order, 2)]
    targets = _some(truth, ATTACKS, random)
    points = space.points(made)
    mine = _links(space.points(targets), points, halves)
    if fresh is not None:
        others = _some(fresh, ATTACKS, random)
        theirs = _links(space.points(others), points, halves)
    else:
        others = targets
        neighbours = min(NEIGHBOURS, len(made))
        guess = random.integers(0, len(made), (2, len(targets), neighbours))
        theirs = int((guess[0][:, :, None] == guess[1][:, None, :]).any(axis=(1, 2)).sum())
    return Attack.of(Rate.of(mine, len(targets)), Rate.of(theirs, len(others)))


def inference(
    columns: Sequence[Column],
    space: Space,
    truth: pd.DataFrame,
    made: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> dict[str, Attack]:
    """Someone who knows all of a person but one column takes it from the closest synthetic row.

    At most 20 columns are tried, drawn at random. A number counts as guessed when it is within 5%
    of the column's middle 90%. The control guesses for people of the holdout, or takes a row at
    random.
    """
    if len(columns) < 2:
        return {}
    targets = _some(truth, ATTACKS, random)
    others = targets if fresh is None else _some(fresh, ATTACKS, random)
    points = space.points(made)
    guess = None if fresh is not None else random.integers(0, len(made), len(others))
    secrets = np.sort(random.permutation(len(columns))[:SECRETS])
    nearest = _nearest_without_each(space, space.points(targets), points, secrets)
    nearest_control = (
        _nearest_without_each(space, space.points(others), points, secrets)
        if guess is None
        else None
    )
    out = {}
    for place, column in enumerate(columns[secret] for secret in secrets):
        known = _plain(made[column.name])
        near = _tolerance(truth[column.name])
        mine = _guessed(_plain(targets[column.name]), known[nearest[:, place]], near)
        rows = guess if nearest_control is None else nearest_control[:, place]
        theirs = _guessed(_plain(others[column.name]), known[rows], near)
        out[column.name] = Attack.of(Rate.of(mine, len(targets)), Rate.of(theirs, len(others)))
    return out


def _level(judged: bool, copies: float, near: Closeness, attacks: Sequence[Attack]) -> Level:
    excess = max(attack.lower for attack in attacks) if judged else 0.0
    nearer = near.nearer - near.nearer_reference
    if excess > 0.2 or copies > 0.2 or nearer > 0.2 or near.ratio < 0.6:
        return "weak"
    if excess > 0.05 or copies > 0.05 or nearer > 0.1 or near.ratio < 0.85:
        return "fair"
    return "strong" if judged else "open"


def _nearest_without_each(
    space: Space, targets: np.ndarray, points: np.ndarray, secrets: np.ndarray
) -> np.ndarray:
    """For every target and secret column, the closest point in the others, int (n, secrets)."""
    out = np.empty((len(targets), len(secrets)), dtype=np.int64)
    for rows, square in squared_distances(targets, points):
        for place, block in enumerate(space.blocks[secret] for secret in secrets):
            own, theirs = targets[rows, block], points[:, block]
            part = -2 * (own @ theirs.T)
            part += np.einsum("ij,ij->i", own, own)[:, None]
            part += np.einsum("ij,ij->i", theirs, theirs)
            out[rows, place] = (square - part).argmin(axis=1)
    return out


def _links(targets: np.ndarray, points: np.ndarray, halves: Sequence[np.ndarray]) -> int:
    neighbours = min(NEIGHBOURS, len(points))
    found = []
    for half in halves:
        near = np.empty((len(targets), neighbours), dtype=np.int64)
        for rows, square in squared_distances(targets[:, half], points[:, half]):
            near[rows] = np.argpartition(square, neighbours - 1, axis=1)[:, :neighbours]
        found.append(near)
    return int((found[0][:, :, None] == found[1][:, None, :]).any(axis=(1, 2)).sum())


def _closest_others(points: np.ndarray, some: np.ndarray) -> np.ndarray:
    """The distance of some points to the closest of all the others, float (len(some),)."""
    out = np.empty(len(some))
    for rows, square in squared_distances(points[some], points):
        square[np.arange(len(square)), some[rows]] = np.inf
        out[rows] = np.sqrt(square.min(axis=1))
    return np.where(out < 1e-3, 0.0, out)


def _single_hits(values: np.ndarray, people: np.ndarray) -> int:
    """How many of the values exactly one of the people has."""
    found, times = np.unique(people, return_counts=True)
    return int(np.isin(values, found[times == 1]).sum())


def _fits(people: np.ndarray, value: float, middle: float | None) -> np.ndarray:
    if np.isnan(value):
        return np.isnan(people)
    if middle is None:
        return people == value
    return people >= value if value >= middle else people <= value


def _guessed(truth: np.ndarray, guess: np.ndarray, near: float) -> int:
    both = np.isnan(truth) & np.isnan(guess)
    return int((both | (np.abs(truth - guess) <= near)).sum())


def _tolerance(values: pd.Series) -> float:
    if _categorical(values):
        return 0.0
    numbers = values.to_numpy(dtype=float)
    numbers = numbers[~np.isnan(numbers)]
    if not len(numbers):
        return 0.0
    low, high = np.quantile(numbers, [0.05, 0.95])
    return float(NEAR * (high - low))


def _plain(values: pd.Series) -> np.ndarray:
    """Numbers, or the codes of levels, as float64 with NaN for missing."""
    if not _categorical(values):
        return values.to_numpy(dtype=float)
    codes = values.cat.codes.to_numpy().astype(float)
    return np.where(codes < 0, np.nan, codes)


def _absent(values: np.ndarray) -> np.ndarray:
    return np.isnan(values)


def _categorical(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype)


def _keys(frames: Sequence[pd.DataFrame]) -> list[np.ndarray]:
    """One number for each distinct row, over all frames; float32 numbers equal their float64."""
    codes = []
    for name in frames[0]:
        values = np.concatenate([_plain(frame[name]) for frame in frames]).astype(np.float32)
        codes.append(np.unique(values, return_inverse=True)[1])
    return np.split(row_keys(codes), np.cumsum([len(frame) for frame in frames])[:-1])


def _some(frame: pd.DataFrame, rows: int, random: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= rows:
        return frame
    return frame.iloc[random.permutation(len(frame))[:rows]]
