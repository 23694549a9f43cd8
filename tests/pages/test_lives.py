"""The lives page: shares over time beside real ones, facts about a life, groups."""

from synth import describe
from synth.lives import load_lives


def bodies(app):
    return " ".join(part.proto.body for part in app.get("html"))


def finding(app):
    (text,) = [part.proto.body for part in app.get("html") if "pp-finding" in part.proto.body]
    return text


def test_lives_stand_beside_real_ones_and_follow_what_is_known(visit):
    app = visit("lives")
    everyone = load_lives("swiss-families")
    assert f"{everyone.counts[''].people:,} real people" in bodies(app)
    assert len(app.get("plotly_chart")) == 5
    states, real = everyone.model.given("", "").states, everyone.counts[""].states
    for at in (0, -1):
        k = states[at].argmax()
        share = real[at, k] / real[at].sum()
        words = f"“{everyone.model.track.states[k]}” ({states[at, k]:.1%}, real people {share:.1%})"
        assert words in finding(app)

    app.text_input("life-known").set_value("age_25=married,by age_30=child").run()
    assert not app.exception
    exact = everyone.model.given("", "age_25=married,by age_30=child").probability
    assert f"<b>{describe.share_words(exact)}</b> of these lives" in bodies(app)
    assert "here the exact answer stands alone" in app.info[0].value
    assert "real people" not in finding(app) and "exact" in finding(app)
    assert len(app.get("plotly_chart")) == 4

    app.text_input("life-known").set_value("age_25=astronaut").run()
    assert not app.exception
    assert "astronaut" in app.error[0].value
    assert not app.get("plotly_chart")


def test_a_group_of_other_lives_is_counted_too(visit):
    app = visit("lives")
    app.selectbox("lives").set_value("school-to-work").run()
    group = next(name for name in load_lives("school-to-work").counts if name)
    app.selectbox("life-group").set_value(group).run()
    assert not app.exception
    real = load_lives("school-to-work").counts[group]
    assert f"{real.people:,} real people" in bodies(app)
    assert "TVD" in bodies(app)
