"""From noisy counts to one distribution that explains them all.

The distribution is a product of tables over the columns that were counted together: of all that
fit the counts, the one with the most entropy. It is found by mirror descent on the squared misfit,
each count weighed by its noise (R. McKenna, D. Sheldon, G. Miklau, "Graphical-model based
estimation and inference for differential privacy", ICML 2019). Noise is not to be fitted: a
penalty on the distance from the most even distribution leaves aside what the counts do not show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synth.bayes.factors import Factor
from synth.privacy.junction import JunctionTree, Scope

_HALVINGS = 25


@dataclass(frozen=True, eq=False)
class NoisyCounts:
    """Counts of some columns together, with noise.

    Attributes
    ----------
    scope : tuple of str
        The columns, in the order of the axes.
    counts : float64 array
        One axis for each; may be negative.
    deviation : float or float64 array of the same shape
        Of the noise on each.
    """

    scope: Scope
    counts: np.ndarray
    deviation: float | np.ndarray


@dataclass(frozen=True, eq=False)
class Estimate:
    """A distribution.

    Attributes
    ----------
    tree : JunctionTree
        Its cliques.
    logs : mapping of tuple of str to float64 array
        The logarithms of its tables.
    beliefs : tuple of float64 array
        The marginals of the cliques.
    total : float
        How many people there are, as estimated.
    """

    tree: JunctionTree
    logs: Mapping[Scope, np.ndarray]
    beliefs: tuple[np.ndarray, ...]
    total: float

    def marginal(self, scope: Scope) -> np.ndarray:
        """The shares of columns that lie within a clique."""
        return self.tree.marginal(self.beliefs, scope)


def total_of(measured: Sequence[NoisyCounts]) -> float:
    """How many people there are, by all counts, those with less noise first; at least 1."""
    sums = np.array([each.counts.sum() for each in measured])
    weights = np.array(
        [1.0 / float(np.sum(np.broadcast_to(each.deviation, each.counts.shape) ** 2))
         for each in measured]
    )  # fmt: skip
    return max(float((sums * weights).sum() / weights.sum()), 1.0)


def estimate(
    sizes: Mapping[str, int],
    measured: Sequence[NoisyCounts],
    *,
    before: Estimate | None = None,
    steps: int = 200,
    evenness: float = 0.0,
    tolerance: float = 1e-4,
) -> Estimate:
    """The distribution with the most entropy among those that fit noisy counts.

    Parameters
    ----------
    sizes : mapping of str to int
        How many codes each column has.
    measured : sequence of NoisyCounts
        At least one.
    before : Estimate, optional
        Where to begin: the estimate of some of the counts.
    steps : int
        The most steps of the descent.
    evenness : float
        What a nat of distance from the even distribution costs, in the units of the misfit.
    tolerance : float
        The descent ends where a step lowers the misfit by less than this share.

    Returns
    -------
    Estimate
    """
    total = total_of(measured)
    scopes = [each.scope for each in measured]
    tree = JunctionTree.of(sizes, scopes)
    shapes = {each.scope: each.counts.shape for each in measured}
    known = before.logs if before is not None else {}
    logs = {scope: np.array(known.get(scope, np.zeros(shape))) for scope, shape in shapes.items()}

    def beliefs_of(some: Mapping[Scope, np.ndarray]) -> list[np.ndarray]:
        tables = [Factor(scope, np.exp(log - log.max())) for scope, log in some.items()]
        return tree.calibrate(tree.potentials(tables))

    def misfit(beliefs: Sequence[np.ndarray]) -> tuple[float, dict[Scope, np.ndarray]]:
        loss, slopes = 0.0, {scope: np.zeros(shape) for scope, shape in shapes.items()}
        for each in measured:
            off = total * tree.marginal(beliefs, each.scope) - each.counts
            scaled = off / np.square(each.deviation)
            loss += 0.5 * float((off * scaled).sum())
            slopes[each.scope] += total * scaled
        return loss, slopes

    beliefs = beliefs_of(logs)
    loss, slopes = misfit(beliefs)
    shares = {scope: tree.marginal(beliefs, scope) for scope in shapes}
    rate = 1.0 / total**2 * float(np.mean([np.mean(np.square(m.deviation)) for m in measured]))
    rate *= 4.0
    for _ in range(steps):
        for _ in range(_HALVINGS):
            keep = 1.0 - rate * evenness
            moved = {scope: keep * logs[scope] - rate * slopes[scope] for scope in logs}
            new_beliefs = beliefs_of(moved)
            new_loss, new_slopes = misfit(new_beliefs)
            new_shares = {scope: tree.marginal(new_beliefs, scope) for scope in shapes}
            promised = sum(
                float((slopes[scope] * (shares[scope] - new_shares[scope])).sum()) for scope in logs
            )
            if loss - new_loss >= 0.5 * promised or (evenness > 0 and new_loss <= 1.0001 * loss):
                break
            rate *= 0.5
        done = abs(loss - new_loss) < tolerance * loss
        logs, beliefs, loss, slopes, shares = moved, new_beliefs, new_loss, new_slopes, new_shares
        rate *= 1.1
        if done:
            break
    return Estimate(tree, logs, tuple(beliefs), total)
