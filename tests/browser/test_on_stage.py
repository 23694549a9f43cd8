"""The first view, two groups, words, the tour, the talk, its windows, the survey, the crowd, F5."""

import re
import time
import urllib.request

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
    rest(page)
    page.get_by_role("link", name="Marginals", exact=True).click()
    page.locator(".pp-column").first.wait_for()  # the other pages show both, and lead back too
    assert [b.inner_text() for b in page.locator(".pp-groups b").all()] == ["A", "B"]
    assert len(page.locator(".pp-finding").first.inner_text()) > 40
    rest(page)
    page.locator(".st-key-groups-swap button").click()
    page.wait_for_url("**b.gender=male**")
    rest(page)
    page.locator(".st-key-groups-stop button").click()
    page.wait_for_function("() => !location.search.includes('compare')")
    page.locator(".pp-groups").wait_for(state="detached")
    assert "gender=female" in page.url


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


FIRST, SECOND = "Six Americans, none of whom exists", "Married women aged 25–45"
LAST = "Would you have believed them?"
LINES = ".st-key-cards .pp-line"


def test_a_talk_is_given_with_a_clicker(visit, server):
    page = visit("?gender=female")
    rest(page)
    page.locator(".st-key-present button:visible").first.click()
    page.get_by_text("Put this view into another page").click()
    code = page.get_by_role("dialog").locator("code", has_text="<iframe").inner_text()
    assert f'src="{server}/?gender=female&amp;embed=true"' in code and 'title="Women"' in code
    page.get_by_role("button", name="Start with the first").click()
    heading(page).filter(has_text=FIRST).wait_for()
    bar, sidebar = page.locator(".pp-at"), page.locator("[data-testid=stSidebar]")
    assert bar.inner_text().startswith("1 of ")
    sidebar.wait_for(state="hidden")
    rest(page)
    assert not page.locator(".st-key-menu-0 button:visible").count(), "controls leave the stage"

    def press(key, title):
        rest(page)
        page.keyboard.press(key)
        heading(page).filter(has_text=title).wait_for()

    press("ArrowRight", SECOND)
    rest(page)
    assert all("married" in line for line in page.locator(LINES).all_inner_texts())
    assert "marital=married" in page.url
    press("PageUp", FIRST)
    press("End", LAST)
    # The second window follows the stage, and shows nothing else.
    notes = visit(page.get_by_role("link", name="notes").get_attribute("href"))
    notes.locator(".pp-title", has_text=LAST).wait_for()
    assert not notes.locator("[data-testid=stSidebarNavLink]").count()
    press("Home", FIRST)
    notes.locator(".pp-title", has_text=FIRST).wait_for()
    notes.locator(".pp-say", has_text=SECOND).wait_for()  # what comes next
    seconds = "Number(document.querySelector('.pp-clock').innerText.split(':')[1])"
    notes.wait_for_function(f"() => {seconds} > 1")
    rest(notes)
    notes.get_by_role("button", name="Clock to zero").click()
    notes.wait_for_function(f"() => {seconds} < 2")
    # B is black, F fills the screen.
    page.bring_to_front()
    rest(page)
    for count in (1, 0):
        page.keyboard.press("b")
        assert page.locator("#pp-black").count() == count
    for is_full in ("true", "false"):
        page.keyboard.press("f")
        page.wait_for_function(f"() => (document.fullscreenElement !== null) === {is_full}")
    press("PageDown", SECOND)
    rest(page)
    page.keyboard.press("Escape")
    bar.wait_for(state="detached")
    sidebar.wait_for(state="visible")


def test_a_kiosk_turns_by_itself_and_begins_again_after_the_last_slide(visit):
    page = visit("?kiosk=3")
    heading(page).filter(has_text=FIRST).wait_for()
    rest(page)
    page.keyboard.press("End")
    heading(page).filter(has_text=LAST).wait_for()
    heading(page).filter(has_text=FIRST).wait_for()


def test_the_first_view_is_there_before_the_app_and_leaves_for_it(visit, server, context):
    for _ in range(120):  # the server writes it down once it has nothing better to do
        with urllib.request.urlopen(f"{server}/") as answer:
            if b'id="populace-first"' in answer.read():
                break
        time.sleep(0.5)
    page = context.new_page()
    page.goto(f"{server}/", wait_until="commit")
    page.wait_for_function(
        "() => document.getElementById('populace-first')?.getBoundingClientRect().height > 100"
        " && !document.querySelector('.stApp .pp-card')"
    )
    page.locator(".stApp .pp-card").first.wait_for()
    page.locator("#populace-first").wait_for(state="detached")
    page.close()
    page = visit("marginals")
    assert not page.locator("#populace-first").count()


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
