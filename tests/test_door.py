"""`import synth` gives what most people need, and loads nothing heavy before it is used."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import synth

ROOT = Path(__file__).parents[1]
HEAVY = ("numpy", "pandas", "pyarrow", "scipy", "sklearn", "numba", "torch", "streamlit", "dask")


def test_importing_loads_nothing_heavy_and_little_else():
    code = (
        "import sys; before = set(sys.modules); import synth, json;"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = json.loads(done.stdout)
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)
    assert {name for name in loaded if name.startswith("synth")} == {"synth", "synth.environment"}
    assert len(loaded) < 60, "so few modules take well under a tenth of a second"


def test_everything_at_the_door_is_there():
    assert synth.__all__ == sorted(synth.__all__)
    for name in synth.__all__:
        value = getattr(synth, name)
        assert callable(value) and value.__doc__, name
        assert name in dir(synth)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = synth.nonsense


def test_the_map_names_every_room():
    rooms = {
        path.stem
        for path in (ROOT / "synth").iterdir()
        if not path.name.startswith("__") and (path.is_dir() or path.suffix == ".py")
    }
    missing = [room for room in sorted(rooms) if f"``{room}``" not in synth.__doc__]
    assert not missing


def test_from_a_frame_to_people_and_back(people):
    columns = ["born", "died", "work", "home", "total"]
    population = synth.fit(
        people[columns].head(400), rules=["born <= died"], title="Town", score="k2"
    )
    assert population.title == "Town"
    evidence = population.evidence("work=3..")
    assert isinstance(evidence, synth.Evidence)
    drawn = population.given(evidence).sample(300, seed=1)
    assert (drawn["total"] == drawn["work"] + drawn["home"]).all()
    assert not (drawn["born"] > drawn["died"]).any()
    with pytest.raises(synth.errors.PopulaceError, match="no value called scores"):
        synth.fit(people[columns].head(40), scores="k2")
