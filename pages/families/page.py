"""Whole families: cards, facts on any level, real beside synthetic, and tables to take home."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from pages.families import figures, households, own
from pages.families.words import plain_name
from pages.shared import charts, header, markdown
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.files import file_button
from pages.shared.own_families import own_families
from pages.shared.plot import plot
from synth import describe
from synth.data.evidence import Evidence
from synth.errors import PopulaceError
from synth.evaluate.distances import tvd
from synth.linked.drawing import FamiliesGiven
from synth.linked.families import Families
from synth.linked.features import Rows
from synth.linked.population import Counts, LinkedPopulation
from synth.linked.rules import FamilyRule
from synth.linked.storage import available_linked, load_linked
from synth.linked.writing import zip_linked

_STYLE = Path(__file__).parent / "families.css"
_CARDS, _COMPARED = 6, 2_000
_HOME = (100, 1_000, 10_000)  # families to take home
_ROWS_COMPARED, _ROWS_HOME = 400_000, 1_000_000  # rows of them that a server has room for


@st.cache_resource(max_entries=4, show_spinner="Waking the families …")
def _loaded(name: str) -> LinkedPopulation:
    return load_linked(name)


@st.cache_resource(max_entries=64, show_spinner="Looking for such households …")
def _drawn(digest: str, known: str, seed: int, count: int, _given: FamiliesGiven) -> Families:
    return _given.families(count, seed)


@st.cache_data(max_entries=256, show_spinner=False)
def _share(digest: str, known: str, _given: FamiliesGiven) -> tuple[float, float, bool]:
    estimate = _given.estimate
    return estimate.value, estimate.standard_error, _given.exact


def _line(population: LinkedPopulation, given: FamiliesGiven, known: str, noun: str) -> str:
    """How common those asked for are, as HTML."""
    if not known:
        begin = f"Learned from <b>{population.families:,}</b> real {noun}"
    else:
        share, error, exact = _share(population.model.digest, known, given)
        how = "exact" if exact else f"estimated ± {describe.share_words(error)}"
        begin = f"<b>{escape(describe.share_words(share))}</b> of these {noun} · {escape(how)}"
    return f"<em>Families</em> · {begin} · everything below is synthetic"


def _compared(population: LinkedPopulation, families: Families) -> list[tuple[Counts, np.ndarray]]:
    """The counts of real households, each with those of synthetic ones in the same places."""
    top = population.model.shapes[0]
    ones = np.ones(len(families), np.int64)
    own = top.schema.modelled
    tables = {
        top.name: Rows.of(own, families.parents[list(own.names)], ones),
        **families.rows,
    }
    pairs = []
    for counts in population.counts:
        values = (
            tables[counts.table].column(counts.column)
            if counts.column
            else tables[counts.table].counts.astype(np.float64)
        )
        synthetic = counts.of(values)
        if synthetic.sum() and sum(counts.counts):
            pairs.append((counts, synthetic))
    return pairs


def _finding(
    compared: list[tuple[Counts, np.ndarray]],
    evidence: Evidence,
    rules: Iterable[FamilyRule],
    count: int,
    noun: str,
) -> str:
    """How near to the real families they are, or how those asked for differ from all."""
    known = set(evidence)
    for rule in rules:
        same = {rule.parent, f"{rule.table} rows"}  # a size is the number of members
        if rule.kind in ("rows", "rows and") and known & same:
            known |= same
    apart = {
        _title(counts): tvd(np.array(counts.counts), synthetic)
        for counts, synthetic in compared
        if (counts.column or f"{counts.table} rows") not in known
    }
    if not apart:
        return ""
    far = max(apart, key=apart.__getitem__)
    if not evidence:
        return (
            f"On average {100 * sum(apart.values()) / len(apart):.1f} of 100 would need another "
            f"answer for the {len(apart)} counts below to be as in real {noun}; farthest is "
            f"{far}, {100 * apart[far]:.1f} of 100 (estimated from {count:,} {noun})."
        )
    counts, synthetic = next(each for each in compared if _title(each[0]) == far)
    here, all_ = synthetic / synthetic.sum(), np.array(counts.counts) / sum(counts.counts)
    at = int(np.abs(here - all_).argmax())
    label = counts.labels[at]
    what = label if not label.replace("–", "").isdigit() else f"the answer {label}"
    return (
        f"Beside what was asked, these {noun} differ most from all real ones in {far}: "
        f"{what} is {here[at]:.1%} here and {all_[at]:.1%} of all (estimated from "
        f"{count:,} {noun})."
    )


def _beside(compared: list[tuple[Counts, np.ndarray]], noun: str, *, conditioned: bool) -> None:
    st.html('<h2 class="pp-section">Real beside synthetic</h2>')
    real = f"all real {noun}" if conditioned else f"real {noun}"
    st.html(charts.legend(exact=False, names=(real, f"synthetic {noun}")))
    columns = st.columns(3)
    for place, (counts, synthetic) in enumerate(compared):
        with columns[place % 3]:
            _chart(counts, synthetic, conditioned=conditioned)


def _title(counts: Counts) -> str:
    plain = plain_name(counts.column)
    table = "" if not counts.column else f" of {counts.table}"
    return (plain or f"how many {counts.table}") + table


def _chart(counts: Counts, synthetic: np.ndarray, *, conditioned: bool) -> None:
    title = _title(counts)
    distance = tvd(np.array(counts.counts), synthetic)
    words = "" if conditioned else f"<p>TVD <b>{distance:.3f}</b></p>"
    st.html(f'<div class="pp-column"><h2>{escape(title.capitalize())}</h2>{words}</div>')
    plot(
        figures.beside(counts, synthetic),
        key=f"family-{counts.table}-{counts.column}",
        alt=f"{title}: real shares beside synthetic ones",
    )


def _choose() -> LinkedPopulation:
    """The shipped families, or the visitor's own, the latest first."""
    names = (*own_families(), *available_linked())
    if len(names) == 1:
        return _loaded(names[0])
    titles = {name: each.title for name, each in own_families().items()}
    name = st.selectbox(
        "Which families",
        names,
        format_func=lambda each: titles.get(each, "US households"),
        key="families-which",
        filter_mode=None,
    )
    return own_families()[name] if name in titles else _loaded(name)


