"""Planted data that several tests share."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from synth.interests import Counts


def _planted(people=600, topics=4, items=8, seed=0, noise=0.0):
    """Counts of people who each have one topic or two of disjoint items, and their first topic."""
    rng = np.random.default_rng(seed)
    first = rng.integers(topics, size=people)
    second = (first + rng.integers(1, topics, size=people)) % topics
    phi = np.zeros((topics * items, topics))
    for t in range(topics):
        phi[t * items : (t + 1) * items, t] = rng.dirichlet(np.full(items, 2.0))
    mixed = 0.8 * phi[:, first] + 0.2 * phi[:, second]
    mixed = (1 - noise) * mixed + noise / len(mixed)
    values = np.stack([rng.multinomial(40, column / column.sum()) for column in mixed.T])
    names = tuple(f"topic{t}-item{i}" for t in range(topics) for i in range(items))
    return Counts(pd.RangeIndex(people), names, csr_array(values.astype(float))), first, phi


@pytest.fixture
def planted():
    """A function: see `_planted`."""
    return _planted
