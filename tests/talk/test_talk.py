"""Talks: files from strangers, and what is taken along."""

import builtins
import io
import json
import re
import zipfile

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.populations import load
from synth.survey import Results, Share
from synth.talk import Places, Slide, Talk, from_json, slide, to_json
from synth.talk.deck import Areas, Bars, Deck, Figures, Graph, Intervals, Live, Matrix, Sheet
from synth.talk.fill import fill
from synth.talk.page import to_html
from synth.talk.talk import EARLIER, FORMAT, MOST

PLACES = Places(("profiles", "marginals", "interests"), ("group", "rank"))
TALK = Talk(
    (
        Slide("Everybody"),
        Slide(
            "Women", "interests", (("gender", "female"), ("gender", "male")), (("group", "age"),)
        ),
        Slide("Said", notes="First this,\nthen that."),
    ),
    "An evening",
)


def file(**changes):
    whole = {"format": FORMAT, "title": "", "slides": [{"title": "a", "link": "/"}], **changes}
    return json.dumps(whole).encode()


def test_a_talk_is_written_and_read_again():
    assert from_json(to_json(TALK), PLACES) == TALK


def test_a_list_of_an_earlier_version_is_read():
    old = {
        "format": EARLIER,
        "questions": [{"title": "a", "link": "/?age=1", "view": {"rank": "x"}}],
    }
    (only,) = from_json(json.dumps(old).encode(), PLACES).slides
    assert only == Slide("a", "profiles", (("age", "1"),), (("rank", "x"),))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b"[]",
        b" " * 300_000,
        file(format="populace-talk/9"),
        file(title=3),
        file(more=1),
        file(slides=[]),
        file(slides={"a": 1}),
        file(slides=[3]),
        file(slides=[{"title": "a", "link": "/"}] * (MOST + 1)),
        file(slides=[{"title": 3, "link": "/"}]),
        file(slides=[{"title": "a"}]),
        file(slides=[{"title": "a", "link": "/", "script": "x"}]),
        file(slides=[{"title": "a", "link": "/", "view": []}]),
        file(slides=[{"title": "a", "link": "/", "view": {"rank": 1}}]),
        file(slides=[{"title": "a", "link": "/", "notes": 1}]),
        file(slides=[{"title": "a", "link": "/", "notes": "x" * 4000}]),
    ],
)
def test_files_that_are_no_talk_are_refused_in_a_sentence(data):
    with pytest.raises(PopulaceError) as error:
        from_json(data, PLACES)
    assert str(error.value).endswith(".") and len(str(error.value)) < 200


@pytest.mark.parametrize(
    ("title", "link"),
    [
        ("", "/"),
        ("x" * 200, "/"),
        ("evil", "https://example.org/"),
        ("evil", "//example.org/marginals"),
        ("evil", "javascript:alert(1)"),
        ("evil", "/etc/passwd"),
        ("evil", "/?" + "&".join(f"a{n}=1" for n in range(100))),
        ("evil", "/?a=" + "x" * 500),
        ("evil", "/?kept=" + "x" * 700),
        ("evil", "/\x00"),
    ],
)
def test_hostile_slides_are_refused(title, link):
    with pytest.raises(PopulaceError):
        slide(title, link, PLACES)


def test_what_a_file_cannot_set_is_left_out():
    entry = {
        "title": "a\u202eb\n  c",
        "link": "/interests?x=1",
        "view": {"group": "g", "seed": "1"},
    }
    (only,) = from_json(file(slides=[entry]), PLACES).slides
    assert only == Slide("ab c", "interests", (("x", "1"),), (("group", "g"),))


def test_slides_are_moved_edited_and_deleted():
    first, second, third = TALK.slides
    assert TALK.moved(0, 1).slides == (second, first, third)
    assert TALK.moved(2, 1) == TALK == TALK.moved(0, -1)
    assert TALK.without(1).slides == (first, third)
    assert TALK.with_slide(3, first).slides == (*TALK.slides, first)
    assert second.edited(" W ", "n").title == "W"
    with pytest.raises(PopulaceError, match="1 to 120"):
        second.edited(" ", "")


