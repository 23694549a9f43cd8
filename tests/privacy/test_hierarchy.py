"""Trees, aligned ranges, dates in words, and files of them."""

from datetime import date

import pytest

from synth.errors import PopulaceError
from synth.privacy.hierarchy import EPOCH, Hierarchies, Tree, aligned, date_range

NESTED = {"school": ["9th", "10th"], "higher": {"college": ["BA", "MA"], "other": ["PhD"]}}


def test_a_tree_knows_what_levels_have_in_common():
    tree = Tree.of(["9th", "10th", "BA", "MA", "PhD", "unknown"], NESTED)
    assert tree.common(["BA"]) == "BA" and tree.common(["BA", "MA", "BA"]) == "college"
    assert tree.common(["BA", "PhD"]) == "higher" and tree.common(["BA", "unknown"]) == "any"
    assert tree.leaves("higher") == 3 and tree.leaves("any") == 6
    assert set(tree.children("any")) == {"school", "higher", "unknown"}
    with pytest.raises(PopulaceError, match="twice"):
        Tree.of([], {"a": ["x"], "b": ["x"]})


@pytest.mark.parametrize(
    ("ends", "range_"),
    [((21, 24), (20, 24)), ((21, 28), (20, 29)), ((18, 22), (0, 49)), ((7, 7), (7, 7)),
     ((-3, 4), (-3, 4)), ((40, 60), (40, 60))],
)  # fmt: skip
def test_ranges_are_aligned(ends, range_):
    assert aligned(*ends, (5, 10, 50), 1) == range_


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [("1980-02-03", "1980-02-03", "1980-02-03"), ("1980-02-01", "1980-02-29", "1980-02"),
     ("1980-01-31", "1980-03-01", "1980-Q1"), ("1980-01-01", "1980-12-31", "1980"),
     ("1980-01-01", "1989-12-31", "1980s"), ("1979-12-31", "1980-01-01", "1979–1980")],
)  # fmt: skip
def test_dates_in_words(a, b, words):
    days = [(date.fromisoformat(each) - EPOCH).days for each in (a, b)]
    assert date_range(*days) == words


def test_files(tmp_path):
    path = tmp_path / "trees.toml"
    path.write_text('[education.tree]\nschool = ["9th"]\n[age]\nwidths = [10, 5]\n')
    result = Hierarchies.read(path)
    assert result.widths == {"age": (5.0, 10.0)} and result.trees["education"] == {
        "school": ["9th"]
    }
    for text in ("[age", "age = 3", "[age]\nwidths = [0]", "[age]\nwide = 1"):
        path.write_text(text)
        with pytest.raises(PopulaceError):
            Hierarchies.read(path)
    with pytest.raises(PopulaceError):
        Hierarchies.read(tmp_path / "none.toml")
