"""The tables of the benchmark: a truth table of a known network, and real people of the ATUS.

The truth table is drawn here from a mixed network with known parameters: gender → age, {age group,
gender} → relation, age group → education, {gender, age group, relation} → top1, {top1, gender} →
top2, {top2, gender} → top3, age group → friends_count (log-normal). Parameters and people come from
numpy seeds (0 for both parameters and training rows, 1 for fresh rows), in the order of the peers'
benchmark, so both make the same people.

The ATUS table is made of 60,000 respondents of `shared/data/atus_people.parquet` beside the
repository; where that is not there, it is left out. So is Adult, for `adult`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from synth.data.evidence import Evidence, OneOf
from synth.data.schema import Schema
from synth.data.table import Table, make_table

GENDERS = ("female", "male")
RELATIONS = ("single", "in_relationship", "married", "divorced", "widowed", "complicated")
EDUCATIONS = ("higher", "no_higher")
AGE_EDGES = np.array([18, 25, 35, 45, 60])
AGE_GROUPS = len(AGE_EDGES) + 1
INTERESTS = 26
TRAINING_ROWS = 30_000
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@dataclass(frozen=True)
class Dataset:
    """A training table, as many fresh real people, and what the benchmark asks of it.

    Attributes
    ----------
    name, source : str
        How it is called, and where it comes from.
    train, fresh : pd.DataFrame
        Rows to learn from, and others.
    categorical : tuple of str
        Columns that are categories.
    root, leaf : str
        Evidence near a root of the network, and far from the roots.
    """

    name: str
    source: str
    train: pd.DataFrame
    fresh: pd.DataFrame
    categorical: tuple[str, ...]
    root: str  # evidence near a root of the network
    leaf: str  # evidence far from the roots

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that are numbers."""
        return tuple(name for name in self.train if name not in self.categorical)

    def table(self) -> Table:
        """The training rows as a table."""
        return categorical_table(self.train, self.categorical)


def categorical_table(frame: pd.DataFrame, categorical: Sequence[str]) -> Table:
    """A table in which the named columns are categories, whatever their values look like.

    Parameters
    ----------
    frame : pd.DataFrame
        Rows.
    categorical : sequence of str
        Columns that are categories.

    Returns
    -------
    Table
        The rows in canonical types.
    """
    schema = Schema.infer(frame)
    for name in categorical:
        schema = schema.changed(name, kind="categorical", role="model")
    return make_table(frame, schema.completed(frame))


def levels(text: str, schema: Schema) -> dict[str, str]:
    """Column → the first level that a line of evidence names.

    Parameters
    ----------
    text : str
        Evidence about columns of levels: `relation=married`.
    schema : Schema
        The columns.

    Returns
    -------
    dict of str to str
        Without columns of which the line names a range.
    """
    evidence = Evidence.parse(text, schema)
    return {name: fact.values[0] for name, fact in evidence.items() if isinstance(fact, OneOf)}


def truth(rows: int = TRAINING_ROWS) -> Dataset:
    """The truth table: people of a network that is known.

    Parameters
    ----------
    rows : int
        In each half.

    Returns
    -------
    Dataset
        Eight columns.
    """
    parameters = truth_parameters()
    train, fresh = (truth_people(parameters, rows, np.random.default_rng(seed)) for seed in (0, 1))
    return Dataset(
        "truth",
        "our generator of the peers' truth table: the same parameters, seeds and people",
        train,
        fresh,
        ("gender", "education", "relation", "top1", "top2", "top3"),
        "relation=married",
        "top1=18",
    )


def atus(rows: int = TRAINING_ROWS, shared: Path = SHARED) -> Dataset | None:
    """Respondents of the American Time Use Survey, seven columns.

    Parameters
    ----------
    rows : int
        In each half.
    shared : Path
        The folder beside the repository.

    Returns
    -------
    Dataset or None
        None where the table is not there.
    """
    path = shared / "data" / "atus_people.parquet"
    if not path.exists():
        return None
    categorical = ("gender", "has_higher_education", "marital", "top1", "top2", "top3")
    people = pd.read_parquet(path, columns=["age", *categorical])
    for name in categorical:
        values = people[name].astype(object)
        people[name] = values.where(values.notna(), "none").astype(str).astype(object)
    order = np.random.default_rng(0).permutation(len(people))
    train = people.iloc[order[:rows]].reset_index(drop=True)
    fresh = people.iloc[order[TRAINING_ROWS : TRAINING_ROWS + rows]].reset_index(drop=True)
    return Dataset(
        "atus",
        f"{rows} respondents of the American Time Use Survey, as many fresh ones beside",
        train,
        fresh,
        categorical,
        "marital=married",
        "top1=gardening",
    )


def adult(shared: Path = SHARED) -> Dataset | None:
    """The census extract Adult, one half to learn from and one fresh.

    Parameters
    ----------
    shared : Path
        The folder beside the repository.

    Returns
    -------
    Dataset or None
        None where the table is not there.
    """
    path = shared / "data" / "adult_train.parquet"
    if not path.exists():
        return None
    people = pd.read_parquet(path)
    whole = [name for name in people if people[name].dtype.kind == "i"]
    categorical = tuple(name for name in people if name not in whole)
    for name in categorical:
        values = people[name].astype(object)
        people[name] = values.where(values.notna(), "?").astype(str).astype(object)
    order = np.random.default_rng(0).permutation(len(people))
    half = len(people) // 2
    return Dataset(
        "adult",
        f"{half} people of the census extract Adult, as many fresh ones beside",
        people.iloc[order[:half]].reset_index(drop=True),
        people.iloc[order[half : 2 * half]].reset_index(drop=True),
        categorical,
        "marital=married",
        "income_gt_50k=True",
    )


