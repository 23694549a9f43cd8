"""The Studio from upload to population, and what it says to uploads that are no tables."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest

from pages.shared import loaders
from synth import populations
from synth.populations.archive import pack

PATIENCE = 180


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    rows = 400
    city = rng.integers(0, 12, rows)
    work, home = rng.integers(0, 9, rows), rng.integers(0, 9, rows)
    frame = pd.DataFrame(
        {
            "id": np.arange(rows),
            "age": rng.integers(12, 90, rows),
            "gender": rng.choice(["female", "male"], rows),
            "city": [f"city {i}" for i in city],
            "province": [f"province {i % 3}" for i in city],
            "work": work,
            "home": home,
            "total": work + home,
        }
    )
    return frame.to_csv(index=False).encode()


def warnings(app):
    return [each.value for each in app.warning]


def settled(app):
    """Run the page until no job is left, as its fragment does."""
    end = time.monotonic() + PATIENCE
    while app.session_state["studio"].job is not None and time.monotonic() < end:
        app.session_state["studio"].job.wait(PATIENCE)
        app.run()
    assert not app.exception
    return app


def rules_of(app):
    return next(area for area in app.text_area if area.label == "Rules")


def button(app, label):
    return next(each for each in app.button if each.label == label)


def upload(app, name, content):
    app.file_uploader[0].set_value((name, content, "application/octet-stream")).run()
    return settled(app)


def learned(visit, table):
    app = upload(visit("studio"), "people.csv", table)
    app.segmented_control(key=f"score-{state(app).token}").set_value("quick")
    button(app, "Learn").click()
    app.run()
    return settled(app)


def state(app):
    return app.session_state["studio"]


def test_a_table_becomes_a_population(visit, table):
    app = upload(visit("studio"), "people.csv", table)
    inspection = state(app).inspection
    assert inspection.rows == 400
    assert inspection.schema["id"].role == "skip"
    ticks = [each.label for each in app.checkbox]
    assert any("total = work" in label for label in ticks)
    assert any("city" in label and "province" in label for label in ticks)

    rules_of(app).set_value("age >= 15\nwork <= home").run()
    app.segmented_control(key=f"score-{state(app).token}").set_value("quick").run()
    app.text_input(key=f"title-{state(app).token}").set_value("our *people*").run()
    button(app, "Learn").click()
    app.run()
    settled(app)
    assert not warnings(app)
    synthetic = state(app).population
    assert synthetic.title == "Our *people*"

    assert not app.exception
    requested = app.session_state["the choice"]
    assert requested.population.name == synthetic.name
    people = requested.posterior.sample(3000, seed=2)
    assert (people["total"] == people["work"] + people["home"]).all()
    assert (people["age"] >= 15).all()
    assert (people["work"] <= people["home"]).all()
    assert people.groupby("city", observed=True)["province"].nunique().max() == 1
    for page in ("profiles", "marginals", "correlations"):
        app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception
        assert app.session_state["the choice"].population.name == synthetic.name


def test_nothing_is_lost_when_the_page_is_left(visit, at_once, table):
    app = upload(visit("studio"), "people.csv", table)
    rules_of(app).set_value("age >= 15").run()
    next(each for each in app.checkbox if "total" in each.label).uncheck().run()
    app.switch_page("pages/marginals/page.py").run()
    app.switch_page("pages/studio/page.py").run()
    assert not app.exception
    assert state(app).inspection is not None
    assert rules_of(app).value == "age >= 15"
    assert not next(each for each in app.checkbox if "total" in each.label).value


def test_corrections_count(visit, at_once, table):
    app = upload(visit("studio"), "people.csv", table)
    sheet = state(app).sheet.copy()
    sheet.loc[sheet["column"] == "gender", "use"] = "leave out"
    sheet.loc[sheet["column"] == "work", "use"] = "keep apart"
    state(app).edited = sheet
    app.switch_page("pages/marginals/page.py").run()
    app.switch_page("pages/studio/page.py").run()
    assert not app.exception
    assert not any("total" in each.label for each in app.checkbox)


def test_a_rule_that_is_not_understood_is_told(visit, at_once, table):
    app = upload(visit("studio"), "people.csv", table)
    rules_of(app).set_value("__import__('os').system('true')").run()
    assert not app.exception
    assert any("is not understood" in text for text in warnings(app))
    assert button(app, "Learn").disabled
    rules_of(app).set_value("agee > 3").run()
    assert any("agee" in text for text in warnings(app))


def test_learning_can_be_stopped(visit, table):
    app = upload(visit("studio"), "people.csv", table)
    button(app, "Learn").click()
    app.run()
    state(app).cancel()
    app.run()
    assert not app.exception
    assert any("stopped" in text for text in warnings(app))
    assert state(app).population is None
    assert button(app, "Learn")


def test_a_population_is_saved_opened_and_forgotten(visit, at_once, table, tmp_path):
    app = learned(visit, table)
    synthetic = state(app).population
    populations.write(synthetic, tmp_path, rows=True)
    other = visit("studio")
    other.file_uploader[-1].set_value(("x.populace", pack(tmp_path, rows=True), "")).run()
    settled(other)
    assert not warnings(other)
    opened = state(other).population
    assert opened.title == synthetic.title
    assert len(opened.table) == len(synthetic.table)
    assert opened.name in other.session_state[loaders._OWN]
    button(other, "Forget").click()
    other.run()
    assert not other.exception
    assert opened.name not in other.session_state[loaders._OWN]
    assert synthetic.name in app.session_state[loaders._OWN], "each visitor has their own"
    assert other.session_state["the choice"].population.name == populations.available()[0]


TOPICS = (("roses", "soil", "tulips", "compost"), ("guitar", "concert", "singing", "piano"))


@pytest.fixture
def likes():
    """A table with what people write, and one of what they do."""
    rng = np.random.default_rng(5)
    done = [rng.choice(TOPICS[i], 3, replace=False) for i in rng.integers(0, 2, 300)]
    people = pd.DataFrame(
        {
            "id": np.arange(300) + 1000,
            "gender": rng.choice(["female", "male"], 300),
            "age": rng.integers(15, 90, 300),
            "about": [f"Mostly {' and '.join(each)}, person{i}." for i, each in enumerate(done)],
        }
    )
    things = pd.DataFrame(
        {
            "who": np.repeat(people["id"].to_numpy(), 3),
            "what": np.concatenate(done),
            "minutes": rng.integers(5, 90, 900),
        }
    )
    return people.to_csv(index=False).encode(), things.to_csv(index=False).encode()


def wishing(visit, likes, source, topics):
    app = upload(visit("studio"), "people.csv", likes[0])
    token = state(app).token
    app.segmented_control(key=f"interests-{token}").set_value(source).run()
    if source == "what people do":
        app.file_uploader[0].set_value(("doings.csv", likes[1], "text/csv")).run()
        settled(app)
    app.slider(key=f"topics-{token}").set_value(topics).run()
    assert not app.exception
    assert not warnings(app)
    return app


def found_words(app):
    shown = [each.proto.body for each in app.get("html")]
    return " ".join(body for body in shown if 'class="pp-interest-list"' in body)


@pytest.mark.parametrize("source", ["what people write", "what people do"])
def test_interests_are_found_and_learned(visit, at_once, likes, source):
    app = wishing(visit, likes, source, 2)
    assert not found_words(app)
    button(app, "Show them first").click()
    app.run()
    settled(app)
    assert not warnings(app)
    assert "guitar" in found_words(app)
    assert "roses" in found_words(app)

    app.switch_page("pages/marginals/page.py").run()
    app.switch_page("pages/studio/page.py").run()
    assert "guitar" in found_words(app)
    app.segmented_control(key=f"score-{state(app).token}").set_value("quick").run()
    button(app, "Learn").click()
    app.run()
    settled(app)
    assert not warnings(app)
    synthetic = state(app).population
    assert "top1" in synthetic.interests
    words = {word for text in synthetic.keywords.values() for word in text}
    assert {"guitar", "roses"} <= words
    assert not app.exception
    for page in ("interests", "profiles"):
        app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception
        assert app.session_state["the choice"].population.name == synthetic.name


def test_a_wish_that_cannot_be_granted_is_a_sentence(visit, at_once, likes, table):
    app = wishing(visit, likes, "what people write", 40)
    button(app, "Show them first").click()
    app.run()
    settled(app)
    (answer,) = warnings(app)
    assert "too little for 40" in answer
    # A second table that means harm is refused like a first one, and the first one stays.
    token = state(app).token
    app.segmented_control(key=f"interests-{token}").set_value("what people do").run()
    for content, message in (
        (pickle.dumps({"a": 1}, protocol=4), "pickle"),
        (b"a,b\n1,\x00\n", "NUL"),
    ):
        app.file_uploader[0].set_value(("doings.csv", content, "text/csv")).run()
        settled(app)
        (answer,) = warnings(app)
        assert message in answer
        assert state(app).second_table is None
        assert state(app).inspection is not None
    named = upload(visit("studio"), "people.csv", table.replace(b"gender", b"top1"))
    key = f"interests-{state(named).token}"
    named.segmented_control(key=key).set_value("what people write").run()
    assert not named.exception
    assert any("already" in text for text in warnings(named))
    assert button(named, "Learn").disabled


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        # What a sentence says of which harm: tests/fitting/test_hostile.py.
        ("people.csv", pickle.dumps({"a": 1}, protocol=4), "pickle"),
        ("people.csv", b"", "empty"),
        ("people.parquet", b"PAR1" + b"\x00" * 99 + b"PAR1", "Parquet"),
        ("people.csv", "a\u202eb,c\n1,2\n3,4\n".encode(), "invisible"),
    ],
)
def test_a_hostile_upload_gets_a_sentence(visit, at_once, name, content, message):
    app = upload(visit("studio"), name, content)
    (text,) = warnings(app)
    assert message in text.replace("\\", "")
    assert text.endswith(".")
    assert app.file_uploader  # another table can be tried
    assert state(app).inspection is None


def test_identifiers_are_left_out_and_made_new_by_a_tick(visit, at_once):
    rng = np.random.default_rng(1)
    rows = 200
    real = pd.DataFrame(
        {
            "nhs": rng.choice(np.arange(10**9, 10**10, 7_654_321), rows, replace=False),
            "full_name": [f"Zoe{i} Quax{i}" for i in range(rows)],
            "gender": rng.choice(["female", "male"], rows),
            "age": rng.integers(18, 90, rows),
        }
    )
    app = upload(visit("studio"), "people.csv", real.to_csv(index=False).encode())
    token = state(app).token
    assert not app.checkbox(key=f"make-{token}-nhs").value
    app.checkbox(key=f"make-{token}-nhs").check().run()
    app.checkbox(key=f"make-{token}-full_name").check().run()
    app.selectbox(key=f"locale-{token}").set_value("de_DE").run()
    app.segmented_control(key=f"score-{token}").set_value("quick").run()
    button(app, "Learn").click()
    app.run()
    settled(app)
    assert not warnings(app)
    synthetic = state(app).population
    drawn = synthetic.given().sample(500, seed=1)
    assert list(drawn) == list(real)
    assert drawn["nhs"].is_unique and not set(drawn["nhs"]) & set(real["nhs"])
    assert not set(drawn["full_name"]) & set(real["full_name"])
    assert any("Made new for every person" in each.value for each in app.markdown)
    for page in ("profiles", "marginals", "correlations", "report", "network"):
        app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception, page


def test_workbooks_json_lines_and_archives_are_taken_in(visit, at_once, table, workbook):
    import io
    import zipfile

    frame = pd.read_csv(io.BytesIO(table))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("people.csv", table)
    files = {
        "people.xlsx": workbook([list(frame), *frame.astype(object).to_numpy().tolist()]),
        "people.jsonl": frame.to_json(orient="records", lines=True).encode(),
        "people.zip": packed.getvalue(),
    }
    for name, content in files.items():
        app = upload(visit("studio"), name, content)
        assert not warnings(app)
        inspection = state(app).inspection
        assert inspection.rows == 400 and inspection.schema.names == tuple(frame), name
        assert inspection.schema["age"].kind == "integer"
        assert inspection.schema["id"].role == "skip"


def test_a_column_of_lists_is_left_out_and_the_rest_is_learned(visit, at_once):
    """Case 5."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(1)
    table = pa.table(
        {
            "age": rng.integers(18, 90, 300),
            "sex": rng.choice(["f", "m"], 300),
            "visits": [[1, 2]] * 300,
            "home": [{"city": "Rome"}] * 300,
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    app = upload(visit("studio"), "people.parquet", buffer.getvalue())
    notes = {each.column.name: each.note for each in state(app).inspection.columns}
    for name in ("visits", "home"):
        assert f"Column {name} holds lists, records or bytes and is left out" in notes[name]
    button(app, "Learn").click()
    app.run()
    settled(app)
    assert not warnings(app)
    assert list(state(app).population.given().sample(10)) == ["age", "sex"]


def test_dates_are_put_right_and_their_order_is_kept_by_a_tick(visit, at_once):
    rng = np.random.default_rng(0)
    begin = np.datetime64("2020-01-01") + rng.integers(0, 900, 300)
    end = begin + rng.integers(0, 40, 300)
    months, days = rng.integers(1, 13, 300), rng.integers(1, 13, 300)
    frame = pd.DataFrame({"begin": begin, "end": end})
    frame["born"] = [f"{m:02d}/{d:02d}/1990" for m, d in zip(months, days, strict=True)]
    app = upload(visit("studio"), "stays.csv", frame.to_csv(index=False).encode())
    assert any("begin" in each.label and "(order)" in each.label for each in app.checkbox)
    assert any("born is read as day/month" in each.value for each in app.markdown)
    sheet = state(app).sheet.copy()
    sheet.loc[sheet["column"] == "born", "written as"] = "month/day"
    state(app).edited = sheet
    app.switch_page("pages/marginals/page.py").run()
    app.switch_page("pages/studio/page.py").run()
    derive = app.text_area(key=f"derive-{state(app).token}")
    derive.set_value("stay = weeks(end - birth)").run()
    assert any("birth, which is no number or date" in each for each in warnings(app))
    app.text_area(key=f"derive-{state(app).token}").set_value("stay = days(end - begin)").run()
    app.segmented_control(key=f"score-{state(app).token}").set_value("quick").run()
    button(app, "Learn").click()
    app.run()
    settled(app)
    assert not warnings(app)
    population = state(app).population
    assert [str(rule) for rule in population.constraints.rules] == ["begin <= end"]
    assert population.constraints.names == ("stay",)
    assert population.schema["born"].format.pattern == "%m/%d/%Y"


def test_who_could_be_found_is_shown_and_a_coarser_table_goes_on(visit, at_once, table):
    app = upload(visit("studio"), "people.csv", table)
    token = state(app).token
    app.multiselect(key=f"quasi-{token}").set_value(["age", "gender", "city"])
    app.multiselect(key=f"sensitive-{token}").set_value(["work"]).run()
    app.number_input(key=f"k-{token}").set_value(6)
    app.number_input(key=f"l-{token}").set_value(3).run()
    button(app, "See who could be found").click().run()
    settled(app)
    coarser = state(app).coarser
    assert (
        coarser.before.k == 1 and coarser.after.k >= 6 and coarser.after.sensitive[0].distinct >= 3
    )
    assert 0 < coarser.loss["age"] < 1 and coarser.rows == 400
    figures = app.dataframe[-1].value.set_index("")
    assert figures.loc["k, the smallest group", "with coarser values"] == f"{coarser.after.k}"
    assert "Information lost" in "".join(each.proto.body for each in app.get("html"))
    button(app, "Go on with the coarser table").click().run()
    settled(app)
    assert state(app).name == "people-k6.parquet" and state(app).coarser is None
    names = state(app).inspection.schema.names
    assert "id" not in names and "city" in names  # what says who somebody is does not go on
    assert state(app).inspection.schema["age"].kind == "categorical"


def test_a_column_on_both_sides_is_a_sentence(visit, at_once, table):
    app = upload(visit("studio"), "people.csv", table)
    token = state(app).token
    app.multiselect(key=f"quasi-{token}").set_value(["age"])
    app.multiselect(key=f"sensitive-{token}").set_value(["age"]).run()
    assert warnings(app) == ["age is named on both sides: drop it on one."]
