"""Say where the model is guessing, how that is decided, and which fact to drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import markdown, sidebar
from pages.shared.choice import Choice
from synth.populations.support import FEW, Support, support

if TYPE_CHECKING:
    from synth.data.evidence import Evidence
    from synth.populations import Population


def is_guess(choice: Choice) -> bool:
    """Whether hardly anyone like those asked for was learned from."""
    supported = _support(choice)
    return supported is not None and supported.guessing


def note(choice: Choice) -> None:
    """The note under the head; nothing where enough real people stand behind the answer."""
    supported = _support(choice)
    if supported is None or not supported.guessing:
        return
    people = "none" if supported.people < 0.05 else f"about {supported.people:.1f}"
    with st.container(border=True, key="guessing"):
        st.caption(
            f"The model is guessing here: of the {supported.learned_from:,} real people that it "
            f"learned from, {people} would be like this, so these are put together from others "
            f"who share some of the facts. (It says so below {FEW:.0f} people.)"
        )
        if supported.drop:
            title = choice.population.modelled[supported.drop].title.lower()
            st.button(
                f"Any {markdown.plain(title)}: about {supported.without:,.0f} real people",
                key=f"guess-drop-{supported.drop}",
                icon=":material/backspace:",
                type="tertiary",
                on_click=sidebar.forget,
                args=(choice.population, (supported.drop,)),
            )


def _support(choice: Choice) -> Support | None:
    """What the answer rests on; None where nothing is asked or the answer is an estimate."""
    if not choice.evidence or choice.posterior is None or not choice.exact:
        return None
    population, evidence = choice.population, choice.evidence
    share = choice.posterior.probability
    return _supported(population.digest, str(evidence), share, population, evidence)


@st.cache_resource(show_spinner=False, max_entries=256)
def _supported(
    digest: str, known: str, share: float, _population: Population, _evidence: Evidence
) -> Support:
    return support(_population, _evidence, share)
