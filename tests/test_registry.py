"""Fetching artefacts: what goes well, and what breaks on the way, against a local server."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import multiprocessing
import socketserver
import sys
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType

import pytest

from synth import registry
from synth.errors import PopulaceError

CONTENT = bytes(range(256)) * 4000


class _Server(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.break_after: list[int] = []  # one number a request: bytes sent before hanging up
        self.ranges: list[str | None] = []

    def url(self, name):
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self):
        data = self.server.files.get(self.path[1:])
        requested = self.headers.get("Range")
        self.server.ranges.append(requested)
        if data is None:
            self.send_error(404)
            return
        start = int(requested.removeprefix("bytes=").rstrip("-")) if requested else 0
        self.send_response(206 if requested else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        end = len(data)
        if self.server.break_after:
            end = start + self.server.break_after.pop(0)
        self.wfile.write(data[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    first = _Server()
    thread = threading.Thread(target=first.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield first
    first.shutdown()
    first.server_close()


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNTH_CACHE", str(tmp_path / "cache"))


def write(tmp_path, data, *, kind="url", location="", members='"weights.bin" = ""', **other):
    lines = [
        "[thing]",
        'title = "A thing"',
        f'kind = "{kind}"',
        f'sha256 = "{other.pop("sha256", hashlib.sha256(data).hexdigest())}"',
        'licence = "CC0-1.0"',
        'source = "nobody"',
        f'location = "{location}"',
        *(f'{name} = "{value}"' for name, value in other.items()),
        "[thing.members]",
        members,
    ]
    path = tmp_path / "registry.toml"
    path.write_text("\n".join(lines))
    return path


def left_over(tmp_path):
    return sorted(
        path.name for path in (tmp_path / "cache").glob("*") if not path.name.endswith(".lock")
    )


def test_every_shipped_artefact_names_its_licence_source_and_members():
    for each in registry.artefacts().values():
        assert each.licence and each.source and each.members and len(each.sha256) == 64
        assert each.origin


def test_fetches_a_url_and_keeps_it(tmp_path, server):
    server.files["w"] = CONTENT
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    messages = []
    folder = registry.fetch("thing", registry=listed, progress=lambda *step: messages.append(step))
    assert (folder / "weights.bin").read_bytes() == CONTENT
    assert (
        messages[-1][0] == "unpacking" and ("downloading", len(CONTENT), len(CONTENT)) in messages
    )
    server.files.clear()
    assert registry.fetch("thing", registry=listed) == folder
    assert left_over(tmp_path) == [folder.name]


def test_a_broken_download_goes_on_where_it_broke_off(tmp_path, server):
    server.files["w"] = CONTENT
    server.break_after = [70_000]
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    folder = registry.fetch("thing", registry=listed)
    assert (folder / "weights.bin").read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=70000-"]


def test_a_download_that_always_breaks_leaves_nothing(tmp_path, server):
    server.files["w"] = CONTENT
    server.break_after = [10, 10, 10]
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    with pytest.raises(PopulaceError, match="cannot be downloaded"):
        registry.fetch("thing", registry=listed)
    assert left_over(tmp_path) == []


def test_a_wrong_sum_is_never_used(tmp_path, server):
    server.files["w"] = CONTENT[:-1] + b"!"
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    with pytest.raises(PopulaceError, match="changed or damaged"):
        registry.fetch("thing", registry=listed)
    assert left_over(tmp_path) == []


def test_a_page_that_is_gone_and_a_network_that_is_not_there(tmp_path, server):
    listed = write(tmp_path, CONTENT, location=server.url("nothing"))
    with pytest.raises(PopulaceError, match="404"):
        registry.fetch("thing", registry=listed)
    closed = _Server()
    location = closed.url("w")
    closed.server_close()
    listed = write(tmp_path, CONTENT, location=location)
    with pytest.raises(PopulaceError, match="connect to the network"):
        registry.fetch("thing", registry=listed)


def test_no_network_for_pip_is_one_clear_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    listed = write(tmp_path, CONTENT, kind="wheel", package="surely-not-a-package", version="9.9")
    with pytest.raises(PopulaceError, match="connect to the network") as caught:
        registry.fetch("thing", registry=listed)
    assert "\n" not in str(caught.value)
    assert left_over(tmp_path) == []


def test_a_full_disk_says_how_much_to_free(tmp_path, server, monkeypatch):
    server.files["w"] = CONTENT
    listed = write(tmp_path, CONTENT, location=server.url("w"))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(registry, "_copied", full)
    with pytest.raises(PopulaceError, match="disk is full"):
        registry.fetch("thing", registry=listed)
    assert left_over(tmp_path) == []


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYNTH_CACHE", str(tmp_path / "file" / "cache"))
    listed = write(tmp_path, CONTENT, kind="file", location="x")
    with pytest.raises(PopulaceError, match="SYNTH_CACHE"):
        registry.fetch("thing", registry=listed)


def archive(form):
    buffer = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(buffer, "w") as pages:
            pages.writestr("package/data/weights.bin", CONTENT)
            pages.writestr("package/__init__.py", "raise SystemExit")
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz") as pages:
            info = tarfile.TarInfo("package/data/weights.bin")
            info.size = len(CONTENT)
            pages.addfile(info, io.BytesIO(CONTENT))
    return buffer.getvalue()


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_only_the_named_members_of_a_local_archive_are_kept(tmp_path, form):
    data = archive(form)
    (tmp_path / "archive").write_bytes(data)
    listed = write(
        tmp_path,
        data,
        kind="file",
        location="archive",
        members='"weights.bin" = "package/data/weights.bin"',
    )
    folder = registry.fetch("thing", registry=listed)
    assert [path.name for path in folder.iterdir()] == ["weights.bin"]
    assert (folder / "weights.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ('"weights.bin" = "package/other.bin"', "does not hold"),
        ('"../weights.bin" = "package/data/weights.bin"', "must be plain"),
    ],
)
def test_members_that_are_missing_or_leave_the_cache(tmp_path, members, words):
    data = archive("zip")
    (tmp_path / "archive").write_bytes(data)
    listed = write(tmp_path, data, kind="file", location="archive", members=members)
    with pytest.raises(PopulaceError, match=words):
        registry.fetch("thing", registry=listed)
    assert left_over(tmp_path) == []


def test_unknown_names_and_kinds(tmp_path):
    listed = write(tmp_path, CONTENT)
    with pytest.raises(PopulaceError, match="No artefact is called other"):
        registry.fetch("other", registry=listed)
    listed = write(tmp_path, CONTENT, kind="torrent")
    with pytest.raises(PopulaceError, match="torrent"):
        registry.artefacts(listed)
    listed.write_text("[thing")
    with pytest.raises(PopulaceError, match="cannot be read"):
        registry.artefacts(listed)


def _fetch(listed, cache, answers):
    import os

    os.environ["SYNTH_CACHE"] = cache
    folder = registry.fetch("thing", registry=listed)
    answers.put((folder / "weights.bin").read_bytes() == CONTENT)


def test_two_processes_fetch_once(tmp_path, server, monkeypatch):
    # Processes start by running the main module's file, which a page's test may have replaced.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    server.files["w"] = CONTENT
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    runs = [
        context.Process(target=_fetch, args=(listed, str(tmp_path / "cache"), answers))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join(60)
    assert [answers.get(timeout=10) for _ in runs] == [True, True]
    assert len(server.ranges) == 1


# ---------------------------------------------------------------------- odd servers and files


@pytest.fixture
def odd_server():
    """A server that answers with whatever bytes a test sets."""
    answers = []

    class Odd(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(65536)
            self.request.sendall(answers[0])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Odd) as caught:
        threading.Thread(target=caught.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{caught.server_address[1]}/w", answers
        caught.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\n\r\n",
        b"HTTP/1.1 206 Partial\r\nContent-Length: 4\r\nContent-Range: bytes 7-9/4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_odd_answers_end_in_one_sentence(tmp_path, odd_server, monkeypatch, answer):
    monkeypatch.setattr(registry.time, "sleep", lambda seconds: None)
    location, answers = odd_server
    answers.append(answer)
    listed = write(tmp_path, CONTENT, location=location)
    with pytest.raises(PopulaceError) as caught:
        registry.fetch("thing", registry=listed)
    assert "\n" not in str(caught.value) and left_over(tmp_path) == []


def test_limits_hold_before_anything_is_unpacked(tmp_path, server, monkeypatch):
    monkeypatch.setattr(registry, "SLACK", 10_000)
    server.files["w"] = CONTENT
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    with pytest.raises(PopulaceError, match="larger than the registry says"):
        registry.fetch("thing", registry=listed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as pages:
        pages.writestr("weights.bin", bytes(10_000_000))
    data = buffer.getvalue()
    (tmp_path / "archive").write_bytes(data)
    members = '"weights.bin" = "weights.bin"'
    listed = write(tmp_path, data, kind="file", location="archive", members=members)
    with pytest.raises(PopulaceError, match="unpacks to far more"):
        registry.fetch("thing", registry=listed)
    assert left_over(tmp_path) == []


def test_what_a_killed_process_left_is_in_nobodys_way(tmp_path, server):
    server.files["w"] = CONTENT
    listed = write(tmp_path, CONTENT, location=server.url("w"))
    folder = registry.artefacts(listed)["thing"].folder
    for left in (folder.with_name("thing-part-x1y2"), folder):
        left.mkdir(parents=True)
        (left / "half").write_bytes(b"half")
    assert registry.fetch("thing", registry=listed) == folder
    assert left_over(tmp_path) == [folder.name]
    assert [path.name for path in folder.iterdir()] == ["weights.bin"]


GOOD = {
    "title": "A thing",
    "kind": "url",
    "sha256": "0" * 64,
    "licence": "CC0-1.0",
    "source": "nobody",
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('["../thing"]\ntitle = "x"', "must be named by small letters"),
        ("thing = 3", "is no table"),
        ("[thing]\ntitle = 3", "of another type"),
        ("[thing]\nmegabytes = true", "of another type"),
        ("[thing]\nmembers = []", "of another type"),
        ("[thing]\nurl = 'x'", "unknown key 'url'"),
        ("[thing]\ntitle = 'x'", "has no kind"),
        ({"sha256": "../../x"}, "64 hexadecimal digits"),
        ({"megabytes": float("nan")}, "makes no sense"),
        ({"megabytes": -3}, "makes no sense"),
        ({"members": {"a": 3}}, "not texts"),
        ({"members": {"../x": ""}}, "must be plain"),
        ({"members": {"..": ""}}, "must be plain"),
        ({"members": {"a\\b": ""}}, "must be plain"),
    ],
)
def test_wrong_entries_get_a_sentence(tmp_path, text, words):
    if isinstance(text, dict):
        entry = GOOD | text
        members = entry.pop("members", {})
        lines = [
            f"{k} = {v if isinstance(v, float | int) else json.dumps(v)}" for k, v in entry.items()
        ]
        lines += [
            "[thing.members]",
            *(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in members.items()),
        ]
        text = "\n".join(["[thing]", *lines])
    listed = tmp_path / "registry.toml"
    listed.write_text(text)
    with pytest.raises(PopulaceError, match=words):
        registry.artefacts(listed)


def test_a_registry_that_is_no_text(tmp_path):
    listed = tmp_path / "registry.toml"
    listed.write_bytes(b"\xff\xfe")
    with pytest.raises(PopulaceError, match="cannot be read"):
        registry.artefacts(listed)
