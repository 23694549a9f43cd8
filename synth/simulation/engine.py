"""A population that moves, one year a step: death, age, family, births, home, work.

Whatever is drawn for a person in a year depends on the seed, the purpose, the year and the person's
number alone, so the same seed gives the same people with any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.simulation.people import NOBODY, People, frame_of, uniforms
from synth.simulation.published import BOYS, LAST_AGE, UNMARRIED_BIRTHS
from synth.simulation.rates import Rates, Scenario

_AGE_GAP = 2.0  # years by which husbands are older on average, and how far couples spread
_SPREAD = 3.0
_WORK_AGAIN = 0.1  # share of people whose place among those who work is drawn anew in a year
_MOST_BIRTHS = 0.5


@dataclass(frozen=True)
class YearEvents:
    """What happened in a year.

    Attributes
    ----------
    year, people : int
        The year, and how many live at its end.
    births, deaths, marriages, partings, left_home : int
        How many.
    """

    year: int
    people: int
    births: int
    deaths: int
    marriages: int
    partings: int
    left_home: int


@dataclass
class Simulation:
    """People who grow older.

    Attributes
    ----------
    people : People
        Everyone who ever lived in it.
    rates : Rates
        Of the scenario.
    year : int
        The present one.
    seed : int
        Of everything that is drawn.
    threads : int
        At work on random numbers.
    events : list of YearEvents
        One for each year gone by.
    """

    people: People
    rates: Rates
    year: int = 0
    seed: int = 0
    threads: int = 1
    events: list[YearEvents] = field(default_factory=list)

    @staticmethod
    def of(people: People, rates: Rates, scenario: Scenario | None = None, *, year: int = 0,
           seed: int = 0, threads: int = 1) -> Simulation:  # fmt: skip
        """A simulation that begins with a copy of people under a scenario."""
        changed = rates if scenario is None else rates.under(scenario)
        return Simulation(people.copy(), changed, year, seed, threads)

    def frame(self) -> pd.DataFrame:
        """The living as a table."""
        return frame_of(self.people, self.rates.family, self.year, self.rates.work)

    def run(self, years: int) -> Iterator[YearEvents]:
        """Step that many years, yielding after each."""
        if years < 0:
            raise PopulaceError("Years cannot be fewer than none: give a number from 0.")
        for _ in range(years):
            yield self.step()

    def step(self) -> YearEvents:
        """One year."""
        self.year += 1
        deaths = self._die()
        self.people.age[self.people.alive] += 1
        self._begin_lives()
        born, father = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
        marriages, partings, left = 0, 0, 0
        movers = np.flatnonzero(self.people.alive & (self.people.age > self.rates.first_age))
        if len(movers):
            born, father, marriages, partings, left = self._families(movers)
        self._bear(born, father)
        self._work()
        happened = YearEvents(
            self.year, int(self.people.alive.sum()), len(born), deaths, marriages, partings, left
        )
        self.events.append(happened)
        return happened

    # ------------------------------------------------------------------ one purpose each

    def _u(self, purpose: str) -> np.ndarray:
        return uniforms(self.seed, f"{purpose}/{self.year}", 0, len(self.people), self.threads)

    def _die(self) -> int:
        p = self.people
        chance = self.rates.deaths[p.male.astype(np.int64), np.minimum(p.age, LAST_AGE)]
        gone = np.flatnonzero(p.alive & (self._u("death") < chance))
        p.alive[gone] = False
        left = p.spouse[gone]
        left = left[left >= 0]
        p.spouse[gone] = NOBODY
        p.spouse[left] = NOBODY
        stay = left[p.alive[left]]
        p.state[stay] = len(self.rates.family.names) - 1
        p.since[stay] = 0
        return len(gone)

    def _begin_lives(self) -> None:
        p = self.people
        young = np.flatnonzero(p.alive & (p.age == self.rates.first_age))
        if len(young):
            cumulative = np.cumsum(self.rates.initial, axis=1)[p.kind[young]]
            u = self._u("first state")[young]
            p.state[young] = np.minimum(
                (cumulative <= u[:, None]).sum(axis=1), len(self.rates.family.names) - 1
            )
            p.since[young] = 1
            self._move_out(young[~self.rates.family.home[p.state[young]]])

    def _families(self, movers: np.ndarray) -> tuple[np.ndarray, np.ndarray, int, int, int]:
        """Home, marriage, first children and parting; mothers and fathers of children born."""
        p, f = self.people, self.rates.family
        band = self.rates.bands[np.clip(p.since[movers], 1, len(self.rates.bands)) - 1]
        place = np.clip(p.age[movers] - 1 - self.rates.first_age, 0, self.rates.steps.shape[2] - 1)
        rows = self.rates.steps[
            p.male[movers].astype(np.int64), p.kind[movers], place, p.state[movers], band
        ]
        u = self._u("move")[movers]
        drawn = np.minimum((rows <= u[:, None]).sum(axis=1), len(f.names) - 1)
        proposed = p.state.astype(np.int64)
        proposed[movers] = drawn
        before = p.state.copy()
        now_married = f.married[before]
        # Couples: the one whom a coin chooses decides for both.
        wives = movers[(p.spouse[movers] >= 0) & ~p.male[movers]]
        men = p.spouse[wives]
        leader = np.where(self._u("leader")[wives] < 0.5, wives, men)
        leads = proposed[leader]
        part = f.parted[leads]
        first = f.child[leads] & ~f.child[before[leader]] & ~part
        self._set(wives[~part], men[~part], leads[~part], first[~part])
        mothers, fathers = [wives[first]], [men[first]]
        self._part(wives[part], men[part])
        # The unmarried.
        alone = movers[~now_married[movers]]
        goal = proposed[alone]
        marries = f.married[goal]
        women, grooms, new = self._match(
            alone, marries, self._chances(rows_of(rows, movers, alone))
        )
        married = np.zeros(len(p), dtype=bool)
        married[women], married[grooms] = True, True
        lead = np.where(self._u("bride leads")[women] < 0.5, women, grooms)
        goals = np.where(f.married[proposed[lead]], proposed[lead], new)
        begun = f.child[goals] & ~p.child[lead]
        self._wed(women, grooms, goals)
        self._set(women, grooms, goals, begun)
        mothers.append(women[begun])
        fathers.append(grooms[begun])
        single = alone[~married[alone]]
        goal = proposed[single]
        ok = ~f.married[goal] & ~(f.parted[goal] & ~f.parted[before[single]])
        single, goal = single[ok], goal[ok]
        begun = f.child[goal] & ~f.child[before[single]]
        ma, pa = single[begun & ~p.male[single]], single[begun & p.male[single]]
        order = np.argsort(self._u("fathers")[pa], kind="stable")
        known = pa[order][: len(ma)]
        father = np.full(len(ma), NOBODY)
        father[: len(known)] = known
        mothers.append(ma)
        fathers.append(father)
        no_child = np.setdiff1d(pa, known, assume_unique=True)
        blocked = np.isin(single, no_child)
        p.child[ma], p.child[known] = True, True
        goes = ~blocked & (goal != before[single])
        leaves = single[goes][f.home[before[single[goes]]] & ~f.home[goal[goes]]]
        p.state[single[goes]] = goal[goes]
        self._move_out(leaves)
        changed = p.state[movers] != before[movers]
        p.since[movers] = np.where(changed, 1, p.since[movers] + 1)
        born, who = np.concatenate(mothers), np.concatenate(fathers)
        more = self._further(born)
        return (
            np.r_[born, more], np.r_[who, p.spouse[more]], len(women), int(part.sum()), len(leaves)
        )  # fmt: skip

    def _chances(self, rows: np.ndarray) -> np.ndarray:
        """P(marrying) of cumulative rows."""
        each = np.diff(rows, axis=1, prepend=np.float32(0.0))
        out: np.ndarray = each[:, self.rates.family.married].sum(axis=1)
        return out

    def _set(
        self, wives: np.ndarray, men: np.ndarray, goals: np.ndarray, first: np.ndarray
    ) -> None:
        """Both of each couple come into the state that the goal's flags mean for them."""
        p, f = self.people, self.rates.family
        for side in (wives, men):
            p.child[side] |= first
            p.state[side] = f.lookup[1, p.child[side].astype(np.int64), f.home[goals].astype(int)]

    def _part(self, wives: np.ndarray, men: np.ndarray) -> None:
        p, f = self.people, self.rates.family
        divorced = int(np.flatnonzero(f.parted)[0])
        for side in (wives, men):
            p.spouse[side] = NOBODY
            p.state[side] = divorced
        self._move_out(men)

    def _match(
        self, alone: np.ndarray, marries: np.ndarray, chance: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Brides and grooms: half of both sides' wishes, by age; and a state for those who joined.

        The side with too few gets more from those who might have married, by their chances; the
        side with too many keeps some for another year.
        """
        p, f = self.people, self.rates.family
        race = -np.log1p(-self._u("match")[alone]) / np.maximum(chance, 1e-12)
        race[marries] *= 1e-9  # those who drew it come first
        race[chance <= 0] = np.inf
        sides = []
        count = int(marries.sum()) // 2
        for male in (False, True):
            side = np.flatnonzero((p.male[alone] == male) & np.isfinite(race))
            sides.append(side[np.argsort(race[side], kind="stable")])
        count = min(count, len(sides[0]), len(sides[1]))
        women, men = (alone[side[:count]] for side in sides)
        spread = 2 * _SPREAD * (self._u("pair") - 0.5)
        women = women[np.argsort(p.age[women] + spread[women], kind="stable")]
        men = men[np.argsort(p.age[men] - _AGE_GAP + spread[men], kind="stable")]
        near = np.zeros(count, dtype=bool)
        if count:
            near = (p.mother[women] != p.mother[men]) | (p.mother[women] < 0)
        women, men = women[near], men[near]
        return women, men, np.full(len(women), f.lookup[1, 0, 0])

    def _wed(self, women: np.ndarray, men: np.ndarray, goals: np.ndarray) -> None:
        p, f = self.people, self.rates.family
        p.spouse[women], p.spouse[men] = men, women
        stays = f.home[goals] & f.home[p.state[women]]
        self._move_out(women[~stays])
        p.household[men] = p.household[women]

    def _move_out(self, who: np.ndarray) -> None:
        """Into a household of one's own, one's children who live with one come along."""
        p = self.people
        if not len(who):
            return
        top = int(p.household.max()) + 1
        old = p.household[who].copy()
        p.household[who] = top + np.arange(len(who))
        women = np.full(len(p), -1, dtype=np.int64)
        women[who] = old
        parent = np.where(p.mother >= 0, p.mother, 0)
        small = (p.mother >= 0) & p.alive & (p.age < 18) & (women[parent] >= 0)
        small &= p.household == women[parent]
        p.household[small] = p.household[parent[small]]

    def _further(self, born: np.ndarray) -> np.ndarray:
        """Mothers of further children, so that births by age follow the published rates."""
        p, r = self.people, self.rates
        women = np.flatnonzero(p.alive & ~p.male & (p.age >= r.first_age) & (p.age < 50))
        if not len(women):
            return women
        ages, wed = p.age[women], p.spouse[women] >= 0
        due = r.births * np.bincount(ages, minlength=LAST_AGE + 1)
        due -= np.bincount(p.age[born], minlength=LAST_AGE + 1)
        now = np.zeros(len(p), dtype=bool)
        now[born] = True
        chance = np.zeros(len(women))
        learned = ages <= r.last_learned + 1
        groups = (
            (learned & p.child[women], 1.0),
            (~learned & wed, 1 - UNMARRIED_BIRTHS),
            (~learned & ~wed, UNMARRIED_BIRTHS),
        )
        for inside, share in groups:
            inside = inside & ~now[women]
            there = np.bincount(ages[inside], minlength=LAST_AGE + 1)
            each = np.clip(due * share / np.maximum(there, 1), 0.0, _MOST_BIRTHS)
            chance[inside] = each[ages[inside]]
        more = women[self._u("further")[women] < chance]
        new = more[~p.child[more]]
        for side in (new, p.spouse[new][p.spouse[new] >= 0]):
            p.child[side] = True
            state = self.rates.family
            flags = (state.married[p.state[side]].astype(int), 1)
            home = state.home[p.state[side]].astype(int)
            after = state.lookup[flags[0], 1, home]
            p.state[side] = np.where(state.parted[p.state[side]], p.state[side], after)
        return more

    def _bear(self, mothers: np.ndarray, fathers: np.ndarray) -> None:
        p, count = self.people, len(mothers)
        if not count:
            return
        order = np.argsort(mothers, kind="stable")
        mothers, fathers = mothers[order], fathers[order]
        start = len(p)
        male = uniforms(self.seed, f"boy/{self.year}", start, count) < BOYS
        shares = np.cumsum(self.rates.classes, axis=1)[male.astype(np.int64)]
        u = uniforms(self.seed, f"class/{self.year}", start, count)
        kind = np.minimum((shares <= u[:, None]).sum(axis=1), shares.shape[1] - 1)
        works = uniforms(self.seed, f"works/{self.year}", start, count)
        self.people = p.joined(
            newborn(male, kind, self._young_state(), mothers, fathers, p.household[mothers], works)
        )

    def _young_state(self) -> int:
        return int(self.rates.family.lookup[0, 0, 1])

    def _work(self) -> None:
        again = self._u("work again") < _WORK_AGAIN
        self.people.works[again] = self._u("work")[again]


def rows_of(rows: np.ndarray, movers: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Cumulative rows of some movers."""
    return rows[np.searchsorted(movers, some)]


def newborn(
    male: np.ndarray,
    kind: np.ndarray,
    state: int,
    mother: np.ndarray,
    father: np.ndarray,
    household: np.ndarray,
    works: np.ndarray,
) -> People:
    """Children of age 0."""
    count = len(male)
    return People(
        alive=np.ones(count, dtype=bool),
        male=male,
        age=np.zeros(count, dtype=np.int16),
        kind=kind.astype(np.int8),
        state=np.full(count, state, dtype=np.int8),
        since=np.ones(count, dtype=np.int16),
        child=np.zeros(count, dtype=bool),
        spouse=np.full(count, NOBODY, dtype=np.int64),
        mother=mother.astype(np.int64),
        father=father.astype(np.int64),
        household=household.astype(np.int64),
        works=works.astype(np.float32),
    )
