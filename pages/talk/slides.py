"""Talks in this app: where their slides may lead, and the one that ships with a population."""

from __future__ import annotations

from pages import NAMES, NUMBERS, WIDGETS
from synth.shipped_populations import questions
from synth.talk import Places, Slide, Talk, slide

PLACES = Places(NAMES, WIDGETS)
"""The app's pages and their widgets."""
_FIRST = "us-time-use"
_ANYBODY: tuple[tuple[str, str], ...] = (
    ("Everybody", "/"),
    ("Are they like the real ones?", "/marginals"),
    ("What hangs together?", "/correlations"),
)


def as_text(value: object) -> str:
    """What a slide remembers of a widget; empty for what it cannot.

    Parameters
    ----------
    value : object
        The widget's value.

    Returns
    -------
    str
        A text as it is, ``34``, ``1.5``, ``2..5``.
    """
    if isinstance(value, str):
        return value
    ends = value if isinstance(value, tuple) else (value,)
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in ends):
        return ""
    return "..".join(map(repr, ends))


def as_value(key: str, text: str) -> str | float | tuple[float, ...] | None:
    """The value of a widget that a slide remembers; None for none."""
    if key not in NUMBERS or not text:
        return text or None
    try:
        ends = tuple(float(end) if "." in end else int(end) for end in text.split(".."))
    except ValueError:
        return None
    return ends[0] if len(ends) == 1 else ends


def shipped(population: str, title: str = "") -> Talk:
    """Good questions to begin with; `title` is how a link names the population."""
    entries = [(each.title, each.link, each.view) for each in questions(population)]
    entries = entries or [(words, link, {}) for words, link in _ANYBODY]
    about = () if population == _FIRST or not title else (("population", title),)
    slides = (slide(words, link, PLACES, view=view) for words, link, view in entries)
    return Talk(
        tuple(Slide(each.title, each.page, (*about, *each.link), each.view) for each in slides),
        title,
    )
