"""Uploads that mean harm, and tables that are merely strange: a sentence, or a population."""

import gzip
import io
import pickle
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pages.studio.sheet import corrections, sheet
from synth import populations
from synth.data.table import read_frame
from synth.data.writers import write_csv
from synth.errors import PopulaceError
from synth.fitting.fit import fit
from synth.fitting.inspection import Inspection, inspect_table
from synth.fitting.plan import Plan
from synth.fitting.tasks import start

ROOT = Path(__file__).parents[2]
PATIENCE = 240


def csv_of(frame):
    return frame.to_csv(index=False).encode()


def parquet_of(table):
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


def made_of(content, name="x.csv"):
    """What becomes of an upload: a population, or a PopulaceError."""
    frame, notes = read_frame(content, name=name)
    inspection = inspect_table(frame, name, notes)
    assert Inspection.from_json(inspection.to_json()) == inspection
    shown = sheet(inspection, Plan.of(inspection))
    assert corrections(shown, shown) == ()
    plan = Plan.from_json(Plan.of(inspection).to_json() | {"score": "k2"})
    fitted = fit(frame, plan, restarts=0)
    with tempfile.TemporaryDirectory() as folder:
        saved = populations.write(fitted, folder, rows=True).in_memory()
    people = saved.given().sample(50, seed=1)
    assert len(people) == 50
    return saved


def sentence(content, name="x.csv"):
    with pytest.raises(PopulaceError) as caught:
        made_of(content, name)
    message = str(caught.value)
    assert message.endswith((".", "?"))
    assert "\n" not in message
    return message


RNG = np.random.default_rng(0)
X = [str(v) for v in RNG.integers(0, 9, 60)]


@pytest.mark.parametrize(
    ("columns", "left"),
    [
        ({"formula": ["=1+1", "@SUM(A1)", "+3-4", "-x"] * 15, "x": X}, {"formula", "x"}),
        ({"crème 🍰": ["🙂", "🙃", "x"] * 20, "x": X}, {"crème 🍰", "x"}),
        ({"constant": ["same"] * 60, "x": X}, {"x"}),
        ({"empty": [""] * 60, "x": X}, {"x"}),
        ({"x": X}, {"x"}),
        ({"mixed": [str(i) for i in range(58)] + ["who", "what"], "x": X}, {"x"}),
        ({"levels": [f"level {i % 30}" for i in range(60)], "x": X}, {"levels", "x"}),
        ({"huge": [str(10**17 + i % 5) for i in range(60)], "x": X}, {"huge", "x"}),
        ({"tiny": [f"{i % 7}e-9" for i in range(60)], "x": X}, {"tiny", "x"}),
        ({"<script>": ["<b>", "&amp;", "'"] * 20, "x": X}, {"<script>", "x"}),
        ({"a, b|c=d..e": ['"', ",", "|"] * 20, "x": X}, {"a, b|c=d..e", "x"}),
        ({"email": [f"p{i % 40}@x.y" for i in range(60)], "x": X}, {"x"}),
        ({"household_id": [str(i // 2 * 7) for i in range(60)], "x": X}, {"x", "household_id"}),
    ],
)
def test_a_strange_table_is_learned(columns, left):
    synthetic = made_of(csv_of(pd.DataFrame(columns)))
    assert set(synthetic.modelled.names) <= left
    assert "x" in synthetic.modelled


def test_formulas_stay_texts(tmp_path):
    synthetic = made_of(csv_of(pd.DataFrame({"f": ["=1+1", "@SUM(A1)"] * 30, "x": X})))
    with (tmp_path / "x.csv").open("wb") as file:
        write_csv(file, [synthetic.given().sample_arrow(40, seed=1)])
    for line in (tmp_path / "x.csv").read_text().splitlines()[1:]:
        assert line.lstrip('"')[0] == "'"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(b"a,b\n" + b"0,0\n" * 10**6)[:-9], "gzip"),
        (pickle.dumps({"a": [1, 2]}), "pickle"),
        (b"a,b\n1,\x00\n2,3\n", "NUL"),
        (b"a,b\n", "no rows"),
        (b"", "empty"),
        ("ä,b\nö,1\n".encode() + "ü,2\n".encode("latin-1"), "UTF-8"),
        (b'a,b\n"1,2\n3,4\n', ""),
        (b"a,a\n1,2\n3,4\n", "twice"),
        (b"a,b\n,\n,\n,\n", "no rows"),
        (b"a\nx\nx\nx\n", "no column to learn from"),
        (b",".join(b"c%d" % i for i in range(5000)) + b"\n", "5,000"),
        ("a\u202eb,c\n1,2\n3,4\n".encode(), "U+202E"),
        (b"a,b\n1," + b"x" * 2**25 + b"\n2,y\n", "million"),
    ],
)
def test_what_cannot_be_learned_is_told(content, message):
    assert message in sentence(content)


def test_a_line_of_a_gigabyte_is_not_read(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(PopulaceError, match="1,024 MB"):
        read_frame(path)


def bomb():
    """A small Parquet file of 150 million cells, which unpacks to more than a gigabyte."""
    column = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(75_000_000, np.int8)), pa.array(["x" * 1000])
    )
    out = io.BytesIO()
    table = pa.table({"a": column, "b": column})
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["rows", "text"])
def test_a_bomb_bursts_in_the_child(tmp_path, kind):
    if kind == "rows":
        content = bomb()
    else:  # one cell that unpacks to a gigabyte
        out = io.BytesIO()
        texts = pa.array(["y" * 2**26] * 6 + ["z"] * 6)
        pq.write_table(pa.table({"t": texts, "x": list(range(12))}), out, compression="zstd",
                       use_dictionary=False)  # fmt: skip
        content = out.getvalue()
    assert len(content) < 20 * 2**20
    path = tmp_path / "bomb.parquet"
    path.write_bytes(content)
    job = start("inspect", tmp_path / "job", path, {"name": "b.parquet"}, memory=800 * 2**20)
    state = job.wait(PATIENCE)
    assert state.error.endswith(".")
    assert not state.done
    job.close()


