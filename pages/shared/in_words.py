"""A question in words, above the widgets that it sets: shown before it is used."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages.shared import facts, markdown
from synth import describe
from synth.ask import Understood, understand
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.populations import Population

_LONGEST = 400
_EXAMPLE = "single dads who fish"
_HELP = (
    "In English, and in French where people write it: who they are, their age, what they like and "
    "what they do not. Read by the population’s own words; nothing is sent anywhere."
)


def show(population: Population, group: str = facts.A) -> None:
    """Draw the field; what was understood stands below it, with a button that sets the widgets.

    Parameters
    ----------
    population : Population
        Whose words are known.
    group : str
        Whose widgets are set.
    """
    key = f"{group}in-words"
    text = st.text_input(
        "Ask in words",
        key=key,
        placeholder=_EXAMPLE,
        icon=":material/chat:",
        help=_HELP,
    )
    if not text or not text.strip():
        return
    try:
        understood = understand(text[:_LONGEST], population)
    except PopulaceError as error:
        st.caption(markdown.plain(str(error)))
        return
    _say(understood, population)
    if understood.evidence:
        st.button(
            "Use these facts",
            key=f"{group}use-words",
            icon=":material/check:",
            width="stretch",
            on_click=_use,
            args=(population, understood.evidence, group, key),
        )


def _say(understood: Understood, population: Population) -> None:
    if understood.evidence:
        lines = describe.facts(understood.evidence, population)
        items = "".join(f"<li>{escape(_short(line))}</li>" for line in lines)
        st.html(f'<ul class="pp-understood" role="status">{items}</ul>')
    else:
        st.caption("Nothing of it was understood: try the words of the lists below.")
        return
    if understood.unknown:
        words = ", ".join(f"“{markdown.plain(word)}”" for word in understood.unknown)
        st.caption(f"Not understood: {words}.")


def _short(line: str, most: int = 90) -> str:
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _use(population: Population, evidence: Evidence, group: str, key: str) -> None:
    """Set the widgets of a group to these facts and to no others."""
    schema = population.modelled
    facts.forget(population, schema.names, group)
    for name, fact in evidence.items():
        facts.set_fact(schema[name], fact, group)
    st.session_state[key] = ""
