"""Lives over time, real beside synthetic, under facts and any part of a life."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from pages.lives import figures
from pages.shared import address, header, markdown
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.plot import plot
from synth import describe
from synth.errors import PopulaceError
from synth.lives import LifePopulation, Lives, available_lives, load_lives
from synth.lives.summary import typical

_SHOWN, _COMPARED = 300, 2_000
_TITLE, _EVERYONE = "Lives over time", "everyone"


@st.cache_resource(max_entries=8, show_spinner=False)
def _loaded(name: str) -> LifePopulation:
    return load_lives(name)


def _controls() -> tuple[LifePopulation, str, str]:
    """Which lives, of whom, and what is known of them."""
    names = list(available_lives())
    titles = {name: _loaded(name).title for name in names}
    address.read_option("lives", list(titles.values()), titles)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        name = st.selectbox(
            "Lives",
            names,
            format_func=titles.__getitem__,
            key="lives",
            bind="query-params",
            on_change=_forget,
            width=330,
        )
        lives = _loaded(name)
        groups = [_EVERYONE, *(group for group in lives.counts if group)]
        address.read_option("life-group", groups)
        if st.session_state.get("life-group", _EVERYONE) not in groups:
            st.session_state["life-group"] = _EVERYONE
        group = st.selectbox("Whom", groups, key="life-group", bind="query-params", width=180)
        track = lives.model.track
        example = f"{track.columns[track.times // 2]}={(track.words or track.states)[-1]}"
        known = st.text_input(
            "What is known of the life",
            key="life-known",
            bind="query-params",
            placeholder=example,
            help=f"Such as {example}, several with commas between them; “by {track.columns[-1]}=…” "
            "says until then, “ever=…” at any time. A word that several states share means each.",
            width=330,
        )
    return lives, "" if group == _EVERYONE else group, known


def _forget() -> None:
    """What is known of some lives says nothing of others."""
    st.session_state["life-group"], st.session_state["life-known"] = _EVERYONE, ""


def _head(choice: Choice, lives: LifePopulation, people: Lives, group: str) -> None:
    share = escape(describe.share_words(people.probability))
    count = lives.counts[""].people
    conditioned = people.facts or people.life
    begin = f"<b>{share}</b> of these lives · exact, learned" if conditioned else "Learned"
    header.top(
        choice,
        _TITLE,
        f"<em>Lives</em> · {begin} from {count:,} real people · synthetic lives beside shares of "
        f"the real ones{header.facts_left_aside(choice)}",
    )
    header.say(_finding(lives, people, group))


def _finding(lives: LifePopulation, people: Lives, group: str) -> str:
    """The commonest states at both ends, here and among real people of the group; who moves."""
    track = lives.model.track
    real = None if people.life else lives.counts.get(group)
    words = []
    for at in (0, track.times - 1):
        state = int(people.states[at].argmax())
        shares = [f"{people.states[at, state]:.1%}"]
        if real is not None:
            shares.append(f"real people {real.states[at, state] / real.states[at].sum():.1%}")
        words.append(f"“{track.states[state]}” ({', '.join(shares)})")
    stay = np.diagonal(people.moves, axis1=1, axis2=2).sum() / people.moves.sum()
    return (
        f"At {track.labels[0]} the commonest state is {words[0]}, at {track.labels[-1]} "
        f"{words[1]}; from one {track.unit} to the next {1 - stay:.1%} change their state, exact."
    )


def _shares(lives: LifePopulation, people: Lives, group: str) -> None:
    track = lives.model.track
    real = lives.counts.get(group)
    left, right = st.columns(2)
    with left:
        st.html('<div class="pp-column"><h2>Synthetic people</h2><p>exact</p></div>')
        chart = figures.shares(track, people.states)
        plot(chart, key="life-shares", alt="States over time")
    with right:
        if real is None or people.life:
            st.html('<div class="pp-column"><h2>Real people</h2></div>')
            st.info(
                "The shipped counts tell of everyone and of a few groups, not of those with a "
                "known part of a life: here the exact answer stands alone.",
                icon=":material/info:",
            )
            return
        shares = real.states / real.states.sum(axis=1, keepdims=True)
        distance = float(0.5 * np.abs(shares - people.states).sum(axis=1).mean())
        st.html(
            f'<div class="pp-column"><h2>{real.people:,} real people</h2><p>TVD <b>{distance:.3f}'
            "</b>, averaged over times</p></div>"
        )
        chart = figures.shares(track, shares)
        plot(chart, key="life-real", alt="States of real people")


def _lives(lives: LifePopulation, people: Lives, seed: int) -> None:
    track = lives.model.track
    _, codes = people.draw(_COMPARED, seed)
    left, right = st.columns(2)
    with left:
        st.html(f'<div class="pp-column"><h2>{_SHOWN} synthetic lives</h2><p>a row each</p></div>')
        chart = figures.many(track, codes[:_SHOWN])
        plot(chart, key="life-many", alt="Many lives, one a row")
    with right:
        st.html(
            '<div class="pp-column"><h2>Typical lives</h2><p>and the share of lives nearest to '
            "each, estimated</p></div>"
        )
        representatives = typical(codes, seed=seed)
        rows = np.array([codes[person] for person, _ in representatives])
        names = [f"{i + 1}: {share:.0%}" for i, (_, share) in enumerate(representatives)]
        chart = figures.many(track, rows, names)
        plot(chart, key="life-typical", alt="Typical lives")
    st.html(
        f'<div class="pp-column"><h2>Who moves where</h2><p>within a {escape(track.unit)}, exact'
        "</p></div>"
    )
    chart = figures.rates(track, people.moves.sum(axis=0))
    plot(chart, key="life-rates", alt="Rates of moves between states")


@page(note=False)
def _page(choice: Choice) -> None:
    place = st.container()
    lives, group, known = _controls()
    try:
        people = lives.model.given(group, known)
    except PopulaceError as error:
        with place:
            header.top(choice, _TITLE, "<em>Lives</em>")
        st.error(markdown.plain(str(error)))
        return
    with place:
        _head(choice, lives, people, group)
    st.html(figures.key(lives.model.track))
    _shares(lives, people, group)
    _lives(lives, people, choice.seed)
    st.caption(markdown.plain(lives.note))


_page()
