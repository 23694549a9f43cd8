"""A switch between light and dark while a page is open: what is drawn looks as if drawn anew."""

import pytest

from tests.browser.conftest import rest

_PAINTED = """() => {
    const pieces = [...document.querySelectorAll(
        '.js-plotly-plot :is(.point, .points, .legendpoints) path,'
        + ' .pp-legend i')];
    const roots = [document, ...[...document.querySelectorAll('*')].map((each) => each.shadowRoot)];
    const graph = roots.map((root) => root?.querySelector('.graph')).find(Boolean);
    if (graph) pieces.push(...graph.querySelectorAll('.edge, .node rect, .node text'));
    return pieces.map((piece) => {
        const style = getComputedStyle(piece);
        return [style.fill, style.stroke, style.backgroundColor];
    });
}"""
"""What charts and drawings are painted with: fill, stroke and ground of each piece."""
_PIECES = ".js-plotly-plot .point path, .graph .node"


def _painted(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme == scheme",
        arg=scheme,
    )
    page.wait_for_timeout(500)  # strokes fade
    return page.evaluate(_PAINTED)


def _drawn(visit, link, scheme):
    page = visit(link, scheme=scheme)
    page.locator(_PIECES).first.wait_for()
    rest(page)
    return page


@pytest.mark.parametrize(
    "link", ["marginals?gender=female", "simulation", "days", "network", "interests?gender=female"]
)
def test_a_switch_looks_like_a_fresh_visit_and_back(visit, link):
    page = _drawn(visit, link, "light")
    light = _painted(page, "light")
    dark = _painted(page, "dark")
    assert len(light) > 10 and light != dark
    assert dark == _painted(_drawn(visit, link, "dark"), "dark")
    assert _painted(page, "light") == light


def test_what_lies_outside_the_app_switches_too(visit):
    page = visit("?people=1")
    rest(page)
    page.get_by_text("share this view").click()
    body = page.locator("[data-testid=stPopoverBody]")
    body.wait_for()
    for scheme in ("dark", "light"):
        _painted(page, scheme)
        assert body.evaluate("body => getComputedStyle(body).colorScheme") == scheme
