"""Networks as files: round trips, damage, identity, sharing between threads."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from synth.bayes import Network, learn
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.errors import PopulaceError


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    n = 2000
    a = rng.choice(["x", "y", "z"], n)
    b = np.where(rng.random(n) < 0.8, a, "x")
    c = np.round(rng.normal(5, 2, n) + (a == "z"), 2)
    d = np.round(rng.normal(0, 1, n) + c, 3)
    e = pd.array(rng.integers(0, 9, n), dtype="Int64")
    e[::7] = pd.NA
    frame = pd.DataFrame({"a": a, "b": b, "c": c, "d": d, "e": e})
    return learn(make_table(frame), gaussian=["c", "d"])


def test_a_saved_network_answers_and_draws_alike(network, tmp_path):
    network.save(tmp_path / "n.json")
    again = Network.load(tmp_path / "n.json")
    assert again.edges == network.edges
    assert again.schema == network.schema
    facts = Evidence.parse("a=z|y,e=2..5,d=1..", network.schema)
    old, new = network.given(facts), again.given(facts)
    assert new.probability == pytest.approx(old.probability, rel=2e-3)
    for name in ("a", "b", "e"):
        assert new.codes(name) == pytest.approx(old.codes(name), abs=1e-3)
    Network.load(tmp_path / "n.json").save(tmp_path / "m.json")
    assert (tmp_path / "m.json").read_bytes() == (tmp_path / "n.json").read_bytes()


def test_the_digest_is_the_content(network, tmp_path):
    network.save(tmp_path / "n.json")
    first, two = Network.load(tmp_path / "n.json"), Network.load(tmp_path / "n.json")
    assert first.digest == two.digest
    value = network.to_json()
    value["columns"]["a"]["table"] = value["columns"]["b"]["table"]
    if network.tables["a"].size == network.tables["b"].size:
        assert Network.from_json(value).digest != first.digest


@pytest.mark.parametrize(
    "damage",
    [
        lambda v: v.update(format="other/1"),
        lambda v: v.pop("schema"),
        lambda v: v.pop("columns"),
        lambda v: v["columns"].pop("a"),
        lambda v: v["columns"]["a"].update(table="@@@"),
        lambda v: v["columns"]["a"].update(table="AAAA"),
        lambda v: v["columns"]["a"].update(parents=["nobody"]),
        lambda v: v["columns"]["a"].update(parents=["a"]),
        lambda v: v["columns"]["e"].update(pieces={"first": [1]}),
        lambda v: v["columns"]["c"].update(gaussian={}),
        lambda v: v.update(columns=3),
        lambda v: v["about"].update(tiers=[["a", 3]]),
        lambda v: v.update(about=[1]),
    ],
)
def test_damaged_files_get_a_sentence(network, damage, tmp_path):
    value = json.loads(json.dumps(network.to_json()))
    damage(value)
    path = tmp_path / "n.json"
    path.write_text(json.dumps(value))
    with pytest.raises(PopulaceError):
        Network.load(path)


def test_tiers_name_the_networks_own_columns(network):
    assert network.tiers == ()
    tiered = replace(network, about={**network.about, "tiers": [["b", "gone"], ["gone"], ["a"]]})
    assert tiered.tiers == (("b",), ("a",))
    assert Network.from_json(json.loads(json.dumps(tiered.to_json()))).tiers == tiered.tiers


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "[" * 5000])
def test_files_that_are_no_networks(text, tmp_path):
    (tmp_path / "n.json").write_text(text)
    with pytest.raises(PopulaceError):
        Network.load(tmp_path / "n.json")
    with pytest.raises(PopulaceError, match="check the path"):
        Network.load(tmp_path / "none.json")


def test_a_packed_table_cannot_grow(network):
    """A text that unpacks to gigabytes is refused after the bytes that its shape asks for."""
    import base64
    import zlib

    value = json.loads(json.dumps(network.to_json()))
    bomb = base64.b64encode(zlib.compress(bytes(50_000_000), 9)).decode()
    value["columns"]["a"]["table"] = bomb
    with pytest.raises(PopulaceError, match="damaged"):
        Network.from_json(value)


def test_tables_cannot_be_written_to(network):
    with pytest.raises(ValueError, match="read-only"):
        network.tables["a"][...] = 0


def test_threads_share_a_posterior(network):
    posterior = network.given(Evidence.parse("b=y", network.schema))
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(lambda i: posterior.sample(500, seed=i % 2, threads=1), range(16)))
        beliefs = list(pool.map(lambda i: posterior.codes("a"), range(8)))
    for frame in frames[2::2]:
        pd.testing.assert_frame_equal(frame, frames[0])
    assert all((belief == beliefs[0]).all() for belief in beliefs)


@pytest.mark.parametrize("compact", [False, True])
def test_saving_and_loading_changes_nobody_beyond_the_first_compact_file(
    network, compact, tmp_path
):
    """Case 14: pay values and probabilities are the same to the last bit."""
    if compact:
        network.save(tmp_path / "short.json", compact=True)
        network = Network.load(tmp_path / "short.json")
    network.save(tmp_path / "n.json")
    again = Network.load(tmp_path / "n.json")
    facts = Evidence.parse("a=z|y,e=2..5,d=1..", network.schema)
    for evidence in (None, facts):
        old, new = network.given(evidence), again.given(evidence)
        assert new.log_probability == old.log_probability
        pd.testing.assert_frame_equal(
            old.sample(20_000, 3), new.sample(20_000, 3), check_exact=True
        )
    for name in ("a", "b", "e"):
        assert (again.tables[name] == network.tables[name]).all()
        assert again.tables[name].dtype == np.float64
    assert again.digest == network.digest


def test_an_exact_table_must_add_up(network):
    value = json.loads(json.dumps(network.to_json()))
    value["columns"]["e"]["pieces"]["weight"][0] += 0.5
    with pytest.raises(PopulaceError, match="damaged near the weights of e"):
        Network.from_json(value)
