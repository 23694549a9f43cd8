"""Names that are markup stay words on the pages: whatever is drawn as HTML is searched."""

import re

import numpy as np
import pandas as pd
import pytest

from pages.shared import loaders
from synth import fit

EVIL = "<img src=x onerror=alert({})>"
ALIVE = re.compile(r"<img src=x|<svg onload", re.IGNORECASE)


@pytest.fixture(scope="module")
def population():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            EVIL.format(1): rng.choice([EVIL.format(2), "plain"], 150),
            "gender": rng.choice(["female", "male"], 150),
            "'\"><svg onload=alert(3)>": rng.integers(0, 40, 150),
        }
    )
    return fit(frame, title=EVIL.format(4))


def drawn_as_html(app):
    """The bodies of all elements that a browser reads as HTML."""
    bodies = [element.proto.body for element in app.get("html")]
    bodies += [element.value for element in app.markdown if element.proto.allow_html]
    return bodies


@pytest.mark.parametrize("page", ["profiles", "marginals", "correlations", "network", "report"])
def test_no_name_becomes_markup(visit, population, page):
    app = visit()
    app.session_state[loaders._OWN] = {population.name: population}
    app.session_state[loaders._CHOSEN] = population.name
    app.switch_page(f"pages/{page}/page.py").run()
    assert not app.exception
    bodies = drawn_as_html(app)
    assert bodies
    alive = [body for body in bodies if ALIVE.search(body)]
    assert not alive, alive[0][:500]
    if page in ("profiles", "marginals"):
        assert any("&lt;img src=x" in body for body in bodies)  # the words are there