@pytest.fixture(scope="module")
def deck():
    talk = Talk(
        (
            Slide("Two", "profiles", (("people", "2"), ("gender", "female"), ("seed", "4"))),
            Slide("Interests by gender", "interests", (), (("group", "gender"),)),
            Slide("<script>alert(1)</script>", "simulation", notes="<b>Say</b> so."),
            Slide("Nobody", "profiles", (("age", "15"), ("age", "15"), ("marital", "widowed"))),
        ),
        "A & B",
    )
    return fill(talk, lambda title: load("us-time-use"))


def test_slides_are_worked_out_as_their_pages_would(deck):
    two, interests, live, _ = deck.sheets
    assert [each.facts.gender for each in two.blocks[0].profiles] == ["female"] * 2
    assert "exact" in two.line and "female" not in two.line.split(":")[1]
    (bars,) = interests.blocks
    assert [name for name, _ in bars.series] == ["female", "male"]
    population = load("us-time-use")
    women = population.given(population.evidence("gender=female")).marginal("top1")
    assert sum(bars.series[0][1]) < 1.0001
    assert max(bars.series[0][1]) == pytest.approx(float(women.probabilities.max()))
    assert isinstance(live.blocks[0], Live) and live.notes == "<b>Say</b> so."


def test_the_page_needs_no_network_and_escapes_what_it_is_given(deck):
    page = to_html(deck).decode()
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    assert "&lt;b&gt;Say&lt;/b&gt;" in page and "A &amp; B" in page
    addresses = re.findall(r"""(?:src|href)=["']?([^"'> ]{1,40})""", page)
    assert addresses and all(each.startswith("data:image/") for each in addresses)
    assert "url(" not in page and "@import" not in page and "fetch(" not in page
    assert page.count('<section class="sheet') == 4
    assert "none of them" in page or "does not exist" in page


def test_a_matrix_draws_every_pair_once():
    values = np.array([[1.0, 0.25], [0.5, 1.0]])
    sheet = Sheet("t", "", (Matrix("m", ("a", "b"), values),))
    page = to_html(Deck("d", (sheet,))).decode()
    assert "a and b: 0.25" in page and "b and a: 0.50" in page and "a and a" not in page


def test_powerpoint_has_cards_charts_and_notes(deck):
    pptx = pytest.importorskip("pptx")
    from synth.talk.pptx import to_pptx

    pages = pptx.Presentation(io.BytesIO(to_pptx(deck))).slides
    assert [page.shapes.title.text_frame.text for page in pages] == [s.title for s in deck.sheets]
    assert sum(shape.shape_type == 13 for shape in pages[0].shapes) == 2  # pictures
    (chart,) = [shape.chart for shape in pages[1].shapes if shape.has_chart]
    assert tuple(chart.plots[0].categories) == deck.sheets[1].blocks[0].labels
    assert chart.series[1].values == pytest.approx(deck.sheets[1].blocks[0].series[1][1])
    assert pages[2].notes_slide.notes_text_frame.text == "<b>Say</b> so."


def test_without_python_pptx_it_says_what_to_install(monkeypatch, deck):
    from synth.talk import pptx as ours

    real = builtins.__import__

    def without(name, *arguments, **named):
        if name.startswith("pptx"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PopulaceError, match="pip install"):
        ours.to_pptx(deck)


def test_bars_of_one_series_and_a_unit_in_powerpoint():
    pytest.importorskip("pptx")
    from synth.talk.pptx import to_pptx

    bars = Bars("t", ("a", "b"), (("bits", (0.5, 0.25)),), unit="bits")
    data = to_pptx(Deck("d", (Sheet("t", "", (bars,)),)))
    assert zipfile.ZipFile(io.BytesIO(data)).testzip() is None
    assert "0.50 bits" in to_html(Deck("d", (Sheet("t", "", (bars,)),))).decode()


