"""A network that predicts every hidden column from any visible ones, learned and evaluated.

The input is the sum of one vector for each column: that of its code, or of "hidden". Blocks of two
layers refine the sum, and each column's code probabilities are read off it. In learning, random
columns are hidden and predicted: a likelihood for every order in which columns can be drawn
(Uria, Murray, Larochelle 2014; Hoogeboom et al. 2022). `autoregressive` draws in one order,
`diffusion` in an order of each person's own.

Learned with torch, drawn from with numpy: the first layer is a table, so that a further visible
column costs an addition.

References
----------
.. [1] B. Uria, I. Murray, H. Larochelle, "A Deep and Tractable Density Estimator", ICML 2014.
.. [2] E. Hoogeboom et al., "Autoregressive Diffusion Models", ICLR 2022.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.generators.base import Progress, Settings
from synth.generators.coded import Codebook, Draw, Law, Likelihoods, Proposal, Rows, choose
from synth.generators.training import (
    Average,
    Clock,
    Stopping,
    arrays_of,
    batches,
    ended,
    learning,
    split_apart,
    thinned,
)

if TYPE_CHECKING:
    import torch

WIDTH, INNER, BLOCKS = 256, 512, 2
COMBINATIONS = 1 << 13
"""Evidence with at most so many combinations of codes is enumerated."""
CHUNK = 1 << 11
"""Rows that the network sees at a time."""
BATCH = 256
RATE = 2e-3
PATIENCE = 12
HALVINGS = 4
LOOKS = 60
"""Batches between two looks at the people kept apart."""
_EPSILON = 1e-5


@dataclass(frozen=True, eq=False)
class MaskedNetwork:
    """The learned network, in numpy.

    Attributes
    ----------
    sizes : tuple of int
        How many codes each column has.
    parameters : mapping of str to float32 array
        As `learn` names them: ``embedding`` (codes and hidden states of all columns, width), for
        each block ``blocks.i.norm.weight`` and so on, ``out.weight`` and ``out.bias``.
    blocks : int
        How many blocks there are.
    """

    sizes: tuple[int, ...]
    parameters: Mapping[str, np.ndarray]
    blocks: int

    @property
    def offsets(self) -> np.ndarray:
        """Row of `embedding` of each column's first code."""
        return _offsets(self.sizes)

    def hidden(self, rows: int) -> np.ndarray:
        """The input of people of whom everything is hidden; float32 (rows, width)."""
        at = self.offsets + np.array(self.sizes)
        return np.tile(self.parameters["embedding"][at].sum(axis=0), (rows, 1))

    def show(
        self,
        state: np.ndarray,
        column: int,
        codes: np.ndarray,
        rows: np.ndarray | slice = slice(None),
    ) -> None:
        """Make a column visible in the input of some people."""
        table, low = self.parameters["embedding"], int(self.offsets[column])
        state[rows] += table[low + codes] - table[low + self.sizes[column]]

    def features(self, state: np.ndarray) -> np.ndarray:
        """What the blocks make of an input; float32 (rows, width)."""
        p = self.parameters
        for block in range(self.blocks):
            name = f"blocks.{block}"
            inner = _normed(state, p[f"{name}.norm.weight"], p[f"{name}.norm.bias"])
            inner = inner @ p[f"{name}.up.weight"].T + p[f"{name}.up.bias"]
            np.maximum(inner, 0.0, out=inner)
            state = state + inner @ p[f"{name}.down.weight"].T + p[f"{name}.down.bias"]
        return _normed(state, p["norm.weight"], p["norm.bias"])

    def read(self, features: np.ndarray, column: int) -> np.ndarray:
        """P(code of a column | what is visible); float64 (rows, codes)."""
        low = int(sum(self.sizes[:column]))
        part = slice(low, low + self.sizes[column])
        p = self.parameters
        logits = (features @ p["out.weight"][part].T + p["out.bias"][part]).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return logits

    def probabilities(self, codes: np.ndarray, visible: Sequence[int], column: int) -> np.ndarray:
        """P(code of a column | codes of the visible columns), float64 (rows, codes)."""
        out = []
        for low in range(0, len(codes), CHUNK):
            part = codes[low : low + CHUNK]
            state = self.hidden(len(part))
            for other in visible:
                self.show(state, other, part[:, other])
            out.append(self.read(self.features(state), column))
        return np.concatenate(out)

    def checked(self) -> MaskedNetwork:
        """The network itself; a ValueError where its arrays do not belong together."""
        p, total = self.parameters, sum(self.sizes)
        width = p["embedding"].shape[1]
        shapes: dict[str, tuple[int, ...]] = {
            "embedding": (total + len(self.sizes), width),
            "norm.weight": (width,),
            "norm.bias": (width,),
            "out.weight": (total, width),
            "out.bias": (total,),
        }
        for block in range(self.blocks):
            name = f"blocks.{block}"
            inner = p[f"{name}.up.bias"].shape[0]
            shapes |= {
                f"{name}.norm.weight": (width,),
                f"{name}.norm.bias": (width,),
                f"{name}.up.weight": (inner, width),
                f"{name}.up.bias": (inner,),
                f"{name}.down.weight": (width, inner),
                f"{name}.down.bias": (width,),
            }
        for name, shape in shapes.items():
            if p[name].shape != shape or not np.isfinite(p[name]).all():
                raise ValueError(name)
        return self


