"""BigARTM beside our own interests: the paper's tool, in an environment of its own.

`bigartm` gives fits for `synth.interests.evaluate`. Our strengths are relative to each item and
person (`em.Strengths`); BigARTM's are counts, the same for all, so ours are stated there as the
counts of an average item, person and topic.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from synth.bench.measure import RUNNERS
from synth.errors import PopulaceError
from synth.interests.em import Strengths
from synth.interests.evaluate import TopicFit, TopicFitter
from synth.interests.learning import DEFAULT

PASSES = 200
"""Over everybody, at most; our own stop at the same number."""
TOLERANCE = 1e-4
"""A relative change of the perplexity below which a fit ends."""
VARIANTS: dict[str, Strengths] = {
    "BigARTM, nothing added": Strengths(),
    "BigARTM, regularised": DEFAULT,
}
SECONDS = 7_200.0


def bigartm(python: str) -> dict[str, TopicFitter]:
    """Fits by BigARTM, plain and regularised.

    Parameters
    ----------
    python : str
        The Python of an environment that has it.

    Returns
    -------
    dict of str to TopicFitter
        Name → what fits.

    Raises
    ------
    PopulaceError
        It is not there.
    """
    if not Path(python).is_file():
        raise PopulaceError(f"There is no Python {python}: name that of BigARTM's environment.")
    return {name: _fitter(python, strengths) for name, strengths in VARIANTS.items()}


def _fitter(python: str, strengths: Strengths) -> TopicFitter:
    return lambda matrix, topics, seed: _run(python, matrix, topics, seed, strengths)


def counts_of(strengths: Strengths, matrix: csr_array, topics: int) -> dict[str, float]:
    """Relative strengths as BigARTM's counts.

    Parameters
    ----------
    strengths : Strengths
        Relative to the data.
    matrix : csr_array, shape (people, items)
        What people do.
    topics : int
        How many topics share it.

    Returns
    -------
    dict of str to float
        `phi`, `theta` (above 0 smooths, below 0 sparses) and `decorrelation`.
    """
    total = float(matrix.sum())
    people = int((np.diff(matrix.indptr) > 0).sum())
    return {
        "phi": -strengths.sparse_phi * total / matrix.shape[1] / topics,
        "theta": -strengths.sparse_theta * total / max(people, 1) / topics,
        "decorrelation": strengths.decorrelation * total / topics,
    }


def _run(python: str, matrix: csr_array, topics: int, seed: int, strengths: Strengths) -> TopicFit:
    """One fit in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="populace-topics-") as folder:
        place = Path(folder)
        np.savez(
            place / "counts.npz",
            indptr=matrix.indptr,
            indices=matrix.indices,
            data=matrix.data,
            shape=np.array(matrix.shape),
        )
        job: dict[str, Any] = {
            "counts": str(place / "counts.npz"),
            "out": str(place / "fit.npz"),
            "topics": topics,
            "seed": seed,
            "passes": PASSES,
            "tolerance": TOLERANCE,
            "strengths": counts_of(strengths, matrix, topics),
        }
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
        done = subprocess.run(
            [python, str(RUNNERS / "run_bigartm.py"), str(place / "job.json")],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            cwd=place,
            check=False,
        )
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise PopulaceError(f"BigARTM broke off: {last[:300]}")
        answer = json.loads(lines[-1])
        with np.load(place / "fit.npz", allow_pickle=False) as fitted:
            phi, theta = fitted["phi"], fitted["theta"]
    about = {key: answer[key] for key in ("version", "passes", "peak_mib")}
    return TopicFit(phi, theta, float(answer["seconds"]), about)
