"""The network as a picture: its arrows, how strong they are, and the table of a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.network import distributions, edit_edges, graph
from pages.shared import address, header, markdown
from synth import describe
from synth.bayes import interventions, strength
from synth.data.evidence import Evidence, Fact
from synth.errors import PopulaceError

if TYPE_CHECKING:
    from pages.shared.choice import Choice
    from synth.bayes import Network
    from synth.generators.base import Conditional
    from synth.populations import Population

_NODE, _GRAPH = "network-node", "network-graph"
_ANY = "any"
_ROWS = 12  # rows of a column's table that are shown
_LEVELS = 6  # columns with more levels show their commonest three in a table
_STRONGEST = 6


def strengths_of(network: Network) -> dict[strength.NamedEdge, float]:
    """How much the beginning of each arrow tells about its end, in bits."""
    return _strengths(network.digest, network)


@st.cache_resource(show_spinner=False, max_entries=32)
def _strengths(digest: str, _network: Network) -> dict[strength.NamedEdge, float]:
    return strength.strengths(_network)


def explained(network: Network, edge: strength.NamedEdge) -> float:
    """The share of what is unknown about an arrow's end that its beginning takes away."""
    entropies = _entropies(network.digest, network)
    return strength.explained(strengths_of(network)[edge], entropies[edge[1]])


@st.cache_resource(show_spinner=False, max_entries=32)
def _entropies(digest: str, _network: Network) -> dict[str, float]:
    return strength.entropies(_network)


@st.cache_resource(show_spinner=False, max_entries=64)
def _rows(digest: str, column: str, _network: Network) -> tuple[strength.Row, ...]:
    return strength.common_rows(_network, column, _ROWS)


def _before(choice: Choice) -> Conditional:
    """Whom those asked for are compared with: group B, else everyone."""
    return choice.population.given() if choice.against is None else choice.against.conditional


def _clicked() -> None:
    """A click opens a column; a second one closes it."""
    name = st.session_state[_GRAPH]["node"]
    if name:
        st.session_state[_NODE] = None if st.session_state.get(_NODE) == name else name


@st.fragment
def show(choice: Choice) -> None:
    """Draw the network; a column that is clicked opens beside it."""
    network = choice.population.network
    if st.session_state.get(_NODE) not in (None, *network.schema.names):
        st.session_state[_NODE] = None
    strengths = strengths_of(network)
    moved, other = None, choice.against
    if choice.evidence or other is not None:
        moves = interventions.moved(_before(choice), choice.conditional, network.schema.names)
        moved = {move.column: move.distance for move in moves}
    observed = (*choice.evidence, *(other.evidence if other is not None else ()))
    left, right = st.columns([8, 5], gap="large")
    with right:
        schema = network.schema
        titles = {name: schema[name].title for name in schema.names}
        address.read_option(_NODE, list(titles.values()), titles)
        chosen = st.selectbox(
            "Open a column",
            schema.names,
            index=None,
            format_func=lambda name: schema[name].title,
            placeholder="click a box, or choose here",
            key=_NODE,
            bind="query-params",
        )
    with left:
        more = '<span><i class="pp-kind-class"></i>class</span>' if network.class_of else ""
        if chosen:
            more += (
                '<span><i class="pp-kind-in"></i>arrows in</span>'
                '<span><i class="pp-kind-out"></i>arrows out</span>'
            )
        if moved is not None:
            far = "how far A is from B" if other is not None else "how far it moved"
            more += (
                '<span><i class="pp-kind-known"></i>known</span>'
                f'<span><i class="pp-kind-moved"></i>{far}</span>'
            )
        st.html(graph.LEGEND.format(more=more))
        graph.show(
            network,
            strengths,
            key=_GRAPH,
            label=f"The network of {choice.population.title}",
            chosen=chosen,
            observed=observed,
            moved=moved,
            on_click=_clicked,
        )
    with right:
        if chosen is None:
            _how_to_read(network, strengths)
        else:
            _open(choice.population, chosen)
    if chosen is not None:
        _table(network, chosen)


def _how_to_read(network: Network, strengths: dict[strength.NamedEdge, float]) -> None:
    schema = network.schema
    st.markdown(
        "An arrow leads from a column to one that depends on it directly. The wider it is, the "
        "more its beginning tells about its end that the other arrows there do not. That is "
        "counted in bits: one bit is the answer to one yes-or-no question whose two answers are "
        "equally likely; in per cent, it is the share of what is unknown that it takes away "
        "(conditional mutual information over entropy, exact)."
    )
    others = (edge for edge in strengths if edge not in network.class_edges)
    ranked = sorted(others, key=lambda edge: -strengths[edge])[:_STRONGEST]
    if ranked:
        items = "".join(
            f"<li>{escape(schema[a].title)} → {escape(schema[b].title)} "
            f"<b>{graph.bits(strengths[a, b])}, "
            f"{explained(network, (a, b)):.0%}</b></li>"
            for a, b in ranked
        )
        st.html(f'<h2 class="pp-section">Strongest arrows</h2><ul class="pp-arrows">{items}</ul>')
    else:
        st.caption("No column depends on another here, so there are no arrows.")
    st.caption(
        f"{network.columns_text}, {len(network.edges)} arrows, {network.parameters:,} numbers. "
        "Arrows are learned from data: they say what predicts what, not what causes what."
    )
    if network.class_of:
        st.caption(
            "A class is a range of a number. Other columns may depend on whether it is low or high "
            "rather than on each of its values; a number settles its class."
        )
    if network.tiers:
        st.caption(f"No arrow leads back in this order, which was set before: {order(network)}.")
    _downloads(network)