def truth_parameters(seed: int = 0) -> dict[str, np.ndarray]:
    """The parameters of the truth network.

    Parameters
    ----------
    seed : int
        Of numpy's generator.

    Returns
    -------
    dict of str to float64 array
        The tables; the child's levels on the last axis.
    """
    random = np.random.default_rng(seed)
    out = {
        "gender": np.array([0.54, 0.46]),
        "mixture": np.array([[0.45, 0.35, 0.20], [0.35, 0.40, 0.25]]),
        "mean": np.array([[23.0, 36.0, 58.0], [25.0, 39.0, 54.0]]),
        "spread": np.array([[4.0, 7.0, 10.0], [5.0, 8.0, 11.0]]),
    }
    base = np.array(
        [
            [0.85, 0.12, 0.001, 0.001, 0.001, 0.027],
            [0.55, 0.30, 0.10, 0.01, 0.001, 0.039],
            [0.27, 0.22, 0.43, 0.05, 0.003, 0.027],
            [0.15, 0.12, 0.57, 0.13, 0.01, 0.02],
            [0.09, 0.07, 0.58, 0.19, 0.05, 0.02],
            [0.05, 0.03, 0.48, 0.14, 0.29, 0.01],
        ]
    )
    relation = np.empty((AGE_GROUPS, 2, 6))
    for group in range(AGE_GROUPS):
        for gender in range(2):
            relation[group, gender] = random.dirichlet(base[group] * 120 + 0.05)
    out["relation"] = relation
    higher = np.array([0.02, 0.33, 0.55, 0.52, 0.42, 0.33])
    out["education"] = np.column_stack([higher, 1 - higher])
    popular = random.dirichlet(np.full(INTERESTS, 1.0))
    by_gender = np.stack([random.dirichlet(np.full(INTERESTS, 0.35)) for _ in range(2)])
    by_group = np.stack([random.dirichlet(np.full(INTERESTS, 0.35)) for _ in range(AGE_GROUPS)])
    top1 = np.empty((2, AGE_GROUPS, 6, INTERESTS))
    for gender in range(2):
        for group in range(AGE_GROUPS):
            for state in range(6):
                own = random.dirichlet(np.full(INTERESTS, 0.25))
                shared = 0.2 * popular + 0.25 * by_gender[gender] + 0.25 * by_group[group]
                top1[gender, group, state] = shared + 0.3 * own
    out["top1"] = top1 / top1.sum(-1, keepdims=True)
    out["top2"] = _transitions(random, 0.75)
    out["top3"] = _transitions(random, 0.65)
    out["friends_mean"] = np.array([5.0, 5.4, 5.1, 4.8, 4.3, 3.6])
    out["friends_spread"] = np.array([0.6, 0.65, 0.7, 0.75, 0.8, 0.9])
    return out


def truth_people(
    parameters: dict[str, np.ndarray], rows: int, random: np.random.Generator
) -> pd.DataFrame:
    """People of the truth network.

    Parameters
    ----------
    parameters : mapping of str to float64 array
        As `truth_parameters` gives them.
    rows : int
        How many people.
    random : np.random.Generator
        Draws them.

    Returns
    -------
    pd.DataFrame, shape (rows, 8)
        The people.
    """
    p = parameters
    gender = (random.random(rows) >= p["gender"][0]).astype(np.int8)
    part = _pick(random, p["mixture"][gender])
    age = random.normal(p["mean"][gender, part], p["spread"][gender, part])
    age = np.clip(np.rint(age), 15, 90).astype(np.int16)
    group = np.searchsorted(AGE_EDGES, age, side="right")
    relation = _pick(random, p["relation"][group, gender])
    education = _pick(random, p["education"][group])
    top1 = _pick(random, p["top1"][gender, group, relation])
    top2 = _pick(random, p["top2"][top1, gender])
    top3 = _pick(random, p["top3"][top2, gender])
    friends = np.exp(random.normal(p["friends_mean"][group], p["friends_spread"][group]))
    return pd.DataFrame(
        {
            "age": age,
            "gender": np.array(GENDERS, dtype=object)[gender],
            "education": np.array(EDUCATIONS, dtype=object)[education],
            "relation": np.array(RELATIONS, dtype=object)[relation],
            **{
                name: codes.astype(str).astype(object)
                for name, codes in (("top1", top1), ("top2", top2), ("top3", top3))
            },
            "friends_count": friends.astype(np.float32),
        }
    )


def _transitions(random: np.random.Generator, weight: float) -> np.ndarray:
    """The next interest by the last one and gender, (26, 2, 26); rarely the same twice."""
    table = np.empty((INTERESTS, 2, INTERESTS))
    popular = random.dirichlet(np.full(INTERESTS, 1.0))
    for last in range(INTERESTS):
        for gender in range(2):
            own = random.dirichlet(np.full(INTERESTS, 0.25))
            table[last, gender] = (1 - weight) * popular + weight * own
            table[last, gender, last] *= 0.05
    return table / table.sum(-1, keepdims=True)


def _pick(random: np.random.Generator, shares: np.ndarray) -> np.ndarray:
    """A code for each row of shares, (n, k) -> (n,)."""
    sums = np.cumsum(shares, axis=1)
    return (random.random((len(sums), 1)) * sums[:, -1:] > sums).sum(axis=1).astype(np.int8)
