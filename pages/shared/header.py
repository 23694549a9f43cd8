"""The head of every page: the question as its title, how common it is, the link to share."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import streamlit as st

from pages.shared import guess, loaders, markdown, private, sidebar, which_people
from pages.shared.choice import Choice
from pages.talk import presenter
from synth import describe


def show(
    choice: Choice,
    title: str = "",
    remark: str = "everyone below is synthetic",
    more: Callable[[Choice], None] | None = None,
) -> None:
    """Draw the head; `title` defaults to the question itself, `more` adds to its quiet buttons."""
    st.html(f'<h1 class="pp-title">{escape(title or choice.question)}</h1>')
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="subtitle"):
        if choice.posterior is not None:
            st.html(
                f'<p class="pp-subtitle">{_share(choice, title)} · {escape(remark)}</p>',
                width="content",
            )
        with st.popover("share this view", type="tertiary", icon=":material/link:"):
            st.caption(
                "Only you can open this link, and only until you close the page: the population is "
                "your own. Save it in the Studio to give it to others."
                if loaders.is_own(choice.population.name)
                else "Whoever opens this link sees the same people."
            )
            st.code(
                markdown.link(st.context.url or "", choice.link), language=None, wrap_lines=True
            )
        if more is not None:
            more(choice)
        if not presenter.is_on() and st.button(
            "present", key="present", type="tertiary", icon=":material/co_present:"
        ):
            presenter.manage(choice)
    private.note(choice.population)
    guess.note(choice)


def _share(choice: Choice, title: str) -> str:
    reading = which_people.words(choice.reading, choice.population)
    end = f" · {escape(reading)}" if reading else ""
    if not choice.evidence:
        rows = choice.population.contingency.rows
        if choice.population.ledger is not None:
            return f"Learned privately from about <b>{rows:,}</b> real people{end}"
        return f"Learned from <b>{rows:,}</b> real people{end}"
    about = f"{escape(choice.question)}: " if title else ""
    share = escape(describe.share_words(choice.conditional.probability))
    how = "a guess" if guess.is_guess(choice) else "exact"
    if not choice.exact:
        how = "estimated"
        people = choice.conditional
        if people.standard_error:
            relative = people.standard_error / people.probability
            how = f"estimated, give or take {relative:.1%} of it (one standard error)"
    return f"{about}<b>{share}</b> of this population · {how}{end}"


def impossible(choice: Choice) -> None:
    """Say kindly why nobody can be shown, and offer the facts to let go of."""
    title = "This question is too large" if choice.stopped else "Nobody is all of this"
    st.html(f'<h1 class="pp-title">{title}</h1>')
    with st.container(border=True, key="impossible"):
        problem = describe.sentence(choice.problem, choice.evidence, choice.population)
        st.html(f'<p class="pp-problem">{escape(problem)}</p>')
        st.caption("Let go of one fact and the people come back:")
        schema = choice.population.modelled
        named = [name for name in choice.evidence if name in choice.problem]
        with st.container(horizontal=True, gap="small"):
            for name in named or list(choice.evidence):
                st.button(
                    f"Any {markdown.plain(schema[name].title.lower())}",
                    key=f"drop-{name}",
                    icon=":material/backspace:",
                    on_click=sidebar.forget,
                    args=(choice.population, (name,)),
                )
    st.caption(f"You asked for: {markdown.plain(choice.question)}.")
