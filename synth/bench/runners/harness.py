"""What the runners share: read one job, do it, print one JSON line.

Runs in a peer's own environment: imports numpy and pandas alone, any version since pandas 2.
A job is a JSON object: train (Parquet), categorical, task ("fit", "sample" or "given"), rows,
repeats, seconds (stop repeating after), evidence (column to level, for "given"), out (Parquet, for
the rows of the last repeat, or null).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

BINS = 10


class Bins:
    """Quantile bins for peers that know categories alone; values come back uniform in their bin."""

    def __init__(self, frame: pd.DataFrame, numbers: list[str]) -> None:
        self.whole = {name: pd.api.types.is_integer_dtype(frame[name]) for name in numbers}
        inner = np.linspace(0, 1, BINS + 1)
        self.edges = {
            name: np.unique(np.quantile(frame[name], inner).astype(float)) for name in numbers
        }

    def encode(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Numbers become levels b0, b1, …

        Parameters
        ----------
        frame : pd.DataFrame
            Numbers as they are.

        Returns
        -------
        pd.DataFrame
            Levels instead.
        """
        frame = frame.copy()
        for name, edges in self.edges.items():
            places = np.searchsorted(edges, frame[name], side="right") - 1
            places = np.clip(places, 0, len(edges) - 2)
            frame[name] = np.char.add("b", places.astype(str)).astype(object)
        return frame

    def decode(self, frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
        """Levels b0, b1, … become numbers.

        Parameters
        ----------
        frame : pd.DataFrame
            Levels.
        seed : int
            Where in its bin each value lies.

        Returns
        -------
        pd.DataFrame
            Numbers instead.
        """
        frame, random = frame.copy(), np.random.default_rng(seed)
        for name, edges in self.edges.items():
            places = frame[name].astype(str).str[1:].astype(int).to_numpy()
            low, high = edges[places], edges[places + 1]
            if self.whole[name]:
                high = high + (places == len(edges) - 2)
                frame[name] = np.floor(low + random.random(len(places)) * (high - low))
            else:
                frame[name] = low + random.random(len(places)) * (high - low)
        return frame


def peak_mib() -> float:
    """The most memory that this process has held, MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def repeated(work: Callable[[], Any], repeats: int, seconds: float) -> tuple[list[float], Any]:
    """The seconds of a first run and of up to `repeats` more, and the last result.

    Parameters
    ----------
    work : callable
        Gives the result.
    repeats : int
        At most so many after the first run.
    seconds : float
        No further run after so long.

    Returns
    -------
    list of float
        Seconds of each run.
    object
        The last result.
    """
    times: list[float] = []
    start, result = time.perf_counter(), None
    while len(times) < repeats + 1:
        result = None  # never two results at once
        begin = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - begin)
        if time.perf_counter() - start > seconds:
            break
    return times, result


def main(
    version: str,
    fit: Callable[[pd.DataFrame, list[str]], Any],
    sample: Callable[[Any, int], Any],
    given: Callable[[Any, int, dict[str, str]], Any],
    decode: Callable[[Any, Any], pd.DataFrame],
) -> None:
    """Do the job that the command line names.

    fit(frame, numbers) -> model; sample(model, rows) and given(model, rows, evidence) -> a finished
    DataFrame; decode(model, frame) -> the frame in the training table's terms (not timed).
    """
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    train = pd.read_parquet(job["train"])
    for name in job["categorical"]:
        train[name] = train[name].astype(str).astype(object)
    numbers = [name for name in train.columns if name not in job["categorical"]]
    before = peak_mib()
    if job["task"] == "fit":
        times, model = repeated(lambda: fit(train, numbers), job["repeats"], job["seconds"])
        got = len(train)
    else:
        model = fit(train, numbers)
        rows, facts = job["rows"], job.get("evidence")
        work = (lambda: given(model, rows, facts)) if facts else (lambda: sample(model, rows))
        times, frame = repeated(work, job["repeats"], job["seconds"])
        got = len(frame)
        if job.get("out"):
            decode(model, frame).to_parquet(job["out"])
    answer = {"version": version, "times": times, "rows": got}
    print(json.dumps({**answer, "peak_mib": peak_mib(), "before_mib": before}))
