"""The Studio with several tables that belong together: how they are joined, and to learn them."""

from __future__ import annotations

from functools import partial
from html import escape

import streamlit as st

from pages.shared import markdown
from pages.shared.files import file_button
from pages.shared.jobs import watch
from pages.shared.own_families import abandon_families, own_families
from pages.shared.problems import show_problem
from pages.studio.linked_state import LinkedState
from pages.studio.links_picture import picture
from pages.studio.parts import step
from synth.fitting.plan import title_of
from synth.linked import SUFFIX
from synth.linked.archive import pack_linked
from synth.linked.inspection import InspectedTable, LinkedInspection
from synth.linked.keys import Key
from synth.linked.population import LinkedPopulation
from synth.linked.tasks import Kind

_DOING: dict[Kind, str] = {
    "link": "Reading your tables",
    "learn": "Learning whole families",
    "open": "Opening the families",
}
_NONE = "no other table"


def show_linked(linked: LinkedState) -> None:
    """Draw the steps from several tables to learned families."""
    names = ", ".join(escape(name) for name in linked.files)
    with st.container(horizontal=True, vertical_alignment="center", key="studio-file"):
        st.html(f'<p class="pp-studio-file"><b>{names}</b></p>', width="stretch")
        st.button(
            "Other tables",
            key="studio-another",
            icon=":material/upload_file:",
            type="tertiary",
            on_click=linked.clear,
        )
    inspection = linked.inspection
    if inspection is not None:
        step("What belongs to what")
        st.html(picture(inspection))
        if inspection.problem:
            show_problem(inspection.problem)
        notes = (*_findings(inspection), *inspection.notes)
        st.caption("  \n".join(markdown.plain(note) for note in notes))
        _ask_for_keys(linked, inspection)
    _progress(linked, "link")
    if inspection is not None and not inspection.problem:
        _ask_to_learn(linked)


def _findings(inspection: LinkedInspection) -> list[str]:
    """Where the keys do not fit is said in notes; this says where they do."""
    tables = [t for t in inspection.tables if t.key is not None or t.repeated]
    fits = not any(t.orphans or t.repeated for t in tables)
    if inspection.problem or not fits:
        return []
    return ["Every row finds its parent, and no key stands twice."]


def _progress(linked: LinkedState, *kinds: Kind) -> None:
    if linked.kind not in kinds:
        return
    if linked.problem:
        show_problem(linked.problem)
    if linked.job is not None:
        watch(linked, "studio", _DOING[linked.kind])


def show_opening(linked: LinkedState) -> None:
    """Saved families that are being opened, or what is wrong with them."""
    _progress(linked, "open")


def _ask_for_keys(linked: LinkedState, inspection: LinkedInspection) -> None:
    """Which table belongs to which, by which columns."""
    with st.expander(
        "Join them in another way", icon=":material/key:", expanded=bool(inspection.problem)
    ):
        keys: dict[str, Key] = {}
        for table in inspection.tables:
            key = _ask_for_key(table, inspection, f"{linked.token}-{table.name}")
            if key is not None:
                keys[table.name] = key
        same = {n: (k.parent, k.key, k.column) for n, k in keys.items()} == {
            n: (k.parent, k.key, k.column) for n, k in inspection.keys.items()
        }
        st.button(
            "Join them so",
            key="studio-join",
            icon=":material/link:",
            disabled=same or linked.job is not None,
            on_click=partial(linked.join, keys),
        )


def _ask_for_key(table: InspectedTable, inspection: LinkedInspection, key: str) -> Key | None:
    others = {other.name: other for other in inspection.tables if other.name != table.name}
    now = table.key
    left, middle, right = st.columns(3)
    parents = (_NONE, *others)
    parent = left.selectbox(
        f"{markdown.plain(table.name)} belongs to",
        parents,
        parents.index(now.parent) if now is not None else 0,
        key=f"link-parent-{key}",
        filter_mode=None,
    )
    if parent not in others:
        return None
    above = others[parent].columns
    fits = now is not None and now.parent == parent
    column = middle.selectbox(
        "by its column",
        table.columns,
        table.columns.index(now.column) if now is not None and fits else 0,
        key=f"link-column-{key}-{parent}",
    )
    same = above.index(column) if column in above else 0
    name = right.selectbox(
        f"which {markdown.plain(parent)} calls",
        above,
        above.index(now.key) if now is not None and fits and now.column == column else same,
        key=f"link-key-{key}-{parent}-{column}",
    )
    return Key(table.name, parent, column, name)


def _ask_to_learn(linked: LinkedState) -> None:
    step("Learn")
    assert linked.inspection is not None
    title = st.text_input(
        "What to call them",
        value=title_of(linked.inspection.tables[0].name),
        key=f"title-{linked.token}",
        max_chars=60,
        persist_state="session",
    )
    again = linked.population is not None
    st.button(
        "Learn again" if again else "Learn",
        key="studio-learn",
        type="secondary" if again else "primary",
        icon=":material/model_training:",
        disabled=linked.job is not None,
        on_click=partial(linked.learn, title_of(title)),
    )
    _progress(linked, "learn")
    if linked.population is not None and linked.job is None:
        _show_result(linked.population, linked.seconds)


def _show_result(population: LinkedPopulation, seconds: float) -> None:
    """What was learned, and where to go with it."""
    with st.container(border=True, key="studio-result"):
        st.html(f'<h2 class="pp-studio-step">{escape(population.title)}</h2>')
        st.markdown(
            f"{markdown.plain(population.note)} Rules that hold in every family: "
            f"**{len(population.model.rules)}**, ready in **{seconds:,.1f} s**."
        )
        st.info(
            "They are on the Families page now, with their tables to take home.",
            icon=":material/check:",
        )
        with st.container(horizontal=True, gap="medium"):
            st.page_link(
                "pages/families/page.py", label="Meet them", icon=":material/arrow_forward:"
            )
            save_families(population, "save-families")


def save_families(population: LinkedPopulation, key: str) -> None:
    """The button that hands out what was learned as one file."""
    file_button("Save", partial(pack_linked, population), f"families{SUFFIX}", key=key)


def show_own_families() -> None:
    """The session's families: use, save, forget."""
    for name, population in list(own_families().items()):
        with st.container(horizontal=True, vertical_alignment="center", key=f"studio-own-{name}"):
            title, note = escape(population.title), escape(population.note)
            st.html(f'<p class="pp-studio-file"><b>{title}</b> · {note}</p>', width="stretch")
            st.page_link("pages/families/page.py", label="Use", icon=":material/groups:")
            save_families(population, f"save-{name}")
            st.button(
                "Forget",
                key=f"forget-{name}",
                icon=":material/delete:",
                on_click=abandon_families,
                args=(name,),
            )
