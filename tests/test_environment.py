"""Machines that are not as expected: no folder for compiled code, an old code page, no home."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from synth import environment

ROOT = Path(__file__).parents[1]


@pytest.fixture
def unwritable(tmp_path, monkeypatch):
    """A machine on which only the folders that a test names can be written."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("SYNTH_CACHE", raising=False)
    monkeypatch.setattr(environment.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    allowed = []
    monkeypatch.setattr(
        environment.os,
        "access",
        lambda path, mode: any(Path(path).is_relative_to(each) for each in allowed),
    )
    yield allowed
    os.environ.pop("NUMBA_CACHE_DIR", None)


def test_compiled_code_goes_where_it_can_be_written(tmp_path, unwritable, monkeypatch):
    environment.ensure_numba_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ  # nowhere: numba says so itself
    unwritable.append(tmp_path / "tmp")
    environment.ensure_numba_cache()
    folder = Path(os.environ.pop("NUMBA_CACHE_DIR"))
    assert folder.parent == tmp_path / "tmp" and folder.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("SYNTH_CACHE", str(tmp_path / "cache"))
    unwritable.append(tmp_path / "cache")
    environment.ensure_numba_cache()
    assert os.environ.pop("NUMBA_CACHE_DIR") == str(tmp_path / "cache" / "numba")
    unwritable.append(ROOT)
    environment.ensure_numba_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ


def test_no_folder_of_others_is_used_for_code_that_is_run(tmp_path, unwritable):
    unwritable.append(tmp_path)
    theirs = tmp_path / "tmp" / f"populace-numba-{os.getuid()}"
    theirs.mkdir(parents=True)
    theirs.chmod(0o777)
    environment.ensure_numba_cache()
    assert "NUMBA_CACHE_DIR" not in os.environ


@pytest.mark.parametrize(
    "odd",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "ascii", "HOME": ""},
        {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"},
    ],
)
def test_a_posterior_prints_anywhere(odd, tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "LANG", "LC_ALL")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **odd}
    done = subprocess.run(
        [sys.executable, "-m", "synth", "posterior", "french-hobbies", "cooking"],
        cwd=tmp_path,  # another working directory
        env=environment,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout and not done.stderr
