"""Is it like the real people? One quality, one privacy level, and what shows them."""

from __future__ import annotations

import json
from html import escape
from threading import Semaphore
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from pages.shared import header, loaders, markdown, private
from pages.shared.choice import Choice
from pages.shared.decorators import page
from pages.shared.files import file_button
from pages.shared.problems import show_problem
from pages.talk import presenter
from synth.evaluate import holdout
from synth.evaluate.card_scores import read_scores
from synth.evaluate.counts import CountsReport, report_of_counts
from synth.evaluate.fairness import GROUPS, sensitive_columns
from synth.evaluate.holdout import FEWEST, MOST, HoldoutReport
from synth.evaluate.html import PARTS
from synth.evaluate.question import Titles
from synth.evaluate.utility import targets
from synth.evaluate.verdict import remedies, verdict
from synth.jobs import Progress
from synth.jobs.thread import RecentResults, ThreadJob
from synth.populations.as_written import canonical

if TYPE_CHECKING:
    from synth.data.table import Table
    from synth.evaluate.report import Report
    from synth.populations import Population
    from synth.privacy.ledger import Ledger

_PEOPLE = 30_000  # so many synthetic people are drawn where there are counts only
_KEPT = 12
_JOBS = "reports in the making"
_ORDERS = "reports asked for"
_COLOURS = (
    ".rp{--rp-ink:currentColor;--rp-quiet:var(--pp-quiet);--rp-line:var(--pp-line);"
    "--rp-accent:var(--pp-accent);--rp-back:var(--pp-card)}"
    ".rp table{margin:0}"
)


class Order(NamedTuple):
    """The settings of a report; a plain tuple, for the page makes its classes anew each run."""

    digest: str
    rows: int
    target: str
    groups: tuple[str, ...]
    seed: int


@st.cache_resource(show_spinner=False)
def _gate() -> Semaphore:
    """One report at a time is worked on, whoever asked for it."""
    return Semaphore(1)


@st.cache_resource(show_spinner=False)
def _reports() -> RecentResults[HoldoutReport]:
    return RecentResults(_KEPT)


# ── Populations with rows ────────────────────────────────────────────────────────────────────────


