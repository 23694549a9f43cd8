"""Workbooks, JSON, ZIP and gzip files: what is read, and what hostile ones are told."""

import gzip
import io
import json
import zipfile

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.data import table as table_module
from synth.data.readers.excel import read_workbook
from synth.data.table import read_frame, read_table
from synth.errors import PopulaceError

ROWS = [["age", "sex", "pay"], [30, "f", 1.5], [41, "m", 2.5], [52, "f", 3.5]]
CSV = b"age,sex,pay\n30,f,1.5\n41,m,2.5\n52,f,3.5\n"
WANTED = {"age": [30, 41, 52], "sex": ["f", "m", "f"], "pay": [1.5, 2.5, 3.5]}


def values(frame):
    return {name: frame[name].tolist() for name in frame}


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_csv", ".csv"), content)
    return buffer.getvalue()


# ---------------------------------------------------------------------- workbooks


def test_a_workbook(workbook):
    frame, notes = read_frame(workbook(ROWS), name="people.xlsx")
    assert values(frame) == WANTED and not notes


def test_cells_of_every_kind(workbook):
    rows = [
        ["born", "at", "code", "member", "share", "left", "big"],
        [(29221, 1), (0.5, 2), "007", True, 0.1, "x", 123456789012345],
        [(36526, 1), (0.75, 2), "008", False, 1 / 3, None, 2.5],
        [(43831, 1), (0.25, 2), "009", True, 1e-7, "y", -1],
    ]
    frame = read_frame(workbook(rows))[0]
    text = read_workbook(workbook(rows), "w")[0].decode()
    assert text.splitlines()[1] == "1980-01-01,12:00:00,007,TRUE,0.1,x,123456789012345"
    assert text.splitlines()[2] == f"2000-01-01,18:00:00,008,FALSE,{1 / 3!r},,2.5"
    assert frame["share"].tolist() == [0.1, 1 / 3, 1e-7]
    assert frame["code"].tolist() == ["007", "008", "009"]


def test_titles_empty_rows_and_errors_of_a_sheet(workbook):
    rows = [["People of 2020"], [], *ROWS, [], [None, None, None], ["Source: the census"]]
    frame, notes = read_frame(workbook(rows), name="people.xlsx")
    assert values(frame) == WANTED
    assert len(notes) == 2 and "Above the table" in notes[0] and "Below the table" in notes[1]
    rows = [["a", "b"], *[[i, 10 * i] for i in range(100)], [1, "#DIV/0!"]]
    with pytest.raises(PopulaceError, match=r"Column b .*'#DIV/0!' \(row 101\)"):
        read_table(workbook(rows))
    rows[-1] = [1, "#N/A"]
    assert read_frame(workbook(rows))[0]["b"].isna().sum() == 1


def test_the_first_visible_sheet_with_cells_is_read_and_said(workbook):
    sheets = {"hidden": [["no"], [1]], "empty": [], "people": ROWS, "more": [["x"], [1]]}
    frame, notes = read_frame(workbook(None, sheets=sheets, hidden=("hidden",)), name="p.xlsx")
    assert values(frame) == WANTED
    assert notes == (
        "p.xlsx has 3 sheets; the one called people was read: save another alone to read it.",
    )


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]><worksheet>&c;</worksheet>'


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("xl/worksheets/sheet1.xml", BOMB),
        ("xl/sharedStrings.xml", '<!DOCTYPE a SYSTEM "file:///etc/passwd"><sst/>'),
        ("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row>"),
        ("xl/worksheets/sheet1.xml", '<worksheet><row><c t="s"><v>999</v></c></row></worksheet>'),
        ("xl/worksheets/sheet1.xml", "<worksheet><row><c><v>one</v></c></row></worksheet>"),
        ("xl/worksheets/sheet1.xml", '<worksheet><row><c r="ZZZ1"><v>1</v></c></row></worksheet>'),
        ("xl/workbook.xml", "no xml"),
    ],
)
def test_a_damaged_or_hostile_workbook_is_one_sentence(workbook, part, text):
    source = zipfile.ZipFile(io.BytesIO(workbook(ROWS)))
    parts = {name: source.read(name) for name in source.namelist()} | {part: text}
    with pytest.raises(PopulaceError, match=r"w\.xlsx is a damaged Excel workbook"):
        read_frame(zipped(**parts), name="w.xlsx")


