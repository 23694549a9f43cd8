import pytest

from pages.parts import words


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100 %"),
        (0.114, "11.4 %"),
        (0.041, "4.1 %"),
        (0.0033, "0.33 %"),
        (0.00002, "1 in 50,000"),
        (0.0, "0 %"),
    ],
)
def test_a_share_reads_well(share, text):
    assert words.percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "1 in 1"), (0.0003, "1 in 3,300"), (0.5, "1 in 2"), (0.0, "nobody")]
)
def test_one_in(share, text):
    assert words.one_in(share) == text


def test_levels_keep_apart_what_would_read_the_same():
    assert words.titles(("not_here", "not here", "missing")) == {
        "not_here": "not_here",
        "not here": "not here",
        "missing": "not recorded",
    }


def test_markdown_shows_text_as_it_stands():
    assert words.plain("[a](b) *c*") == r"\[a\]\(b\) \*c\*"


@pytest.mark.parametrize(
    ("base", "parameters", "address"),
    [
        ("http://host:1", [], "http://host:1/"),
        ("http://host/marginals?old=1", [("a b", "c&d")], "http://host/marginals?a+b=c%26d"),
        ("http://host/x/", [("age", "25"), ("age", "45")], "http://host/x/?age=25&age=45"),
    ],
)
def test_links_carry_what_was_asked(base, parameters, address):
    assert words.link(base, parameters) == address
