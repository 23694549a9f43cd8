"""Structure search beside pgmpy's: how near the true graph, and in how many seconds.

Data are drawn from a known network; our `HillClimb` and pgmpy's `HillClimbSearch` look for it with
the same score and the same most parents, one after the other, on one thread. The distance is the
structural Hamming distance between equivalence classes (Tsamardinos, Brown and Aliferis 2006): the
pairs of columns that are joined in one class only, or joined in another way (→, ←, –).

pgmpy's own K2 adds a constant for parents' states that nobody has, so its search with that score is
shown twice: with its own K2, and with ours handed to it.

Run ``python -m synth.bench.structure --json`` (``--networks alarm,child --rows 20000 --seeds 3``).
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import combinations
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from synth.bayes.bif import read_bif
from synth.bayes.counting import Codes
from synth.bayes.network import Network
from synth.bayes.parameters import Backoff
from synth.bayes.pgmpy_bridge import borrowed_score
from synth.bayes.scores import FamilyScore, ScoreName
from synth.bayes.structure import Edge, EdgeConstraints, HillClimb

MAX_PARENTS = 4
RESTARTS = 3
"""As `NetworkLearner` does by default; a single climb is shown beside."""
SCORES: dict[ScoreName, str] = {"k2": "k2", "bic": "bic-d", "bdeu": "bdeu"}
"""Our scores and pgmpy's names for them."""


@dataclass(frozen=True)
class Trial:
    """One search on one sample.

    Attributes
    ----------
    network, score_name, seed, searcher
        What was searched, and by whom.
    distance, edges : int
        To the true class, and how many were found.
    score : float
        By our score.
    seconds : float
        Of the search alone.
    """

    network: str
    score_name: str
    seed: int
    searcher: str
    distance: int
    edges: int
    score: float
    seconds: float


def example(name: str) -> Network:
    """A network of the bnlearn repository, from the files that pgmpy carries.

    Parameters
    ----------
    name : str
        asia, child, alarm …

    Returns
    -------
    Network
        Without data.
    """
    path = files("pgmpy") / "utils" / "example_models" / f"{name}.bif.gz"
    return read_bif(gzip.decompress(path.read_bytes()).decode("utf-8"))


def sampled(network: Network, rows: int, seed: int) -> Codes:
    """People drawn from a network of categorical columns, as codes.

    Parameters
    ----------
    network : Network
        Of categorical columns.
    rows : int
        How many people.
    seed : int
        The same seed draws the same people.

    Returns
    -------
    Codes
        Their codes.
    """
    frame = network.given().sample(rows, seed)
    names = network.schema.names
    values = np.stack([network.codings[name].encode(frame[name]) for name in names])
    return Codes(values, [network.codings[name].size for name in names])


def true_edges(network: Network) -> tuple[Edge, ...]:
    """The network's edges by column number.

    Parameters
    ----------
    network : Network
        The one that was drawn from.

    Returns
    -------
    tuple of (int, int)
        Parent and child.
    """
    number = {name: i for i, name in enumerate(network.schema.names)}
    return tuple((number[a], number[b]) for a, b in network.edges)


# ---------------------------------------------------------------------- distance


def equivalence_class(edges: Iterable[Edge]) -> dict[Edge, str]:
    """The class of a graph: for each joined pair (a < b) ``→``, ``←`` or ``–``.

    Colliders of unjoined parents first, then Meek's rules (1995) until none applies.

    Parameters
    ----------
    edges : iterable of (int, int)
        Of a graph.

    Returns
    -------
    dict
        Pair → how it is joined.
    """
    edges = set(edges)
    joined = {frozenset(edge) for edge in edges}
    known: set[Edge] = set()
    parents: dict[int, list[int]] = {}
    for a, b in edges:
        parents.setdefault(b, []).append(a)
    for child, above in parents.items():
        for a, b in combinations(above, 2):
            if frozenset((a, b)) not in joined:
                known |= {(a, child), (b, child)}
    near: dict[int, set[int]] = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    changed = True
    while changed:
        changed = False
        for a, b in edges - known:
            into_a = {p for p in near[a] if (p, a) in known}
            away = any(b not in near[p] for p in into_a)
            chain = any((a, c) in known and (c, b) in known for c in near[a] & near[b])
            into_b = [c for c in near[a] & near[b] if (c, b) in known]
            pair = any(
                d not in near[c] and (a, c) not in known and (c, a) not in known
                and (a, d) not in known and (d, a) not in known
                for c, d in combinations(into_b, 2)
            )  # fmt: skip
            if away or chain or pair:
                known.add((a, b))
                changed = True
    marks = {}
    for a, b in edges:
        low, high = min(a, b), max(a, b)
        marks[low, high] = "–" if (a, b) not in known else "→" if a < b else "←"
    return marks


