"""The shared sidebar: which population, what is known, how many people.

Every widget is bound to the link, so a view can be shared and reloaded. What a link writes in its
own way is read before (`address`); values that another population left are set right here.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages import NAMES, PAGES
from pages.shared import address, choice, facts, in_words, loaders, markdown, which_people
from pages.shared.facts import COMPARE, A, B, forget, key_of
from synth import describe
from synth.bayes.budget import BudgetError
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.populations import Population
from synth.populations.reading import Reading

__all__ = [
    "arrive",
    "forget",
    "key_of",
    "mend_address",
    "page_title",
    "show",
    "stop_comparing",
    "tab_title",
]

PEOPLE, SEED = 6, 8
MOST_PEOPLE, LARGEST_SEED = 60, 2**31 - 1
_KEPT, _AGAIN = "what the sidebar said", "address to be written"
_BEGUN, _PAGE = "page that was begun", "page of the address"

Parameters = list[tuple[str, str]]


def arrive(page: str) -> None:
    """Say what the sidebar said before, where coming to this page has lost it; call it first.

    Who leaves a page before its first run has ended can lose values (Streamlit 1.67). Values that
    came along, or that the browser's Back brings, stay as they are.
    """
    if st.session_state.get(_BEGUN) != page:
        # Also who goes to another page and back, before that one is drawn, has changed pages.
        st.session_state[_BEGUN] = page
        st.session_state.pop(_PAGE, None)
    kept: dict[str, object] = st.session_state.get(_KEPT, {})
    if st.session_state.pop(_AGAIN, False):
        st.session_state.update(kept)
    elif st.session_state.get(_PAGE) != page and not _went_back():
        st.session_state.update({key: kept[key] for key in kept if key not in st.session_state})


def _went_back() -> bool:
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def mend_address(page: str) -> None:
    """Write the choice into the address where coming to this page has lost it; call it last.

    Values can come along while their parameters do not. Streamlit writes only what is set, so the
    page starts over and sets it. Where nothing is missing here, the browser may still be about to
    be sent the poorer address of a page that was left in a hurry: it is sent this one after that.
    Within a page the browser keeps the address by itself.
    """
    if st.session_state.get(_PAGE) == page:
        return
    st.session_state[_PAGE] = page
    if not {key for key, _ in choice.current().link} <= set(st.query_params):
        st.session_state[_AGAIN] = True
        st.rerun()
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as parameters:
            parameters._send_query_param_msg()


def page_title() -> str:
    """How the navigation calls the page that is shown."""
    name = st.session_state.get(_PAGE) or NAMES[0]
    return next((row.title for row in PAGES if row.name == name), "")


def tab_title() -> str:
    """What the browser's tab says: the page, the question, and where one is."""
    current = choice.current()
    words = current.question
    if current.other is not None:
        words += f" / {current.other.question}"
    return f"{page_title()} · {words} · Populace"


def show(*, uses_facts: bool = True) -> None:
    """Draw the sidebar and lay the choice where the pages find it.

    Parameters
    ----------
    uses_facts : bool
        Whether the page does anything with what is known; where it does not, the facts are kept for
        the other pages, and not offered.
    """
    with st.sidebar:
        names, titles = loaders.names(), _titles()
        _settle(names, titles)
        name = st.selectbox(
            "Population",
            names,
            format_func=titles.__getitem__,
            key="population",
            bind="query-params",
            filter_mode=None,
        )
        if loaders.is_own(name):
            st.caption("Learned from your table; only this session knows it.")
        population = loaders.population(name)
        link: Parameters = [] if name == names[0] else [("population", titles[name])]
        people = st.container(key="people-first")
        which_people.arrive()
        read, reading, about = which_people.show(population)
        link += about

        summary = st.container()
        # What is not drawn loses its value and its place in the address, so it is drawn unseen.
        with st.container(key="facts" if uses_facts else "facts-unused"):
            first, second, written = _groups(population)
        link += written
        with people:
            count, seed, numbers = _people()
        link += numbers

        current = _choose(read, first, count, seed, tuple(link), population, reading)
        if second is not None:
            other = _choose(read, second, count, seed, tuple(link), population, reading)
            current = replace(current, other=other)
        with summary:
            _say(current, uses_facts=uses_facts)
    choice.keep(current)
    st.session_state[_KEPT] = {key: st.session_state[key] for key, _ in link}


