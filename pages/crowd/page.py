"""A thousand people as small faces, which walk to their groups when a column is chosen."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from pages.shared import header, limits, loaders
from pages.shared.choice import Choice
from pages.shared.decorators import page
from synth.people import crowd
from synth.populations import Population

PEOPLE = 1000
_HERE = Path(__file__).parent
_draw = st.components.v2.component(
    "populace-crowd",
    html='<div class="crowd"></div>',
    css=(_HERE / "crowd.css").read_text(encoding="utf-8"),
    js=(_HERE / "crowd.js").read_text(encoding="utf-8"),
)


@st.cache_resource(show_spinner="Gathering the crowd …", max_entries=16)
def _crowd(
    digest: str, known: str, seed: int, _population: Population, _choice: Choice
) -> dict[str, Any]:
    people = loaders.people(_population, _choice.evidence, PEOPLE, seed)
    faces = crowd.faces(people, _population)
    return {
        "sheet": f"data:image/jpeg;base64,{base64.b64encode(faces.sheet).decode()}",
        "tile": crowd.TILE,
        "across": faces.across,
        "tiles": list(faces.tiles),
        "groupings": [each.to_json() for each in crowd.groupings(people, _population)],
    }


@page()
def _page(choice: Choice) -> None:
    header.show(choice, title="A crowd", remark=f"{PEOPLE:,} synthetic people")
    with limits.questions():
        drawn = _crowd(
            choice.population.digest,
            str(choice.evidence),
            choice.seed,
            choice.population,
            choice,
        )
    _draw(data=drawn, key="crowd")
    st.caption(
        f"Estimated: shares of {PEOPLE:,} people drawn by the seed {choice.seed}, give or take "
        "about 3 percentage points (95%). Faces follow gender and age; ethnicities take turns, "
        "and some faces are shared. Nobody under 15 is given a face."
    )


_page()
