"""Families of a visitor's own tables: facts about any column, and a card with each table's rows."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from pages.families.words import cell, plain_name, record
from pages.shared import markdown, ranges
from synth.data.column import Column
from synth.data.evidence import Evidence, Fact, OneOf
from synth.linked.facts import RowFact
from synth.linked.families import Families
from synth.linked.features import Rows
from synth.linked.population import LinkedPopulation

_ANYTHING = "anything"
_SHOWN = 6
"""Rows of a table that a card shows."""
_WIDE = 6
"""Columns of a table that a card shows."""


def ask_evidence(population: LinkedPopulation) -> tuple[Evidence, tuple[RowFact, ...]]:
    """What the controls say is known."""
    model = population.model
    top, root = model.shapes[0], model.root.schema
    digest = model.digest
    facts: dict[str, Fact] = {}
    some: tuple[RowFact, ...] = ()
    with st.container(border=True, key="family-facts"):
        left, middle, right = st.columns(3, gap="medium")
        with left:
            known = _choose(
                f"What is known of {top.name}", [c.name for c in top.schema.modelled], digest
            )
            if known and (fact := _ask_fact(root[known], f"family-{digest}-{known}")):
                facts[known] = fact
        with middle:
            for shape in model.shapes[1:]:
                name = f"{shape.name} rows"
                if shape.parent == top.name and name in root:
                    column = replace(root[name], label=f"How many {shape.name}")
                    fact = _ask_fact(column, f"family-{digest}-{name}")
                    if fact is not None:
                        facts[name] = fact
        with right:
            places = {
                f"{name}: {c.name}": (name, c)
                for name, siblings in model.siblings.items()
                for c in siblings.schema
                if c.name in model.shape(name).schema
            }
            chosen = _choose("What is true of some row", list(places), f"{digest}-row")
            if chosen:
                table, each = places[chosen]
                fact = _ask_fact(each, f"family-{digest}-{chosen}")
                if fact is not None:
                    some = (RowFact(table, Evidence({each.name: fact})),)
    return Evidence(facts), some


def _choose(label: str, options: list[str], key: str) -> str:
    """A column by name; empty for none."""
    chosen = st.selectbox(
        markdown.plain(label), (_ANYTHING, *options), key=f"family-what-{key}", filter_mode=None
    )
    return "" if chosen == _ANYTHING else chosen


def _ask_fact(column: Column, key: str) -> Fact | None:
    if column.is_number:
        return ranges.fact(column, ranges.ask(column, key, disabled=False))
    levels = st.multiselect(markdown.plain(column.title), column.levels, key=key)
    return OneOf(tuple(levels)) if levels else None


def show_cards(population: LinkedPopulation, families: Families) -> None:
    """A card of each family."""
    top = population.model.shapes[0]
    own = top.schema.modelled
    ones = Rows.of(own, families.parents[list(own.names)], np.ones(len(families), np.int64))
    direct = {name: rows for name, rows in families.rows.items() if not families.above[name]}
    starts = {name: np.cumsum(rows.counts) - rows.counts for name, rows in direct.items()}
    columns = st.columns(2)
    for number in range(len(families)):
        facts = record(ones, number)
        lines = "".join(
            f"<div><dt>{escape(plain_name(name))}</dt><dd>{escape(word)}</dd></div>"
            for name, word in facts.items()
        )
        tables = "".join(
            _table(name, rows, int(starts[name][number]), int(rows.counts[number]))
            for name, rows in direct.items()
        )
        with columns[number % 2], st.container(border=True, key=f"household-{number}"):
            st.html(
                f'<article class="pp-card pp-family"><h2 class="pp-name">{escape(top.name)} '
                f'{number + 1}<span class="pp-badge">synthetic</span></h2>'
                f'<dl class="pp-facts">{lines}</dl>{tables}</article>'
            )


def _table(name: str, rows: Rows, first: int, count: int) -> str:
    """A table's rows of one family."""
    title = f'<h3 class="pp-section">{escape(name)}: {count:,}</h3>'
    if not count:
        return title
    shown = [c for c in rows.schema if not c.name.endswith(" rows")][:_WIDE]
    head = "".join(f"<th>{escape(plain_name(c.name))}</th>" for c in shown)
    places = [rows.schema.names.index(c.name) for c in shown]
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{escape(cell(c, rows.values[j, i])) or '–'}</td>"
            for c, j in zip(shown, places, strict=True)
        )
        + "</tr>"
        for i in range(first, first + min(count, _SHOWN))
    )
    more = f'<p class="pp-line">and {count - _SHOWN:,} more</p>' if count > _SHOWN else ""
    return (
        f'{title}<div class="pp-rows"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )
