"""The report in a real browser: made while one looks elsewhere, taken home, opened offline."""

import json

from tests.browser.conftest import rest

QUESTIONS = ("Fidelity", "Diversity", "Utility", "Privacy", "Fairness")
FRENCH = "?population=French+hobbies%2C+2003"


def head(page, words):
    return page.get_by_role("heading", name=f"{words}:")


def pick(page, label, level):
    field = page.get_by_role("combobox", name=label)
    field.click()
    page.get_by_role("option", name=level, exact=True).click()


def test_a_report_is_made_taken_home_and_opened_offline(visit, chromium, tmp_path):
    page = visit(f"report{FRENCH}")
    pick(page, "Synthetic people", "500")
    page.get_by_role("button", name="Make the report").click()
    page.get_by_role("button", name="Stop").or_(head(page, "Fidelity")).first.wait_for()
    page.get_by_role("link", name="Marginals").click()
    page.get_by_role("heading", level=1, name="Real beside synthetic").wait_for()
    page.get_by_role("link", name="Report", exact=True).click()
    for words in QUESTIONS:
        head(page, words).wait_for()
    assert page.locator(".rp .fact").first.inner_text().startswith("Quality")
    assert page.locator(".rp .track .bar").count() > 20
    page.get_by_text("How columns hang together").click()
    assert page.locator(".rp .heat i").first.is_visible()

    rest(page)  # a file is made on the click, by the run that drew its button
    with page.expect_download() as download:
        page.get_by_role("button", name="The report, HTML").click()
    path = tmp_path / "report.html"
    download.value.save_as(path)
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    document = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert document["fidelity"]["rows_synthetic"] == 500
    assert f"{document['quality']:.0f}" in page.locator(".rp .fact b").first.inner_text()

    context = chromium.new_context(offline=True, viewport={"width": 390, "height": 844})
    try:
        home, requested, problems = context.new_page(), [], []
        home.on("request", lambda request: requested.append(request.url))
        home.on("console", lambda message: problems.append(message.text))
        home.goto(path.as_uri())
        for words in QUESTIONS:
            assert home.get_by_role("heading", name=f"{words}:").is_visible()
        assert requested == [path.as_uri()] and problems == []
        assert home.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        context.close()


def test_counts_alone_fit_a_narrow_screen(visit):
    page = visit("report", width=390, height=844)
    head(page, "Fairness").wait_for()
    page.get_by_role("heading", name="What counts cannot tell").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    beyond = page.evaluate(
        "() => [...document.querySelectorAll('.rp *')].filter(part => !part.closest('.scroll')"
        " && part.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert beyond == 0
