"""The Studio's step "Who could be found": k, ℓ and t of the table, and one that reaches them."""

from __future__ import annotations

import streamlit as st

from pages.shared.bars import bar_line
from pages.shared.files import file_button
from pages.shared.problems import show_problem
from pages.studio.parts import show_progress
from pages.studio.state import Coarser, StudioState
from synth.errors import PopulaceError
from synth.fitting.plan import Plan
from synth.privacy.mondrian import Wanted

_MOST = 12  # quasi-identifiers


def ask_identifiable(state: StudioState, plan: Plan) -> None:
    """Choose quasi-identifiers, see how many people share them, go on with coarser values.

    Parameters
    ----------
    state : StudioState
        The visitor's table.
    plan : Plan
        Which columns are learned; no others are offered.
    """
    st.caption(
        "Who knows a few facts of somebody from elsewhere can find them in a table, and in what is "
        "learned from it. Name those facts to see how many people share them, and to make values "
        "coarser until k people do. It protects against being found by these columns, and no "
        "others; a private population (below) promises more."
    )
    key, names = state.token, list(plan.schema.modelled.names)
    left, right = st.columns(2)
    quasi = left.multiselect(
        "Known from elsewhere (quasi-identifiers)",
        names,
        key=f"quasi-{key}",
        max_selections=_MOST,
        placeholder="age, region, occupation …",
        persist_state="session",
    )
    sensitive = right.multiselect(
        "Not to come out (sensitive)",
        names,
        key=f"sensitive-{key}",
        placeholder="income, diagnosis …",
        persist_state="session",
    )
    if not quasi:
        return
    wanted = _wanted(key, tuple(sensitive))
    both = set(quasi) & set(sensitive)
    if both:
        show_problem(f"{min(both)} is named on both sides: drop it on one.")
        return
    st.button(
        "See who could be found",
        key="studio-coarser",
        icon=":material/person_search:",
        disabled=state.job is not None or wanted is None,
        on_click=state.make_coarser,
        args=(plan, quasi, wanted),
    )
    show_progress(state, "anonymise")
    if state.coarser is not None and state.job is None:
        _show(state, state.coarser)


def _wanted(key: str, sensitive: tuple[str, ...]) -> Wanted | None:
    """What is to be reached; None, with a sentence, where it cannot be."""
    first, second, third, fourth = st.columns(4)
    k = first.number_input("k, people a group", 2, 1000, 5, key=f"k-{key}", persist_state="session")
    distinct = second.number_input(
        "ℓ, values a group",
        1,
        20,
        1,
        key=f"l-{key}",
        disabled=not sensitive,
        help="Different values of each sensitive column that a group must have.",
        persist_state="session",
    )
    closeness = third.number_input(
        "t, distance from all",
        0.05,
        1.0,
        1.0,
        step=0.05,
        key=f"t-{key}",
        disabled=not sensitive,
        help="How far a group's sensitive values may lie from those of everybody; 1 asks nothing.",
        persist_state="session",
    )
    suppress = fourth.number_input(
        "May be left out, %",
        0,
        20,
        0,
        key=f"suppress-{key}",
        help="Groups that would lose most are left out first.",
        persist_state="session",
    )
    try:
        return Wanted(
            int(k),
            sensitive,
            int(distinct) if sensitive else 1,
            float(closeness) if sensitive else 1.0,
            suppress / 100,
        )
    except PopulaceError as error:
        show_problem(error)
        return None


def _show(state: StudioState, coarser: Coarser) -> None:
    """Figures before and after, what was lost, and what to do with the coarser table."""
    st.markdown(f"**Your table.** {_sentence(coarser)}")
    st.dataframe(
        [
            {"": words, "your table": before, "with coarser values": after}
            for (words, before), (_, after) in zip(
                coarser.before.lines, coarser.after.lines, strict=True
            )
        ],
        hide_index=True,
    )
    st.html(
        "<div><p>Information lost of each quasi-identifier: 0% keeps every value apart, 100% "
        "nothing.</p>"
        + "".join(bar_line(name, share, f"{share:.0%}") for name, share in coarser.loss.items())
        + "</div>"
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Go on with the coarser table",
            key="studio-take-coarser",
            icon=":material/arrow_forward:",
            on_click=state.take_coarser,
            args=(coarser,),
            help="It takes the place of your table: what was understood of it is shown anew.",
        )
        file_button(
            "Real people with coarser values, Parquet",
            coarser.file.read_bytes,
            f"{state.name.rsplit('.', 1)[0]}-k{coarser.wanted.k}.parquet",
            key="studio-save-coarser",
        )


def _sentence(coarser: Coarser) -> str:
    """What was reached, in words; column names are escaped by whoever shows it."""
    from pages.shared import markdown

    out = f" {coarser.left_out:,} people are left out." if coarser.left_out else ""
    return markdown.plain(
        f"{coarser.before.sentence} With coarser values every group has at least "
        f"{coarser.after.k:,}.{out}"
    )
