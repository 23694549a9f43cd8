"""Files through the whole of it: what is read, refused, broken, and written otherwise."""

import json

import pytest

from synth.bench import files
from synth.errors import PopulaceError


def lines(*rows):
    return "\n".join(rows) + "\n"


@pytest.fixture
def folder(tmp_path):
    rows = [f"{20 + i % 40},{'fm'[i % 2]},{i % 7 + 0.5}" for i in range(60)]
    (tmp_path / "good.csv").write_text(lines("age,sex,pay", *rows))
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "notes.md").write_text("no table")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "people.tsv").write_text(
        lines("a\tb", *[f"{i % 5}\tx{i % 3}" for i in range(40)])
    )
    return tmp_path


def test_each_file_is_learned_or_refused(folder, capsys):
    assert files.main([str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {k: answer[k] for k in ("files", "learned", "refused", "crashed")} == {
        "files": 3,
        "learned": 2,
        "refused": 1,
        "crashed": 0,
    }
    by_name = {outcome["file"]: outcome for outcome in answer["outcomes"]}
    assert "is empty" in by_name["empty.csv"]["sentence"]
    assert by_name["good.csv"]["columns"] == 3
    assert answer["differing columns"] == 0


def test_what_breaks_is_named_and_counted(folder, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("here")

    monkeypatch.setattr(files, "read_frame", broken)
    outcome = files.try_file(folder / "good.csv", folder)
    assert outcome.state == "crashed" and "ZeroDivisionError: here" in outcome.sentence
    assert files.main([str(folder)]) == 1
    monkeypatch.setattr(files, "read_frame", lambda *_: (_ for _ in ()).throw(PopulaceError("No.")))
    assert files.try_file(folder / "good.csv", folder).sentence == "No."


@pytest.mark.parametrize(
    ("real", "synthetic", "is_number", "word"),
    [
        (["a", "b"], ["a", ""], False, ""),
        (["a", "b"], ["a", "c"], False, "'c'"),
        (["1.5", "2.25"], ["1.75"], True, ""),
        (["1.5", "2.5"], ["1.75"], True, "more than 1 decimals"),
        (["$1,200", "$950"], ["$1,100"], True, ""),
        (["$1,200", "$950"], ["1100.0"], True, "'1100.0'"),
        (["12%"], ["13"], True, ""),
        (["70,5"], ["71,5"], True, ""),
        (["1e5", "2E7"], ["3e6"], True, ""),
        (["30", "41"], ["-1"], True, ""),
    ],
)
def test_other_clothes(real, synthetic, is_number, word):
    fault = files.differs(real, synthetic, is_number)
    assert (word in fault) if word else not fault
