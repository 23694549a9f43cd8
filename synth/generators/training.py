"""What networks share while they learn: time, device, threads, people kept apart, losses.

torch is imported when something is learned, never before. A graphics card is used where torch finds
one and `SYNTH_DEVICE` does not say ``cpu``; the report names the device (sums on it have no fixed
order, so there the same seed learns nearly the same model). Learning ends when people kept apart
are predicted no better for a while, when the passes (`epochs`) are used up, or when the time
(`minutes` of work) is; the report says which. Only the last depends on the machine.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.errors import PopulaceError
from synth.generators.base import Progress, Settings

if TYPE_CHECKING:
    import torch

THREADS = 1
"""So many threads learn. With one, sums have one order, so the same seed learns the same model;
more would wait for each other at every step of so small a network, on a busy machine for long."""
PATIENT = 4.0
"""Nobody waits longer than so many times the budget, however busy the machine is."""
APART = 0.1
"""The share of the people who are kept apart to end learning."""
MOST_APART = 4_000
FEWEST = 50
"""Below so many people nobody is kept apart: passes and time alone end learning."""
CURVE = 400
"""Points of a curve of losses, at most."""
CARD_SPACE = 512 * 2**30
"""Bytes of address space that CUDA reserves without using them."""
CUDA_LIBRARIES = 32 * 2**30
"""Bytes of address space for what a CUDA build of torch maps, also where no card is used."""
DEVICE = "SYNTH_DEVICE"
"""The environment variable that says what learns: ``cpu``, ``cuda``, or the best there is."""

Listener = Callable[[str, float], None]
_listener: ContextVar[Listener | None] = ContextVar("losses", default=None)


@contextmanager
def losses_to(listener: Listener) -> Iterator[None]:
    """Until left, each loss that is looked at is also told to a listener: curve and value."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def has_card() -> bool:
    """Whether a graphics card seems to be there and may be used; torch is not asked."""
    wanted = os.environ.get(DEVICE, "")
    return wanted != "cpu" and any(Path(f"/dev/{name}").exists() for name in ("nvidiactl", "dxg"))


def torch_space() -> int:
    """Bytes of address space that torch claims beyond what a child needs; torch is not imported."""
    if has_card():
        return CARD_SPACE
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return 0
    libraries = Path(spec.origin).parent / "lib"
    return CUDA_LIBRARIES if any(libraries.glob("*torch_cuda*")) else 0


def device_of(wanted: str = "") -> torch.device:
    """What learns.

    Parameters
    ----------
    wanted : str
        ``cpu``, ``cuda`` or empty for the best there is; where empty, `SYNTH_DEVICE` counts.

    Raises
    ------
    PopulaceError
        There is no graphics card that can be used.
    """
    import torch

    wanted = wanted or os.environ.get(DEVICE, "")
    if wanted not in ("", "auto", "cpu", "cuda"):
        raise PopulaceError(f"There is no device {wanted}: say cpu, cuda, or leave it out.")
    if wanted == "cpu" or not torch.cuda.is_available():
        if wanted == "cuda":
            raise PopulaceError("There is no CUDA device here: leave the device out, or say cpu.")
        return torch.device("cpu")
    with contextlib.suppress(RuntimeError):  # limits on memory may forbid it
        torch.zeros(1, device="cuda")
        return torch.device("cuda")
    return torch.device("cpu")


@contextmanager
def learning(seed: int) -> Iterator[torch.device]:
    """A device, and random numbers and threads of this learning's own, until left."""
    import torch

    device = device_of()
    threads = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield device
    finally:
        torch.set_num_threads(threads)


