"""Seeing beside doing, and how far columns move: on a network worked out by hand."""

import numpy as np
import pytest

from synth.bayes.coding import Coding
from synth.bayes.interventions import distance, moved, see_and_do, telling_case
from synth.bayes.network import Network
from synth.data.column import Column
from synth.data.evidence import Evidence, OneOf
from synth.data.schema import Schema
from synth.errors import PopulaceError

YES = OneOf(("yes",))


def _network(parents, tables):
    columns = tuple(Column(name, "boolean", levels=("no", "yes")) for name in parents)
    codings = {column.name: Coding(column) for column in columns}
    arrays = {name: np.array(table) for name, table in tables.items()}
    return Network(Schema(columns), codings, parents, arrays)


@pytest.fixture
def confounded():
    """Being old makes both ill and treated; treatment helps a little."""
    return _network(
        {"old": (), "treated": ("old",), "well": ("old", "treated")},
        {
            "old": [0.5, 0.5],
            "treated": [[0.9, 0.1], [0.2, 0.8]],
            "well": [[[0.2, 0.8], [0.1, 0.9]], [[0.7, 0.3], [0.6, 0.4]]],
        },
    )


def test_seeing_and_doing_by_hand(confounded):
    (first,) = see_and_do(confounded, "treated", YES, ["well"])
    seen = (0.5 * 0.1 * 0.9 + 0.5 * 0.8 * 0.4) / (0.5 * 0.1 + 0.5 * 0.8)
    done = 0.5 * 0.9 + 0.5 * 0.4
    before = 0.5 * (0.9 * 0.8 + 0.1 * 0.9) + 0.5 * (0.2 * 0.3 + 0.8 * 0.4)
    assert first.seen["yes"] == pytest.approx(seen)
    assert first.done["yes"] == pytest.approx(done)
    assert first.before["yes"] == pytest.approx(before)
    assert first.apart == pytest.approx(abs(seen - done))
    assert first.effect == pytest.approx(abs(before - done))


def test_doing_leaves_causes_alone(confounded):
    (first,) = see_and_do(confounded, "treated", YES, ["old"])
    assert first.effect == pytest.approx(0.0)
    assert first.apart == pytest.approx(abs(0.4 / 0.45 - 0.5))


def test_what_is_known_goes_along_but_not_of_the_column_itself(confounded):
    known = Evidence({"old": YES, "treated": OneOf(("no",))})
    (first,) = see_and_do(confounded, "treated", YES, ["well"], known)
    assert first.before["yes"] == pytest.approx(0.2 * 0.3 + 0.8 * 0.4)
    assert first.seen["yes"] == pytest.approx(0.4)
    assert first.done["yes"] == pytest.approx(0.4)


def test_what_nobody_is_is_told(confounded):
    tables = {**confounded.tables, "old": np.array([1.0, 0.0])}
    network = Network(confounded.schema, confounded.codings, confounded.parents, tables)
    with pytest.raises(PopulaceError, match="old=yes"):
        see_and_do(network, "old", YES, ["well"])


def test_the_telling_case_has_effects_that_seeing_overstates(confounded):
    assert telling_case(confounded, ["old", "treated", "well"]) == ("treated", 0, "well")


def test_an_outcome_of_a_later_tier_tells_more():
    # Pleased follows old and, above all, rich: both of one tier; of the next, well follows rich.
    parents = {
        "old": (),
        "rich": ("old",),
        "pleased": ("old", "rich"),
        "well": ("old", "rich"),
    }
    tables = {
        "old": [0.5, 0.5],
        "rich": [[0.8, 0.2], [0.3, 0.7]],
        "pleased": [[[0.9, 0.1], [0.1, 0.9]], [[0.6, 0.4], [0.0, 1.0]]],
        "well": [[[0.5, 0.5], [0.3, 0.7]], [[0.8, 0.2], [0.7, 0.3]]],
    }
    flat = _network(parents, tables)
    assert telling_case(flat, ["rich", "pleased"])[2] == "pleased"
    tiers = [["old"], ["rich", "pleased"], ["well"]]
    tiered = Network(flat.schema, flat.codings, parents, flat.tables, about={"tiers": tiers})
    assert telling_case(tiered, ["rich", "pleased"])[::2] == ("rich", "well")
    # Where nothing later moves, the rest counts as before.
    still = {**flat.tables, "well": np.full((2, 2, 2), 0.5)}
    tiered = Network(flat.schema, flat.codings, parents, still, about={"tiers": tiers})
    assert telling_case(tiered, ["rich", "pleased"])[2] == "pleased"


def test_nothing_tells_where_seeing_is_doing(confounded):
    assert telling_case(confounded, ["old"]) is None
    alone = _network({"a": (), "b": ()}, {"a": [0.5, 0.5], "b": [0.1, 0.9]})
    assert telling_case(alone, ["a", "b"]) is None


def test_columns_are_ordered_by_how_far_they_moved(confounded):
    before, after = confounded.given(), confounded.given(Evidence({"old": YES}))
    moves = moved(before, after)
    assert [each.column for each in moves] == ["old", "treated", "well"]
    assert moves[0].distance == pytest.approx(0.5)
    assert moves[1].distance == pytest.approx(0.35)
    assert moves[2].distance == pytest.approx(
        distance(before.marginal("well"), after.marginal("well"))
    )
    assert all(each.distance == pytest.approx(0) for each in moved(before, before))
