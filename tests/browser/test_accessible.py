"""Every page in both themes before axe-core: nothing serious, and no level of headings left out.

The same visit reads the sentence that each analysis page opens with.
"""

from importlib.resources import files

import pytest

from pages import PAGES
from tests.browser.conftest import rest

# Plotly's pictures have their words beside them (`alt`); their thousands of shapes take minutes.
_WHERE = "{include: document, exclude: ['.js-plotly-plot']}"
_SERIOUS = ("serious", "critical")
_SENTENCES = {
    "marginals": "fresh real people",
    "correlations": "hangs together otherwise",
    "interests": "the commonest first interests",
    "network": "What is known moves",
    "days": "Most of their day",
    "families": "would need another answer",
    "lives": "commonest state",
    "simulation": "are born",
    "report": "of 100",
    "compare": "AUC",
}
"""Words of each analysis page's finding."""
_ALSO = ("heading-order",)  # moderate for axe; screen readers' users find their way by headings


@pytest.fixture(scope="module")
def axe():
    """The script, as its package ships it."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed.")
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def findings(page, options):
    """What axe-core finds: rule, element and why, of what is serious or wanted all the same."""
    results = page.evaluate(f"axe.run({_WHERE}, {options})")
    return [
        (rule["id"], node["html"][:200], node["failureSummary"])
        for rule in results["violations"]
        if rule["impact"] in _SERIOUS or rule["id"] in _ALSO
        for node in rule["nodes"]
    ]


def in_scheme(page, scheme):
    """The page in a theme, drawn to the end."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "scheme => getComputedStyle(document.querySelector('.stApp')).colorScheme == scheme",
        arg=scheme,
    )
    rest(page)


def test_no_page_has_a_serious_finding_and_each_opens_with_its_own(visit, axe):
    page = visit("?gender=female&people=2")
    page.evaluate(axe)
    result, first, sentences = {}, {}, {}
    for row in PAGES:
        if row is not PAGES[0]:
            page.get_by_role("link", name=row.title, exact=True).click()
            page.wait_for_url(f"**/{row.name}**")
            page.locator(".pp-title").first.wait_for()
        in_scheme(page, "light")
        first[row.name] = page.evaluate("() => document.querySelector('h1, h2, h3').tagName")
        sentences[row.name] = " ".join(page.locator(".pp-say").all_inner_texts())
        result[row.name, "light"] = findings(page, "{resultTypes: ['violations']}")
        in_scheme(page, "dark")
        result[row.name, "dark"] = findings(page, "{runOnly: ['color-contrast']}")
    assert {place: what for place, what in result.items() if what} == {}
    assert set(first.values()) == {"H1"}
    lacking = [name for name, words in _SENTENCES.items() if words not in sentences[name]]
    assert {name: sentences[name] for name in lacking} == {}
