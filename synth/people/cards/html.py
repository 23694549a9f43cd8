"""A profile as HTML: one drawing for the page and the export; every word is escaped (Jinja2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from synth.interests.vocabulary import interest_title
from synth.people.cards.cover import tint_of, uri
from synth.people.cards.file_names import plain

if TYPE_CHECKING:
    from synth.people.pictures.choose import Choice
    from synth.people.profile import Profile

_TEMPLATES = Path(__file__).with_name("templates")
_SHORT = 28  # letters that surely fit in one line of a card


def portrait_file(profile: Profile) -> str:
    """Where an export holds the portrait, relative to its page; empty without one.

    Parameters
    ----------
    profile : Profile
        Whose portrait.

    Returns
    -------
    str
        The path.
    """
    return "" if profile.portrait is None else f"portraits/{profile.portrait.name}.webp"


def picture_file(profile: Profile, choice: Choice) -> str:
    """Where an export holds a content picture, relative to its page.

    Parameters
    ----------
    profile : Profile
        On whose card.
    choice : Choice
        The picture.

    Returns
    -------
    str
        The path.
    """
    return f"pictures/{choice.picture.id}.webp"


def cover_file(profile: Profile) -> str:
    """Where an export holds the designed cover of people without a photograph for one.

    Parameters
    ----------
    profile : Profile
        On whose card.

    Returns
    -------
    str
        The path.
    """
    name = "-".join(profile.interests) or str(tint_of(profile.name))
    return f"pictures/cover-{plain(name)}.webp"


@dataclass(frozen=True)
class Sources:
    """Where a card's images come from.

    Attributes
    ----------
    portrait : callable
        Profile → address of its portrait.
    picture : callable
        Profile and choice → address of the content picture.
    cover : callable
        Profile → address of its designed cover, where no photograph fills one.
    """

    portrait: Callable[[Profile], str]
    picture: Callable[[Profile, Choice], str]
    cover: Callable[[Profile], str] = lambda profile: uri(profile.interests, profile.name)


EMBEDDED = Sources(
    lambda profile: profile.portrait_uri(), lambda profile, choice: profile.picture_uri(choice)
)
"""Images inside the HTML, as ``data:`` addresses."""
FILES = Sources(portrait_file, picture_file, cover_file)
"""Images as files beside the HTML."""


def card(
    profile: Profile,
    *,
    sources: Sources = EMBEDDED,
    icons: Mapping[str, str] | None = None,
    asks_interests: bool = True,
    mark: str = "",
    pin: bool = False,
    whole: bool = False,
) -> str:
    """The card of a profile.

    Parameters
    ----------
    profile : Profile
        Whom to draw.
    sources : Sources
        Where images come from.
    icons : mapping of str to str, optional
        Interest → Material symbol, where that font is at hand; none are drawn when left out.
    asks_interests : bool
        Whether the population has interests, so that their absence is worth a word.
    mark : str
        Words on the cover.
    pin : bool
        Whether a pin stands before the mark.
    whole : bool
        Also handle, bio, all posts and the pictures' credits.

    Returns
    -------
    str
        An ``<article class="pp-card">``.
    """
    first = profile.interests[0] if profile.interests else ""
    values = [value for _, value in profile.highlights]
    # A table without any known meaning has its first values for a line: the highlights say them.
    line = "" if values and all(p in values for p in profile.line.split(" · ")) else profile.line
    tint = tint_of(first or profile.name)
    return (
        _environment()
        .get_template("card.html")
        .render(
            profile=profile,
            sources=sources,
            icons=icons,
            asks_interests=asks_interests,
            mark=mark,
            pin=pin,
            whole=whole,
            line=line,
            tint=tint,
        )
    )


def record(
    profile: Profile, rows: Iterable[tuple[str, str, bool]], *, sources: Sources = EMBEDDED
) -> str:
    """Portrait, words and the whole record; `rows` are title, value and whether it was known.

    Parameters
    ----------
    profile : Profile
        Whom to show.
    rows : Iterable[tuple[str, str, bool]]
        The record's rows.
    sources : Sources, optional
        Where images come from.

    Returns
    -------
    str
        HTML; all text is escaped.
    """
    template = _environment().get_template("record.html")
    return template.render(profile=profile, rows=list(rows), sources=sources)


def page(profiles: Sequence[Profile], *, title: str, notice: str) -> str:
    """A page of whole cards whose images are files beside it (`FILES`).

    Parameters
    ----------
    profiles : sequence of Profile
        Whom to show.
    title : str
        The page's title.
    notice : str
        The sentence that says the people are synthetic.

    Returns
    -------
    str
        HTML.
    """
    return (
        _environment()
        .get_template("page.html")
        .render(
            title=title,
            notice=notice,
            style=Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8").strip()),
            cards=[
                Markup(card(each, sources=FILES, asks_interests=False, whole=True))
                for each in profiles
            ],
        )
    )


# ---------------------------------------------------------------------------------------- private


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["unbroken"] = _unbroken
    environment.filters["title_of"] = interest_title
    return environment


def _unbroken(line: str) -> str:
    """A line that is broken between facts, not inside the short ones."""
    facts = line.split(" · ")
    return " · ".join(f.replace(" ", "\u00a0") if len(f) <= _SHORT else f for f in facts)