def test_a_broken_stream_is_no_crash(tmp_path):
    content = bytearray(parquet_of(pa.table({"a": list(range(1000)), "b": ["x", "y"] * 500})))
    content[200:260] = zlib.compress(b"?" * 999)[:60].ljust(60, b"\x00")
    path = tmp_path / "x.parquet"
    path.write_bytes(bytes(content))
    job = start("inspect", tmp_path / "job", path, {"name": "x.parquet"})
    state = job.wait(PATIENCE)
    assert state.over
    job.close()


# ── At random ────────────────────────────────────────────────────────────────────────────────────

TWENTY = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
CELLS = st.one_of(
    st.text(max_size=8),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
    st.sampled_from(["", "NA", "yes", "no", "2020-01-01", "=1", '"', "1,5", "\u202e", "🙂"]),
)
SOUND = csv_of(
    pd.DataFrame({"age": RNG.integers(0, 90, 80), "sex": RNG.choice(["f", "m"], 80),
                  "pay": RNG.normal(0, 1, 80).round(3)})
)  # fmt: skip


def survives(content):
    try:
        synthetic = made_of(content)
    except PopulaceError as error:
        assert str(error).endswith((".", "?"))
    else:
        assert len(synthetic.modelled)


@TWENTY
@given(st.binary(max_size=400))
def test_random_bytes(content):
    survives(content)


@TWENTY
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=30))
def test_random_cells(rows):
    survives(csv_of(pd.DataFrame(rows, columns=["a", "b", "c"])))


@TWENTY
@given(st.lists(st.tuples(st.integers(0, len(SOUND) - 1), st.integers(0, 255)), max_size=12))
def test_a_sound_table_with_random_bytes_in_it(changes):
    content = bytearray(SOUND)
    for at, byte in changes:
        content[at] = byte
    survives(bytes(content))


@TWENTY
@given(st.lists(CELLS, min_size=1, max_size=6))
def test_random_names(names):
    rows = RNG.integers(0, 3, (30, len(names)))
    survives(csv_of(pd.DataFrame(rows, columns=names)))


PARQUET = parquet_of(pa.Table.from_pandas(pd.read_csv(io.BytesIO(SOUND))))


READER = """
import sys
from synth.data.table import read_frame
from synth.errors import PopulaceError
from synth.fitting.inspection import inspect_table
for line in sys.stdin:
    try:
        frame, notes = read_frame(line.strip(), name="x.parquet")
        inspect_table(frame, "x.parquet", notes)
        print("done.", flush=True)
    except PopulaceError as error:
        print(error, flush=True)
"""


@pytest.fixture(scope="module")
def read():
    """Reads a file in a child that serves many; a new one where the last has died."""
    children = []

    def start_child():
        return subprocess.Popen(
            [sys.executable, "-c", READER], stdin=-1, stdout=-1, stderr=-3, text=True, cwd=ROOT
        )

    def read(path):
        if not children or children[-1].poll() is not None:
            children.append(start_child())
        child = children[-1]
        child.stdin.write(f"{path}\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        return answer.strip() or f"It died with {child.wait(PATIENCE)}."

    yield read
    for child in children:
        child.kill()
        child.communicate()


@TWENTY
@given(st.lists(st.tuples(st.integers(4, len(PARQUET) - 1), st.integers(0, 255)), min_size=1,
                max_size=6))  # fmt: skip
def test_a_parquet_file_with_random_bytes_in_it(read, changes):
    """In a child: a broken file may crash the reader itself, and nobody else."""
    content = bytearray(PARQUET)
    for at, byte in changes:
        content[at] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        path.write_bytes(bytes(content))
        assert read(path).endswith((".", "?"))
