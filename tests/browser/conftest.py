"""A real Chromium before a real server; both skip, saying so, where there is no Chromium."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # One page at a time: processes of its own for painting and for each origin only cost.
    "--disable-extensions",
    "--disable-features=IsolateOrigins,site-per-process,Translate,BackForwardCache",
    "--in-process-gpu",
]
PATIENCE = 120_000  # milliseconds; a loaded machine may need them


def rest(page):
    """Wait until the app has drawn everything: what is pressed earlier can be lost.

    The sign that it works comes late, its state in the page at once; a press needs a moment to
    begin a run.
    """
    page.wait_for_timeout(200)
    page.wait_for_function(
        "() => document.querySelector('[data-test-script-state=notRunning]')"
        " && !document.querySelector('[data-stale=true]')"
    )


def choose_file(page, files, uploader="upload"):
    """Choose a file, or several, in the uploader whose key begins with `uploader`.

    What is chosen while the browser still sets up the page's widgets arrives at the server, and the
    page forgets it (Streamlit 1.67; up to one of ten visits that choose at once). An uploader that
    is empty afterwards is chosen in again, as a visitor would.
    """
    box = page.locator(f"[class*=st-key-{uploader}-]").first
    box.locator("input[type=file]").wait_for(state="attached")
    rest(page)
    key = re.search(rf"st-key-{uploader}-[\w-]+", box.get_attribute("class"))[0]
    for _ in range(5):
        page.locator(f".{key} input[type=file]").set_input_files(files)
        page.wait_for_timeout(1000)
        rest(page)
        if not page.evaluate(_IS_EMPTY, key):
            return
    pytest.fail("The page forgets the files that are chosen.")


_IS_EMPTY = """key => {
    const box = document.querySelector('.' + key);
    return box !== null && !box.querySelector('[data-testid=stFileUploaderFile]');
}"""


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@dataclass(frozen=True)
class Server:
    """A running app: its address, its process and what it has written."""

    address: str
    process: subprocess.Popen
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    @property
    def seconds(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """The app as a visitor's server starts it, with the repository's own configuration."""
    port, path = _free_port(), folder / "log.txt"
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    options = {"port": port, "address": "127.0.0.1", "headless": "true"}
    command += [f"--server.{name}={value}" for name, value in options.items()]
    with path.open("w") as log:
        surveys = {"POPULACE_SURVEYS": str(folder / "surveys.sqlite")}
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=os.environ | surveys
        )
        server = Server(f"http://127.0.0.1:{port}", process, path)
        try:
            _await(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(server: Server) -> None:
    for _ in range(240):
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"The app did not start:\n{server.log[-2000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of the running app."""
    if not CHROMIUM:
        pytest.skip("There is no Chromium here: install Debian's `chromium` to run these tests.")
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running.address


@pytest.fixture(scope="session")
def driver():
    """What drives browsers."""
    if not CHROMIUM:
        pytest.skip("There is no Chromium here: install Debian's `chromium` to run these tests.")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with playwright.sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium(driver):
    """A browser for those who come with nothing: new visitors, files opened offline."""
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def context(driver, tmp_path_factory):
    """One browser with a profile for all visits: the app's scripts are fetched and compiled once.

    A session is one of a tab, so visitors still do not share anything; what the browser itself
    would keep of a visit is forgotten between tests. Without a profile a browser compiles the
    scripts anew at each visit: a third of what a visit costs.
    """
    context = driver.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("profile"),
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def visit(server, context):
    """Open a page in a tab of its own: `visit("?gender=female", width=390)`."""
    tabs = []

    def _visit(link="", *, width=1280, height=900, scheme="light"):
        page = context.new_page()
        tabs.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        page.goto(link if link.startswith("http") else f"{server}/{link}")
        page.locator(".pp-title").first.wait_for()  # on stage the headline is another
        return page

    yield _visit
    for page in tabs:
        if not page.is_closed():
            page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        page.close()
    context.clear_cookies()
