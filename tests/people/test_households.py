"""Households as people: relations guessed from ages, shared surnames, faces of grown-ups."""

import pytest

from synth.people.households import household_name, make_members, relations


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        ((), ()),
        ((40,), ("answered",)),
        ((40, 38, 10, 7), ("answered", "partner", "child", "child")),
        ((38, 10, 40), ("answered", "child", "partner")),
        ((70, 68, 45, 12), ("answered", "partner", "grown-up child", "grandchild")),
        ((30, 58), ("answered", "parent")),
        ((30, 29, 31), ("answered", "partner", "relative or housemate")),
        ((25, 17), ("answered", "relative or housemate")),
        ((40, 56, 24), ("answered", "parent", "grown-up child")),
    ],
)
def test_relations_follow_ages(ages, expected):
    assert relations(ages) == expected


def test_a_family_shares_a_surname_and_a_housemate_does_not():
    members = make_members(
        (40, 39, 44, 8), ("female", "male", "male", "female"), seed=3, household=5
    )
    surname = household_name(members)
    assert [m.relation for m in members][2] == "relative or housemate"
    shared = [m.identity.name.endswith(f" {surname}") for m in members]
    assert shared == [True, True, False, True]
    assert (
        len({m.identity.ethnicity for m in members if m.relation != "relative or housemate"}) == 1
    )
    assert [m.is_guess for m in members] == [False, True, True, True]
    assert len({m.identity.name for m in members}) == 4


def test_children_have_no_face_and_the_same_seed_makes_the_same_household():
    first, again = (
        make_members((44, 9), ("male", "female"), seed=1, household=2) for _ in range(2)
    )
    assert not first[1].face
    assert first[0].face == again[0].face
    assert [m.identity for m in first] == [m.identity for m in again]
    other = make_members((44, 9), ("male", "female"), seed=1, household=3)
    assert [m.identity for m in first] != [m.identity for m in other]
