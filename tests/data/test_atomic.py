"""Files are whole or not there: two writers, killed writers, and where no reader looks."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synth.data.atomic import ENDING, check_target, remove_leftovers, whole
from synth.data.writers import write_parquet
from synth.errors import PopulaceError

INTERRUPTED = """
import sys, time
from pathlib import Path
from synth.data.atomic import whole
with whole(Path(sys.argv[1])) as part:
    part.write_text("half")
    print("begun", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """Another process that has begun to write people.csv."""
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, tmp_path / "people.csv"],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout.readline() == b"begun\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_writer_is_told_and_a_killed_one_leaves_nothing(writer, tmp_path):
    path = tmp_path / "people.csv"
    with pytest.raises(PopulaceError, match=r"is writing .*people\.csv"), whole(path):
        pass
    assert not path.exists()
    with whole(path, alone=False) as part:  # who writes the same bytes may
        part.write_text("all")
    assert path.read_text() == "all"
    assert remove_leftovers(tmp_path, age=0) == 0  # it is being written
    writer.kill()
    writer.wait()
    assert len(list(tmp_path.iterdir())) == 2
    with whole(path) as part:
        part.write_text("anew")
    assert path.read_text() == "anew" and list(tmp_path.iterdir()) == [path]


def test_two_in_one_process(tmp_path):
    path = tmp_path / "people.csv"
    with whole(path) as part:
        part.write_text("first")
        with pytest.raises(PopulaceError, match="Another process"), whole(path):
            pass
        with whole(tmp_path / "people.csv.gz") as other:  # another file
            other.write_text("")
    assert path.read_text() == "first" and not list(tmp_path.glob(f".*{ENDING}"))


def test_no_reader_of_the_folder_sees_a_part(tmp_path):
    write_parquet(tmp_path / "part-000000.parquet", [pa.table({"a": [1, 2]})])
    with whole(tmp_path / "part-000001.parquet") as part:
        part.write_bytes(b"PAR1 half")
        assert pd.read_parquet(tmp_path)["a"].to_list() == [1, 2]
        assert pq.read_table(tmp_path).num_rows == 2
        dask_frames = pytest.importorskip("dask.dataframe")
        assert len(dask_frames.read_parquet(tmp_path)) == 2
        part.unlink()
        write_parquet(part, [pa.table({"a": [3]})])
    assert pd.read_parquet(tmp_path)["a"].to_list() == [1, 2, 3]


def test_old_parts_of_unknown_writers_go(tmp_path):
    left = tmp_path / f".x.parquet.{os.getpid()}-0a1b2c3d{ENDING}"  # a number that is in use
    left.write_bytes(b"half")
    assert remove_leftovers(tmp_path) == 0
    os.utime(left, (0, time.time() - 7200))
    mine = tmp_path / "notes.part"
    mine.write_text("not ours")
    assert remove_leftovers(tmp_path) == 1 and list(tmp_path.iterdir()) == [mine]


@pytest.mark.parametrize("name", ["n" * 250, "ü" * 120, "a*b?[c].csv", ".hidden"])
def test_any_name(name, tmp_path):
    with whole(tmp_path / name) as part:
        part.write_text("x")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_cannot_be_written_is_said_before(tmp_path):
    with pytest.raises(PopulaceError, match="is a folder: name a file in it"):
        check_target(tmp_path)
    with pytest.raises(PopulaceError, match="There is no folder"):
        check_target(tmp_path / "none" / "x.csv")
