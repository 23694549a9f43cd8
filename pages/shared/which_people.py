"""The sidebar's "Which people": how the population is read, and whom they should stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import address, loaders, markdown
from pages.shared.problems import show_problem
from synth import describe
from synth.bayes.calibration import Target
from synth.data.evidence import Evidence, Fact, OneOf, value_text
from synth.errors import PopulaceError
from synth.generators.calibrated import read_target_csv, split_lines, target_line
from synth.populations.as_written import canonical
from synth.populations.reading import Base, Reading, calibration

if TYPE_CHECKING:
    from synth.data.column import Column
    from synth.populations import Population

READING, TARGETS = "which", "targets"
"""The keys of the widgets, and the link's parameters."""
NETWORK, REFINED = "Network, exact", "Refined, closest to real people"
_HELP: dict[Base, str] = {
    "network": "Network: what was learned, every probability exact.",
    "refined": "Refined: the network’s people, kept so that a classifier can hardly tell them from "
    "real ones; its numbers are estimates.",
    "weighted": "Weighted: the network, changed as little as possible to have the shares of {}, "
    "which the survey’s weights give; exact.",
}
_SHARES, _COUNTS, _PARITY = "Shares of a column", "A CSV of counts", "Independent columns"
_LEVELS, _BANDS = 20, 4


def show(population: Population) -> tuple[Population, Reading, list[tuple[str, str]]]:
    """Draw the control; the population as it is read, how, and the link's parameters."""
    bases: dict[str, Base] = {NETWORK: "network"}
    if population.refinement is not None:
        bases[REFINED] = "refined"
    if population.survey:
        bases[weighted(population)] = "weighted"
    options = list(bases)
    if st.session_state.get(READING, NETWORK) not in options:
        st.session_state[READING] = NETWORK
    address.read_option(READING, options)
    of_link = address.is_unread(TARGETS)
    if not population.has_network and len(options) == 1:
        return population, Reading(), []
    chosen = st.session_state.get(READING) or st.query_params.get(READING) or NETWORK
    if chosen not in options:
        chosen = NETWORK
    lines = _lines()
    words = [] if chosen == NETWORK else [_inside(chosen.split(",")[0])]
    words += [f"{len(lines)} target{'s' * (len(lines) > 1)}"] if lines else []
    with st.expander(" · ".join(["Which people", *words]), key="which-people"):
        if len(options) > 1:
            chosen = st.radio(
                "Read by",
                options,
                key=READING,
                bind="query-params",
                help=" ".join(_HELP[base] for base in bases.values()).format(
                    population.survey_title
                ),
            )
        else:
            chosen = NETWORK
        base = bases[chosen]
        lines = _targets(population, refined=base == "refined")
        reading = Reading(base, targets=lines)
        link = [(READING, chosen)] * (base != "network")
        link += [(TARGETS, " ; ".join(lines))] * bool(lines)
        try:
            read = loaders.read(population, reading)
        except PopulaceError as error:
            show_problem(error)
            if of_link:  # this part of the sidebar is folded
                address.report(f"The link’s targets cannot be read: {error}")
            return population, Reading(), link
        _cost(read)
    return read, reading, link


def weighted(population: Population) -> str:
    """What the reading by the survey's weights is called: "Weighted to the US population"."""
    return f"Weighted to {population.survey_title}"


def words(reading: Reading, population: Population) -> str:
    """What a head says of a reading; empty for the network as it was learned."""
    parts = {"network": [], "refined": ["refined"], "weighted": [_inside(weighted(population))]}
    described: list[str] = parts[reading.base]
    return " · ".join([*described, *["with your targets"] * bool(reading.targets)])


def _inside(title: str) -> str:
    return title[0].lower() + title[1:]


def _lines() -> tuple[str, ...]:
    text = st.session_state.get(TARGETS)
    if text is None:
        text = st.query_params.get(TARGETS, "")
    return split_lines(str(text))


def _targets(population: Population, *, refined: bool) -> tuple[str, ...]:
    """What is written in the field, and the button that helps to write it."""
    if not population.has_network:
        return ()
    if refined:
        st.caption("Targets are met exactly by the network; read by it to set some.")
        return ()
    text = st.text_input(
        "Whom should they stand for?",
        key=TARGETS,
        bind="query-params",
        placeholder="themselves",
        help="Shares that these people are to have, such as `gender=.5/.5` or "
        "`age=..34:.3|35..:.7`; several with a semicolon between them. The population is changed "
        "as little as possible, and exactly.",
    )
    if st.button("Set shares …", key="targets-set", icon=":material/tune:", type="tertiary"):
        _ask(population)
    return split_lines(text or "")


def _cost(read: Population) -> None:
    """What it takes to have the targets, and what independence costs."""
    cost = calibration(read)
    if cost is None:
        return
    st.caption(
        f"Changes {cost.bits:.2g} bits a person; real people weighted so would be worth "
        f"{cost.effective_share:.0%} of their number. Exact."
    )


@st.dialog("Whom should they stand for?", width="medium")
def _ask(population: Population) -> None:
    """Shares of a column, a table of counts, or two columns without a tie."""
    kind = st.segmented_control(
        "By",
        (_SHARES, _COUNTS, _PARITY),
        default=_SHARES,
        required=True,
        key="targets-kind",
        label_visibility="collapsed",
    )
    if kind == _COUNTS:
        _by_counts(population)
    elif kind == _PARITY:
        _by_parity(population)
    else:
        _by_shares(population)


