"""From the sidebar to a folder that opens offline; keeping people and presenting by keyboard."""

import csv
import io
import json
import zipfile

from tests.browser.conftest import rest
from tests.browser.test_visit import PEOPLE, cards, choose


def menu(page, place, item):
    """Choose something in the menu of a card by keyboard."""
    page.locator(f".st-key-menu-{place} button:visible").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name=item).click()


def download(page, name):
    with page.expect_download() as waiting:
        page.get_by_role("dialog").get_by_role("button", name=name).click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def test_from_the_sidebar_to_a_folder_that_shows_its_pictures(visit, chromium, tmp_path):
    page = visit()
    choose(page, "Gender", "female")
    page.wait_for_url("**gender=female**")
    choose(page, "Marital status", "widowed")
    page.get_by_role("heading", level=1, name="Widowed women").wait_for()
    cards(page)
    rest(page)
    names = [name.split("\n")[0].strip() for name in page.locator(".pp-name").all_inner_texts()]
    page.locator(".st-key-take button:visible").first.click()
    file, data = download(page, "All 6 cards as a folder")
    assert file == "populace-widowed-women.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    opened = chromium.new_context(offline=True).new_page()
    opened.goto((tmp_path / "populace" / "index.html").as_uri())
    opened.evaluate("() => document.querySelectorAll('img').forEach(i => (i.loading = 'eager'))")
    opened.wait_for_function(
        "() => [...document.images].length > 6 && [...document.images].every(i => i.complete)"
    )
    widths = opened.evaluate("() => [...document.images].map(image => image.naturalWidth)")
    assert len(widths) > 6 and all(width > 0 for width in widths)
    # A designed ground is decoration and says nothing; every picture says what it shows.
    assert opened.evaluate(
        "() => [...document.images].every(image => image.alt.length > 3"
        " || (image.matches('.pp-cover') && image.alt === ''))"
    )
    shown = " ".join(opened.locator("h2").all_inner_texts())
    assert all(name.split(" synthetic")[0] in shown for name in names)
    assert shown.count("synthetic") == 6
    opened.context.close()
    answer = json.loads((tmp_path / "populace" / "profiles.json").read_text(encoding="utf-8"))
    assert {each["record"]["marital"] for each in answer["profiles"]} == {"widowed"}


def test_a_card_and_a_table_are_files_that_say_synthetic(visit):
    page = visit("?gender=male&seed=4")
    cards(page)
    menu(page, 0, "Download …")
    name, data = download(page, "as a picture")
    assert name.endswith(".png") and data.startswith(b"\x89PNG") and b"Synthetic" in data
    name, data = download(page, "CSV")
    assert name == "populace-men-1000.csv"
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    assert len(rows) == 1000
    assert {row["gender"] for row in rows} == {"male"}
    assert {row["synthetic"] for row in rows} == {"true"}
    name, data = download(page, "Parquet")
    assert name.endswith(".parquet") and data[:4] == data[-4:] == b"PAR1"
    page.keyboard.press("Escape")  # although the download has taken the focus away
    page.get_by_role("dialog").wait_for(state="detached")


def test_the_kept_stay_while_others_change(visit):
    page = visit("?gender=female&people=3")
    kept = cards(page)[1].split("\n")[:1]
    menu(page, 1, "Keep on the page")
    page.locator(".pp-mark").wait_for()
    page.get_by_role("button", name="New people").click()
    page.wait_for_function("() => document.querySelectorAll('.pp-card').length === 4")
    page.get_by_role("link", name="Correlations").click()
    page.get_by_role("heading", level=1, name="What hangs together").wait_for()
    page.get_by_role("link", name="Profiles").click()
    page.locator(PEOPLE).nth(3).wait_for()
    assert cards(page)[0].replace("kept\n", "").split("\n")[:1] != []
    assert kept[0] in cards(page)[0]
    menu(page, 0, "Let go")
    page.locator(".pp-mark").wait_for(state="detached")


def test_dialogs_fit_a_phone(visit):
    page = visit("?gender=female&people=1", width=390, height=844)
    cards(page)
    inside = "e => [...e.querySelectorAll('button, table, img, input')].every(x => "
    inside += "x.closest('.pp-heat-room') || x.getBoundingClientRect().right <= 391)"
    for item in ("What if …", "Why these pictures?", "Download …"):
        menu(page, 0, item)
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        rest(page)
        box = dialog.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, item
        assert dialog.evaluate(inside), item
        page.keyboard.press("Escape")
        dialog.wait_for(state="detached")
        rest(page)