def distance(first: Iterable[Edge], second: Iterable[Edge]) -> int:
    """Structural Hamming distance of the classes of two graphs.

    Parameters
    ----------
    first, second : iterable of (int, int)
        Edges of two graphs of the same columns.

    Returns
    -------
    int
        How many pairs differ.

    References
    ----------
    I. Tsamardinos, L. E. Brown and C. F. Aliferis (2006). The max-min hill-climbing Bayesian
    network structure learning algorithm. Machine Learning 65.
    """
    a, b = equivalence_class(first), equivalence_class(second)
    return sum(a.get(pair) != b.get(pair) for pair in a.keys() | b.keys())


# ---------------------------------------------------------------------- searching


def own_search(codes: Codes, score: ScoreName, restarts: int = 0) -> tuple[tuple[Edge, ...], float]:
    """Our search's edges, and its seconds.

    Parameters
    ----------
    codes : Codes
        The sample.
    score : ScoreName
        What is maximised.
    restarts : int
        As in `HillClimb`.

    Returns
    -------
    tuple of (int, int)
        The edges.
    float
        Seconds.
    """
    begin = time.perf_counter()
    family = FamilyScore(score, codes, Backoff(codes))
    search = HillClimb(EdgeConstraints(max_parents=MAX_PARENTS), restarts=restarts)
    search.fit(family, codes.sizes)
    return search.edges_, time.perf_counter() - begin


def pgmpy_search(
    codes: Codes, score: ScoreName, own_score: bool = False
) -> tuple[tuple[Edge, ...], float]:
    """pgmpy's search's edges, and its seconds; `own_score` hands it our score.

    Parameters
    ----------
    codes : Codes
        The sample.
    score : ScoreName
        What is maximised.
    own_score : bool
        Hand it our score.

    Returns
    -------
    tuple of (int, int)
        The edges.
    float
        Seconds.
    """
    from pgmpy.causal_discovery import HillClimbSearch

    names = [f"c{i:04d}" for i in range(len(codes.sizes))]
    number = {name: i for i, name in enumerate(names)}
    frame = pd.DataFrame({n: pd.Categorical(v) for n, v in zip(names, codes.values, strict=True)})
    begin = time.perf_counter()
    method = SCORES[score]
    if own_score:
        method = borrowed_score(FamilyScore(score, codes, Backoff(codes)), number)
    search = HillClimbSearch(
        scoring_method=method, max_indegree=MAX_PARENTS, return_type="dag", show_progress=False
    )
    graph = search.fit(frame).causal_graph_
    edges = tuple((number[a], number[b]) for a, b in graph.edges())
    return edges, time.perf_counter() - begin


def trials(
    networks: Sequence[str], scores: Sequence[ScoreName], rows: int, seeds: int, peers: bool = True
) -> Iterable[Trial]:
    """Every search on every sample, one after the other.

    Parameters
    ----------
    networks : sequence of str
        Names of examples.
    scores : sequence of ScoreName
        What is maximised.
    rows, seeds : int
        People in a sample, and how many samples.
    peers : bool
        Run pgmpy too.

    Returns
    -------
    iterable of Trial
        As they come.
    """
    for name in networks:
        network = example(name)
        truth = true_edges(network)
        for seed in range(seeds):
            codes = sampled(network, rows, seed)
            for score in scores:
                family = FamilyScore(score, codes, Backoff(codes))
                results = {
                    "populace": own_search(codes, score),
                    f"populace, {RESTARTS} restarts": own_search(codes, score, RESTARTS),
                }
                if peers:
                    results["pgmpy"] = pgmpy_search(codes, score)
                if peers and score == "k2":
                    results["pgmpy, our k2"] = pgmpy_search(codes, score, own_score=True)
                for searcher, (edges, seconds) in results.items():
                    total = sum(
                        family(v, [a for a, b in edges if b == v]) for v in range(len(codes.sizes))
                    )
                    yield Trial(
                        name,
                        score,
                        seed,
                        searcher,
                        distance(edges, truth),
                        len(edges),
                        round(total, 2),
                        round(seconds, 3),
                    )


def main(
    networks: Annotated[str, typer.Option(help="Networks, between commas.")] = "alarm,child",
    scores: Annotated[str, typer.Option(help="Scores, between commas.")] = "k2,bic,bdeu",
    rows: Annotated[int, typer.Option(help="People drawn.")] = 20_000,
    seeds: Annotated[int, typer.Option(help="Samples of each network.")] = 3,
    peers: Annotated[bool, typer.Option(help="Run pgmpy too.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Compare structure searches on samples of known networks."""
    # Compiling is not searching: do it before the clock runs.
    warm = sampled(example("asia"), 100, 0)
    for score in SCORES:
        own_search(warm, score)
    chosen = [score for score in SCORES if score in scores.split(",")]
    for trial in trials(networks.split(","), chosen, rows, seeds, peers):
        if as_json:
            print(json.dumps(asdict(trial)), flush=True)
        else:
            print(
                f"{trial.network:8} {trial.score_name:5} seed {trial.seed}  {trial.searcher:20}"
                f" distance {trial.distance:3}  edges {trial.edges:3}"
                f"  score {trial.score:14.2f}  {trial.seconds:8.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    typer.run(main)
