from pathlib import Path

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def visit(monkeypatch):
    """Open the app by a link: `visit(gender="female", age=["25", "45"])`.

    The server has met `app.py` before, as after its first visitor; AppTest forgets it every run.
    """
    begin = PagesManager.__init__

    def _begin(self, *arguments, **named):
        begin(self, *arguments, **named)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", _begin)

    def _visit(page: str = "", **parameters) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        for name, value in parameters.items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(f"pages/{page}/page.py").run()
        assert not app.exception
        return app

    return _visit
