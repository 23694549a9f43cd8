"""The masked network: numpy beside torch, answers beside enumeration, what learning does."""

import itertools

import numpy as np
import pandas as pd
import pytest

from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.generators import Settings, coded, generator, masked
from synth.generators.masked import MaskedProposal

ENDS = ("all passes were done", "people kept apart were predicted no better")


@pytest.fixture(scope="module", autouse=True)
def small():
    """A small network learns as fast as these tables need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coded, "PILOT", 1 << 12)
        patch.setattr(masked, "WIDTH", 32)
        patch.setattr(masked, "INNER", 64)
        patch.setattr(masked, "LOOKS", 20)
        yield


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, 900)
    b = np.where(rng.random(900) < 0.8, a, rng.integers(0, 3, 900))
    c = (a + b + (rng.random(900) < 0.2)) % 2
    return pd.DataFrame({"a": a, "b": [f"b{i}" for i in b], "c": np.where(c == 1, "on", "off")})


@pytest.fixture(scope="module")
def models(frame):
    settings = Settings(options={"epochs": 30})
    names = ("autoregressive", "diffusion")
    return {name: generator(name).fit(make_table(frame), settings) for name in names}


@pytest.fixture(params=["autoregressive", "diffusion"])
def model(request, models):
    return models[request.param]


def joint_of(network, order):
    """P(codes) when columns are drawn in this order, by multiplying along it."""
    sizes = network.sizes
    codes = np.array(list(itertools.product(*map(range, sizes))), np.int32)
    mass = np.ones(len(codes))
    for at, column in enumerate(order):
        p = network.probabilities(codes, order[:at], column)
        mass *= p[np.arange(len(codes)), codes[:, column]]
    return mass.reshape(sizes)


def test_numpy_evaluates_what_torch_learned(model):
    import torch

    network = model.law.network
    sizes = network.sizes
    net = masked._module(sizes, [np.ones(size) / size for size in sizes], 0.1).eval()
    net.load_state_dict({k: torch.from_numpy(v) for k, v in network.parameters.items()})
    rng = np.random.default_rng(1)
    codes = np.stack([rng.integers(0, size, 40) for size in sizes], axis=1).astype(np.int32)
    for visible in ([], [1], [0, 2]):
        seen = torch.zeros(40, 3, dtype=torch.bool)
        seen[:, visible] = True
        with torch.no_grad():
            logits = net(torch.from_numpy(codes.astype(np.int64)), seen)
        low = 0
        for column, size in enumerate(sizes):
            expected = torch.softmax(logits[:, low : low + size], dim=1).numpy()
            got = network.probabilities(codes, visible, column)
            np.testing.assert_allclose(got, expected, atol=1e-5)
            low += size


@pytest.mark.parametrize(
    ("text", "order", "index"),
    [
        ("a=1", [0, 1, 2], np.s_[1:2]),
        ("a=0|2", [0, 1, 2], np.s_[[0, 2]]),
        ("b=b1", [1, 0, 2], np.s_[:, 1:2]),
        ("a=1..2,c=on", [0, 2, 1], np.s_[1:3, :, 1:2]),
        ("b=b0|b2,c=off", [1, 2, 0], np.s_[:, [0, 2], 0:1]),
        ("a=1,b=b1,c=on", [0, 1, 2], np.s_[1:2, 1:2, 1:2]),
    ],
)
def test_facts_are_answered_by_the_order_that_begins_with_them(model, text, order, index):
    joint = joint_of(model.law.network, order)
    assert joint.sum() == pytest.approx(1.0)
    left = np.zeros_like(joint)
    left[index] = joint[index]
    given = model.given(Evidence.parse(text, model.schema))
    assert given.probability == pytest.approx(left.sum(), rel=1e-5)
    assert given.exact == (model.generator == "autoregressive")
    known = text.count("=")
    for place in range(known + 1 if known < 3 else 3):
        column = order[place]
        axes = tuple(axis for axis in range(3) if axis != column)
        exact = left.sum(axis=axes) / left.sum()
        marginal = given.marginal("abc"[column])
        np.testing.assert_allclose(marginal.probabilities, exact, atol=1e-5)
    if model.generator == "autoregressive":
        drawn = model.codebook.encode(given.sample(4000, seed=1))
        counts = np.zeros_like(joint)
        np.add.at(counts, tuple(drawn.T), 1)
        np.testing.assert_allclose(counts / 4000, left / left.sum(), atol=0.035)


def test_diffusion_draws_the_mean_of_all_orders(models):
    model = models["diffusion"]
    orders = list(itertools.permutations(range(3)))
    mean = sum(joint_of(model.law.network, list(order)) for order in orders) / len(orders)
    counts = np.zeros_like(mean)
    np.add.at(counts, tuple(model.codebook.encode(model.sample(12_000, seed=1)).T), 1)
    np.testing.assert_allclose(counts / 12_000, mean, atol=0.015)
    assert "in-painted" in model.notes[0] and not model.given().exact


def test_many_combinations_are_weighed_instead_of_enumerated(model, monkeypatch):
    facts = Evidence.parse("a=1..2,b=b0|b2,c=on", model.schema)
    exact = model.given(facts)
    monkeypatch.setattr(masked, "COMBINATIONS", 2)
    weighed = model.given(facts)
    assert not weighed.exact and weighed.standard_error > 0
    assert abs(weighed.probability - exact.probability) < 4 * weighed.standard_error
    for column in "ab":
        np.testing.assert_allclose(
            weighed.marginal(column).probabilities,
            exact.marginal(column).probabilities,
            atol=0.03,
        )
    shares = [m.sample(1500, seed=1)["a"].eq(1).mean() for m in (weighed, exact)]
    assert shares[0] == pytest.approx(shares[1], abs=0.07)


def test_it_learns_what_hangs_together(model, frame):
    drawn = model.sample(3000)
    real = pd.crosstab(frame["a"], frame["b"], normalize=True).to_numpy()
    ours = pd.crosstab(drawn["a"], drawn["b"], normalize=True).to_numpy()
    assert np.abs(real - ours).sum() / 2 < 0.08
    losses = model.report["losses"]["kept apart"]
    assert min(losses) < losses[0]
    assert model.report["ended"] in (
        "all passes were done",
        "people kept apart were predicted no better",
    )


def test_examples_show_what_comes_before(frame):
    rng = np.random.default_rng(0)
    visible, weight = masked._examples(4000, 5, 0.0, rng)
    assert not weight[visible].any() and (weight.sum(axis=1) == pytest.approx(5.0))
    counts = np.bincount(visible.sum(axis=1), minlength=5)
    assert counts.min() > 650 and len(counts) == 5
    visible, weight = masked._examples(4000, 5, 1.0, rng)
    np.testing.assert_allclose(weight.sum(axis=1), 5.0, rtol=1e-5)
    first = ~np.any(np.diff(visible.astype(int), axis=1) > 0, axis=1)
    assert 0.5 < first.mean() < 0.95  # the others begin with known columns
    assert (weight.max(axis=1) >= 4.0 - 1e-5).all()


def test_impossible_facts_are_nobodys(model):
    proposal = MaskedProposal(model.law.network, {0: np.zeros(3)}, False)
    assert proposal.log_probability == -np.inf
