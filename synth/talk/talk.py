"""A talk as a small JSON file: titles, links into the app, and what the presenter says.

A file from elsewhere is read as from a stranger: anything but a short list of titles, links and
notes is refused in one sentence, and nothing in it is run or opened.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from synth.errors import PopulaceError

FORMAT, EARLIER = "populace-talk/1", "populace-questions/1"
MOST, LARGEST = 40, 200_000
"""Slides of a talk, and bytes of its file."""
TITLE, NOTES = 120, 3000
"""Letters of a slide's title and of its notes."""
_VALUE, _PAIRS = 200, 60
_KEPT = "kept"  # people that are kept are long words of a link
_LONG = 600


@dataclass(frozen=True)
class Places:
    """What a slide may lead to.

    Attributes
    ----------
    pages : tuple of str
        Names of the app's pages; the first is the one without a name in the address.
    widgets : tuple of str
        Keys of the pages' widgets that a slide may set.
    """

    pages: tuple[str, ...]
    widgets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Slide:
    """A view of the app with a title.

    Attributes
    ----------
    title : str
        The headline on stage.
    page : str
        Name of the page.
    link : tuple of (str, str)
        The address's parameters, as the sidebar writes them.
    view : tuple of (str, str)
        Values of the page's own widgets.
    notes : str
        What the presenter says; shown in the presenter's second window alone.
    """

    title: str
    page: str = "profiles"
    link: tuple[tuple[str, str], ...] = ()
    view: tuple[tuple[str, str], ...] = ()
    notes: str = ""

    @property
    def address(self) -> str:
        """The link inside the app: ``/interests?gender=female``."""
        query = urlencode(self.link)
        return f"/{self.page}?{query}" if query else f"/{self.page}"

    def edited(self, title: str, notes: str) -> Slide:
        """The slide with another title and other notes.

        Raises
        ------
        PopulaceError
            The title is empty, or one of them is too long.
        """
        return replace(self, title=_tidy_title(title), notes=_tidy_notes(notes))


@dataclass(frozen=True)
class Talk:
    """Slides in their order.

    Attributes
    ----------
    slides : tuple of Slide
        1 to `MOST`.
    title : str
        Of the talk; may be empty.
    """

    slides: tuple[Slide, ...]
    title: str = ""

    def moved(self, index: int, by: int) -> Talk:
        """The talk with one slide moved up or down; at an end it stays."""
        order, to = list(self.slides), index + by
        if 0 <= index < len(order) and 0 <= to < len(order):
            order.insert(to, order.pop(index))
        return replace(self, slides=tuple(order))

    def without(self, index: int) -> Talk:
        """The talk without one slide."""
        slides = tuple(each for number, each in enumerate(self.slides) if number != index)
        return replace(self, slides=slides)

    def with_slide(self, index: int, slide: Slide) -> Talk:
        """The talk with a slide in the place of another, or at its end."""
        slides = list(self.slides)
        slides[index : index + 1] = [slide]
        return replace(self, slides=tuple(slides))


def slide(
    title: str,
    address: str,
    places: Places,
    *,
    notes: str = "",
    view: Mapping[str, str] | None = None,
) -> Slide:
    """A slide from a link inside the app.

    Parameters
    ----------
    title : str
        The headline.
    address : str
        ``/interests?gender=female``.
    places : Places
        Where it may lead.
    notes : str
        What the presenter says.
    view : mapping of str to str, optional
        Values of widgets; those that `places` does not name are left out.

    Returns
    -------
    Slide

    Raises
    ------
    PopulaceError
        The title is empty or too long, or the link leads elsewhere or is too long.
    """
    tidy = _tidy_title(title)
    if any(unicodedata.category(c) == "Cc" for c in address):
        raise PopulaceError(f"The link of “{tidy}” has characters that no link has: copy it again.")
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_PAIRS)
    except ValueError as error:
        raise PopulaceError(
            f"The link of “{tidy}” cannot be read: copy it from “share this view”."
        ) from error
    page = parts.path.strip("/") or places.pages[0]
    if parts.scheme or parts.netloc or page not in places.pages:
        raise PopulaceError(
            f"The link of “{tidy}” does not lead to a page of this app: write /marginals?gender=…."
        )
    view_values = view or {}
    for name, value in (*pairs, *view_values.items()):
        if len(name) > _VALUE or len(value) > (_LONG if name == _KEPT else _VALUE):
            raise PopulaceError(f"The link of “{tidy}” is too long: ask for fewer things.")
    seen = {name: value for name, value in view_values.items() if name in places.widgets}
    return Slide(tidy, page, tuple(pairs), tuple(sorted(seen.items())), _tidy_notes(notes))


def to_json(talk: Talk) -> bytes:
    """The talk as a file."""
    slides = [
        {
            "title": each.title,
            "link": each.address,
            **({"view": dict(each.view)} if each.view else {}),
            **({"notes": each.notes} if each.notes else {}),
        }
        for each in talk.slides
    ]
    whole = {"format": FORMAT, "title": talk.title, "slides": slides}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def from_json(data: bytes, places: Places) -> Talk:
    """Read what `to_json` wrote, or a list of questions of an earlier version.

    Raises
    ------
    PopulaceError
        It is no talk; one sentence says what is wrong.
    """
    if len(data) > LARGEST:
        raise PopulaceError("This file is too large for a talk: choose another one.")
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PopulaceError("This file is no JSON: save the talk with “Save as a file”.") from error
    if not isinstance(whole, dict) or whole.get("format") not in (FORMAT, EARLIER):
        raise PopulaceError("This file is no talk: save one with “Save as a file”.")
    name = "slides" if whole["format"] == FORMAT else "questions"
    title = whole.get("title", "")
    if set(whole) - {"format", "title", name} or not isinstance(title, str):
        raise PopulaceError(
            f"A talk’s file has a format, a title and {name}: take out what else is in it."
        )
    entries = whole.get(name)
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST:
        raise PopulaceError(f"A talk has 1 to {MOST} slides: this file does not.")
    slides = tuple(_read(entry, number, places) for number, entry in enumerate(entries, start=1))
    return Talk(slides, _tidy(title)[:TITLE])


def _read(entry: Any, number: int, places: Places) -> Slide:
    if not isinstance(entry, dict):
        raise PopulaceError(f"Slide {number} of the file has no title and link: add them.")
    texts = [entry.get("title"), entry.get("link"), entry.get("notes", "")]
    if not all(isinstance(text, str) for text in texts):
        raise PopulaceError(f"Slide {number} of the file has no title and link: add them.")
    if other := set(entry) - {"title", "link", "view", "notes"}:
        raise PopulaceError(
            f"Slide {number} of the file says “{min(other)[:30]}”, which no slide has: take it out."
        )
    view = entry.get("view", {})
    if not isinstance(view, dict) or not all(isinstance(value, str) for value in view.values()):
        raise PopulaceError(f"The view of slide {number} of the file is no list of texts.")
    title, link, notes = texts
    return slide(title, link, places, notes=notes, view=view)


def _tidy(text: str) -> str:
    return " ".join("".join(c for c in text if c.isprintable()).split())


def _tidy_title(title: str) -> str:
    tidy = _tidy(title)
    if not tidy or len(tidy) > TITLE:
        raise PopulaceError(f"A title has 1 to {TITLE} characters: “{tidy[:30]}” has {len(tidy)}.")
    return tidy


def _tidy_notes(notes: str) -> str:
    if len(notes) > NOTES:
        raise PopulaceError(f"Notes have at most {NOTES:,} characters: these have {len(notes):,}.")
    return "".join(c for c in notes if c.isprintable() or c == "\n").strip()
