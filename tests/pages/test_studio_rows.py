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


def _own_app():
    import numpy as np
    import pandas as pd

    from pages.studio.rows import ask_of_rows
    from synth import fit

    rng = np.random.default_rng(3)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 300, 200), "D")
    rows = pd.DataFrame(
        {
            "joined": day.strftime("%d/%m/%Y"),
            "pay": [f"${value:,.2f}" for value in rng.integers(5000, 9000, 200) / 4],
            "member": rng.choice(["Yes", "No"], 200),
        }
    )
    rows.loc[:19, "joined"] = None
    population = fit(rows)
    ask_of_rows(population, population.table.frame)


def test_the_own_table_is_shown_as_its_file_wrote_it():
    app = AppTest.from_function(_own_app, default_timeout=120).run()
    next(each for each in app.button if each.label == "Fill the gaps").click().run()
    assert not app.exception and not app.warning
    shown = app.dataframe[0].value
    assert shown["joined"].dropna().str.fullmatch(r"\d\d/\d\d/2021").all()
    assert shown["pay"].str.startswith("$").all()
    app.segmented_control[0].set_value("Odd rows").run()
    next(each for each in app.button if each.label == "Odd rows").click().run()
    assert not app.exception and not app.warning
    message = "".join(part.proto.body for part in app.get("html"))
    assert "joined is <b>" in message and "/2021</b>" in message and "<b>$" in message


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
