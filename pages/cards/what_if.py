"""What if she were 60? A person before and after, side by side, in a dialog."""

from __future__ import annotations

import threading
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.cards import life, selection
from pages.cards.card import markup
from pages.cards.profiles import Record, edited, keywords, language, library
from pages.shared import markdown
from pages.shared.problems import show_problem
from synth import describe
from synth.data.column import MISSING, Column
from synth.data.evidence import Evidence, OneOf
from synth.data.formats import DateFormat
from synth.errors import PopulaceError
from synth.people.facts import Facts, facts_of
from synth.people.life import ages
from synth.people.portraits import weights
from synth.people.what_if import WhatIf, exactly, lasting, redress, what_if

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from pages.cards.selection import Card
    from synth.people.portraits.editing import Likeness
    from synth.people.portraits.live import Tools
    from synth.people.profile import Profile
    from synth.populations import Population

_MOST = 4  # facts that may change at once
_FACTS, _LIFE = "Change facts", "From 20 to 80"


@st.dialog("What if …", width="large", icon=":material/alt_route:")
def ask(card: Card) -> None:
    """Change facts of a person and see who they would be."""
    population = card.choice.exact_population
    schema = population.modelled
    at = f"whatif-{card.key}"
    if ages(population):
        way = st.segmented_control(
            "What to ask",
            (_FACTS, _LIFE),
            default=_FACTS,
            required=True,
            key=f"{at}-way",
            label_visibility="collapsed",
        )
        if way == _LIFE:
            life.show(card, _after)
            return
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        first = _first(population)
        changing = st.multiselect(
            "What changes",
            schema.names,
            [first],
            format_func=lambda name: schema[name].title,
            key=f"{at}-changes",
            max_selections=_MOST,
            width=320,
        )
        facts = {name: _new(schema[name], card.record.get(name), at) for name in changing}
        draw = st.session_state.setdefault(f"{at}-draw", 0)
    others = [name for name in schema.names if name not in changing]
    staying = {*card.choice.evidence, *lasting(card.record, schema, changing)}
    kept = st.pills(
        "What stays",
        others,
        selection_mode="multi",
        default=[name for name in others if name in staying],
        format_func=lambda name: markdown.plain(schema[name].title),
        key=f"{at}-stays-{'-'.join(changing)}",
        help="All other facts change as little as the posterior allows: the person keeps their "
        "place among people like them.",
    )
    room = st.container()
    changes = Evidence(facts)
    try:
        result = what_if(card.record, population, changes, keep=kept or (), seed=draw)
    except PopulaceError as error:
        stays = {name: exactly(schema[name], card.record.get(name)) for name in kept or ()}
        words = describe.sentence(str(error), Evidence(stays) | changes, population)
        with room:
            show_problem(words)
        return
    _show(card, result, room, f"{result.changes}|{result.kept}|{draw}", at)


def _show(card: Card, result: WhatIf, room: DeltaGenerator, mark: str, at: str) -> None:
    population = card.choice.exact_population
    with room:
        st.html(f'<p class="pp-if">{_share(result, population)}</p>')
        left, right = st.columns(2, gap="medium")
        with left, st.container(border=True, key="whatif-before"):
            st.html(markup(card.profile, population, "before"))
        after_room = right.container(border=True, key="whatif-after")
        st.html(_rows(card.record, result, population))
        if result.shifts:
            st.html(_shifts(result))
        buttons = st.container(horizontal=True, gap="small")
        profile = _after(card, result, after_room)
        with after_room:
            st.html(markup(profile, population, "after"))
            st.caption(markdown.plain(profile.notes[-1] if profile.notes else ""))
        buttons.button(
            "Draw again",
            key=f"{at}-again",
            icon=":material/casino:",
            on_click=_again,
            args=(f"{at}-draw",),
            help="Another person of whom the same holds.",
        )
        remark = f"what if {', '.join(describe.facts(result.changes, population))}"
        after = selection.changed(card, profile, remark, mark)
        if buttons.button("Keep on the page", key=f"{at}-keep", icon=":material/keep:"):
            selection.keep(after)
            st.rerun()


def _again(key: str) -> None:
    st.session_state[key] += 1


# ── Widgets ──────────────────────────────────────────────────────────────────────────────────────


def _first(population: Population) -> str:
    names = population.modelled.names
    age = population.modelled.first("age")
    if age is not None:
        return age.name
    return next((name for name in population.featured if name in names), names[0])


def _new(column: Column, value: Any, at: str) -> OneOf:
    """The column's new value, asked for by a widget of its kind."""
    title, key = markdown.plain(column.title), f"{at}-{column.name}"
    if column.is_number:
        return exactly(column, _number(column, value, title, key))
    now = exactly(column, value).values[0]
    states = (*column.levels, *((MISSING,) if column.missing else ()))
    other = next((number for number, state in enumerate(states) if state != now), 0)
    shown = markdown.titles(column, states)
    chosen = st.selectbox(
        title, states, other, format_func=lambda s: shown.get(s, s), key=key, width=240
    )
    return OneOf((chosen,))


