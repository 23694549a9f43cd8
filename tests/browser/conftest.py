"""A real Chromium before a real server; both skip, saying so, where there is no Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
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


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The address of the running app."""
    if not CHROMIUM:
        pytest.skip("There is no Chromium here: install Debian's `chromium` to run these tests.")
    port = _free_port()
    log = (tmp_path_factory.mktemp("server") / "log.txt").open("w+")
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.fileWatcherType": "none",
    }
    command += [f"--{name}={value}" for name, value in options.items()]
    running = subprocess.Popen(
        command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env={**os.environ}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if running.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                    yield address
                    return
            except OSError:
                time.sleep(0.5)
        log.seek(0)
        pytest.fail(f"The app did not start:\n{log.read()[-2000:]}")
    finally:
        running.terminate()
        try:
            running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            running.kill()
        log.close()


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    if not CHROMIUM:
        pytest.skip("There is no Chromium here: install Debian's `chromium` to run these tests.")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed.")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(server, chromium):
    """Open a page in a fresh browser context: `visit("?gender=female", width=390)`."""
    contexts = []

    def _visit(link="", *, width=1280, height=900, scheme="light"):
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(link if link.startswith("http") else f"{server}/{link}")
        page.locator(".pp-title").wait_for()
        return page

    yield _visit
    for context in contexts:
        context.close()
