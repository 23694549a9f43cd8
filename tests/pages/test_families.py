"""The families page: cards of whole households, facts on both levels, real beside synthetic."""

import re
from html import unescape

import pytest

from synth.linked.storage import load_linked

_CARD = 'household<span class="pp-badge">'


def bodies(app):
    return unescape(" ".join(part.proto.body for part in app.get("html")))


def test_households_are_shown_and_follow_facts_on_both_levels(visit):
    app = visit("families")
    assert not app.exception
    families = load_linked("us-families")
    text = bodies(app)
    assert f"<b>{families.families:,}</b> real households" in text
    assert text.count(_CARD) == 6
    assert "a guess" in text and "TVD" in text
    apart = [float(each) for each in re.findall(r"TVD <b>([\d.]+)</b>", text)]
    mean, most = re.search(r"On average ([\d.]+) of 100 .*, ([\d.]+) of 100 \(est", text).groups()
    assert float(mean) == pytest.approx(100 * sum(apart) / len(apart), abs=0.1)
    assert float(most) == pytest.approx(100 * max(apart), abs=0.1)
    assert len(app.get("plotly_chart")) == len(families.counts)

    app.slider("family-age").set_value((70, 92))
    app.slider("family-other-age").set_value((5, 12)).run()
    assert not app.exception
    text = bodies(app)
    assert "estimated ±" in text and text.count(_CARD) == 6
    assert not app.get("plotly_chart")

    app.slider("family-other-age").set_value((5, 92))
    app.slider("family-age").set_value((5, 92))
    app.selectbox("family-home").set_value("mobile home").run()
    assert not app.exception
    assert bodies(app).count("mobile home") >= 6
    assert "all real households" in bodies(app)
    assert re.search(r"differ most from all real ones in .*: .* is [\d.]+% here", bodies(app))
    assert "ones in home of" not in bodies(app), "what was asked differs, and that is no finding"


def test_a_size_that_follows_from_what_is_known_is_no_finding(visit):
    app = visit("families")
    app.slider("family-size").set_value((3, 5)).run()
    assert not app.exception
    finding = re.search(r"differ most from all real ones in (.*?):", bodies(app)).group(1)
    assert finding not in ("size", "how many members")
