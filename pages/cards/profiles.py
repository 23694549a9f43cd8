"""The profiles on the page: everybody at once, so that no two of them look alike.

The visitor may give an interest other keywords; they live in the session, and the session's
pictures follow them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.cards import more_pictures
from pages.shared.choice import Choice
from synth.people import appearance

if TYPE_CHECKING:
    from synth.people.pictures.library import Library
    from synth.people.profile import Profile
    from synth.populations import Population

Record = Mapping[str, Any]
Words = tuple[tuple[str, tuple[str, ...]], ...]
"""Interests whose keywords the visitor changed, and the new ones."""

LOOKS = "looks"
"""The key of the widget that says how faces are shared out."""
POSTS, IN_ENGLISH = "posts", "posts in English"
"""The key of the widget that says which language posts are in, and its value for English."""
_EDITS = "edited keywords"


@st.cache_resource(show_spinner=False, max_entries=64)
def _profiles(
    digest: str,
    known: str,
    count: int,
    seed: int,
    edits: Words,
    looks: str,
    written: str,
    fetched: str,
    beside: tuple[str, ...],
    _records: Sequence[Record],
    _choice: Choice,
    _beside: Sequence[Profile],
) -> tuple[Profile, ...]:
    from synth.people.profile import complete

    return complete(
        _records,
        _choice.population,
        seed,
        evidence=_choice.evidence,
        distribution=appearance.distribution(_choice.population, looks),
        language=written,
        library=library(edits),
        keywords=keywords(_choice.population, edits),
        avoid=_beside,
    )


def profiles(
    records: Sequence[Record], choice: Choice, beside: Sequence[Profile] = ()
) -> tuple[Profile, ...]:
    """One profile a record, in their order; the same seed gives the same people.

    `beside` are others on the page, whose names, portraits and pictures are not used again.
    """
    digest, known = choice.population.digest, f"{choice.evidence}|{choice.mark}"
    others = tuple(f"{profile.id} {profile.stream} {profile.name}" for profile in beside)
    return _profiles(
        digest,
        known,
        len(records),
        choice.seed,
        edited(),
        looks(choice.population),
        language(choice.population),
        more_pictures.mark(),
        others,
        records,
        choice,
        beside,
    )


def looks(population: Population) -> str:
    """How faces are shared out where the record does not say: a way of `appearance.ways`."""
    way = st.session_state.get(LOOKS)
    return way if way in appearance.ways(population) else appearance.EVENLY


def language(population: Population) -> str:
    """The language of the posts: the population's own, or English where that was chosen."""
    own = population.society.language
    return "en" if own != "en" and st.session_state.get(POSTS) == IN_ENGLISH else own


# ── Keywords that the visitor changed ────────────────────────────────────────────────────────────


def edited() -> Words:
    """The session's changes."""
    return tuple(sorted(st.session_state.get(_EDITS, {}).items()))


def edit(interest: str, words: tuple[str, ...] | None) -> None:
    """Give an interest other keywords in this session; None brings the shipped ones back.

    Raises `PopulaceError` where a word is new and the model that reads texts is not in the cache.
    """
    edits = dict(edited())
    edits.pop(interest, None)
    if words:
        edits[interest] = words
    library(tuple(sorted(edits.items())))
    st.session_state[_EDITS] = edits


def keywords(population: Population, edits: Words) -> dict[str, tuple[str, ...]]:
    """Interest → keywords of a population, as the session has them."""
    return {**population.keywords, **dict(edits)}


def library(edits: Words) -> Library:
    """The shipped pictures and what the session fetched, knowing all words of its changes."""
    from synth.people.pictures.library import load_library

    fetched = more_pictures.mark()
    if fetched:
        return _with_fetched(edits, fetched)
    return _library(edits) if edits else load_library()


@st.cache_resource(show_spinner=False, max_entries=16)
def _with_fetched(edits: Words, fetched: str) -> Library:
    """`fetched` names what stands beside, for the cache."""
    from synth.people.pictures.library import load_library

    return more_pictures.beside(_library(edits) if edits else load_library())


@st.cache_resource(show_spinner="Reading the new words …", max_entries=16)
def _library(edits: Words) -> Library:
    from synth.errors import PopulaceError
    from synth.people.pictures import standin_scorer
    from synth.people.pictures.library import load_library

    shipped = load_library()
    words = [word for _, new_words in edits for word in new_words]
    new = [word for word in words if word not in shipped.words]
    texts = None
    if new:
        if shipped.scorer_name != standin_scorer.NAME or not standin_scorer.texts_available():
            raise PopulaceError(
                f"“{new[0]}” is new to these pictures and needs the model that reads texts: fetch "
                "it once with `python -m synth models --fetch minilm`."
            )
        texts = standin_scorer.load_texts()
    return replace(shipped.with_words(words, texts), _probabilities={})
