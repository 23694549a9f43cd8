"""The same people drawn on a graphics processor, from the same random numbers.

The counter-based numbers (`random`), the alias tables and the pieces of numbers are those of
`sampling`; only who works them out differs. Every step is exact in whole numbers, or is one
multiplication of doubles as on the processor, so person i of a seed is the same on both, bit for
bit; no second stream has to be told apart. PyTorch has no unsigned 64-bit arithmetic: its signed
numbers wrap around alike, and shifts to the right are masked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synth.bayes.random import stream_key
from synth.bayes.sampling import Node, Sampler, check_rows
from synth.errors import PopulaceError

if TYPE_CHECKING:
    import torch

CHUNK = 1 << 22
"""Rows drawn at a time."""
LARGEST = 1 << 28
"""Numbers (8 bytes each) in a column's alias tables above which they are not put on a device."""
_LOW32 = 0xFFFFFFFF


class DeviceSampler:
    """Draws what a `Sampler` draws, by PyTorch.

    Parameters
    ----------
    sampler : Sampler
        Whose people are drawn.
    device : str
        ``cuda`` (or ``cuda:1``), or ``cpu``, which is slow and serves to compare.

    Raises
    ------
    PopulaceError
        There is no such device, a column is Gaussian, or a table is too large for it.
    """

    def __init__(self, sampler: Sampler, device: str = "cuda") -> None:
        import torch

        self.device = checked_device(device)
        self._sampler = sampler
        if sampler.is_gaussian:
            raise PopulaceError(
                "Gaussian columns are drawn on the processor only: leave the device out."
            )
        self._nodes = [_DeviceNode.of(node, self.device) for node in sampler.nodes]
        self._steps = torch.arange(1, CHUNK + 1, dtype=torch.int64, device=self.device)

    def sample(
        self, rows: int, seed: int = 0, *, start: int = 0, threads: int | None = None
    ) -> pd.DataFrame:
        """People number `start` to `start + rows` of the seed; those of `Sampler.sample`.

        Parameters
        ----------
        rows, seed, start
            As in `Sampler.sample`.
        threads : int, optional
            Left aside: there is one device.
        """
        check_rows(rows)
        out = {name: np.empty(rows, self._sampler.dtype(name)) for name in self._sampler.order}
        for low, high, codes, places in self._chunks(rows, seed, start):
            for node in self._nodes:
                if node.name not in out:  # others depend on it, but it is no column
                    continue
                drawn = codes[node.column].to("cpu").numpy()
                target = out[node.name][low:high]
                if node.name in places:
                    index = places[node.name].to("cpu").numpy()
                    self._sampler.decode(node.source, drawn, index, target)
                else:
                    target[:] = drawn
        return self._sampler.frame(out)

    def counts(
        self, names: Sequence[str], rows: int, seed: int = 0, *, start: int = 0
    ) -> np.ndarray:
        """How many of the people have each combination of codes; nobody leaves the device.

        Parameters
        ----------
        names : sequence of str
            The columns that are counted, at least one.
        rows, seed, start
            As in `sample`.

        Returns
        -------
        int64 array, shape (codes of the first column, …)
        """
        import torch

        check_rows(rows)
        nodes = {node.name: node for node in self._nodes}
        unknown = [name for name in names if name not in nodes]
        if unknown or not names:
            raise PopulaceError(f"There is no column {', '.join(unknown) or 'to count'}.")
        shape = [nodes[name].size for name in names]
        total = torch.zeros(math.prod(shape), dtype=torch.int64, device=self.device)
        for _, _, codes, _ in self._chunks(rows, seed, start, values=False):
            place = torch.zeros_like(codes[0], dtype=torch.int64)
            for name in names:
                place = place * nodes[name].size + codes[nodes[name].column]
            total += torch.bincount(place, minlength=len(total))
        return total.to("cpu").numpy().reshape(shape)

    def _chunks(
        self, rows: int, seed: int, start: int, *, values: bool = True
    ) -> Iterator[tuple[int, int, list[torch.Tensor], dict[str, torch.Tensor]]]:
        """First and last row of each chunk, its codes by column, and its lattice indices."""
        import torch

        for low in range(0, rows, CHUNK):
            high = min(low + CHUNK, rows)
            count = self._steps[: high - low] + (start + low)
            codes = [torch.empty(0)] * len(self._nodes)
            places: dict[str, torch.Tensor] = {}
            for node in self._nodes:
                number = _numbers(stream_key(seed, node.name), count)
                codes[node.column] = node.draw(codes, number)
                if values and node.values is not None:
                    second = None
                    if node.values.has_runs:
                        second = _numbers(stream_key(seed, f"{node.name}\x1fvalue"), count)
                    places[node.name] = node.values.draw(codes[node.column], number, second)
            yield low, high, codes, places


