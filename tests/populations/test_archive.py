"""A population as one file: the same again, and nothing else gets in."""

import base64
import hashlib
import io
import json
import re
import tracemalloc
import zipfile
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth import populations
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import inspect_table
from synth.fitting.plan import Plan
from synth.populations import archive
from synth.populations.archive import pack, unpack


@pytest.fixture(scope="module")
def folder(people, tmp_path_factory):
    people = people.head(600)
    plan = Plan.of(inspect_table(people, "x.csv"), "Ours").ruled("born <= died")
    plan = Plan.from_json(plan.to_json() | {"score": "k2"})
    path = tmp_path_factory.mktemp("population")
    populations.write(fit(people, plan, restarts=0), path, rows=True)
    return path


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(entries):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def again(content, **changes):
    """The file with parts changed, and a manifest that agrees."""
    stored = parts(content) | {k.replace("__", "."): v for k, v in changes.items()}
    stored = {k: v for k, v in stored.items() if v is not None}
    stored.pop("manifest.json")
    digests = {k: hashlib.sha256(v).hexdigest() for k, v in stored.items()}
    manifest = json.dumps({"format": archive.FORMAT, "parts": digests})
    return zipped([("manifest.json", manifest), *stored.items()])


@pytest.mark.parametrize("rows", [False, True])
def test_there_and_back(folder, tmp_path, rows):
    content = pack(folder, rows=rows)
    assert content == pack(folder, rows=rows)
    opened = unpack(content, tmp_path)
    known = populations.load(folder)
    assert opened.network.digest == known.network.digest
    assert opened.constraints == known.constraints
    assert (opened.table is not None) == rows
    sample = opened.given().sample(500, seed=1)
    assert (sample["total"] == sample["work"] + sample["home"]).all()


