"""People with a life: a network of their facts, and chains of their states over time.

The two meet in one column, the class: the network says P(facts, class), the chains P(life | class).
What is known of a life reaches the facts, and the other way round, as one table over the class, so
answers about both at once are exact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from synth.bayes.factors import Factor
from synth.bayes.inference import CutCodings, Marginal, Posterior
from synth.bayes.learning import NetworkLearner
from synth.bayes.network import Network
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.data.table import Table, make_table
from synth.errors import PopulaceError
from synth.lazy import cached_property
from synth.lives.chain import Chain, Messages
from synth.lives.learning import ChainPlan, choose, fact_features, learn_chain
from synth.lives.sampling import draw
from synth.lives.track import LifeEvidence, Track, life_evidence, track_of

CLASS = "life class"
"""The column where the facts and the chains meet; nobody is shown it."""


@dataclass(frozen=True, eq=False)
class LifeModel:
    """Facts and lives, learned together.

    Attributes
    ----------
    network : Network
        Of the facts and the class.
    chain : Chain
        Of the states.
    track : Track
        Which columns the states are.
    about : mapping of str to JSON value
        How it was learned.
    """

    network: Network
    chain: Chain
    track: Track
    about: Mapping[str, Any]

    @property
    def facts(self) -> Schema:
        """The columns of facts."""
        return self.network.schema.without(CLASS)

    @cached_property
    def digest(self) -> str:
        """Its identity: 16 hexadecimal digits of its content's SHA-256."""
        content = hashlib.sha256(json.dumps(self.network.to_json()).encode())
        content.update(json.dumps(self.track.to_json()).encode())
        for array in (self.chain.initial, self.chain.step, self.chain.bands):
            content.update(np.ascontiguousarray(array).tobytes())
        return content.hexdigest()[:16]

    def evidence(self, facts: str = "", life: str = "") -> tuple[Evidence, LifeEvidence]:
        """Read facts about people and about their lives.

        Raises
        ------
        PopulaceError
            A column or a value is not there.
        """
        return Evidence.parse(facts, self.facts), life_evidence(life, self.track)

    def given(self, facts: str | Evidence = "", life: str | LifeEvidence = "") -> Lives:
        """People of whom some facts and some of the life are known.

        Parameters
        ----------
        facts : str or Evidence
            ``gender=female``.
        life : str or LifeEvidence
            ``age_25=married,by age_30=child``.

        Raises
        ------
        PopulaceError
            Nobody is like that.
        """
        if isinstance(facts, str):
            facts = Evidence.parse(facts, self.facts)
        if isinstance(life, str):
            life = life_evidence(life, self.track)
        return Lives(self, facts.checked(self.facts), life)


