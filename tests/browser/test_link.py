"""Links that people write by hand: read as on the command line, kept in the address, or said."""

import pytest

from tests.browser.conftest import rest
from tests.browser.test_visit import cards, choose


def heading(page, name):
    page.get_by_role("heading", level=1, name=name, exact=True).wait_for()


def test_a_range_and_levels_in_other_letters_stay_through_a_reload(visit):
    page = visit("?age=25..45&top1=pets|games&Gender=FEMALE&people=2")
    page.wait_for_url("**age=25&age=45**")
    name = "Women aged 25–45 whose first interest is Games or Pets"
    heading(page, name)
    shown = cards(page)
    assert len(shown) == 2
    for parameter in ("top1=Games&top1=Pets", "gender=female", "people=2"):
        assert parameter in page.url
    assert "FEMALE" not in page.url and not page.locator(".stMain [data-testid=stAlert]").count()
    page.reload()
    heading(page, name)
    assert cards(page) == shown


def test_back_leads_past_the_link_as_it_was_written(visit):
    page = visit("?people=1")
    cards(page)
    page.goto(page.url.replace("?people=1", "?people=1&age=25..45"))
    page.wait_for_url("**age=25&age=45**")
    cards(page)
    choose(page, "Marital status", "married")
    page.wait_for_url("**marital=married**")
    cards(page)
    for _ in range(2):  # the fact that was chosen, and the entry of the link, where there is one
        page.go_back()
        page.wait_for_function("() => !location.search.includes('marital')")
        rest(page)
        assert "25..45" not in page.url
    for _ in range(3):
        if "age" in page.url:
            page.go_back()
            page.wait_for_timeout(500)
    assert "age" not in page.url


@pytest.mark.parametrize("width", [1280, 390])
def test_what_cannot_be_read_is_said_until_another_view_is_asked_for(visit, width):
    page = visit("?top1=petz&age=45&age=25&people=2", width=width)
    note = page.locator(".stMain [data-testid=stAlert]")
    note.wait_for()
    assert "top1=petz" in note.inner_text() and "did you mean pets?" in note.inner_text()
    assert "write 25..45" in note.inner_text()
    assert cards(page) and "petz" not in page.url and "age" not in page.url
    if width > 640:
        choose(page, "Marital status", "married")
        page.wait_for_url("**marital=married**")
        note.wait_for(state="detached")


@pytest.mark.parametrize(
    ("link", "written"),
    [
        ("portraits?portrait-gender=Male&people=2", "portrait-gender=male"),
        ("families?family-size=3..5", "family-size=3&family-size=5"),
    ],
)
def test_pages_without_facts_share_what_they_show(visit, link, written):
    page = visit(link)
    page.wait_for_url(f"**{written}**")
    rest(page)
    shown = page.locator(".st-key-faces, .pp-household").all_inner_texts()
    page.get_by_text("share this view").click()
    shared = page.locator("[data-testid=stPopoverBody] code").inner_text()
    assert written in shared
    page.locator("[data-testid=stPopoverBody] img.pp-qr").wait_for()
    other = visit(shared)
    rest(other)
    assert shown and other.locator(".st-key-faces, .pp-household").all_inner_texts() == shown