def test_no_part_can_run(folder):
    assert {name.rsplit(".")[-1] for name in parts(pack(folder, rows=True))} == {
        "json",
        "md",
        "parquet",
    }


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda c: b"", "damaged"),
        (lambda c: b"not a zip", "damaged"),
        (lambda c: c[: len(c) // 2], "damaged"),
        (lambda c: zipped([("a.txt", b"x")]), "no population"),
        (lambda c: zipped([*parts(c).items(), ("../../evil.json", b"{}")]), "more than"),
        (lambda c: zipped([*parts(c).items(), ("/etc/passwd", b"x")]), "more than"),
        (lambda c: zipped([*parts(c).items(), ("evil.pkl", b"\x80")]), "more than"),
        (lambda c: zipped([(k, v + b" ") if k == "card.md" else (k, v)
                           for k, v in parts(c).items()]), "changed after"),
        (lambda c: again(c, network__json=None), "lacks network"),
        (lambda c: again(c, network__json=b"[" * 100_000), "JSON"),
        (lambda c: again(c, network__json=b"{}"), "no network"),
        (lambda c: again(c, network__json=b"3"), "no network"),
        (lambda c: again(c, reference__json=b"{}"), "reference"),
        (lambda c: again(c, population__json=b"[]"), "damaged"),
        (lambda c: again(c, population__json=b'{"featured": 3}'), "damaged"),
        (lambda c: again(c, population__json=b'{"note": "![x](http://x.y/z.png)"}'), "link"),
        (lambda c: again(c, population__json=b'{"title": "<script>"}'), "link"),
        (lambda c: again(c, people__parquet=b"PAR1"), "Parquet|empty|damaged"),
        (lambda c: again(c, card__md=b"\xff\xfe"), "card"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_file_gets_a_sentence(folder, tmp_path, make, message):
    with pytest.raises(PopulaceError) as caught:
        unpack(make(pack(folder, rows=True)), tmp_path / "in", "x.populace").card  # noqa: B018
    assert re.search(message, str(caught.value)), str(caught.value)
    assert not (tmp_path / "evil.json").exists()


def test_a_bomb_is_not_unpacked(folder, tmp_path):
    bomb = again(pack(folder), card__md=b"0" * (2 * 2**20))
    with pytest.raises(PopulaceError, match="far more"):
        unpack(bomb, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_liar_about_its_size_is_caught(folder, tmp_path):
    content = bytearray(pack(folder))
    # The central directory promises fewer bytes than there are.
    at = content.rfind(b"card.md") - 46
    size = int.from_bytes(content[at + 24 : at + 28], "little")
    content[at + 24 : at + 28] = (size - 5).to_bytes(4, "little")
    with pytest.raises(PopulaceError):
        unpack(bytes(content), tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, value) for key in ("first", "last", "bin") for value in (-5, 1e9, 2**62)),
        *((key, value) for key in ("first", "last", "bin", "weight") for value in ("x", None, [])),
        ("weight", -5),
        ("weight", float("nan")),
    ],
)
def test_a_twisted_network_gets_a_sentence(folder, tmp_path, key, value):
    stored = parts(pack(folder))
    network = json.loads(stored["network.json"])
    column = network["columns"]["age"] if isinstance(network["columns"], dict) else next(
        c for c in network["columns"] if c.get("name") == "age"
    )  # fmt: skip
    column["pieces"][key][1] = value
    with pytest.raises(PopulaceError):
        unpack(again(pack(folder), network__json=json.dumps(network).encode()), tmp_path)


def _twisted(network, how):
    """A network that promises far more than it holds, in a few bytes."""
    columns, names = network["columns"], list(network["columns"])
    if how == "a table of noughts":
        pieces = {"first": [*range(900)], "last": [*range(900)], "bin": [*range(900)]}
        for name in names[:4]:
            columns[name]["parents"] = []
        for entry in network["schema"]["columns"][:4]:
            entry.update(kind="integer", lower=0, upper=899, step=1)
            entry.pop("levels", None)
            columns[entry["name"]]["pieces"] = {**pieces, "weight": [1.0] * 900}
        columns[names[0]]["parents"] = names[1:3]
        nothing = base64.b64encode(zlib.compress(bytes(8 * 900**3 // 200), 9)).decode()
        columns[names[0]]["table"] = f"f8:{nothing}"
    elif how == "a bin of a high number":
        next(c for c in columns.values() if c["pieces"])["pieces"]["bin"][-1] = 10**9
    else:
        number = next(c for c in columns.values() if c["pieces"])
        for key in ("first", "last", "bin"):
            number["pieces"][key] = [0] * 20_001
    return json.dumps(network).encode()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("a table of noughts", "numbers in network.json"),
        ("a bin of a high number", "levels and bins in network.json"),
        ("many pieces", "pieces in network.json"),
        ("many values", "values in targets.json"),
        ("many pairs", "counts in reference.json"),
        ("many rows", "cells in its rows"),
    ],
)
def test_what_it_would_unpack_to_is_said_before_it_is_done(folder, tmp_path, how, message):
    content = pack(folder)
    if how == "many values":
        crafted = again(content, targets__json=b"[" + b"0," * 90_000 + b"0]")
        limit = {"JSON_VALUES": 80_000}
    elif how == "many pairs":
        answer = json.loads(parts(content)["reference.json"])
        a, b, _ = answer["pairs"][0]
        for name in (a, b):
            answer["columns"][name]["labels"] = ["x"] * 7000
        crafted, limit = again(content, reference__json=json.dumps(answer).encode()), {}
    elif how == "many rows":
        out = io.BytesIO()
        pq.write_table(pa.table({"a": pa.nulls(500_001, pa.int8())}), out)
        crafted, limit = again(content, people__parquet=out.getvalue()), {"TABLE_CELLS": 500_000}
    else:
        network = json.loads(parts(content)["network.json"])
        crafted, limit = again(content, network__json=_twisted(network, how)), {}
        limit = {"PIECES": 20_000} if how == "many pieces" else {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in limit.items():
            patch.setattr(f"synth.populations.archive_limits.{name}", value)
        tracemalloc.start()
        with pytest.raises(PopulaceError, match=f"unpack to far more.*{message}"):
            unpack(crafted, tmp_path / "in", "x.populace")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2**27 and not list((tmp_path / "in").iterdir())
