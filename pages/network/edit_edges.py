"""Arrows added, taken out or forbidden, and the network relearned: the network page's last view."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import streamlit as st

from pages.network import graph
from pages.shared import loaders, markdown
from pages.shared.files import file_button
from pages.shared.problems import show_problem
from synth.bayes import strength
from synth.bayes.bif import bif_text
from synth.errors import PopulaceError
from synth.fitting import refit

if TYPE_CHECKING:
    from pages.shared.choice import Choice
    from synth.bayes import Network
    from synth.data.schema import Schema
    from synth.data.table import Table
    from synth.populations import Population

Edge = strength.NamedEdge
Edit = tuple[Literal["require", "forbid", "apart"], str, str]
_STUDIO = Path(__file__).parents[1] / "studio" / "page.py"
_ORIGINS = "network-origins"
_VERBS = {"require": "must be there", "forbid": "must not be there", "apart": "kept apart"}
_SCORES = {
    "predictive": (
        "Cross-validated predictive score: the bits it takes to tell one person when the tables "
        "are learned from the other half of the people, and a small charge for each arrow. Fewer "
        "are better."
    ),
    "k2": "K2 score: the negative logarithm of the marginal likelihood. Fewer bits are better.",
    "bdeu": "BDeu score: the negative logarithm of the marginal likelihood. Fewer bits are better.",
    "bic": "BIC: the bits to tell one person and the network’s numbers. Fewer are better.",
}


@st.cache_resource(show_spinner="Relearning …", max_entries=16)
def _relearned(
    network_digest: str,
    table_digest: str,
    edges: strength.NamedEdgeConstraints,
    _network: Network,
    _table: Table,
) -> refit.Relearned:
    return refit.relearn(_network, _table, edges)


@st.cache_resource(show_spinner=False, max_entries=16)
def _pruned(digest: str, edges: tuple[Edge, ...], _network: Network) -> strength.Pruned:
    return strength.prune(_network, edges)


@st.cache_resource(show_spinner=False, max_entries=16)
def _strengths(digest: str, _network: Network) -> dict[Edge, float]:
    return strength.strengths(_network)


def show(choice: Choice, strengths: Mapping[Edge, float]) -> None:
    """Draw the view."""
    _way_back(choice.population)
    table = choice.population.table
    if table is not None and refit.can_relearn(choice.population.network, table):
        _with_people(choice.population, table, strengths)
    else:
        _without_people(choice.population, strengths)


# ── Use it, go back, download ────────────────────────────────────────────────────────────────────


def _use(population: Population, network: Network) -> None:
    """Look at the network on every page, in this session."""
    origins = st.session_state.setdefault(_ORIGINS, {})
    origin = origins.get(population.name, population.name)
    title = loaders.population(origin).title
    edited_population = refit.edited(population, network, title=f"{title}, edited")
    origins[edited_population.name] = origin
    loaders.adopt(edited_population)


def _way_back(population: Population) -> None:
    origin = st.session_state.get(_ORIGINS, {}).get(population.name)
    if origin is None or origin not in loaders.names():
        return
    with st.container(horizontal=True, gap="medium", vertical_alignment="center", border=True):
        st.markdown("Every page now asks the network that you edited.", width="stretch")
        st.button(
            "Back to the original",
            icon=":material/undo:",
            on_click=loaders.choose,
            args=(origin,),
            key="network-back",
        )


def _now(network: Network, strengths: Mapping[Edge, float], highlighted: tuple[Edge, ...]) -> None:
    """The network as it is, while there is nothing new to show."""
    st.html('<h2 class="pp-section">The network now</h2>')
    with st.container(key="network-now", width=860):
        graph.show(
            network,
            strengths,
            key="network-now-graph",
            label="The network before it is edited",
            highlighted=highlighted,
        )


def _results(population: Population, network: Network, changed: tuple[Edge, ...]) -> None:
    """What can be done with a new network, and how it looks."""
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Use it in this session",
            type="primary",
            icon=":material/check:",
            on_click=_use,
            args=(population, network),
            key="network-use",
        )
        downloads(network, "edited")
    head = "The new network, new arrows in colour" if changed else "The new network"
    st.html(f'<h2 class="pp-section">{head}</h2>')
    with st.container(key="network-new", width=860):
        graph.show(
            network,
            _strengths(network.digest, network),
            key="network-new-graph",
            label="The edited network",
            highlighted=changed,
        )


def downloads(network: Network, name: str) -> None:
    """The network as JSON and, where that can be, as BIF; made when clicked."""
    file_button(
        "JSON",
        lambda: json.dumps(network.to_json(), separators=(",", ":")),
        f"{name}.json",
        key=f"json-{name}",
        help="`Network.load` and `python -m synth` read it.",
    )
    if not network.gaussians:
        file_button(
            "BIF",
            lambda: bif_text(network),
            f"{name}.bif",
            key=f"bif-{name}",
            help="For pgmpy, pyAgrum, bnlearn and others; numbers become states.",
        )


# ── Where the rows are there ─────────────────────────────────────────────────────────────────────


def _arrow(schema: Schema, edge: Edge, mark: str = "→") -> str:
    return f"{schema[edge[0]].title} {mark} {schema[edge[1]].title}"


def _set_constraint(kind: Literal["require", "forbid", "apart"], place: str) -> None:
    """Note a constraint; an older one about the same two columns gives way."""
    pair = (st.session_state["network-from"], st.session_state["network-to"])
    edits = [edit for edit in st.session_state.get(place, ()) if set(edit[1:]) != set(pair)]
    st.session_state[place] = (*edits, (kind, *pair))


def _drop(edit: Edit, place: str) -> None:
    st.session_state[place] = tuple(edit for edit in st.session_state[place] if edit != edit)


def _picker(network: Network, strengths: Mapping[Edge, float], place: str) -> None:
    """Choose two columns and the constraint on them."""
    schema = network.schema
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        for label, key, first in (("From", "network-from", 0), ("To", "network-to", 1)):
            if st.session_state.get(key) not in (None, *schema.names):
                del st.session_state[key]
            st.selectbox(
                label,
                schema.names,
                index=min(first, len(schema) - 1),
                format_func=lambda name: schema[name].title,
                key=key,
                width=220,
            )
        pair = (st.session_state["network-from"], st.session_state["network-to"])
        same = pair[0] == pair[1]
        for kind, label, icon in (
            ("require", "Require", ":material/add:"),
            ("forbid", "Forbid", ":material/block:"),
            ("apart", "Keep apart", ":material/link_off:"),
        ):
            st.button(
                label,
                icon=icon,
                on_click=_set_constraint,
                args=(kind, place),
                disabled=same,
                key=f"network-{kind}",
            )
    if same:
        st.caption("Choose two different columns.")
        return
    if pair in strengths:
        now = f"{_arrow(schema, pair)} is there now: {graph.bits(strengths[pair])}."
    elif pair[::-1] in network.edges:
        now = f"The arrow now points the other way: {_arrow(schema, pair[::-1])}."
    else:
        now = f"There is no arrow between {schema[pair[0]].title} and {schema[pair[1]].title} now."
    st.caption(markdown.plain(now))


def _listed(edits: tuple[Edit, ...], schema: Schema, place: str) -> None:
    with st.container(horizontal=True, gap="small"):
        for edit in edits:
            mark = "⇸" if edit[0] == "apart" else "→"
            arrow = markdown.plain(_arrow(schema, edit[1:], mark if mark == "→" else "and"))
            st.button(
                f"{arrow}: {_VERBS[edit[0]]}",
                icon=":material/close:",
                on_click=_drop,
                args=(edit, place),
                key=f"network-constraint-{'-'.join(edit)}",
                help="Let go of this constraint",
            )


def _with_people(population: Population, table: Table, strengths: Mapping[Edge, float]) -> None:
    network = population.network
    place = f"network-constraints-{population.digest}"
    st.markdown(
        "Say which arrows must be there and which must not; the rest is learned again from the "
        f"{len(table):,} real rows, with the settings of the first time."
    )
    _picker(network, strengths, place)
    noted: tuple[Edit, ...] = st.session_state.get(place, ())
    if not noted:
        _now(network, strengths, ())
        return
    _listed(noted, network.schema, place)
    relearned_key = f"{place}-relearned"
    if st.button("Relearn", type="primary", icon=":material/refresh:", key="network-relearn"):
        st.session_state[relearned_key] = noted
    if st.session_state.get(relearned_key) != noted:
        _now(network, strengths, tuple((a, b) for _, a, b in noted))
        return
    edits = strength.NamedEdgeConstraints(
        required=tuple((a, b) for kind, a, b in noted if kind == "require"),
        forbidden=tuple((a, b) for kind, a, b in noted if kind == "forbid"),
        apart=tuple((a, b) for kind, a, b in noted if kind == "apart"),
    )
    try:
        result = _relearned(network.digest, table.digest, edits, network, table)
    except PopulaceError as error:
        show_problem(error)
        return
    _scores(result)
    _changes(result, network.schema)
    _results(population, result.network, (*result.added, *result.turned))


def _scores(result: refit.Relearned) -> None:
    def box(head: str, nats: float | None, note: str) -> str:
        if nats is None:
            return f'<div><p>{head}</p><p class="pp-figure">–</p><p>{note}</p></div>'
        each = -nats / result.rows / graph.BITS
        return (
            f'<div><p>{head}</p><p class="pp-figure">{each:.3f} <small>bits a person</small></p>'
            f"<p>{note}</p></div>"
        )

    alone = result.obstacle
    if result.alone is not None:
        alone = _difference(result.alone - result.before, result.rows)
    st.html(
        '<div class="pp-scores">'
        + box("Before", result.before, f"{-result.before:,.0f} nats for {result.rows:,} people")
        + box("Your constraints, nothing else changed", result.alone, alone)
        + box(
            "Relearned under your constraints",
            result.after,
            _difference(result.after - result.before, result.rows),
        )
        + "</div>"
    )
    st.caption(_SCORES[result.score])


def _difference(nats: float, rows: int) -> str:
    each = nats / rows / graph.BITS
    if math.isclose(nats, 0.0, abs_tol=1e-6):
        return "the same"
    word = "better" if nats > 0 else "worse"
    return f"<b>{abs(each):.3f} bits {word}</b> ({nats:+,.0f} nats in all)"


def _changes(result: refit.Relearned, schema: Schema) -> None:
    chips = [
        f"<li>{sign} {escape(_arrow(schema, edge))}</li>"
        for sign, edges in (
            ("<b>+</b>", result.added),
            ("<b>−</b>", result.removed),
            ("<b>↻</b>", result.turned),
        )
        for edge in edges
    ]
    count = f"{len(result.added)} added, {len(result.removed)} gone, {len(result.turned)} turned"
    st.html(
        f'<h2 class="pp-section">Arrows: {count}</h2><ul class="pp-arrows">{"".join(chips)}</ul>'
    )


# ── Where they are not ───────────────────────────────────────────────────────────────────────────


def _without_people(population: Population, strengths: Mapping[Edge, float]) -> None:
    network = population.network
    schema, people = network.schema, population.contingency.rows
    st.markdown(
        "Take arrows out and see what it costs, exactly, from the network itself. To add an arrow "
        "takes the real rows, which do not ship with this population: bring a table to the Studio "
        "to try that."
    )
    if _STUDIO.exists():
        st.page_link(_STUDIO, label="To the Studio", icon=":material/science:")
    place = f"network-out-{population.digest[:8]}"
    own = network.class_edges
    weakest = sorted((edge for edge in strengths if edge not in own), key=strengths.__getitem__)
    gone = st.multiselect(
        "Arrows to take out, the weakest first",
        weakest,
        format_func=lambda edge: f"{_arrow(schema, edge)} · {graph.bits(strengths[edge])}",
        key=place,
        placeholder="choose arrows",
    )
    if not gone:
        _now(network, strengths, ())
        return
    result = _pruned(network.digest, tuple(gone), network)
    each = result.nats / graph.BITS
    lost = result.nats * people
    st.html(
        f'<p class="pp-say">Without {"it" if len(gone) == 1 else "them"} a person’s record takes '
        f"<b>{each:.3g} bits</b> more to tell on average: the log-likelihood of {people:,} people "
        f"like these falls by <b>{lost:,.0f} nats</b>.</p>"
    )
    lines = "".join(
        f"<li>{escape(schema[child].title)} <b>−{graph.bits(nats)}</b></li>"
        for child, nats in result.loss.items()
    )
    st.html(f'<ul class="pp-arrows">{lines}</ul>')
    st.caption(
        "The loss of an arrow is the conditional mutual information of its two ends given the "
        "other parents; losses of different columns add up to the Kullback–Leibler divergence of "
        "the new network from the old. Everything else stays as it is."
    )
    _results(population, result.network, ())
