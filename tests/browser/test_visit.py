import pytest

from tests.browser.conftest import rest

PEOPLE = ".pp-card"
LINES = ".pp-card .pp-line"


def choose(page, label, level):
    """Pick a level in one of the sidebar's lists, as a visitor does."""
    field = page.get_by_role("combobox", name=label, exact=True)
    field.click()
    field.press_sequentially(level)
    page.get_by_role("option", name=level, exact=True).click()
    page.keyboard.press("Escape")


def cards(page):
    page.locator(PEOPLE).first.wait_for()
    rest(page)
    return page.locator(PEOPLE).all_inner_texts()


def test_a_view_is_set_shared_and_seen_again(visit):
    page = visit()
    assert len(cards(page)) == 6
    choose(page, "Marital status", "married")
    page.wait_for_url("**marital=married**")
    choose(page, "Gender", "female")
    page.wait_for_url("**gender=female**")
    page.get_by_role("heading", level=1, name="Married women").wait_for()
    shown = cards(page)
    for line in page.locator(LINES).all_inner_texts():
        assert "married" in line.split(" · ")
        assert "woman" in line.split(" · ")
    page.get_by_text("share this view").click()
    link = page.locator("[data-testid=stPopoverBody] code").inner_text()
    assert link.startswith("http")
    page.locator("[data-testid=stPopoverBody] img.pp-qr").wait_for()  # drawn once it is opened
    other = visit(link)
    assert cards(other) == shown


def test_the_facts_go_along_to_the_next_page_and_back(visit):
    page = visit("?gender=female")
    page.get_by_role("link", name="Marginals").click()
    page.get_by_role("heading", level=1, name="Real beside synthetic").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    page.wait_for_url("**gender=female**")
    page.get_by_role("link", name="Profiles").click()
    page.locator(PEOPLE).first.wait_for()
    page.wait_for_url("**gender=female**")
    lines = page.locator(LINES).all_inner_texts()
    assert all({"woman", "girl"} & set(line.split(" · ")) for line in lines)


def test_hurrying_through_the_pages_loses_no_fact(visit):
    page = visit("?population=French+hobbies%2C+2003&people=4&seed=77")
    for name in ("Correlations", "Interests", "Marginals"):  # none is waited for
        page.get_by_role("link", name=name).click()
    page.get_by_role("heading", level=1, name="Real beside synthetic").wait_for()
    rest(page)
    page.get_by_role("link", name="Profiles").click()
    page.wait_for_function("() => document.querySelectorAll('.pp-card').length === 4")
    for parameter in ("population=French", "people=4", "seed=77"):
        page.wait_for_url(f"**{parameter}**")


def test_back_brings_the_facts_that_were_there(visit):
    page = visit("marginals?gender=female&marital=married")
    page.locator(".js-plotly-plot").first.wait_for()
    rest(page)
    page.get_by_role("link", name="Profiles").click()
    cards(page)
    page.get_by_role("button", name="Forget all facts").click()
    page.get_by_role("heading", level=1, name="Everybody").wait_for()
    rest(page)
    page.go_back()
    page.wait_for_url("**gender=female**")
    page.wait_for_url("**marital=married**")  # one action is one step back


def test_the_whole_record_opens_by_keyboard_and_closes_again(visit):
    page = visit("?people=1")
    cards(page)
    page.locator(".st-key-menu-0 button:visible").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Whole record").press("Enter")
    page.locator(".pp-record dt").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".pp-record").wait_for(state="detached")


def test_impossible_facts_are_told_and_let_go(visit):
    page = visit("?top1=Pets&top2=Pets")
    page.locator(".pp-problem").wait_for()
    assert page.locator(".pp-problem").inner_text().endswith(".")
    assert not page.locator("[data-testid=stException]").count()
    page.locator("[class*=st-key-drop-] button").first.click()
    page.locator(PEOPLE).first.wait_for()


@pytest.mark.parametrize("link", ["?gender=female", "marginals?gender=female"])
def test_nothing_sticks_out_on_a_phone(visit, link):
    page = visit(link, width=390, height=844)
    page.locator(".pp-card, .pp-column").first.wait_for()
    measure = (
        "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map(part => part.scrollWidth - part.clientWidth)"
    )
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        # The sidebar slides away while the first cards are drawn already.
        for _ in range(50):
            widths = page.evaluate(measure)
            brightness = page.evaluate(
                "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"
                ".slice(4, -1).split(',').slice(0, 3).reduce((sum, part) => sum + Number(part), 0)"
            )
            fits = brightness > 700 if scheme == "light" else brightness < 120
            if widths == [0, 0] and fits:
                break
            page.wait_for_timeout(200)
        assert widths == [0, 0]
        assert fits, (scheme, brightness)
