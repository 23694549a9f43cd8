"""Two groups side by side: in the link, on every page, swapped and let go of."""

import re

import pytest

from pages.shared import comparison, facts, sidebar
from synth.data.evidence import OneOf

_HER, _HIM = {"woman", "girl"}, {"man", "boy"}
WOMEN_AND_MEN = {"gender": "female", "compare": "true", "b.gender": "male"}


def bodies(app):
    return [part.proto.body for part in app.get("html")]


def finding(app):
    return [
        re.sub("<.*?>", "", body) for body in bodies(app) if 'class="pp-say pp-finding"' in body
    ]


def choice(app):
    return app.session_state["the choice"]


def charts(app):
    return len(app.get("plotly_chart"))


@pytest.fixture(scope="module")
def compared():
    """What differs most between women and men, as the library says."""
    from synth import load
    from synth.evaluate.groups import compare_groups
    from synth.populations.as_written import canonical

    people = load("us-time-use")
    groups = [canonical(people.given(people.evidence(f"gender={g}"))) for g in ("female", "male")]
    return compare_groups(people, *groups)


def test_a_link_says_both_groups(visit, compared):
    app = visit("marginals", **WOMEN_AND_MEN)
    a = choice(app)
    assert dict(a.evidence) == {"gender": OneOf(("female",))}
    assert dict(a.against.evidence) == {"gender": OneOf(("male",))}
    assert a.against.other is None
    assert a.link == (("gender", "female"), ("compare", "true"), ("b.gender", "male"))
    assert compared.sentence() in finding(app)[0].replace("&amp;", "&")
    assert finding(app)[0].endswith("Exact.")
    assert charts(app) == len(a.population.modelled.columns)
    heads = [body for body in bodies(app) if body.startswith('<div class="pp-column">')]
    assert compared.open[0].column.title in heads[0]  # farthest first
    assert "real people" in heads[0]


def test_swap_stop_and_take_home(visit, compared):
    app = visit("network", **WOMEN_AND_MEN)
    assert {button.key for button in app.get("download_button")} >= {"groups-csv", "groups-html"}
    app.button(key="groups-swap").click().run()
    assert not app.exception
    assert str(choice(app).evidence) == "gender=male"
    assert str(choice(app).against.evidence) == "gender=female"
    app.button(key="groups-stop").click().run()
    assert choice(app).other is None
    assert not any(key.startswith("b.") for key, _ in choice(app).link)


def test_group_b_may_be_everyone_and_is_asked_in_its_own_widgets(visit):
    app = visit("interests", gender="female")
    assert choice(app).other is None and charts(app) == 1
    app.toggle(key=facts.COMPARE).set_value(True).run()
    assert not choice(app).against.evidence
    app.multiselect(key="b.marital").set_value(["married"]).run()
    assert str(choice(app).against.evidence) == "marital=married"
    assert str(choice(app).evidence) == "gender=female"
    assert charts(app) == 1
    assert "in A" in finding(app)[-1] and "in B" in finding(app)[-1]


def test_nobody_in_group_b_is_said(visit):
    app = visit("interests", compare="true", **{"b.top1": "Pets", "b.top2": "Pets"})
    assert app.warning[0].value.startswith("Group B:")
    assert choice(app).against is None and choice(app).other is not None


@pytest.mark.parametrize("page", ["correlations", "profiles"])
def test_the_other_pages_show_both(visit, page):
    app = visit(page, people="2", **WOMEN_AND_MEN)
    words = finding(app)
    if page == "correlations":
        assert charts(app) == 3
        assert re.search(r"95% [+-]0\.\d\d to [+-]0\.\d\d", words[-1])
        return
    heads = re.findall(r'<h2 class="pp-group">.*?</b> (.*?)</h2>', " ".join(bodies(app)))
    assert heads == ["Women", "Men"]
    lines = re.findall('class="pp-line">(.*?)</p>', " ".join(bodies(app)))
    assert len(lines) == 4
    for line, (wanted, other) in zip(lines, [(_HER, _HIM)] * 2 + [(_HIM, _HER)] * 2, strict=True):
        assert set(line.split(" · ")) & wanted and not set(line.split(" · ")) & other


def test_facts_are_kept_and_not_offered_where_they_do_nothing(visit):
    app = visit("report", gender="female")
    assert any(
        "do not count here. They are kept: Women" in c.value.replace("\\", "")
        for c in app.sidebar.caption
    )
    app.switch_page("pages/interests/page.py").run()
    assert str(choice(app).evidence) == "gender=female"


def test_keys_of_both_groups_never_meet(monkeypatch):
    names = ["gender", "b.gender", "gender.", "b.gender:", "compare", "_missing", "b.", "seed"]
    for own in (False, True):
        monkeypatch.setattr(facts.loaders, "is_own", lambda _, own=own: own)
        shown = names if own else ["gender", "compare", "seed", "age"]
        keys = [
            key + end
            for group in (facts.A, facts.B)
            for key in (facts.key_of(name, group) for name in shown)
            for end in ("", "_missing")
        ]
        assert len(set(keys)) == len(keys)


def test_the_page_is_named_as_in_the_navigation(visit):
    app = visit("correlations", gender="female")
    assert "<em>Correlations</em>" in " ".join(bodies(app))


def test_comparisons_are_worked_out_once(visit, monkeypatch):
    app = visit("network", **WOMEN_AND_MEN)

    def never(*arguments, **named):
        raise AssertionError("worked out again")

    monkeypatch.setattr(comparison, "compare_groups", never)
    app.run()
    assert not app.exception
    assert choice(app).people == sidebar.PEOPLE


@pytest.mark.parametrize("name", ["report", "lives", "simulation"])
def test_the_head_says_that_facts_are_left_aside_where_there_are_any(visit, name):
    words = "the sidebar’s facts are left aside"
    for known in ({}, {"gender": "female"}):
        heads = " ".join(part.proto.body for part in visit(name, **known).get("html"))
        assert (words in heads) == bool(known)