def _number(column: Column, value: Any, title: str, key: str) -> float:
    lower, upper = column.lower or 0, column.upper or 0
    now = lower if describe.is_missing(value) else float(value)
    middle = (lower + upper) / 2
    other = (60.0 if now <= 45 else 30.0) if column.means == "age" else middle
    other = min(max(other, lower), upper)
    if column.kind == "integer" and upper - lower <= 200:
        return st.slider(title, int(lower), int(upper), round(other), key=key, width=260)
    form = column.format
    if isinstance(form, DateFormat) and form.unit == "D":
        first, last, then = (form.moment(round(end)) for end in (lower, upper, other))
        day = st.date_input(title, then, first, last, format="YYYY-MM-DD", key=key, width=200)
        named = form.bounds(day.isoformat()) if isinstance(day, date) else None
        return other if named is None else named[0]
    step = 1 if column.kind == "integer" else float(column.step or 0.01)
    kind = int if column.kind == "integer" else float
    return st.number_input(
        title, kind(lower), kind(upper), kind(other), step=step, key=key, width=200
    )


# ── Words ────────────────────────────────────────────────────────────────────────────────────────


def _share(result: WhatIf, population: Population) -> str:
    share = f"<b>{escape(describe.share_words(result.share))}</b>"
    changes = escape(describe.predicate(result.changes, population))
    if not result.kept:
        return f"How likely? {share} of this population {changes}."
    kept = escape(describe.question(result.kept, population))
    return f"How likely? Of everybody who shares what stays ({kept}), {share} {changes}."


def _rows(before: Record, result: WhatIf, population: Population) -> str:
    schema = population.modelled
    rows = []
    for name in result.differs:
        column, new_fact = schema[name], name in result.changes
        old = escape(describe.record_words(column, before.get(name)))
        new = escape(describe.record_words(column, result.record.get(name)))
        rows.append(
            f'<tr class="{"pp-changed" if new_fact else ""}">'
            f'<th scope="row">{escape(column.title)}</th>'
            f"<td>{old}</td><td>{new}</td></tr>"
        )
    same = len(schema.names) - len(result.differs)
    caption = "Only what was changed." if not rows else f"{same} other facts are the same."
    return (
        '<table class="pp-before-after"><thead><tr><th scope="col">What changed</th>'
        f'<th scope="col">before</th><th scope="col">after</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody><caption>{caption}</caption></table>"
    )


def _shifts(result: WhatIf) -> str:
    items = []
    for shift in result.shifts:
        title = escape(shift.column.title)
        label = escape(describe.level_words(shift.column, shift.label))
        items.append(
            f"<li><b>{title}: {label}</b> {escape(describe.share_words(shift.before))} → "
            f"{escape(describe.share_words(shift.after))}</li>"
        )
    return (
        '<p class="pp-if">What the change moves most among everybody who shares what stays '
        f'(exact):</p><ul class="pp-shifts">{"".join(items)}</ul>'
    )


# ── The person after the change ──────────────────────────────────────────────────────────────────


def _after(card: Card, result: WhatIf, room: DeltaGenerator) -> Profile:
    population, before = card.choice.exact_population, card.profile
    with room, st.spinner("Looking for the face; the first time takes longest …", show_time=True):
        face = _likeness(before, facts_of(result.record, population.schema))
    edits = edited()
    return redress(
        before,
        result,
        population,
        face,
        library=library(edits),
        keywords=keywords(population, edits),
        language=language(population),
    )


def _likeness(before: Profile, after: Facts) -> Likeness:
    old, new = (before.gender, before.facts.age), (after.gender, after.age)
    name = before.portrait.name if before.portrait is not None else ""
    far = old[1] is not None and new[1] is not None and abs(old[1] - new[1]) > 5
    needed = bool(name) and new[1] is not None and (far or old[0] != new[0])
    return _face(name, old, new, needed and weights.are_here(), before)


@st.cache_resource(show_spinner=False, max_entries=256)
def _face(
    name: str,
    old: tuple[str, float | None],
    new: tuple[str, float | None],
    ready: bool,
    _before: Profile,
) -> Likeness:
    from synth.people.portraits.bank import shipped
    from synth.people.portraits.editing import likeness

    if not ready:
        return likeness(_before.portrait, shipped(), old, new)
    with _lock():
        try:
            tools = _tools()
        except PopulaceError:
            reason = "the generator could not be loaded"
            return likeness(_before.portrait, shipped(), old, new, reason=reason)
        return likeness(_before.portrait, shipped(), old, new, tools)


@st.cache_resource(show_spinner=False)
def _lock() -> threading.Lock:
    return threading.Lock()


@st.cache_resource(show_spinner=False)
def _tools() -> Tools:
    from synth.people.portraits.live import Tools

    return Tools.load()
