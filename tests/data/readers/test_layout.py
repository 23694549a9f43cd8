"""Where tables begin and end, and in which letters they are written: exports of every kind."""

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from synth.cli.main import app
from synth.data.readers.encoding import as_utf8
from synth.data.readers.layout import layout
from synth.data.table import read_frame
from synth.errors import PopulaceError

WANTED = {"age": [30, 41, 52], "sex": ["f", "m", "f"], "pay": [1.5, 2.5, 3.5]}
PLAIN = "age,sex,pay\n30,f,1.5\n41,m,2.5\n52,f,3.5\n"

READ = {
    "plain": (PLAIN, 0),
    "sep line": ("sep=;\n" + PLAIN.replace(",", ";"), 0),
    "quoted sep line": ('"sep=,"\r\n' + PLAIN.replace("\n", "\r\n"), 0),
    "sep of a hash": ("sep=#\n" + PLAIN.replace(",", "#"), 0),
    "a title": ("People of 2020\n\n" + PLAIN, 1),
    "titles padded with commas": ("People of 2020,,\nby county,,\n" + PLAIN, 1),
    "a comment": ("# exported on Monday\n" + PLAIN, 1),
    "a source below": (PLAIN + "\nSource: the census\n", 1),
    "a source below, padded": (PLAIN + "Source: the census,,\n", 1),
    "a ruled line and a head above notes": (PLAIN + "=====\nFootnotes\n1 - by hand\n", 1),
    "two notes below": (PLAIN + "\n* estimated by hand\nUpdated 2020-01-01\n", 1),
    "commas at the end of each line": (PLAIN.replace("\n", ",\n"), 0),
    "commas at the end of each line but the first": (
        PLAIN.replace("\n", ",\n").replace("pay,", "pay"),
        0,
    ),
    "three commas at each end": (PLAIN.replace("\n", ",,,\n"), 0),
    "blank rows": (PLAIN.replace("41", ",,\n , ,\n41") + ",,\n" * 3, 1),
    "empty lines": (PLAIN.replace("\n", "\n\n"), 0),
    "row numbers without a name": (
        ",age,sex,pay\n0,30,f,1.5\n1,41,m,2.5\n2,52,f,3.5\n",
        1,
    ),
    "R's quoted row names": (
        '"","age","sex","pay"\n"1",30,"f",1.5\n"2",41,"m",2.5\n"3",52,"f",3.5\n',
        1,
    ),
    "R's row names without a place in the first row": (
        '"age","sex","pay"\n"a",30,"f",1.5\n"b",41,"m",2.5\n"c",52,"f",3.5\n',
        1,
    ),
    "spaces": (PLAIN.replace(",", " "), 1),
    "many spaces": ("  age sex  pay\n   30   f  1.5\n   41   m  2.5\n   52   f  3.5\n", 1),
    "spaces and R's row names": (
        '"age" "sex" "pay"\n"1" 30 "f" 1.5\n"2" 41 "m" 2.5\n"3" 52 "f" 3.5\n',
        2,
    ),
    "tabs": (PLAIN.replace(",", "\t"), 0),
    "old Mac lines": (PLAIN.replace("\n", "\r"), 0),
    "no last line end": (PLAIN.rstrip("\n"), 0),
    "a byte-order mark": ("\ufeff" + PLAIN, 0),
}


@pytest.mark.parametrize("case", READ)
def test_the_same_table_in_every_layout(case):
    text, notes = READ[case]
    frame, message = read_frame(text.encode(), name="people.csv")
    assert {name: frame[name].tolist() for name in frame} == WANTED
    assert len(message) == notes, message
    assert all(note.endswith(".") for note in message)


@pytest.mark.parametrize(
    "text",
    [
        "full name\nAnna Bell\nJohn Smith\nMary Jones\n",
        "note\nall is well\nnothing to say\nall is well\n",
        "a\n1\n2\n",
    ],
)
def test_one_column_of_words_stays_one_column(text):
    assert layout(text.encode(), "t").delimiter == ","
    assert len(layout(text.encode(), "t").names) == 1


def test_a_missing_value_in_one_column_is_no_blank_row():
    frame, notes = read_frame(b"a\n1\nNA\n2\n\n3\n")
    assert len(frame) == 4 and not notes
    frame, notes = read_frame(b"a,b\n1,x\nNA,NA\n2,y\n")
    assert len(frame) == 3 and not notes


def test_blank_rows_are_dropped_and_said_through_python_and_the_command(tmp_path):
    """Case 8: 400 rows and 100 lines of a comma; nobody who is drawn is blank."""
    from synth.fitting.simple import fit

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 90, 400), "sex": rng.choice(["f", "m"], 400)})
    path = tmp_path / "people.csv"
    path.write_text(frame.to_csv(index=False) + ",\n" * 100)
    people = fit(path).given().sample(2000, seed=1)
    assert not people.isna().any().any()
    done = CliRunner().invoke(app, ["fit", str(path), "--out", str(tmp_path / "town")])
    assert done.exit_code == 0, done.output
    assert "100 blank rows of people.csv were left out." in done.stderr


def test_a_title_with_a_ragged_table_names_the_line():
    with pytest.raises(PopulaceError, match="line 5 holds 4"):
        read_frame(b"A title\n\na,b,c\n1,2,3\n1,2,3,4\n1,2,3\n")


# ---------------------------------------------------------------------- letters

CITIES = "age,città\n1,Forlì\n2,Köln\n3,Besançon\n"


@pytest.mark.parametrize(
    ("encoding", "notes"),
    [
        ("utf-8", 0),
        ("utf-8-sig", 0),
        ("utf-16", 0),
        ("utf-16-le", 0),
        ("utf-16-be", 0),
        ("utf-32", 0),
        ("latin-1", 1),
        ("cp1252", 1),
        ("iso8859-15", 1),
    ],
)
def test_encodings(encoding, notes):
    frame, text = read_frame(CITIES.encode(encoding), name="c.csv")
    assert frame["città"].tolist() == ["Forlì", "Köln", "Besançon"]
    assert len(text) == notes
    if notes:
        assert "line 1" in text[0] and "Windows-1252" in text[0] and "UTF-8" in text[0]


def test_signs_of_windows_are_kept():
    text = "age,pay\n1,€5\n2,“six”\n3,€5\n"
    assert read_frame(text.encode("cp1252"))[0]["pay"].tolist() == ["€5", "“six”", "€5"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_utf_8_is_never_changed(text):
    content = text.encode()
    if not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        assert as_utf8(content, "t") == (content, ())


@given(st.binary(max_size=120))
def test_any_bytes_are_laid_out_or_refused_in_one_sentence(content):
    try:
        laid_out = layout(as_utf8(content, "t")[0], "t")
        assert laid_out.names
    except PopulaceError as error:
        assert "\n" not in str(error)


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1),
            min_size=3,
            max_size=3,
        ),
        min_size=3,
        max_size=8,
    )
)
def test_a_full_table_is_read_whole(rows):
    buffer = io.StringIO()
    pd.DataFrame(rows, columns=["one", "two", "three"]).to_csv(buffer, index=False)
    frame, notes = read_frame(buffer.getvalue().encode())
    assert len(frame) == len(rows) and list(frame) == ["one", "two", "three"] and not notes
