"""A question about dates whose day and month could be mistaken for each other."""

from __future__ import annotations

import streamlit as st

from pages.shared import markdown
from pages.studio.sheet import DAY_FIRST, MONTH_FIRST, ORDERS, kind_of
from pages.studio.state import StudioState
from synth.fitting.plan import Correction, Plan


def ask_orders(state: StudioState, plan: Plan) -> Plan:
    """The plan with dates read in the order that is chosen, where every date allows both."""
    for inspected in state.understood.columns:
        column = plan.schema[inspected.column.name]
        kind = kind_of(column)
        is_open = inspected.note.startswith(f"Column {column.name} is read as ")
        if not is_open or kind not in ORDERS:
            continue
        example = column.example
        chosen = st.segmented_control(
            f"Which comes first in {markdown.plain(column.title)}, as in {example}?",
            (DAY_FIRST, MONTH_FIRST),
            format_func=lambda each: "Day" if each == DAY_FIRST else "Month",
            default=kind,
            key=f"order-{state.token}-{column.name}-{kind}",
            help="All of its dates would be dates in the other order as well.",
        )
        if chosen is not None and chosen != kind:
            plan = plan.corrected([Correction(column.name, written=ORDERS[chosen])])
    return plan
