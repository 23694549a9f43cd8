"""The hybrid: a table whole or in groups of columns, each by the generator that judges best.

Columns that hang together are found as a network's junction tree has them (`partition`). The first
group is learned by itself, each other one given the columns that it shares with those before it;
of each group that candidate serves which predicts people kept apart best (`hybrid_parts`). Beside
the groups stands the whole table by each single candidate. Every way learns from three quarters of
the people; the single candidate is taken whose people a classifier tells least well from the last
quarter, or the groups where theirs are told worse still by more than one standard error
(`two_sample`), and what is taken is learned again from everybody. All that is independent while it
is learned has a process of its own where the machine has processors for it (`hybrid_process`).
People are drawn group by group, each row from its own shared values, so no row is ever put together
from two people's.

Facts about columns of the first group are answered as its own generator does. Facts about later
groups weigh the people as they are drawn: people are then exact under the model (by rejection),
probabilities are estimated.

References
----------
.. [1] S. Lauritzen, D. Spiegelhalter, "Local Computations with Probabilities on Graphical
   Structures", JRSS B 50, 1988.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
from synth.generators.hybrid_parts import (
    CANDIDATES,
    MaskedPart,
    NetworkPart,
    Part,
    restored,
    table_of,
)
from synth.generators.hybrid_process import Learned, Task, learn_tasks
from synth.generators.partition import (
    Group,
    groups_for,
    mutual_information,
    partition,
    strongest_tree,
)
from synth.generators.two_sample import (
    ENOUGH,
    Judgement,
    classified,
    closest,
    split,
    weights_of,
)

MINUTES = 5.0
WIDE = 60
"""Tables of more columns are cut along the tree of their strongest ties (Chow and Liu 1968):
looking for a network would take longer than learning the groups."""
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
        # Diffusion in-paints facts about its own columns, which is approximate.
        self.exact = not any(isinstance(part, MaskedPart) and part.random_order for part in parts)

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
    """Learns the table whole and in groups of columns, and keeps what judges best."""

    name = "hybrid"
    title = "Hybrid by groups of columns"
    description = (
        "The table in groups of columns that hang together, or whole, by networks of tables or "
        "neural ones, whichever comes closest to unseen people: close to the table, on all "
        "processors at once; facts about later groups by trial."
    )
    law = HybridLaw
    bins = 48

    def learn(
        self, rows: Rows, settings: Settings, progress: Progress
    ) -> tuple[HybridLaw, dict[str, Any]]:
        """Learn every way, judge each with people set aside, learn the best from everybody."""
        begun = time.monotonic()
        choice = _choose(rows, settings, _part(progress, 0.0, 0.75))
        tasks = choice.tasks
        final, at_once = learn_tasks(rows, tasks, settings, _part(progress, 0.75, 1.0))
        groups, parts = [task.group for task in tasks], [part for part, _ in final]
        reports = [{**a, **b} for a, (_, b) in zip(choice.reports, final, strict=True)]
        processes = max(choice.processes, at_once)
        kept = ("scores", "best", "steps", "passes", "ended", "device")
        return HybridLaw(groups, parts), {
            "notes": _notes(rows, groups, reports, choice, processes),
            "ways": {name: round(score, 4) for name, score in choice.scores.items()},
            "best": choice.way,
            "groups": [{key: r[key] for key in kept if key in r} for r in reports],
            "losses": {
                f"group {number + 1}, {name}" if len(reports) > 1 else name: curve
                for number, report in enumerate(reports)
                for name, curve in report.get("losses", {}).items()
            },
            "processes": processes,
            "seconds": round(time.monotonic() - begun, 1),
            "device": next((r["device"] for r in reports if "device" in r), "cpu"),
        }


def _part(progress: Progress, low: float, high: float) -> Progress:
    """Progress of a stretch of the work."""
    return lambda share, words: progress(low + (high - low) * share, words)


GROUPS = "groups"
"""The way that is no single generator's."""


@dataclass(frozen=True)
class _Choice:
    """How the table is learned from everybody.

    Attributes
    ----------
    way : str
        A candidate, or `GROUPS`.
    tasks : sequence of Task
        The way's, each with one candidate.
    reports : sequence of dict
        What was seen of each when all ways were learned; empty where there is one way only.
    scores : mapping of str to float
        Way → what the judges say of it, the lower the closer; empty where there is one way only.
    judges : int
        How many people judged.
    processes : int
        How many worked at a time.
    """

    way: str
    tasks: Sequence[Task]
    reports: Sequence[Mapping[str, Any]]
    scores: Mapping[str, float]
    judges: int
    processes: int


def _choose(rows: Rows, settings: Settings, progress: Progress) -> _Choice:
    """Learn every way from some of the people, and ask the others."""
    progress(0.0, "Looking for columns that hang together")
    some, judges = split(rows, settings.seed)
    ways = _ways(some, settings, len(judges.codes))
    if len(ways) == 1:
        ((name, way),) = ways.items()
        return _Choice(name, way, [{} for _ in way], {}, len(judges.codes), 1)
    tasks = [task for way in ways.values() for task in way]
    learned, processes = learn_tasks(some, tasks, settings, _part(progress, 0.05, 0.9))
    waiting = iter(learned)
    outcomes = {name: [next(waiting) for _ in way] for name, way in ways.items()}
    progress(0.9, "Judging with people set aside")
    judgements = {
        name: _judgement(judges, settings.seed, ways[name], outcomes[name]) for name in ways
    }
    groups = {name: each for name, each in judgements.items() if name == GROUPS}
    singles = {name: each for name, each in judgements.items() if name != GROUPS}
    best = closest(singles, groups)
    reports = [report for _, report in outcomes[best]]
    chosen = [
        replace(task, candidates=(report["best"],))
        for task, report in zip(ways[best], reports, strict=True)
    ]
    scores = {name: judgement.score for name, judgement in judgements.items()}
    return _Choice(best, chosen, reports, scores, len(judges.codes), processes)


