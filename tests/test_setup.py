"""What is installed agrees with the lists of requirements."""

import runpy
import tomllib
from pathlib import Path

import pytest
import setuptools

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def settings():
    """What setup.py hands to setuptools."""
    caught = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setattr(setuptools, "setup", lambda **words: caught.update(words))
        caught["variables"] = runpy.run_path(str(ROOT / "setup.py"))
    return caught


def listed(path):
    lines = [line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines()]
    return [line for line in lines if line and not line.startswith("-")]


def test_every_requirement_is_in_one_place_with_its_version(settings):
    extras = settings["extras_require"]
    of_app = [line for name in settings["variables"]["EXTRAS"] for line in extras[name]]
    assert sorted([*settings["install_requires"], *of_app]) == sorted(
        listed(ROOT / "requirements.txt")
    )
    assert sorted(extras["test"]) == sorted(listed(ROOT / "tests" / "requirements.txt"))


def test_the_library_alone_is_small(settings):
    alone = " ".join(settings["install_requires"])
    assert not [name for name in ("torch", "streamlit", "dask", "plotly", "pgmpy") if name in alone]
    assert "pandas" in alone and "numba" in alone


def test_extras_and_command_are_those_that_are_documented(settings):
    readme = (ROOT / "README.md").read_text("utf-8")
    for extra in settings["extras_require"]:
        assert f"`[{extra}]`" in readme, extra
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    module, _, function = project["scripts"]["populace"].partition(":")
    text = (ROOT / (module.replace(".", "/") + ".py")).read_text("utf-8")
    assert f"def {function}(" in text
