"""What a year brings to whom: learned transitions, joined with published rates.

Up to the last age of the life courses, leaving home, marrying, first children and parting follow
the learned chains. Later, first marriages follow the population (how the share of the
never married falls from one age to the next, read as if one generation grew older), remarriages
those of the never married of the same age, parting and leaving home the chains' last year, births
the published rates.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from synth.data.evidence import Evidence, OneOf
from synth.data.meaning import gender_of, marital_of, works_of
from synth.errors import PopulaceError
from synth.lives.model import LifeModel
from synth.populations.as_written import canonical
from synth.populations.population import Population
from synth.simulation.published import LAST_AGE, birth_rates, death_rates

WIDOWED = "widowed"
"""The state that life courses up to 30 do not know."""
DRAWN = 200_000
"""People from whom shares by age are estimated."""
_BAND_YEARS = 5
_MOST = 0.95


@dataclass(frozen=True)
class Scenario:
    """What is different from the rates that were learned and published.

    Attributes
    ----------
    births, deaths, partings : float
        Factors on the rates; 1 changes nothing.
    later : int
        Years by which leaving home, marrying and first children come later.
    """

    births: float = 1.0
    deaths: float = 1.0
    partings: float = 1.0
    later: int = 0

    def __post_init__(self) -> None:
        for name in ("births", "deaths", "partings"):
            if not 0 <= getattr(self, name) <= 5:
                raise PopulaceError(f"The factor {name} lies outside 0 to 5: choose another.")
        if not -10 <= self.later <= 10:
            raise PopulaceError("A scenario moves lives by at most 10 years: choose fewer.")


@dataclass(frozen=True, eq=False)
class Family:
    """What the states of a life course mean; arrays of shape (states,), the widowed last.

    Attributes
    ----------
    names : tuple of str
        The states.
    married, child, home, parted : bool arrays
        Married now, has had a child, lives with parents, was married.
    """

    names: tuple[str, ...]
    married: np.ndarray
    child: np.ndarray
    home: np.ndarray
    parted: np.ndarray

    @staticmethod
    def of(states: tuple[str, ...]) -> Family:
        """Read the words of states.

        Raises
        ------
        PopulaceError
            They tell nothing of marriage and home.
        """
        names = (*states, WIDOWED)
        parted = np.array(["divorced" in n or n == WIDOWED for n in names])
        married = np.array(["married" in n for n in names]) & ~parted
        child = np.array(["child" in n for n in names])
        home = np.array(["parents" in n for n in names])
        if not married.any() or not home.any() or not child.any():
            raise PopulaceError(
                "These lives tell nothing of home, marriage and children: name others."
            )
        return Family(names, married, child, home, parted)

    def state(self, married: bool, child: bool, home: bool) -> int:
        """The state of those flags, or the nearest: marriage counts most, then the child."""
        score = (
            4 * (self.married == married) + 2 * (self.child == child) + (self.home == home)
        ) * ~self.parted
        return int(score.argmax())

    @property
    def lookup(self) -> np.ndarray:
        """`state` as a table; int8, shape (2, 2, 2)."""
        flags = [(m, c, h) for m in (False, True) for c in (False, True) for h in (False, True)]
        return np.array([self.state(*each) for each in flags], dtype=np.int8).reshape(2, 2, 2)


@dataclass(frozen=True, eq=False)
class Rates:
    """What a year brings.

    Attributes
    ----------
    family : Family
        The states.
    first_age : int
        The age at which lives begin to move.
    last_learned : int
        The last age from which learned moves start.
    classes : float64 array, shape (2, classes)
        P(life class | women, men).
    initial : float64 array, shape (classes, states)
        P(state at `first_age`), unmarried and without children.
    alike : float64 array, shape (classes, ages, states)
        P(state | class) at the learned ages.
    steps : float32 array, shape (2, classes, ages, states, bands, states)
        Cumulative P(next state | gender, class, age from `first_age`, state, band), at all ages.
    bands : int64 array
        Band of each duration.
    deaths : float64 array, shape (2, ages)
        P(death within a year) of women and men, from age 0.
    births : float64 array, shape (ages,)
        Births a year for each woman, from age 0.
    work : float64 array, shape (2, ages), or None
        P(employed | gender, age), where the population knows work.
    """

    family: Family
    first_age: int
    last_learned: int
    classes: np.ndarray
    initial: np.ndarray
    alike: np.ndarray
    steps: np.ndarray
    bands: np.ndarray
    deaths: np.ndarray
    births: np.ndarray
    work: np.ndarray | None

    def under(self, scenario: Scenario) -> Rates:
        """The rates of a scenario."""
        if scenario == Scenario():
            return self
        steps = np.diff(self.steps, axis=-1, prepend=0.0).astype(np.float64)
        if scenario.later:
            ages = np.clip(np.arange(steps.shape[2]) - scenario.later, 0, steps.shape[2] - 1)
            steps = steps[:, :, ages]
        family = self.family
        for s in range(len(family.names)):
            if family.married[s]:
                gone = np.flatnonzero(family.parted)
                _scale(steps, s, gone, np.full(len(gone), s), scenario.partings)
            if not family.child[s]:
                to = np.flatnonzero(family.child)
                without = [
                    int(family.lookup[int(family.married[z]), 0, int(family.home[z])]) for z in to
                ]
                _scale(steps, s, to, np.array(without), scenario.births)
        return replace(
            self,
            steps=np.cumsum(steps, axis=-1).astype(np.float32),
            deaths=np.minimum(self.deaths * scenario.deaths, 1.0),
            births=self.births * scenario.births,
        )


def _scale(steps: np.ndarray, s: int, to: np.ndarray, back: np.ndarray, factor: float) -> None:
    """Multiply moves from a state to some states; what changes comes from or goes `back`."""
    for z, other in zip(to, back, strict=True):
        old = steps[..., s, :, z].copy()
        room = steps[..., s, :, other] if factor > 1 else np.inf
        more = np.minimum(np.minimum(old * factor, _MOST) - old, room)
        more = np.where(old > 0, more, 0.0)
        steps[..., s, :, z] += more
        steps[..., s, :, other] -= more


def rates_of(population: Population, lives: LifeModel) -> Rates:
    """Rates from a population and life courses.

    Raises
    ------
    PopulaceError
        The population lacks gender, age in years or marital status, or the lives are not about
        ages in years and families.
    """
    track = lives.track
    if track.unit != "year" or track.start is None:
        raise PopulaceError("These lives do not go by years of age: name others.")
    if "gender" not in lives.facts:
        raise PopulaceError("These lives know no gender: name others.")
    family, first = Family.of(track.states), int(track.start)
    words = lives.facts["gender"].levels
    classes = np.array(
        [
            lives.given(Evidence({"gender": OneOf((_word(words, gender),))})).classes
            for gender in ("female", "male")
        ]
    )
    chain = lives.chain
    known = len(track.states)
    initial = np.zeros((chain.classes, known + 1))
    alone = ~(family.married | family.child | family.parted)[:known]
    initial[:, :known] = chain.initial * alone
    initial /= initial.sum(axis=1, keepdims=True)
    alike = np.array(
        [lives.given().messages.walk(indicator)[0] for indicator in np.eye(chain.classes)]
    )
    marry, work = shares_by_age(population)
    steps = _steps(chain.step, family, first, marry)
    return Rates(
        family, first, first + chain.times - 2, classes, initial, alike,
        np.cumsum(steps, axis=-1).astype(np.float32), chain.bands,
        death_rates(), birth_rates(), work,
    )  # fmt: skip


def _steps(step: np.ndarray, family: Family, first: int, marry: np.ndarray) -> np.ndarray:
    classes, times, known, bands, _ = step.shape
    ages, size = LAST_AGE - first + 1, known + 1
    out = np.zeros((2, classes, ages, size, bands, size))
    for gender in range(2):
        table = out[gender]
        table[:, :times, :known, :, :known] = step
        table[:, :times, known, :, known] = 1.0
        last = step[:, -1]
        for age in range(times, ages):
            chance = marry[gender, age + first]
            for s in range(size):
                # The last learned year, without first children: births follow published rates.
                row = np.zeros((classes, bands, size))
                if s < known:
                    row[:, :, :known] = last[:, s]
                if not family.child[s]:
                    for z in np.flatnonzero(family.child):
                        to = family.lookup[int(family.married[z]), 0, int(family.home[z])]
                        row[:, :, to] += row[:, :, z]
                        row[:, :, z] = 0.0
                if not family.married[s]:
                    row[:, :, family.married] = 0.0
                    total = row.sum(axis=-1, keepdims=True)
                    stay = np.eye(size)[s]
                    row = np.where(total > 0, row / np.maximum(total, 1e-12), stay) * (1 - chance)
                    row[:, :, family.lookup[1, int(family.child[s]), 0]] += chance
                table[:, age, s] = row
    return out


def shares_by_age(population: Population, seed: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    """Marrying and working by gender and age, estimated from `DRAWN` people of a population.

    Parameters
    ----------
    population : Population
        With gender, age in years and marital status.
    seed : int
        Of the people drawn.

    Returns
    -------
    marry : float64 array, shape (2, `LAST_AGE` + 1)
        P(marrying within a year | never married, women and men, age): how the share of the never
        married falls with age, as if one generation grew older.
    work : float64 array of the same shape, or None
        P(employed | gender, age); None where work is not known.

    Raises
    ------
    PopulaceError
        A column is not there.
    """
    columns = population.modelled
    gender, age, marital = (columns.first(m) for m in ("gender", "age", "marital"))
    if gender is None or age is None or marital is None:
        lacking = (
            "gender" if gender is None else "age in years" if age is None else "marital status"
        )
        raise PopulaceError(
            f"{population.title} has no column of {lacking}, which its people live by: choose "
            "another population."
        )
    frame = canonical(population.given()).sample(DRAWN, seed)
    single = np.array([marital_of(v) == "single" for v in marital.levels])
    if not single.any():
        raise PopulaceError(f"No level of {marital.title} says “never married”: name it so.")
    is_single = single[frame[marital.name].cat.codes.to_numpy()]
    male = np.array([gender_of(v, gender.levels) == "male" for v in gender.levels])
    is_male = male[frame[gender.name].cat.codes.to_numpy()]
    years = frame[age.name].to_numpy(np.float64, na_value=np.nan)
    column, is_working = columns.first("work"), None
    if column is not None:
        is_working = frame[column.name].map(lambda v: bool(works_of(v))).to_numpy(bool)
    middles, every = np.arange(17, 83, _BAND_YEARS), np.arange(LAST_AGE + 1)
    marry, work = np.zeros((2, LAST_AGE + 1)), np.zeros((2, LAST_AGE + 1))
    for g in range(2):
        inside = [(is_male == bool(g)) & (np.abs(years - middle) <= 2) for middle in middles]
        left = [(is_single & some).sum() / max(some.sum(), 1) for some in inside]
        falling = np.minimum.accumulate(np.maximum(left, 1e-4))
        yearly = 1 - (falling[1:] / falling[:-1]) ** (1 / _BAND_YEARS)
        marry[g] = np.interp(every, middles[:-1] + 2.5, yearly, right=0.0)
        if is_working is not None:
            shares = [(is_working & some).sum() / max(some.sum(), 1) for some in inside]
            work[g] = np.where(every < 15, 0.0, np.interp(every, middles, shares))
    return marry, None if is_working is None else work


def people_of(population: Population) -> dict[str, str]:
    """The names of the columns that a simulation reads, by meaning."""
    meanings = ("gender", "age", "marital", "partner", "children", "household size")
    columns = {m: population.modelled.first(m) for m in meanings}  # type: ignore[arg-type]
    return {meaning: column.name for meaning, column in columns.items() if column is not None}


def _word(levels: tuple[str, ...], gender: str) -> str:
    for level in levels:
        if gender_of(level, levels) == gender:
            return level
    raise PopulaceError(f"No level of gender says {gender}: choose another population.")
