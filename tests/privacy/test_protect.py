"""Protection of outliers: by hand, and no rare value is left."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.privacy.protect import OTHER, drawn_in, protect


def test_numbers_are_drawn_in_to_the_nth():
    values, moved = drawn_in(pd.Series([1, 2, 3, 4, 5, 6, 7, 999]), 3)
    assert values.tolist() == [3, 3, 3, 4, 5, 6, 6, 6] and moved == 4
    assert drawn_in(pd.Series([1, 2, 3]), 3)[1] == 0


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz"), st.integers(0, 50)),
                min_size=20, max_size=60))  # fmt: skip
@settings(max_examples=30, deadline=None)
def test_no_level_and_no_pair_of_fewer_is_left(people):
    frame = pd.DataFrame(people, columns=["a", "b", "n"])
    if (frame.nunique() < 2).any():
        return
    table = make_table(frame)
    synthetic = protect(table.frame, table.schema, 4).frame
    known = synthetic[(synthetic["a"] != OTHER) & (synthetic["b"] != OTHER)]
    assert known.groupby(["a", "b"]).size().min() >= 4 or known.empty
    assert len(synthetic) == len(frame)
    same = synthetic["a"].to_numpy() == frame["a"].to_numpy()
    assert set(synthetic["a"].to_numpy()[~same]) <= {OTHER}


def test_what_is_to_be_left_is_left_and_said():
    frame = pd.DataFrame({"a": ["x"] * 30 + ["y"], "n": np.arange(31)})
    table = make_table(frame)
    left = protect(table.frame, table.schema, 5, levels="leave", numbers="leave", pairs="leave")
    assert left.frame.equals(table.frame) and not left.notes
    protected = protect(table.frame, table.schema, 5)
    assert protected.frame["a"].iloc[-1] == OTHER and len(protected.notes) == 2
    with pytest.raises(PopulaceError):
        protect(table.frame, table.schema, 1)
