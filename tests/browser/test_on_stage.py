"""Two groups, words, the tour, the survey, the offline talk, the crowd, F5 in the Studio."""

import re

from synth.populations import load
from synth.talk import Slide, Talk
from synth.talk.fill import fill
from synth.talk.page import to_html
from tests.browser.conftest import rest


def heading(page):
    return page.get_by_role("heading", level=1)


def test_two_groups_stand_side_by_side_and_are_swapped(visit):
    page = visit("?gender=female&compare=true&b.gender=male&people=2")
    rest(page)
    for letter, word in (("a", "woman"), ("b", "man")):
        lines = page.locator(f".st-key-{letter}-cards .pp-line").all_inner_texts()
        assert len(lines) == 2
        assert all(
            {word, {"woman": "girl", "man": "boy"}[word]} & set(x.split(" · ")) for x in lines
        )
    page.locator(".st-key-groups-swap button").click()
    page.wait_for_url("**b.gender=female**")
    heading(page).filter(has_text=re.compile("^(Men|Males?).* beside ", re.I)).wait_for()
    page.locator(".st-key-groups-stop button").click()
    page.wait_for_function("() => !location.search.includes('compare')")


def test_words_become_facts_once_they_are_used(visit):
    page = visit()
    rest(page)
    field = page.get_by_role("textbox", name="Ask in words")
    field.fill("married women who garden")
    field.press("Enter")
    page.locator("[class*=use-words] button").click()
    page.wait_for_url("**marital=married**")
    assert "gender=female" in page.url


def test_the_tour_is_shown_to_a_newcomer_once(visit):
    page = visit()
    page.locator(".st-key-tour").wait_for()
    page.locator(".st-key-tour-skip button").click()
    page.locator(".st-key-tour").wait_for(state="detached")
    page.wait_for_function("() => document.cookie.length > 0")
    again = visit()
    rest(again)
    assert not again.locator(".st-key-tour").count()


def test_a_survey_is_made_joined_and_counted(visit):
    stage = visit("survey?seed=5")
    rest(stage)
    stage.get_by_role("button", name="Make the survey").click()
    code = stage.locator(".pp-join b").inner_text()
    person = visit(f"?join={code}", width=390)
    person.get_by_role("button", name="I agree, begin").click()
    person.get_by_role("progressbar").wait_for()
    person.locator("[class*=survey-yes] button").click()
    person.get_by_text("2 of 10").wait_for()
    person.reload()
    person.get_by_text("2 of 10").wait_for()
    stage.get_by_text("1 person has given 1 answers").wait_for()


def test_the_offline_talk_plays_without_a_network(chromium, tmp_path):
    slides = ("network", "report", "lives", "survey")
    talk = Talk(tuple(Slide(name.title(), name) for name in slides), "A talk")
    path = tmp_path / "talk.html"
    path.write_bytes(to_html(fill(talk, lambda title: load("us-time-use"))))
    context = chromium.new_context(offline=True, viewport={"width": 1440, "height": 900})
    page, requested, errors = context.new_page(), [], []
    page.on("request", lambda request: requested.append(request.url))
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(path.as_uri())
    for name, drawn in zip(slides, (".graph path", "table td", "polygon", ".live"), strict=True):
        page.locator("section:visible").get_by_role("heading", name=name.title()).wait_for()
        assert page.locator(f"section:visible {drawn}").first.is_visible()
        assert page.evaluate(
            "() => { const shown = [...document.querySelectorAll('section')].find(s => !s.hidden);"
            " return shown.scrollHeight <= shown.clientHeight + 1; }"
        ), f"{name} is cut"
        page.keyboard.press("PageDown")
    assert all(each.startswith(("file:", "data:")) for each in requested) and not errors
    context.close()


def test_an_embedded_page_stands_alone_and_the_crowd_is_drawn(visit):
    page = visit("crowd?embed=true")
    page.locator("canvas").first.wait_for()
    assert not page.locator("[data-testid=stSidebar]:visible").count()


def test_the_table_is_still_there_after_f5(visit):
    page = visit("studio")
    page.locator(".st-key-studio-example button").click()
    page.locator(".pp-studio-file").wait_for()
    rest(page)
    shown = page.locator(".pp-studio-file").inner_text()
    page.reload()
    page.locator(".pp-studio-file").wait_for()
    assert page.locator(".pp-studio-file").inner_text() == shown