def _by_shares(population: Population) -> None:
    columns = {
        column.name: column
        for column in population.modelled
        if column.name in population.network.codings
        and (column.is_number or 2 <= len(column.states) <= _LEVELS)
    }
    name = st.selectbox(
        "Column",
        list(columns),
        format_func=lambda name: markdown.plain(columns[name].title),
        key="targets-column",
        filter_mode=None,
    )
    column = columns[name]
    cells = _cells(population, column)
    titles = markdown.titles(column, column.states)
    shares = []
    grid = st.grid(2, min_column_width=180, gap=10)
    for number, (fact, now) in enumerate(cells):
        label = describe.range_words(column, fact) if column.is_number else value_text(fact, column)
        with grid.cell():
            share = st.number_input(
                markdown.plain(titles.get(label.strip('"'), label)) + ", %",
                0.0,
                100.0,
                round(100 * now, 1),
                0.5,
                format="%.1f",
                key=f"targets-{population.digest[:8]}-{name}-{number}",
            )
        shares.append(share)
    total = sum(shares)
    st.caption(
        f"Together {total:.1f}%."
        + ("" if abs(total - 100) < 0.05 else " They are scaled so that they add up to 100%.")
    )
    if st.button("Use these shares", type="primary", key="targets-use", disabled=total <= 0):
        target = Target.of_counts([Evidence({name: fact}) for fact, _ in cells], shares)
        _add(target_line(target, population.modelled))


def _cells(population: Population, column: Column) -> list[tuple[Fact, float]]:
    """The levels of a column, or ranges that about equally many are in, and their shares now."""
    whole = canonical(population.given())
    marginal = whole.marginal(column.name)
    if not column.is_number:
        return [
            (OneOf((label,)), float(share))
            for label, share in zip(marginal.labels, marginal.probabilities, strict=True)
        ]
    parts: list[tuple[Fact, float]] = [
        (part, marginal.mass(part.lower, part.upper)) for part in marginal.parts(_BANDS)
    ]
    if column.missing:
        parts.append((OneOf(("missing",)), 1.0 - marginal.known))
    return parts


def _by_counts(population: Population) -> None:
    st.caption(
        "A head such as region,education,count, and a row for each cell: one or two columns, and "
        "the counts last."
    )
    file = st.file_uploader("CSV file", type="csv", key="targets-file")
    if file is None:
        return
    try:
        target = read_target_csv(file.getvalue().decode("utf-8-sig"), population.modelled)
    except (PopulaceError, UnicodeDecodeError) as error:
        show_problem(error)
        return
    st.caption(f"{len(target.cells)} cells of {markdown.plain(target.name)}.")
    if st.button("Use these counts", type="primary", key="targets-use-counts"):
        _add(target_line(target, population.modelled))


def _by_parity(population: Population) -> None:
    schema = population.modelled
    names = [name for name in schema.names if name in population.network.codings]
    if len(names) < 2:
        st.caption("This takes two columns.")
        return
    protected = schema.first("gender")
    st.caption(
        "Make one column independent of another, such as income of gender: both stay as common as "
        "they are, and neither tells of the other (statistical parity)."
    )
    target = st.selectbox(
        "Make",
        names,
        index=1 if protected is not None and names[0] == protected.name else 0,
        format_func=lambda name: markdown.plain(schema[name].title),
        key="targets-parity",
        filter_mode=None,
    )
    others = [name for name in names if name != target]
    of = st.selectbox(
        "independent of",
        others,
        index=others.index(protected.name)
        if protected is not None and protected.name in others
        else 0,
        format_func=lambda name: markdown.plain(schema[name].title),
        key="targets-protected",
        filter_mode=None,
    )
    _say_parity(population, target, of)
    if st.button("Make them independent", type="primary", key="targets-use-parity"):
        _add(f"{target} independent of {of}")


def _say_parity(population: Population, target: str, protected: str) -> None:
    """What it costs, before it is done."""
    line = f"{target} independent of {protected}"
    try:
        read = loaders.read(population, Reading(targets=(line,)))
        cost = calibration(read)
        before, after = parity_accuracy(population, target, protected)
    except PopulaceError as error:
        show_problem(error)
        return
    if cost is not None:
        st.caption(
            f"Costs {cost.bits:.2g} bits a person; no share of either column changes. Whoever "
            f"guesses {markdown.plain(population.modelled[target].title.lower())} from "
            f"{markdown.plain(population.modelled[protected].title.lower())} is right for "
            f"{before:.1%} now and for {after:.1%} then. Exact."
        )


def parity_accuracy(population: Population, target: str, protected: str) -> tuple[float, float]:
    """How often the best guess of a column from another is right, now and where it tells nothing.

    Of numbers, bins are guessed.
    """
    posterior = canonical(population.given())
    joint = posterior.joint(target, protected)  # type: ignore[attr-defined]
    return float(joint.max(axis=0).sum()), float(joint.sum(axis=1).max())


def _add(line: str) -> None:
    """Write a target into the field; one about the same columns gives way."""
    about = line.partition("=")[0]
    kept = [each for each in _lines() if each.partition("=")[0] != about]
    st.session_state["targets to come"] = " ; ".join([*kept, line])
    st.rerun()


def arrive() -> None:
    """Write what the dialog asked for; call it before the field is drawn."""
    if "targets to come" in st.session_state:
        st.session_state[TARGETS] = st.session_state.pop("targets to come")
