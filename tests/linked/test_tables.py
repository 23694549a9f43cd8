"""Keys, orphans, counters and orders of tables that belong together."""

import numpy as np
import pandas as pd
import pytest

from synth.errors import PopulaceError
from synth.linked.tables import link

PARENTS = pd.DataFrame({"id": [10, 20, 30, 40], "kind": ["a", "b", "a", "b"]})
ROWS = pd.DataFrame(
    {
        "id": [30, 10, 10, 99, 30, 20, 10],
        "number": [1, 1, 2, 1, 2, 1, 3],
        "year": [5, 7, 8, 1, 6, 4, 9],
        "kind of": ["x", "y", "x", "x", "y", "y", "x"],
    }
)


def test_the_key_is_found_and_rows_stand_family_by_family_in_order():
    tables = link({"parents": PARENTS, "rows": ROWS})
    rows = tables["rows"]
    assert (rows.parent, rows.link, tables.root.key) == ("parents", "id", "id")
    assert rows.rows.tolist() == [3, 1, 2, 0]
    assert rows.frame["year"].tolist() == [7, 8, 9, 4, 5, 6]
    assert (rows.order, rows.counter, rows.counts_from) == ("year", "number", 1)
    assert rows.schema.modelled.names == ("year", "kind of")


def test_orphans_and_parents_without_rows_are_one_sentence_each():
    notes = link({"parents": PARENTS, "rows": ROWS}).notes
    assert "1 row of rows names a id that parents lacks: it is left out." in notes
    assert "1 of 4 rows of parents has none in rows." in notes


def test_a_key_that_repeats_keeps_its_first_row():
    twice = pd.concat([PARENTS, PARENTS.iloc[[0]]], ignore_index=True)
    tables = link({"parents": twice, "rows": ROWS}, {"rows": "id"})
    assert len(tables.root) == 4
    assert any(note.startswith("1 row of parents repeats the id") for note in tables.notes)


def test_grandchildren_find_the_table_whose_rows_they_name():
    children = pd.DataFrame(
        {"id": [10, 10, 20, 30], "child": ["p", "q", "r", "s"], "w": [1, 2, 1, 2]}
    )
    below = pd.DataFrame({"child": ["q", "q", "s"], "v": [1, 5, 2]})
    tables = link({"parents": PARENTS, "children": children, "below": below})
    assert tables["below"].parent == "children"
    assert tables["below"].rows.tolist() == [0, 2, 0, 1]
    part = tables.part(np.array([0, 3]))
    assert part["children"].rows.tolist() == [2, 0]
    assert part["below"].frame["v"].tolist() == [1, 5]


@pytest.mark.parametrize(
    ("tables", "keys", "orders", "words"),
    [
        ({"parents": PARENTS}, {}, {}, "One table alone"),
        ({"parents": PARENTS, "rows": ROWS.drop(columns="id")}, {}, {}, "No column joins"),
        ({"parents": PARENTS, "rows": ROWS}, {"rows": "idd"}, {}, "no column idd"),
        ({"parents": PARENTS, "rows": ROWS}, {"other": "id"}, {}, "no child table other"),
        ({"parents": PARENTS, "rows": ROWS}, {}, {"rows": "kind of"}, "cannot be in order of"),
    ],
)
def test_what_cannot_be_linked_is_said(tables, keys, orders, words):
    with pytest.raises(PopulaceError, match=words):
        link(tables, keys, orders)
