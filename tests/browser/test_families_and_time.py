"""Families, days, lives and the simulation in a real browser: each answers, and fits a phone."""

import zipfile

import pandas as pd

from tests.browser.conftest import choose_file, rest

PAGES = {
    "days": ".pp-column",
    "families": ".pp-household",
    "lives": ".js-plotly-plot",
    "simulation": ".js-plotly-plot",
}
LEARNING = 300_000


def test_each_page_is_drawn_in_both_themes_and_on_a_phone(visit):
    """One tab goes through them, as a visitor does."""
    page = visit("days?people=2")
    for name, drawn in PAGES.items():
        if name != "days":
            page.locator(f"[data-testid=stSidebarNavLink][href$='/{name}']").first.click()
            page.wait_for_url(f"**/{name}**")
        page.locator(drawn).first.wait_for()
        rest(page)
        assert not page.locator("[data-testid=stException]").count(), name
        page.set_viewport_size({"width": 390, "height": 844})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(100)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, (name, scheme)
        page.set_viewport_size({"width": 1280, "height": 900})
    year = page.locator(".slider-group text").filter(has_text="Year ").first
    before = year.text_content()
    page.locator(".updatemenu-button", has_text="Play").first.click()
    page.wait_for_function(  # the pyramid moves
        "before => ![...document.querySelectorAll('.slider-group text')]"
        ".some(text => text.textContent === before)",
        arg=before,
    )


def test_tables_that_belong_together_become_families(visit, tmp_path):
    homes = "\n".join(["id,kind", *(f"{i},{'flat' if i % 3 else 'house'}" for i in range(90))])
    rows = [f"{i},{20 + (7 * i + 13 * k) % 60}" for i in range(90) for k in range(1 + i % 3)]
    (tmp_path / "homes.csv").write_text(homes)
    (tmp_path / "members.csv").write_text("\n".join(["home_id,age", *rows]))
    page = visit("studio")
    page.get_by_text("Several tables that belong together").click()
    choose_file(page, [tmp_path / "members.csv", tmp_path / "homes.csv"], "several")
    page.locator(".pp-links").wait_for(timeout=LEARNING)
    assert page.locator(".pp-links-key").inner_text().split("\n")[-2:] == [
        "id = home_id",
        "1–3 each",
    ]
    boxes = [box.bounding_box() for box in page.locator(".pp-links-box").all()]
    assert boxes[0]["y"] + boxes[0]["height"] < boxes[1]["y"]  # the parent stands above
    rest(page)
    page.get_by_role("button", name="Learn", exact=True).click()
    page.get_by_text("They are on the Families page now").wait_for(timeout=LEARNING)
    rest(page)
    page.reload()  # a new session, which finds the tables, their key and the families again
    page.get_by_text("They are on the Families page now").wait_for()
    assert page.locator(".pp-studio-file").first.inner_text() == "members.csv, homes.csv"
    assert page.locator(".pp-links-key").inner_text().split("\n")[-2:] == [
        "id = home_id",
        "1–3 each",
    ]
    page.get_by_role("link", name="Meet them").click()
    page.get_by_text("real families").first.wait_for()
    rest(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Take the tables home").click()
    path = tmp_path / "out.zip"
    download.value.save_as(path)
    with zipfile.ZipFile(path) as archive:
        tables = {name: pd.read_csv(archive.open(name)) for name in archive.namelist()}
    assert len(tables["homes.csv"]) == 1_000
    assert tables["members.csv"]["home_id"].isin(tables["homes.csv"]["id"]).all()
