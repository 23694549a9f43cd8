"""The membership attack: finds copies, finds nothing in people of the same kind."""

import numpy as np
import pandas as pd
import pytest

from synth.data.column import Column
from synth.errors import PopulaceError
from synth.evaluate.attacks.membership import auc_interval, membership

COLUMNS = (Column("a", "real"), Column("b", "real"))


def people(rows, seed):
    return pd.DataFrame(np.random.default_rng(seed).normal(size=(rows, 2)), columns=["a", "b"])


def test_the_interval_by_hand():
    area, low, high = auc_interval(np.array([1.0, 2.0, 3.0]), np.array([0.0, 2.0]))
    assert area == pytest.approx((1 + 1.5 + 2) / 6) and low < area < high
    assert auc_interval(np.ones(50), np.ones(50))[0] == 0.5


def test_copies_are_found_and_others_are_not():
    learned, others = people(300, 1), people(600, 2)
    attack = membership(COLUMNS, learned, others, people(300, 3))
    assert attack.covers_guessing and attack.control_lower > 0.55 and attack.people == 300
    assert membership(COLUMNS, learned, others, learned).lower > 0.55


def test_too_few_people_are_refused():
    with pytest.raises(PopulaceError):
        membership(COLUMNS, people(50, 1), people(100, 2), people(50, 3))
