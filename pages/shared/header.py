"""The head of every page: the question as its title, how common it is, the link to share."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import (
    comparison,
    facts,
    guess,
    loaders,
    markdown,
    private,
    sidebar,
    which_people,
)
from pages.shared.choice import Choice
from pages.shared.files import file_button
from pages.talk import presenter
from synth import describe

if TYPE_CHECKING:
    from synth.evaluate.groups import GroupComparison

_REMARK = "everyone below is synthetic"


def show(
    choice: Choice,
    title: str = "",
    remark: str = _REMARK,
    more: Callable[[Choice], None] | None = None,
    *,
    finding: str = "",
    groups: bool = False,
) -> None:
    """Draw the head.

    Parameters
    ----------
    choice : Choice
        What is asked.
    title : str
        The question itself if empty.
    remark : str
        Ends the line below the title.
    more : callable, optional
        Adds to the quiet buttons of that line.
    finding : str
        What the page shows, in a sentence; plain text.
    groups : bool
        Whether the page shows group B too.
    """
    other = choice.against if groups else None
    words = title or choice.question
    if other is not None and not title:
        words = f"{choice.question} beside {_inside(other.question)}"
    line = ""
    if choice.posterior is not None:
        line = subtitle(choice, title, remark, page=sidebar.page_title(), beside=other)
    top(choice, words, line, more)
    private.note(choice.population)
    guess.note(choice)
    if choice.other is not None:
        _beside(choice, shown=groups)
    if finding:
        say(finding)


def top(
    choice: Choice,
    title: str,
    line: str,
    more: Callable[[Choice], None] | None = None,
    *,
    own: bool = False,
) -> None:
    """Draw the title, and below it a line with the buttons that every page has.

    Parameters
    ----------
    choice : Choice
        What the sidebar says.
    title : str
        Plain text.
    line : str
        HTML; the page as the navigation calls it stands first.
    more : callable, optional
        Adds to the buttons.
    own : bool
        Whether what is shown is known to this browser alone; a population of one's own always is.
    """
    st.html(f'<h1 class="pp-title">{escape(title)}</h1>')
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="subtitle"):
        if line:
            st.html(f'<p class="pp-subtitle">{line}</p>', width="content")
        with st.container(width="content"):  # a fragment would take the whole line
            _link(choice, own=own or loaders.is_own(choice.population.name))
        if more is not None:
            more(choice)
        if not presenter.is_on() and st.button(
            "present", key="present", type="tertiary", icon=":material/co_present:"
        ):
            presenter.manage(choice)


def subtitle(
    choice: Choice,
    title: str = "",
    remark: str = _REMARK,
    *,
    page: str,
    beside: Choice | None = None,
) -> str:
    """The line below the title: page, how common those asked for are, remark; HTML."""
    share = [] if beside is not None else [_share(choice, title)]
    return " · ".join([f"<em>{escape(page)}</em>", *share, escape(remark)])


@st.fragment
def _link(choice: Choice, *, own: bool) -> None:
    """The link of what is shown; its QR code is worked out once somebody opens it."""
    place = st.popover(
        "share this view",
        type="tertiary",
        icon=":material/link:",
        key="share",
        on_change="rerun",
    )
    with place:
        st.caption(
            "Only this browser can open this link, until an hour after you close the page: the "
            "table is your own. Save what was learned in the Studio to give it to others."
            if own
            else "Whoever opens this link sees the same people."
        )
        st.code(presenter.link(choice), language=None, wrap_lines=True)
        if place.open:
            presenter.show_qr(choice, own=own)


def facts_left_aside(choice: Choice) -> str:
    """What a page that does not follow the sidebar's facts says of them; nothing without any."""
    return "; the sidebar’s facts are left aside" if choice.evidence else ""


def say(finding: str) -> None:
    """What was found, in a sentence of plain text."""
    st.html(f'<p class="pp-say pp-finding">{escape(finding)}</p>')


def part(title: str) -> None:
    """The heading of a part of the page, right below the page's own; plain text.

    `st.subheader` is a level lower and would leave one out.
    """
    st.html(f'<h2 class="pp-part">{escape(title)}</h2>')


def _inside(words: str) -> str:
    return words[0].lower() + words[1:] if words[1:2].islower() else words


def _beside(choice: Choice, *, shown: bool) -> None:
    """Group A and group B, what differs most between them, and what one can do with them."""
    other = choice.other
    if other is None:
        return
    if not shown:
        st.caption(
            f"Group B, {markdown.plain(_inside(other.question))}, is not shown on this page.",
        )
        return
    if choice.against is None:
        problem = describe.sentence(other.problem, other.evidence, other.population)
        st.warning(f"Group B: {markdown.plain(problem)}", icon=":material/group_off:")
        return
    compared = comparison.groups(choice)
    if compared is None:
        return
    how = (
        "Exact."
        if compared.exact
        else f"Estimated from {compared.people:,} people of each group, 95% within "
        f"{_half(compared)} of 100."
    )
    st.html(
        f'<p class="pp-groups">{_group("a", choice)} {_group("b", other)}</p>'
        f'<p class="pp-say pp-finding">{escape(compared.sentence())} {escape(how)}</p>'
    )
    with st.container(horizontal=True, gap="small", key="groups-do"):
        st.button(
            "Swap",
            icon=":material/swap_horiz:",
            type="tertiary",
            key="groups-swap",
            on_click=facts.swap,
            args=(choice.population,),
        )
        st.button(
            "Stop comparing",
            icon=":material/close:",
            type="tertiary",
            key="groups-stop",
            on_click=sidebar.stop_comparing,
            args=(choice.population,),
        )
        title, names = choice.population.title, (choice.question, other.question)
        for kind, write in (
            ("CSV", compared.to_csv),
            ("HTML", lambda: compared.to_html(title, *names)),
        ):
            file_button(
                f"The comparison, {kind}",
                write,
                f"{choice.population.name}-two-groups.{kind.lower()}",
                key=f"groups-{kind.lower()}",
                kind="tertiary",
            )


def _half(compared: GroupComparison) -> str:
    """Half the widest interval of the columns that are compared, in people of a hundred."""
    widest = max((each.distance.high - each.distance.low for each in compared.open), default=0.0)
    return f"{50 * widest:.1f}"


def _group(letter: str, choice: Choice) -> str:
    """A group's letter, who they are and how common; HTML."""
    share = describe.share_words(choice.conditional.probability) if choice.evidence else "all"
    return (
        f'<span><b class="pp-group-{letter}">{letter.upper()}</b> {escape(choice.question)}'
        f" <em>{escape(share)}</em></span>"
    )


def _share(choice: Choice, title: str) -> str:
    reading = which_people.words(choice.reading, choice.population)
    end = f" · {escape(reading)}" if reading else ""
    if not choice.evidence:
        how = "Learned" if choice.population.ledger is None else "Learned privately"
        return f"{how} from <b>{choice.population.people_learned}</b> real people{end}"
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
