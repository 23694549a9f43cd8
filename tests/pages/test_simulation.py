"""The simulation page: a pyramid year by year, what happened, and scenarios."""


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def finding(app):
    (text,) = [part.proto.body for part in app.get("html") if "pp-finding" in part.proto.body]
    return text


def test_years_go_by_and_a_scenario_changes_them(visit):
    app = visit("simulation")
    app.slider("sim-years").set_value(5).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    begun = metrics(app)
    assert f"become {begun['People at the end']} (" in finding(app)
    assert f": {begun['Born']} are born and {begun['Died']} die" in finding(app)
    app.slider("sim-births").set_value(0.0).run()
    assert not app.exception
    assert metrics(app)["Born"] == "0" and ": 0 are born" in finding(app)
    fewer, more = (int(m["People at the end"].replace(",", "")) for m in (metrics(app), begun))
    assert fewer < more - int(begun["Born"].replace(",", "")) * 0.9
    died, before = (int(m["Died"].replace(",", "")) for m in (metrics(app), begun))
    assert 0 < died <= before, "whoever was there before dies as before"


def test_a_population_without_ages_says_what_is_missing(visit):
    app = visit("simulation", population="French hobbies, 2003")
    assert not app.exception
    assert not app.metric
    assert "age" in app.info[0].value
