"""The Studio's plan: what is to be learned of a table, asked step by step."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared import markdown
from pages.shared.problems import show_problem
from pages.studio.dates import ask_orders
from pages.studio.identifiable import ask_identifiable
from pages.studio.interests import choose_interests
from pages.studio.parts import show_progress, step
from pages.studio.sheet import corrections
from pages.studio.state import StudioState
from pages.studio.understood import edit_sheet, show_notes
from pages.studio.who import ask_who, preview
from synth.constraints.derived import Cut, Elapsed, Sum
from synth.constraints.discovery import Lookup
from synth.constraints.rules import Rule
from synth.data.templates import PATTERN
from synth.errors import PopulaceError
from synth.fitting.derive import deriving
from synth.fitting.plan import Plan

_MANY = 30  # dependences shown one by one
_FOLLOWS = {Cut: "range", Sum: "sum", Elapsed: "time between", Lookup: "look-up", Rule: "order"}
# Where fabricated names and addresses may come from.
_PLACES = {
    "en_US": "the United States",
    "en_GB": "Great Britain",
    "de_DE": "Germany",
    "fr_FR": "France",
    "es_ES": "Spain",
    "it_IT": "Italy",
    "nl_NL": "the Netherlands",
    "pl_PL": "Poland",
    "pt_BR": "Brazil",
}
_RULES_HELP = (
    "One rule a line, true of every person: a column, a sign (< <= > >= = !=), and a number, a "
    "level or another column. `if age < 18 then marital = single` speaks of some. Names with signs "
    "in them stand in double quotes. Rows of yours that break a rule are counted and left out."
)


def ask_plan(state: StudioState) -> Plan | None:
    """The plan that the page says; None, with a sentence, where it cannot be followed."""
    step("What was understood")
    edited = edit_sheet(state)
    show_notes(state)
    plan = Plan.of(state.understood)
    try:
        plan = ask_orders(state, plan.corrected(corrections(state.sheet, edited)))
    except PopulaceError as error:
        show_problem(error)
        return None
    step("Who is who")
    ask_who(state)
    preview(state, plan)
    plan = _fabricated(state, plan)
    step("What follows from what")
    plan = _derived(state, _dependences(state, plan))
    step("What must hold")
    ruled: Plan | None = None
    try:
        ruled = _rules(state, plan)
    except PopulaceError as error:
        show_problem(error)
    step("Interests")
    try:
        planned = choose_interests(state, ruled or plan)
    except PopulaceError as error:
        show_problem(error)
        return None
    show_progress(state, "list", "interests")
    step("Who could be found")
    ask_identifiable(state, planned)
    return planned if ruled is not None else None


def _fabricated(state: StudioState, plan: Plan) -> Plan:
    """Ticks for columns that are left out and could be made new for every synthetic person."""
    offers = {
        each.column.name: each
        for each in state.understood.columns
        if each.make and plan.schema[each.column.name].role == "skip"
    }
    if not offers:
        return plan
    step("What is made new")
    st.caption(
        "These columns say who somebody is, so they are left out. A ticked one is made new for "
        "every synthetic person: of the same shape, and never a real person’s value."
    )
    make = {}
    grid = st.grid(2, min_column_width=300, gap=4, key="studio-make")
    for name, each in offers.items():
        with grid.cell():
            if st.checkbox(
                f"{markdown.plain(name)} :gray[({markdown.plain(_how_fabricated(each.make))})]",
                key=f"make-{state.token}-{name}",
                persist_state="session",
            ):
                make[name] = each.make
    if any(how != PATTERN for how in make.values()):
        locale = st.selectbox(
            "Names and addresses of",
            tuple(_PLACES),
            format_func=_PLACES.__getitem__,
            key=f"locale-{state.token}",
            filter_mode=None,
            persist_state="session",
        )
        make = {n: how if how == PATTERN else f"{how}:{locale}" for n, how in make.items()}
    return plan.making(make)


def _how_fabricated(spec: str) -> str:
    """How a column would be made, in words."""
    if spec == PATTERN:
        return "in the same shape"
    provider = spec.partition(":")[2]
    words = {"email": "e-mail address", "iban": "IBAN", "phone": "telephone number"}
    return f"a made {words.get(provider, provider.replace('_', ' '))}"


def _dependences(state: StudioState, plan: Plan) -> Plan:
    """Ticks for what follows from what."""
    if not plan.derived and not plan.lookups and not plan.rules:
        st.caption("No column follows from others in every row.")
        return plan
    st.caption(
        "Found in every row of your table. A ticked one holds in every synthetic row too: sums and "
        "ranges are worked out instead of learned, look-ups and orders are kept exactly."
    )
    shown = [*plan.derived, *plan.lookups, *plan.rules]
    kept = list(shown[_MANY:])
    grid = st.grid(2, min_column_width=300, gap=4, key="studio-ticks")
    for rule in shown[:_MANY]:
        with grid.cell():
            kind = _FOLLOWS[type(rule)]
            if st.checkbox(
                f"{markdown.plain(str(rule))} :gray[({kind})]",
                value=True,
                key=f"tick-{state.token}-{rule}",
                persist_state="session",
            ):
                kept.append(rule)
    plan = replace(plan, rules=tuple(rule for rule in plan.rules if rule in kept))
    return plan.following(
        [rule for rule in plan.derived if rule in kept],
        [rule for rule in plan.lookups if rule in kept],
    )


def _derived(state: StudioState, plan: Plan) -> Plan:
    """Columns that the user adds; the plan as it was, with a sentence, where one is no formula."""
    text = st.text_area(
        "Columns to work out in every row",
        key=f"derive-{state.token}",
        placeholder="age = years(admitted - born)\ntotal = work + home",
        help="Days, weeks, months, years, hours, minutes or seconds between two dates, or a sum "
        "of numbers; one a line.",
        height=80,
        persist_state="session",
    )
    try:
        return deriving(plan, [line for line in (text or "").splitlines() if line.strip()])
    except PopulaceError as error:
        show_problem(error)
        return plan


def _rules(state: StudioState, plan: Plan) -> Plan:
    text = st.text_area(
        "Rules",
        key=f"rules-{state.token}",
        placeholder="age >= 15\nborn < died\nif age < 18 then marital = single",
        help=_RULES_HELP,
        height=120,
        persist_state="session",
    )
    return plan.ruled("\n".join(plan.rule_texts([text or ""])))
