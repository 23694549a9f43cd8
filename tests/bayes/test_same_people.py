"""The same seed draws the same people: in processes of any hash seed, locale and thread count."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
QUESTIONS = (
    "",
    "marital=widowed",
    "gender=female,marital=married,age=25..35",
    "top1=gardening,region=south,born_in_us=no",
    "occupation=missing,weekly_earn=missing,education=doctoral degree",
)
CODE = """
import hashlib, json, sys
import numpy as np, pandas as pd
import synth
from synth.bayes import learn
from synth.data.table import make_table

threads, pieces = int(sys.argv[1]), int(sys.argv[2])

def digest(posterior):
    rows, step = 3000, 3000 // pieces
    frames = [posterior.sample(step, 5, start=low, threads=threads) for low in range(0, rows, step)]
    frame = pd.concat(frames, ignore_index=True).astype(object)
    return hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()[:16]

population = synth.load("us-time-use")
found = [digest(population.given(population.evidence(line))) for line in json.loads(sys.argv[3])]
rng = np.random.default_rng(1)
frame = pd.DataFrame({f"k{i}": rng.integers(0, 4, 1500) for i in range(7)}).astype(str)
frame["k6"] = frame["k0"].where(rng.random(1500) < 0.8, frame["k1"])
frame["age"] = rng.integers(18, 90, 1500)
network = learn(make_table(frame), restarts=1)
print(json.dumps([*found, network.digest, digest(network.given())]))
"""
SURROUNDINGS = (
    # hash seed, locale, threads, pieces
    ("0", "C.UTF-8", 1, 1),
    ("1", "C", 2, 3),
    ("2", "C.UTF-8", 2, 30),
    ("4711", "POSIX", 1, 6),
)


def drawn(seed, locale, threads, pieces):
    environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "LANG": locale}
    output = subprocess.run(
        [sys.executable, "-c", CODE, str(threads), str(pieces), json.dumps(QUESTIONS)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return json.loads(output.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def first():
    return drawn(*SURROUNDINGS[0])


@pytest.mark.parametrize("surroundings", SURROUNDINGS[1:], ids=lambda s: f"hash-{s[0]}")
def test_the_same_people_everywhere(first, surroundings):
    assert len(set(first)) == len(QUESTIONS) + 2
    assert drawn(*surroundings) == first
