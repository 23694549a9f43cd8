"""The hybrid: a table cut into groups of columns, each learned by what predicts it best.

Columns that hang together are found as a network's junction tree has them (`partition`). The first
group is learned by itself, each other one given the columns that it shares with those before it;
candidates are judged by how well they predict people kept apart (`hybrid_parts`). Groups are
independent of each other while they are learned, so each has a process of its own where the machine
has processors for them (`hybrid_process`). People are drawn group by group, each row from its own
shared values, so no row is ever put together from two people's.

Facts about columns of the first group are answered as its own generator does. Facts about later
groups weigh the people as they are drawn: people are then exact under the model (by rejection),
probabilities are estimated.

References
----------
.. [1] S. Lauritzen, D. Spiegelhalter, "Local Computations with Probabilities on Graphical
   Structures", JRSS B 50, 1988.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from synth.bayes.learning import NetworkLearner
from synth.errors import PopulaceError
from synth.generators.base import Progress, Settings, register
from synth.generators.coded import (
    Codebook,
    CodedGenerator,
    Draw,
    Law,
    Likelihoods,
    Proposal,
    Rows,
)
from synth.generators.hybrid_parts import CANDIDATES, Part, restored, table_of
from synth.generators.hybrid_process import learn_groups
from synth.generators.partition import Group, groups_for, mutual_information, partition

MINUTES = 4.0
LOOKED_AT = 20_000
"""Rows, at most, from which the structure is learned that only cuts the table."""
EVERY_CANDIDATE = (*CANDIDATES, "diffusion")


class HybridLaw(Law):
    """Groups of columns, one after another.

    Parameters
    ----------
    groups : sequence of Group
        The first shares nothing; together they draw each column once.
    parts : sequence of Part
        What each was learned by.
    """

    def __init__(self, groups: Sequence[Group], parts: Sequence[Part]) -> None:
        self.groups, self.parts = tuple(groups), tuple(parts)

    def given(self, known: Likelihoods) -> HybridProposal:
        """Facts weigh where their columns' turn comes."""
        return HybridProposal(self, known)

    def about(self) -> dict[str, Any]:
        """The groups, and what each part says of itself."""
        return {
            "groups": [[list(group.shared), list(group.own)] for group in self.groups],
            "parts": [part.about() for part in self.parts],
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Those of the parts."""
        return {
            f"part{number}.{name}": array
            for number, part in enumerate(self.parts)
            for name, array in part.arrays().items()
        }

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> HybridLaw:
        """The law of these arrays."""
        groups = [Group(tuple(map(int, s)), tuple(map(int, o))) for s, o in about["groups"]]
        drawn: set[int] = set()
        for group in groups:
            if not group.own or not set(group.shared) <= drawn or drawn & set(group.own):
                raise ValueError("groups")
            drawn |= set(group.own)
        if drawn != set(range(len(codebook.sizes))) or len(about["parts"]) != len(groups):
            raise ValueError("groups")
        parts = []
        for number, (group, description) in enumerate(zip(groups, about["parts"], strict=True)):
            sizes = tuple(codebook.sizes[column] for column in group.columns)
            begin = f"part{number}."
            mine = {
                name.removeprefix(begin): array
                for name, array in arrays.items()
                if name.startswith(begin)
            }
            part = restored(sizes, description, mine)
            if part.shared != len(group.shared):
                raise ValueError("shared")
            parts.append(part)
        return cls(groups, parts)


class HybridProposal(Proposal):
    """The groups in turn, the first as its own generator draws it.

    Parameters
    ----------
    law : HybridLaw
        What was learned.
    known : Likelihoods
        What is known.
    """

    def __init__(self, law: HybridLaw, known: Likelihoods) -> None:
        self._law = law
        self._known = [
            {at: known[c] for at, c in enumerate(group.columns) if c in known and c in group.own}
            for group in law.groups
        ]
        self._first = law.parts[0].proposal(self._known[0])
        rest = list(zip(law.parts, self._known, strict=True))[1:]
        self.log_bound = self._first.log_bound + sum(part.log_bound(k) for part, k in rest)
        self._estimated = any(self._known[1:])
        self.log_probability = None if self._estimated else self._first.log_probability
        if self._first.log_probability == -np.inf:
            self.log_probability = -np.inf

    def shares(self, column: int) -> np.ndarray | None:
        """P(code | evidence) where the first group knows it."""
        group = self._law.groups[0]
        if self._estimated or column not in group.own:
            return None
        return self._first.shares(group.own.index(column))

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Codes of all columns; each group given the row's own shared codes."""
        groups, parts = self._law.groups, self._law.parts
        first = self._first.draw(random, rows)
        codes = np.zeros((rows, sum(len(group.own) for group in groups)), np.int32)
        codes[:, list(groups[0].own)] = first.codes
        log_weight = np.full(rows, self._first.log_bound)
        if first.log_weight is not None:
            log_weight = first.log_weight.copy()
        for group, part, known in zip(groups[1:], parts[1:], self._known[1:], strict=True):
            mine = np.zeros((rows, len(group.columns)), np.int32)
            mine[:, : len(group.shared)] = codes[:, list(group.shared)]
            log_weight += part.fill(mine, known, random)
            codes[:, list(group.own)] = mine[:, len(group.shared) :]
        weighed = self._estimated or first.log_weight is not None
        return Draw(codes, log_weight if weighed else None)


class Hybrid(CodedGenerator):
    """Learns each group of columns by the generator that predicts it best."""

    name = "hybrid"
    title = "Hybrid by groups of columns"
    description = (
        "The columns in groups that hang together, each learned by a network of tables or a neural "
        "one, whichever predicts unseen people better: close to the table, on all processors at "
        "once; facts about later groups by trial."
    )
    law = HybridLaw
    bins = 48

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[HybridLaw, dict[str, Any]]:
        """Cut the table, learn the groups, keep the best of each."""
        candidates = tuple(settings.options.get("candidates", CANDIDATES))
        for name in candidates:
            if name not in EVERY_CANDIDATE:
                raise PopulaceError(
                    f"The hybrid cannot learn a group by {name}: name some of "
                    f"{', '.join(EVERY_CANDIDATE)}."
                )
        progress(0.0, "Looking for columns that hang together")
        groups = cut(rows, settings)
        minutes = float(settings.options.get("minutes") or MINUTES)
        learned, report = learn_groups(
            rows,
            groups,
            settings,
            lambda share, words: progress(0.1 + 0.9 * share, words),
            candidates=candidates,
            minutes=minutes,
        )
        names = rows.codebook.learned
        notes = [
            f"Learned in {len(groups)} group{'s' * (len(groups) > 1)} of columns"
            + (", each in a process of its own." if report["processes"] > 1 else ".")
        ]
        for group, entry in zip(groups, report["groups"], strict=True):
            own = ", ".join(names[column] for column in group.own)
            given = ", ".join(names[column] for column in group.shared)
            scores = "; ".join(f"{name} {score:.3f}" for name, score in entry["scores"].items())
            notes.append(
                f"{own}{f' given {given}' if given else ''}: by {entry['best']} (nats a person "
                f"kept apart: {scores})."
            )
        return HybridLaw(groups, learned), {"notes": notes, **report}


def cut(rows: Rows, settings: Settings) -> list[Group]:
    """The groups of a table's learned columns."""
    count = len(rows.sizes)
    ties = mutual_information(rows.codes, rows.sizes, rows.weights)
    most = groups_for(count)
    if most < 2:
        return partition(count, (), ties, 1)
    random = np.random.default_rng([settings.seed, 8])
    wide = max(1, count // 40)
    which = np.sort(random.permutation(len(rows.codes))[: LOOKED_AT // wide])
    learner = NetworkLearner(
        score="k2", max_parents=3, restarts=0, weights=settings.weights, seed=settings.seed
    ).fit(table_of(rows, which, settings.weights))
    number = {name: i for i, name in enumerate(rows.codebook.learned)}
    edges = [(number[a], number[b]) for a, b in learner.network_.edges]
    return partition(count, edges, ties, most)


register(Hybrid())
