"""The register of pages, and the folder it describes."""

from pathlib import Path

import pages


def test_no_script_lies_in_the_folder_of_pages():
    """Streamlit takes such a file for an app of its own."""
    folder = Path(pages.__file__).parent
    assert [path.name for path in folder.glob("*.py")] == ["__init__.py"]


def test_every_page_is_a_row_with_a_script():
    assert all(row.script.is_file() for row in pages.PAGES)
    drawn = {path.parent.name for path in Path(pages.__file__).parent.glob("*/page.py")}
    assert drawn == {row.name for row in pages.PAGES}
    assert len({row.title for row in pages.PAGES}) == len(pages.PAGES)
