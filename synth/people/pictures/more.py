"""More pictures from Openverse for a few interests, in a child process that can be stopped.

The child fetches, embeds what came and leaves a library, which stands beside the shipped one.
Nobody has looked at these pictures: the search and the scorer must agree on each.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synth.errors import PopulaceError
from synth.jobs import Progress
from synth.jobs.process import Limits, Messages, ProcessJob, run_child
from synth.people.pictures.fetch import OPENVERSE, fetch_openverse
from synth.people.pictures.library import Library

EACH = 8
"""Pictures for each interest."""
_PICTURES, _LIBRARY = "pictures", "library"
_LIMITS = Limits(memory=6 * 2**30, seconds=600, file_size=2**29)
_MESSAGES = Messages(
    too_large="The pictures needed more memory than they may have.",
    too_long="Fetching took longer than {minutes} minutes and was stopped: try again later.",
    broken="Fetching broke off unexpectedly: try again later.",
    cancelled="Fetching was stopped; no picture was kept.",
)
_FETCHING = 0.8  # of the whole; the rest is embedding


def start(folder: Path, keywords: Mapping[str, Sequence[str]], *, each: int = EACH) -> ProcessJob:
    """Begin to fetch and embed pictures.

    Parameters
    ----------
    folder : Path
        A private folder that does not exist yet; `fetched` reads it, and it goes with the job.
    keywords : mapping of str to sequence of str
        Interest → words to search for.
    each : int, optional
        Pictures for each interest, at most.

    Returns
    -------
    ProcessJob
        The parent's handle.

    Raises
    ------
    PopulaceError
        Openverse cannot be reached, or there is nothing to search for.
    """
    if not any(keywords.values()):
        raise PopulaceError("There is no word to search for: give the interest some words first.")
    if not reachable():
        raise PopulaceError(
            "Openverse cannot be reached from here, so no picture was fetched: connect this "
            "machine to the internet and try again; all else works offline."
        )
    return ProcessJob(
        [sys.executable, "-m", "synth.people.pictures.more"],
        folder,
        {"keywords": {name: list(words) for name, words in keywords.items()}, "each": each},
        limits=_LIMITS,
        messages=_MESSAGES,
        most=1,
        kind="pictures",
    )


def reachable(base: str = OPENVERSE, timeout: float = 4.0) -> bool:
    """Whether Openverse answers, whatever it says.

    Parameters
    ----------
    base : str, optional
        The address of the service.
    timeout : float, optional
        Seconds to wait.

    Returns
    -------
    bool
    """
    try:
        urllib.request.urlopen(base, timeout=timeout).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False
    return True


def fetched(folder: Path) -> Library:
    """What a job that is over has left.

    Parameters
    ----------
    folder : Path
        The job's.

    Returns
    -------
    Library
        The fetched pictures alone.

    Raises
    ------
    PopulaceError
        The job left none.
    """
    return Library.load(folder / _LIBRARY)


def fetch_in_child(folder: Path, task: Mapping[str, Any], progress: Progress) -> None:
    """In the child: fetch, then embed.

    Parameters
    ----------
    folder : Path
        Where pictures and library go.
    task : mapping of str to JSON value
        As `start` wrote it.
    progress : callable
        Gets the share that is done, and words.
    """
    from synth.people.pictures.making.build import build
    from synth.people.pictures.standin_scorer import is_available, load_standin

    pictures, keywords = folder / _PICTURES, task["keywords"]
    most = task["each"] * len(keywords)
    size = 0

    def fetching(what: str, done: int, total: int) -> None:
        nonlocal size
        if what == "pictures":
            size = sum(path.stat().st_size for path in pictures.glob("*.jpg"))
            words = f"Fetching: {done} of at most {total} pictures, {size / 1e6:.1f} MB"
            progress(_FETCHING * done / total, words)

    progress(0.0, f"Fetching: at most {most} pictures")
    count = fetch_openverse(
        pictures, per_interest=task["each"], keywords=keywords, progress=fetching
    )
    if not count:
        raise PopulaceError("Openverse has no picture for these words: try other words.")

    def embedding(done: int, total: int) -> None:
        share = _FETCHING + (1 - _FETCHING) * done / max(total, 1)
        progress(share, f"Reading what they show: {done} of {total}, {size / 1e6:.1f} MB in all")

    if not is_available():
        progress(_FETCHING, "Fetching the models that read pictures, 106 MB, once")
    build(pictures, folder / _LIBRARY, load_standin(), keywords=keywords, progress=embedding)


if __name__ == "__main__":
    sys.exit(run_child(Path(sys.argv[1]), fetch_in_child, too_large=_MESSAGES.too_large))
