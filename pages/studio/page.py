"""A table of one's own: see what was understood, correct it, learn, and use it on every page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from pages.shared import loaders, markdown
from pages.shared.jobs import watch
from pages.shared.private import PRICES, show_ledger
from pages.studio.dates import ask_orders
from pages.studio.interests import choose_interests, show_learned
from pages.studio.rows import ask_of_rows
from pages.studio.sheet import FIXED, MEANINGS, SHEET_KINDS, corrections
from pages.studio.state import StudioState, current_state, packed
from pages.studio.who import ask_who, preview
from synth import generators
from synth.bayes.scores import ScoreName
from synth.constraints.derived import Cut, Elapsed, Sum
from synth.constraints.discovery import Lookup
from synth.constraints.rules import Rule
from synth.data.readers.containers import ENDINGS
from synth.data.templates import PATTERN
from synth.errors import PopulaceError
from synth.fitting.derive import deriving
from synth.fitting.plan import USES, Plan, title_of
from synth.fitting.tasks import Kind
from synth.generators.private import NAME as PRIVATE
from synth.generators.training import has_card
from synth.populations import Population
from synth.populations.archive import SUFFIX
from synth.populations.as_written import canonical
from synth.privacy.accounting import in_words
from synth.privacy.public import Public

_FAITHFUL, _QUICK = "most faithful", "quick"
_SCORES: dict[str, ScoreName] = {_FAITHFUL: "predictive", _QUICK: "k2"}
_ROW, _MOST_ROWS = 35, 16  # pixels of a row of the sheet, and how many are seen at once
_EXAMPLE_ROWS = 2_000
_MANY = 30  # dependences shown one by one
_FOLLOWS = {Cut: "range", Sum: "sum", Elapsed: "time between", Lookup: "look-up", Rule: "order"}
# Where made names and addresses may come from.
_PLACES = {
    "en_US": "the United States",
    "en_GB": "Great Britain",
    "de_DE": "Germany",
    "fr_FR": "France",
    "es_ES": "Spain",
    "it_IT": "Italy",
    "nl_NL": "the Netherlands",
    "pl_PL": "Poland",
    "pt_BR": "Brazil",
}
_WITHOUT_STEPS = (
    "bayes-network",
    "independent",
    "joint-table",
    "copula",
    PRIVATE,
)  # no network learns
_NEXT = (("profiles", "Meet its people"), ("marginals", "Beside the real ones"))
_PRIVACY = (
    "Your table stays on this server, in memory and in a private folder, for you alone: this "
    "browser finds it again after F5 or a lost connection, for an hour after you close the page. "
    "No other visitor sees it, and nothing of it is put into a link."
)
_USES_HELP = (
    "learn: part of the model. weight: says how much a row counts. count: says how many people a "
    "row stands for. keep apart: kept with the rows, never learned. leave out: not kept at all."
)
_MEANING_HELP = (
    "What the column says of a person, as name and levels suggest. Faces and names follow gender "
    "and age; words follow all of them."
)
_RULES_HELP = (
    "One rule a line, true of every person: a column, a sign (< <= > >= = !=), and a number, a "
    "level or another column. `if age < 18 then marital = single` speaks of some. Names with signs "
    "in them stand in double quotes. Rows of yours that break a rule are counted and left out."
)


# ── Files ────────────────────────────────────────────────────────────────────────────────────────


def _taken(key: str, opened: bool) -> None:
    """An upload has come in."""
    upload = st.session_state.get(key)
    if upload is None:
        return
    do = current_state().open if opened else current_state().take
    do(upload.name, upload.getbuffer())


def _ask_for_a_table(state: StudioState) -> None:
    key = f"upload-{state.token}"
    st.file_uploader(
        "A table of people, one row each: CSV, Excel, Parquet or JSON lines, at most 200 MB",
        type=list(ENDINGS),
        key=key,
        on_change=_taken,
        args=(key, False),
    )
    with st.container(horizontal=True, vertical_alignment="center", key="studio-example-row"):
        st.button(
            "Try it with an example",
            key="studio-example",
            icon=":material/lightbulb:",
            on_click=_take_example,
            args=(state,),
        )
        st.caption(f"{_EXAMPLE_ROWS:,} synthetic people of “US time use”, 17 columns.")
    st.caption(_PRIVACY, text_alignment="left")


def _take_example(state: StudioState) -> None:
    state.take("example-synthetic-people.csv", _example())


@st.cache_data(show_spinner="Drawing an example …")
def _example() -> bytes:
    """A table that anybody may have: people of the first shipped population."""
    population = loaders.population(loaders.names()[0])
    people = canonical(population.given()).sample(_EXAMPLE_ROWS, seed=1)
    return people.to_csv(index=False).encode()


def _reading(state: StudioState) -> None:
    """The table while it is read: its first lines stand there at once."""
    progress = st.container()
    if state.head:
        st.caption(f"{markdown.plain(state.name)}, {state.size:,} bytes, as it begins:")
        st.code(state.head, language=None)
    with progress:
        watch(state, "studio", _DOING["inspect"])


def _ask_for_a_file(state: StudioState) -> None:
    key = f"open-{state.token}-{len(loaders.own())}"
    with st.expander("Open a saved population", icon=":material/folder_open:"):
        st.file_uploader(
            f"A file that ends in {SUFFIX}",
            type=[SUFFIX],
            key=key,
            on_change=_taken,
            args=(key, True),
        )
        st.caption("It is checked before anything in it is used; it holds numbers, never code.")


# ── A job that runs ──────────────────────────────────────────────────────────────────────────────

_DOING = {
    "inspect": "Reading your table",
    "learn": "Learning from your table",
    "open": "Opening the population",
    "list": "Reading the second table",
    "interests": "Finding interests",
}


# ── What was understood ──────────────────────────────────────────────────────────────────────────


def _table_head(state: StudioState) -> None:
    inspection = state.understood
    learned = sum(each.column.role == "model" for each in inspection.columns)
    with st.container(horizontal=True, vertical_alignment="center", key="studio-file"):
        st.html(
            f'<p class="pp-studio-file"><b>{escape(state.name)}</b> · {inspection.rows:,} rows · '
            f"{len(inspection.columns)} columns, {learned} of them to learn from</p>",
            width="stretch",
        )
        st.button(
            "Another table",
            key="studio-another",
            icon=":material/upload_file:",
            type="tertiary",
            on_click=state.clear,
        )
    for note in inspection.notes:
        st.caption(markdown.plain(note))


_WRITTEN_HELP = (
    "How synthetic values are written in text files, by an example: $1,234.50, 12.3%, 70,5, or "
    "No / Yes. Empty for plain numbers."
)
_WORD_HELP = (
    "What stands for a missing value beside the empty cell. Empty it where the word, such as NA, "
    "is a level like the others."
)


def _sheet(state: StudioState) -> pd.DataFrame:
    """The editable sheet; what was edited stays when the visitor comes back to the page."""
    key = f"sheet-{state.token}-{state.visits}"
    if key not in st.session_state and state.edited is not state.shown:
        state.shown = state.edited
        state.visits += 1
        key = f"sheet-{state.token}-{state.visits}"
    edited = st.data_editor(
        state.shown,
        key=key,
        hide_index=True,
        height=_ROW * (min(len(state.shown), _MOST_ROWS) + 1) + 3,
        disabled=FIXED,
        placeholder="",
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True, width=170),
            "use": st.column_config.SelectboxColumn(
                "Use", options=USES, required=True, help=_USES_HELP
            ),
            "kind": st.column_config.SelectboxColumn("Kind", options=SHEET_KINDS, required=True),
            "values": st.column_config.TextColumn("Values", width=330),
            "written as": st.column_config.TextColumn(
                "Written as", max_chars=40, width=120, help=_WRITTEN_HELP
            ),
            "missing": st.column_config.NumberColumn("Missing", format="percent"),
            "missing word": st.column_config.TextColumn(
                "Missing word", max_chars=40, help=_WORD_HELP
            ),
            "least": st.column_config.NumberColumn(
                "Least",
                format="localized",
                help="Rows below are left out; nobody below is ever drawn.",
            ),
            "most": st.column_config.NumberColumn(
                "Most",
                format="localized",
                help="Rows above are left out; nobody above is ever drawn.",
            ),
            "label": st.column_config.TextColumn(
                "Label", max_chars=100, help="Words for the screen instead of the name."
            ),
            "meaning": st.column_config.SelectboxColumn(
                "Meaning", options=MEANINGS, required=True, width=150, help=_MEANING_HELP
            ),
        },
        alt="The columns of the table, and what they are used for",
    )
    state.edited = edited
    return edited


def _notes(state: StudioState) -> None:
    notes = [each.note for each in state.understood.columns if each.note]
    if notes:
        label = "1 remark on the columns" if len(notes) == 1 else f"{len(notes)} remarks on columns"
        with st.expander(label, icon=":material/info:"):
            st.markdown("\n".join(f"- {markdown.plain(note)}" for note in notes))
    with st.expander("The first rows", icon=":material/table_rows:"):
        names = [each.column.name for each in state.understood.columns]
        st.dataframe(pd.DataFrame(state.understood.preview, columns=names), hide_index=True)


def _made(state: StudioState, plan: Plan) -> Plan:
    """Ticks for columns that are left out and could be made new for every synthetic person."""
    offers = {
        each.column.name: each
        for each in state.understood.columns
        if each.make and plan.schema[each.column.name].role == "skip"
    }
    if not offers:
        return plan
    _step("What is made new")
    st.caption(
        "These columns say who somebody is, so they are left out. A ticked one is made new for "
        "every synthetic person: of the same shape, and never a real person’s value."
    )
    make = {}
    grid = st.grid(2, min_column_width=300, gap=4, key="studio-make")
    for name, each in offers.items():
        with grid.cell():
            if st.checkbox(
                f"{markdown.plain(name)} :gray[({markdown.plain(_how(each.make))})]",
                key=f"make-{state.token}-{name}",
                persist_state="session",
            ):
                make[name] = each.make
    if any(how != PATTERN for how in make.values()):
        locale = st.selectbox(
            "Names and addresses of",
            tuple(_PLACES),
            format_func=_PLACES.__getitem__,
            key=f"locale-{state.token}",
            filter_mode=None,
            persist_state="session",
        )
        make = {n: how if how == PATTERN else f"{how}:{locale}" for n, how in make.items()}
    return plan.making(make)


def _how(spec: str) -> str:
    """How a column would be made, in words."""
    if spec == PATTERN:
        return "in the same shape"
    provider = spec.partition(":")[2]
    words = {"email": "e-mail address", "iban": "IBAN", "phone": "telephone number"}
    return f"a made {words.get(provider, provider.replace('_', ' '))}"


def _dependences(state: StudioState, plan: Plan) -> Plan:
    """Ticks for what follows from what."""
    if not plan.derived and not plan.lookups and not plan.rules:
        st.caption("No column follows from others in every row.")
        return plan
    st.caption(
        "Found in every row of your table. A ticked one holds in every synthetic row too: sums and "
        "ranges are worked out instead of learned, look-ups and orders are kept exactly."
    )
    shown = [*plan.derived, *plan.lookups, *plan.rules]
    kept = list(shown[_MANY:])
    grid = st.grid(2, min_column_width=300, gap=4, key="studio-ticks")
    for rule in shown[:_MANY]:
        with grid.cell():
            kind = _FOLLOWS[type(rule)]
            if st.checkbox(
                f"{markdown.plain(str(rule))} :gray[({kind})]",
                value=True,
                key=f"tick-{state.token}-{rule}",
                persist_state="session",
            ):
                kept.append(rule)
    plan = replace(plan, rules=tuple(rule for rule in plan.rules if rule in kept))
    return plan.following(
        [rule for rule in plan.derived if rule in kept],
        [rule for rule in plan.lookups if rule in kept],
    )


def _derived(state: StudioState, plan: Plan) -> Plan:
    """Columns that the user adds; the plan as it was, with a sentence, where one is no formula."""
    text = st.text_area(
        "Columns to work out in every row",
        key=f"derive-{state.token}",
        placeholder="age = years(admitted - born)\ntotal = work + home",
        help="Days, weeks, months, years, hours, minutes or seconds between two dates, or a sum "
        "of numbers; one a line.",
        height=80,
        persist_state="session",
    )
    try:
        return deriving(plan, [line for line in (text or "").splitlines() if line.strip()])
    except PopulaceError as error:
        _say_no(error)
        return plan


def _rules(state: StudioState, plan: Plan) -> Plan:
    text = st.text_area(
        "Rules",
        key=f"rules-{state.token}",
        placeholder="age >= 15\nborn < died\nif age < 18 then marital = single",
        help=_RULES_HELP,
        height=120,
        persist_state="session",
    )
    return plan.ruled("\n".join(plan.rule_texts([text or ""])))


def _plan(state: StudioState) -> Plan | None:
    """The plan that the page says; None, with a sentence, where it cannot be followed."""
    _step("What was understood")
    edited = _sheet(state)
    _notes(state)
    plan = Plan.of(state.understood)
    try:
        plan = ask_orders(state, plan.corrected(corrections(state.sheet, edited)))
    except PopulaceError as error:
        _say_no(error)
        return None
    _step("Who is who")
    ask_who(state)
    preview(state, plan)
    plan = _made(state, plan)
    _step("What follows from what")
    plan = _derived(state, _dependences(state, plan))
    _step("What must hold")
    ruled: Plan | None = None
    try:
        ruled = _rules(state, plan)
    except PopulaceError as error:
        _say_no(error)
    _step("Interests")
    try:
        planned = choose_interests(state, ruled or plan)
    except PopulaceError as error:
        _say_no(error)
        return None
    _at_work(state, "list", "interests")
    return planned if ruled is not None else None


# ── Learning and using ───────────────────────────────────────────────────────────────────────────


def _ask_to_learn(state: StudioState, plan: Plan | None) -> None:
    _step("Learn")
    left, right = st.columns(2)
    title = left.text_input(
        "What to call it",
        value=Plan.of(state.understood).title,
        key=f"title-{state.token}",
        max_chars=60,
        persist_state="session",
    )
    generator = _choose_generator(state)
    if generator == generators.DEFAULT:
        score = right.segmented_control(
            "How",
            tuple(_SCORES),
            default=_FAITHFUL,
            required=True,
            key=f"score-{state.token}",
            help="“Most faithful” looks for what predicts unseen people; “quick” uses the K2 score "
            "of the paper, takes a fraction of the time and keeps a little less.",
            persist_state="session",
        )
        if plan is not None:
            plan = replace(plan, score=_SCORES[score])
    privacy = _promise(state, plan) if generator == PRIVATE else {}
    again = state.population is not None
    busy = state.job is not None
    if plan is not None:
        plan = replace(plan, title=title_of(title), generator=generator, privacy=privacy)
    st.button(
        "Learn again" if again else "Learn",
        key="studio-learn",
        type="secondary" if again else "primary",
        icon=":material/model_training:",
        disabled=plan is None or busy,
        on_click=partial(state.learn, plan) if plan is not None and not busy else None,
    )
    _at_work(state, "learn")
    if state.population is not None and not busy:
        _result(state, state.population)


def _at_work(state: StudioState, *kinds: Kind) -> None:
    """Progress, or what went wrong, of these kinds of work, where their button stands."""
    if state.kind not in kinds:
        return
    if state.problem:
        _say_no(state.problem)
    if state.job is not None:
        watch(state, "studio", _DOING[state.job.kind])


def _promise(state: StudioState, plan: Plan | None) -> dict[str, Any]:
    """What is promised to every row, and whether levels and bounds are public."""
    epsilon = st.select_slider(
        "Privacy: ε, smaller is stronger",
        (0.5, 1.0, 2.0, 3.0, 5.0, 10.0),
        value=1.0,
        format_func=lambda each: f"{each:g}",
        key=f"epsilon-{state.token}",
    )
    st.caption(markdown.plain(in_words(epsilon)))
    st.caption(
        "The price, measured on the census table Adult (12,201 people; HGB .5 and pairs .023 would "
        "be perfect, real people teach .93): "
        + markdown.plain("; ".join(f"ε = {each:g}: {words}" for each, words in PRICES))
        + "."
    )
    public = st.checkbox(
        "The levels and bounds above are public: they come from a codebook, not from the rows",
        key=f"public-{state.token}",
        help="Otherwise a part of the budget finds them: levels that enough people have, and "
        "bounds between powers of two. Rules, sums and look-ups found in the rows are left aside.",
    )
    known: dict[str, Any] = {"epsilon": epsilon}
    if public and plan is not None:
        known["public"] = Public.from_json(plan.schema.to_json()).to_json()
    return known


def _choose_generator(state: StudioState) -> str:
    """What learns the people; a choice only where there is more than one generator."""
    titles = generators.titles()
    if len(titles) < 2:
        return generators.DEFAULT
    name = st.selectbox(
        "Learned by",
        tuple(titles),
        format_func=titles.__getitem__,
        key=f"generator-{state.token}",
        filter_mode=None,
        persist_state="session",
    )
    words = generators.generator(name).description
    if name not in _WITHOUT_STEPS:
        card = "a graphics card (CUDA)" if has_card() else "this machine’s processor"
        words += f" It learns on {card}."
    st.caption(markdown.plain(words))
    with st.expander("What each can and cannot do", icon=":material/balance:"):
        st.markdown(
            "\n".join(
                f"- **{markdown.plain(title)}.** "
                f"{markdown.plain(generators.generator(each).description)}"
                for each, title in titles.items()
            )
        )
        st.page_link(
            "pages/compare/page.py", label="Compare them on your table", icon=":material/balance:"
        )
    return name


def _result(state: StudioState, population: Population) -> None:
    arrows = ""
    if population.has_network:
        arrows = f", arrows between them: **{len(population.network.edges)}**"
    with st.container(border=True, key="studio-result"):
        st.html(f'<h2 class="pp-studio-step">{escape(population.title)}</h2>')
        st.markdown(
            f"{markdown.plain(population.note)} Columns: **{len(population.modelled)}**{arrows}, "
            f"ready in **{state.seconds:,.1f} s**."
        )
        if population.name in loaders.own():
            st.info("It is on all pages now; the sidebar chooses it.", icon=":material/check:")
            with st.container(horizontal=True, gap="medium"):
                for page, title in _NEXT:
                    st.page_link(
                        f"pages/{page}/page.py", label=title, icon=":material/arrow_forward:"
                    )
                _save(population, "save-result", rows=False)
        else:
            st.button(
                "Use it on all pages",
                key="studio-use",
                type="primary",
                icon=":material/groups:",
                on_click=loaders.adopt,
                args=(population,),
            )
        show_learned(population)
        ask_of_rows(population, None if population.table is None else population.table.frame)
        if population.ledger is not None:
            with st.expander("What it promises: the privacy ledger", icon=":material/shield:"):
                show_ledger(population.ledger)
        elif population.card:
            with st.expander("How it was learned", icon=":material/description:"):
                st.markdown(_card(population))


def _card(population: Population) -> str:
    """The card under its own title, each line as it stands."""
    lines = []
    for line in population.card.splitlines()[1:]:
        if line.startswith("## "):
            lines.append(f"**{markdown.plain(line[3:])}**")
        elif line.startswith("- "):
            lines.append(f"- {markdown.plain(line[2:])}")
        else:
            lines.append(markdown.plain(line))
    return "\n".join(lines)


def _own() -> None:
    """The session's populations: choose, save, forget."""
    mine = loaders.own()
    if not mine:
        return
    _step("Your populations")
    rows = st.toggle(
        "Save with the real rows",
        key="studio-rows",
        help="The report’s comparisons need the rows. Without them the file holds counts of "
        "columns and pairs only; small counts can still tell of single people.",
        persist_state="session",
    )
    for name, population in list(mine.items()):
        with st.container(horizontal=True, vertical_alignment="center", key=f"studio-own-{name}"):
            title, note = escape(population.title), escape(population.note)
            st.html(f'<p class="pp-studio-file"><b>{title}</b> · {note}</p>', width="stretch")
            chosen = st.session_state.get("population") == name
            st.button(
                "In use" if chosen else "Use",
                key=f"use-{name}",
                icon=":material/groups:",
                disabled=chosen,
                on_click=loaders.choose,
                args=(name,),
            )
            _save(population, f"save-{name}", rows=rows)
            st.button(
                "Forget",
                key=f"forget-{name}",
                icon=":material/delete:",
                on_click=loaders.abandon,
                args=(name,),
            )