@dataclass(frozen=True)
class LifeLikelihood:
    """P(what is known of the life | class), as a table that joins the network's.

    Attributes
    ----------
    values : tuple of float
        One for each class, not all 0.
    """

    values: tuple[float, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The class alone."""
        return (CLASS,)

    def factors(self, codings: CutCodings) -> tuple[Factor, ...]:
        """The table over the class's codes."""
        coding, _ = codings[CLASS]
        places = {str(i): value for i, value in enumerate(self.values)}
        table = [places.get(label, 0.0) for label in coding.labels]
        return (Factor((CLASS,), np.array(table)),)


class Lives:
    """People of whom facts and some of the life are known: how common, what they are like, samples.

    Everything is exact: elimination over the facts, forward–backward over the life.

    Parameters
    ----------
    model : LifeModel
        Who they are.
    facts : Evidence
        Known facts.
    life : LifeEvidence
        What is known of the life.

    Raises
    ------
    PopulaceError
        Nobody is like that.
    """

    exact = True
    """Probabilities, marginals and samples follow from the model without error."""

    def __init__(self, model: LifeModel, facts: Evidence, life: LifeEvidence) -> None:
        self.model, self.facts, self.life = model, facts, life
        self.messages: Messages = model.chain.given(life)
        before = Posterior(model.network, facts)
        shares = self._classes(before)
        likelihood = self.messages.likelihood
        joint = float(shares @ likelihood)
        if not joint > 0:
            raise PopulaceError(
                "Nobody leads such a life: no one was seen to make one of its moves; drop a fact."
            )
        self.probability: float = before.probability * joint
        scaled = tuple(float(v) for v in likelihood / likelihood.max())
        self.people = (
            Posterior(model.network, facts, factors=(LifeLikelihood(scaled),)) if life else before
        )
        """The facts and the class, the life's evidence taken in."""
        self.classes: np.ndarray = shares * likelihood / joint
        """P(class | everything known); shape (classes,)."""

    def _classes(self, posterior: Posterior) -> np.ndarray:
        coding = self.model.network.codings[CLASS]
        shares = np.zeros(self.model.chain.classes)
        for label, share in zip(coding.labels, posterior.codes(CLASS, alone=True), strict=True):
            if label.isdigit():
                shares[int(label)] = share
        return shares

    @cached_property
    def _walk(self) -> tuple[np.ndarray, np.ndarray]:
        return self.messages.walk(self.classes)

    @property
    def states(self) -> np.ndarray:
        """P(state at each time); shape (times, states)."""
        return self._walk[0]

    @property
    def moves(self) -> np.ndarray:
        """P(state and next state) at each time but the last; shape (times - 1, states, states)."""
        return self._walk[1]

    def marginal(self, column: str) -> Marginal:
        """The distribution of a fact."""
        return self.people.marginal(column)

    def draw(self, rows: int, seed: int = 0, *, start: int = 0) -> tuple[pd.DataFrame, np.ndarray]:
        """People number `start` to `start + rows` of the seed.

        Returns
        -------
        facts : DataFrame
        codes : int8 array, shape (rows, times)
            Their states.
        """
        frame = self.people.sample(rows, seed, start=start)
        classes = frame.pop(CLASS).astype(str).to_numpy().astype(np.int64)
        return frame, draw(self.messages, classes, seed, start)

    def sample(self, rows: int, seed: int = 0, *, start: int = 0) -> pd.DataFrame:
        """The same people as a table: facts, then the states."""
        facts, codes = self.draw(rows, seed, start=start)
        return pd.concat([facts, self.model.track.frame(codes)], axis=1)


def learn_lives(
    table: Table,
    sequence: str | Track,
    *,
    plan: ChainPlan | None = None,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> LifeModel:
    """Learn facts and lives from a table with one row a person.

    Parameters
    ----------
    table : Table
        The people.
    sequence : str or Track
        The first and the last column of the sequence, ``age_15..age_30``.
    plan : ChainPlan, optional
        How; chosen by people kept apart where it is not given.
    seed : int
        The same seed learns the same model.
    progress : callable, optional
        Gets words on what is being done.

    Raises
    ------
    PopulaceError
        The columns are no sequence, or there are too few people.
    """
    track = track_of(table, sequence) if isinstance(sequence, str) else sequence
    codes = track.codes_of(table)
    schema = table.schema.modelled
    names = tuple(name for name in schema.names if name not in track.columns)
    features = fact_features(table, names)
    scores: dict[str, float] = {}
    if plan is None:
        plan, scores = choose(codes, len(track.states), features, seed, progress)
    learned = learn_chain(codes, len(track.states), plan, features)
    classes = _drawn(learned.responsibilities, seed)
    frame = table.frame[list(names)].copy()
    kinds = [str(k) for k in range(plan.classes)]
    frame[CLASS] = pd.Categorical.from_codes(classes, categories=kinds)
    columns = (*schema.select(names), Column(CLASS, "categorical", tuple(kinds)))
    network = NetworkLearner(seed=seed).fit(make_table(frame, Schema(columns))).network_
    about = {
        "people": len(table),
        "seed": seed,
        "classes": plan.classes,
        "shrink": plan.shrink,
        "cuts": list(plan.cuts),
        "held_out_log_likelihood": scores,
    }
    return LifeModel(network, learned.chain, track, about)


def _drawn(shares: np.ndarray, seed: int) -> np.ndarray:
    """A class for each person, drawn from P(class | life): the likeliest would sharpen them."""
    u = np.random.default_rng(seed).random(len(shares))
    at = (np.cumsum(shares, axis=1) < u[:, None]).sum(axis=1)
    out: np.ndarray = np.minimum(at, shares.shape[1] - 1).astype(np.int8)
    return out
