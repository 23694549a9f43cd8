"""Keeping people, changing them, and why they have their pictures."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages.cards import menu, selection
from synth.people.pictures import standin_scorer
from synth.people.portraits import weights


def texts(app, pattern):
    return [
        match for part in app.get("html") for match in re.findall(pattern, part.proto.body, re.S)
    ]


def names(app):
    return texts(app, r'class="pp-name">(.*?) <span')


def lines(app):
    return texts(app, r'class="pp-line">(.*?)</p>')


def marks(app):
    return texts(app, r'class="pp-mark">.*?</span>(.*?)</p>')


def pick(app, place, item):
    app.menu_button(key=f"menu-{place}").click(item).run()
    assert not app.exception


def test_the_kept_stand_first_and_nobody_else_changes(visit):
    app = visit(gender="female", seed="5")
    before = list(zip(names(app), lines(app), strict=True))
    pick(app, 3, menu.KEEP)
    after = list(zip(names(app), lines(app), strict=True))
    assert after == [before[3], *before[:3], *before[4:]]
    assert marks(app) == ["kept"]


def test_the_kept_survive_other_people_other_questions_and_other_pages(visit):
    app = visit(gender="female", seed="5")
    kept = (names(app)[2], lines(app)[2])
    pick(app, 2, menu.KEEP)
    next(button for button in app.button if button.label == "New people").click()
    app.run()
    assert (names(app)[0], lines(app)[0]) == kept and len(names(app)) == 7
    app.multiselect(key="gender").set_value(["male"]).run()
    assert (names(app)[0], lines(app)[0]) == kept
    app.switch_page("pages/marginals/page.py").run()
    app.switch_page("pages/profiles/page.py").run()
    assert not app.exception
    assert (names(app)[0], lines(app)[0]) == kept
    app.selectbox(key="population").set_value("french-hobbies").run()
    assert not app.exception
    assert (names(app)[0], lines(app)[0]) == kept
    pick(app, 0, menu.RECORD)
    assert "Weekly earnings" in " ".join(texts(app, r"<dt>(.*?)</dt>"))


def test_nobody_beside_the_kept_wears_what_they_wear(visit):
    app = visit(gender="female", seed="5")
    pick(app, 0, menu.KEEP)
    pick(app, 1, menu.KEEP)
    for seed in range(6, 12):
        app.number_input(key="seed").set_value(seed).run()
        pictures = texts(app, r'<img class="(?:pp-cover|)" src="([^"]+)"')
        assert len(set(pictures)) == len(pictures)
        assert len(set(names(app))) == len(names(app)) == 8


def test_the_kept_are_let_go_one_by_one_or_all(visit):
    app = visit(gender="female")
    for place in (0, 1, 2):
        pick(app, place, menu.KEEP)
    assert len(marks(app)) == 3
    pick(app, 0, menu.RELEASE)
    assert len(marks(app)) == 2
    pick(app, 0, menu.RELEASE_ALL)
    assert not marks(app) and len(names(app)) == 6


def test_a_link_shows_its_people_without_the_kept(visit):
    app = visit(gender="female", seed="5")
    shown = names(app)
    pick(app, 3, menu.KEEP)
    assert current_choice(app).link == (("gender", "female"), ("seed", "5"))
    assert names(visit(gender="female", seed="5")) == shown


def current_choice(app):
    return app.session_state["the choice"]


def test_no_more_than_a_dozen_are_kept(visit):
    app = visit(people="20")
    for place in range(selection.MOST_KEPT + 1):
        pick(app, place, menu.KEEP)
    assert len(marks(app)) == selection.MOST_KEPT
    assert [toast for toast in app.toast if "let one go" in toast.value]


def _dialog(of):
    from pages.cards import picture_choice, selection, what_if
    from pages.shared import sidebar
    from pages.shared.choice import current

    sidebar.show()
    first = selection.shown(current())[0]
    {"whatif": what_if.ask, "why": picture_choice.explain}[of](first)


@pytest.fixture
def dialog(visit):
    """A dialog of the first person, open all the time: `dialog("why", gender="female")`."""
    visit()

    def _open(of, **parameters):
        app = AppTest.from_function(_dialog, args=(of,), default_timeout=120)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        return app

    return _open


@pytest.fixture
def bank_only(monkeypatch):
    """As on a machine without the generator: quick, and the same everywhere."""
    monkeypatch.setattr(weights, "are_here", lambda: False)


@pytest.mark.usefixtures("bank_only")
def test_what_if_shows_before_and_after_and_keeps_the_changed(dialog, visit):
    app = dialog("whatif", gender="female", age=["25", "35"], seed="5")
    before, after = (line.split(" · ")[0] for line in lines(app)[-2:])
    assert 25 <= int(before) <= 35 and after == "60"
    assert len(set(names(app)[-2:])) == 1, "the name stays while the gender does"
    (share,) = texts(app, r'class="pp-if">(How likely.*?)</p>')
    assert "%" in share and "aged 60" in share
    assert "Age" in texts(app, r'class="pp-changed"><th scope="row">(.*?)</th>')
    assert any("bank" in caption.value for caption in app.caption)
    keep = next(b for b in app.button if b.label == "Keep on the page" and "whatif" in str(b.key))
    keep.click().run()
    assert not app.exception
    (kept,) = app.session_state["kept people"].values()
    assert kept.record["age"] == 60 and kept.remark == "what if age: 60"
    assert kept.was.record["age"] == int(before)
    app = visit(gender="female", age=["25", "35"], seed="5")
    drawn = names(app)
    app.session_state["kept people"] = {kept.key: kept}
    app.run()
    assert names(app) == [kept.profile.name, *drawn], "who was changed is left alone"
    assert marks(app) == ["kept · what if age: 60"]


@pytest.mark.usefixtures("bank_only")
def test_a_life_from_20_to_80_keeps_the_name_and_what_is_kept(dialog):
    app = dialog("whatif", gender="female", age=["25", "35"], seed="5")
    (name,) = set(names(app)[-2:])
    way = next(w for w in app.button_group if str(w.key).endswith("-way"))
    way.set_value("From 20 to 80").run()
    assert not app.exception
    (table,) = texts(app, r'<table class="pp-before-after pp-life">(.*?)</table>')
    assert table.count('<th scope="row">') == 7
    app.select_slider[0].set_value(70).run()
    assert not app.exception
    assert names(app)[-1] == name and lines(app)[-1].startswith("70 · woman")
    next(b for b in app.button if str(b.key).startswith("life-keep")).click().run()
    (kept,) = app.session_state["kept people"].values()
    assert kept.record["age"] == 70 and kept.remark == "at 70"


@pytest.mark.usefixtures("bank_only")
def test_what_cannot_be_is_told_kindly(dialog):
    app = dialog("whatif", top1="Pets", seed="5")
    changes = next(w for w in app.multiselect if str(w.key).endswith("-changes"))
    changes.set_value(["top2"]).run()
    message = next(w for w in app.selectbox if w.label == "Second interest")
    message.set_value("pets").run()
    assert not app.exception
    (warning,) = app.warning
    assert "interest: Pets" in warning.value and "exclude each other" in warning.value
    changes = next(w for w in app.multiselect if str(w.key).endswith("-changes"))
    changes.set_value([]).run()
    assert "Nothing changes" in app.warning[0].value


@pytest.mark.usefixtures("bank_only")
def test_draw_again_is_another_person_of_the_same_kind(dialog):
    app = dialog("whatif", gender="female", age=["25", "35"], seed="5")
    seen = set()
    for _ in range(3):
        assert lines(app)[-1].startswith("60 · woman")
        seen.add(tuple(texts(app, r'<tr class="">(.*?)</tr>')))
        next(button for button in app.button if button.label == "Draw again").click()
        app.run()
    assert len(seen) > 1 and all(seen)


def test_why_shows_the_matrix_and_what_scored_it(visit):
    app = visit(seed="5")
    pick(app, 0, menu.WHY)
    (table,) = texts(app, r'<table class="pp-heat">(.*?)</table>')
    assert table.count("pp-shown") == 3 and "anything else" in table
    assert table.count('class="pp-wins"') == table.count("<img")
    legend = " ".join(caption.value for caption in app.caption)
    assert "stand" in legend and "25" in legend and "CLIP" not in legend


def test_other_words_bring_other_pictures_and_go_back(dialog):
    app = dialog("why", top1="Cooking", top2="Gardening", top3="Pets", seed="5")
    pictures = r'<th scope="col" class="pp-shown"><img src="([^"]+)"'
    before = texts(app, pictures)
    assert len(before) == 3 and "bread" in app.text_area[0].value
    app.text_area[0].set_value("<script>")
    app.button(key="why-use").click().run()
    assert "keyword" in app.warning[0].value
    app.text_area[0].set_value("car, motorcycle")
    app.button(key="why-use").click().run()
    assert not app.exception
    after = texts(app, pictures)
    assert after[0] != before[0] and after[-1] == before[-1]
    assert app.text_area[0].value == "car, motorcycle"
    app.button(key="why-back").click().run()
    assert not app.exception
    assert texts(app, pictures) == before


def test_words_that_are_new_need_the_text_model(dialog, monkeypatch):
    monkeypatch.setattr(standin_scorer, "texts_available", lambda: False)
    app = dialog("why", top1="Cooking", top2="Gardening", top3="Pets", seed="5")
    app.text_area[0].set_value("hovercraft")
    app.button(key="why-use").click().run()
    assert not app.exception
    assert "hovercraft" in app.warning[0].value and "minilm" in app.warning[0].value


def test_downloads_are_offered_for_a_card_the_page_and_a_table(visit):
    app = visit(gender="female", seed="5")
    pick(app, 1, menu.TAKE)
    labels = [button.label for button in app.download_button]
    assert labels == [
        f"{names(app)[1]} as a picture (PNG)",
        "All 6 cards as a folder (ZIP)",
        "CSV",
        "Parquet",
    ]
    app = visit(gender="female", seed="5")
    app.button(key="take").click().run()
    assert not app.exception
    assert len(app.download_button) == 3
