"""A day as a ribbon of 1,440 minutes: each group as wide as its minutes, with a word on hover.

The order of a day is not known, so the parts stand by kind: sleep first, leisure last.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth import describe
from synth.days import DayPopulation, Groups, available_days, load_days

if TYPE_CHECKING:
    from synth.people.profile import Profile
    from synth.populations import Population

KINDS: Mapping[str, tuple[str, str]] = {
    "sleep": ("Sleep", "#6b7fb3"),
    "rest": ("Meals and care", "#88b9c9"),
    "work": ("Work and learning", "#c9a545"),
    "home": ("Home and family", "#6f9a62"),
    "travel": ("Travel", "#9a86b8"),
    "leisure": ("Leisure", "#c8684a"),
    "unknown": ("Other", "#9b958c"),
}
"""Kind → its words and colour; ribbons stand in this order."""
_DAY = 1440
_STYLE = (
    "display:inline-block;height:100%;box-sizing:border-box;"
    "border-right:1px solid light-dark(#ffffff,#1a1714)"
)


@lru_cache(maxsize=4)
def _loaded(name: str) -> DayPopulation:
    return load_days(name)


def days_of(population: Population) -> DayPopulation | None:
    """The shipped days of a population's people; None where there are none."""
    for name in available_days():
        days = _loaded(name)
        if days.population == population.name and days.model.fits(population.modelled.names):
            return days
    return None


def day_of(days: DayPopulation, record: Mapping[str, Any], seed: int) -> np.ndarray | None:
    """A record's day; None where no day shows its interests in their order."""
    known = {k: None if describe.is_missing(v) else v for k, v in record.items()}
    frame = pd.DataFrame([known])
    if not days.model.possible(frame)[0]:
        return None
    minutes: np.ndarray = days.model.draw(frame, seed)[0]
    return minutes


def ribbon(groups: Groups, minutes: np.ndarray, interests: Collection[str] = ()) -> str:
    """The day as HTML; interests of the card are marked."""
    order = list(KINDS)
    some = [g for g in range(len(groups)) if minutes[g] > 0]
    some.sort(key=lambda g: (order.index(groups.kinds[g]), -minutes[g]))
    parts = []
    for g in some:
        mine = groups.names[g] in interests
        words = f"{groups.titles[g]}: {spent(int(minutes[g]))}{' · interest' if mine else ''}"
        mark = ";box-shadow:inset 0 -0.35em 0 light-dark(#3d352c,#f3ece2)" if mine else ""
        parts.append(
            f'<span title="{escape(words)}" style="{_STYLE};width:{100 * minutes[g] / _DAY:.3f}%;'
            f'background:{KINDS[groups.kinds[g]][1]}{mark}"></span>'
        )
    longest = ", ".join(
        f"{groups.titles[g]} {spent(int(minutes[g]))}"
        for g in sorted(some, key=lambda g: -minutes[g])
    )
    return (
        f'<div role="img" aria-label="{escape("A day: " + longest)}" style="display:flex;'
        'width:100%;height:1.7rem;border-radius:0.4rem;overflow:hidden;margin:0.2rem 0 0.7rem">'
        f"{''.join(parts)}</div>"
    )


def section(population: Population, profile: Profile) -> str:
    """A profile's diary day as HTML; empty where the population knows no days."""
    days = days_of(population)
    if days is None:
        return ""
    head = '<h3 class="pp-section">Their diary day</h3>'
    minutes = day_of(days, profile.record, zlib.crc32(f"{profile.stream} {profile.id}".encode()))
    if minutes is None:
        return (
            f'{head}<p class="pp-note">No day of 24 hours shows these interests in this order.</p>'
        )
    words = interests_in_words(days.model.groups, minutes) or "No leisure interest that day"
    return (
        f'{head}<p class="pp-line">{escape(words)}</p>'
        f"{ribbon(days.model.groups, minutes, profile.interests)}{key()}"
        '<p class="pp-note">Drawn from what people of these facts and interests did; which activity'
        " came when is not known.</p>"
    )


def key() -> str:
    """What the colours mean, as HTML."""
    marks = "".join(
        f'<span><i style="background:{colour}"></i>{escape(words)}</span>'
        for words, colour in KINDS.values()
    )
    return f'<p class="pp-legend">{marks}</p>'


def interests_in_words(groups: Groups, minutes: np.ndarray) -> str:
    """The interests that a day shows, with their minutes: “Gardening 1 h 30 min, …”."""
    top = [int(g) for g in groups.top(minutes[None])[0] if g >= 0]
    return ", ".join(f"{groups.titles[g]} {spent(int(minutes[g]))}" for g in top)


def spent(minutes: int) -> str:
    """Minutes in words."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
