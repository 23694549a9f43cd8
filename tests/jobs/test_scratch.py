"""Private folders go with their process, also with one that is killed."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from synth.jobs import scratch

OTHER = """
import sys, time
from synth.jobs.scratch import scratch
(scratch() / "table.csv").write_text("private")
print(scratch(), flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(scratch, "_own", {})
    yield
    scratch.close()


def age(root):
    os.utime(root, (0, time.time() - 1000))


def test_one_folder_a_process_and_it_goes_in_the_end(tmp_path):
    mine = scratch.scratch()
    assert mine == scratch.scratch() and mine.parent == tmp_path
    assert mine.stat().st_mode & 0o077 == 0
    age(mine)
    assert scratch.remove_leftovers() == 0  # it is in use
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", OTHER],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    theirs = Path(other.stdout.readline().decode().strip())
    age(theirs)
    assert scratch.remove_leftovers() == 0 and (theirs / "table.csv").exists()
    other.kill()
    other.wait()
    other.stdout.close()
    age(theirs)
    mine = scratch.scratch()
    assert sorted(tmp_path.iterdir()) == [mine]


def test_a_folder_that_has_just_begun_and_one_of_somebody_else_stay(tmp_path):
    begun = tmp_path / f"{scratch.PREFIX}begun"
    begun.mkdir()  # its lock may come any moment
    linked = tmp_path / f"{scratch.PREFIX}link"
    linked.symlink_to(Path(__file__).parent)
    assert scratch.remove_leftovers() == 0
    assert Path(__file__).exists() and begun.exists()
