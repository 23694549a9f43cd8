"""What moves when something is known: every column before and after, or group A beside group B."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.network import distributions
from pages.shared import comparison, markdown
from pages.shared.sidebar import key_of
from pages.talk import presenter
from synth import describe
from synth.bayes import interventions
from synth.data.evidence import Evidence, OneOf
from synth.evaluate.groups import interval_words

if TYPE_CHECKING:
    from pages.shared.choice import Choice
    from synth.populations import Population


def _try(column: str, value: object) -> None:
    st.session_state[key_of(column)] = value


def _suggest(population: Population) -> None:
    """A fact to begin with."""
    schema = population.modelled
    for name in population.featured:
        column = schema[name]
        if column.kind not in ("categorical", "boolean"):
            continue
        shares = population.given().marginal(name).probabilities
        level = column.states[int(shares.argmax())]
        fact = Evidence({name: OneOf((level,))})
        st.button(
            f"For example: {markdown.plain(describe.question(fact, population))}",
            icon=":material/lightbulb:",
            on_click=_try,
            args=(name, [level] if column.kind == "categorical" else level),
            key="network-example",
        )
        return


def _between(choice: Choice, other: Choice) -> None:
    """Every column of group A beside group B: a table of all, and a picture of each."""
    compared = comparison.groups(choice)
    if compared is None:
        return
    st.html(distributions.legend(f"B: {other.question}", f"A: {choice.question}"))
    frame = pd.DataFrame(
        {
            "Column": [each.column.title for each in compared.differences],
            "known": [each.in_evidence for each in compared.differences],
            "of 100 would need another answer": [
                100 * each.distance.value for each in compared.differences
            ],
            "bits": [each.bits for each in compared.differences],
            "A, against B": [each.words for each in compared.differences],
        }
    )
    with st.expander("All columns as a table", icon=":material/table:"):
        st.dataframe(
            frame,
            hide_index=True,
            key="network-groups",
            column_config={
                "of 100 would need another answer": st.column_config.ProgressColumn(
                    format="%.1f", min_value=0, max_value=100
                ),
                "bits": st.column_config.NumberColumn(format="%.4f"),
            },
        )
        st.caption(
            "Bits: what somebody’s answer tells about which of the two groups they are from; 1 "
            "tells it for sure, 0 not at all (Jensen–Shannon divergence). Exact."
        )
    ranked = [*compared.open, *(each for each in compared.differences if each.in_evidence)]
    shown = presenter.tiles(ranked)
    grid = st.grid(3, min_column_width=330, gap=20, border=True, key="columns")
    for each in shown:
        name = each.column.name
        words = f"<b>{escape(interval_words(each.distance))}</b> · {each.bits:.3f} bits"
        if each.in_evidence:
            words = f"<b>known</b> · {words}"
        head = f'<h3>{escape(each.column.title)}</h3><p class="pp-moved">{words}</p>'
        a, b = (side.conditional.marginal(name) for side in (choice, other))
        with grid.cell():
            st.html(distributions.card(each.column, b, a, head=head))


def show(choice: Choice) -> None:
    """Every column before and after, the farthest moved first."""
    if choice.against is not None:
        _between(choice, choice.against)
        return
    schema = choice.population.modelled
    if not choice.evidence:
        st.info(
            "Nothing is known yet: set a fact in the sidebar and see what it moves.",
            icon=":material/info:",
        )
        _suggest(choice.population)
    moves = interventions.moved(choice.population.given(), choice.conditional)
    shown = [move for move in moves if move.column not in choice.evidence]
    shown += [move for move in moves if move.column in choice.evidence]
    if choice.evidence:
        still = sum(move.distance < 0.005 for move in shown)
        st.html(distributions.legend("everyone", choice.question))
        st.caption(
            "Exact posteriors, the farthest moved first. Moved by: total variation distance, the "
            "share of people who would have to change their answer; 0 is not at all. "
            f"{still} of {len(shown)} columns move by less than 0.005."
        )
    else:
        st.html(distributions.legend("everyone", ""))
    drawn = presenter.tiles(shown)
    grid = st.grid(3, min_column_width=330, gap=20, border=True, key="columns")
    for move in drawn:
        column = schema[move.column]
        words = f"moved by <b>{move.distance:.3f}</b>" if choice.evidence else ""
        if move.column in choice.evidence:
            words = f"<b>known</b> · {words}"
        head = f"<h3>{escape(column.title)}</h3>" + (f'<p class="pp-moved">{words}</p>')
        with grid.cell():
            after = move.after if choice.evidence else None
            st.html(distributions.card(column, move.before, after, head=head))
