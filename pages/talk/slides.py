"""Saved questions of a talk: titles and links, as one small JSON file.

A file from elsewhere is read as from a stranger: anything but a short list of titles and links
inside the app is refused in one sentence, and nothing in it is run or opened.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from pages import NAMES, WIDGETS
from synth.errors import PopulaceError
from synth.shipped_populations import questions

FORMAT = "populace-questions/1"
MOST, LARGEST = 40, 100_000  # questions; bytes
_TITLE, _VALUE, _PAIRS = 120, 200, 60


@dataclass(frozen=True)
class Question:
    """A view of the app with a title.

    Attributes
    ----------
    title: for the list and the presenter's bar.
    page: one of `pages.NAMES`.
    link: the address's parameters, as the sidebar writes them.
    view: values of the page's own widgets, of those in `pages.WIDGETS`.
    """

    title: str
    page: str = "profiles"
    link: tuple[tuple[str, str], ...] = ()
    view: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """The link inside the app: `/interests?gender=female`."""
        page = "" if self.page == NAMES[0] else self.page
        query = urlencode(self.link)
        return f"/{page}?{query}" if query else f"/{page}"


def question(title: str, address: str, **view: str) -> Question:
    """A question from a link inside the app.

    Raises
    ------
    PopulaceError: the title is empty or too long, or the link leads elsewhere or is too long.
    """
    tidy = " ".join("".join(c for c in title if c.isprintable()).split())
    if not tidy or len(tidy) > _TITLE:
        raise PopulaceError(f"A title has 1 to {_TITLE} characters: “{tidy[:30]}” has {len(tidy)}.")
    if any(unicodedata.category(c) == "Cc" for c in address):
        raise PopulaceError(f"The link of “{tidy}” has characters that no link has: copy it again.")
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_PAIRS)
    except ValueError as error:
        raise PopulaceError(
            f"The link of “{tidy}” cannot be read: copy it from “share this view”."
        ) from error
    page = parts.path.strip("/") or NAMES[0]
    if parts.scheme or parts.netloc or page not in NAMES:
        raise PopulaceError(
            f"The link of “{tidy}” does not lead to a page of this app: write /marginals?gender=…."
        )
    for name, value in (*pairs, *view.items()):
        if len(name) > _VALUE or len(value) > _VALUE:
            raise PopulaceError(f"The link of “{tidy}” is too long: ask for fewer things.")
    seen = {name: value for name, value in view.items() if name in WIDGETS}
    return Question(tidy, page, tuple(pairs), tuple(sorted(seen.items())))


def to_json(questions: Iterable[Question]) -> bytes:
    """The list as a file."""
    entries = [
        {
            "title": each.title,
            "link": each.address,
            **({"view": dict(each.view)} if each.view else {}),
        }
        for each in questions
    ]
    whole = {"format": FORMAT, "questions": entries}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def from_json(data: bytes) -> tuple[Question, ...]:
    """Read what `to_json` wrote.

    Raises
    ------
    PopulaceError: it is not such a list; one sentence says what is wrong.
    """
    if len(data) > LARGEST:
        raise PopulaceError("This file is too large for a list of questions: choose another one.")
    try:
        whole = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise PopulaceError("This file is no JSON: save the list with “Save as a file”.") from error
    if not isinstance(whole, dict) or whole.get("format") != FORMAT:
        raise PopulaceError("This file is no list of questions: save one with “Save as a file”.")
    entries = whole.get("questions")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST:
        raise PopulaceError(f"A list holds 1 to {MOST} questions: this file does not.")
    return tuple(_read(entry, number) for number, entry in enumerate(entries, start=1))


def _read(entry: object, number: int) -> Question:
    if not isinstance(entry, dict):
        raise PopulaceError(f"Question {number} of the file has no title and link: add them.")
    title, link, view = entry.get("title"), entry.get("link"), entry.get("view", {})
    if not isinstance(title, str) or not isinstance(link, str):
        raise PopulaceError(f"Question {number} of the file has no title and link: add them.")
    if not isinstance(view, dict) or not all(isinstance(value, str) for value in view.values()):
        raise PopulaceError(f"The view of question {number} of the file is no list of texts.")
    return question(title, link, **{str(name): value for name, value in view.items()})


def moved(questions: Sequence[Question], index: int, by: int) -> tuple[Question, ...]:
    """The list with one question moved up or down; at an end it stays."""
    order, to = list(questions), index + by
    if 0 <= index < len(order) and 0 <= to < len(order):
        order.insert(to, order.pop(index))
    return tuple(order)


def shipped(population: str, title: str = "") -> tuple[Question, ...]:
    """Good questions to begin with; `title` is how a link names the population."""
    entries = [(each.title, each.link, each.view) for each in questions(population)] or _ANYBODY
    about = () if population == _FIRST or not title else (("population", title),)
    return tuple(
        Question(each.title, each.page, (*about, *each.link), each.view)
        for each in (question(words, link, **view) for words, link, view in entries)
    )


_FIRST = "us-time-use"
_ANYBODY: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Everybody", "/", {}),
    ("Are they like the real ones?", "/marginals", {}),
    ("What hangs together?", "/correlations", {}),
)
