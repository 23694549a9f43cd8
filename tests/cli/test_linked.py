"""`fit --child`, `sample` of linked tables and `families` on the command line."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from synth.cli.main import app


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Homes of which one has a key that stands twice, and members of whom one has no home."""
    folder = tmp_path_factory.mktemp("sources")
    random = np.random.default_rng(5)
    size = random.integers(0, 4, 200)
    homes = pd.DataFrame(
        {"home": np.arange(200), "kind": random.choice(["flat", "house"], 200), "size": size}
    )
    members = pd.DataFrame(
        {
            "home": np.repeat(np.arange(200), size),
            "gender": random.choice(["f", "m"], size.sum()),
        }
    )
    pd.concat([homes, homes.iloc[[3]]]).to_csv(folder / "homes.csv", index=False)
    lost = pd.DataFrame({"home": [999], "gender": ["f"]})
    pd.concat([members, lost]).to_csv(folder / "members.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def learned(sources):
    out = sources / "town"
    done = run(
        "fit", sources / "homes.csv", "--child", sources / "members.csv", "--key", "home",
        "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return out, done.output


def test_what_does_not_fit_together_is_said(learned):
    text = learned[1]
    assert "1 row of homes repeats the home of a row above" in text
    assert "1 row of members names a home that homes lacks" in text
    assert "rows of homes have none in members." in text
    assert "Always: size is the number of members." in text


def test_families_are_drawn_under_facts_on_both_levels(learned, tmp_path):
    done = run(
        "sample", learned[0], "--rows", 40, "--given", "kind=flat", "--some",
        "members 2..: gender=f", "--out", tmp_path / "made",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Estimated from" in done.output
    homes = pd.read_csv(tmp_path / "made" / "homes.csv")
    members = pd.read_csv(tmp_path / "made" / "members.csv")
    assert len(homes) == 40 and (homes["kind"] == "flat").all() and homes["synthetic"].all()
    assert members["home"].isin(homes["home"]).all()
    women = members[members["gender"] == "f"].groupby("home").size()
    assert (women.reindex(homes["home"]).fillna(0) >= 2).all()


def test_probabilities_say_whether_they_are_exact(learned):
    everybody = run("families", "probability", learned[0])
    assert everybody.output.strip() == "100.00% (exact)"
    done = run("families", "probability", learned[0], "--some", "members: gender=f", "--json")
    answer = json.loads(done.output)
    assert not answer["exact"] and 0.4 < answer["probability"] < 0.8
    assert 0 < answer["standard_error"] < 0.02


def test_rules_and_figures_are_printed(learned, sources):
    assert "size is the number of members" in run("families", "rules", learned[0]).output
    done = run(
        "families", "evaluate", sources / "homes.csv", "--child", sources / "members.csv",
        "--key", "home", "--no-refine",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "100 families a side" in done.output
    assert "No family breaks one of the" in done.output


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--key", "a", "--key", "b"), "2 keys for 1 children"),
        (("--key", "nothing"), "no column nothing"),
        (("--epsilon", "1"), "Linked tables are learned as they are"),
    ],
)
def test_what_cannot_be_fitted_is_refused(sources, tmp_path, more, words):
    done = run(
        "fit", sources / "homes.csv", "--child", sources / "members.csv", *more,
        "--out", tmp_path / "no",
    )  # fmt: skip
    assert done.exit_code == 2
    assert words in done.output


def test_families_that_nothing_corrects_are_said(learned, tmp_path):
    done = run("sample", learned[0], "--rows", 5, "--refined", "--out", tmp_path / "made")
    assert done.exit_code == 2 and "Nothing corrects the families" in done.output


def test_a_file_is_no_folder_for_tables(learned, tmp_path):
    done = run("sample", learned[0], "--rows", 5, "--out", tmp_path / "made.csv")
    assert done.exit_code == 2 and "a folder of files" in done.output
