"""Whole households: cards, and distributions real beside synthetic, under facts on any level."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from pages.families import figures
from pages.families.cards import card
from pages.shared import charts, header, markdown
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.plot import plot
from synth import describe
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.schema import Column, number_text
from synth.errors import PopulaceError
from synth.evaluate.distances import tvd
from synth.linked.drawing import FamiliesGiven
from synth.linked.facts import RowFact
from synth.linked.families import Families
from synth.linked.features import Rows
from synth.linked.population import Counts, LinkedPopulation
from synth.linked.storage import available_linked, load_linked
from synth.people.households import make_members

_STYLE = Path(__file__).parent / "families.css"
_CARDS, _COMPARED = 6, 2_000
_ANY = "any home"
_OLDEST, _MANY = 92, 8
# Levels that the source leaves as codes begin so; the codes are shown as what they are.
_CODES = {"level": "education {} of 8", "fuel": "fuel code {}"}
_NAMES = {
    "young_children": "children under 5",
    "income_bracket": "income bracket (1–11)",
    "owns_home": "home is",
    "urban_size": "urban area (1–6)",
    "rural": "area",
}


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


def _ask_evidence(population: LinkedPopulation) -> tuple[Evidence, tuple[RowFact, ...]]:
    """What the controls say is known."""
    schema = population.model.root.schema
    with st.container(border=True, key="family-facts"):
        left, middle, right = st.columns(3, gap="medium")
        with left:
            home = st.selectbox("Home", (_ANY, *schema["home"].levels), key="family-home")
            size = st.slider("Members aged 5 and more", 1, _MANY, (1, _MANY), key="family-size")
        with middle:
            income = st.slider(
                "Income bracket, low to high", 1, 11, (1, 11), key="family-income",
                help="The survey’s brackets; known of households with a vehicle.",
            )  # fmt: skip
            vehicles = st.slider("Vehicles", 0, _MANY, (0, _MANY), key="family-vehicles")
        with right:
            age = st.slider("Somebody aged", 5, _OLDEST, (5, _OLDEST), key="family-one")
            other_age = st.slider("And somebody aged", 5, _OLDEST, (5, _OLDEST), key="family-other")
    facts: dict[str, Fact] = {}
    if home != _ANY:
        facts["home"] = OneOf((home,))
    for name, low, (first, last), most in (
        ("members rows", 1, size, _MANY),
        ("income_bracket", 1, income, 11),
        ("vehicles rows", 0, vehicles, _MANY),
    ):
        if (first, last) != (low, most):
            facts[name] = Between(first, None if last == most else last)
    some = [
        RowFact("members", Evidence({"age": Between(*ages)}))
        for ages in (age, other_age)
        if ages != (5, _OLDEST)
    ]
    return Evidence(facts), tuple(some)


def _head(population: LinkedPopulation, given: FamiliesGiven, known: str) -> None:
    st.html('<h1 class="pp-title">Families</h1>')
    if not known:
        begin = f"Learned from <b>{population.families:,}</b> real households"
    else:
        share, error, exact = _share(population.model.digest, known, given)
        how = "exact" if exact else f"estimated ± {describe.share_words(error)}"
        begin = f"<b>{escape(describe.share_words(share))}</b> of these households · {escape(how)}"
    st.html(f'<p class="pp-subtitle">{begin} · every household below is synthetic</p>')


def _cell(column: Column, value: float) -> str:
    """A value in words; empty where it is missing."""
    if column.is_number:
        return "" if np.isnan(value) else number_text(float(value))
    states = (*column.levels, "")
    word = states[int(value)]
    begin, _, code = word.partition(" ")
    if code.isdigit() and begin in _CODES:
        return _CODES[begin].format(code)
    return word


def _record(rows: Rows, at: int, left: tuple[str, ...] = ()) -> dict[str, str]:
    words = {
        c.name: _cell(c, rows.values[j, at])
        for j, c in enumerate(rows.schema)
        if c.name not in left
    }
    return {name: word for name, word in words.items() if word}


def _cards(population: LinkedPopulation, families: Families, seed: int) -> None:
    top = population.model.shapes[0].schema.modelled
    ones = Rows.of(top, families.parents[list(top.names)], np.ones(len(families), np.int64))
    starts = {name: np.cumsum(r.counts) - r.counts for name, r in families.rows.items()}
    members, vehicles = families.rows["members"], families.rows["vehicles"]
    columns = st.columns(2)
    for number in range(len(families)):
        facts = _record(ones, number, ("size",))
        facts = {_NAMES.get(name, name): word for name, word in facts.items()}
        at = range(starts["members"][number], starts["members"][number] + members.counts[number])
        ages = [float(members.column("age")[i]) for i in at]
        genders = [_cell(members.schema["gender"], members.column("gender")[i]) for i in at]
        people = make_members(ages, genders, seed=seed, household=number)
        records = [_record(members, i, ("age", "gender")) for i in at]
        first = starts["vehicles"][number]
        cars = [_car(_record(vehicles, i)) for i in range(first, first + vehicles.counts[number])]
        with columns[number % 2], st.container(border=True, key=f"household-{number}"):
            st.html(card(number, facts, people, records, {"vehicles": cars}))


def _car(record: dict[str, str]) -> dict[str, str]:
    age = record.pop("age", "")
    return {**record, **({"age": f"{age} year{'' if age == '1' else 's'} old"} if age else {})}


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


def _finding(compared: list[tuple[Counts, np.ndarray]], evidence: Evidence) -> str:
    """How near to the real households they are, or how those asked for differ from all."""
    apart = {
        _title(counts): tvd(np.array(counts.counts), synthetic)
        for counts, synthetic in compared
        if (counts.column or f"{counts.table} rows") not in evidence
    }
    if not apart:
        return ""
    far = max(apart, key=apart.__getitem__)
    if not evidence:
        return (
            f"On average {100 * sum(apart.values()) / len(apart):.1f} of 100 would need another "
            f"answer for the {len(apart)} counts below to be as in real households; farthest is "
            f"{far}, {100 * apart[far]:.1f} of 100 (estimated from {_COMPARED:,} households)."
        )
    counts, synthetic = next(each for each in compared if _title(each[0]) == far)
    here, all_ = synthetic / synthetic.sum(), np.array(counts.counts) / sum(counts.counts)
    at = int(np.abs(here - all_).argmax())
    label = counts.labels[at]
    what = label if not label.replace("–", "").isdigit() else f"the answer {label}"
    return (
        f"Beside what was asked, these households differ most from all real ones in {far}: "
        f"{what} is {here[at]:.1%} here and {all_[at]:.1%} of all (estimated from "
        f"{_COMPARED:,} households)."
    )


def _beside(compared: list[tuple[Counts, np.ndarray]], *, conditioned: bool) -> None:
    st.html('<h2 class="pp-section">Real beside synthetic</h2>')
    real = "all real households" if conditioned else "real households"
    st.html(charts.legend(exact=False, names=(real, "synthetic households")))
    columns = st.columns(3)
    for place, (counts, synthetic) in enumerate(compared):
        with columns[place % 3]:
            _chart(counts, synthetic, conditioned=conditioned)


def _title(counts: Counts) -> str:
    plain = _NAMES.get(counts.column, counts.column.replace("_", " "))
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


@page(note=False)
def _page(choice: Choice) -> None:
    st.html(_STYLE)
    population = _loaded(available_linked()[0])
    top = st.container()
    evidence, some = _ask_evidence(population)
    known = "|".join([str(evidence), *(f"{f.table}:{f.evidence}" for f in some)]).strip("|")
    try:
        given = population.model.given(evidence, some)
        digest = population.model.digest
        shown = _drawn(digest, known, choice.seed, _CARDS, given)
        with top:
            _head(population, given, known)
    except PopulaceError as error:
        top.html('<h1 class="pp-title">Families</h1>')
        st.error(markdown.plain(str(error)))
        return
    _cards(population, shown, choice.seed)
    if not some:
        drawn = _drawn(digest, known, choice.seed, _COMPARED, given)
        compared = _compared(population, drawn)
        with top:
            header.say(_finding(compared, evidence))
        _beside(compared, conditioned=bool(known))
    with st.expander(f"{len(population.model.rules)} rules that hold in every household"):
        st.markdown("\n".join(f"- {markdown.plain(str(r))}" for r in population.model.rules))
    st.caption(
        markdown.plain(
            f"{population.note} Names, faces and relations are not in the data: names and faces "
            "are invented, relations are guessed from ages."
        )
    )


_page()
