"""What a private population promises: a line under every head, and its ledger in one picture."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.shared import markdown
from pages.shared.bars import bar_line, promise_line
from synth.evaluate.audit import audit
from synth.populations import Population
from synth.privacy.learning import Promise
from synth.privacy.ledger import Entry, Ledger
from synth.privacy.limits import most_right

PRICES = (
    (1.0, "HGB .78, pairs of columns .046, income AUC .89"),
    (3.0, "HGB .68, pairs of columns .037, income AUC .90"),
    (10.0, "HGB .65, pairs of columns .038, income AUC .91"),
)
"""ε → what it cost on Adult, as measured by `python -m synth.bench.private`."""
_KINDS: tuple[tuple[str, Callable[[Entry], bool]], ...] = (
    ("Levels and bounds", lambda each: each.what.startswith(("which levels", "the bounds"))),
    ("Columns by themselves", lambda each: len(each.columns) == 1),
    ("Choosing what to count together", lambda each: not each.columns),
    ("Columns together", lambda each: len(each.columns) > 1),
)


_AUDITS = {"Rows of one column": 1, "Rows of four columns, pairs chosen": 4}
"""Words → how many columns the made-up rows have."""


def note(population: Population) -> None:
    """A line on every page of a private population: what is promised, and who is not shown."""
    ledger = population.ledger
    if ledger is None:
        return
    terms = f"ε = {ledger.epsilon:g}, δ = {ledger.delta:g}"
    kind = (
        f"FOR TESTS ONLY, nothing is promised (noise from a seed, as for {terms})"
        if ledger.is_for_tests
        else f"A private population ({terms})"
    )
    st.caption(
        markdown.plain(
            f"{kind}: no count of real people is kept, so none stand beside the synthetic ones."
        )
    )


def show_ledger(ledger: Ledger) -> None:
    """The promise in words, what was spent on what as bars, and every look."""
    st.markdown(markdown.plain(ledger.promise))
    rest = list(ledger.entries)
    bars = []
    for words, belongs in _KINDS:
        own = [entry for entry in rest if belongs(entry)]
        rest = [entry for entry in rest if not belongs(entry)]
        share = sum(entry.rho for entry in own) / ledger.rho
        bars.append(bar_line(words, share, f"{share:.0%}"))
    promised = "As if promised" if ledger.is_for_tests else "Promised"
    st.html(
        f"<div><p><b>{promised}: ε = {ledger.epsilon:g}</b> at δ = {ledger.delta:g}. "
        f"<b>Spent: ε = {ledger.spent_epsilon:.3g}</b>, in {len(ledger.entries)} looks at the "
        "rows. The budget went to:</p>" + "".join(bars) + "</div>"
    )
    if st.button(
        "Put the promise to the test",
        icon=":material/target:",
        help="Learns 1,000 made-up rows in the same way, each in or out by a coin, and guesses "
        "which were in. What is guessed right shows the least ε there can be; it never touches "
        "the rows of this population.",
    ):
        _attack(Promise(ledger.epsilon, ledger.delta))
    st.caption(
        "Promised to every row against whoever sees the population, knows all other rows and "
        "computes as long as they like. Not promised: what is true of people in general can be "
        "learned and guessed of anybody; whoever has several rows is promised less. Each further "
        "population learned from the same rows adds its ε and δ to these."
    )
    with st.expander("Every look at the rows", icon=":material/receipt_long:"):
        st.dataframe(
            [
                {
                    "look": entry.what,
                    "mechanism": entry.mechanism,
                    "numbers": entry.cells,
                    "noise, σ": round(entry.sigma, 1),
                    "share of the budget": f"{entry.rho / ledger.rho:.1%}",
                }
                for entry in ledger.entries
            ],
            hide_index=True,
        )


def _attack(promise: Promise) -> None:
    """The promise beside what attacks show, in one picture."""
    with st.spinner("Learning made-up rows and guessing which were in", show_time=True):
        results = {words: audit(promise, columns=columns) for words, columns in _AUDITS.items()}
    allowed = most_right(promise.epsilon)
    lines = [
        promise_line(words, 0.5, allowed, each.rate.value, each.rate.lower, each.rate.upper)
        for words, each in results.items()
    ]
    st.html(
        "<div><p>Guesses that were right, with their 95% interval, in the field that the promise "
        f"leaves: from a coin’s 50% to {allowed:.0%} at ε = {promise.epsilon:g}.</p>"
        + "".join(lines)
        + "</div>"
    )
    for words, each in results.items():
        st.caption(markdown.plain(f"{words}: {each.sentence}"))
