"""BigARTM, the paper's own topic modelling: reads one job, fits, prints one JSON line.

Runs in an environment of its own (`pip install bigartm six "protobuf<3.21" "pandas<3"`, Python
3.11). A job is a JSON object: counts (npz of a sparse matrix's indptr, indices, data and shape,
people by items), topics, seed, passes, tolerance, strengths (what is added to the likelihood, in
counts: `phi`, `theta` and `decorrelation`) and out (npz, for Phi and Theta).
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import artm
import harness
import numpy as np

BATCH = 5_000


def batches(counts: Any, folder: Path) -> artm.BatchVectorizer:
    """The people as BigARTM reads them, from a text file in Vowpal Wabbit's format."""
    indptr, indices, data = counts["indptr"], counts["indices"], counts["data"]
    words = [f" i{item}:{amount:.6g}" for item, amount in zip(indices, data)]  # noqa: B905
    path = folder / "people.txt"
    with path.open("w", encoding="ascii") as file:
        for person in range(len(indptr) - 1):
            low, high = indptr[person], indptr[person + 1]
            if low < high:
                file.write(f"p{person}{''.join(words[low:high])}\n")
    return artm.BatchVectorizer(
        data_path=str(path),
        data_format="vowpal_wabbit",
        target_folder=str(folder / "batches"),
        batch_size=BATCH,
    )


def fit(people: artm.BatchVectorizer, job: dict[str, Any]) -> artm.ARTM:
    """The model, in passes over everybody until the perplexity hardly changes."""
    strengths = job["strengths"]
    regularizers = []
    if strengths.get("phi"):
        regularizers.append(artm.SmoothSparsePhiRegularizer(name="phi", tau=strengths["phi"]))
    if strengths.get("theta"):
        regularizers.append(artm.SmoothSparseThetaRegularizer(name="theta", tau=strengths["theta"]))
    if strengths.get("decorrelation"):
        regularizers.append(
            artm.DecorrelatorPhiRegularizer(name="apart", tau=strengths["decorrelation"])
        )
    model = artm.ARTM(
        num_topics=job["topics"],
        dictionary=people.dictionary,
        scores=[artm.PerplexityScore(name="perplexity", dictionary=people.dictionary)],
        regularizers=regularizers,
        num_processors=1,
        seed=job["seed"],
        theta_columns_naming="title",
    )
    last = np.inf
    for _ in range(job["passes"]):
        model.fit_offline(people, num_collection_passes=1)
        value = model.score_tracker["perplexity"].last_value
        if abs(last - value) < job["tolerance"] * value:
            break
        last = value
    return model


def main() -> None:
    """Do the job that the command line names."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    counts = np.load(job["counts"])
    people, items = counts["shape"]
    with TemporaryDirectory(prefix="bigartm-") as folder:
        vectorizer = batches(counts, Path(folder))
        began = time.process_time()
        model = fit(vectorizer, job)
        frame = model.transform(vectorizer)
        seconds = time.process_time() - began
        theta = np.zeros((people, job["topics"]), np.float32)
        theta[[int(name[1:]) for name in frame.columns]] = frame.to_numpy().T
        tokens = model.get_phi()
        phi = np.zeros((items, job["topics"]))
        names = [name if isinstance(name, str) else name[-1] for name in tokens.index]
        phi[[int(name[1:]) for name in names]] = tokens.to_numpy()
    np.savez(job["out"], phi=phi, theta=theta)
    values = model.score_tracker["perplexity"].value
    answer = {"version": artm.version(), "seconds": seconds, "passes": len(values)}
    print(json.dumps({**answer, "peak_mib": harness.peak_mib()}))


if __name__ == "__main__":
    main()
