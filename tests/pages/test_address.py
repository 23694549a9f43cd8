"""The address: a link is read as evidence is elsewhere, kept as it is read, or said not to be."""

from urllib.parse import parse_qs, urlsplit

import pytest

from pages.shared import address, facts
from pages.talk import slides
from synth.data.evidence import Between, OneOf
from synth.populations import load


def choice(app):
    return app.session_state["the choice"]


def said(app):
    return " ".join(each.value.replace("\\", "") for each in app.warning)


@pytest.mark.parametrize(
    ("link", "line", "parameters"),
    [
        ({"top1": "pets"}, "top1=pets", {"top1": "Pets"}),
        ({"TOP1": "PETS|games"}, "top1=games|pets", {"top1": ["Games", "Pets"]}),
        ({"top1": ["Games", "pets"]}, "top1=games|pets", {"top1": ["Games", "Pets"]}),
        ({"age": "25..45"}, "age=25..45", {"age": ["25", "45"]}),
        ({"age": "..24"}, "age=..24", {"age": ["15", "24"]}),
        ({"age": ["25", "45"]}, "age=25..45", {"age": ["25", "45"]}),
        ({"has_higher_education": "TRUE"}, "has_higher_education=yes", None),
        ({"b.Gender": "Male"}, "", {"b.gender": "male", "compare": "true"}),
        ({"population": "us-time-use", "age": "30"}, "age=30..30", {"age": ["30", "30"]}),
        ({"age": "15..85"}, "", {}),
    ],
)
def test_a_link_is_read_as_on_the_command_line_and_stays_in_the_address(
    visit, link, line, parameters
):
    app = visit(people="1", **link)
    assert str(choice(app).evidence) == line and not app.warning
    if parameters is not None:
        assert app.query_params == {"people": "1", **parameters}
    again = visit(**app.query_params)
    assert again.query_params == app.query_params
    assert choice(again).evidence == choice(app).evidence
    assert choice(again).link == choice(app).link


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"top1": "petz"}, "top1=petz cannot be read: The column top1 has no level 'petz'"),
        ({"age": "200"}, "the closest is 85"),
        ({"age": ["45", "25"]}, "write 25..45"),
        ({"age_missing": "true"}, "The column age has no missing values"),
        ({"agee": "30"}, "agee=30 speaks of no column: did you mean age?"),
        ({"people": "999"}, "people=999 is not one number from 1 to 60"),
        ({"seed": "x"}, "seed=x is not one number from 0 to 2147483647"),
        ({"compare": "perhaps"}, "compare=perhaps names nothing that is offered"),
        ({"which": "nonsense"}, "which=nonsense names nothing that is offered"),
        ({"targets": "zzz"}, "targets cannot be read: The target 'zzz'"),
        ({"population": "Nobody"}, "“Nobody”, which is not in this session"),
        ({"rarity": "never"}, "rarity=never names nothing that is offered"),
        ({"kept": "x~1"}, "kept=x~1 names nobody here"),
        ({"kiosk": "soon"}, "kiosk=soon is no number of seconds"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_asked(visit, link, words):
    app = visit(**link)
    assert words in said(app) and not choice(app).evidence
    assert not set(link) & set(app.query_params) - {"agee", "targets", "kept", "kiosk"}
    app.multiselect(key="gender").set_value(["female"]).run()
    assert "The link" not in said(app), "another view is asked for"
    assert not app.exception and str(choice(app).evidence) == "gender=female"


def test_a_fact_that_no_slider_holds_is_shown_wider_and_said(visit):
    app = visit(age="25|30")
    assert choice(app).evidence["age"] == Between(25, 30)
    assert "age=25|30 is shown as 25–30, the closest that one slider holds" in said(app)
    assert app.query_params == {"age": ["25", "30"]}


def test_the_pages_own_widgets_are_read_too(visit):
    app = visit(order="FARTHEST first", rank="Top2", **{"network-node": "Marital"})
    app.switch_page("pages/marginals/page.py").run()
    assert app.selectbox(key="order").value == "farthest first"
    app = visit(rank="Top2")
    app.switch_page("pages/interests/page.py").run()
    assert app.segmented_control(key="rank").value == "top2"
    app = visit(**{"network-node": "Marital", "network-view": "structure"})
    app.switch_page("pages/network/page.py").run()
    assert app.selectbox(key="network-node").value == "marital" and not app.warning


def test_who_types_something_unreadable_on_the_page_is_told_there_and_not_by_the_link(visit):
    app = visit(people="1")
    app.text_input(key="targets").set_value("zzz").run()
    assert "The link" not in said(app)


def test_every_fact_is_written_as_it_is_read():
    for name in ("us-time-use", "us-health"):
        for column in load(name).modelled:
            if column.is_number:
                low, high = (round(end) for end in column.bounds)
                knowns = [Between(low + (high - low) // 3, None)]
            else:
                levels = column.states if column.kind == "categorical" else column.states[:1]
                knowns = [OneOf((level,)) for level in levels]
            knowns += [OneOf(("missing",))] * column.missing
            for known in knowns:
                keys = facts.parameters(column)
                written = {keys[key]: values for key, values in facts.texts(column, known).items()}
                read = facts.read(column, written)
                assert facts.texts(column, read) == facts.texts(column, known), (column.name, known)


def test_hosts_may_write_into_a_link(visit):
    app = visit(utm_source="x", __theme="dark")
    assert not app.warning
    assert address._is_other("lead") and not address._is_other("gender")


def test_the_address_holds_the_evidence_however_it_was_set(visit):
    def holds(app):
        written = [
            (key, value)
            for key, values in app.query_params.items()
            for value in (values if isinstance(values, list) else [values])
        ]
        return sorted(written) == sorted(choice(app).link)

    app = visit(age="25..45", people="2", **{"b.top1": "pets|games", "b.age": "20..30"})
    assert holds(app) and len(app.query_params["b.top1"]) == 2
    app.text_input(key="in-words").set_value("single dads who fish").run()
    app.button(key="use-words").click().run()
    assert "age" not in choice(app).evidence and len(choice(app).evidence) > 1 and holds(app)
    app.button(key="groups-swap").click().run()
    assert holds(app) and app.query_params["age"] == ["20", "30"]
    app.switch_page("pages/marginals/page.py").run()
    assert holds(app)
    app.button(key="groups-stop").click().run()
    app.button(key="forget").click().run()
    assert holds(app) and set(app.query_params) == {"people"}


OF_PAGES = {
    "portraits": {"portrait-gender": "Male", "portrait-age": "70", "seed": "3", "people": "2"},
    "families": {
        "family-home": "Mobile home",
        "family-size": "3..5",
        "family-income": ["4", "11"],
        "family-age": "..9",
    },
    "lives": {"lives": "school-to-work", "life-group": "Male=YES", "seed": "2"},
    "simulation": {"sim-years": "10", "sim-births": "0.5", "sim-later": "2"},
    "network": {"network-view": "structure", "network-node": "marital", "gender": "female"},
    "marginals": {"order": "Farthest first"},
}
"""Pages, and what a link says of their own widgets; written as people would."""


@pytest.mark.parametrize("page", OF_PAGES)
def test_each_page_shares_a_link_that_shows_the_same_again(visit, page):
    def shared(app):
        (block,) = [code.value for code in app.get("code") if code.value.startswith(("http", "/?"))]
        return parse_qs(urlsplit(block).query)

    def looks(app):
        return [part.proto.body for part in app.get("html") if "pp-qr" not in part.proto.body]

    app = visit(page, **OF_PAGES[page])
    assert app.button(key="present") and not app.warning
    app.run()  # what the widgets have written into the address is there from now on
    link = shared(app)
    assert set(OF_PAGES[page]) <= set(link) | {"network-view"}  # which is at its default
    again = visit(page, **link)
    assert shared(again) == link and looks(again) == looks(app)


@pytest.mark.parametrize(
    ("page", "link", "words"),
    [
        ("portraits", {"portrait-age": "7"}, "portrait-age=7 is not one number from 15 to 90"),
        ("families", {"family-home": "castle"}, "family-home=castle names nothing"),
        ("families", {"family-size": "5..3"}, "family-size=5..3 is not a range of numbers"),
        ("lives", {"lives": "cats"}, "lives=cats names nothing that is offered"),
        ("simulation", {"sim-births": "many"}, "sim-births=many is not one number from 0 to 2"),
    ],
)
def test_what_a_page_cannot_read_is_said(visit, page, link, words):
    app = visit(page, **link)
    assert words in said(app) and not set(link) & set(app.query_params)


def test_a_slide_remembers_numbers_and_ranges():
    for key, value in (("sim-births", 1.0), ("sim-later", -2), ("family-size", (2, 5))):
        again = slides.as_value(key, slides.as_text(value))
        assert again == value and type(again) is type(value)
    assert slides.as_value("order", slides.as_text("farthest first")) == "farthest first"
    assert slides.as_text(None) == slides.as_text(True) == slides.as_text(["x"]) == ""
    for text in ("many", "nan", "-1..x", ""):
        assert slides.as_value("sim-years", text) is None
    assert slides.as_value("order", "") is None


@pytest.mark.parametrize("text", ["200", "1.5", "5..9"])
def test_a_slide_of_a_strangers_file_cannot_set_what_a_slider_cannot_hold(visit, text):
    app = visit("simulation")
    app.session_state["sim-years"] = slides.as_value("sim-years", text)
    app.run()
    assert not app.exception and app.slider(key="sim-years").value == 30
