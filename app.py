"""Populace in the browser: `streamlit run app.py` opens here."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts import choice, presenter, sidebar, words
from synth.errors import PopulaceError

_HERE = Path(__file__).parent
_PAGES = (
    ("profiles", "Profiles", ":material/groups:"),
    ("marginals", "Marginals", ":material/bar_chart:"),
    ("correlations", "Correlations", ":material/grid_on:"),
    ("interests", "Interests", ":material/interests:"),
    ("network", "Network", ":material/hub:"),
    ("portraits", "Portraits", ":material/face:"),
    ("report", "Report", ":material/fact_check:"),
    ("studio", "Studio", ":material/science:"),
)

choice.start_over_if_alone()
st.set_page_config(
    page_title="Populace",
    page_icon=str(_HERE / "pages/parts/mark.svg"),
    layout="wide",
    initial_sidebar_state=presenter.sidebar_state(),
    menu_items={"about": "**Populace**: synthetic people with true statistics."},
)
st.logo(str(_HERE / "pages/parts/logo.svg"), size="large")
st.html(_HERE / "pages/parts/style.css")
st.html(_HERE / "pages/parts/people.css")
if st.context.theme.type:  # dialogs lie outside the app and would be light in the dark
    st.html(f"<style>:root {{ color-scheme: {st.context.theme.type}; }}</style>")

pages = {
    name: st.Page(_HERE / f"pages/{name}.py", title=title, icon=icon, default=name == "profiles")
    for name, title, icon in _PAGES
    if (_HERE / f"pages/{name}.py").exists()
}
page = st.navigation(list(pages.values()))
try:
    sidebar.arrive(page.url_path)
    presenter.arrive(pages, page)
    sidebar.show()
    sidebar.mend_address(page.url_path)
    presenter.bar()
    page.run()
except PopulaceError as error:
    st.warning(words.plain(str(error)), icon=":material/sentiment_dissatisfied:")
