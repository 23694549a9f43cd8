"""The families page: cards of whole households, facts on both levels, real beside synthetic."""

from html import unescape

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
    assert len(app.get("plotly_chart")) == len(families.counts)

    app.slider("family-one").set_value((70, 92))
    app.slider("family-other").set_value((5, 12)).run()
    assert not app.exception
    text = bodies(app)
    assert "estimated ±" in text and text.count(_CARD) == 6
    assert not app.get("plotly_chart")

    app.slider("family-other").set_value((5, 92))
    app.slider("family-one").set_value((5, 92))
    app.selectbox("family-home").set_value("mobile home").run()
    assert not app.exception
    assert bodies(app).count("mobile home") >= 6
    assert "all real households" in bodies(app)
