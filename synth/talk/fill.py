"""From a talk to a deck: each slide's view is worked out as its page would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from synth import describe
from synth.bayes import interventions, strength
from synth.bayes.layout import fitted
from synth.data.column import MISSING
from synth.data.evidence import Evidence, OneOf
from synth.errors import PopulaceError
from synth.evaluate.card_scores import score_table
from synth.evaluate.columns import ColumnComparison, compare_associations, compare_columns
from synth.evaluate.counts import report_of_counts
from synth.evaluate.question import Titles
from synth.evaluate.verdict import verdict
from synth.lives import available_lives, load_lives
from synth.lives.track import PALETTE, Track
from synth.people.portraits import bank
from synth.people.profile import make_profiles
from synth.populations import Population
from synth.populations.as_written import canonical
from synth.survey import PAPER, Results
from synth.survey.results import PAPER_PEOPLE, PAPER_PROFILES
from synth.talk.deck import (
    Areas,
    Bars,
    Block,
    Deck,
    Faces,
    Figures,
    Graph,
    Intervals,
    Live,
    Matrix,
    People,
    Sheet,
)
from synth.talk.link import evidence_of
from synth.talk.talk import Slide, Talk

PEOPLE, SEED, COUNTED = 6, 8, 20_000
"""People and seed of a link that does not say them; people who are counted for charts."""
_MOST_PEOPLE, _CHARTS, _PLACES, _ARROWS, _FACES, _GROUPS = 12, 6, 9, 12, 40, 4
_GRAPH_WIDTH, _BOX, _GAP, _ROW, _LETTERS = 880.0, (150.0, 26.0), (14.0, 20.0), 5, 22
_MEASURED = "Measured with rows, when it was made (AUC: 0.5 is chance; else smaller is closer)"
_MOST_COLUMNS = 40  # of a drawing that can be read from the last row


@dataclass(frozen=True)
class _View:
    """What a slide asks for."""

    population: Population
    evidence: Evidence
    people: int
    seed: int
    options: Mapping[str, str]
    survey: Results | None

    @property
    def question(self) -> str:
        return describe.question(self.evidence, self.population)


def fill(
    talk: Talk,
    find: Callable[[str], Population],
    progress: Callable[[float, str], None] | None = None,
    survey: Results | None = None,
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
    survey : Results, optional
        What the presenter's survey has told so far.

    Returns
    -------
    Deck
        With a sheet for each slide; one that cannot be taken along says why.
    """
    sheets = []
    for number, each in enumerate(talk.slides):
        if progress is not None:
            progress(number / len(talk.slides), each.title)
        sheets.append(_sheet(each, find, survey))
    return Deck(talk.title or talk.slides[0].title, tuple(sheets))


def _sheet(each: Slide, find: Callable[[str], Population], survey: Results | None) -> Sheet:
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
            survey,
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
    """The drawing; how far each column moves stands out in it where something is known."""
    if not view.population.has_network:
        raise PopulaceError("This population has no network: choose another page.")
    network, schema = view.population.network, view.population.network.schema
    strengths = strength.strengths(network)
    own = network.class_edges
    ranked = sorted(
        (pair for pair in strengths.items() if pair[0] not in own), key=lambda pair: -pair[1]
    )[:_ARROWS]
    if not view.evidence:
        labels = tuple(f"{schema[a].title} → {schema[b].title}" for (a, b), _ in ranked)
        bits = tuple(nats / float(np.log(2)) for _, nats in ranked)
        bars = Bars("Strongest arrows", labels, (("bits", bits),), unit="bits")
        line = (
            f"{len(network.edges)} arrows, the wider the stronger; the strongest, by what the "
            "first column tells about the second beyond its other parents (bits, exact)."
        )
        return line, (*_graph(view, strengths, {}), bars)
    before = view.population.given()
    moved = interventions.moved(before, view.population.given(view.evidence), schema.names)
    far = {each.column: each.distance for each in moved}
    shown = schema.modelled.without(*view.evidence)
    open_columns = [each for each in moved if each.column in shown][:_ARROWS]
    bars = Bars(
        "What moves most",
        tuple(schema[each.column].title for each in open_columns),
        (("of 100 would need another answer", tuple(each.distance for each in open_columns)),),
    )
    line = (
        f"{view.question}: the darker a column, the further it moves; how many of 100 people would "
        "need another answer to be like everyone (exact)."
    )
    return line, (*_graph(view, strengths, far), bars)


