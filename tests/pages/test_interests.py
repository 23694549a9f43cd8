"""The interests page: those asked for, groups side by side, and the paper's two experiments."""


def test_those_asked_for(visit):
    app = visit("interests", gender="female")
    assert len(app.get("plotly_chart")) == 1
    assert any("TVD" in part.proto.body and "Women" in part.proto.body for part in app.get("html"))


def test_groups_stand_side_by_side(visit):
    app = visit("interests")
    app.selectbox(key="group").set_value("marital").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 5


def test_the_papers_experiments_are_one_click_each(visit):
    app = visit("interests", education="doctoral degree")
    app.button(key="experiment-gender").click().run()
    assert not app.exception
    assert str(app.session_state["the choice"].evidence) == "gender=female"
    assert app.session_state["rank"] == "top3"
    app.button(key="experiment-marital").click().run()
    assert str(app.session_state["the choice"].evidence) == "marital=married"
    assert app.session_state["rank"] == "top1"


def test_the_french_have_interests_too(visit):
    app = visit("interests", population="French hobbies, 2003")
    app.selectbox(key="group").set_value("gender").run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
