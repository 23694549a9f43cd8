"""Buttons that hand out a file, and the sentence of what went wrong."""

import mimetypes

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.files import media_type


@pytest.mark.parametrize("ending", ["csv", "html", "json", "png", "zip"])
def test_a_file_has_the_media_type_of_its_last_ending(ending):
    assert media_type(f"adult.v2.{ending}") == mimetypes.types_map[f".{ending}"]


def test_a_saved_population_is_a_zip_file():
    assert media_type("my-table.populace") == media_type("cards.zip")


def _page():
    from pages.shared.files import file_button
    from pages.shared.problems import show_problem

    file_button("Rows", b"a\n1\n", "rows.csv", key="rows", kind="tertiary")
    show_problem(ValueError("There is no column *age*."))


def test_both_are_drawn_and_what_users_wrote_stays_plain():
    app = AppTest.from_function(_page).run()
    (button,) = app.get("download_button")
    assert button.label == "Rows" and button.proto.icon == ":material/download:"
    assert button.proto.ignore_rerun
    assert [warning.value for warning in app.warning] == [r"There is no column \*age\*."]
