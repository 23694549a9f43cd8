"""README's tables: their places, and what is written there from what was measured."""

import json
import re
from pathlib import Path

import pytest

from synth.bench import readme
from synth.errors import PopulaceError

FILLED = {
    "blanked": {
        "random": {
            "populace": {
                "log_loss": 0.6521,
                "absolute_error_sd": 0.526,
                "absolute_error_sd_median": 0.5061,
            },
            "columns": {"log_loss": 0.84, "absolute_error_sd": 1.25},
            "calibration": {"expected_calibration_error": 0.027},
        }
    },
    "predicted": {
        "Age": {"populace": {"absolute_error_sd": 0.1472}, "HGB": {"absolute_error_sd": 0.149}},
    },
}
JUDGES = {"hgb": 0.505, "hgb_other": 0.509, "forest": 0.524, "mlp": 0.516}
PEOPLE = {"judges": JUDGES, "lr_auc": 0.501, "repeat_share": 0.2314}
REFINED = {
    "french-hobbies": {
        "learned": 5602,
        "judged": 2801,
        "people": {"fresh": PEOPLE, "network": PEOPLE | {"utility": 0.9}, "refined": PEOPLE},
    }
}
TOOL = {
    "version": "1.2",
    "fit_s": 0.061,
    "rows_per_s": {"1000000": 27.5e6},
    "given": {"rare": {"rows_per_s": {"40": 8.8}}},
}
LIKE = {"lr_auc": 0.51, "hgb_auc": 0.508, "repeat_share": 1.0}
FRESH = {f"{name}_reference": 0.5 for name in LIKE}
SPEED = {
    "tables": {
        "truth": {
            "rows": 30000,
            "columns": ["a", "b"],
            "questions": {"rare": {"a": "x"}},
            "tools": {
                "populace": {"one": TOOL, "fidelity": LIKE | FRESH},
                "pgmpy": {"one": TOOL | {"fit_s": None}, "fidelity": {"error": "stopped"}},
            },
        }
    }
}
SHAPE = {
    "hgb_auc": 0.577,
    "tvd2": 0.031,
    "no_capital_gain": 0.912,
    "education_num_wrong": 0.0,
    "countries": 42,
    "countries_kept": 41,
}
ADULT = {"populace": SHAPE, "sdv": {"error": "stopped"}, "fresh": SHAPE}


@pytest.mark.parametrize(
    ("name", "document", "lines"),
    [
        (
            "rows",
            FILLED,
            [
                "| at random | Populace | .652 | .526 / .506 | .027 |",
                "| | shares and means of columns | .840 | 1.250 | |",
                "| Age, predicted | Populace | | .147 | |",
                "| | gradient boosting | | .149 | |",
            ],
        ),
        (
            "refined",
            REFINED,
            [
                "| french-hobbies, 5,602 learned, 2,801 a side | network | .505 | .509 | .524 "
                "| .516 | .501 | .231 | .900 |",
                "| | refined | **.505** | .509 | .524 | .516 | .501 | .231 | |",
                "| | fresh | .505 | .509 | .524 | .516 | .501 | .231 | |",
            ],
        ),
        (
            "speed",
            SPEED,
            [
                "| rows/s, 1 million rows | 27.5 M | 27.5 M |",
                "| rows/s given `a=x` | 8.8 | 8.8 |",
                "| learning, s | .06 | – |",
                "| LR AUC (fresh people: .500) | .510 | – |",
                "| HGB AUC (fresh people: .500) | .508 | – |",
                "| rows that repeat one learned from (fresh people: .500) | 1.000 | – |",
            ],
        ),
        (
            "adult",
            ADULT,
            [
                "| HGB AUC | .577 | .577 |",
                "| pairs of columns, TVD | .031 | .031 |",
                "| capital gain is 0 | 91.2% | 91.2% |",
                "| years of schooling contradict the degree | 0.0% | 0.0% |",
                "| of 42 countries, kept | 41 | 41 |",
            ],
        ),
    ],
)
def test_what_was_measured_is_written_without_measuring_again(tmp_path, name, document, lines):
    path = tmp_path / "README.md"
    path.write_text(f"Before.\n<!-- figures: {name} -->\nold\n<!-- end -->\n\nAfter.\n")
    (tmp_path / f"{name}.json").write_text(json.dumps(document))
    done = readme.renew(path, folder=tmp_path, again=False)
    assert done == {name: "renewed"}
    begin, _, *body, end, gap, after = path.read_text().splitlines()[1:]
    assert (begin, end, gap, after) == (f"<!-- figures: {name} -->", "<!-- end -->", "", "After.")
    ruler, *body = body
    assert re.fullmatch(r"\|(---\|)+", ruler)
    assert body == lines
    assert {line.count("|") for line in body} == {ruler.count("|")}


