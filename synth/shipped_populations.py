"""How the shipped populations are made from their sources; see `build`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.data.schema import Schema, hint
from synth.data.table import Table, make_table, read_table
from synth.errors import PopulaceError
from synth.interests.vocabulary import FRENCH_HOBBIES
from synth.populations import SHIPPED, Population, save

HOLDOUT_ROWS = 30_000
"""Rows on each side when a recipe's network is scored on people it has not seen."""


@dataclass(frozen=True)
class Recipe:
    """One shipped population.

    Attributes
    ----------
    source : str
        The source table's file name, sought in the folder given to `build`.
    columns : tuple of str
        The columns that are modelled, in order.
    levels : mapping of str to tuple of str
        Levels in their natural order, where the source has none.
    labels : mapping of str to str
        Words for the screen.
    ships_rows : bool
        Whether the licence lets the real rows be shipped.
    settings : mapping of str to value
        Of the `NetworkLearner`.
    words : str
        The card's text, before the scores.
    """

    name: str
    title: str
    note: str
    source: str
    columns: tuple[str, ...]
    featured: tuple[str, ...]
    words: str
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    ships_rows: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def table(self, folder: Path) -> Table:
        """The source as a table with corrected levels and labels."""
        path = folder / self.source
        if self.ships_rows and not path.is_file():
            path = SHIPPED / self.name / "people.parquet"
        if not path.is_file():
            raise PopulaceError(
                f"The source {self.source} of {self.name} is not in {folder}: name its folder with "
                "--source."
            )
        table = read_table(path)
        schema = table.schema.select(self.columns)
        for name, levels in self.levels.items():
            schema = schema.changed(name, levels=levels)
        for name, label in self.labels.items():
            schema = schema.changed(name, label=label)
        return make_table(table.frame[list(self.columns)], schema)


INTEREST_LABELS = {"top1": "First interest", "top2": "Second interest", "top3": "Third interest"}

US_TIME_USE = Recipe(
    name="us-time-use",
    title="US time use, 2003–16",
    note=(
        "Speaks of the 151,335 respondents of the American Time Use Survey 2003–16, unweighted; "
        "interests are what one diary day shows."
    ),
    source="atus_people.parquet",
    columns=(
        "gender",
        "age",
        "marital",
        "partner_in_household",
        "has_children",
        "n_in_household",
        "education",
        "has_higher_education",
        "labor_status",
        "occupation",
        "weekly_earn",
        "family_income",
        "region",
        "born_in_us",
        "top1",
        "top2",
        "top3",
    ),
    featured=("gender", "marital", "age", "education", "top1", "has_children"),
    levels={
        "marital": ("never married", "married", "separated", "divorced", "widowed"),
        "partner_in_household": ("spouse", "cohabit", "none"),
        "education": (
            "< hs diploma",
            "hs diploma",
            "some college",
            "associate degree",
            "bachelor's degree",
            "master's degree",
            "prof degree",
            "doctoral degree",
        ),
        "labor_status": (
            "employed-at work",
            "employed-absent",
            "unemployed-looking",
            "unemployed-layoff",
            "not_in_labor_force",
        ),
        "region": ("northeast", "midwest", "south", "west"),
    },
    labels={
        "marital": "Marital status",
        "partner_in_household": "Partner in household",
        "has_children": "Children at home",
        "n_in_household": "People in household",
        "has_higher_education": "Higher education",
        "labor_status": "Labour status",
        "weekly_earn": "Weekly earnings (USD)",
        "family_income": "Family income (USD a year)",
        "born_in_us": "Born in the US",
        **INTEREST_LABELS,
    },
    words="""# us-time-use

**Source.** American Time Use Survey 2003–16, US Bureau of Labor Statistics, public-use microdata
(a work of the US government, in the public domain), as prepared in the CRAN package *atus* 0.2.
151,335 respondents aged 15 to 85. Only what was learned is shipped: `network.json` (conditional
tables) and `reference.json` (aggregate counts of columns and pairs of columns); no row.

**Whom it speaks of.** The respondents, unweighted. The survey draws households with children and
minorities more often and asks on weekends as often as on weekdays, so shares here are not shares
of the US population; `fit --weights weight` learns with the survey's weights.

**What an interest means.** Each respondent kept a diary of one day. Minutes are summed over 26
groups of leisure activities; the first to third interest are the groups in which the person spends
most time compared with how common the group is. One day shows what somebody did, not what they
love: an interest that is missing means that the diary shows no further leisure activity.

**Ethnicity is kept apart.** It is not a column of the network, so that names and portraits do not
repeat the table's biases (paper, section 3.4).

**Numbers.** Family income is reported in 16 brackets, their middles are the values; weekly
earnings are top-coded at 2,884.61.
""",
)

