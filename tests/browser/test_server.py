"""What a server does beside answering: it writes nothing, and watches no files."""

import pytest

import pages
from tests.browser.conftest import rest, serving

LINK = "marginals"
PAGES = {row.title for row in pages.PAGES}
_COLLECT = """
window.seen = {lists: new Set(), dialogs: new Set()};
const texts = selector => [...document.querySelectorAll(selector)].map(part => part.innerText);
new MutationObserver(() => {
    const links = texts('[data-testid=stSidebarNavLink]').map(text => text.split('\\n').pop());
    if (links.length) window.seen.lists.add(links.join());
    texts('[role=dialog]').forEach(text => window.seen.dialogs.add(text));
}).observe(document, {childList: true, subtree: true, characterData: true});
"""


@pytest.fixture(scope="module")
def fresh(chromium, tmp_path_factory):
    """A server that nobody has visited, the page its first visitor sees, and every text on the way.

    The page's texts are collected from the first moment on, so that one shown for a second counts.
    """
    with serving(tmp_path_factory.mktemp("fresh")) as server:
        context = chromium.new_context()
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.add_init_script(_COLLECT)
        page.goto(f"{server.address}/{LINK}")
        page.locator(".pp-title").wait_for()
        rest(page)
        yield server, page
        context.close()


def test_the_first_visitor_sees_the_page_and_never_a_bare_list(fresh):
    _, page = fresh
    assert page.locator(".pp-title").inner_text() == "Real beside synthetic"
    box = page.get_by_role("combobox", name="Population", exact=True)
    box.wait_for()  # the browser fetches a widget's code when it first draws one
    assert box.count() == 1
    lists, dialogs = page.evaluate("() => [[...seen.lists], [...seen.dialogs]]")
    assert dialogs == []
    assert all(set(names.split(",")) == PAGES for names in lists) and lists
    assert not page.locator("[data-testid=stException]").count()


def test_the_log_of_a_visited_server_stays_quiet(fresh):
    server, page = fresh
    page.get_by_role("link", name="Correlations").click()
    page.get_by_role("heading", level=1, name="What hangs together").wait_for()
    rest(page)
    lines = [line.strip() for line in server.log.splitlines() if line.strip()]
    expected = ("You can now view", "URL:", "Network URL:", "Local URL:")
    assert [line for line in lines if not line.startswith(expected)] == []
    for _ in range(20):  # what a server prepares after its start comes to an end
        before = server.seconds
        page.wait_for_timeout(3000)
        if server.seconds - before < 1.0:
            break
    else:
        pytest.fail("Something walks through files while nobody asks.")