def _offsets(sizes: Sequence[int]) -> np.ndarray:
    return np.cumsum([0, *(size + 1 for size in sizes[:-1])])


def _normed(values: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    values = values - values.mean(axis=1, keepdims=True)
    values /= np.sqrt((values * values).mean(axis=1, keepdims=True) + np.float32(_EPSILON))
    return values * weight + bias


# ---------------------------------------------------------------------- drawing


class MaskedLaw(Law):
    """A network, and in which order columns are drawn.

    Parameters
    ----------
    network : MaskedNetwork
        What was learned.
    """

    random_order: bool = False
    """Whether each person has an order of columns of their own."""

    def __init__(self, network: MaskedNetwork) -> None:
        self.network = network

    def given(self, known: Likelihoods) -> MaskedProposal:
        """What is known is drawn first."""
        return MaskedProposal(self.network, known, self.random_order)

    def about(self) -> dict[str, Any]:
        """The depth."""
        return {"blocks": self.network.blocks}

    def arrays(self) -> dict[str, np.ndarray]:
        """The parameters."""
        return dict(self.network.parameters)

    @classmethod
    def restored(
        cls, codebook: Codebook, about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
    ) -> MaskedLaw:
        """The law of these parameters."""
        network = MaskedNetwork(codebook.sizes, dict(arrays), int(about["blocks"]))
        return cls(network.checked())


class MaskedProposal(Proposal):
    """Known columns first, in the table's order, then the others.

    Combinations of the known columns' codes are enumerated as long as there are few, which makes
    them exact; further known columns are drawn in turn and weighed.

    Parameters
    ----------
    network : MaskedNetwork
        What was learned.
    known : Likelihoods
        What is known.
    random_order : bool
        Whether the others are drawn in an order of each person's own.
    """

    def __init__(self, network: MaskedNetwork, known: Likelihoods, random_order: bool) -> None:
        self._network, self._known, self._random_order = network, known, random_order
        width = len(network.sizes)
        codes, mass = np.zeros((1, width), np.int32), np.ones(1)
        done: list[int] = []
        for column in sorted(known):
            allowed = np.flatnonzero(known[column] > 0)
            if len(codes) * len(allowed) > COMBINATIONS:
                break  # it and those after it are drawn in turn
            p = network.probabilities(codes, done, column)[:, allowed] * known[column][allowed]
            mass = (mass[:, None] * p).ravel()
            codes = np.repeat(codes, len(allowed), axis=0)
            codes[:, column] = np.tile(allowed, len(codes) // max(len(allowed), 1))
            done.append(column)
        self._codes, self._mass, self._done = codes, mass, done
        self._turn = [column for column in sorted(known) if column not in done]
        self._rest = [column for column in range(width) if column not in known]
        total = float(mass.sum())
        self.log_bound = math.log(total) if total > 0 else -math.inf
        self.log_probability = None if self._turn and total > 0 else self.log_bound

    def shares(self, column: int) -> np.ndarray | None:
        """P(code | evidence), the column drawn right after what is known."""
        if self._turn:
            return None
        mass = self._mass / self._mass.sum()
        if column in self._done:
            size = self._network.sizes[column]
            return np.bincount(self._codes[:, column], mass, minlength=size)
        return mass @ self._network.probabilities(self._codes, self._done, column)

    def draw(self, random: np.random.Generator, rows: int) -> Draw:
        """Codes, one column after another."""
        network, width = self._network, len(self._network.sizes)
        uniform = random.random((rows, width + 1))
        codes = self._codes[choose(self._mass, uniform[:, width])]
        state = network.hidden(rows)
        for column in self._done:
            network.show(state, column, codes[:, column])
        log_weight = np.full(rows, self.log_bound)
        for column in self._turn:
            mass = network.read(network.features(state), column) * self._known[column]
            with np.errstate(divide="ignore"):
                log_weight += np.log(mass.sum(axis=1))
            mass[mass.sum(axis=1) <= 0] = self._known[column]  # weighs nothing
            codes[:, column] = choose(mass, uniform[:, column])
            network.show(state, column, codes[:, column])
        if self._random_order:
            self._scattered(random, codes, state, uniform)
        else:
            for column in self._rest:
                shares = network.read(network.features(state), column)
                codes[:, column] = choose(shares, uniform[:, column])
                network.show(state, column, codes[:, column])
        return Draw(codes, log_weight if self._turn else None)

    def _scattered(
        self,
        random: np.random.Generator,
        codes: np.ndarray,
        state: np.ndarray,
        uniform: np.ndarray,
    ) -> None:
        """Each person's hidden columns in an order of their own."""
        rest = np.array(self._rest, np.int64)
        order = rest[np.argsort(random.random((len(codes), len(rest))), axis=1)]
        for step in range(len(rest)):
            features = self._network.features(state)
            for column in map(int, np.unique(order[:, step])):
                rows = np.flatnonzero(order[:, step] == column)
                shares = self._network.read(features[rows], column)
                codes[rows, column] = choose(shares, uniform[rows, column])
                self._network.show(state, column, codes[rows, column], rows)


# ---------------------------------------------------------------------- learning


def learn(
    rows: Rows,
    settings: Settings,
    progress: Progress,
    *,
    ordered: float,
    minutes: float,
    epochs: int = 400,
    dropout: float = 0.1,
    shared: int = 0,
) -> tuple[MaskedNetwork, dict[str, Any]]:
    """Learn the network.

    Parameters
    ----------
    rows : Rows
        The people.
    settings : Settings
        `minutes` and `epochs` among its options, and the seed.
    progress : callable
        Gets the share that is done, and words.
    ordered : float
        The share of the examples in which, beside random columns, the first ones of the table are
        visible, as when people are drawn in the table's order.
    minutes, epochs
        Where settings name none.
    dropout : float
        The share of inner values that are left out at each step.
    shared : int
        So many first columns are always visible and never predicted.

    Returns
    -------
    network : MaskedNetwork
        Of the step that predicts people kept apart best.
    report : dict
        Curves of losses in nats a person, and what ended learning.
    """
    import torch

    clock = Clock.of(settings, progress, minutes, epochs)
    random = np.random.default_rng([settings.seed, 1])
    with learning(settings.seed) as device:
        sizes = rows.sizes
        net = _module(sizes, rows.shares(1.0), dropout).to(device)
        average = Average(net, 0.998)
        ours, apart = split_apart(len(rows.codes), settings.seed)
        codes = torch.from_numpy(rows.codes[ours].astype(np.int64)).to(device)
        weights = None if rows.weights is None else rows.weights[ours]
        validation = torch.from_numpy(rows.codes[apart[:1000]].astype(np.int64)).to(device)
        validation_weights = None if rows.weights is None else rows.weights[apart[:1000]]
        optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.02)
        stopping = Stopping(PATIENCE)
        losses: list[float] = []
        apart_losses: list[float] = []
        steps, since, halvings, epoch = 0, 0, 0, 0
        over = False
        while epoch < clock.epochs and not over:
            for batch in batches(len(codes), BATCH, weights, random):
                chosen = codes[torch.from_numpy(batch).to(device)]
                visible, weight = _examples(len(chosen), len(sizes), ordered, random, shared)
                loss = _loss(
                    net,
                    sizes,
                    chosen,
                    torch.from_numpy(visible).to(device),
                    torch.from_numpy(weight).to(device),
                )
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimiser.step()
                average.step()
                losses.append(float(loss.detach()))
                steps, since = steps + 1, since + 1
                if since < LOOKS and not clock.late:
                    continue
                if len(validation):
                    since = 0
                    apart_loss = _likelihood(
                        net, sizes, average.values, validation, validation_weights, ordered, shared
                    )
                    apart_losses.append(apart_loss)
                    clock.note("learned", float(np.mean(losses[-LOOKS:])))
                    clock.note("kept apart", apart_loss)
                    better = stopping.look(
                        apart_loss, {k: v.clone() for k, v in average.values.items()}
                    )
                    if not better and stopping.waited % 3 == 0 and halvings < HALVINGS:
                        halvings += 1
                        for group in optimiser.param_groups:
                            group["lr"] /= 2
                    clock.say(epoch, f"Pass {epoch + 1}: {apart_loss:.3f} nats a person kept apart")
                over = clock.late or stopping.over
                if over:
                    break
            epoch += 1
            clock.say(epoch, f"Pass {epoch} of at most {clock.epochs}")
        state = average.values if stopping.state is None else stopping.state
        network = MaskedNetwork(sizes, arrays_of(state), BLOCKS)
    report = {
        "losses": {"learned": thinned(losses), "kept apart": thinned(apart_losses)},
        "steps": steps,
        "passes": epoch,
        "seconds": round(clock.seconds, 1),
        "work_seconds": round(clock.worked, 1),
        "ended": ended(clock, stopping.over),
        "device": str(device),
    }
    return network, report


def _module(sizes: Sequence[int], shares: Sequence[np.ndarray], dropout: float) -> torch.nn.Module:
    """The network in torch; its parameters are named as `MaskedNetwork` reads them."""
    import torch
    from torch import nn

    total = sum(sizes)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
            self.up = nn.Linear(WIDTH, INNER)
            self.down = nn.Linear(INNER, WIDTH)
            nn.init.zeros_(self.down.weight)
            nn.init.zeros_(self.down.bias)

        def forward(self, state: torch.Tensor) -> torch.Tensor:
            inner = torch.relu(self.up(self.norm(state)))
            return state + self.down(nn.functional.dropout(inner, dropout, self.training))

    class Net(nn.Module):
        starts: torch.Tensor
        hidden: torch.Tensor

        def __init__(self) -> None:
            super().__init__()
            scale = 1.0 / math.sqrt(len(sizes))
            self.embedding = nn.Parameter(torch.randn(total + len(sizes), WIDTH) * scale)
            self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
            self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
            self.out = nn.Linear(WIDTH, total)
            nn.init.zeros_(self.out.weight)
            with torch.no_grad():
                logs = np.log(np.maximum(np.concatenate(list(shares)), 1e-8))
                self.out.bias.copy_(torch.from_numpy(logs.astype(np.float32)))
            self.register_buffer("starts", torch.from_numpy(_offsets(sizes)), persistent=False)
            hidden = _offsets(sizes) + np.array(sizes)
            self.register_buffer("hidden", torch.from_numpy(hidden), persistent=False)

        def forward(self, codes: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
            at = torch.where(visible, codes + self.starts, self.hidden)
            state = nn.functional.embedding_bag(at, self.embedding, mode="sum")
            for block in self.blocks:
                state = block(state)
            return self.out(self.norm(state))

    return Net()


def _examples(
    rows: int, columns: int, ordered: float, random: np.random.Generator, shared: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """What is visible, bool (rows, columns), and how much each hidden column counts, float32.

    A random order and a random number of visible columns for each person. Ordered ones show the
    table's first columns beside none or few random ones; there the next column counts most. The
    first `shared` columns are visible to everybody.
    """
    if shared:
        visible, weight = _examples(rows, columns - shared, ordered, random)
        beside = np.ones((rows, shared), bool)
        nothing = np.zeros((rows, shared), np.float32)
        return np.hstack([beside, visible]), np.hstack([nothing, weight])
    rank = np.argsort(np.argsort(random.random((rows, columns)), axis=1), axis=1)
    in_order = random.random(rows) < ordered
    few = random.integers(0, columns, rows) * (random.random(rows) < 0.5)
    # Known columns come before all others, the rest as the table has them.
    ranked = np.where(rank < few[:, None], rank - columns, np.arange(columns))
    ranked = np.argsort(np.argsort(ranked, axis=1, kind="stable"), axis=1)
    rank = np.where(in_order[:, None], ranked, rank)
    count = random.integers(0, columns, rows)
    visible = rank < count[:, None]
    weight = np.where(visible, 0.0, 1.0) / (columns - count)[:, None]
    following = np.where(rank == count[:, None], 0.8, 0.0)
    weight = np.where(in_order[:, None], 0.2 * weight + following, weight)
    return visible, (weight * columns).astype(np.float32)


def _loss(
    net: torch.nn.Module,
    sizes: Sequence[int],
    codes: torch.Tensor,
    visible: torch.Tensor,
    weight: torch.Tensor,
) -> torch.Tensor:
    """The weighted cross-entropy of the hidden columns, nats a person."""
    import torch

    logits = net(codes, visible)
    total = torch.zeros((), device=codes.device)
    low = 0
    for column, size in enumerate(sizes):
        part = logits[:, low : low + size]
        entropy = torch.nn.functional.cross_entropy(part, codes[:, column], reduction="none")
        total = total + (entropy * weight[:, column]).sum()
        low += size
    return total / len(codes)


def _likelihood(
    net: torch.nn.Module,
    sizes: Sequence[int],
    values: Mapping[str, torch.Tensor],
    codes: torch.Tensor,
    weights: np.ndarray | None,
    ordered: float,
    shared: int = 0,
) -> float:
    """Minus the mean log-likelihood of people, by the average parameters, nats a person.

    Column by column in the table's order; where no example was ordered, in one random order for
    each person, always the same. The first `shared` columns are known.
    """
    import torch

    rows, columns = codes.shape
    random = np.random.default_rng(7)
    if ordered:
        rank = np.tile(np.arange(columns), (rows, 1))
    else:
        rank = np.argsort(random.random((rows, columns - shared)), axis=1) + shared
        rank = np.hstack([np.tile(np.arange(shared), (rows, 1)), rank])
    ranks = torch.from_numpy(rank).to(codes.device)
    shares = np.full(rows, 1 / rows) if weights is None else weights / weights.sum()
    counts = torch.from_numpy(shares.astype(np.float32) * rows).to(codes.device)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    net.load_state_dict(dict(values))
    net.eval()
    total = 0.0
    with torch.no_grad():
        for step in range(shared, columns):
            weight = (ranks == step).float() * counts[:, None]
            total += float(_loss(net, sizes, codes, ranks < step, weight))
    net.train()
    net.load_state_dict(before)
    return total
