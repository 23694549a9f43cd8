"""The Studio's first step: a table or a saved population comes in."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import loaders, markdown
from pages.shared.jobs import watch
from pages.studio.parts import DOING
from pages.studio.state import StudioState, current_state
from synth.data.readers.containers import ENDINGS
from synth.populations.archive import SUFFIX
from synth.populations.as_written import canonical

_EXAMPLE_ROWS = 2_000
_PRIVACY = (
    "Your table stays on this server, in memory and in a private folder, for you alone: this "
    "browser finds it again after F5 or a lost connection, for an hour after you close the page. "
    "No other visitor sees it, and nothing of it is put into a link."
)


def ask_for_a_table(state: StudioState) -> None:
    """Ask for a table, or offer an example."""
    key = f"upload-{state.token}"
    st.file_uploader(
        "A table of people, one row each: CSV, Excel, Parquet or JSON lines, at most 200 MB",
        type=list(ENDINGS),
        key=key,
        on_change=_upload_done,
        args=(key, False),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="studio-example-row"):
        st.button(
            "Try it with an example",
            key="studio-example",
            icon=":material/lightbulb:",
            on_click=_take_example,
            args=(state,),
        )
        st.caption(f"{_EXAMPLE_ROWS:,} synthetic people of “US time use”, 17 columns.")
    st.caption(_PRIVACY, text_alignment="left")


def _take_example(state: StudioState) -> None:
    state.take("example-synthetic-people.csv", _example())


@st.cache_data(show_spinner="Drawing an example …")
def _example() -> bytes:
    """A table that anybody may have: people of the first shipped population."""
    population = loaders.population(loaders.names()[0])
    people = canonical(population.given()).sample(_EXAMPLE_ROWS, seed=1)
    return people.to_csv(index=False).encode()


def show_reading(state: StudioState) -> None:
    """The table while it is read: its first lines stand there at once."""
    progress = st.container()
    if state.head:
        st.caption(f"{markdown.plain(state.name)}, {state.size:,} bytes, as it begins:")
        st.code(state.head, language=None)
    with progress:
        watch(state, "studio", DOING["inspect"])


def show_table(state: StudioState) -> None:
    """Name the table that was read, and offer to bring another one."""
    inspection = state.understood
    learned = sum(each.column.role == "model" for each in inspection.columns)
    with st.container(horizontal=True, vertical_alignment="center", key="studio-file"):
        st.html(
            f'<p class="pp-studio-file"><b>{escape(state.name)}</b> · {inspection.rows:,} rows · '
            f"{len(inspection.columns)} columns, {learned} of them to learn from</p>",
            width="stretch",
        )
        st.button(
            "Another table",
            key="studio-another",
            icon=":material/upload_file:",
            type="tertiary",
            on_click=state.clear,
        )
    for note in inspection.notes:
        st.caption(markdown.plain(note))


def ask_for_a_population(state: StudioState) -> None:
    """Ask for a saved population."""
    key = f"open-{state.token}-{len(loaders.own())}"
    with st.expander("Open a saved population", icon=":material/folder_open:"):
        st.file_uploader(
            f"A file that ends in {SUFFIX}",
            type=[SUFFIX],
            key=key,
            on_change=_upload_done,
            args=(key, True),
        )
        st.caption("It is checked before anything in it is used; it holds numbers, never code.")


def _upload_done(key: str, opened: bool) -> None:
    """An upload has come in."""
    upload = st.session_state.get(key)
    if upload is None:
        return
    do = current_state().open if opened else current_state().take
    do(upload.name, upload.getbuffer())