def checked_device(name: str) -> torch.device:
    """The device of that name, where there is one.

    Raises
    ------
    PopulaceError
        There is none, or PyTorch does not know it.
    """
    import torch

    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise PopulaceError(f"There is no device {name}: name cuda, or leave it out.") from error
    if device.type not in ("cuda", "cpu"):
        raise PopulaceError(f"People are drawn on cuda or cpu, not on {name}: name one of them.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise PopulaceError(f"There is no {name} here: leave the device out.")
    return device


@dataclass(frozen=True, eq=False)
class _DeviceValues:
    """The pieces of a number on a device; as `sampling`'s."""

    bins: int
    starts: torch.Tensor
    table: torch.Tensor
    first: torch.Tensor
    scale: torch.Tensor
    has_runs: bool

    @staticmethod
    def of(node: Node, device: torch.device) -> _DeviceValues | None:
        import torch

        if node.values is None:
            return None
        source = node.values

        def put(array: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.array(array)).to(device)

        return _DeviceValues(
            len(source.starts) - 1,
            put(source.starts),
            put(source.table.view(np.int64)),
            put(source.first),
            put(source.span / 2.0**53),
            bool((source.span > 1).any()),
        )

    def draw(
        self, codes: torch.Tensor, number: torch.Tensor, second: torch.Tensor | None
    ) -> torch.Tensor:
        """The lattice index of each value given its bin; int64, 0 past the bins."""
        import torch

        known = codes < self.bins
        code = torch.where(known, codes, 0).to(torch.int64)
        base = self.starts[code]
        piece = base + _alias_draw(
            number & _LOW32, self.starts[code + 1] - base, lambda x: self.table[base + x]
        )
        value = self.first[piece]
        if second is not None:
            # 2⁻⁵³ times a span is exact, and an index of one value adds nothing.
            fraction = ((second >> 11) & ((1 << 53) - 1)).to(torch.float64)
            value = value + (fraction * self.scale[piece]).to(torch.int64)
        return torch.where(known, value, 0)


@dataclass(frozen=True, eq=False)
class _DeviceNode:
    """A column's alias tables on a device."""

    source: Node
    name: str
    column: int
    parents: tuple[int, ...]
    strides: tuple[int, ...]
    size: int
    table: torch.Tensor
    values: _DeviceValues | None

    @staticmethod
    def of(node: Node, device: torch.device) -> _DeviceNode:
        import torch

        tables = node.tables
        if tables.rows * tables.size > LARGEST:
            raise PopulaceError(
                f"The tables of {node.name} hold {tables.rows * tables.size:,} numbers, too many "
                "for a device: leave it out."
            )
        whole = tables.whole_entries().view(np.int64)
        return _DeviceNode(
            node,
            node.name,
            node.column,
            tuple(int(parent) for parent in node.parents),
            tuple(int(stride) for stride in tables.strides),
            tables.size,
            torch.from_numpy(whole).to(device),
            _DeviceValues.of(node, device),
        )

    def draw(self, codes: Sequence[torch.Tensor], number: torch.Tensor) -> torch.Tensor:
        """The column's codes given its parents'; int16."""
        import torch

        row = torch.zeros_like(number)
        for parent, stride in zip(self.parents, self.strides, strict=True):
            row += codes[parent].to(torch.int64) * stride
        high = (number >> 32) & _LOW32
        drawn = _alias_draw(high, self.size, lambda x: self.table[row * self.size + x])
        return drawn.to(torch.int16)


def _alias_draw(
    uniform: torch.Tensor,
    size: torch.Tensor | int,
    entry: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Walker's draw: which of `size` outcomes 32 random bits choose, by `entry` of each."""
    import torch

    scaled = uniform * size
    chosen = scaled >> 32
    alias = entry(chosen)
    inside = (scaled & _LOW32) < ((alias >> 32) & _LOW32)
    return torch.where(inside, chosen, alias & _LOW32)


def _numbers(key: np.uint64, count: torch.Tensor) -> torch.Tensor:
    """Random numbers of a key at each count, which is one more than the row; as `random.fill`."""
    signed = int(np.int64(np.uint64(key).view(np.int64)))
    y = count * signed
    z = y + signed
    x = _swap(y * y + y)
    x = _swap(x * x + z)
    x = _swap(x * x + y)
    t = x * x + z
    x = _swap(t)
    return t ^ (((x * x + y) >> 32) & _LOW32)


def _swap(x: torch.Tensor) -> torch.Tensor:
    return ((x >> 32) & _LOW32) | (x << 32)
