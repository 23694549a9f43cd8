"""Talks in this app: where their slides may lead, and the one that ships with a population."""

from __future__ import annotations

from pages import NAMES, WIDGETS
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
