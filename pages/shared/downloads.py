"""Taking people home: a card, the page, a table. Every file is made when it is asked for, and every
file says that the people are synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import markdown
from pages.shared.files import file_button
from synth.generators.rare import weighing
from synth.people.cards.file_names import plain
from synth.populations.as_written import as_written, canonical
from synth.populations.strata import Stratified

if TYPE_CHECKING:
    from pages.cards.selection import Card
    from pages.shared.choice import Choice
    from synth.generators.base import Conditional

MOST_ROWS, ROWS = 200_000, 1000


@st.dialog("Download", width="small", icon=":material/download:")
def take(page: Sequence[Card], person: Card | None = None) -> None:
    """Files to take home: of one person, when one is named, and of everybody on the page."""
    st.caption("Every file says that these people are synthetic.")
    if person is not None:
        st.html('<h3 class="pp-section">This card</h3>')
        file_button(
            f"{markdown.plain(person.profile.name)} as a picture (PNG)",
            partial(_png, person),
            f"{plain(person.profile.name)}.png",
            key="take-card",
            icon="image",
            width="stretch",
        )
    st.html('<h3 class="pp-section">This page</h3>')
    choice = page[-1].choice
    file_button(
        f"All {len(page)} cards as a folder (ZIP)" if len(page) > 1 else "As a folder (ZIP)",
        partial(_zip, tuple(page), choice),
        f"populace-{plain(choice.question)}.zip",
        key="take-page",
        icon="folder_zip",
        width="stretch",
        help="Unpack it and open index.html; it needs no network.",
    )
    st.html('<h3 class="pp-section">A table of such people</h3>')
    _table(choice)


def _table(choice: Choice) -> None:
    most = MOST_ROWS
    if isinstance(choice.posterior, Stratified):
        most = choice.posterior.rows
    rows = st.number_input(
        "Rows",
        1,
        most,
        min(ROWS, most),
        key=f"take-rows{most if most < MOST_ROWS else ''}",
        help=f"“{markdown.plain(choice.question)}”, drawn from the posterior by the seed "
        f"{choice.seed}. For more rows: `python -m synth sample`.",
    )
    left, right = st.columns(2, wrap=False)
    name = f"populace-{plain(choice.question)}-{rows}"
    for place, label, write, icon in (
        (left, "CSV", _csv, "table"),
        (right, "Parquet", _parquet, "database"),
    ):
        with place:
            file_button(
                label,
                partial(write, choice, int(rows)),
                f"{name}.{label.lower()}",
                key=f"take-{label.lower()}",
                icon=icon,
                width="stretch",
            )
    if choice.mark:
        st.caption(weighing(canonical(choice.conditional), int(rows)))
    st.caption(
        "The CSV has a last column, synthetic, that is true in every row, and no cell that a "
        "spreadsheet takes for a formula; the Parquet file says it in its metadata."
    )


def _png(person: Card) -> BytesIO:
    from synth.people.cards.png import card_png

    return BytesIO(card_png(person.profile))


def _zip(page: Sequence[Card], choice: Choice) -> BytesIO:
    from synth.people.cards.export import as_zip

    return BytesIO(
        as_zip(
            [card.profile for card in page],
            population=choice.population.name,
            given=choice.question,
            seed=choice.seed,
        )
    )


def _csv(choice: Choice, rows: int) -> BytesIO:
    from synth.people.cards.export import table_csv

    return BytesIO(table_csv(_people(choice), rows, choice.seed))


def _parquet(choice: Choice, rows: int) -> BytesIO:
    from synth.people.cards.export import table_parquet

    return BytesIO(table_parquet(_people(choice), rows, choice.seed))


def _people(choice: Choice) -> Conditional:
    """Those of the choice, written as their table was."""
    return as_written(canonical(choice.conditional), choice.population.form)
