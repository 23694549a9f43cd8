"""Keys between tables: found by names and values, written by hand, arranged as a tree."""

import pandas as pd
import pytest

from synth.errors import PopulaceError
from synth.linked.keys import Key, arrange, in_order, possible_keys
from synth.linked.tables import link

HOMES = pd.DataFrame({"id": [1, 2, 3, 4], "kind": ["flat", "house", "flat", "flat"]})
MEMBERS = pd.DataFrame({"home_id": [1, 1, 2, 3, 9], "person": list("abcde"), "age": range(5)})
VISITS = pd.DataFrame({"person": list("aabd"), "home_id": [1, 1, 1, 3], "cost": [2, 3, 4, 5]})


def test_tables_in_any_order_find_their_parents_by_columns_of_other_names():
    keys = arrange({"visits": VISITS, "members": MEMBERS, "homes": HOMES})
    assert set(keys) == {"visits", "members"}
    assert (keys["members"].parent, str(keys["members"])) == ("homes", "id=home_id")
    # Both homes and members have all of a visit's keys; the nearer one is its parent.
    assert (keys["visits"].parent, str(keys["visits"])) == ("members", "person")
    assert keys["members"].contained == pytest.approx(0.8)
    assert in_order(keys, [*keys, "homes"]) == ["homes", "members", "visits"]


def test_a_key_of_two_names_joins_them_and_comes_out_as_it_went_in():
    frames = {"homes": HOMES, "members": MEMBERS}
    for key in ("id=home_id", arrange(frames)["members"]):
        tables = link(frames, {"members": key})
        assert (tables.root.key, tables["members"].link) == ("id", "home_id")
        assert tables["members"].rows.tolist() == [2, 1, 1, 0]
        assert tables["members"].schema.modelled.names == ("person", "age")


def test_the_parent_of_two_that_name_each_other_has_all_rows_of_the_other_or_came_first():
    more = pd.DataFrame({"id": [1, 2, 3], "income": [1, 2, 3]})
    assert list(arrange({"more": more, "homes": HOMES})) == ["more"]
    same = HOMES.rename(columns={"kind": "sort"})
    assert list(arrange({"homes": HOMES, "same": same})) == ["same"]


def test_columns_that_only_look_alike_join_nothing():
    other = pd.DataFrame({"number": [1, 2, 3, 4], "colour": list("rgbr")})
    assert possible_keys({"homes": HOMES, "other": other}, "other", ["homes"]) == []
    with pytest.raises(PopulaceError, match="No column joins other to homes"):
        arrange({"homes": HOMES, "other": other})
    with pytest.raises(PopulaceError, match="One table alone"):
        arrange({"homes": HOMES})


def test_circles_and_several_roots_are_refused():
    a, b = Key("a", "b", "x", "x"), Key("b", "a", "x", "x")
    with pytest.raises(PopulaceError, match="exactly one"):
        in_order({"a": a, "b": b}, ["a", "b"])
    with pytest.raises(PopulaceError, match="a, b belong to each other in a circle"):
        in_order({"a": a, "b": b}, ["root", "a", "b"])
