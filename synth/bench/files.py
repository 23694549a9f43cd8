"""Files of any origin, through the whole of it: read, learned, drawn, written, compared as written.

``python -m synth.bench.files FOLDER …`` takes every table in some folders and says which were read,
which were refused and with what sentence, which broke the program (there must be none), and which
columns come back in other clothes: with a text that the file never had, with more decimals than its
numbers have, or with signs that none of them has.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

from synth.data.readers.containers import ENDINGS
from synth.data.readers.encoding import as_utf8
from synth.data.readers.layout import layout
from synth.data.table import read_frame
from synth.data.writers import write_csv
from synth.errors import PopulaceError
from synth.fitting import simple

ROWS = 2_000
"""So many rows of a file are learned, and drawn."""
SECONDS = 120
"""How long one file may keep the processor busy."""
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes
    ----------
    file : str
        Its path below the folder.
    state : {"learned", "refused", "crashed"}
        How far it came.
    sentence : str
        Why it was refused, or how it crashed.
    columns : int
        How many columns were learned.
    differing : tuple of str
        Those whose written form differs, each with an example.
    seconds : float
        How long that took.
    """

    file: str
    state: str
    sentence: str = ""
    columns: int = 0
    differing: tuple[str, ...] = ()
    seconds: float = 0.0


def tables_in(folder: Path) -> tuple[Path, ...]:
    """The files below a folder that may hold a table, in order."""
    names = tuple(f".{ending}" for ending in ENDINGS)
    return tuple(
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name.lower().endswith(names)
    )


def try_file(path: Path, folder: Path, *, rows: int = ROWS, seconds: int = SECONDS) -> Outcome:
    """Take one file through reading, learning, drawing and writing.

    Parameters
    ----------
    path, folder : Path
        The file, and the folder that it was found in.
    rows, seconds : int
        How much of it is learned, and how long that may take.

    Returns
    -------
    Outcome
        Never an error.
    """
    began, name = time.monotonic(), str(path.relative_to(folder))
    previous = signal.signal(signal.SIGPROF, _too_long)
    signal.setitimer(signal.ITIMER_PROF, seconds)  # of the processor: a busy machine is no fault
    try:
        columns, differing = _through(path, rows)
        state, sentence = "learned", ""
    except PopulaceError as error:
        state, sentence, columns, differing = "refused", str(error), 0, ()
    except Exception as error:  # what this looks for
        last = traceback.extract_tb(error.__traceback__)[-1]
        sentence = f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
        state, columns, differing = "crashed", 0, ()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    took = time.monotonic() - began
    return Outcome(
        name, state, " ".join(sentence.split())[:300], columns, differing, round(took, 2)
    )


def _too_long(signum: int, frame: FrameType | None) -> None:
    raise TimeoutError("longer than allowed")


def _through(path: Path, rows: int) -> tuple[int, tuple[str, ...]]:
    frame, _ = read_frame(path)
    if len(frame) > rows:
        frame = frame.sample(rows, random_state=0).sort_index().reset_index(drop=True)
    population = simple.fit(frame, score="k2", max_parents=1)
    table = population.given().sample_arrow(rows, 1)
    with tempfile.TemporaryDirectory(prefix="populace-") as place:
        written = Path(place) / "people.csv"
        write_csv(written, [table], guard=False)
        texts = _texts(written.read_bytes())
        read_frame(written)
    real = _texts(path.read_bytes()) if path.suffix.lower() in (".csv", ".tsv", ".txt") else None
    differing = []
    for column in population.modelled:
        if real is None or column.name not in real:
            continue
        fault = differs(real[column.name], texts.get(column.name, []), column.is_number)
        if fault:
            differing.append(f"{column.name}: {fault}")
    return len(population.modelled), tuple(differing)


def _texts(content: bytes) -> dict[str, list[str]]:
    """The different cells of each column, as they stand in a text file."""
    text_layout = layout(as_utf8(content, "The file")[0], "The file")
    lines = io.StringIO(text_layout.body.decode(), newline="")
    seen: list[dict[str, None]] = [{} for _ in text_layout.names]
    for row in csv.reader(lines, delimiter=text_layout.delimiter):
        for cells, cell in zip(seen, row, strict=False):
            cells[cell.strip()] = None
    return {name: list(cells) for name, cells in zip(text_layout.names, seen, strict=True)}


def differs(real: Sequence[str], synthetic: Sequence[str], is_number: bool) -> str:
    """How made cells are written otherwise than the real ones; empty where they are not.

    Parameters
    ----------
    real, synthetic : sequence of str
        The different cells of a column.
    is_number : bool
        Whether new values may come out.

    Returns
    -------
    str
        An example.
    """
    known = set(real)
    strange = [cell for cell in synthetic if cell and cell not in known]
    if not is_number:
        return f"writes {strange[0]!r}" if strange else ""
    signs = {sign for cell in real for sign in _DIGITS.sub("", cell)} | set("-")
    if all(re.search(r"\d[eE]", cell) for cell in real if cell):  # the mantissas tell
        real, strange = (
            [re.sub(r"[eE].*", "", cell) for cell in cells] for cells in (real, strange)
        )
        signs |= {"e", "+"}
    decimals = max((_decimals(cell) for cell in real), default=0)
    for cell in strange:
        if set(_DIGITS.sub("", cell)) - signs:
            return f"writes {cell!r} where signs are {''.join(sorted(signs))!r}"
        if _decimals(cell) > decimals:
            return f"writes {cell!r} with more than {decimals} decimals"
    return ""


def _decimals(cell: str) -> int:
    mantissa, _, power = re.sub("E", "e", cell).partition("e")
    point = max(mantissa.rfind("."), mantissa.rfind(","))
    places = sum(c.isdigit() for c in mantissa[point + 1 :]) if point >= 0 else 0
    small = re.fullmatch(r"-\d+", power)
    return places + int(small[0][1:]) if small else places


def summary(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """How many files came how far, and how many columns differ."""
    counts = {
        state: sum(outcome.state == state for outcome in outcomes)
        for state in ("learned", "refused", "crashed")
    }
    return {
        "files": len(outcomes),
        **counts,
        "columns": sum(outcome.columns for outcome in outcomes),
        "differing columns": sum(len(outcome.differing) for outcome in outcomes),
    }


def _all(folders: Sequence[Path], every: int) -> Iterator[Outcome]:
    for folder in folders:
        for path in tables_in(folder)[::every]:
            yield try_file(path, folder)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 1 where a file crashed."""
    parser = argparse.ArgumentParser(prog="python -m synth.bench.files", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only every so many files")
    parser.add_argument("--json", action="store_true", help="print every file's outcome as JSON")
    options = parser.parse_args(arguments)
    outcomes = []
    for outcome in _all(options.folders, options.every):
        outcomes.append(outcome)
        if outcome.state != "learned" or outcome.differing:
            words = "; ".join(outcome.differing) or outcome.sentence
            print(f"{outcome.state}: {outcome.file}: {words}", file=sys.stderr)
    counts = summary(outcomes)
    if options.json:
        print(json.dumps({**counts, "outcomes": [asdict(o) for o in outcomes]}, indent=2))
    else:
        print(", ".join(f"{name}: {count:,}" for name, count in counts.items()))
    return int(counts["crashed"] > 0)


if __name__ == "__main__":
    sys.exit(main())
