"""The Studio in a real browser: upload, stop once, learn, use on every page."""

import re
from pathlib import Path

import pytest

from tests.browser.conftest import choose_file, rest

ROOT = Path(__file__).parents[2]
ADULT = ROOT.parent / "shared" / "data" / "adult_train.parquet"
PAGES = ("Profiles", "Marginals", "Correlations", "Interests", "Network", "Report")
LEARNING = 300_000


def settled(page):
    rest(page)
    assert not page.locator("[data-testid=stException]").count()


@pytest.fixture
def studio(visit):
    """The Studio with a table that was read."""

    def _studio(upload, **settings):
        page = visit("studio", **settings)
        choose_file(page, upload)
        page.locator(".pp-studio-file").first.wait_for(timeout=LEARNING)
        settled(page)
        return page

    return _studio


def small(folder):
    path = folder / "people.csv"
    rows = [f"{18 + i % 60},{'female' if i % 3 else 'male'},{i % 7}" for i in range(300)]
    path.write_text("\n".join(["age,gender,rooms", *rows]))
    return path


@pytest.mark.skipif(not ADULT.exists(), reason="needs ../shared/data/adult_train.parquet")
def test_adult_from_upload_to_every_page(studio):
    page = studio(ADULT)
    assert "32,561 rows" in page.locator(".pp-studio-file").first.inner_text()
    # Stopped once, and nothing is left of it.
    page.get_by_role("button", name="Learn", exact=True).click()
    page.locator(".st-key-studio-stop button").click()
    page.get_by_text("It was stopped").wait_for()
    # Learned while another page is looked at.
    page.get_by_role("button", name="Learn", exact=True).click()
    page.locator(".st-key-studio-stop").wait_for()
    page.get_by_role("link", name="Marginals").click()
    page.get_by_role("heading", level=1, name="Real beside synthetic").wait_for()
    page.get_by_role("link", name="Studio").click()
    page.get_by_text("It is on all pages now").wait_for(timeout=LEARNING)
    for name in PAGES:
        link = page.get_by_role("link", name=name, exact=True)
        if not link.count():
            continue
        link.first.click()
        page.wait_for_url(re.compile(rf"/{name.lower()}|/\?|/$"))
        page.locator(".pp-title").first.wait_for()
        settled(page)
        assert page.locator("[data-testid=stSidebar]").get_by_text("only this session").count()
    page.get_by_role("combobox", name="Synthetic people").click()
    page.get_by_role("option", name="2,000", exact=True).click()
    page.get_by_role("button", name="Make the report").click()
    for question in ("Fidelity", "Diversity", "Utility", "Privacy", "Fairness"):
        page.get_by_role("heading", name=f"{question}:").wait_for(timeout=LEARNING)


def test_it_fits_a_phone_and_what_was_typed_is_still_there_after_another_page(studio, tmp_path):
    page = studio(small(tmp_path), width=390, height=844)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, scheme
    page.set_viewport_size({"width": 1280, "height": 900})
    rules = page.get_by_role("textbox", name="Rules", exact=True)
    rules.fill("age >= 20")
    rules.press("Control+Enter")
    settled(page)
    page.get_by_role("link", name="Marginals").click()
    page.get_by_role("heading", level=1, name="Real beside synthetic").wait_for()
    page.get_by_role("link", name="Studio").click()
    page.locator(".pp-studio-file").first.wait_for()
    page.wait_for_function(
        "() => document.querySelector('textarea[aria-label=Rules]')?.value === 'age >= 20'"
    )


def test_a_population_goes_out_and_comes_in_again(studio, visit, tmp_path):
    page = studio(small(tmp_path))
    page.get_by_text("quick", exact=True).click()
    page.get_by_role("button", name="Learn", exact=True).click()
    page.get_by_text("It is on all pages now").wait_for(timeout=LEARNING)
    settled(page)
    page.reload()  # a new session, which finds table and population again
    page.get_by_text("It is on all pages now").wait_for()
    assert "300 rows" in page.locator(".pp-studio-file").first.inner_text()
    with page.expect_download() as download:
        page.locator("[class*=st-key-save-own] button").click()
    path = tmp_path / download.value.suggested_filename
    assert path.suffix == ".populace"
    download.value.save_as(path)
    other = visit("studio")
    assert not other.get_by_text("Your populations").count()
    other.get_by_text("Open a saved population").click()
    choose_file(other, path, "open")
    other.get_by_text("Your populations").wait_for(timeout=LEARNING)
    settled(other)


def test_a_hostile_upload_leaves_the_app_alive(visit, tmp_path):
    path = tmp_path / "people.csv"
    path.write_bytes(b"a,b\n1,\x00\n")
    page = visit("studio")
    choose_file(page, path)
    page.get_by_text("NUL bytes").wait_for(timeout=LEARNING)
    choose_file(page, small(tmp_path))
    page.locator(".pp-studio-file").first.wait_for(timeout=LEARNING)
    settled(page)
