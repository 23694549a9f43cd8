"""Run the measurements, each in its own process, and join them to one document."""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from synth.bench.data import Dataset, levels
from synth.errors import PopulaceError
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import fidelity

PEERS = ("pgmpy", "pybnesian", "pyagrum", "sdv")
RUNNERS = Path(__file__).parent / "runners"
OURS = "populace"
GIVEN_ROWS = 10_000  # rows asked of every tool under evidence
GIVEN_MANY = 1_000_000  # and of ours, once more
RARE_ROWS = 40  # rows asked of a peer under rare evidence: it rejects about 100,000 for each
REPEATS = 3
SECONDS = 10.0  # a measurement is repeated no longer than this
LIMIT = 120.0  # and stopped after so much processor time
WAITS = 10  # a busy machine may take so many times as long
MANY = 5_000_000  # a sample of so many rows is drawn once after the first; by a peer, once in all
MODES = ("all", "one")


@dataclass(frozen=True)
class Tool:
    """A library under measurement.

    Attributes
    ----------
    name, python : str
        The library, and the Python that has it.
    entry : tuple of str
        The script or module that runs.
    """

    name: str
    python: str
    entry: tuple[str, ...]

    @property
    def ours(self) -> bool:
        """Whether this is our own network."""
        return self.name == OURS


@dataclass(frozen=True)
class Place:
    """Where a dataset's files lie during a run.

    Attributes
    ----------
    folder : Path
        Of all files.
    dataset : Dataset
        What is learned.
    train : Path
        Its rows, Parquet.
    """

    folder: Path
    dataset: Dataset
    train: Path = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "train", self.folder / f"{self.dataset.name}.parquet")
        self.dataset.train.to_parquet(self.train)


def tools(peers: Mapping[str, str]) -> tuple[Tool, ...]:
    """Ours, pgmpy in this Python, and the peers for which a Python is given.

    Parameters
    ----------
    peers : mapping of str to str
        Name → the Python of its environment.

    Returns
    -------
    tuple of Tool
        Ours first.

    Raises
    ------
    PopulaceError
        A peer is unknown or its Python is not there.
    """
    out = [Tool(OURS, sys.executable, ("-m", "synth.bench.own"))]
    for name, python in {"pgmpy": sys.executable, **peers}.items():
        if name not in PEERS:
            raise PopulaceError(f"No peer is called “{name}”: choose one of {', '.join(PEERS)}.")
        if not Path(python).exists():
            raise PopulaceError(f"There is no Python at {python}: give the path of {name}'s own.")
        out.append(Tool(name, python, (str(RUNNERS / f"run_{name}.py"),)))
    return tuple(out)


def bench(
    datasets: Sequence[Dataset],
    rows: Sequence[int],
    peers: Mapping[str, str],
    *,
    repeats: int = REPEATS,
    progress: Callable[[str], None] = lambda words: None,
) -> dict[str, Any]:
    """Measure every tool on every dataset, on one thread and on all.

    Parameters
    ----------
    datasets : sequence of Dataset
        The tables.
    rows : sequence of int
        The sizes of the samples drawn without evidence.
    peers : mapping of str to str
        Name → the Python of its environment.
    repeats : int
        How often each measurement is repeated.
    progress : callable
        Gets what is being done.

    Returns
    -------
    dict
        Plain values for JSON; after a KeyboardInterrupt those that were measured until then, and
        `stopped`.
    """
    document: dict[str, Any] = {
        "machine": _machine(),
        "settings": {
            "repeats": repeats,
            "figures": "medians over the repeats after a first run, which is given apart",
            "given_rows": GIVEN_ROWS,
            "rare_rows_peers": RARE_ROWS,
            "stopped_after_seconds": LIMIT,
            "slow_peers": "samples of over 5 million rows, and rare evidence, are measured on all "
            "threads and stand under one thread too",
            "limit": "one random number of the sampler's own generator a cell, one byte written",
        },
        "tables": {},
    }
    try:
        for dataset in datasets:
            with tempfile.TemporaryDirectory(prefix="populace-bench-") as folder:
                out: dict[str, Any] = {}
                document["tables"][dataset.name] = out
                place = Place(Path(folder), dataset)
                _table(place, rows, tools(peers), repeats, progress, out)
    except KeyboardInterrupt:
        document["stopped"] = "This run was stopped: what it had measured until then is here."
    return document