def test_a_table_that_cannot_be_measured_stands_as_it_stood(tmp_path, monkeypatch):
    path = tmp_path / "README.md"
    text = "<!-- figures: rows -->\nold\n<!-- end -->\n<!-- figures: adult -->\nold\n<!-- end -->\n"
    path.write_text(text)
    monkeypatch.setattr(readme.data, "SHARED", tmp_path)

    def measured(peers, say):
        say("learning")
        return ADULT

    monkeypatch.setitem(
        readme.TABLES, "adult", readme.Figures("Adult", measured, readme.TABLES["adult"].write)
    )
    heard = []
    done = readme.renew(path, folder=tmp_path / "kept", say=heard.append)
    assert done["adult"] == "renewed" and "nhanes.parquet" in done["rows"]
    assert "adult: learning" in heard
    assert path.read_text().startswith("<!-- figures: rows -->\nold\n<!-- end -->\n")
    assert json.loads((tmp_path / "kept" / "adult.json").read_text()) == ADULT


def test_no_table_loses_a_peer(tmp_path):
    path = tmp_path / "README.md"
    path.write_text("<!-- figures: speed -->\nold\n<!-- end -->\n")
    done = readme.renew(path, peers={"pyagrum": "python"})
    assert done["speed"].startswith("pybnesian would be missing")
    assert "old" in path.read_text()


@pytest.mark.parametrize(
    ("name", "words"),
    [("speed", "has no place for speed"), ("pace", "No table is called “pace”")],
)
def test_tables_that_are_not_there_are_named(tmp_path, name, words):
    path = tmp_path / "README.md"
    path.write_text("<!-- figures: rows -->\nold\n<!-- end -->\n")
    with pytest.raises(PopulaceError, match=words):
        readme.renew(path, [name])


def test_a_place_without_an_end_is_refused():
    with pytest.raises(PopulaceError, match="does not end"):
        readme.replaced("<!-- figures: rows -->\nold\n", "rows", [])


def test_the_readme_has_a_place_for_every_table():
    text = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    for name in readme.TABLES:
        readme.replaced(text, name, [])


@pytest.mark.parametrize("name", ["speed", "adult"])
def test_a_peer_whose_environment_is_broken_is_not_dropped(monkeypatch, tmp_path, name):
    broken = "ModuleNotFoundError: No module named 'pandas'"
    one = {"one": {"errors": {"fit": broken}}}
    document = {"tables": {"truth": {"tools": {"pybnesian": one, "pyagrum": one}}}}
    monkeypatch.setattr(readme.data, "adult", lambda: object())
    monkeypatch.setattr(readme.data, "atus", lambda: None)
    monkeypatch.setattr(readme.measure, "bench", lambda *a, **k: document)
    monkeypatch.setattr(readme.adult, "compare", lambda *a, **k: {"sdv": {"error": broken}})
    place = tmp_path / "README.md"
    before = f"<!-- figures: {name} -->\n| as it stood |\n<!-- end -->\n"
    place.write_text(before, "utf-8")
    peers = dict.fromkeys(("pybnesian", "pyagrum", "sdv"), "python")
    said = readme.renew(place, [name], peers=peers)
    assert "did not run (ModuleNotFoundError" in said[name]
    assert place.read_text("utf-8") == before
