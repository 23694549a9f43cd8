"""Fill the gaps and find odd rows of a table, by the population that was learned."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared import markdown
from pages.shared.files import file_button
from pages.shared.problems import show_problem
from synth.bayes.budget import limited
from synth.data.schema import Schema
from synth.data.table import read_frame
from synth.data.writers import csv_bytes, parquet_bytes
from synth.data.written import restore
from synth.errors import PopulaceError
from synth.generators import DEFAULT
from synth.populations import Population
from synth.populations.completion import Completion, Method, complete
from synth.populations.scoring import Scores, score

SECONDS = 120.0
"""How long one table may take."""
_SHOWN = 200  # rows on the screen
_ODD = 12  # rows told in words
_FILL, _FIND = "Fill the gaps", "Odd rows"


def ask_of_rows(population: Population, own: pd.DataFrame | None) -> None:
    """The section; nothing where the population's model is no network.

    Parameters
    ----------
    population : Population
        What was learned.
    own : DataFrame or None
        The rows that it was learned from, where they are at hand.
    """
    if population.model.generator != DEFAULT or population.network.gaussians:
        return
    with st.expander("Fill gaps and find odd rows", icon=":material/grid_on:"):
        key = population.digest
        upload = st.file_uploader(
            "A table with some of the same columns, CSV or Parquet"
            + ("" if own is None else "; without one, your own table is used"),
            type=["csv", "tsv", "txt", "parquet"],
            key=f"rows-upload-{key}",
        )
        task = st.segmented_control(
            "What to do", (_FILL, _FIND), default=_FILL, required=True, key=f"rows-task-{key}"
        )
        likely = values = False
        if task == _FILL:
            likely = st.toggle(
                "The most likely values instead of a draw",
                key=f"rows-likely-{key}",
                help="A draw keeps how much people differ; the most likely values are all alike.",
            )
            values = st.toggle(
                "A value in every cell",
                key=f"rows-values-{key}",
                help="Otherwise a cell stays empty as often as such people have none.",
            )
        if upload is None and own is None:
            return
        name = "your-table" if upload is None else upload.name.rsplit(".", 1)[0]
        request = (task, likely, values, None if upload is None else upload.file_id)
        place = f"rows-answer-{key}"
        if st.button(task, key=f"rows-go-{key}", icon=":material/play_arrow:"):
            st.session_state.pop(place, None)
            try:
                content = None if upload is None else upload.getvalue()
                with st.spinner(_working(task, likely), show_time=True), limited(seconds=SECONDS):
                    frame = own if content is None else read_frame(content, name=name, least=1)[0]
                    assert frame is not None
                    st.session_state[place] = (
                        request,
                        _answer(frame, population, task, likely, values, own=content is None),
                    )
            except PopulaceError as error:
                show_problem(error)
        before, answer = st.session_state.get(place, (None, None))
        if before != request:
            return
        if isinstance(answer, Completion):
            _show_filled(answer, name)
        elif isinstance(answer, Scores):
            _show_odd(answer, name)


def _working(task: str, likely: bool) -> str:
    """What is done while one waits."""
    if task == _FIND:
        return "Comparing every row with synthetic people: how unlikely is it, and why"
    how = "working out the most likely value" if likely else "drawing a value"
    return f"Reading every row’s known cells and {how} for each empty one from the posterior"


def _answer(
    frame: pd.DataFrame, population: Population, task: str, likely: bool, values: bool, *, own: bool
) -> Completion | Scores:
    if task == _FIND:
        return score(frame, population, reference=5000)
    method: Method = "most-likely" if likely else "draw"
    done = complete(frame, population, method=method, values_only=values)
    if not own:
        return done
    return replace(done, frames=tuple(_written(each, population.schema) for each in done.frames))


def _written(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Rows of the own table in the words of its file: dates as dates, not as days since 1970."""
    known = {column.name: column.dtype for column in schema if column.name in frame}
    return restore(frame.astype(known), schema)


def _notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        st.caption(markdown.plain(note))


def _show_filled(done: Completion, name: str) -> None:
    filled = done.filled.to_numpy()
    each = [
        f"{markdown.plain(str(column))} {int(here.sum()):,}"
        for column, here in done.filled.items()
        if here.any()
    ]
    st.markdown(
        f"**{int(filled.sum()):,}** cells were filled in "
        f"{int(filled.any(axis=1).sum()):,} rows; they are highlighted."
        + (f" By column: {', '.join(each)}." if each else "")
    )
    _notes(done.notes)
    rows = np.flatnonzero(filled.any(axis=1))[:_SHOWN]
    shown = done.frame.iloc[rows]
    marks = pd.DataFrame("", index=shown.index, columns=shown.columns)
    for column in done.filled:
        here = done.filled[column].to_numpy()[rows]
        marks.loc[here, column] = "background-color: #7c5cff40"
    st.dataframe(shown.style.apply(lambda _: marks, axis=None), hide_index=True)
    if len(rows) < filled.any(axis=1).sum():
        st.caption(f"The first {len(rows):,} rows with filled cells; the download has all.")
    table = done.marked()
    with st.container(horizontal=True):
        for kind, content in (("CSV", csv_bytes), ("Parquet", parquet_bytes)):
            file_button(
                f"{kind}, partly synthetic",
                content([table]),
                f"{name}-filled.{kind.casefold()}",
                key=f"rows-{kind}",
            )


def _tail(share: float) -> str:
    return f"{share:.1%}" if share >= 0.0005 else "fewer than 0.05%"


def _show_odd(scores: Scores, name: str) -> None:
    st.markdown(
        f"Each row beside {scores.compared:,} synthetic people of this population; the oddest "
        "first."
    )
    _notes(scores.notes)
    items = []
    for row in scores.order[:_ODD]:
        share = float(scores.percentile[row])  # of the synthetic people
        common = f"fewer than 1 in {scores.compared:,}" if share == 0 else f"{share:.1%}"
        lines = [f"<li>breaks the rule “{escape(words)}”</li>" for words in scores.broken[row]]
        lines += [
            f"<li>{escape(cell.column)} is <b>{escape(cell.value)}</b>; {escape(cell.likely)} is "
            f"most likely, and {_tail(cell.tail)} of people with the same other facts have so rare "
            "a value</li>"
            for cell in scores.odd[row]
        ]
        items.append(
            f"<li><b>Row {int(row) + 1:,}</b>: {common} of synthetic people are as unlikely"
            f"<ul>{''.join(lines)}</ul></li>"
        )
    st.html(f"<ol>{''.join(items)}</ol>")
    file_button(
        "All rows as CSV",
        scores.frame.to_csv(index=False).encode(),
        f"{name}-scores.csv",
        key="rows-scores",
    )
