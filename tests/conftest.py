"""What every test needs."""

import os
import sys

if sys.dont_write_bytecode:
    # The other worker, the children of the tests and the next run need not compile the same files
    # again, whatever the environment says.
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if "PYTEST_XDIST_WORKER" in os.environ:
    # As many workers as processors: threads of one would only wait for those of the others. Before
    # NumPy is imported, which reads it then.
    for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_variable, "1")

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# A loaded machine is not a failure.
settings.register_profile("populace", deadline=None)
settings.load_profile("populace")

# Tests that share what takes long to load (a server and its browser, painting and reading faces)
# stay in one worker.
_TOGETHER = ("tests/people/portraits", "tests/browser", "tests/people/pictures")
# What takes longest begins first, so that the workers end together.
_FIRST = (*_TOGETHER, "tests/pages/test_studio.py", "tests/test_bench.py", "tests/generators")


def _unit(nodeid):
    """The folder or file whose tests run in one worker, in the order in which they stand there."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in _TOGETHER if file.startswith(f"{folder}/")), file)


def _rank(nodeid):
    return next((i for i, path in enumerate(_FIRST) if nodeid.startswith(path)), len(_FIRST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _rank(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file's tests share one worker, hence its module's fixtures are made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _unit(nodeid)

    if config.option.dist != "load":  # somebody asked for another one
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session")
def people():
    """A table with a sum, a range, look-ups, lifetimes, missing values and a key."""
    rng = np.random.default_rng(1)
    rows = 3000
    born = rng.integers(1900, 1990, rows)
    died = np.minimum(born + rng.integers(0, 90, rows), 2020).astype(float)
    died[rng.random(rows) < 0.3] = np.nan
    city = rng.integers(0, 24, rows)
    work, home = rng.integers(0, 10, rows), rng.integers(0, 10, rows)
    age = rng.integers(12, 90, rows)
    return pd.DataFrame(
        {
            "person": [f"p{i}" for i in range(rows)],
            "born": born,
            "died": died,
            "age": age,
            "group": np.where(age < 30, "young", np.where(age < 60, "middle", "old")),
            "city": [f"city {i}" for i in city],
            "province": [f"province {i % 5}" for i in city],
            "code": 100 + city % 5,
            "work": work,
            "home": home,
            "total": work + home,
            "marital": np.where(
                age < 18, "single", rng.choice(["single", "married", "widowed"], rows)
            ),
            "pay": rng.lognormal(7, 1, rows).round(2),
        }
    )


def _planted(people=600, topics=4, items=8, seed=0, noise=0.0):
    """Counts of people who each have one topic or two of disjoint items, and their first topic."""
    from scipy.sparse import csr_array

    from synth.interests import Counts

    rng = np.random.default_rng(seed)
    first = rng.integers(topics, size=people)
    second = (first + rng.integers(1, topics, size=people)) % topics
    phi = np.zeros((topics * items, topics))
    for t in range(topics):
        phi[t * items : (t + 1) * items, t] = rng.dirichlet(np.full(items, 2.0))
    mixed = 0.8 * phi[:, first] + 0.2 * phi[:, second]
    mixed = (1 - noise) * mixed + noise / len(mixed)
    values = np.stack([rng.multinomial(40, column / column.sum()) for column in mixed.T])
    names = tuple(f"topic{t}-item{i}" for t in range(topics) for i in range(items))
    return Counts(pd.RangeIndex(people), names, csr_array(values.astype(float))), first, phi


@pytest.fixture
def planted():
    """A function: see `_planted`."""
    return _planted


@pytest.fixture(scope="session")
def us():
    """The shipped population us-time-use."""
    from synth.populations import load

    return load("us-time-use")


@pytest.fixture(scope="session")
def french():
    """The shipped population french-hobbies."""
    from synth.populations import load

    return load("french-hobbies")


@pytest.fixture(scope="session")
def workbook():
    """Makes an Excel workbook (.xlsx) of rows; a pair (number, style) is a cell with a format."""
    return _workbook


def _workbook(rows, *, sheets=None, formats=("yyyy-mm-dd", "h:mm"), hidden=()):
    import io
    import zipfile
    from xml.sax.saxutils import escape

    def cell(place, value):
        if value is None:
            return ""
        if isinstance(value, tuple):
            return f'<c r="{place}" s="{value[1]}"><v>{value[0]}</v></c>'
        if isinstance(value, bool):
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, int | float):
            return f'<c r="{place}"><v>{value!r}</v></c>'
        if value.startswith("#"):
            return f'<c r="{place}" t="e"><v>{value}</v></c>'
        texts.setdefault(value, len(texts))
        return f'<c r="{place}" t="s"><v>{texts[value]}</v></c>'

    def letter(column):
        return (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)

    texts = {}
    parts = {}
    all_sheets = sheets or {"people": rows}
    names = list(all_sheets)
    for number, some in enumerate(all_sheets.values(), 1):
        lines = "".join(
            f'<row r="{i}">'
            + "".join(cell(f"{letter(j)}{i}", v) for j, v in enumerate(row))
            + "</row>"
            for i, row in enumerate(some, 1)
        )
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f"<worksheet><sheetData>{lines}</sheetData></worksheet>"
        )
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"'
        + (' state="hidden"' if name in hidden else "")
        + "/>"
        for i, name in enumerate(names, 1)
    )
    related = "".join(
        f'<Relationship Id="rId{i}" Target="worksheets/sheet{i}.xml"/>'
        for i in range(1, len(names) + 1)
    )
    codes = "".join(
        f'<numFmt numFmtId="{164 + i}" formatCode="{c}"/>' for i, c in enumerate(formats)
    )
    styles = '<xf numFmtId="0"/>' + "".join(
        f'<xf numFmtId="{164 + i}"/>' for i in range(len(formats))
    )
    parts |= {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns:r="r"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f"<Relationships>{related}</Relationships>",
        "xl/styles.xml": f"<styleSheet><numFmts>{codes}</numFmts>"
        f"<cellXfs>{styles}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": "<sst>"
        + "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
        + "</sst>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in parts.items():
            archive.writestr(path, text)
    return buffer.getvalue()
