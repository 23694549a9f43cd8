"""Which columns to count together: select, measure, generate.

``tree`` is MST: the pairs of a tree, each chosen for how badly independence explains it, then all
counted at once (R. McKenna, G. Miklau, D. Sheldon, "Winning the NIST contest", JPC 2021).
``adaptive`` follows AIM (R. McKenna, B. Mullins, D. Sheldon, G. Miklau, "AIM: an adaptive and
iterative mechanism for differentially private synthetic data", VLDB 2022): in each round the pair
or triple is counted that the present estimate explains worst, beyond what chance and the noise to
come would leave; noise is halved where a round brought nothing; and only what keeps the cliques
small is a candidate, so that the result answers every question exactly.

What an estimate says of a pair is counted in people drawn from it, which cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np

from synth.bayes.counting import Codes
from synth.privacy.accounting import sigma_of
from synth.privacy.estimation import Estimate, NoisyCounts, estimate
from synth.privacy.junction import JunctionTree, Scope
from synth.privacy.ledger import Accountant

Method = Literal["adaptive", "tree"]
METHODS: tuple[Method, ...] = get_args(Method)
CLIQUE_CELLS = 1 << 16
"""How many numbers the tables of all cliques may hold at the end, over all levels and bins: then
every question can be answered."""
FIRST_CELLS = 1 << 14
"""As `CLIQUE_CELLS`, however little is spent."""
CANDIDATE_CELLS = 20_000
"""Pairs and triples of more cells are no candidates."""
DRAWN = 120_000
"""People drawn to see what an estimate says."""
CHOICE = 0.1
"""The share of a round that goes to the choice."""
MOST_OF_BUDGET = 0.06
"""The largest share of the budget that noise is halved for: many looks teach more than few."""
_MEAN = math.sqrt(2 / math.pi)  # of the size of standard Gaussian noise


@dataclass(frozen=True)
class Tuning:
    """What the search weighs; the defaults were found on the Adult table.

    Attributes
    ----------
    rounds : float
        Rounds at first, for each column.
    steps, last_steps : int
        Steps of the descent after a round, and at the end.
    evenness : float
        As in `estimate`.
    orders : tuple of int
        How many columns are counted together.
    """

    rounds: float = 2.0
    steps: int = 40
    last_steps: int = 400
    evenness: float = 0.0
    orders: tuple[int, ...] = (2, 3)


@dataclass(frozen=True, eq=False)
class People:
    """The real people as codes: the only way to their counts.

    Attributes
    ----------
    codes : Codes
        One row of codes for each column.
    names : tuple of str
        The columns.
    opened : tuple of int
        How many levels or bins each column has where codes are groups of them; empty where codes
        are not.
    """

    codes: Codes
    names: tuple[str, ...]
    opened: tuple[int, ...] = ()

    @property
    def whole_sizes(self) -> dict[str, int]:
        """How many levels or bins each column has in the end."""
        return dict(zip(self.names, self.opened or self.codes.sizes, strict=True))

    @property
    def sizes(self) -> dict[str, int]:
        """How many codes each column has."""
        return dict(zip(self.names, self.codes.sizes, strict=True))

    def count(self, scope: Scope) -> np.ndarray:
        """How many people have each combination; int64, one axis for each column."""
        places = [self.names.index(name) for name in scope]
        return np.rint(self.codes.count(places)).astype(np.int64).reshape(self.codes.shape(places))


Say = Callable[[float, str], None]


def learn(
    people: People,
    alone: Sequence[NoisyCounts],
    book: Accountant,
    *,
    method: Method = "adaptive",
    tuning: Tuning | None = None,
    progress: Say = lambda share, words: None,
) -> Estimate:
    """A distribution of the people, with what is left of the budget.

    Parameters
    ----------
    people : People
        The real ones.
    alone : sequence of NoisyCounts
        Of every column by itself; paid for.
    book : Accountant
        Pays; nothing is left of it.
    method : Method
        How pairs and triples are chosen.
    tuning : Tuning, optional
        What the search weighs.
    progress : callable
        Gets the share that is done, and words.
    """
    tuning = tuning or Tuning()
    if len(people.names) < 2:
        return estimate(people.sizes, alone, steps=tuning.last_steps, evenness=tuning.evenness)
    search = _tree if method == "tree" else _adaptive
    measured, before = search(people, alone, book, tuning, progress)
    progress(0.95, "Working out the distribution")
    return estimate(
        people.sizes, measured, before=before, steps=tuning.last_steps, evenness=tuning.evenness
    )


# ---------------------------------------------------------------------- MST


def _tree(
    people: People, alone: Sequence[NoisyCounts], book: Accountant, tuning: Tuning, progress: Say
) -> tuple[list[NoisyCounts], Estimate]:
    names, left = people.names, book.left
    now = estimate(people.sizes, alone, steps=tuning.steps)
    shares = {name: now.marginal((name,)) for name in names}
    pairs = list(combinations(names, 2))
    scores = {
        pair: int(
            np.abs(
                people.count(pair)
                - np.rint(now.total * np.outer(shares[pair[0]], shares[pair[1]])).astype(np.int64)
            ).sum()
        )
        for pair in pairs
    }
    root = {name: name for name in names}
    chosen: list[Scope] = []
    for number in range(len(names) - 1):
        progress(0.5 * number / len(names), "Choosing pairs of columns")
        open_pairs = [pair for pair in pairs if root[pair[0]] != root[pair[1]]]
        place = book.choice(
            [scores[pair] for pair in open_pairs],
            1,
            left / 2 / (len(names) - 1),
            "which pair of columns hangs together most",
        )
        a, b = open_pairs[place]
        chosen.append((a, b))
        old, new = root[b], root[a]
        root = {name: new if group == old else group for name, group in root.items()}
    each = book.left / len(chosen)
    measured = [*alone]
    for number, pair in enumerate(chosen):
        progress(0.5 + 0.4 * number / len(chosen), f"Counting {' × '.join(pair)}")
        rho = each if number < len(chosen) - 1 else book.left
        measured.append(_look(people, pair, book, rho))
    return measured, now


def _look(people: People, scope: Scope, book: Accountant, rho: float) -> NoisyCounts:
    words = "how common each combination of " + " and ".join(scope) + " is"
    noisy, sigma = book.counts(people.count(scope), rho, words, scope)
    return NoisyCounts(scope, noisy.astype(float), sigma)


# ---------------------------------------------------------------------- AIM


def _adaptive(
    people: People, alone: Sequence[NoisyCounts], book: Accountant, tuning: Tuning, progress: Say
) -> tuple[list[NoisyCounts], Estimate]:
    sizes = people.sizes
    budget = book.left
    rho = budget / (tuning.rounds * len(sizes))
    candidates = [
        scope
        for order in tuning.orders
        for scope in combinations(people.names, order)
        if math.prod(sizes[name] for name in scope) <= CANDIDATE_CELLS
    ]
    true = {scope: people.count(scope) for scope in candidates}
    measured = list(alone)
    now = estimate(sizes, measured, steps=tuning.steps, evenness=tuning.evenness)
    random = np.random.default_rng(0)  # people of the estimate: no secret, so any seed will do
    last = False
    while not last:
        spent = 1 - book.left / budget
        progress(0.9 * spent, f"Choosing what to count: {len(measured) - len(alone)} tables so far")
        last = book.left < 2 * rho
        if last:
            rho = book.left
        sigma = sigma_of((1 - CHOICE) * rho)
        cells = max(FIRST_CELLS, int(CLIQUE_CELLS * min(1.0, spent + rho / budget)))
        scopes = [each.scope for each in measured]
        whole = people.whole_sizes
        fits = [scope for scope in candidates if _fits(whole, scopes, scope, cells, now.tree)]
        if not fits:
            break
        drawn = draw(now, DRAWN, random)
        scores = [_gain(true[scope], _expected(drawn, scope, now.total), sigma) for scope in fits]
        place = book.choice(
            scores, 1, CHOICE * rho, f"what the estimate explains worst, of {len(fits)}"
        )
        scope = fits[place]
        before = _expected(drawn, scope, now.total)
        measured.append(_look(people, scope, book, book.left if last else (1 - CHOICE) * rho))
        now = estimate(sizes, measured, before=now, steps=tuning.steps, evenness=tuning.evenness)
        moved = float(np.abs(now.total * now.marginal(scope) - before).sum())
        if moved <= _MEAN * sigma * before.size:
            rho = max(min(2 * rho, MOST_OF_BUDGET * budget), rho)
    return measured, now


def _fits(
    sizes: Mapping[str, int],
    scopes: Sequence[Scope],
    scope: Scope,
    cells: int,
    tree: JunctionTree,
) -> bool:
    """Whether the cliques stay small enough with some columns counted together."""
    if any(set(scope) <= set(clique) for clique in tree.cliques):
        return True
    return JunctionTree.of(sizes, [*scopes, scope]).cells <= cells


def _gain(true: np.ndarray, expected: np.ndarray, sigma: float) -> int:
    """How many people's worth of misfit counting would mend; one row changes it by 1 at most.

    What chance alone brings about and what the noise will leave is taken off; both follow from the
    estimate, not from the rows.
    """
    whole = np.rint(expected).astype(np.int64)
    chance = np.minimum(2 * expected, np.sqrt(2 / np.pi * expected)).sum()
    noise = np.minimum(expected, _MEAN * sigma).sum()
    return int(np.abs(true - whole).sum()) - round(max(chance, noise))


def _expected(drawn: People, scope: Scope, total: float) -> np.ndarray:
    """How many people of each combination an estimate expects."""
    return drawn.count(scope) * (total / drawn.codes.rows)


def draw(now: Estimate, rows: int, random: np.random.Generator) -> People:
    """People of an estimate as codes."""
    tree = now.tree
    parents, tables = tree.network(now.beliefs)
    names = tuple(tree.sizes)
    codes = np.zeros((len(names), rows), dtype=np.int32)
    place = {name: i for i, name in enumerate(names)}
    for name in reversed(tree.order):
        table = tables[name]
        row = np.zeros(rows, dtype=np.int64)
        for parent in parents[name]:
            row = row * tree.sizes[parent] + codes[place[parent]]
        steps = np.cumsum(table.reshape(-1, table.shape[-1]), axis=-1)
        uniform = random.random(rows)
        out = codes[place[name]]
        for code in range(table.shape[-1] - 1):
            out += uniform > steps[row, code]
    return People(Codes(codes, [tree.sizes[name] for name in names]), names)
