"""People on demand: the same as `sample`, limits, the token, and nothing unescaped."""

import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from synth import load
from synth.api import limits, routes
from synth.data.writers import csv_bytes

NAME = "french-hobbies"


@pytest.fixture(scope="module")
def client():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits.Allowance.__init__, "__defaults__", (10**9,))
        unhurried = routes()
    return TestClient(Starlette(routes=unhurried))


def people(rows, given=""):
    population = load(NAME)
    return population.given(population.evidence(given)).sample_arrow(rows, 7)


@pytest.mark.parametrize("form", ["arrow", "parquet", "csv", "json"])
@pytest.mark.parametrize("rows", [0, 3, 1000])
def test_the_same_people_as_sample(client, form, rows):
    words = {"population": NAME, "given": "gender=female", "rows": rows, "seed": 7, "format": form}
    reply = client.get("/api/people", params=words)
    assert reply.status_code == 200, reply.text
    wanted = people(rows, "gender=female")
    if form == "csv":
        assert reply.content == csv_bytes([wanted])
    elif form == "json":
        assert len(reply.text.splitlines()) == rows
        if rows:
            assert pd.read_json(io.StringIO(reply.text), lines=True)["gender"].unique() == [
                "female"
            ]
    else:
        source = io.BytesIO(reply.content)
        got = pq.read_table(source) if form == "parquet" else pa.ipc.open_stream(source).read_all()
        assert got.schema.names == wanted.schema.names
        assert got.to_pylist() == wanted.to_pylist()


def test_one_person_in_all_forms(client):
    address = f"/api/people/{NAME}/7/123456789"
    record = client.get(address).json()
    assert record == client.get(address).json()
    card = client.get(f"{address}/card")
    assert card.text.startswith("<article") and record["name"].split()[0] in card.text
    assert "default-src 'none'" in card.headers["content-security-policy"]
    assert client.get(f"{address}/png").content.startswith(b"\x89PNG")
    assert client.get(f"{address}/else").status_code == 404


def test_questions(client):
    words = {"population": NAME, "given": "gender=female"}
    answer = client.get("/api/probability", params=words).json()
    population = load(NAME)
    known = population.given(population.evidence("gender=female"))
    assert answer["probability"] == known.probability and answer["exact"]
    shares = client.get("/api/posterior", params=words | {"column": "cinema"}).json()[
        "probabilities"
    ]
    assert shares == [float(p) for p in known.marginal("cinema").probabilities]
    assert {each["name"] for each in client.get("/api/populations").json()} >= {NAME}
    assert "/api/people" in client.get("/api/openapi.json").json()["paths"]


def test_the_description_is_a_page_that_needs_nothing_else(client):
    reply = client.get("/api/docs")
    described = client.get("/api/openapi.json").json()["paths"]
    assert all(path in reply.text for path in described)
    for each in described["/api/people"]["get"]["parameters"]:
        assert each["name"] in reply.text and each["description"][:20] in reply.text
    assert reply.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert "<script" not in reply.text and 'src="http' not in reply.text


@pytest.mark.parametrize(
    "address",
    [
        "/api/people?rows=-1",
        "/api/people?rows=1e9",
        "/api/people?rows=99999999999999999999",
        "/api/people?format=exe",
        "/api/people?seed=%C2%B2",
        "/api/people?given=age%3D",
        "/api/people?given=%3Cscript%3E%3D1",
        "/api/posterior?column=%3Cscript%3E",
        "/api/probability?population=../../etc",
        "/api/people/..%2F..%2Fetc/1/1",
        f"/api/people/{NAME}/99999999999999/1",
        f"/api/people/{NAME}/1/99999999999999999",
    ],
)
def test_wrong_questions_get_one_sentence(client, address):
    reply = client.get(address)
    assert reply.status_code in (400, 404)
    assert reply.headers["content-type"].startswith(("application/json", "text/plain"))
    assert "Traceback" not in reply.text


def test_limits_token_and_no_other_origin(monkeypatch):
    monkeypatch.setattr(limits.Allowance.__init__, "__defaults__", (2,))
    server = TestClient(Starlette(routes=routes()))
    origin = {"Origin": "https://elsewhere.example"}
    first = server.get("/api/openapi.json", headers=origin)
    assert first.status_code == 200
    assert "access-control-allow-origin" not in first.headers
    assert server.get("/api/openapi.json").status_code == 200
    third = server.get("/api/openapi.json")
    assert third.status_code == 429 and int(third.headers["retry-after"]) >= 1
    monkeypatch.setenv(limits.TOKEN, "sesame")
    server = TestClient(Starlette(routes=routes()))
    assert server.get("/api/openapi.json").status_code == 401
    headers = {"Authorization": "Bearer sesame"}
    assert server.get("/api/openapi.json", headers=headers).status_code == 200


def test_all_of_it_lies_below_a_prefix():
    server = TestClient(Starlette(routes=routes(prefix="/town/people/")))
    assert server.get("/api/openapi.json").status_code == 404
    reply = server.get("/town/people/api/openapi.json")
    assert reply.status_code == 200 and reply.json()["servers"] == [{"url": "/town/people"}]
    assert routes(prefix="/")[0].path == routes()[0].path == "/api/populations"
