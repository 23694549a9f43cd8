import pytest

from pages.shared import markdown
from synth.data.column import Column


def test_levels_keep_apart_what_would_read_the_same():
    column = Column("place", "categorical", ("not_here", "not here", "at_home"), missing=True)
    assert markdown.titles(column, column.states) == {
        "not_here": "not_here",
        "not here": "not here",
        "at_home": "at home",
        "missing": "not stated",
    }


def test_markdown_shows_text_as_it_stands():
    assert markdown.plain("[a](b) *c*") == r"\[a\](b) \*c\*"


@pytest.mark.parametrize(
    "text",
    [
        "Weekly earnings (USD)",
        "n_in_household",
        "Family income (USD a year)",
        "What? - 65+, #1: no",
    ],
)
def test_plain_words_reach_screen_readers_without_escapes(text):
    assert markdown.plain(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1. one", r"1\. one"),
        ("- one", r"\- one"),
        ("one\n# two", "one\n\\# two"),
        ("_so_", r"\_so\_"),
        (":red[x]", r"\:red\[x\]"),
        ("https://a.example", r"https\://a\.example"),
        ("a@b.example", r"a\@b\.example"),
        ("3.5 &amp; more", r"3.5 \&amp; more"),
        ("$1 and $2", r"\$1 and \$2"),
    ],
)
def test_signs_are_escaped_where_markdown_would_read_them(text, written):
    assert markdown.plain(text) == written


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