@dataclass
class Clock:
    """How long learning may go on, and what it reports on the way.

    Attributes
    ----------
    minutes : float
        The budget of time: of this thread's own work, so that a busy machine takes longer and
        learns as much.
    epochs : int
        The limit of passes.
    progress : Progress
        Gets the share that is done, and words.
    """

    minutes: float
    epochs: int
    progress: Progress
    begun: float = field(default_factory=time.monotonic)
    begun_working: float = field(default_factory=time.thread_time)

    @staticmethod
    def of(settings: Settings, progress: Progress, minutes: float, epochs: int) -> Clock:
        """The clock of settings; `minutes` and `epochs` where they name none."""
        options = settings.options
        return Clock(
            float(options.get("minutes") or minutes),
            int(options.get("epochs") or epochs),
            progress,
        )

    @property
    def seconds(self) -> float:
        """The time that has gone by the clock on the wall."""
        return time.monotonic() - self.begun

    @property
    def worked(self) -> float:
        """Seconds of the budget that are used: of work, and not below the wall's / `PATIENT`."""
        return max(time.thread_time() - self.begun_working, self.seconds / PATIENT)

    def share(self, epoch: float) -> float:
        """How much of what may be used is used, 0 to 1."""
        return min(max(self.worked / (60 * self.minutes), epoch / self.epochs), 1.0)

    @property
    def late(self) -> bool:
        """Whether the time is used up."""
        return self.worked >= 60 * self.minutes

    def note(self, curve: str, loss: float) -> None:
        """Tell whoever watches the losses."""
        listener = _listener.get()
        if listener is not None:
            listener(curve, loss)

    def say(self, epoch: float, words: str) -> None:
        """Report; whoever listens may stop learning by raising."""
        share = self.share(epoch)
        if 0 < share < 1 and self.seconds > 2:
            left = self.seconds * (1 - share) / share
            words += f"; at most {left / 60:.0f} min left" if left >= 60 else "; a minute left"
        self.progress(min(0.02 + 0.96 * share, 0.98), words)


@dataclass
class Stopping:
    """The best state so far, by the loss of people kept apart.

    Attributes
    ----------
    patience : int
        So many looks without a gain end learning.
    """

    patience: int
    best: float = np.inf
    state: Any = None
    waited: int = 0

    def look(self, loss: float, state: Any) -> bool:
        """Note a loss; whether it is the best so far."""
        if loss < self.best - 1e-5:
            self.best, self.state, self.waited = loss, state, 0
            return True
        self.waited += 1
        return False

    @property
    def over(self) -> bool:
        """Whether there was no gain for too long."""
        return self.waited >= self.patience


def split_apart(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows to learn from and of those kept apart, which may be none."""
    order = np.random.default_rng(seed).permutation(rows)
    apart = 0 if rows < FEWEST else min(int(APART * rows), MOST_APART)
    return order[apart:], order[:apart]


def batches(
    rows: int, size: int, weights: np.ndarray | None, random: np.random.Generator
) -> Iterator[np.ndarray]:
    """Numbers of rows, a batch at a time, for one pass; weighted rows are drawn by their weights.

    The last batch of a pass is left out where it is smaller than the others.
    """
    if weights is None:
        order = random.permutation(rows)
    else:
        order = random.choice(rows, rows, p=weights / weights.sum())
    size = min(size, rows)
    for low in range(0, rows - size + 1, size):
        yield order[low : low + size]


class Average:
    """The moving average of a network's parameters, which predicts better than the last ones.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    decay : float
        Of the past at each step, once there is a past.
    """

    def __init__(self, module: torch.nn.Module, decay: float) -> None:
        self._module, self._decay, self._steps = module, decay, 0
        self.values = {k: v.detach().clone() for k, v in module.state_dict().items()}

    def step(self) -> None:
        """Take in the parameters as they are now."""
        import torch

        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 10))
        with torch.no_grad():
            for name, value in self._module.state_dict().items():
                if value.dtype.is_floating_point:
                    self.values[name].lerp_(value, 1 - decay)
                else:
                    self.values[name].copy_(value)


def arrays_of(state: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """A network's parameters as plain float32 arrays."""
    return {name: value.detach().cpu().numpy().astype(np.float32) for name, value in state.items()}


def thinned(curve: list[float]) -> list[float]:
    """At most `CURVE` points of a curve, each the mean of its stretch."""
    if len(curve) <= CURVE:
        return [round(float(v), 5) for v in curve]
    parts = np.array_split(np.array(curve), CURVE)
    return [round(float(part.mean()), 5) for part in parts]


def ended(clock: Clock, stopped: bool) -> str:
    """What ended learning, in words."""
    if stopped:
        return "people kept apart were predicted no better"
    return "the time was used up" if clock.late else "all passes were done"
