"""What every page does around what it draws."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import streamlit as st

from pages.shared import header, markdown
from pages.shared.choice import Choice, current


def page(*, note: bool = True) -> Callable[[Callable[[Choice], None]], Callable[[], None]]:
    """Make a page of what draws a choice.

    The page says what excludes each other where nobody in the population is like that; else it is
    drawn.

    Parameters
    ----------
    note : bool
        Whether the page ends with the note on where the population comes from.

    Returns
    -------
    callable
        A decorator for what draws a visitor's choice.
    """

    def decorate(draw: Callable[[Choice], None]) -> Callable[[], None]:
        @wraps(draw)
        def drawn() -> None:
            choice = current()
            if choice.posterior is None:
                header.impossible(choice)
                return
            draw(choice)
            if note:
                st.caption(markdown.plain(choice.population.note))

        return drawn

    return decorate
