"""The network of days, learned with torch: all groups of a day at once, in one pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from synth.days.facts import FactCodes
from synth.days.groups import Groups
from synth.days.minutes import BINS, Values, bin_of
from synth.days.model import DayModel
from synth.days.network import LEFT, DayNetwork, left_code
from synth.days.walk import Slots
from synth.generators.base import Settings
from synth.generators.training import (
    Average,
    Clock,
    Stopping,
    arrays_of,
    batches,
    ended,
    learning,
    split_apart,
)

if TYPE_CHECKING:
    import torch

WIDTH = 192
BATCH = 256
"""Days that are learned from at once; fewer where there are few."""
RATE = 3e-3
LOOKS = 100
"""Batches between two looks at the people kept apart."""
PATIENCE = 8
_EPSILON = 1e-5


@dataclass(frozen=True, eq=False)
class _Coded:
    """Days as the network reads them: codes of facts, bins, what is left, what is drawn, limits."""

    facts: np.ndarray
    bins: np.ndarray
    left: np.ndarray
    drawn: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def part(self, rows: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Some days as tensors."""
        import torch

        arrays = (self.facts, self.bins, self.left, self.drawn, self.low, self.high)
        return tuple(torch.from_numpy(each[rows]) for each in arrays)


def learn_days(
    groups: Groups,
    people: pd.DataFrame,
    minutes: np.ndarray,
    names: tuple[str, ...],
    ranks: tuple[str, ...],
    *,
    seed: int = 0,
    minutes_of_work: float = 4.0,
    epochs: int = 12,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[DayModel, dict[str, Any]]:
    """Learn how people spend a day.

    Parameters
    ----------
    groups : Groups
        What a day is made of.
    people : DataFrame
        Records.
    minutes : int array, shape (people, groups)
        Their days, each of 1,440 minutes.
    names : tuple of str
        Columns that minutes follow from, beside the interests.
    ranks : tuple of str
        The columns of the first to third interest; they are what the days show.
    seed : int
        Of everything that is drawn in learning.
    minutes_of_work, epochs
        Learning ends when people kept apart are predicted no better, or when these are used up.
    progress : callable, optional
        Gets the share that is done, and words.

    Returns
    -------
    model : DayModel
        What was learned.
    report : dict
        Passes, seconds, what ended learning, nats a day kept apart.
    """
    facts = FactCodes.of(people, (*names, *ranks))
    days = Slots.of(groups, minutes)
    coded = _Coded(
        facts.codes(people),
        bin_of(days.minutes),
        left_code(days.left),
        days.drawn,
        bin_of(days.low),
        bin_of(days.high),
    )
    settings = Settings(seed, None, (), {"minutes": minutes_of_work, "epochs": epochs})
    clock = Clock.of(settings, progress or (lambda share, words: None), minutes_of_work, epochs)
    arrays, report = _climb(facts.sizes, coded, clock, seed)
    values = Values.of(days.minutes, days.left, days.drawn)
    network = DayNetwork(facts.sizes, days.minutes.shape[1], arrays).checked()
    return DayModel(groups, ranks, facts, network, values), report


def _climb(
    sizes: tuple[int, ...], coded: _Coded, clock: Clock, seed: int
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    import torch

    ours, apart = split_apart(len(coded.facts), seed)
    random = np.random.default_rng([seed, 1])
    with learning(seed):
        net = _module(sizes, coded, ours)
        average, stopping = Average(net, 0.998), Stopping(PATIENCE)
        optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01)
        validation = coded.part(apart)
        steps, over = 0, False
        epoch = 0
        size = min(BATCH, max(32, len(ours) // 30))
        total = max(clock.epochs * (len(ours) // size), 1)
        warm = min(100, 1 + total // 10)
        while epoch < clock.epochs and not over:
            for rows in batches(len(ours), size, None, random):
                done = max(steps / total, clock.share(epoch))
                for group in optimiser.param_groups:
                    group["lr"] = RATE * min(1.0, (steps + 1) / warm) * max(1 - done, 0.02)
                loss = net(*coded.part(ours[rows]))
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimiser.step()
                average.step()
                steps += 1
                if len(apart) and (steps % LOOKS == 0 or clock.late):
                    now = _apart(net, average, validation)
                    stopping.look(now, {k: v.clone() for k, v in average.values.items()})
                    clock.say(epoch, f"Pass {epoch + 1}: {now:.3f} nats a day kept apart")
                over = clock.late or stopping.over
                if over:
                    break
            epoch += 1
        state = average.values if stopping.state is None else stopping.state
        arrays = {k: v for k, v in arrays_of(state).items() if k != "starts"}
    return arrays, {
        "passes": epoch,
        "steps": steps,
        "nats": round(stopping.best, 3),
        "seconds": round(clock.seconds),
        "work_seconds": round(clock.worked),
        "ended": ended(clock, stopping.over),
    }


def _apart(net: torch.nn.Module, average: Average, validation: tuple[torch.Tensor, ...]) -> float:
    """The loss of people kept apart by the average parameters."""
    import torch

    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(dict(average.values))
    net.eval()
    with torch.no_grad():
        loss = float(net(*validation))
    net.train()
    net.load_state_dict(before)
    return loss


def _module(sizes: tuple[int, ...], coded: _Coded, ours: np.ndarray) -> torch.nn.Module:
    """The network in torch; its parameters are named as `DayNetwork` reads them."""
    import torch
    from torch import nn

    count = coded.bins.shape[1]

    class Net(nn.Module):
        starts: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            self.facts = nn.Parameter(torch.randn(sum(sizes), WIDTH) / len(sizes) ** 0.5)
            self.bins = nn.Parameter(torch.randn(count * BINS, WIDTH) / count**0.5)
            self.left = nn.Parameter(torch.randn(LEFT, WIDTH) * 0.3)
            self.high = nn.Parameter(torch.randn(BINS, WIDTH) * 0.3)
            self.scale = nn.Parameter(torch.ones(WIDTH))
            self.shift = nn.Parameter(torch.zeros(WIDTH))
            self.out = nn.Parameter(torch.zeros(count, WIDTH, BINS))
            self.base = nn.Parameter(torch.from_numpy(_logs(coded, ours)))
            starts = torch.from_numpy(np.cumsum([0, *sizes[:-1]]))
            self.register_buffer("starts", starts, persistent=False)

        def forward(
            self,
            facts: torch.Tensor,
            bins: torch.Tensor,
            left: torch.Tensor,
            drawn: torch.Tensor,
            low: torch.Tensor,
            high: torch.Tensor,
        ) -> torch.Tensor:
            start = nn.functional.embedding_bag(facts + self.starts, self.facts, mode="sum")
            places = bins + BINS * torch.arange(count)
            seen = nn.functional.embedding(places, self.bins) * drawn[..., None]
            before = torch.cumsum(seen, dim=1) - seen
            wide = start[:, None] + before + nn.functional.embedding(left, self.left)
            wide = wide + nn.functional.embedding(high, self.high)
            wide = nn.functional.layer_norm(wide, (WIDTH,), self.scale, self.shift, _EPSILON)
            wide = nn.functional.dropout(torch.relu(wide), 0.1, self.training)
            logits = torch.bmm(wide.transpose(0, 1), self.out) + self.base[:, None]
            some = drawn.T
            place = torch.arange(BINS)
            out = (place < low.T[some][:, None]) | (place > high.T[some][:, None])
            loss = nn.functional.cross_entropy(
                logits[some].masked_fill(out, -1e9), bins.T[some], reduction="sum"
            )
            return loss / len(facts)

    return Net()


def _logs(coded: _Coded, ours: np.ndarray) -> np.ndarray:
    """ln of the shares of bins; float32 (slots, bins)."""
    out = np.zeros((coded.bins.shape[1], BINS), dtype=np.float32)
    for slot in range(len(out)):
        some = coded.bins[ours, slot][coded.drawn[ours, slot]]
        share = (np.bincount(some, minlength=BINS) + 0.05) / (len(some) + 0.05 * BINS)
        out[slot] = np.log(share)
    return out
