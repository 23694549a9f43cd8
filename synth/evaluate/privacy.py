"""Privacy: do the synthetic people give away the real ones?

Copies and closeness are judged against what fresh real people would show: those of a holdout, or
each real row beside all the others. Three attacks follow M. Giomi, F. Boenisch, C. Wehmeyer,
B. Tasnádi, "A unified framework for quantifying privacy risk in synthetic data" (PETS 2023): each
is tried on real people whom the generator learned from and, as a control, on people of the holdout,
whom it never saw; what works on both is knowledge of the population, not of a person. The excess is
(attack - control) / (1 - control). Without a holdout the control is guessing, which any useful
synthetic table beats; the result says so and no level is drawn from it.

The level goes by the attack that surely does most: the one whose interval starts highest. The
intervals hold for all attacks at once (C. Bonferroni, 1936), for one of many looks bad by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison, Sample, plain_values
from synth.evaluate.distance import ROUNDING, Space, closest, squared_distances
from synth.evaluate.html import details, intervals, key, paragraph, sides, table
from synth.evaluate.question import FRESH, Answer, Progress, Question, Section, Titles, percent
from synth.jobs.limits import one_thread

if TYPE_CHECKING:
    from synth.data.schema import Column

Control = Literal["holdout", "guessing"]
Level = Literal["strong", "fair", "weak", "open"]

SURE = 0.95
Z = 1.959964  # of one interval
ATTACKS = 2000
CLOSEST_ROWS = 4000  # rows whose closest record is looked for
NEIGHBOURS = 5  # linkability: how many closest synthetic rows count as a link
WIDTH = 4  # singling out: how many columns a question names
SECRETS = 20  # inference: of a wide table so many columns are drawn
NEAR = 0.05  # inference: a number is guessed when within this share of the column's middle 90%
NEAR_COPY = 0.2  # of the way from a person to the next real one; a synthetic row within is a copy
FEWEST = 100  # unseen people; with fewer an attack can show nothing

LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        "strong": "No attack surely gets over 5% of the people who were learned from, beyond what "
        "it gets of people never seen, and copies and close records are no commoner than among "
        "fresh real people.",
        "fair": "The worst attack surely gets 5% to 20% of the people who were learned from, "
        "beyond what it gets of people never seen, or copies and close records are somewhat "
        "commoner than among fresh real people.",
        "weak": "An attack surely gets over 20% of the people who were learned from, beyond what "
        "it gets of people never seen, or the synthetic rows stand clearly closer to real rows "
        "than fresh real people do.",
        "open": "Copies and close records are as common as among fresh real people; attacks "
        "cannot be judged without a holdout of at least 100 people whom the generator never saw.",
    }
)
LEVEL = (
    "The privacy level is strong, fair or weak by the worst of all attacks: what it gets of people "
    "who were learned from beyond what it gets of people never seen, by the lower end of a 95% "
    "interval that holds for all attacks at once (up to 5%, up to 20%, more). Copies lower it too: "
    "to fair where identical rows are 5 points or rows near a real one 10 points commoner than "
    "among fresh real people, or the mean distance to the closest real row is below 0.85 of "
    "theirs; to weak from 20 points, or below 0.6."
)


@dataclass(frozen=True)
class Rate:
    """A share of successes with its interval.

    The interval is Wilson's (E. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22, 1927).

    Attributes
    ----------
    value : float
        Successes over tries, 0 to 1.
    lower, upper : float
        Ends of the interval, 0 to 1.
    tries : int
        At least 1.
    """

    value: float
    lower: float
    upper: float
    tries: int

    @classmethod
    def of(cls, successes: int, tries: int, z: float = Z) -> Rate:
        """The rate and its interval.

        Parameters
        ----------
        successes : int
            How many tries succeeded.
        tries : int
            How many there were.
        z : float
            Standard deviations to each side; the default makes an interval of 95%.

        Returns
        -------
        Rate

        Raises
        ------
        PopulaceError
            Nothing was tried.
        """
        if tries < 1:
            raise PopulaceError("A rate needs at least one try: ask for more attacks.")
        centre = (successes + z**2 / 2) / (tries + z**2)
        spread = z / (tries + z**2) * np.sqrt(successes * (tries - successes) / tries + z**2 / 4)
        return cls(
            successes / tries,
            max(0.0, float(centre - spread)),
            min(1.0, float(centre + spread)),
            tries,
        )


@dataclass(frozen=True)
class Attack:
    """How often an attack succeeds on people learned from, and its control (Giomi et al. 2023).

    Attributes
    ----------
    attack, control : Rate
        On people learned from; on people never seen, or by guessing.
    excess : float
        (attack - control) / (1 - control), at least 0; 0 where the control always succeeds.
    lower, upper : float
        Ends of its interval, 0 to 1.
    """

    attack: Rate
    control: Rate
    excess: float
    lower: float
    upper: float

    @classmethod
    def of(cls, attack: Rate, control: Rate) -> Attack:
        """The excess of one rate over another, its interval by propagation of both errors.

        Parameters
        ----------
        attack, control : Rate
            Both with intervals of the same confidence.

        Returns
        -------
        Attack
        """
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
    """Distances to the closest real record, of synthetic and of fresh people.

    Attributes
    ----------
    median, median_reference : float
        Median distance of synthetic and of fresh people; a column in which two people differ adds
        up to 1 to its square (Gower; see `distance`).
    ratio : float
        Mean distance, synthetic over fresh: below 1 is closer than chance.
    nearer : float
        The share of synthetic rows as close as the closest 5% of fresh people or closer, 0 to 1.
    nearer_reference : float
        That share among the fresh people themselves: 0.05, or more with ties.
    """

    median: float
    median_reference: float
    ratio: float
    nearer: float
    nearer_reference: float


@dataclass(frozen=True)
class Privacy:
    """What the synthetic people give away; see the module.

    Attributes
    ----------
    control : "holdout" or "guessing"
        What attacks stand beside.
    identical, identical_reference : float
        The share of synthetic, and of fresh, rows equal to a real row in every column, 0 to 1.
    closeness : Closeness
        Distances to the closest real record.
    flags : FlagShares
        Copies, near copies and outliers.
    singling_out : Attack
        By four columns of a synthetic row.
    singling_out_value : Attack
        By one column's value.
    leaking_column : str
        The column whose single values single out most; empty where no column has any.
    linkability : Attack
        Linking two halves of a person.
    inference : Attack
        Inferring the column that fares worst.
    inference_columns : mapping of str to Attack
        By column.
    level : "strong", "fair", "weak" or "open"
        What `LEVEL` defines; open where attacks cannot be judged.
    """

    control: Control
    identical: float  # share of synthetic rows equal to a real row in every column
    identical_reference: float
    closeness: Closeness
    flags: FlagShares
    singling_out: Attack
    singling_out_value: Attack  # by one column's value
    leaking_column: str  # the column whose single values single out most
    linkability: Attack
    inference: Attack  # of the column that fares worst
    inference_columns: Mapping[str, Attack]
    level: Level

    @property
    def attacks(self) -> Mapping[str, Attack]:
        """All attacks by their names in words."""
        by_value = f" ({self.leaking_column})" if self.leaking_column else ""
        return {
            "Singling out by four columns": self.singling_out,
            f"Singling out by one value{by_value}": self.singling_out_value,
            "Linking two halves of a person": self.linkability,
            **{f"Inferring {name}": attack for name, attack in self.inference_columns.items()},
        }

    @property
    def worst(self) -> tuple[str, Attack]:
        """The attack that the level goes by, and its name."""
        return max(
            self.attacks.items(),
            key=lambda item: (item[1].lower, item[1].attack.value - item[1].control.value),
        )

    @property
    def words(self) -> str:
        """What the level means."""
        return LEVELS[self.level]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON.

        Returns
        -------
        dict of str to JSON value
            The fields by name.
        """
        out: dict[str, Any] = {
            "level": self.level,
            "words": self.words,
            "level_words": LEVEL,
            "control": self.control,
            "worst": {"name": self.worst[0], **asdict(self.worst[1])},
        }
        for name in ("identical", "identical_reference", "leaking_column"):
            out[name] = getattr(self, name)
        for name in (
            "closeness",
            "flags",
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
    """Synthetic rows that one may wish to leave out.

    Attributes
    ----------
    copies : bool array, shape (n,)
        Equal in every column to exactly one real row, which no other real row equals.
    near_copies : bool array, shape (n,)
        Not equal, but less than a fifth as far from a real row as the next real row is.
    outliers : bool array, shape (n,)
        Farther from every real row than 99.9% of real rows are from the next.
    """

    copies: np.ndarray
    near_copies: np.ndarray
    outliers: np.ndarray

    @property
    def kept(self) -> np.ndarray:
        """The rows with no flag, bool (n,)."""
        return ~(self.copies | self.near_copies | self.outliers)


@dataclass(frozen=True)
class FlagShares:
    """The shares of rows that `flag` marks, 0 to 1 each.

    Each has a `_reference`: the share among fresh real people.

    Attributes
    ----------
    copies, copies_reference : float
        Copies of one person.
    near_copies, near_copies_reference : float
        Near copies.
    outliers, outliers_reference : float
        Rows where no real person is.
    filtered, filtered_reference : float
        Rows with any mark, which `flag(...).kept` leaves out.
    """

    copies: float
    copies_reference: float
    near_copies: float
    near_copies_reference: float
    outliers: float
    outliers_reference: float
    filtered: float
    filtered_reference: float


@one_thread()
def privacy(
    comparison: Comparison, progress: Callable[[str], None] = lambda words: None
) -> Privacy:
    """Attack the people that a generator learned from with what it drew.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    progress : callable
        Gets the words for what comes next.

    Returns
    -------
    Privacy
    """
    columns, space = comparison.columns, comparison.space
    truth, synthetic, fresh = comparison.real, comparison.synthetic, comparison.holdout
    random = comparison.random()
    attacks = 3 + (min(len(columns), SECRETS) if len(columns) > 1 else 0)
    z = NormalDist().inv_cdf(1 - (1 - SURE) / 2 / attacks)
    identical, identical_fresh = identical_shares(comparison)
    progress("Distances to the closest real person")
    near = closeness(space, truth, synthetic, fresh, random)
    progress("Copies, near copies and outliers")
    flags = flag_shares(comparison, random)
    progress("Singling people out")
    single = singling_out(columns, truth, synthetic, fresh, random, z)
    values, leaking = singling_out_by_value(columns, truth, synthetic, fresh, random, z)
    progress("Linking two halves of a person")
    linked = linkability(space, truth, synthetic, fresh, random, z)
    progress("Inferring what is not known")
    inferred = inference(columns, space, truth, synthetic, fresh, random, z)
    worst = max(inferred.values(), key=lambda attack: attack.lower, default=linked)
    return Privacy(
        "holdout" if fresh is not None else "guessing",
        identical,
        identical_fresh,
        near,
        flags,
        single,
        values,
        leaking,
        linked,
        worst,
        MappingProxyType(inferred),
        _level(
            fresh is not None and min(len(fresh), len(truth)) >= FEWEST,
            identical - identical_fresh,
            near,
            [single, values, linked, *inferred.values()],
        ),
    )


@one_thread()
def flag(comparison: Comparison) -> Flags:
    """The synthetic rows that copy one person, or lie where no real person is.

    `synthetic[flag(Comparison.of(real, synthetic)).kept]` leaves them out.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    Flags
        One place for each synthetic row.
    """
    border = _border(comparison.space.points(comparison.real), np.random.default_rng(0))
    return _flags(comparison, comparison.all("real"), comparison.all("synthetic"), border)


def flag_shares(comparison: Comparison, random: np.random.Generator) -> FlagShares:
    """How many rows `flag` would mark, of up to 4,000 synthetic and as many fresh people.

    Without a holdout the real rows are split, and one half is fresh beside the other.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.
    random : numpy Generator
        Draws rows, and the halves.

    Returns
    -------
    FlagShares
    """
    known = comparison.all("real")
    border = _border(comparison.space.points(comparison.real), random)
    figures = []
    for side in ("synthetic", "fresh"):
        if side == "synthetic":
            people = comparison.all("synthetic")
        elif comparison.holdout is not None:
            people = comparison.all("holdout")
        else:
            known, people = known.halves(random)
        some = people if len(people) <= CLOSEST_ROWS else people.draw(CLOSEST_ROWS, random)
        flags = _flags(comparison, known, some, border)
        parts = (flags.copies, flags.near_copies, flags.outliers, ~flags.kept)
        figures.append([float(part.mean()) for part in parts])
    return FlagShares(*(value for both in zip(*figures, strict=True) for value in both))


def _border(points: np.ndarray, random: np.random.Generator) -> float:
    """The distance to the next real row that 99.9% of real rows keep."""
    usual = _closest_others(points, random.permutation(len(points))[:CLOSEST_ROWS])
    return float(np.quantile(usual, 0.999))


def _flags(comparison: Comparison, real: Sample, people: Sample, border: float) -> Flags:
    """The flags of some people beside some real ones."""
    points = comparison.space.points(comparison.frame(real))
    own_points = comparison.space.points(comparison.frame(people))
    real_keys, own_keys = (comparison.keys[sample.side][sample.rows] for sample in (real, people))
    single, times = np.unique(real_keys, return_counts=True)
    copies = np.isin(own_keys, single[times == 1])
    away, nearest = np.empty(len(people)), np.empty(len(people), dtype=np.int64)
    for rows, square in squared_distances(own_points, points):
        nearest[rows] = square.argmin(axis=1)
        away[rows] = np.sqrt(square[np.arange(len(square)), nearest[rows]])
    closest_real, at = np.unique(nearest, return_inverse=True)
    alone = _closest_others(points, closest_real)[at]
    near = (away < NEAR_COPY * alone - ROUNDING) & ~np.isin(own_keys, real_keys)
    return Flags(copies, near, away > border + ROUNDING)


def identical_shares(comparison: Comparison) -> tuple[float, float]:
    """The shares of rows equal to a real row in every column.

    Parameters
    ----------
    comparison : Comparison
        Real and synthetic people.

    Returns
    -------
    tuple of (float, float)
        Of synthetic rows, and of fresh real rows, 0 to 1: those of the holdout, or each real row
        beside all the others.
    """
    keys = comparison.keys
    if comparison.holdout is not None:
        reference = np.isin(keys["holdout"], keys["real"])
    else:
        _, at, times = np.unique(keys["real"], return_inverse=True, return_counts=True)
        reference = times[at] > 1
    return float(np.isin(keys["synthetic"], keys["real"]).mean()), float(reference.mean())


def closeness(
    space: Space,
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
) -> Closeness:
    """Distances to the closest real record, of synthetic and of fresh people.

    Parameters
    ----------
    space : Space
        The coordinates of people.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout; without it, each real row beside all the others.
    random : numpy Generator
        Draws up to 4,000 rows of each whose closest record is looked for.

    Returns
    -------
    Closeness
    """
    points = space.points(truth)
    mine = closest(space.points(_some(synthetic, CLOSEST_ROWS, random)), points)
    if fresh is None:
        theirs = _closest_others(points, random.permutation(len(points))[:CLOSEST_ROWS])
    else:
        theirs = closest(space.points(_some(fresh, CLOSEST_ROWS, random)), points)
    border = np.quantile(theirs, 0.05) + ROUNDING
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
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> Attack:
    """Questions about four columns, put together from one synthetic row, that fit one person alone.

    Categories ask for the same level; numbers for as much or more where the row lies above the
    median, else as much or less (Giomi et al. 2023). The control counts the persons of the holdout
    (as many as are asked among those learned from), or asks with values of four different rows.

    Parameters
    ----------
    columns : sequence of Column
        The columns that questions name.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws 2,000 questions.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    Attack
    """
    width = min(WIDTH, len(columns))
    rows = len(truth) if fresh is None else min(len(truth), len(fresh))
    known_people = _some(truth, rows, random)
    unseen_people = known_people if fresh is None else _some(fresh, rows, random)
    middle = {
        column.name: float(np.nanmedian(truth[column.name].to_numpy(dtype=float)))
        for column in columns
        if not _categorical(truth[column.name]) and truth[column.name].notna().any()
    }
    hits = [0, 0]
    values = {column.name: plain_values(synthetic[column.name]) for column in columns}
    inside = {column.name: plain_values(known_people[column.name]) for column in columns}
    outside = {column.name: plain_values(unseen_people[column.name]) for column in columns}
    for row in random.integers(0, len(synthetic), ATTACKS):
        chosen = random.permutation(len(columns))[:width]
        others = random.integers(0, len(synthetic), width) if fresh is None else np.full(width, row)
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
    return Attack.of(Rate.of(hits[0], ATTACKS, z), Rate.of(hits[1], ATTACKS, z))


def singling_out_by_value(
    columns: Sequence[Column],
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> tuple[Attack, str]:
    """Values that stand once in a synthetic column and fit exactly one person.

    A leaked identifier shows here. The control counts in a holdout of the same number, or guesses
    values between the real ones at random (Giomi et al. 2023).

    Parameters
    ----------
    columns : sequence of Column
        The columns that are tried.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws up to 2,000 values of each column.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    tuple of (Attack, str)
        Of the column that gives away most, and its name; "" where no column has ten such values.
    """
    rows = len(truth) if fresh is None else min(len(truth), len(fresh))
    known_people = _some(truth, rows, random)
    worst, leaking = Attack.of(Rate.of(0, ATTACKS, z), Rate.of(0, ATTACKS, z)), ""
    for column in columns:
        values, times = np.unique(plain_values(synthetic[column.name]), return_counts=True)
        once = values[(times == 1) & ~_absent(values)]
        if len(once) < 10:
            continue
        tried = random.permutation(once)[:ATTACKS]
        hits = _single_hits(tried, plain_values(known_people[column.name]))
        if fresh is not None:
            control = _single_hits(tried, plain_values(_some(fresh, rows, random)[column.name]))
        else:
            guesses = random.permutation(tried) if _categorical(synthetic[column.name]) else tried
            if not _categorical(synthetic[column.name]):
                step = column.step or 1.0
                low, high = tried.min(), tried.max()
                guesses = np.round(random.uniform(low, high, len(tried)) / step) * step
            control = _single_hits(guesses, plain_values(known_people[column.name]))
        attack = Attack.of(Rate.of(hits, len(tried), z), Rate.of(control, len(tried), z))
        if attack.lower > worst.lower or not leaking:
            worst, leaking = attack, column.name
    return worst, leaking


def linkability(
    space: Space,
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> Attack:
    """Linking two halves of a person.

    Someone who knows half of a person's columns, and elsewhere the other half, links the two where
    one synthetic row is among the five closest to both (Giomi et al. 2023). The control links
    people of the holdout, or takes five rows at random.

    Parameters
    ----------
    space : Space
        The coordinates of people.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws the halves, and up to 2,000 people.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    Attack
        Without success where there is one column only.
    """
    names = list(space.columns)
    if len(names) < 2:
        return Attack.of(Rate.of(0, 1, z), Rate.of(0, 1, z))
    order = random.permutation(len(names))
    halves = [space.part([names[place] for place in part]) for part in np.array_split(order, 2)]
    targets = _some(truth, ATTACKS, random)
    points = space.points(synthetic)
    mine = _links(space.points(targets), points, halves)
    if fresh is not None:
        others = _some(fresh, ATTACKS, random)
        theirs = _links(space.points(others), points, halves)
    else:
        others = targets
        neighbours = min(NEIGHBOURS, len(synthetic))
        guess = random.integers(0, len(synthetic), (2, len(targets), neighbours))
        theirs = int((guess[0][:, :, None] == guess[1][:, None, :]).any(axis=(1, 2)).sum())
    return Attack.of(Rate.of(mine, len(targets), z), Rate.of(theirs, len(others), z))


def inference(
    columns: Sequence[Column],
    space: Space,
    truth: pd.DataFrame,
    synthetic: pd.DataFrame,
    fresh: pd.DataFrame | None,
    random: np.random.Generator,
    z: float = Z,
) -> dict[str, Attack]:
    """Inferring one column of a person from all others.

    Someone who knows all of a person but one column takes it from the closest synthetic row (Giomi
    et al. 2023). A number counts as guessed when it is within 5% of the column's middle 90%. The
    control guesses for people of the holdout, or takes a row at random.

    Parameters
    ----------
    columns : sequence of Column
        The columns of `space`; at most 20 are tried, drawn at random.
    space : Space
        The coordinates of people.
    truth, synthetic : DataFrame
        Real and synthetic people of a comparison.
    fresh : DataFrame or None
        The holdout.
    random : numpy Generator
        Draws the columns, and up to 2,000 people.
    z : float
        Standard deviations of the intervals to each side.

    Returns
    -------
    dict of str to Attack
        By column, in the table's order; empty where there is one column only.
    """
    if len(columns) < 2:
        return {}
    targets = _some(truth, ATTACKS, random)
    others = targets if fresh is None else _some(fresh, ATTACKS, random)
    points = space.points(synthetic)
    guess = None if fresh is not None else random.integers(0, len(synthetic), len(others))
    secrets = np.sort(random.permutation(len(columns))[:SECRETS])
    nearest = _nearest_without_each(space, space.points(targets), points, secrets)
    nearest_control = (
        _nearest_without_each(space, space.points(others), points, secrets)
        if guess is None
        else None
    )
    out = {}
    for place, column in enumerate(columns[secret] for secret in secrets):
        known = plain_values(synthetic[column.name])
        near = _tolerance(truth[column.name])
        mine = _guessed(plain_values(targets[column.name]), known[nearest[:, place]], near)
        rows = guess if nearest_control is None else nearest_control[:, place]
        theirs = _guessed(plain_values(others[column.name]), known[rows], near)
        out[column.name] = Attack.of(
            Rate.of(mine, len(targets), z), Rate.of(theirs, len(others), z)
        )
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
    neighbours_by_half = []
    for half in halves:
        near = np.empty((len(targets), neighbours), dtype=np.int64)
        for rows, square in squared_distances(targets[:, half], points[:, half]):
            near[rows] = np.argpartition(square, neighbours - 1, axis=1)[:, :neighbours]
        neighbours_by_half.append(near)
    first, second = neighbours_by_half
    return int((first[:, :, None] == second[:, None, :]).any(axis=(1, 2)).sum())


def _closest_others(points: np.ndarray, some: np.ndarray) -> np.ndarray:
    """The distance of some points to the closest of all the others, float (len(some),)."""
    out = np.empty(len(some))
    for rows, square in squared_distances(points[some], points):
        square[np.arange(len(square)), some[rows]] = np.inf
        out[rows] = np.sqrt(square.min(axis=1))
    return np.where(out < ROUNDING, 0.0, out)


def _single_hits(values: np.ndarray, people: np.ndarray) -> int:
    """How many of the values exactly one of the people has."""
    distinct, times = np.unique(people, return_counts=True)
    return int(np.isin(values, distinct[times == 1]).sum())


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


def _absent(values: np.ndarray) -> np.ndarray:
    return np.isnan(values)


def _categorical(values: pd.Series) -> bool:
    return isinstance(values.dtype, pd.CategoricalDtype)


def _some(frame: pd.DataFrame, rows: int, random: np.random.Generator) -> pd.DataFrame:
    if len(frame) <= rows:
        return frame
    return frame.iloc[random.permutation(len(frame))[:rows]]


# ── The question ─────────────────────────────────────────────────────────────────────────────────


def _ask(comparison: Comparison, progress: Progress) -> Answer:
    """Do they give real people away?"""
    shares = {
        "Distances to the closest real person": 0.0,
        "Copies, near copies and outliers": 0.16,
        "Singling people out": 0.49,
        "Linking two halves of a person": 0.57,
        "Inferring what is not known": 0.62,
    }
    figures = privacy(comparison, lambda words: progress(shares[words], words))
    return Answer(privacy_section(figures, Titles.of(comparison.columns)), {"privacy": figures})


QUESTION: Question[Comparison] = Question("privacy", 37, _ask)


def privacy_section(figures: Privacy, titles: Titles) -> Section:
    """Do they give real people away?

    Parameters
    ----------
    figures : Privacy
        The answer in figures.
    titles : Titles
        Words for columns.

    Returns
    -------
    Section
    """
    near, flags = figures.closeness, figures.flags
    control = "people never seen" if figures.control == "holdout" else "guessing"
    name, worst = figures.worst
    sentence = (
        f"{percent(figures.identical)} of the rows equal a real row ({FRESH} "
        f"{percent(figures.identical_reference)}), and the mean distance to the closest real "
        f"person is {near.ratio:.2f} of theirs. The worst attack is “{_worded(name, titles)}”: "
        f"right for {percent(worst.attack.value)} of those learned from, "
        f"{percent(worst.control.value)} by {control}, an excess of {percent(worst.excess)} "
        f"({percent(worst.lower)} to {percent(worst.upper)})."
        if figures.control == "holdout"
        else f"{percent(figures.identical)} of the rows equal a real row ({FRESH} "
        f"{percent(figures.identical_reference)}), and the mean distance to the closest real "
        f"person is {near.ratio:.2f} of theirs. Attacks stand beside mere guessing, which any "
        "useful synthetic table beats, so they tell nothing of single people here."
    )
    rows = [
        ("Rows equal to a real row", figures.identical, figures.identical_reference),
        ("Rows as near as the nearest 5%", near.nearer, near.nearer_reference),
        ("Copies of one person", flags.copies, flags.copies_reference),
        ("Near copies", flags.near_copies, flags.near_copies_reference),
        ("Outliers, where nobody real is", flags.outliers, flags.outliers_reference),
        ("… left out when filtered", flags.filtered, flags.filtered_reference),
    ]
    shown = [(words, percent(own), percent(fresh)) for words, own, fresh in rows]
    shown.insert(
        1,
        ("Median distance to the closest", f"{near.median:.3f}", f"{near.median_reference:.3f}"),
    )
    attacks = figures.attacks
    heads = ("attack", "success", control, "excess")
    cells = [
        (
            _worded(words, titles),
            _between(attack.attack.value, attack.attack.lower, attack.attack.upper),
            _between(attack.control.value, attack.control.lower, attack.control.upper),
            _between(attack.excess, attack.lower, attack.upper),
        )
        for words, attack in attacks.items()
    ]
    chart = [
        (
            _worded(words, titles),
            attack.excess,
            attack.lower,
            attack.upper,
            f"{100 * attack.excess:.0f}% ({100 * attack.lower:.0f}–{100 * attack.upper:.0f})",
        )
        for words, attack in attacks.items()
    ]
    left = table(("", "synthetic", FRESH), shown) + paragraph(
        "A near copy is less than a fifth as far from a real person as the next real person is; an "
        "outlier is farther from every real person than 99.9% of them are from the next.",
        quiet=True,
    )
    right = (
        key(("", f"excess of each attack over {control}, with its interval (95%, all at once)"))
        + intervals(chart)
        + paragraph(
            "Excess: of the people whom the attack would not get by knowing the population, the "
            "share that it gets all the same. It is wide where the control already knows nearly "
            "everybody.",
            quiet=True,
        )
    )
    body = sides(left, right) + details("Every attack and its control", table(heads, cells))
    return Section("privacy", "Privacy: do they give real people away?", sentence, body)


def _worded(attack: str, titles: Titles) -> str:
    """An attack's name with the column's words."""
    start, _, name = attack.partition("Inferring ")
    if name and not start:
        return f"Inferring {titles(name)}"
    return attack


def _between(value: float, lower: float, upper: float) -> str:
    return f"{percent(value)} ({percent(lower)}–{percent(upper)})"
