"""The Studio's step "What was understood": the column sheet, remarks and the first rows."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pages.shared import markdown
from pages.studio.sheet import FIXED, MEANINGS, SHEET_KINDS
from pages.studio.state import StudioState
from synth.fitting.plan import USES

_ROW, _MOST_ROWS = 35, 16  # pixels of a row of the sheet, and how many are seen at once
_USES_HELP = (
    "learn: part of the model. weight: says how much a row counts. count: says how many people a "
    "row stands for. keep apart: kept with the rows, never learned. leave out: not kept at all."
)
_MEANING_HELP = (
    "What the column says of a person, as name and levels suggest. Faces and names follow gender "
    "and age; words follow all of them."
)
_WRITTEN_HELP = (
    "How synthetic values are written in text files, by an example: $1,234.50, 12.3%, 70,5, or "
    "No / Yes. Empty for plain numbers."
)
_WORD_HELP = (
    "What stands for a missing value beside the empty cell. Empty it where the word, such as NA, "
    "is a level like the others."
)


def edit_sheet(state: StudioState) -> pd.DataFrame:
    """The editable sheet; what was edited stays when the visitor comes back to the page."""
    key = f"sheet-{state.token}-{state.visits}"
    if key not in st.session_state and state.edited is not state.shown:
        state.shown = state.edited
        state.visits += 1
        key = f"sheet-{state.token}-{state.visits}"
    edited = st.data_editor(
        state.shown,
        key=key,
        hide_index=True,
        height=_ROW * (min(len(state.shown), _MOST_ROWS) + 1) + 3,
        disabled=FIXED,
        placeholder="",
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True, width=170),
            "use": st.column_config.SelectboxColumn(
                "Use", options=USES, required=True, help=_USES_HELP
            ),
            "kind": st.column_config.SelectboxColumn("Kind", options=SHEET_KINDS, required=True),
            "values": st.column_config.TextColumn("Values", width=330),
            "written as": st.column_config.TextColumn(
                "Written as", max_chars=40, width=120, help=_WRITTEN_HELP
            ),
            "missing": st.column_config.NumberColumn("Missing", format="percent"),
            "missing word": st.column_config.TextColumn(
                "Missing word", max_chars=40, help=_WORD_HELP
            ),
            "least": st.column_config.NumberColumn(
                "Least",
                format="localized",
                help="Rows below are left out; nobody below is ever drawn.",
            ),
            "most": st.column_config.NumberColumn(
                "Most",
                format="localized",
                help="Rows above are left out; nobody above is ever drawn.",
            ),
            "label": st.column_config.TextColumn(
                "Label", max_chars=100, help="Words for the screen instead of the name."
            ),
            "meaning": st.column_config.SelectboxColumn(
                "Meaning", options=MEANINGS, required=True, width=150, help=_MEANING_HELP
            ),
        },
        alt="The columns of the table, and what they are used for",
    )
    state.edited = edited
    return edited


def show_notes(state: StudioState) -> None:
    """Draw the remarks on columns and the table’s first rows."""
    notes = [each.note for each in state.understood.columns if each.note]
    if notes:
        label = "1 remark on the columns" if len(notes) == 1 else f"{len(notes)} remarks on columns"
        with st.expander(label, icon=":material/info:"):
            st.markdown("\n".join(f"- {markdown.plain(note)}" for note in notes))
    with st.expander("The first rows", icon=":material/table_rows:"):
        names = [each.column.name for each in state.understood.columns]
        st.dataframe(pd.DataFrame(state.understood.preview, columns=names), hide_index=True)
