"""Flickr8k and Openverse, against a local server that answers in their format."""

import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from synth.errors import PopulaceError
from synth.people.pictures import fetch

KEYWORDS = {"pets": ("dog", "cat"), "gardening": ("rose",)}


def _jpeg(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def _zip(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return buffer.getvalue()


class _Server(BaseHTTPRequestHandler):
    files: dict = {}  # noqa: RUF012
    queries: list = []  # noqa: RUF012
    trouble: dict = {}  # noqa: RUF012  # path → how many times to answer 503
    cut: set = set()  # noqa: RUF012  # paths to break off once

    def do_GET(self):
        split = urlsplit(self.path)
        if self.trouble.get(split.path, 0) > 0:
            self.trouble[split.path] -= 1
            self.send_response(503)
            self.send_header("Retry-After", "0")
            self.end_headers()
            return
        if split.path == "/v1/images/":
            query = {k: v[0] for k, v in parse_qs(split.query).items()}
            self.queries.append(query)
            host = f"http://127.0.0.1:{self.server.server_port}"
            results = [
                {
                    "id": f"{query['q']}-{n}",
                    "title": f"{query['q']} {n}",
                    "creator": "Ann",
                    "license": "by" if n else "cc0",
                    "license_version": "4.0" if n else "1.0",
                    "url": f"{host}/missing.jpg",
                    "thumbnail": f"{host}/{'picture.jpg' if n != 1 else 'missing.jpg'}",
                    "foreign_landing_url": "https://example.org/photo",
                }
                for n in range(int(query["page_size"]) + 2)
            ]
            self._send(json.dumps({"result_count": 9, "results": results}).encode())
        elif split.path in self.files:
            self._send(self.files[split.path])
        else:
            self.send_error(404)

    def _send(self, data):
        start = 0
        message = self.headers.get("Range")
        if message:
            start = int(message.removeprefix("bytes=").rstrip("-"))
            self.send_response(206)
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if self.path in self.cut and start == 0:
            self.cut.discard(self.path)
            self.wfile.write(data[: len(data) // 2])
            return
        self.wfile.write(data[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    _Server.queries, _Server.trouble, _Server.cut = [], {}, set()
    _Server.files = {"/picture.jpg": _jpeg("red")}
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


def _openverse(folder, server, **more):
    settings = {"per_interest": 4, "keywords": KEYWORDS, "base": server, "pause": 0.0}
    return fetch.fetch_openverse(folder, **{**settings, **more})


def test_openverse(server, tmp_path):
    count = _openverse(tmp_path, server)
    answer = json.loads((tmp_path / "credits.json").read_text())
    assert count == len(answer) == 8  # dog 3, cat 1, rose 4: one thumbnail a search is missing
    assert {q["license"] for q in _Server.queries} == {"cc0,by"}
    assert {q["q"] for q in _Server.queries} == {"dog", "cat", "rose"}
    assert (
        answer["dog-0.jpg"]["licence"] == "CC0-1.0"
        and answer["dog-2.jpg"]["licence"] == "CC-BY-4.0"
    )
    assert answer["dog-0.jpg"]["author"] == "Ann" and answer["dog-0.jpg"]["interest"] == "pets"
    with Image.open(tmp_path / "dog-0.jpg") as image:
        assert image.size == (64, 48)
    assert not list(tmp_path.glob("*.partial"))


def test_openverse_goes_on_and_survives_a_busy_service(server, tmp_path):
    _openverse(tmp_path, server)
    requested = len(_Server.queries)
    _Server.trouble = {"/v1/images/": 2}
    assert _openverse(tmp_path, server, per_interest=3) == 8
    assert len(_Server.queries) == requested  # everybody has three already
    assert _openverse(tmp_path, server, per_interest=5) > 8


def test_openverse_other_answers(server, tmp_path):
    with pytest.raises(PopulaceError, match="at least one"):
        _openverse(tmp_path, server, per_interest=0)
    with pytest.raises(PopulaceError, match="network"):
        _openverse(tmp_path, "http://127.0.0.1:9")
    _Server.files["/odd/v1/images/"] = b"[]"
    with pytest.raises(PopulaceError, match="form"):
        _openverse(tmp_path, f"{server}/odd")


def _flickr_files():
    texts = "a.jpg#0\tA dog runs .\na.jpg#1\tA running dog .\nb.jpg#0\tTwo boats .\n"
    _Server.files["/Flickr8k_text.zip"] = _zip(Flickr8k_dot_token_dot_txt=texts)
    pictures = {
        f"Flicker8k_Dataset__{n}_dot_jpg": _jpeg(c) for n, c in (("a", "red"), ("b", "blue"))
    }
    pictures["__MACOSX__.__a_dot_jpg"] = b"x"
    _Server.files["/Flickr8k_Dataset.zip"] = _zip(**pictures)


def test_flickr8k(server, tmp_path):
    _flickr_files()
    _Server.cut = {"/Flickr8k_Dataset.zip"}  # breaks off once: resumed
    assert fetch.fetch_flickr8k(tmp_path, base=server) >= 2
    answer = json.loads((tmp_path / "credits.json").read_text())
    assert answer["a.jpg"]["caption"] == "A dog runs"
    assert "non-commercial" in answer["b.jpg"]["licence"]
    assert (tmp_path / "a.jpg").is_file() and not list(tmp_path.glob("*.zip"))


def test_flickr8k_damaged(server, tmp_path):
    _Server.files["/Flickr8k_text.zip"] = b"<html>moved</html>"
    with pytest.raises(PopulaceError, match="damaged"):
        fetch.fetch_flickr8k(tmp_path, base=server)
    assert not list(tmp_path.glob("*.partial")) and not list(tmp_path.glob("*.zip"))
