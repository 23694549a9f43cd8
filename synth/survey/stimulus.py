"""What a participant sees of a profile: nothing on it says what the survey asks for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from synth.errors import PopulaceError
from synth.interests.vocabulary import interest_title
from synth.survey.survey import PARTS, Item, Part, Person

if TYPE_CHECKING:
    from synth.people.profile import Profile


def people_of(profiles: Sequence[Profile]) -> tuple[Person, ...]:
    """Whom the profiles show."""
    return tuple(
        Person(
            number,
            profile.facts.gender,
            None if profile.facts.age is None else int(profile.facts.age),
            profile.identity.ethnicity,
        )
        for number, profile in enumerate(profiles)
    )


def draw_all(profiles: Sequence[Profile], parts: Sequence[Part]) -> dict[Item, str]:
    """Each profile in each part, as HTML with its images inside.

    Parameters
    ----------
    profiles : sequence of Profile
        Whom to draw.
    parts : sequence of Part
        What to show of them.

    Returns
    -------
    dict of Item to str

    Raises
    ------
    PopulaceError
        A profile has no portrait or no pictures where these alone are shown.
    """
    return {
        Item(number, part): draw(profile, part)
        for number, profile in enumerate(profiles)
        for part in parts
    }


def draw(profile: Profile, part: Part) -> str:
    """A profile in one part, as HTML; all text is escaped.

    Raises
    ------
    PopulaceError
        There is nothing to show of it.
    """
    if (part == "face" and profile.portrait is None) or (
        part == "pictures" and not profile.choices
    ):
        raise PopulaceError(
            f"{profile.name} has nothing to show for “{PARTS[part]}”: leave that out, or ask for "
            "other people."
        )
    return _environment().get_template("stimulus.html").render(profile=profile, part=part)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    folder = Path(__file__).with_name("templates")
    environment = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["title_of"] = interest_title
    return environment
