"""Minutes of one group after another, each given the facts and those before (NADE).

The state of a day is a sum of vectors: of its facts and of the bins so far. With those of what is
left of the day and of the most minutes that are possible it is normalised, cut at zero, and read
off for the next slot. Learned with torch (`learning`), drawn from with numpy.

References
----------
.. [1] B. Uria et al., "Neural Autoregressive Distribution Estimation", JMLR 17, 2016.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from synth.days.groups import DAY
from synth.days.minutes import BINS, bin_of

LEFT = 2 * (DAY // 20 + 1)
"""States of what is left of a day: steps of 20 minutes, and whether by five minutes."""
_EPSILON = 1e-5


def left_code(left: np.ndarray) -> np.ndarray:
    """The state of what is left."""
    return (left // 20) * 2 + (left % 5 != 0)


@dataclass(frozen=True, eq=False)
class DayNetwork:
    """The learned network.

    Attributes
    ----------
    facts : tuple of int
        How many codes each fact has.
    slots : int
        How many numbers of minutes are drawn.
    arrays : mapping of str to float32 array
        ``facts`` (codes of all facts, width), ``bins`` (slots × bins, width), ``left`` (states of
        what is left, width), ``high`` (bins of the most minutes, width), ``scale`` and ``shift``
        (width), ``out`` (slots, width, bins) and ``base`` (slots, bins).
    """

    facts: tuple[int, ...]
    slots: int
    arrays: Mapping[str, np.ndarray]

    def begin(self, codes: np.ndarray) -> np.ndarray:
        """The state of people of whom the facts are known; float32 (people, width)."""
        low = np.cumsum([0, *self.facts[:-1]])
        table = self.arrays["facts"]
        out = np.zeros((len(codes), table.shape[1]), dtype=np.float32)
        for at, offset in enumerate(low):
            out += table[offset + codes[:, at]]
        return out

    def show(self, state: np.ndarray, slot: int, bins: np.ndarray, rows: np.ndarray) -> None:
        """Add a slot's bin to the state of some people."""
        state[rows] += self.arrays["bins"][slot * BINS + bins]

    def logits(
        self, state: np.ndarray, slot: int, left: np.ndarray, high: np.ndarray
    ) -> np.ndarray:
        """ln P(bin of a slot), up to a constant for each row; float64 (people, bins)."""
        a = self.arrays
        wide = state + a["left"][left_code(left)] + a["high"][bin_of(high)]
        wide -= wide.mean(axis=1, keepdims=True)
        wide /= np.sqrt((wide * wide).mean(axis=1, keepdims=True) + np.float32(_EPSILON))
        wide = np.maximum(wide * a["scale"] + a["shift"], 0.0)
        return (wide @ a["out"][slot] + a["base"][slot]).astype(np.float64)

    def checked(self) -> DayNetwork:
        """The network itself; a ValueError where its arrays do not belong together."""
        width = self.arrays["facts"].shape[1]
        shapes = {
            "facts": (sum(self.facts), width),
            "bins": (self.slots * BINS, width),
            "left": (LEFT, width),
            "high": (BINS, width),
            "scale": (width,),
            "shift": (width,),
            "out": (self.slots, width, BINS),
            "base": (self.slots, BINS),
        }
        for name, shape in shapes.items():
            if self.arrays[name].shape != shape or not np.isfinite(self.arrays[name]).all():
                raise ValueError(name)
        return self
