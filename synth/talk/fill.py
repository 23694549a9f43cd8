"""From a talk to a deck: each slide's view is worked out as its page would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from synth import describe
from synth.bayes import strength
from synth.data.evidence import Between, Evidence, Fact, OneOf
from synth.data.schema import MISSING, Column, Schema
from synth.errors import PopulaceError
from synth.evaluate.columns import ColumnComparison, compare_associations, compare_columns
from synth.people.portraits import bank
from synth.people.profile import make_profiles
from synth.populations import Population
from synth.populations.as_written import canonical
from synth.talk.deck import Bars, Block, Deck, Faces, Live, Matrix, People, Sheet
from synth.talk.talk import Slide, Talk

PEOPLE, SEED, COUNTED = 6, 8, 20_000
"""People and seed of a link that does not say them; people who are counted for charts."""
_MOST_PEOPLE, _CHARTS, _PLACES, _ARROWS, _FACES, _GROUPS = 12, 6, 9, 12, 40, 4


@dataclass(frozen=True)
class _View:
    """What a slide asks for."""

    population: Population
    evidence: Evidence
    people: int
    seed: int
    options: Mapping[str, str]

    @property
    def question(self) -> str:
        return describe.question(self.evidence, self.population)


def fill(
    talk: Talk,
    find: Callable[[str], Population],
    progress: Callable[[float, str], None] | None = None,
) -> Deck:
    """Work out what a talk shows.

    Parameters
    ----------
    talk : Talk
        The talk.
    find : callable
        Population of a title; of the default one where the title is empty.
    progress : callable, optional
        Gets the share that is done, and the title of the slide at work.

    Returns
    -------
    Deck
        With a sheet for each slide; one that cannot be taken along says why.
    """
    sheets = []
    for number, each in enumerate(talk.slides):
        if progress is not None:
            progress(number / len(talk.slides), each.title)
        sheets.append(_sheet(each, find))
    return Deck(talk.title or talk.slides[0].title, tuple(sheets))


def evidence_of(link: Mapping[str, list[str]], schema: Schema) -> Evidence:
    """The facts that a link names, as the sidebar writes them; others are passed over.

    Parameters
    ----------
    link : mapping of str to list of str
        Parameter → values.
    schema : Schema
        The columns.

    Returns
    -------
    Evidence
    """
    facts: dict[str, Fact] = {}
    for column in schema.columns:
        if link.get(f"{column.name}_missing") == ["true"] and column.is_number and column.missing:
            facts[column.name] = OneOf((MISSING,))
        elif values := link.get(column.name, []):
            fact = _range(column, values) if column.is_number else _levels(column, values)
            facts |= {column.name: fact} if fact is not None else {}
    return Evidence(facts)


def _levels(column: Column, values: list[str]) -> Fact | None:
    words = {describe.level_words(column, level): level for level in column.states}
    words |= {level: level for level in column.states}
    chosen = tuple(words[value] for value in values if value in words)
    return OneOf(chosen) if chosen else None


def _range(column: Column, values: list[str]) -> Fact | None:
    try:
        low, high = (float(value) for value in values)
    except ValueError:
        return None
    if not low <= high:
        return None
    lower, upper = float(column.lower or 0), float(column.upper or 0)
    begin, end = (low if low > lower else None), (high if high < upper else None)
    return None if begin is None and end is None else Between(begin, end)


def _sheet(each: Slide, find: Callable[[str], Population]) -> Sheet:
    link: dict[str, list[str]] = {}
    for name, value in each.link:
        link.setdefault(name, []).append(value)
    try:
        population = find(link.get("population", [""])[0])
        view = _View(
            population,
            evidence_of(link, population.modelled),
            min(_whole(link.get("people"), PEOPLE), _MOST_PEOPLE),
            _whole(link.get("seed"), SEED),
            dict(each.view),
        )
        draw = _PAGES.get(each.page)
        if draw is None:
            words = "This slide is live: open it in the app."
            return Sheet(each.title, "", (Live(words),), each.notes)
        line, blocks = draw(view)
    except PopulaceError as error:
        return Sheet(each.title, "", (Live(str(error)),), each.notes)
    return Sheet(each.title, line, blocks, each.notes)


def _whole(values: list[str] | None, usual: int) -> int:
    text = values[0] if values else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else usual


# ── Pages ────────────────────────────────────────────────────────────────────────────────────────

_Drawn = tuple[str, tuple[Block, ...]]


def _profiles(view: _View) -> _Drawn:
    people = make_profiles(view.population, view.evidence, max(1, view.people), view.seed)
    return _share(view), (People(people),)


def _share(view: _View) -> str:
    if not view.evidence:
        rows = view.population.contingency.rows
        return f"Everybody; learned from {rows:,} real people. Nobody here exists."
    conditional = view.population.given(view.evidence)
    how = "exact" if conditional.exact else "estimated"
    words = describe.share_words(conditional.probability)
    return f"{view.question}: {words} of this population ({how}). Nobody here exists."


def _compared(view: _View, evidence: Evidence) -> dict[str, ColumnComparison]:
    population = view.population
    conditional = population.given(evidence)
    people = canonical(conditional).sample(COUNTED, seed=view.seed)
    counts = population.contingency
    real = counts.under(evidence)
    if real is None and population.table is not None:
        real = counts.among(population.table, evidence, population.modelled)
    return {
        each.column.name: each for each in compare_columns(population, conditional, people, real)
    }


def _marginals(view: _View) -> _Drawn:
    compared = _compared(view, view.evidence)
    featured = [name for name in view.population.featured if name in compared]
    order = [*featured, *(name for name in compared if name not in featured)]
    shown = [compared[name] for name in order if name not in view.evidence][:_CHARTS]
    return (
        f"{view.question}: real people beside {COUNTED:,} synthetic ones, who are drawn.",
        tuple(_bars(each) for each in shown),
    )


def _bars(compared: ColumnComparison, most: int = _PLACES) -> Bars:
    if compared.edges is not None:
        bins = compared.in_equal_bins(most)
        labels = [describe.number_words(compared.column, start) for start in bins.starts]
        labels += [describe.level_words(compared.column, MISSING)] * (
            len(bins.synthetic) - len(labels)
        )
        pairs = (("real people", bins.real), ("synthetic people", bins.synthetic))
    else:
        order = compared.commonest[:most] if len(compared.labels) > most else slice(None)
        labels = list(np.array(compared.labels, dtype=object)[order])
        labels = [describe.level_words(compared.column, label) for label in labels]
        real, synthetic, _ = compared.shares
        pairs = (
            ("real people", None if real is None else real[order]),
            ("synthetic people", synthetic[order]),
        )
    series = tuple((name, tuple(map(float, s))) for name, s in pairs if s is not None)
    return Bars(compared.column.title, tuple(labels), series)


def _correlations(view: _View) -> _Drawn:
    people = canonical(view.population.given(Evidence())).sample(COUNTED, seed=view.seed)
    real, synthetic = compare_associations(view.population, people)
    order = real.order()
    labels = tuple(view.population.modelled[name].title for name in order)
    return (
        "How strongly each pair of columns goes together, from 0 to 1 (Cramér’s V); on average a "
        f"pair differs by {synthetic.distance(real):.3f} between real and synthetic people.",
        (
            Matrix("Real people", labels, real.arranged(order)),
            Matrix("Synthetic people", labels, synthetic.arranged(order)),
        ),
    )


def _interests(view: _View) -> _Drawn:
    population = view.population
    if not population.interests:
        raise PopulaceError("This population records no interests: choose another page.")
    rank = view.options.get("rank", population.interests[0])
    rank = rank if rank in population.interests else population.interests[0]
    group = view.options.get("group", "")
    column = population.modelled[group] if group in population.modelled.names else None
    if column is None or column.is_number or group in view.evidence:
        compared = _compared(view, view.evidence)[rank]
        return f"{view.question}: {compared.column.title.lower()}.", (_bars(compared, 14),)
    parts = {}
    for level in column.states[:_GROUPS]:
        known = view.evidence | {group: OneOf((level,))}
        parts[describe.level_words(column, level)] = _compared(view, known)[rank]
    first = next(iter(parts.values()))
    order = first.commonest[:14]
    labels = tuple(describe.level_words(first.column, first.labels[i]) for i in order)
    shares = {
        name: part.shares[1] if part.exact is None else part.exact for name, part in parts.items()
    }
    how = "exact" if all(part.exact is not None for part in parts.values()) else "estimated"
    series = tuple((name, tuple(float(s[i]) for i in order)) for name, s in shares.items())
    return (
        f"{view.question}: {first.column.title.lower()} by {column.title.lower()} ({how}).",
        (Bars(first.column.title, labels, series),),
    )


def _network(view: _View) -> _Drawn:
    if not view.population.has_network:
        raise PopulaceError("This population has no network: choose another page.")
    network = view.population.network
    ranked = sorted(strength.strengths(network).items(), key=lambda pair: -pair[1])[:_ARROWS]
    schema = network.schema
    labels = tuple(f"{schema[a].title} → {schema[b].title}" for (a, b), _ in ranked)
    bits = tuple(nats / float(np.log(2)) for _, nats in ranked)
    return (
        f"{len(network.edges)} arrows; the strongest, by what the first column tells about the "
        "second beyond its other parents (bits, exact).",
        (Bars("Strongest arrows", labels, (("bits", bits),), unit="bits"),),
    )


def _portraits(view: _View) -> _Drawn:
    shelf = bank.shipped()
    drawn = np.random.default_rng(view.seed).permutation(len(shelf))[:_FACES]
    names = sorted(shelf.names)
    images = tuple(shelf[names[i]].webp() for i in drawn)
    return "", (Faces(images, f"{len(images)} of {len(shelf):,} portraits; nobody is real."),)


_PAGES: Mapping[str, Callable[[_View], _Drawn]] = {
    "profiles": _profiles,
    "marginals": _marginals,
    "correlations": _correlations,
    "interests": _interests,
    "network": _network,
    "portraits": _portraits,
}
