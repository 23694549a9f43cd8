"""Losses of a learning child, line by line in its folder, so that its parent can draw them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synth.generators.training import losses_to

FILE = "losses.jsonl"
MOST = 400
"""Points of a curve that are read, at most: the latest ones, thinned."""

Curves = dict[str, list[float]]


@contextmanager
def write_losses(folder: Path) -> Iterator[None]:
    """Until left, each loss that is looked at becomes a line of a file in the folder.

    Parameters
    ----------
    folder : Path
        The child's; an older file there is begun anew.
    """
    with (folder / FILE).open("w", encoding="utf-8") as file:

        def listen(curve: str, loss: float) -> None:
            if math.isfinite(loss):
                file.write(json.dumps([curve, round(loss, 6)]) + "\n")
                file.flush()

        with losses_to(listen):
            yield


def read_losses(folder: Path) -> Curves:
    """The curves that a child has written so far; empty where there are none.

    Parameters
    ----------
    folder : Path
        The child's.

    Returns
    -------
    dict of str to list of float
    """
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").split("\n")[:-1]
    except OSError:
        return {}
    curves: Curves = {}
    for line in lines:
        curve, loss = json.loads(line)
        curves.setdefault(curve, []).append(loss)
    return {curve: losses[:: -(-len(losses) // MOST)] for curve, losses in curves.items()}
