"""Populace in the browser: `streamlit run app.py` opens here."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.runtime.pages_manager import PagesManager

from synth.errors import PopulaceError

_HERE = Path(__file__).parent


def show() -> None:
    """Draw what all pages share, and the page of the address."""
    from pages import PAGES  # their caches want a server that runs
    from pages.shared import address, kept, limits, markdown, plot, sidebar
    from pages.survey import joining
    from pages.talk import notes, presenter

    st.set_page_config(
        page_title="Populace",
        page_icon=str(_HERE / "pages/shared/mark.svg"),
        layout="wide",
        initial_sidebar_state=presenter.sidebar_state(),
        menu_items={"about": "**Populace**: synthetic people with true statistics."},
    )
    st.logo(str(_HERE / "pages/shared/logo.svg"), size="large")
    st.html(_HERE / "pages/shared/style.css")
    st.html(_HERE / "pages/cards/people.css")
    st.html(_script(), unsafe_allow_javascript=True)
    st.html(plot.theme_css())

    pages = {
        row.name: st.Page(
            row.script, title=row.title, icon=row.icon, url_path=row.name, default=row is PAGES[0]
        )
        for row in PAGES
    }
    # A telephone that joined a survey, and a presenter's second window, see nothing else.
    is_alone = joining.is_here() or notes.is_here()
    page = st.navigation(
        list(pages.values()), position="hidden" if is_alone else "sidebar", expanded=True
    )
    try:
        if joining.is_here():
            from pages.survey import participant

            participant.show()
            return
        if notes.is_here():
            notes.show()
            return
        kept.arrive()
        sidebar.arrive(page.url_path)
        presenter.arrive(pages, page)
        with limits.questions():
            row = next((row for row in PAGES if pages[row.name] is page), PAGES[0])
            sidebar.show(uses_facts=row.facts)
            sidebar.mend_address(page.url_path)
            st.set_page_config(page_title=sidebar.tab_title())
            presenter.bar()
            place = st.empty()
            try:
                page.run()
            finally:
                with place:
                    address.show(page.url_path)
    except PopulaceError as error:
        st.warning(markdown.plain(str(error)), icon=":material/sentiment_dissatisfied:")


@cache
def _script() -> str:
    return f"<script>{(_HERE / 'pages/shared/browser.js').read_text(encoding='utf-8')}</script>"


@asynccontextmanager
async def _serving(_: st.App) -> AsyncIterator[None]:
    """What a server does beside its visitors' runs."""
    from pages.shared import housekeeping

    # Beside the first visitor, who is shown the page's frame meanwhile.
    threading.Thread(target=housekeeping.prepare, daemon=True).start()
    async with housekeeping.rounds():
        yield


if __name__ == "__main__":  # a visitor's run
    show()
else:  # the server reads this file once, before anybody comes
    # Until the first run, Streamlit would look for scripts in the folder `pages`, find none, and
    # tell the first visitor that the page of the address does not exist.
    PagesManager.uses_pages_directory = False
    from pages.shared.kept import VisitorCookie
    from pages.shared.prerender import Prerendered
    from synth import api

    app = st.App(
        __file__,
        lifespan=_serving,
        routes=api.routes(prefix=st.get_option("server.baseUrlPath") or ""),
        middleware=[Middleware(VisitorCookie), Middleware(Prerendered)],
    )
