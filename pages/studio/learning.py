"""The Studio's step "Learn": the title, the generator with its settings, and the button."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from pages.shared import markdown
from pages.shared.private import PRICES
from pages.studio.parts import show_progress, step
from pages.studio.result import show_result
from pages.studio.state import StudioState
from synth import generators
from synth.bayes.scores import ScoreName
from synth.fitting.plan import Plan, title_of
from synth.generators.private import NAME as PRIVATE
from synth.generators.training import has_card
from synth.privacy.accounting import in_words
from synth.privacy.public import Public

_FAITHFUL, _QUICK = "most faithful", "quick"
_SCORES: dict[str, ScoreName] = {_FAITHFUL: "predictive", _QUICK: "k2"}
_WITHOUT_STEPS = (
    "bayes-network",
    "independent",
    "joint-table",
    "copula",
    PRIVATE,
)  # no network learns


def ask_to_learn(state: StudioState, plan: Plan | None) -> None:
    """Ask for the title and the generator, and start to learn; the result stands below."""
    step("Learn")
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
    show_progress(state, "learn")
    if state.population is not None and not busy:
        show_result(state, state.population)


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
        "The price, measured on the census table Adult (12,201 people; HGB .5 and pairs .024 would "
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
