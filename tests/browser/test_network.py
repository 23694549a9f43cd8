"""The network page in Chromium: boxes are clicked, by mouse and by keyboard; nothing sticks out."""

import pytest

from synth import load
from tests.browser.conftest import rest


def box(page, name, kind="wide"):
    return page.locator(f"svg.{kind} .node[data-name={name}]")


def test_a_column_opens_by_click_keyboard_and_link_and_an_arrow_tells_its_strength(visit):
    page = visit("network")
    box(page, "marital").click()
    page.get_by_role("heading", name="Marital status", exact=True).wait_for()
    page.wait_for_url("**network-node=Marital**")
    assert box(page, "marital").get_attribute("aria-pressed") == "true"
    parents = load("us-time-use").network.parents["marital"]
    assert page.locator("svg.wide .edge.into").count() == len(parents)
    rest(page)
    box(page, "marital").click()
    page.get_by_role("heading", name="Marital status", exact=True).wait_for(state="detached")
    # An arrow tells its strength; the picture is drawn anew once the column is closed.
    rest(page)
    hit = page.locator("svg.wide .hit").first
    hit.dispatch_event("pointermove", {"clientX": 700, "clientY": 500})
    tip = page.locator(".tip", has_text="→")
    tip.wait_for()
    assert "bits" in tip.inner_text()
    # By keyboard, and by the link that it leaves.
    rest(page)
    box(page, "age").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Age", exact=True).wait_for()
    page.wait_for_url("**network-node=Age**")
    other = visit(page.url)
    other.get_by_role("heading", name="Age", exact=True).wait_for()


def test_columns_of_which_something_is_known_carry_a_mark(visit):
    page = visit("network?gender=female&age=25..45")
    nodes = page.locator("svg.wide .node.observed")
    nodes.first.wait_for()
    names = nodes.evaluate_all("nodes => nodes.map((node) => node.dataset.name)")
    assert sorted(names) == ["age", "gender"]
    assert page.locator("svg.wide .node .flag").count() == 2


def test_arrows_are_required_and_the_network_relearned_used_and_left(visit):
    page = visit("network?population=French+hobbies%2C+2003&network-view=edit")
    page.get_by_role("button", name="Require").click()
    page.get_by_role("button", name="Relearn").click()
    page.locator(".pp-scores").wait_for()
    assert "bits a person" in page.locator(".pp-scores").inner_text()
    page.get_by_role("button", name="Use it in this session").click()
    page.get_by_role("button", name="Back to the original").click()
    page.get_by_role("button", name="Back to the original").wait_for(state="detached")


@pytest.mark.parametrize("view", ["structure", "what+moves", "see+and+do", "edit"])
def test_nothing_sticks_out_on_a_phone(visit, view):
    link = f"network?gender=female&network-view={view}&network-node=Age"
    page = visit(link, width=390, height=844)
    page.locator(".graph svg.narrow, .pp-shift").first.wait_for()
    rest(page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        widths = page.evaluate(
            "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map(part => part.scrollWidth - part.clientWidth)"
        )
        assert widths == [0, 0], scheme
    assert not page.locator("[data-testid=stException]").count()