def _ways(rows: Rows, settings: Settings, judges: int) -> dict[str, list[Task]]:
    """The ways to learn a table: whole by each candidate, and in groups; one where nobody judges.

    All masked networks together work for the budget, shared evenly by the ways that have some and
    by the last learning of the way that is taken. Networks of tables come last, for they are quick.
    """
    wanted = settings.options.get("candidates")
    singles = tuple(wanted or EVERY_CANDIDATE)
    for name in singles:
        if name not in EVERY_CANDIDATE:
            raise PopulaceError(
                f"The hybrid cannot learn a group by {name}: name some of "
                f"{', '.join(EVERY_CANDIDATE)}."
            )
    whole = Group((), tuple(range(len(rows.sizes))))
    if not judges:
        singles = singles[:1]
        groups = [whole]
    else:
        groups = cut(rows, settings)
    of_groups = tuple(wanted or CANDIDATES)
    masked = [name for name in singles if name != NetworkPart.name]
    in_groups = sum(name != NetworkPart.name for name in of_groups) if len(groups) > 1 else 0
    minutes = float(settings.options.get("minutes") or MINUTES)
    ways_with_some = len(masked) + bool(in_groups)
    several = len(singles) + (len(groups) > 1) > 1
    minutes /= max(1, ways_with_some + (several and ways_with_some > 0))
    ways = {name: [Task(whole, (name,), minutes)] for name in masked}
    if len(groups) > 1:
        columns = len(whole.own)
        ways[GROUPS] = [
            Task(group, of_groups, minutes * len(group.own) / columns / max(1, in_groups))
            for group in groups
        ]
    if NetworkPart.name in singles:
        ways[NetworkPart.name] = [Task(whole, (NetworkPart.name,), minutes)]
    return ways


def _judgement(
    judges: Rows, seed: int, way: Sequence[Task], learned: Sequence[Learned]
) -> Judgement:
    """What people set aside say of a way: by a classifier, or in nats where they are too few."""
    if len(judges.codes) >= ENOUGH:
        law = HybridLaw([task.group for task in way], [part for part, _ in learned])
        return classified(law, judges, seed)
    nats = np.zeros(len(judges.codes))
    for task, (part, _) in zip(way, learned, strict=True):
        nats -= part.log_likelihood(judges.codes[:, list(task.group.columns)])
    return Judgement(nats, weights_of(judges))


def _notes(
    rows: Rows,
    groups: Sequence[Group],
    reports: Sequence[Mapping[str, Any]],
    choice: _Choice,
    processes: int,
) -> list[str]:
    """Sentences for the card."""
    people, scores = choice.judges, choice.scores
    figure = "AUC of gradient boosting, 0.5 is chance" if people >= ENOUGH else "nats a person"
    each = "; ".join(
        f"{'in groups' if name == GROUPS else f'whole by {name}'} {score:.3f}"
        for name, score in sorted(scores.items(), key=lambda item: item[1])
    )
    how = f"in {len(groups)} groups of columns" if len(groups) > 1 else "whole"
    notes = [
        f"The table is learned {how}"
        + (", several parts at once in processes of their own." if processes > 1 else ".")
    ]
    if scores:
        notes.append(
            f"The ways to learn it, judged with {people:,} people set aside ({figure}): {each}."
        )
        if choice.way != min(scores, key=scores.__getitem__):
            notes.append("Groups would serve if they were closer by more than one standard error.")
    names = rows.codebook.learned
    for group, entry in zip(groups, reports, strict=True):
        if len(groups) == 1:
            notes.append(f"By {entry['best']}.")
            continue
        own = ", ".join(names[column] for column in group.own)
        given = ", ".join(names[column] for column in group.shared)
        note = f"{own}{f' given {given}' if given else ''}: by {entry['best']}"
        if "scores" in entry:
            nats = "; ".join(f"{name} {score:.3f}" for name, score in entry["scores"].items())
            note += f" (nats a person kept apart: {nats})"
        notes.append(f"{note}.")
    return notes


def cut(rows: Rows, settings: Settings) -> list[Group]:
    """The groups of a table's learned columns."""
    count = len(rows.sizes)
    ties = mutual_information(rows.codes, rows.sizes, rows.weights)
    most = groups_for(count)
    if most < 2:
        return partition(count, (), ties, 1)
    if count > WIDE:
        return partition(count, strongest_tree(ties), ties, most)
    random = np.random.default_rng([settings.seed, 8])
    which = np.sort(random.permutation(len(rows.codes))[:LOOKED_AT])
    learner = NetworkLearner(
        score="k2", max_parents=3, restarts=0, weights=settings.weights, seed=settings.seed
    ).fit(table_of(rows, which, settings.weights))
    number = {name: i for i, name in enumerate(rows.codebook.learned)}
    edges = [(number[a], number[b]) for a, b in learner.network_.edges]
    return partition(count, edges, ties, most)


register(Hybrid())