def _rows_of(families: Families) -> float:
    """About how many rows of all tables a family has; at least one."""
    rows = sum(int(some.counts.sum()) for some in families.rows.values())
    return max(rows / max(len(families), 1), 1.0)


def _take_home(
    population: LinkedPopulation, given: FamiliesGiven, seed: int, noun: str, rows: float
) -> None:
    """Tables to take home: one file each; fewer families where each has very many rows."""
    counts = tuple(n for n in _HOME if n * rows <= _ROWS_HOME) or (max(int(_ROWS_HOME / rows), 1),)
    with st.container(horizontal=True, vertical_alignment="bottom", key="families-home"):
        count = st.selectbox(
            "How many",
            counts,
            min(1, len(counts) - 1),
            format_func=lambda n: f"{n:,} {noun}",
            key="families-count",
            filter_mode=None,
        )
        file_button(
            "Take the tables home",
            partial(zip_linked, population, given, count, seed=seed),
            f"synthetic-{_file_name(population)}.zip",
            key="families-zip",
            help="One file a table, named as the sources; keys join them, and every row is marked "
            "as synthetic.",
        )


def _file_name(population: LinkedPopulation) -> str:
    name = population.model.shapes[0].name
    return "".join(c if c.isascii() and c.isalnum() else "-" for c in name)[:40] or "families"


@page(note=False)
def _page(choice: Choice) -> None:
    st.html(_STYLE)
    top = st.container()
    population = _choose()
    shipped = population.name in available_linked()
    head = partial(header.top, choice, "Families", own=not shipped)
    noun = "households" if shipped else "families"
    evidence, some = (households if shipped else own).ask_evidence(population)
    known = "|".join([str(evidence), *(f"{f.table}:{f.evidence}" for f in some)]).strip("|")
    try:
        given = population.model.given(evidence, some)
        digest = population.model.digest
        shown = _drawn(digest, known, choice.seed, _CARDS, given)
        with top:
            head(_line(population, given, known, noun))
    except PopulaceError as error:
        with top:
            head("<em>Families</em>")
        st.error(markdown.plain(str(error)))
        return
    if shipped:
        households.show_cards(population, shown, choice.seed)
    else:
        own.show_cards(population, shown)
    rows = _rows_of(shown)
    _take_home(population, given, choice.seed, noun, rows)
    if not some:
        count = int(np.clip(_ROWS_COMPARED / rows, 20, _COMPARED))
        drawn = _drawn(digest, known, choice.seed, count, given)
        compared = _compared(population, drawn)
        with top:
            header.say(_finding(compared, evidence, population.model.rules, count, noun))
        _beside(compared, noun, conditioned=bool(known))
    with st.expander(f"{len(population.model.rules)} rules that hold in every family"):
        st.markdown("\n".join(f"- {markdown.plain(str(r))}" for r in population.model.rules))
    guessed = (
        " Names, faces and relations are not in the data: names and faces are invented, relations "
        "are guessed from ages."
    )
    st.caption(markdown.plain(population.note + (guessed if shipped else "")))


_page()