def _graph(
    view: _View, strengths: Mapping[strength.NamedEdge, float], moved: Mapping[str, float]
) -> tuple[Block, ...]:
    network = view.population.network
    schema, most = network.schema, max(strengths.values(), default=0.0) or 1.0
    if len(schema) > _MOST_COLUMNS:
        return ()
    drawn = fitted(schema.names, network.edges, _GRAPH_WIDTH, box=_BOX, gap=_GAP, most=_ROW)
    known = set(view.evidence)
    nodes = tuple(
        (
            _short(column.title, _LETTERS),
            drawn.places[column.name],
            1.0 if column.name in known else min(1.0, moved.get(column.name, 0.0)),
        )
        for column in schema
    )
    arrows = tuple(
        (drawn.routes[edge], float(np.sqrt(max(0.0, strengths.get(edge, most / 4)) / most)))
        for edge in network.edges
    )
    size = (drawn.width, drawn.height)
    return (Graph(f"The network of {view.population.title}", size, _BOX, nodes, arrows),)


def _short(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1].rstrip()}…"


def _report(view: _View) -> _Drawn:
    """The verdict, the parts of the quality, and the figures of the card."""
    population = view.population
    if population.ledger is not None:
        raise PopulaceError(
            "This population was learned privately, so no counts of real people are kept to judge "
            "it by: open the slide in the app."
        )
    report = report_of_counts(
        population.contingency,
        canonical(population.given()).sample(COUNTED, seed=view.seed),
        title=population.title,
        titles=Titles.of(population.modelled),
        seed=view.seed,
    )
    parts = sorted(report.parts, key=lambda part: -part[1])
    quality = Bars(
        f"{report.quality:.0f} of 100, by what counts of real people tell",
        tuple(name for name, _ in parts),
        (("of 100", tuple(value for _, value in parts)),),
        unit="of 100",
    )
    scores = score_table(population.card)
    blocks: tuple[Block, ...] = (quality,)
    if scores:
        heads = ("Beside people whom nobody learned from", *scores[0][1:])
        blocks = (quality, Figures(_MEASURED, heads, scores[1:]))
    return verdict(report), blocks


def _lives(view: _View) -> _Drawn:
    """States over time of the life model that is shown first, beside the real ones."""
    lives = load_lives(available_lives()[0])
    track, people = lives.model.track, lives.model.given()
    real = lives.counts[""]
    shares = real.states / real.states.sum(axis=1, keepdims=True)
    distance = float(0.5 * np.abs(shares - people.states).sum(axis=1).mean())
    line = (
        f"{lives.title}: synthetic lives (exact) beside {real.people:,} real ones; on average over "
        f"the times {100 * distance:.1f} of 100 would be in another state."
    )
    return line, (
        _areas("Synthetic people", track, people.states),
        _areas("Real people", track, shares),
    )


def _areas(title: str, track: Track, states: np.ndarray) -> Areas:
    series = tuple(
        (name, PALETTE[s % len(PALETTE)], tuple(map(float, states[:, s])))
        for s, name in enumerate(track.states)
    )
    return Areas(title, track.labels, series)


def _survey(view: _View) -> _Drawn:
    """What the presenter's survey has told so far, or the paper's alone."""
    paper = f"the paper’s {PAPER:.0%} ({PAPER_PEOPLE} people, {PAPER_PROFILES} profiles each)"
    now = view.survey
    if now is None or now.overall.value is None:
        words = (
            f"The paper showed {PAPER_PEOPLE} people {PAPER_PROFILES} profiles each: {PAPER:.0%} "
            "believed that these were real. Nobody has answered here yet: ask your audience on "
            "the Survey page, and take the talk along again."
        )
        return "", (Live(words),)
    low, high = now.overall.interval
    rows: list[tuple[str, float | None, float, float]] = [
        ("everybody", now.overall.value, low, high)
    ]
    for title, shares in now.groups.items():
        rows.append((title, None, 0.0, 0.0))
        rows += [(share.label, share.value, *share.interval) for share in shares if share.answers]
    line = (
        f"{now.overall.value:.0%} of {now.overall.answers:,} answers by {now.participants:,} "
        f"people believe the profiles ({low:.0%} to {high:.0%}); {paper} is dashed. Wilson’s 95% "
        "intervals, as if every answer came from another person."
    )
    return line, (Intervals("Who believes that they are real", tuple(rows), PAPER, "the paper"),)


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
    "report": _report,
    "lives": _lives,
    "survey": _survey,
}
