"""Seeing beside doing: the network page's third view."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from pages.network import distributions, structure
from pages.shared import markdown
from pages.shared.problems import show_problem
from synth import describe
from synth.bayes import interventions
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from pages.shared.choice import Choice
    from synth.bayes import Marginal, Network

_SHOWN = 6
_SAME = 0.0005  # distributions closer than this are called the same


@st.cache_resource(show_spinner="Looking for a telling case …", max_entries=32)
def _telling(
    digest: str, featured: tuple[str, ...], _network: Network
) -> tuple[str, int, str] | None:
    return interventions.telling_case(_network, featured) or interventions.telling_case(
        _network, tuple(_network.parents)[: 2 * len(featured)]
    )


def _controls(choice: Choice) -> tuple[str, int, str]:
    """The column, its code and the outcome; the first choice is one that tells."""
    population = choice.population
    network, schema = population.network, population.modelled
    coded = [name for name in schema.names if name in network.codings]
    telling = _telling(network.digest, population.featured, network) or (
        coded[0],
        0,
        next((name for name in schema.names if name != coded[0]), coded[0]),
    )
    key = f"network-do-{population.digest[:8]}"
    with st.container(horizontal=True, gap="medium"):
        column = st.selectbox(
            "See or set",
            coded,
            index=coded.index(telling[0]),
            format_func=lambda name: schema[name].title,
            key=key,
            width=230,
        )
        coding = network.codings[column]
        titles = markdown.titles(coding.column, coding.labels)
        code = st.selectbox(
            "to",
            range(coding.size),
            index=telling[1] if column == telling[0] else 0,
            format_func=lambda code: titles[coding.labels[code]],
            key=f"{key}-{column}",
            width=230,
        )
        others = [name for name in schema.names if name != column] or [column]
        outcome = st.selectbox(
            "and look at",
            others,
            index=others.index(telling[2]) if telling[2] in others else 0,
            format_func=lambda name: schema[name].title,
            key=f"{key}-outcome-{column}",
            width=230,
        )
    return column, code, outcome


def _sentence(level: str, title: str, case: interventions.SeenAndDone, choice: Choice) -> str:
    """What seeing and doing are, by the numbers of this case; HTML."""
    column = choice.population.modelled[case.outcome]
    name = escape(column.title)
    if case.seen.mean is not None and not column.missing:
        seen = f"<em>{name}</em> is <b>{distributions.rough(case.seen.mean, column)}</b> on average"
        done = f"it would be <b>{distributions.rough(case.done.mean, column)}</b>"
    else:
        label = case.seen.labels[case.telling]
        words = escape(markdown.titles(column, case.seen.labels)[label])
        seen = f"<em>{name}</em> is “{words}” for <b>{_share(case.seen, case.telling)}</b>"
        done = f"it would be for <b>{_share(case.done, case.telling)}</b>"
    among = f" among those asked for ({escape(choice.question)})" if choice.evidence else ""
    return (
        f"Where <em>{escape(title)}</em> is <b>seen</b> to be “{escape(level)}”{among}, {seen}; "
        "were it <b>set</b> to that for everybody, cut off from what usually brings it about, "
        f"{done} – provided that the arrows are causes, which a table alone cannot prove."
    )


def _share(marginal: Marginal, code: int) -> str:
    return describe.share_words(float(marginal.probabilities[code]))


def show(choice: Choice) -> None:
    """Draw the view."""
    network = choice.population.network
    if len(network.schema.modelled) < 2 or not network.codings:
        st.info("Seeing and doing take two columns: this population has one.")
        return
    column, code, outcome = _controls(choice)
    coding = network.codings[column]
    level = markdown.titles(coding.column, coding.labels)[coding.labels[code]]
    try:
        others = [name for name in network.schema.modelled.names if name != column]
        cases = interventions.see_and_do(
            choice.population, column, coding.fact(code), others, choice.evidence
        )
    except PopulaceError as error:
        show_problem(error)
        return
    case = next(case for case in cases if case.outcome == outcome)
    title = network.schema[column].title
    st.html(f'<p class="pp-say">{_sentence(level, title, case, choice)}</p>')
    grid = st.grid(2, min_column_width=380, gap=20, border=True, key="columns")
    shown = network.schema[outcome]
    before = choice.question if choice.evidence else "everyone"
    for head, verb, after, beside, distance in (
        (
            "See",
            "conditioning",
            case.seen,
            case.done,
            interventions.distance(case.before, case.seen),
        ),
        ("Do", "intervention", case.done, case.seen, case.effect),
    ):
        with grid.cell():
            words_of = (
                f"<h3>{head}: {escape(shown.title)}</h3>"
                f'<p class="pp-moved">{verb} · moved by <b>{distance:.3f}</b></p>'
            )
            after_word = "seen" if head == "See" else "set"
            key = distributions.legend(before, f"{title} {after_word} to be {level}")
            drawn = distributions.card(
                shown, case.before, after, head=words_of + key, levels=12, beside=beside
            )
            st.html(drawn)
    st.caption(_moral(case, network, column))
    st.caption(_rests_on(network))
    _elsewhere(cases, network)


def _elsewhere(cases: tuple[interventions.SeenAndDone, ...], network: Network) -> None:
    """The outcomes on which seeing and doing differ most."""
    most = sorted(cases, key=lambda case: -case.apart)[:_SHOWN]
    chips = "".join(
        f"<li>{escape(network.schema[case.outcome].title)} <b>{case.apart:.3f}</b></li>"
        for case in most
        if case.apart >= _SAME
    )
    if chips:
        st.html(
            '<h2 class="pp-section">Where seeing and doing differ most</h2>'
            f'<ul class="pp-arrows">{chips}</ul>'
        )


def _rests_on(network: Network) -> str:
    """What the directions of the arrows, and so every effect, rest on."""
    words = "Doing follows the arrows, and their directions rest on "
    if network.tiers:
        words += f"an order that was set before ({structure.order(network)}) and, within it, on "
    return (
        f"{words}the data, which an arrow the other way often fits as well: an effect is what the "
        "network says, not what a trial would show."
    )


def _moral(case: interventions.SeenAndDone, network: Network, column: str) -> str:
    title = markdown.plain(network.schema[column].title)
    if case.apart >= _SAME:
        return (
            f"Seeing and doing differ by {case.apart:.3f} (total variation distance): seeing also "
            f"tells of what stands above {title} in the network, doing does not. Both are exact."
        )
    if not network.parents.get(column):
        return f"Seeing and doing are the same here: nothing stands above {title} in the network."
    return (
        "Seeing and doing are the same here: what stands above "
        f"{title} does not reach this outcome another way."
    )
