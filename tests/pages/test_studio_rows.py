"""The Studio's section on rows: gaps filled and odd rows told, from the own table."""

from streamlit.testing.v1 import AppTest


def _app():
    from pages.studio.rows import ask_of_rows
    from synth.populations import load

    population = load("us-time-use")
    people = population.given().sample(30, seed=1)
    own = people.astype(object)
    own.loc[:9, "marital"] = None
    ask_of_rows(population, own)


def test_gaps_are_filled_and_odd_rows_are_told():
    app = AppTest.from_function(_app, default_timeout=120).run()
    assert not app.exception
    go = next(each for each in app.button if each.label == "Fill the gaps")
    go.click().run()
    assert not app.exception and not app.warning
    assert any("cells were filled" in each.value for each in app.markdown)
    assert app.dataframe[0].value["marital"].notna().all()
    app.segmented_control[0].set_value("Odd rows").run()
    next(each for each in app.button if each.label == "Odd rows").click().run()
    assert not app.exception and not app.warning
    assert any("the oddest first" in each.value for each in app.markdown)
