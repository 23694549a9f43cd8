"""The correlations page: three squares, in either order, whatever is asked."""

import pytest


@pytest.mark.parametrize("population", ["US time use, 2003–16", "French hobbies, 2003"])
def test_real_synthetic_and_difference_stand_side_by_side(visit, population):
    app = visit("correlations", population=population)
    assert [head.value for head in app.subheader] == [
        "Real people",
        "Synthetic people",
        "Difference: synthetic less real",
    ]
    assert len(app.get("plotly_chart")) == 3
    app.selectbox(key="arrange").set_value("as in the table").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3


def test_facts_are_left_aside_and_the_page_says_so(visit):
    app = visit("correlations", gender="female")
    assert any("left aside" in caption.value for caption in app.caption)