def test_too_many_cells_are_refused(workbook, monkeypatch):
    from synth.data.readers import excel

    monkeypatch.setattr(excel, "CELLS_LIMIT", 5)
    with pytest.raises(PopulaceError, match="million cells"):
        read_frame(workbook(ROWS))


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_damage_never_breaks_the_reader(position, damage):
    content = zipped(**{"people_csv": CSV})
    content = content[:position] + damage + content[position + len(damage) :]
    try:
        read_frame(content)
    except PopulaceError as error:
        assert "\n" not in str(error)


# ---------------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    "text",
    [
        pd.DataFrame(WANTED).to_json(orient="records", lines=True),
        pd.DataFrame(WANTED).to_json(orient="records"),
        json.dumps(pd.DataFrame(WANTED).to_dict("records"), indent=2),
        "\ufeff" + pd.DataFrame(WANTED).to_json(orient="records", lines=True),
    ],
)
def test_records(text):
    assert values(read_frame(text.encode())[0]) == WANTED


def test_texts_of_json_stay_texts_and_nested_values_are_left_out():
    lines = "\n".join(
        json.dumps({"code": c, "n": n, "tags": ["a"], "home": {"city": "Rome"}})
        for c, n in [("007", 1), ("NA", None), ("8", 3)]
    )
    frame, _ = read_frame(lines.encode())
    assert frame["code"].tolist() == ["007", "NA", "8"]
    assert frame["n"].isna().tolist() == [False, True, False]
    table = read_table(lines.encode())
    assert list(table.frame) == ["code", "n"]
    for name in ("tags", "home"):
        assert any(f"Column {name} holds lists, records" in note for note in table.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1}', "JSON document and no table"),
        ('{\n  "a": [1, 2]\n}', "JSON document and no table"),
        ('[{"a": 1}, 2]', "not of records"),
        ('[{"a": 1},', "broken JSON"),
        ('{"a": 1}\n{"a": \n', "broken JSON"),
        ('{"a": 1}\n{"a": "x"}\n', "Column a of t.json holds numbers and in row 2 text"),
        ('{"a": ' * 100 + "1" + "}" * 100 + "\n{}", "too deeply nested"),
        ("[{" + '"a":[' * 10_000, "too deeply nested"),
    ],
)
def test_other_json_is_one_sentence(text, words):
    with pytest.raises(PopulaceError, match=words):
        read_frame(text.encode(), name="t.json")


# ---------------------------------------------------------------------- archives


def test_one_table_in_an_archive(workbook):
    assert values(read_frame(zipped(people_csv=CSV))[0]) == WANTED
    assert values(read_frame(gzip.compress(CSV))[0]) == WANTED
    assert (
        values(read_frame(zipped(**{"a/people.csv": CSV, "__MACOSX/._people.csv": b"x"}))[0])
        == WANTED
    )
    assert values(read_frame(zipped(**{"people.xlsx": workbook(ROWS)}))[0]) == WANTED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(one_csv=CSV, two_csv=CSV), "ZIP archive with 2 files"),
        (zipped(), "ZIP archive with no file"),
        (zipped(**{"a.zip": zipped(one_csv=CSV)}), "holds another archive"),
        (zipped(**{"a.gz": gzip.compress(CSV)}), "holds another archive"),
        (zipped(one_csv=b"0" * (3 * 2**20)), "unpacks to 3 MB, more than 2"),
        (gzip.compress(b"0" * (3 * 2**20)), "unpacks to more than 2 MB"),
        (gzip.compress(CSV)[:-9], "damaged gzip archive"),
        (zipped(one_csv=CSV)[:60], "damaged ZIP archive"),
        (
            zipped(**{"manifest.json": b"{}", "population.json": b"{}"}),
            "a population that Populace",
        ),
        (zipped(**{"mimetype": b"x", "content.xml": b"x"}), "OpenDocument"),
        (zipped(**{"[Content_Types].xml": b"x", "word/document.xml": b"x"}), "without a table"),
    ],
    # Archives hold the time, and workers must agree on the names of tests.
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_archives_are_one_sentence(content, words, monkeypatch):
    monkeypatch.setattr(table_module, "BYTES_LIMIT", 2 * 2**20)
    with pytest.raises(PopulaceError, match=words) as error:
        read_frame(content, name="a.zip")
    assert "\n" not in str(error.value)


def test_an_archive_that_lies_about_its_size_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(table_module, "BYTES_LIMIT", 1000)
    content = bytearray(zipped(one_csv=b"0" * 100_000))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(mark) + offset
        content[at : at + 4] = (50).to_bytes(4, "little")
    with pytest.raises(PopulaceError, match=r"damaged ZIP|more than it says|first line"):
        read_frame(bytes(content))
