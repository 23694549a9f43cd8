"""The Streamlit app: one folder a page, and what pages share.

`PAGES` is the register: a page is one row here and a folder with `page.py`. No script lies in this
folder itself: Streamlit would take it for an app of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PageRow:
    """A page of the app.

    Attributes
    ----------
    name : str
        Its folder here and its place in the address.
    title, icon : str
        In the navigation; the icon is a Material symbol.
    widgets : tuple of str
        Keys of its widgets that the address holds and a saved question remembers. No column of a
        population may have such a key in the sidebar.
    numbers : tuple of str
        Those of them that hold a number or a range of numbers; the others hold a short text.
    facts : bool
        Whether it asks about what the sidebar knows of people.
    """

    name: str
    title: str
    icon: str
    widgets: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    facts: bool = True

    @property
    def script(self) -> Path:
        """The file that draws it."""
        return Path(__file__).parent / self.name / "page.py"


_FAMILY = ("family-size", "family-income", "family-vehicles", "family-age", "family-other-age")
_SCENARIO = ("sim-years", "sim-births", "sim-later", "sim-partings", "sim-deaths")
PAGES: tuple[PageRow, ...] = (
    PageRow("profiles", "Profiles", ":material/groups:", ("rarity", "looks", "posts")),
    PageRow("crowd", "Crowd", ":material/groups_2:"),
    PageRow("marginals", "Marginals", ":material/bar_chart:", ("whom", "order", "find")),
    PageRow("correlations", "Correlations", ":material/grid_on:", ("arrange",)),
    PageRow("interests", "Interests", ":material/interests:", ("rank", "group")),
    PageRow("network", "Network", ":material/hub:", ("network-view", "network-node")),
    PageRow(
        *("portraits", "Portraits", ":material/face:"),
        widgets=("portrait-gender", "portrait-age", "portrait-ethnicity", "portrait-source"),
        numbers=("portrait-age",),
        facts=False,
    ),
    PageRow("days", "Days", ":material/schedule:", ("day-what",)),
    PageRow(
        *("families", "Families", ":material/family_restroom:"),
        widgets=("family-home", *_FAMILY),
        numbers=_FAMILY,
        facts=False,
    ),
    PageRow(
        *("lives", "Lives", ":material/timeline:"),
        widgets=("lives", "life-group", "life-known"),
        facts=False,
    ),
    PageRow(
        *("simulation", "Simulation", ":material/escalator_warning:"),
        widgets=_SCENARIO,
        numbers=_SCENARIO,
        facts=False,
    ),
    PageRow("report", "Report", ":material/fact_check:", facts=False),
    PageRow("compare", "Compare", ":material/balance:", facts=False),
    PageRow("survey", "Survey", ":material/how_to_vote:"),
    PageRow("studio", "Studio", ":material/science:", facts=False),
)
"""The first one opens."""
NAMES: tuple[str, ...] = tuple(row.name for row in PAGES)
"""The pages by name, as addresses say it."""
WIDGETS: tuple[str, ...] = tuple(key for row in PAGES for key in row.widgets)
"""The keys of all pages' widgets that the address holds."""
NUMBERS: frozenset[str] = frozenset(key for row in PAGES for key in row.numbers)
"""Those that hold numbers."""