FRENCH_HOBBIES = Recipe(
    name="french-hobbies",
    title="French hobbies, 2003",
    note=(
        "Speaks of 8,403 respondents of the French survey Histoire de vie 2003, unweighted; "
        "hobbies are those practised in the last year."
    ),
    source="hobbies.parquet",
    columns=(
        "gender",
        "age_group",
        "marital",
        "profession",
        *FRENCH_HOBBIES,
        "tv_level",
        "top1",
        "top2",
        "top3",
    ),
    featured=("gender", "marital", "age_group", "profession", "top1"),
    levels={
        "age_group": ("15-25", "26-35", "36-45", "46-55", "56-65", "66-75", "76-85", "86-100"),
        "marital": ("single", "married", "remarried", "divorced", "widowed"),
    },
    labels={
        "age_group": "Age group",
        "marital": "Marital status",
        "listening_music": "Listening to music",
        "playing_music": "Playing music",
        "diy": "DIY",
        "tv_level": "Television, 0 to 4",
        **INTEREST_LABELS,
    },
    ships_rows=True,
    # Of the seeds 0 to 2 the one whose people contradict themselves least (an interest in a hobby
    # that they do not have: 1 in 8,000).
    settings={"seed": 2},
    words="""# french-hobbies

**Source.** INSEE, survey *Histoire de vie — construction des identités* 2003, as the data set
`hobbies` of the R package FactoMineR (GPL-2 or later, Husson, Josse, Lê and Mazet), found in
Debian's `r-cran-factominer`. 8,403 respondents aged 15 to 100. The rows are shipped as
`people.parquet` under the same licence; first to third interest were derived from the hobbies, the
rarest first.

**Whom it speaks of.** The respondents, unweighted. A hobby is one that the person has practised in
the last twelve months.
""",
)

RECIPES: Mapping[str, Recipe] = {r.name: r for r in (US_TIME_USE, FRENCH_HOBBIES)}


def build(
    name: str,
    source: Path,
    progress: Callable[[str], None] | None = None,
    **settings: Any,
) -> Population:
    """Learn a shipped population from its source, score it on unseen people, write its folder."""
    if name not in RECIPES:
        raise PopulaceError(f"There is no recipe for {name}{hint(name, tuple(RECIPES))}")
    recipe = RECIPES[name]
    settings = {**recipe.settings, **settings}
    say = progress or (lambda words: None)
    say(f"{name}: reading {recipe.source}")
    table = recipe.table(source)
    say(f"{name}: scoring on people that were not learned from")
    scores = _scores(table, settings)
    say(f"{name}: learning from {len(table):,} people")
    learner = NetworkLearner(**settings).fit(
        table, lambda moves, score: say(f"{name}: learning, {moves} changes, score {score:,.0f}")
    )
    folder = SHIPPED / name
    population = save(
        folder,
        learner.network_,
        table,
        title=recipe.title,
        note=recipe.note,
        featured=recipe.featured,
        card=recipe.words + _made_of(learner.network_) + scores,
    )
    if recipe.ships_rows and (source / recipe.source).is_file():
        shutil.copyfile(source / recipe.source, folder / "people.parquet")
    return population


def _made_of(network: Network) -> str:
    return f"""
**Network.** {len(network.schema)} columns, {len(network.edges)} edges, {network.parameters:,}
numbers; score `{network.about["score"]}`, at most {network.about["max_parents"]} parents, seed
{network.about["seed"]}. Rebuild: `python -m synth populations build`.
"""


def _scores(table: Table, settings: Mapping[str, Any]) -> str:
    """Fidelity of a network learned from one half, beside fresh real people of the other."""
    from synth.evaluate.fidelity import evaluate

    order = np.random.default_rng(0).permutation(len(table))
    size = min(HOLDOUT_ROWS, len(table) // 2)
    learned, fresh = (_part(table, order[i * size : (i + 1) * size]) for i in range(2))
    network = NetworkLearner(**settings).fit(learned).network_
    synthetic = network.given().sample(size, seed=0)
    told = evaluate(learned, synthetic, holdout=fresh.frame).to_dict()
    lines = [
        "",
        "## Scores",
        "",
        f"A network learned from {size:,} people drew {size:,}; beside each figure, what {size:,}",
        "fresh real people get. AUC: how well a classifier tells them from real people, 0.5 is",
        "not at all; the others: smaller is closer.",
        "",
        "| | synthetic | fresh real people |",
        "|---|---|---|",
    ]
    for key, value in told.items():
        if f"{key}_reference" in told:
            lines.append(f"| {key} | {value:.4f} | {told[f'{key}_reference']:.4f} |")
    return "\n".join(lines) + "\n"


def _part(table: Table, rows: np.ndarray) -> Table:
    frame: pd.DataFrame = table.frame.iloc[rows].reset_index(drop=True)
    return make_table(frame, Schema(table.schema.columns))
