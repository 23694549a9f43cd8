import pytest

from pages.shared import markdown
from synth.data.schema import Column


def test_levels_keep_apart_what_would_read_the_same():
    column = Column("place", "categorical", ("not_here", "not here", "at_home"), missing=True)
    assert markdown.titles(column, column.states) == {
        "not_here": "not_here",
        "not here": "not here",
        "at_home": "at home",
        "missing": "not stated",
    }


def test_markdown_shows_text_as_it_stands():
    assert markdown.plain("[a](b) *c*") == r"\[a\]\(b\) \*c\*"


@pytest.mark.parametrize(
    ("base", "parameters", "address"),
    [
        ("http://host:1", [], "http://host:1/"),
        ("http://host/marginals?old=1", [("a b", "c&d")], "http://host/marginals?a+b=c%26d"),
        ("http://host/x/", [("age", "25"), ("age", "45")], "http://host/x/?age=25&age=45"),
    ],
)
def test_links_carry_what_was_asked(base, parameters, address):
    assert markdown.link(base, parameters) == address
