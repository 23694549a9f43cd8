"""The Bayesian network itself: its arrows, its tables, what moves when something is known.

The paper's Fig. 5, to be clicked on, questioned and edited.
"""

from __future__ import annotations

import streamlit as st

from pages.network import edit_edges, moves, see_and_do, structure
from pages.shared import address, header
from pages.shared.choice import Choice
from pages.shared.decorators import page
from synth.bayes import interventions

_STRUCTURE, _MOVES, _DO, _EDIT = "structure", "what moves", "see and do", "edit"


def _finding(choice: Choice) -> str:
    """What is strongest in the network, or what the facts move most."""
    network, schema = choice.population.network, choice.population.modelled
    if choice.evidence:
        moved = interventions.moved(choice.population.given(), choice.conditional)
        far = next((each for each in moved if each.column not in choice.evidence), None)
        if far is None:
            return "Every column is known, so nothing is left to move."
        return (
            f"What is known moves {schema[far.column].title} most: {100 * far.distance:.0f} of 100 "
            "people would need another answer to be like everyone. Exact."
        )
    strengths = {
        edge: nats
        for edge, nats in structure.strengths_of(network).items()
        if edge not in network.class_edges
    }
    if not strengths:
        return "No column depends on another here."
    schema = network.schema
    a, b = max(strengths, key=lambda edge: strengths[edge])
    share = structure.explained(network, (a, b))
    return (
        f"The strongest arrow leads from {schema[a].title} to {schema[b].title}: knowing the one "
        f"takes away {share:.0%} of what is unknown about the other. Exact."
    )


@page()
def _page(choice: Choice) -> None:
    if not choice.population.has_network:
        header.show(choice, title="What depends on what", remark="there is no network")
        st.info(
            "This population was learned without a network, so there are no arrows to show, to "
            "question or to edit: learn it as a Bayesian network in the Studio.",
            icon=":material/info:",
        )
        return
    read, choice = choice, choice.by_network()
    if choice.posterior is None:
        header.impossible(choice)
        return
    network = choice.population.network
    header.show(
        choice,
        title="What depends on what",
        remark=f"{network.columns_text}, {len(network.edges)} arrows",
        finding="" if choice.against is not None else _finding(choice),
        groups=True,
    )
    if read.reading != choice.reading:
        st.caption(
            "This page asks the network as it was learned: refinements, weights and targets change "
            "people, not arrows."
        )
    address.read_option("network-view", (_STRUCTURE, _MOVES, _DO, _EDIT))
    view = st.segmented_control(
        "View",
        (_STRUCTURE, _MOVES, _DO, _EDIT),
        default=_STRUCTURE,
        required=True,
        key="network-view",
        bind="query-params",
        label_visibility="collapsed",
    )
    if view == _MOVES:
        moves.show(choice)
    elif view == _DO:
        see_and_do.show(choice)
    elif view == _EDIT:
        edit_edges.show(choice, structure.strengths_of(network))
    else:
        structure.show(choice)


_page()
