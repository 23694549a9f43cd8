"""Why these pictures? The matrix behind a card, and the words of its interests."""

from __future__ import annotations

import base64
import io
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.cards import more_pictures
from pages.cards.profiles import edit, edited, keywords, library
from pages.shared import markdown
from pages.shared.problems import show_problem
from synth.errors import PopulaceError
from synth.interests.vocabulary import interest_title, read_words

if TYPE_CHECKING:
    from pages.cards.selection import Card
    from synth.people.pictures.library import Library
    from synth.people.pictures.library import Picture as Stored
    from synth.people.pictures.why import Why

_AGAIN = "why again"


@st.dialog("Why these pictures?", width="large", icon=":material/image_search:")
def explain(card: Card) -> None:
    """The person's words, the pictures considered, and how well each picture fits each word."""
    from synth.people.pictures import why

    profile, population = card.profile, card.choice.population
    edits = edited()
    words = keywords(population, edits)
    try:
        pictures = library(edits)
        explanation = why.explain(
            profile.choices, profile.interests, pictures, pictures.known(words)
        )
    except PopulaceError as error:
        st.write(markdown.plain(str(error)))
    else:
        room = 'class="pp-heat-room" role="region" tabindex="0" aria-label="The pictures and words"'
        st.html(f"<div {room}>{_table(explanation, library(edits))}</div>")
        st.caption(_legend(explanation))
    if profile.interests:
        _words(card, words)
        more_pictures.show(
            {name: words[name] for name in profile.interests if name in words},
            partial(_reopen, card.key),
        )


def _reopen(key: str) -> None:
    st.session_state[_AGAIN] = key


def reopen(key: str) -> bool:
    """Whether the dialog of this person was closed to bring new pictures and opens again."""
    if st.session_state.get(_AGAIN) != key:
        return False
    del st.session_state[_AGAIN]
    return True


# ── The matrix ───────────────────────────────────────────────────────────────────────────────────


def _legend(explanation: Why) -> str:
    return markdown.plain(
        "Each picture shares out 100% among the words and “anything else”; the word it gives most "
        "to is framed. The last line is the score that decides: the picture choosing among all "
        f"interests. Below {explanation.threshold:.0%} a picture is not shown, unless somebody "
        f"looked at it and found that it fits (✓). Scored by: {explanation.scorer}."
    )


def _table(explanation: Why, pictures: Library) -> str:
    heads, scores = [], []
    for each in explanation.pictures:
        choice = each.choice
        topic = escape(interest_title(choice.interest))
        place = "on the card" if each.shown else "next best"
        heads.append(
            f'<th scope="col" class="{"pp-shown" if each.shown else ""}">'
            f'<img src="{_thumbnail(pictures, choice.picture)}" '
            f'alt="{escape(choice.picture.caption)}" title="{escape(choice.picture.credit)}">'
            f"<b>{place}</b><span>{topic}</span></th>"
        )
        seen = " ✓" if choice.curated else ""
        scores.append(f"<td><b>{choice.probability:.0%}</b>{seen}</td>")
    body, last = [], None
    for column, (word, interest) in enumerate(
        zip(explanation.words, explanation.interests, strict=True)
    ):
        if interest != last and interest:
            body.append(
                f'<tr class="pp-group"><th colspan="{len(heads) + 1}" scope="rowgroup">'
                f"{escape(interest_title(interest))}</th></tr>"
            )
        last = interest
        cells = "".join(
            _cell(float(explanation.matrix[row, column]), explanation.winner(row) == column)
            for row in range(len(explanation.pictures))
        )
        quiet = ' class="pp-else"' if not interest else ""
        body.append(f'<tr{quiet}><th scope="row">{escape(word)}</th>{cells}</tr>')
    return (
        '<table class="pp-heat"><thead><tr><td></td>'
        f"{''.join(heads)}</tr></thead><tbody>{''.join(body)}</tbody>"
        f'<tfoot><tr><th scope="row">its interest’s score</th>{"".join(scores)}</tr></tfoot>'
        "</table>"
    )


def _cell(share: float, wins: bool) -> str:
    text = f"{share:.0%}" if share >= 0.005 else ""
    kind = ' class="pp-wins"' if wins else ""
    return f'<td{kind} style="--share:{min(100, round(share * 100))}%">{text}</td>'


@st.cache_data(show_spinner=False, max_entries=512)
def _small(path: str, focus: tuple[float, float]) -> str:
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        small = ImageOps.fit(image.convert("RGB"), (144, 96), centering=focus)
    buffer = io.BytesIO()
    small.save(buffer, "WEBP", quality=70)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def _thumbnail(pictures: Library, picture: Stored) -> str:
    return _small(str(pictures.path(picture)), picture.focus)


# ── The words ────────────────────────────────────────────────────────────────────────────────────


def _words(card: Card, words: dict[str, tuple[str, ...]]) -> None:
    """Words of an interest, to be changed for this session."""
    interests = card.profile.interests
    st.html('<h3 class="pp-section">Other words for an interest</h3>')
    interest = st.segmented_control(
        "Interest",
        interests,
        default=interests[0],
        required=True,
        format_func=lambda name: markdown.plain(interest_title(name)),
        key="why-interest",
        label_visibility="collapsed",
    )
    now = words.get(interest or interests[0], ())
    text = st.text_area(
        "Words, separated by commas",
        ", ".join(now),
        key=f"why-words-{interest}-{'|'.join(now)}",
        height=70,
        help="The concrete, photographable ones first. All pictures of this session follow them.",
    )
    changed = interest in dict(edited())
    with st.container(horizontal=True, gap="small"):
        use = st.button("Use these words", key="why-use", type="primary")
        back = changed and st.button("Back to the shipped words", key="why-back")
    if not use and not back:
        return
    try:
        edit(interest, read_words(text) if use else None)
    except PopulaceError as error:
        show_problem(error)
        return
    _reopen(card.key)
    st.rerun()
