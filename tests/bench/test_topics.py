"""BigARTM's runner: strengths in its unit, what it leaves is read, its death is a sentence."""

import sys

import numpy as np
import pytest
from scipy.sparse import csr_array

from synth.bench import topics
from synth.bench.topics import bigartm, counts_of
from synth.errors import PopulaceError
from synth.interests.em import Strengths

MATRIX = csr_array(np.array([[2.0, 0, 2.0], [0, 0, 0], [0, 4.0, 0]]))
RUNNER = """
import json, sys
import numpy as np
job = json.load(open(sys.argv[1]))
counts = np.load(job["counts"])
if job["seed"] == 9:
    raise RuntimeError("no dictionary")
people, items = counts["shape"]
phi = np.full((items, job["topics"]), counts["data"].sum())
np.savez(job["out"], phi=phi, theta=np.full((people, job["topics"]), job["strengths"]["theta"]))
print(json.dumps({"version": "0.9.2", "seconds": 1.5, "passes": 3, "peak_mib": 20.0}))
"""


def test_strengths_are_the_counts_of_an_average_item_person_and_topic():
    strengths = Strengths(sparse_phi=0.3, sparse_theta=-0.5, decorrelation=0.1)
    # Eight in all, among three items, two people who do anything, two topics.
    assert counts_of(strengths, MATRIX, 2) == {
        "phi": pytest.approx(-0.3 * 8 / 3 / 2),
        "theta": pytest.approx(0.5 * 8 / 2 / 2),
        "decorrelation": pytest.approx(0.1 * 8 / 2),
    }


def test_what_the_peer_leaves_is_read(tmp_path, monkeypatch):
    (tmp_path / "run_bigartm.py").write_text(RUNNER)
    monkeypatch.setattr(topics, "RUNNERS", tmp_path)
    plain, ours = bigartm(sys.executable).values()
    fitted = plain(MATRIX, 2, 0)
    assert fitted.phi.shape == (3, 2) and (fitted.phi == 8).all()
    assert fitted.seconds == 1.5 and fitted.about["version"] == "0.9.2"
    assert (ours(MATRIX, 2, 0).theta > 0).all()  # smoothed
    with pytest.raises(PopulaceError, match="BigARTM broke off: RuntimeError: no dictionary"):
        plain(MATRIX, 2, 9)


def test_a_python_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(PopulaceError, match="name that of BigARTM"):
        bigartm(str(tmp_path / "python"))
