"""Case 11: numbers that say who somebody is are seen by their look; measures are not."""

import numpy as np
import pandas as pd
import pytest

from synth.data.identifiers import is_identifier
from synth.data.table import make_table

RNG = np.random.default_rng(3)
KEYS = {
    "ten digits": RNG.integers(10**9, 10**10, 200),
    "ten digits, few people": RNG.integers(10**9, 10**10, 20),
    "ten digits, some twice": np.append(RNG.integers(10**9, 10**10, 150), [10**9] * 50),
    "nine digits by region": RNG.choice([123, 456], 200) * 10**6 + RNG.integers(0, 10**6, 200),
    "seven digits, given out": RNG.permutation(np.arange(1_000_003, 9_999_999, 45_001)),
    "eighteen digits": RNG.integers(10**17, 10**18, 300),
}
MEASURES = {
    "ages": RNG.integers(18, 90, 500),
    "pay": np.rint(RNG.lognormal(10, 1, 400)).astype(np.int64),
    "rounded prices": RNG.integers(1000, 9999, 300) * 1000,
    "people of towns": np.rint(RNG.lognormal(13, 0.4, 300)).astype(np.int64),
    "millions, thinning out": 1_000_000 + np.rint(RNG.exponential(900_000, 300)).astype(np.int64),
    "below zero": -RNG.integers(10**9, 10**10, 200),
    "few people": RNG.integers(10**9, 10**10, 10),
    "few values": RNG.choice(RNG.integers(10**9, 10**10, 5), 200),
    "nothing": np.zeros(0, np.int64),
}


@pytest.mark.parametrize("case", KEYS)
def test_keys(case):
    assert is_identifier(KEYS[case])


@pytest.mark.parametrize("case", MEASURES)
def test_measures(case):
    assert not is_identifier(MEASURES[case])


@pytest.mark.parametrize("missing", [False, True])
def test_such_a_column_is_left_out_and_said(missing):
    frame = pd.DataFrame({"nhs": KEYS["ten digits"], "age": RNG.integers(18, 90, 200)})
    if missing:
        frame.loc[::9, "nhs"] = np.nan
    table = make_table(frame)
    assert table.schema["nhs"].role == "skip"
    assert table.schema.modelled.names == ("age",)
    assert "Column nhs" in table.notes[0] and "make it new" in table.notes[0]
