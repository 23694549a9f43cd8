"""Time, passes, people kept apart, batches and curves."""

import time
from importlib.machinery import ModuleSpec

import numpy as np
import pytest

from synth.generators import Settings, training
from synth.generators.base import no_progress
from synth.generators.training import (
    Average,
    Clock,
    Stopping,
    batches,
    learning,
    split_apart,
    thinned,
)


def test_a_budget_counts_work_and_not_waiting(monkeypatch):
    clock = Clock.of(Settings(options={"minutes": 1, "epochs": 10}), no_progress, 3.0, 100)
    assert (clock.minutes, clock.epochs) == (1.0, 10)
    wall, work = time.monotonic(), time.thread_time()
    monkeypatch.setattr(training.time, "monotonic", lambda: wall + 100)
    monkeypatch.setattr(training.time, "thread_time", lambda: work + 6)
    assert clock.worked == pytest.approx(25, abs=1)  # a quarter of the wall's
    assert not clock.late and clock.share(2) == pytest.approx(25 / 60, abs=0.02)
    assert clock.share(9) == 0.9
    monkeypatch.setattr(training.time, "thread_time", lambda: work + 61)
    assert clock.late and clock.share(0) == 1.0
    assert training.ended(clock, False) == "the time was used up"
    assert "no better" in training.ended(clock, True)


def test_settings_without_a_budget_leave_the_generators_own():
    clock = Clock.of(Settings(options={"minutes": None}), no_progress, 3.0, 100)
    assert (clock.minutes, clock.epochs) == (3.0, 100)


def test_stopping_keeps_the_best():
    stopping = Stopping(2)
    assert [stopping.look(loss, name) for loss, name in ((3, "a"), (2, "b"), (2.5, "c"))] == [
        True,
        True,
        False,
    ]
    assert not stopping.over
    stopping.look(2.1, "d")
    assert stopping.over and stopping.state == "b"


@pytest.mark.parametrize(("rows", "apart"), [(1, 0), (49, 0), (50, 5), (1000, 100), (10**5, 4000)])
def test_people_kept_apart(rows, apart):
    ours, others = split_apart(rows, 0)
    assert len(others) == apart and set(ours) | set(others) == set(range(rows))
    assert len(ours) + len(others) == rows


def test_batches_are_whole_and_weighted():
    rng = np.random.default_rng(0)
    parts = list(batches(10, 4, None, rng))
    assert [len(part) for part in parts] == [4, 4] and len(set(np.concatenate(parts))) == 8
    assert [len(part) for part in batches(3, 8, None, rng)] == [3]
    weights = np.array([0.0, 1.0, 3.0])
    drawn = np.concatenate([b for _ in range(400) for b in batches(3, 3, weights, rng)])
    share = np.bincount(drawn, minlength=3) / len(drawn)
    np.testing.assert_allclose(share, [0, 0.25, 0.75], atol=0.05)


def test_curves_are_thinned_to_means():
    assert thinned([1.0, 2.0]) == [1.0, 2.0]
    curve = thinned([float(i) for i in range(800)])
    assert len(curve) == training.CURVE and curve[0] == pytest.approx(0.5)
    assert np.mean(curve) == pytest.approx(399.5)


def test_learning_leaves_torch_as_it_was():
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    drawn = []
    for _ in range(2):
        with learning(5) as device:
            assert device.type in ("cpu", "cuda") and torch.get_num_threads() == training.THREADS
            drawn.append(torch.rand(3).tolist())
    assert drawn[0] == drawn[1]
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_an_average_follows_its_network():
    import torch

    module = torch.nn.Linear(2, 1)
    average = Average(module, 0.5)
    with torch.no_grad():
        module.weight.fill_(8.0)
    for _ in range(40):
        average.step()
    assert torch.allclose(average.values["weight"], module.weight, atol=1e-3)


def test_torch_of_cuda_needs_more_address_space_even_without_a_card(monkeypatch, tmp_path):
    (tmp_path / "lib").mkdir()
    spec = ModuleSpec("torch", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(training, "find_spec", lambda name: spec)
    monkeypatch.setattr(training, "has_card", lambda: False)
    assert training.torch_space() == 0
    (tmp_path / "lib" / "libtorch_cuda.so").touch()
    assert training.torch_space() == training.CUDA_LIBRARIES > 2**34
    monkeypatch.setattr(training, "has_card", lambda: True)
    assert training.torch_space() == training.CARD_SPACE > training.CUDA_LIBRARIES