def order(network: Network) -> str:
    """The tiers of a network's columns in words, for markdown."""
    steps = (
        ", ".join(markdown.plain(network.schema[name].title) for name in tier)
        for tier in network.tiers
    )
    return "; then ".join(steps)


def _downloads(network: Network) -> None:
    with st.container(horizontal=True, gap="small"):
        edit_edges.downloads(network, "network")


def _titles(network: Network, names: list[str]) -> str:
    titles = [network.schema[name].title for name in names]
    return ", ".join(markdown.plain(title) for title in titles)


def _open(population: Population, name: str) -> None:
    """A column's table or densities, and what it depends on."""
    network = population.network
    column = network.schema[name]
    above = [a for a, b in network.edges if b == name]
    below = [b for a, b in network.edges if a == name]
    header.part(column.title)
    words = [f"Depends directly on {_titles(network, above)}." if above else "Depends on nothing."]
    words += [f"On it depend {_titles(network, below)}." if below else "Nothing depends on it."]
    st.markdown(" ".join(words))
    known = _parents_set(network, name, above)
    try:
        posterior = population.given(known)
    except PopulaceError as error:
        st.warning(markdown.plain(str(error)))
        return
    if known:
        share = describe.share_words(posterior.probability)
        st.caption(
            f"{markdown.plain(describe.question(known, population))}: {share} of this population."
        )
    before, after = population.given().marginal(name), posterior.marginal(name)
    st.html(distributions.legend("everyone", "those chosen above" if known else ""))
    st.html(distributions.card(column, before, after if known else None, levels=10))
    if name in network.gaussians:
        st.caption("A number modelled by regressions: a normal curve for each choice above.")


def _parents_set(network: Network, name: str, above: list[str]) -> Evidence:
    """The values of the parents that the visitor chooses, as evidence."""
    known: dict[str, Fact] = {}
    # A class is chosen by values of its number.
    numbers = dict.fromkeys(network.class_of.get(parent, parent) for parent in above)
    coded = [parent for parent in numbers if parent in network.codings and parent != name]
    if coded:
        grid = st.grid(2, min_column_width=150, gap=10)
        for parent in coded:
            coding = network.codings[parent]
            titles = markdown.titles(coding.column, coding.labels)
            with grid.cell():
                code = st.selectbox(
                    markdown.plain(coding.column.title),
                    [None, *range(coding.size)],
                    format_func=partial(_state, coding.labels, titles),
                    key=f"network-{name}-given-{parent}",
                )
            if code is not None:
                known[parent] = coding.fact(code)
    return Evidence(known)


def _state(labels: Sequence[str], titles: Mapping[str, str], code: int | None) -> str:
    """A parent's state in words."""
    return _ANY if code is None else titles[labels[code]]


def _table(network: Network, name: str) -> None:
    """The rows of the table that speak of the most people."""
    if not network.parents.get(name):
        return
    rows = _rows(network.digest, name, network)
    coding = network.codings[name]
    total = 1
    for parent in network.parents[name]:
        total *= network.codings[parent].size
    frame: dict[str, list[object]] = {}
    for i, parent in enumerate(network.parents[name]):
        own = network.codings[parent]
        titles = markdown.titles(own.column, own.labels)
        frame[own.column.title] = [titles[row.given[i]] for row in rows]
    frame["of everyone"] = [row.share for row in rows]
    titles = markdown.titles(coding.column, coding.labels)
    percents = ["of everyone"]
    if coding.size <= _LEVELS:
        for code, label in enumerate(coding.labels):
            frame[f"→ {titles[label]}"] = [float(row.probabilities[code]) for row in rows]
            percents.append(f"→ {titles[label]}")
    else:
        frame[f"→ {coding.column.title}, commonest"] = [
            " · ".join(
                f"{titles[coding.labels[code]]} {row.probabilities[code]:.0%}"
                for code in (-row.probabilities).argsort(kind="stable")[:3]
            )
            for row in rows
        ]
    covered = sum(row.share for row in rows)
    st.html(
        f'<h2 class="pp-section">{escape(coding.column.title)}: the table’s commonest rows</h2>'
        f'<p class="pp-note">{len(rows)} of {total:,} rows: {covered:.0%} of everyone.</p>'
    )
    st.dataframe(
        pd.DataFrame(frame),
        hide_index=True,
        key=f"network-table-{name}",
        column_config={head: st.column_config.NumberColumn(format="percent") for head in percents},
    )
