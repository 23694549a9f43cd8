"""The Studio's section on interests: where they are to come from, and what was found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from pages.shared import markdown
from pages.studio.state import StudioState, current_state
from synth.data.readers.containers import ENDINGS
from synth.errors import PopulaceError
from synth.fitting.inspection import ColumnInspection
from synth.fitting.interests import FEWEST, TOPICS, InterestSource
from synth.fitting.plan import Plan
from synth.populations import Population

_NONE, _TEXT, _THINGS = "none", "what people write", "what people do"
_EACH_ONCE = "each row counts once"
_USUAL = 10  # interests, unless the visitor says otherwise
_MOST_WORDS = 6  # keywords shown of each interest


def choose_interests(state: StudioState, plan: Plan) -> Plan:
    """Ask where interests are to come from.

    Parameters
    ----------
    state : StudioState
        The visitor's table.
    plan : Plan
        What is to be learned so far.

    Returns
    -------
    Plan
        The plan with the source of interests.

    Raises
    ------
    PopulaceError
        The source cannot be used; one sentence says why.
    """
    token = state.token
    source = st.segmented_control(
        "Learn interests from",
        (_NONE, _TEXT, _THINGS),
        default=_NONE,
        required=True,
        key=f"interests-{token}",
        help="A column of texts in your table, or a second table that says who did what. They "
        "become each person’s first, second and third interest.",
        persist_state="session",
    )
    if source == _NONE:
        return plan
    wanted = _of_texts(state) if source == _TEXT else _of_things(state)
    if wanted is None:
        return plan
    plan = replace(plan, interests=wanted).checked()
    if state.interest_source == wanted and state.interests:
        note = markdown.plain(state.interests_note)
        st.caption(f"{note} The share is of those who have one first.")
        show_interests([(each.name, each.keywords, each.share) for each in state.interests])
    elif state.job is None:
        st.button(
            "Show them first",
            key="studio-find",
            icon=":material/interests:",
            help="They are learned in any case when you learn the population.",
            on_click=state.find_interests,
            args=(plan,),
        )
    return plan


def show_interests(
    interests: Iterable[tuple[str, Sequence[str], float | None]],
) -> None:
    """Draw interests by name, with the share of people who have each first, and keywords."""
    lines = []
    for name, keywords, share in interests:
        words = "" if share is None else f" <em>{share:.0%}</em>"
        few = ", ".join(keywords[:_MOST_WORDS])
        lines.append(f"<li><b>{escape(name)}</b>{words}<span>{escape(few)}</span></li>")
    st.html(f'<ul class="pp-interest-list">{"".join(lines)}</ul>')


def show_learned(population: Population) -> None:
    """Draw the interests that a population was learned with, the commonest first."""
    if not population.learned_keywords or not population.interests:
        return
    first = population.given().marginal(population.interests[0])
    shares = dict(zip(first.labels, first.probabilities, strict=True))
    interests = [
        (name, keywords, float(shares.get(name, 0.0)))
        for name, keywords in population.keywords.items()
    ]
    interests.sort(key=lambda interest: -interest[2])
    with st.expander("The interests, by how many have them first", icon=":material/interests:"):
        show_interests(interests)


def _of_texts(state: StudioState) -> InterestSource | None:
    texts = [each for each in state.understood.columns if each.column.kind == "categorical"]
    if not texts:
        st.caption("Your table has no column of texts.")
        return None
    texts.sort(key=lambda each: -max((len(text.split()) for text in each.examples), default=0))
    left, right = st.columns([2, 1])
    text = left.selectbox(
        "Column of texts",
        [each.column.name for each in texts],
        key=f"text-{state.token}",
        help=f"Words that fewer than {FEWEST} people use are left out.",
        persist_state="session",
    )
    with right:
        topics = _how_many(state)
    return InterestSource(topics, text=text)


def _of_things(state: StudioState) -> InterestSource | None:
    things, token = state.second_table, state.token
    if things is None:
        if state.job is not None:
            st.caption("A second table can be laid beside it when the work above is done.")
            return None
        key = f"things-{token}"
        st.file_uploader(
            "A second table, a row for each person and thing: CSV, Excel, Parquet or JSON lines",
            type=list(ENDINGS),
            key=key,
            on_change=_taken,
            args=(key,),
        )
        st.caption("As long as there is none, the population is learned without interests.")
        return None
    if len(things.columns) < 2:
        raise PopulaceError(f"{things.name} has only one column: who and what are needed.")
    with st.container(horizontal=True, vertical_alignment="center", key="studio-things"):
        st.html(
            f'<p class="pp-studio-file"><b>{escape(things.name)}</b> · {things.rows:,} rows</p>',
            width="stretch",
        )
        st.button(
            "Another one",
            key="studio-things-another",
            icon=":material/upload_file:",
            type="tertiary",
            disabled=state.job is not None,
            on_click=state.remove_second_table,
        )
    own = [each.column.name for each in state.understood.columns]
    likely = next((i for i, each in enumerate(state.understood.columns) if _is_key(each)), 0)
    place = (token, things.name)
    grid = st.grid(2, min_column_width=240, gap=12, key="studio-second-table")
    with grid.cell():
        key = _column("Who, in your table", own, likely, (*place, "key"))
    columns = list(things.columns)
    with grid.cell():
        at = columns.index(key) if key in columns else 0
        person = _column("Who, in the second table", columns, at, (*place, "person"))
    rest = [name for name in columns if name != person]
    texts = [name for name in rest if name not in things.numbers]
    with grid.cell():
        item = _column("What", rest, rest.index(texts[0]) if texts else 0, (*place, "item"))
    amounts = [name for name in things.numbers if name not in (person, item)]
    with grid.cell():
        amount = _column("How much", [_EACH_ONCE, *amounts], 0, (*place, "amount"))
    topics = _how_many(state)
    return InterestSource(topics, "", key, person, item, "" if amount == _EACH_ONCE else amount)


def _column(label: str, names: list[str], at: int, key: tuple[str, ...]) -> str:
    return st.selectbox(
        label, names, index=at, key=f"second-table-{'-'.join(key)}", persist_state="session"
    )


def _how_many(state: StudioState) -> int:
    return st.slider(
        "How many interests", *TOPICS, _USUAL, key=f"topics-{state.token}", persist_state="session"
    )


def _is_key(inspected: ColumnInspection) -> bool:
    return "identifier" in inspected.note or "looks like a key" in inspected.note


def _taken(key: str) -> None:
    """The second table has come in."""
    upload = st.session_state.get(key)
    if upload is not None:
        current_state().take_second_table(upload.name, upload.getbuffer())


__all__ = ["choose_interests", "show_interests", "show_learned"]
