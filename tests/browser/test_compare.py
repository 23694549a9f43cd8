"""Generators compared in a real browser: from an upload to the comparison, which is taken home."""

import json

from tests.browser.conftest import choose_file, rest
from tests.browser.test_studio import LEARNING, small


def test_from_an_upload_to_the_comparison(visit, tmp_path):
    page = visit("studio")
    choose_file(page, small(tmp_path))
    page.locator(".pp-studio-file").first.wait_for(timeout=LEARNING)
    rest(page)
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("heading", level=1, name="Which generator is best here?").wait_for()
    rest(page)
    # The quick ones alone: the last ones are taken off the list.
    field = page.get_by_role("combobox", name="Generators")
    for _ in range(3):
        field.press("Backspace")
        rest(page)
    page.get_by_role("button", name="Compare", exact=True).click()
    table = page.locator("#compare-table table").first
    table.wait_for(timeout=LEARNING)
    rest(page)
    for title in ("Bayesian network", "Gaussian copula", "Fresh real people"):
        assert table.get_by_text(title).count(), title
    assert " wins" in page.locator(".pp-finding").first.inner_text()
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, scheme
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON", exact=False).first.click()
    path = tmp_path / "comparison.json"
    download.value.save_as(path)
    written = json.loads(path.read_text())
    assert [entry["name"] for entry in written["entries"]] == ["bayes-network", "copula"]
    assert written["learned"] == written["judged"] == 150