def _table(
    place: Place,
    rows: Sequence[int],
    chosen: Sequence[Tool],
    repeats: int,
    progress: Callable[[str], None],
    out: dict[str, Any],
) -> None:
    """Fill `out` with the figures of one dataset, as they come."""
    dataset = place.dataset
    progress(f"{dataset.name}: learning our network and looking for rare evidence")
    ours = chosen[0]
    saved = run(place, ours, {"task": "save"}, "all")
    rare = run(place, ours, {"task": "rare"}, "all")
    schema = dataset.table().schema
    questions = {
        kind: levels(text, schema)
        for kind, text in (("root", dataset.root), ("leaf", dataset.leaf))
    }
    if "evidence" in rare:
        questions["rare"] = rare["evidence"]
    out |= {
        "source": dataset.source,
        "rows": len(dataset.train),
        "columns": list(dataset.train.columns),
        "questions": questions,
        "rare_probability": rare.get("probability"),
        "edges": saved.get("edges"),
        "tools": {tool.name: {} for tool in chosen},
        "limit": {},
    }
    for problem in (saved, rare):
        if "error" in problem:
            out.setdefault("errors", []).append(problem["error"])
    for mode in MODES:
        columns = len(dataset.train.columns)
        out["limit"][mode] = {
            str(size): _rate(
                run(place, ours, {"task": "limit", "rows": size, "columns": columns}, mode, repeats)
            )
            for size in rows
        }
        for tool in chosen:
            progress(f"{dataset.name}: {tool.name}, {mode}")
            known = None if tool.ours else out["tools"][tool.name].get("all")
            out["tools"][tool.name][mode] = _tool(
                place, tool, mode, rows, questions, repeats, known
            )
    for tool in chosen:
        progress(f"{dataset.name}: {tool.name}, fidelity")
        out["tools"][tool.name]["fidelity"] = _fidelity(place, tool)
    out["limit_share"] = {
        mode: {
            size: _ratio(out["tools"][OURS][mode]["rows_per_s"][size], out["limit"][mode][size])
            for size in out["limit"][mode]
        }
        for mode in MODES
    }
    out["ratios"] = {
        tool.name: {
            mode: ratios(out["tools"][OURS][mode], out["tools"][tool.name][mode]) for mode in MODES
        }
        for tool in chosen[1:]
    }


