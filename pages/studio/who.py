"""The Studio's step "Who is who": which column says what of a person, and how a card reads then."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

import streamlit as st

from pages.studio.sheet import NO_MEANING
from pages.studio.state import StudioState
from synth import describe
from synth.data.column import Column
from synth.data.meaning import children_of, ethnicity_of, gender_of, years_of
from synth.data.schema import Schema
from synth.fitting.plan import Plan

LABELS = {
    "gender": "Gender",
    "age": "Age",
    "age group": "Age group",
    "marital": "Marital status",
    "education": "Education",
    "occupation": "Occupation",
    "ethnicity": "Ethnicity",
}
"""Meaning → the question's label; the sheet offers the others too."""
_KINDS = {"age": ("integer", "real")}
_NOBODY = "no column"
_USUAL_AGE = 40.0


def ask_who(state: StudioState) -> None:
    """Ask which column says gender, age and so on; the sheet follows."""
    names = [str(name) for name in state.edited["column"]]
    kinds = dict(zip(names, state.edited["kind"], strict=True))
    meanings = dict(zip(state.edited["meaning"], names, strict=True))
    grid = st.grid(4, min_column_width=150, gap=12, key="studio-who")
    for meaning, label in LABELS.items():
        wanted = _KINDS.get(meaning, ("categorical", "boolean"))
        options = [_NOBODY, *(name for name in names if kinds[name] in wanted)]
        at = meanings.get(meaning, _NOBODY)
        key = f"who-{state.token}-{meaning}"
        st.session_state[key] = at if at in options else _NOBODY
        with grid.cell():
            st.selectbox(
                label, options, key=key, filter_mode=None, on_change=_chosen, args=(state, meaning)
            )


def _chosen(state: StudioState, meaning: str) -> None:
    """Write a choice into the sheet, and open the sheet anew."""
    column = st.session_state[f"who-{state.token}-{meaning}"]
    frame = state.edited.copy()
    frame.loc[frame["meaning"] == meaning, "meaning"] = NO_MEANING
    frame.loc[frame["column"] == column, "meaning"] = meaning
    state.edited = state.shown = frame
    state.visits += 1


def preview(state: StudioState, plan: Plan) -> None:
    """A card as it would read of the first row; only its visitor sees it."""
    rows = state.understood.preview
    if not rows:
        return
    names = [each.column.name for each in state.understood.columns]
    schema = plan.schema
    learned = Schema(tuple(column for column in schema if column.role == "model"))
    record = {
        name: _value(schema[name], text)
        for name, text in zip(names, rows[0], strict=True)
        if name in learned
    }
    line = describe.schema_line(record, learned)
    st.html(
        f'<div class="pp-who">{_face(record, learned)}<div><p class="pp-who-head">A card would '
        f'begin so</p><p class="pp-line">{escape(line) or "nothing is known of this person"}</p>'
        '<p class="pp-note">Your table’s first row, shown to you alone; names and faces of '
        "synthetic people are made up.</p></div></div>"
    )


def _value(column: Column, text: str) -> str | float | bool | None:
    """A cell of the preview as a record holds it."""
    if not text:
        return None
    if column.kind == "boolean":
        return children_of(text)
    if column.is_number:
        try:
            return float(text.replace(",", ""))
        except ValueError:
            return None
    return text


def _face(record: Mapping[str, object], schema: Schema) -> str:
    """A portrait of the bank that suits the record; nothing where its gender is not known."""
    from synth.errors import PopulaceError
    from synth.people.portraits.bank import shipped

    gender, age = schema.first("gender"), schema.first("age") or schema.first("age group")
    group = schema.first("ethnicity")
    if gender is None:
        return ""
    read = gender_of(record.get(gender.name), gender.levels)
    years = None if age is None else years_of(record.get(age.name))
    ethnicity = None if group is None else ethnicity_of(record.get(group.name))
    if read == "unknown":
        return ""
    try:
        picked = shipped().pick(read, years or _USUAL_AGE, ethnicity or "Other", "preview")
    except PopulaceError:
        return ""
    data = base64.b64encode(picked.webp()).decode()
    return f'<img alt="A synthetic portrait" src="data:image/webp;base64,{data}">'