def sheet(page, survey=None, **facts):
    talk = Talk((Slide("t", page, tuple((k, v) for k, v in facts.items())),), "d")
    deck = fill(talk, lambda title: load("us-time-use"), survey=survey)
    return deck.sheets[0], to_html(deck).decode()


def test_the_network_is_drawn_and_what_moves_stands_out_in_it():
    drawn, page = sheet("network", gender="female")
    graph, bars = drawn.blocks
    network = load("us-time-use").network
    assert len(graph.nodes) == len(network.schema) and len(graph.arrows) == len(network.edges)
    share = {label: share for label, _, share in graph.nodes}
    assert share["Gender"] == 1.0 and 0 < share["Weekly earnings (USD)"] < 1
    assert share["Occupation"] == pytest.approx(
        dict(zip(bars.labels, bars.series[0][1], strict=True))["Occupation"]
    )
    assert page.count('class="node"') == len(graph.nodes)
    assert page.count('class="arrow"') == len(graph.arrows)


def test_the_report_is_taken_along_with_its_verdict_and_figures():
    drawn, page = sheet("report")
    quality, figures = drawn.blocks
    assert "of 100, weakest in" in drawn.line and "Privacy cannot be told" in drawn.line
    assert min(quality.series[0][1]) > 0 and max(quality.series[0][1]) <= 100
    assert figures.columns[-1] == "fresh real people"
    assert all(0 <= float(cell) < 1 for row in figures.rows for cell in row[1:])
    assert f"<td>{figures.rows[0][1]}</td>" in page


def test_lives_are_taken_along_beside_real_ones():
    drawn, page = sheet("lives")
    synthetic, real = drawn.blocks
    assert [each[0] for each in synthetic.series] == [each[0] for each in real.series]
    for block in drawn.blocks:
        sums = np.sum([values for _, _, values in block.series], axis=0)
        assert sums == pytest.approx(np.ones(len(block.labels)))
    assert page.count("<polygon") == len(synthetic.series) + len(real.series)


def test_a_survey_is_taken_along_as_it_stands():
    nobody, page = sheet("survey")
    assert isinstance(nobody.blocks[0], Live) and "70% believed" in page
    groups = {"gender of the face": (Share("female", 7, 10), Share("male <b>", 0, 0))}
    message = Results(3, Share("everybody", 12, 20), groups, ())
    drawn, page = sheet("survey", message)
    (block,) = drawn.blocks
    assert block.mark == 0.7 and "60% of 20 answers by 3 people" in drawn.line
    assert [row[0] for row in block.rows] == ["everybody", "gender of the face", "female"]
    low, high = message.overall.interval
    assert block.rows[0] == ("everybody", 0.6, low, high) and "<b>male" not in page
    assert page.count("<circle") == 2


def test_powerpoint_draws_what_is_not_bars():
    pptx = pytest.importorskip("pptx")
    from synth.talk.pptx import to_pptx

    blocks = (
        Graph("g", (60.0, 40.0), (20.0, 10.0), (("a", (30.0, 5.0), 1.0),), ()),
        Areas("a", ("1", "2"), (("in", "#117733", (0.5, 1.0)), ("out", "#88CCEE", (0.5, 0.0)))),
        Intervals("i", (("all", 0.5, 0.4, 0.6), ("head", None, 0.0, 0.0)), 0.7, "paper"),
        Figures("f", ("", "x"), (("row", "0.1"),)),
    )
    (page,) = pptx.Presentation(io.BytesIO(to_pptx(Deck("d", (Sheet("t", "", blocks),))))).slides
    charts = [shape.chart for shape in page.shapes if shape.has_chart]
    (table,) = (shape.table for shape in page.shapes if shape.has_table)
    assert sum(shape.shape_type == 13 for shape in page.shapes) == 1, "a picture"
    areas, intervals = charts
    assert [list(each.values) for each in areas.plots[0].series] == [[0.5, 1.0], [0.5, 0.0]]
    assert list(intervals.plots[0].categories) == ["all (40% to 60%)"]
    assert [list(each.values) for each in intervals.plots[0].series] == [[0.7], [0.5]]
    assert table.cell(1, 1).text == "0.1"