def _tool(
    place: Place,
    tool: Tool,
    mode: str,
    rows: Sequence[int],
    questions: Mapping[str, dict[str, str]],
    repeats: int,
    known: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """One tool's figures in one mode; what is slow is taken from those that are `known`."""
    fitted = run(place, tool, {"task": "fit"}, mode, repeats)
    out: dict[str, Any] = {
        "version": fitted.get("version"),
        "fit_s": _median(fitted),
        "fit_first_s": _first(fitted),
        "rows_per_s": {},
        "first_s": {},
        "given": {},
        "peak_mib": {"fit": fitted.get("peak_mib")},
        "errors": {},
    }
    if "k2_times" in fitted:
        out["fit_k2_s"] = _median({"times": fitted["k2_times"]})
    _note(out, "fit", fitted)
    last: dict[str, Any] | None = None
    for size in sorted(rows):
        if size >= MANY and known:
            for key in ("rows_per_s", "first_s", "peak_mib"):
                out[key][str(size)] = known[key][str(size)]
            continue
        times = repeats if size < MANY else int(tool.ours)
        job = {"task": "sample", "rows": size}
        answer = _hurdle(last, size) or run(place, tool, job, mode, times)
        out["rows_per_s"][str(size)] = _rate(answer)
        out["first_s"][str(size)] = _first(answer)
        out["peak_mib"][str(size)] = answer.get("peak_mib")
        _note(out, str(size), answer)
        last = answer
    for kind, facts in questions.items():
        if kind == "rare" and known:
            out["given"][kind] = known["given"][kind]
            continue
        sizes = (GIVEN_ROWS, GIVEN_MANY) if tool.ours else (GIVEN_ROWS,)
        if kind == "rare" and not tool.ours:
            sizes = (RARE_ROWS,)
        rates: dict[str, Any] = {"rows_per_s": {}}
        for size in sizes:
            answer = run(
                place,
                tool,
                {"task": "given", "rows": size, "evidence": facts},
                mode,
                0 if kind == "rare" and not tool.ours else repeats,
            )
            rates["rows_per_s"][str(size)] = _rate(answer)
            if "seconds" in answer:  # stopped: fewer than this
                rates["rows_per_s_below"] = round(size / answer["seconds"], 3)
            if "probability" in answer:
                rates["probability"] = answer["probability"]
            out["peak_mib"][f"{kind} {size}"] = answer.get("peak_mib")
            _note(out, f"{kind} {size}", answer)
        out["given"][kind] = rates
    if not out["errors"]:
        del out["errors"]
    return out


def _fidelity(place: Place, tool: Tool) -> dict[str, Any]:
    """LR and HGB AUC of as many rows as there are training rows, judged against fresh real rows."""
    dataset = place.dataset
    drawn = place.folder / f"{tool.name}-rows.parquet"
    job = {"task": "sample", "rows": len(dataset.train), "out": str(drawn)}
    answer = run(place, tool, job, "all", 0)
    if "error" in answer:
        return {"error": answer["error"]}
    frame = in_terms_of(dataset, pd.read_parquet(drawn))
    document = fidelity(Comparison.of(dataset.table(), frame, holdout=dataset.fresh)).to_dict()
    return {name: value for name, value in document.items() if isinstance(value, int | float)}


def in_terms_of(dataset: Dataset, frame: pd.DataFrame) -> pd.DataFrame:
    """Drawn people with whole numbers and levels like those learned from.

    Parameters
    ----------
    dataset : Dataset
        What to learn from.
    frame : pd.DataFrame
        Drawn people.

    Returns
    -------
    pd.DataFrame
        The same people.
    """
    frame = frame.copy()
    for name in dataset.numbers:
        if pd.api.types.is_integer_dtype(dataset.train[name]):
            frame[name] = np.rint(frame[name].astype(float))
    for name in dataset.categorical:
        frame[name] = frame[name].astype(str)
    return frame


def peers_of(pairs: Sequence[str]) -> dict[str, str]:
    """The Python of each peer, from NAME=PATH.

    Parameters
    ----------
    pairs : sequence of str
        ``pyagrum=/path/to/python``.

    Returns
    -------
    dict of str to str
        Name → path.

    Raises
    ------
    PopulaceError
        A pair names no Python.
    """
    peers = {}
    for pair in pairs:
        name, separator, path = pair.partition("=")
        if not separator:
            raise PopulaceError(f"“{pair}” names no Python: write --peer-python pyagrum=/path.")
        peers[name.strip().lower()] = path
    return peers


def ratios(ours: Mapping[str, Any], peer: Mapping[str, Any]) -> dict[str, float | None]:
    """How many times faster ours is: at least, where the peer was stopped.

    Under rare evidence rates of different numbers of rows are compared, for a peer needs minutes
    for more.

    Parameters
    ----------
    ours, peer : mapping
        Figures of one mode.

    Returns
    -------
    dict of str to float or None
        Measurement → how many times faster.
    """
    out = {
        "fit": _ratio(peer["fit_s"], ours["fit_s"]),
        "fit by k2": _ratio(peer["fit_s"], ours.get("fit_k2_s")),
    }
    for size, rate in ours["rows_per_s"].items():
        out[f"sample {size}"] = _ratio(rate, peer["rows_per_s"].get(size))
    for kind, rates in ours["given"].items():
        theirs = peer["given"].get(kind, {})
        rate = next(iter(theirs.get("rows_per_s", {}).values()), None)
        mine = rates["rows_per_s"].get(str(GIVEN_ROWS))
        out[f"given {kind}"] = _ratio(mine, rate or theirs.get("rows_per_s_below"))
    return out


def run(
    place: Place,
    tool: Tool,
    job: Mapping[str, Any],
    mode: str,
    repeats: int = 0,
    limit: float = LIMIT,
) -> dict[str, Any]:
    """Do one job in a process of its own; an `error` in the answer says why there is none.

    The limit is one of processor time, so that a job on a busy machine is not stopped for the time
    that it waited.

    Parameters
    ----------
    place : Place
        Where the files lie.
    tool : Tool
        What is measured.
    job : mapping
        As `runners.harness` describes it.
    mode : {"all", "one"}
        All cores, or one.
    repeats : int
        How often the work is repeated.
    limit : float
        Seconds of processor time.

    Returns
    -------
    dict
        The answer, or its `error`.
    """
    threads = 1 if mode == "one" else None
    full = {
        "train": str(place.train),
        "categorical": list(place.dataset.categorical),
        "network": str(place.folder / f"{place.dataset.name}-network.json"),
        "repeats": repeats,
        "seconds": SECONDS,
        "threads": threads,
        **job,
    }
    path = place.folder / "job.json"
    path.write_text(json.dumps(full), encoding="utf-8")
    cores = os.sched_getaffinity(0)
    allowed = {max(cores)} if threads == 1 else cores
    environment = os.environ | {"PYTHONWARNINGS": "ignore", "PYTHONHASHSEED": "0"}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        environment[name] = str(len(allowed))

    def limited() -> None:
        os.sched_setaffinity(0, allowed)
        seconds = math.ceil(limit)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))

    stopped = {"error": f"stopped after {limit:.0f} s", "seconds": limit}
    try:
        done = subprocess.run(
            [tool.python, *tool.entry, str(path)],
            capture_output=True,
            text=True,
            timeout=WAITS * limit,
            env=environment,
            cwd=Path(__file__).resolve().parents[2],
            preexec_fn=limited,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return stopped
    if done.returncode == -signal.SIGXCPU:
        return stopped
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return {"error": last[:300]}
    return json.loads(lines[-1])


def _hurdle(last: dict[str, Any] | None, size: int) -> dict[str, Any] | None:
    """Why a larger sample is not drawn, judged by the last one: too slow, or too large."""
    if last is None:
        return None
    if "error" in last:
        return {"error": f"left out: fewer rows met “{last['error']}”"}
    scale = size / last["rows"]
    seconds = (_median(last) or 0) * scale
    if seconds > LIMIT:
        return {"error": f"left out: it would take about {seconds:.0f} s"}
    need = last["before_mib"] + (last["peak_mib"] - last["before_mib"]) * scale
    if last["rows"] >= 500_000 and need > 0.8 * _free_mib():
        return {"error": f"left out: it would need about {need / 1024:.0f} GiB of memory"}
    return None


def _free_mib() -> float:
    """Memory that can be had, the cache of files included, MiB."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 1024


def _first(answer: Mapping[str, Any]) -> float | None:
    return round(answer["times"][0], 4) if answer.get("times") else None


def _median(answer: Mapping[str, Any]) -> float | None:
    """The median seconds after the first run, or the first where there is no other."""
    times = answer.get("times")
    return round(statistics.median(times[1:] or times), 5) if times else None


def _rate(answer: Mapping[str, Any]) -> int | float | None:
    seconds = _median(answer)
    if not seconds:
        return None
    rate = answer["rows"] / seconds
    return round(rate) if rate >= 100 else round(rate, 3)


def _ratio(over: float | None, under: float | None) -> float | None:
    return float(f"{over / under:.3g}") if over and under else None


def _note(out: dict[str, Any], key: str, answer: Mapping[str, Any]) -> None:
    if "error" in answer:
        out["errors"][key] = answer["error"]


def _machine() -> dict[str, Any]:
    return {
        "processor": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
    }