def _people() -> tuple[int, int, Parameters]:
    """How many people, their seed, and the button for others."""
    address.read_range("people", 1, MOST_PEOPLE, single=True)
    address.read_range("seed", 0, LARGEST_SEED, single=True)
    left, right = st.container(key="numbers").columns(2, gap="small", wrap=False)
    count = left.number_input("How many", 1, MOST_PEOPLE, PEOPLE, key="people", bind="query-params")
    seed = right.number_input(
        "Seed", 0, LARGEST_SEED, SEED, key="seed", bind="query-params", help=_SEED_HELP
    )
    st.button(
        "New people",
        type="primary",
        width="stretch",
        icon=":material/casino:",
        on_click=_new_people,
    )
    link = [("people", str(count))] * (count != PEOPLE) + [("seed", str(seed))] * (seed != SEED)
    return int(count), int(seed), link


def _groups(population: Population) -> tuple[Evidence, Evidence | None, Parameters]:
    """What is known of those shown, and of those they are compared with, where they are."""
    address.read_facts(population)
    address.read_flag(COMPARE)
    st.html('<p class="pp-section">What is known</p>')
    if not st.toggle("Compare with …", key=COMPARE, bind="query-params", help=_COMPARE_HELP):
        first = _group(population, A)
        return first.evidence, None, list(first.link)
    left, right = st.tabs(["Group A", "Group B"])
    with left:
        first = _group(population, A)
    with right:
        second = _group(population, B)
    return first.evidence, second.evidence, [*first.link, (COMPARE, "true"), *second.link]


def _group(population: Population, group: str) -> facts.Answers:
    in_words.show(population, group)
    answers = facts.ask(population, group)
    if answers.evidence:
        st.button(
            "Forget all facts",
            icon=":material/close:",
            type="tertiary",
            key=f"{group}forget",
            on_click=partial(forget, population, tuple(answers.evidence), group),
        )
    return answers


def stop_comparing(population: Population) -> None:
    """Let go of group B."""
    forget(population, population.modelled.names, B)
    st.session_state[COMPARE] = False


def _titles() -> dict[str, str]:
    """Words for each population; the link writes them, so no two are the same."""
    titles: dict[str, str] = {}
    for name in loaders.names():
        title, number = loaders.title(name), 2
        while title in titles.values():
            title = f"{loaders.title(name)} ({number})"
            number += 1
        titles[name] = title
    return titles


def _settle(names: tuple[str, ...], titles: dict[str, str]) -> None:
    """Choose what a page asked for; meet a link to a population that is not here."""
    wanted = loaders.take_choice()
    if wanted in names:
        st.session_state["population"] = wanted
    elif st.session_state.get("population", names[0]) not in names:
        st.session_state["population"] = names[0]
    address.read_option("population", [titles[name] for name in names], titles, problem=_absent)


def _absent(title: str) -> str:
    """Why another population is shown than the one that a link asks for."""
    return (
        f"The link asks for the population “{title[:60]}”, which is not in this session. A "
        "population of one’s own is never shared by a link: ask its owner for the file, and load "
        "it in the Studio."
    )


_SEED_HELP = "The same seed always gives the same people."
_COMPARE_HELP = "A second set of facts, B, beside the first, A: every page then shows both groups."


def _new_people() -> None:
    st.session_state["seed"] = (st.session_state["seed"] + 1) % LARGEST_SEED


def _choose(
    population: Population,
    evidence: Evidence,
    count: int,
    seed: int,
    link: tuple[tuple[str, str], ...],
    base: Population,
    reading: Reading,
) -> choice.Choice:
    posterior, problem, stopped = None, "", False
    try:
        posterior = loaders.posterior(population, evidence)
    except PopulaceError as error:
        problem, stopped = str(error), isinstance(error, BudgetError)
    question = describe.question(evidence, population)
    return choice.Choice(
        population,
        evidence,
        int(count),
        int(seed),
        posterior,
        question,
        problem,
        link,
        stopped,
        base,
        reading,
    )


def _say(current: choice.Choice, *, uses_facts: bool) -> None:
    """The sentence: what is asked, and how common it is."""
    if not uses_facts:
        kept = f" They are kept: {current.question}." if current.evidence else ""
        st.caption(markdown.plain(f"The facts of the other pages do not count here.{kept}"))
        return
    if current.other is None:
        st.markdown(_sentence(current), width="stretch")
        return
    st.markdown(f"**A** · {_sentence(current)}")
    st.markdown(f"**B** · {_sentence(current.other)}")


def _sentence(current: choice.Choice) -> str:
    if current.stopped:
        return "How many are all of this is not known."
    if current.posterior is None:
        return "Nobody in this population is all of this."
    if not current.evidence:
        return (
            "No facts are set: everyone in this population."
            if current.other is None
            else "Everyone in this population."
        )
    share = describe.share_words(current.posterior.probability)
    text = f"{markdown.plain(current.question)}: **{share}** of this population."
    return text if current.exact else f"{text[:-1]}, estimated."
