"""The Studio's first step: a table or a saved population comes in."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import loaders, markdown
from pages.shared.jobs import watch
from pages.shared.own_families import own_families
from pages.shared.problems import show_problem
from pages.studio.linked_state import LinkedState, current_linked
from pages.studio.parts import DOING
from pages.studio.state import StudioState, current_state
from synth.data.readers.containers import ENDINGS
from synth.linked import SUFFIX as FAMILIES_SUFFIX
from synth.linked.storage import available_linked, load_linked
from synth.linked.writing import frames
from synth.populations.archive import SUFFIX
from synth.populations.as_written import canonical

_EXAMPLE_ROWS, _EXAMPLE_FAMILIES = 2_000, 1_500
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


def say_private() -> None:
    """Say where uploads stay."""
    st.caption(_PRIVACY, text_alignment="left")


def ask_for_several(linked: LinkedState) -> None:
    """Ask for tables that belong together, or offer an example."""
    key = f"several-{linked.token}"
    with st.expander("Several tables that belong together", icon=":material/account_tree:"):
        if linked.kind == "link" and linked.problem:
            show_problem(linked.problem)
        st.file_uploader(
            "Choose all files at once: households and their members, players and their seasons. "
            "The keys that join them are looked for",
            type=list(ENDINGS),
            key=key,
            accept_multiple_files=True,
            on_change=_several_done,
            args=(key,),
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Try it with three tables",
                key="studio-several-example",
                icon=":material/lightbulb:",
                on_click=_take_several_example,
            )
            st.caption(f"{_EXAMPLE_FAMILIES:,} synthetic households, their members and vehicles.")


def _several_done(key: str) -> None:
    """Uploads have come in, all of them."""
    uploads = st.session_state.get(key)
    if uploads:
        current_linked().take({each.name: each.getbuffer() for each in uploads})


def _take_several_example() -> None:
    current_linked().take(_several_example())


@st.cache_data(show_spinner="Drawing an example …")
def _several_example() -> dict[str, bytes]:
    """Tables that anybody may have: households of the shipped families."""
    population = load_linked(available_linked()[0])
    drawn = population.model.given().families(_EXAMPLE_FAMILIES, seed=1)
    return {
        f"{name}.csv": frame.to_csv(index=False).encode()
        for name, frame in frames(population.model, drawn).items()
    }


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
    key = f"open-{state.token}-{len(loaders.own())}-{len(own_families())}"
    with st.expander("Open a saved population", icon=":material/folder_open:"):
        st.file_uploader(
            f"A file that ends in {SUFFIX} or {FAMILIES_SUFFIX}",
            type=[SUFFIX, FAMILIES_SUFFIX],
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
    if opened and upload.name.endswith(FAMILIES_SUFFIX):
        current_linked().open(upload.name, upload.getbuffer())
        return
    do = current_state().open if opened else current_state().take
    do(upload.name, upload.getbuffer())