def _save(population: Population, key: str, *, rows: bool) -> None:
    st.download_button(
        "Save",
        packed(population, rows and population.table is not None),
        file_name=f"{_file_name(population.title)}{SUFFIX}",
        mime="application/zip",
        key=key,
        icon=":material/download:",
        on_click="ignore",
    )


def _file_name(title: str) -> str:
    safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in title.casefold())
    return "-".join(part for part in safe.split("-") if part)[:40] or "population"


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


def _step(title: str) -> None:
    st.html(f'<h2 class="pp-studio-step">{escape(title)}</h2>')


def _say_no(error: PopulaceError | str) -> None:
    st.warning(markdown.plain(str(error)), icon=":material/sentiment_dissatisfied:")


def _page(state: StudioState) -> None:
    st.html('<h1 class="pp-title">Bring your own table</h1>')
    st.html(
        '<p class="pp-subtitle">Learn a population from it, ask it as you ask the others, and save '
        "it as one file.</p>"
    )
    if state.inspection is not None:
        _table_head(state)
        state.plan = plan = _plan(state)
        _ask_to_learn(state, plan)
    elif state.job is not None and state.kind == "inspect":
        _reading(state)
    else:
        if state.kind == "inspect" and state.problem:
            _say_no(state.problem)
        if state.job is None:
            _ask_for_a_table(state)
        if state.population is not None and state.job is None:
            _result(state, state.population)
    _own()
    _at_work(state, "open")
    if state.job is None:
        _ask_for_a_file(state)
        _forget_everything(state)


def _forget_everything(state: StudioState) -> None:
    """Let the server forget at once what it would keep for an hour."""
    if state.name or loaders.own():
        st.button(
            "Forget my table and populations now",
            key="studio-forget-all",
            type="tertiary",
            icon=":material/delete_sweep:",
            on_click=_forget,
            args=(state,),
        )


def _forget(state: StudioState) -> None:
    state.clear()
    for name in list(loaders.own()):
        loaders.abandon(name)


_page(current_state())