def _order(choice: Choice, table: Table) -> Order | None:
    """The form; its settings once it is sent."""
    population, columns = choice.population, choice.population.schema.columns
    half = min(len(table.frame) // 2, MOST)
    sizes = [size for size in (500, 1000, 2000, 5000, 10_000, 20_000) if size < half]
    titled = {column.name: markdown.plain(column.title) for column in columns}
    few = [column for column in columns if column.name in population.featured]
    likely = targets(few[::-1] or columns, most=1)
    groupable = [column.name for column in columns if 2 <= len(column.levels) <= GROUPS]
    with (
        st.form("report-form", border=False),
        st.container(horizontal=True, gap="medium", vertical_alignment="bottom"),
    ):
        rows = st.selectbox(
            "Synthetic people",
            (half, *reversed(sizes)),
            format_func=lambda size: f"{size:,}" + (" (as many as real)" * (size == half)),
            key=f"report-rows-{population.digest}",
            width=220,
        )
        target = st.selectbox(
            "What a model shall learn",
            list(titled),
            index=list(titled).index(likely[0]),
            format_func=titled.__getitem__,
            key=f"report-target-{population.digest}",
            help="Utility: a model learns this column from all others, once from synthetic "
            "people and once from real ones, and is tested on real people.",
            width=260,
        )
        groups = st.multiselect(
            "Fair to groups of",
            groupable,
            default=sensitive_columns(groupable),
            format_func=titled.__getitem__,
            key=f"report-groups-{population.digest}",
            help="Fairness: which columns depend on these, among real and synthetic people.",
            width=300,
        )
        sent = st.form_submit_button("Make the report", type="primary")
    if not sent:
        return None
    return Order(_identity(population, table), rows, target, tuple(groups), choice.seed)


def _identity(population: Population, table: Table) -> str:
    return f"{population.digest}-{table.digest}"


def _with_rows(choice: Choice, table: Table) -> None:
    population = choice.population
    rows = len(table.frame)
    if rows < FEWEST:
        st.info(
            f"A report needs at least {FEWEST} real rows, one half to learn from and one to judge: "
            f"this population has {rows}.",
            icon=":material/info:",
        )
        return
    jobs: dict[str, ThreadJob[None]] = st.session_state.setdefault(_JOBS, {})
    orders: dict[str, Order] = st.session_state.setdefault(_ORDERS, {})
    mine = _identity(population, table)
    order = _order(choice, table)
    if order is not None:
        if mine in jobs:
            jobs.pop(mine).cancel()
        orders[mine] = order
        if _reports().get(order) is None:
            jobs[mine] = _start(population, order)
    if mine in jobs:
        state = jobs[mine].state()
        if not state.over:
            _working(mine)
            return
        del jobs[mine]
        if state.cancelled:
            st.info("The report was stopped.", icon=":material/stop_circle:")
        elif state.error:
            show_problem(state.error)
    result = _reports().get(orders[mine]) if mine in orders else None
    if result is None:
        _invitation(rows)
        return
    _show(result.report, population)
    _filtered(result, population)


def _start(population: Population, order: Order) -> ThreadJob[None]:
    reports = _reports()

    def work(progress: Progress) -> None:
        if reports.get(order) is not None:  # another visitor's was finished while this one waited
            return
        result = holdout.holdout_report(
            population,
            rows=order.rows,
            target=order.target,
            groups=order.groups,
            seed=order.seed,
            progress=progress,
        )
        reports.put(order, result)  # also where the visitor does not come back for it

    return ThreadJob(
        work,
        _gate(),
        waiting="Waiting for another report to finish",
        broken="Something went wrong while the report was made: try fewer rows.",
    )


def _invitation(rows: int) -> None:
    half = min(rows // 2, MOST)
    st.caption(
        f"The report learns a network anew from {half:,} of the {rows:,} real people, drawn at "
        f"random, and judges its synthetic people with {half:,} others, whom it has never seen: a "
        "network that has learned from everybody leaves nobody to judge it. It asks how like the "
        "real people they are, how varied, how useful, what they give away, and what depends on "
        "groups; beside every score stands what fresh real people would get. A few seconds to a "
        "minute; you can look at other pages meanwhile."
    )


@st.fragment(run_every=1.0)
def _working(mine: str) -> None:
    """The bar, until the job has ended; then the whole page is drawn again."""
    job: ThreadJob[None] | None = st.session_state[_JOBS].get(mine)
    if job is None:
        st.rerun()
    state = job.state()
    if state.over:
        st.rerun()
    with st.container(border=True, key="report-working"):
        st.progress(state.share, text=f"{markdown.plain(state.words)} … {state.share:.0%}")
        st.caption("This goes on while you look at other pages.")
        if st.button("Stop", icon=":material/stop:", key="report-stop"):
            job.cancel()


def _filtered(result: HoldoutReport, population: Population) -> None:
    flags = result.flags
    header.part("Without copies and outliers")
    st.html(
        '<div class="rp"><p>'
        f"Of {len(result.people):,} synthetic people, {int(flags.copies.sum()):,} equal one real "
        f"person, {int(flags.near_copies.sum()):,} are near copies and "
        f"{int(flags.outliers.sum()):,} are outliers, beside those whom the network learned from. "
        f"{int(flags.kept.sum()):,} remain without them.</p></div>"
    )
    file_button(
        "People without them, CSV",
        result.filtered_csv,
        f"{population.name}-filtered.csv",
        icon="filter_alt",
        key="report-filtered",
    )


# ── Populations of which only counts are here ────────────────────────────────────────────────────


@st.cache_resource(show_spinner="Counting people …", max_entries=16)
def _counted(digest: str, seed: int, _population: Population) -> CountsReport:
    schema = _population.modelled
    return report_of_counts(
        _population.contingency,
        canonical(_population.given()).sample(_PEOPLE, seed=seed),
        title=f"{_population.title}: synthetic people beside counts of real ones",
        titles=Titles.of(schema),
        seed=seed,
    )


def _all_shipped(choice: Choice) -> None:
    """The verdict on every shipped population, once somebody asks for it."""
    with st.expander("All shipped populations", icon=":material/library_books:"):
        if not st.toggle("Judge them all by their counts", key="report-all"):
            st.caption("Each is judged by what counts can tell; a second or two each.")
            return
        for name in loaders.names():
            if loaders.is_own(name):
                continue
            population = loaders.population(name)
            if population.ledger is not None:
                st.markdown(f"**{markdown.plain(population.title)}.** Learned privately.")
                continue
            report = _counted(population.digest, choice.seed, population)
            st.markdown(
                f"**{markdown.plain(population.title)}.** {markdown.plain(verdict(report))}"
            )


def _without_rows(choice: Choice) -> None:
    population = choice.population
    _show(_counted(population.digest, choice.seed, population), population)
    if presenter.is_on():
        return
    header.part("What counts cannot tell")
    st.html(
        '<div class="rp"><p>Utility, privacy, three columns at a time and how well a classifier '
        "tells synthetic people from real ones need the real rows, person by person. Those of this "
        "population are not shipped; only counts of columns and of pairs of columns are.</p></div>"
    )
    scores = read_scores(population.card)
    if scores:
        st.markdown("**Measured with rows, when the population was made.** " + scores)
    st.markdown("Who has the rows, or a table of their own, gets the whole report so:")
    st.code(
        f"python -m synth sample {population.name} --rows {_PEOPLE} --out synthetic.parquet\n"
        "python -m synth evaluate people.csv synthetic.parquet --holdout others.csv "
        "--report report.html",
        language="bash",
        wrap_lines=True,
    )


# ── Both ─────────────────────────────────────────────────────────────────────────────────────────


def _show(report: Report | CountsReport, population: Population) -> None:
    st.html(f"<style>{PARTS}{_COLOURS}</style>")
    header.say(verdict(report))
    helps = remedies(report)
    if helps:
        items = "".join(f"<li>{escape(words)}</li>" for words in helps)
        st.html(f'<h2 class="pp-section">What helps</h2><ul class="pp-helps">{items}</ul>')
    st.html(f'<div class="rp">{report.summary}</div>')
    with st.container(horizontal=True, gap="small"):
        file_button(
            "The report, HTML",
            report.to_html,
            f"{population.name}-report.html",
            key="report-html",
            help="One file that opens offline.",
        )
        file_button(
            "JSON",
            lambda: json.dumps(report.to_dict(), indent=2, ensure_ascii=False),
            f"{population.name}-report.json",
            icon="data_object",
            key="report-json",
        )
    for section in report.sections:
        header.part(section.question)
        body = "" if presenter.is_on() else section.body  # a slide is one screen: what was found
        st.html(f'<div class="rp"><p>{escape(section.sentence)}</p>{body}</div>')


def _remark(choice: Choice, *, rows: bool) -> None:
    """What the report says of another reading than the network's."""
    if choice.reading.base == "network" and not choice.reading.targets:
        return
    if rows:
        st.caption(
            "The report learns its own network from half of the rows and judges that: refinements, "
            "weights and targets are not in it."
        )
    elif choice.reading.base == "refined":
        st.caption("The refined people are judged; read the network to see its own figures.")
    else:
        st.caption(
            "These people are weighted or have your targets and stand beside the respondents as "
            "they were counted, so they differ where the weights or targets say so."
        )


def _private(ledger: Ledger) -> None:
    """Promise and spending in place of figures that would need the real rows again."""
    st.html(
        '<div class="rp"><p>Comparing with the real rows would look at them again, beyond what was '
        "promised, so it is switched off here. Whoever has the rows can do it in private with "
        "<code>python -m synth evaluate</code>.</p></div>"
    )
    private.show_ledger(ledger)


@page()
def _page(choice: Choice) -> None:
    header.show(
        choice,
        title="Is it like the real people?",
        remark=f"of the whole population{header.facts_left_aside(choice)}",
    )
    table = choice.population.table
    if choice.population.ledger is not None:
        _private(choice.population.ledger)
        return
    _remark(choice, rows=table is not None)
    _all_shipped(choice)
    if table is None:
        _without_rows(choice)
    else:
        _with_rows(choice, table)


_page()
