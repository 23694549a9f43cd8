"""What the Studio has learned or opened, and the visitor's populations: use, save, forget."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import loaders, markdown
from pages.shared.files import file_button
from pages.shared.private import show_ledger
from pages.studio.interests import show_learned
from pages.studio.parts import step
from pages.studio.rows import ask_of_rows
from pages.studio.state import StudioState, packed
from synth.populations import Population
from synth.populations.archive import SUFFIX


def show_result(state: StudioState, population: Population) -> None:
    """Draw what was learned or opened, and offer to use and save it."""
    arrows = ""
    if population.has_network:
        arrows = f", arrows between them: **{len(population.network.edges)}**"
    with st.container(border=True, key="studio-result"):
        st.html(f'<h2 class="pp-studio-step">{escape(population.title)}</h2>')
        st.markdown(
            f"{markdown.plain(population.note)} Columns: **{len(population.modelled)}**{arrows}, "
            f"ready in **{state.seconds:,.1f} s**."
        )
        if population.name in loaders.own():
            st.info("It is on all pages now; the sidebar chooses it.", icon=":material/check:")
            with st.container(horizontal=True, gap="medium"):
                # A private population keeps no counts of real people to stand beside.
                beside = "Beside the real ones" if population.ledger is None else "Each column"
                for page, title in (("profiles", "Meet its people"), ("marginals", beside)):
                    st.page_link(
                        f"pages/{page}/page.py", label=title, icon=":material/arrow_forward:"
                    )
                _save(population, "save-result", rows=False)
        else:
            st.button(
                "Use it on all pages",
                key="studio-use",
                type="primary",
                icon=":material/groups:",
                on_click=loaders.adopt,
                args=(population,),
            )
        show_learned(population)
        ask_of_rows(population, None if population.table is None else population.table.frame)
        if population.ledger is not None:
            with st.expander("What it promises: the privacy ledger", icon=":material/shield:"):
                show_ledger(population.ledger)
        elif population.card:
            with st.expander("How it was learned", icon=":material/description:"):
                st.markdown(_card(population))


def _card(population: Population) -> str:
    """The card under its own title, each line as it stands."""
    lines = []
    for line in population.card.splitlines()[1:]:
        if line.startswith("## "):
            lines.append(f"**{markdown.plain(line[3:])}**")
        elif line.startswith("- "):
            lines.append(f"- {markdown.plain(line[2:])}")
        else:
            lines.append(markdown.plain(line))
    return "\n".join(lines)


def show_own() -> None:
    """The session's populations: choose, save, forget."""
    mine = loaders.own()
    if not mine:
        return
    step("Your populations")
    rows = st.toggle(
        "Save with the real rows",
        key="studio-rows",
        help="The report’s comparisons need the rows. Without them the file holds counts of "
        "columns and pairs only; small counts can still tell of single people.",
        persist_state="session",
    )
    for name, population in list(mine.items()):
        with st.container(horizontal=True, vertical_alignment="center", key=f"studio-own-{name}"):
            title, note = escape(population.title), escape(population.note)
            st.html(f'<p class="pp-studio-file"><b>{title}</b> · {note}</p>', width="stretch")
            chosen = st.session_state.get("population") == name
            st.button(
                "In use" if chosen else "Use",
                key=f"use-{name}",
                icon=":material/groups:",
                disabled=chosen,
                on_click=loaders.choose,
                args=(name,),
            )
            _save(population, f"save-{name}", rows=rows)
            st.button(
                "Forget",
                key=f"forget-{name}",
                icon=":material/delete:",
                on_click=loaders.abandon,
                args=(name,),
            )


def _save(population: Population, key: str, *, rows: bool) -> None:
    file_button(
        "Save",
        packed(population, rows and population.table is not None),
        f"{_file_name(population.title)}{SUFFIX}",
        key=key,
    )


def _file_name(title: str) -> str:
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.casefold())
    return "-".join(part for part in safe.split("-") if part)[:40] or "population"
