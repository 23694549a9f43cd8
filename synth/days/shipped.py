"""How the shipped days are made from their sources: by ``recipe.toml`` in their folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.data.model_folders import CARD
from synth.days.counts import LEAST, DayCounts
from synth.days.groups import DAY, Groups
from synth.days.learning import learn_days
from synth.days.model import DayModel
from synth.days.storage import FOLDERS, DayPopulation, load_days, save_days
from synth.errors import PopulaceError
from synth.interests.vocabulary import interest_title

_FEWEST = 10  # people whose minutes a shared sum may hold


def read_days(recipe: Mapping[str, Any], source: Path) -> tuple[Groups, pd.DataFrame, np.ndarray]:
    """Groups, people and the minutes of their days.

    Raises
    ------
    PopulaceError
        A source is not there, or the rule does not give the interests that the people have.
    """
    for key in ("source", "activities", "interests"):
        if not (source / str(recipe[key])).is_file():
            raise PopulaceError(f"The source {recipe[key]} is not in {source}: name its folder.")
    ranks = list(recipe["ranks"])
    columns = list(dict.fromkeys([*recipe["facts"], *recipe["counted"], *ranks]))
    people = pd.read_parquet(source / str(recipe["source"]), columns=columns)
    interests = json.loads((source / str(recipe["interests"])).read_text("utf-8"))["interests"]
    groups = _groups(recipe, [each["name"] for each in interests])
    rows = pd.read_parquet(source / str(recipe["activities"]))
    minutes = _minutes(rows, groups, recipe, interests, len(people))
    shown, named = groups.top(minutes), groups.places(people, tuple(ranks))
    wrong = int((shown != named).any(axis=1).sum())
    if wrong:
        raise PopulaceError(f"{wrong} days do not show their people's interests: mend the groups.")
    return groups, people, minutes


def _groups(recipe: Mapping[str, Any], interests: list[str]) -> Groups:
    rows: list[tuple[str, str, str, float]] = []
    for each in recipe["groups"]:
        if each["name"] != "interests":
            rows.append((each["name"], each["title"], each["kind"], 0.0))
            continue
        for name in interests:
            kind = recipe["kinds"].get(name, "leisure")
            rows.append((name, interest_title(name), kind, float(recipe["weights"][name])))
    names, titles, kinds, weights = zip(*rows, strict=True)
    return Groups(names, titles, kinds, np.array(weights))


def _minutes(
    rows: pd.DataFrame,
    groups: Groups,
    recipe: Mapping[str, Any],
    interests: list[dict[str, Any]],
    people: int,
) -> np.ndarray:
    of_code = {int(code): each["name"] for each in interests for code in each["codes"]}
    prefixes = [(str(p), g["name"]) for g in recipe["groups"] for p in g.get("codes", ())]
    place = {}
    for code in rows["activity"].unique():
        text = f"{code:06d}"
        fitting = (name for prefix, name in prefixes if text.startswith(prefix))
        name = of_code.get(int(code)) or next(fitting, "")
        if not name:
            raise PopulaceError(f"Activity {text} is in no group: add its first digits to one.")
        place[code] = groups.names.index(name)
    out = np.zeros((people, len(groups)), dtype=np.int64)
    np.add.at(out, (rows["person"], rows["activity"].map(place)), rows["minutes"])
    rest = DAY - out.sum(axis=1)
    if (rest < 0).any():
        raise PopulaceError(f"{int((rest < 0).sum())} days have more than 1,440 minutes.")
    out[:, groups.names.index("not_recorded")] += rest
    return out


def kept_apart(recipe: Mapping[str, Any], people: int) -> np.ndarray:
    """Numbers of the people by whom days are judged; they are not learned from."""
    order = np.random.default_rng(int(recipe["seed"])).permutation(people)
    return order[: int(recipe["judged"])]


def build_days(
    name: str,
    source: Path,
    progress: Callable[[float, str], None] | None = None,
    *,
    out: Path | None = None,
    judge: Callable[[DayModel, pd.DataFrame, np.ndarray], str] | None = None,
) -> DayPopulation:
    """Learn shipped days from their source, judge them by people kept apart, write their folder.

    Parameters
    ----------
    name : str
        One that has a recipe.
    source : Path
        The folder of the source tables.
    progress : callable, optional
        Gets the share that is done, and words.
    out : Path, optional
        The folder to write; the shipped one if not given.
    judge : callable, optional
        Gets the model, and people and days that it has not seen; what it says ends the card.

    Raises
    ------
    PopulaceError
        There is no such recipe, or its source is not there.
    """
    recipe = FOLDERS.recipe(name)
    groups, people, minutes = read_days(recipe, source)
    unseen = kept_apart(recipe, len(people))
    learned = np.setdiff1d(np.arange(len(people)), unseen)
    model, report = learn_days(
        groups,
        people.iloc[learned].reset_index(drop=True),
        minutes[learned],
        tuple(recipe["facts"]),
        tuple(recipe["ranks"]),
        seed=int(recipe["seed"]),
        minutes_of_work=float(recipe["minutes"]),
        epochs=int(recipe["epochs"]),
        progress=progress,
    )
    counts = _counts(people, minutes, recipe["counted"])
    words = (recipe["title"], recipe["note"], recipe["population"])
    card = recipe["card"].lstrip() + _learning_note(report, len(learned))
    folder = FOLDERS.place / name if out is None else out
    save_days(DayPopulation(name, *words, model, counts, card), folder)
    days = load_days(folder)
    if judge is not None:  # as it is shipped
        card += judge(days.model, people.iloc[unseen].reset_index(drop=True), minutes[unseen])
        (folder / CARD).write_text(card, "utf-8")
    return load_days(folder)


def _counts(people: pd.DataFrame, minutes: np.ndarray, names: list[str]) -> dict[str, DayCounts]:
    out = {"": DayCounts.of(minutes)}
    for name in names:
        values = people[name].astype(object)
        words = values.map({True: "yes", False: "no"}) if people[name].dtype == bool else values
        for level in sorted(set(words.dropna())):
            inside = (words == level).to_numpy(bool)
            if inside.sum() >= LEAST:
                out[f"{name}={level}"] = _shared(DayCounts.of(minutes[inside]))
    return out


def _shared(counts: DayCounts) -> DayCounts:
    """Without sums over too few people."""
    few = counts.doers < _FEWEST
    return DayCounts(
        counts.people, np.where(few, 0, counts.minutes), np.where(few, 0, counts.doers)
    )


def _learning_note(report: Mapping[str, Any], people: int) -> str:
    return (
        f"\n**Learned** from {people:,} days in {report['passes']} passes, "
        f"{report['work_seconds']} s of work, until {report['ended']}; {report['nats']} nats a day "
        "that was kept apart. Rebuild: `python -m synth days build`.\n"
    )
