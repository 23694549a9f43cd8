"""The report: one value, JSON, and a page that fetches nothing."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from typer import Typer
from typer.testing import CliRunner

from synth.cli.evaluate import evaluate_command
from synth.data.contingency import ContingencyTables
from synth.data.table import make_table, read_frame
from synth.errors import PopulaceError
from synth.evaluate.fidelity import aggregates
from synth.evaluate.report import report


@pytest.fixture(scope="module")
def real(draw):
    return make_table(draw(0))


@pytest.fixture(scope="module")
def assessed(real, draw):
    messages = []
    result = report(
        real,
        draw(1),
        holdout=draw(2),
        title="<b>People</b> & “others”",
        progress=lambda share, words: messages.append((share, words)),
    )
    assert messages[0][0] == 0 and messages[-1][0] == 1
    assert [share for share, _ in messages] == sorted(share for share, _ in messages)
    return result


def test_fresh_people_are_nearly_perfect(assessed):
    assert assessed.quality > 93 and assessed.privacy.level == "strong"
    assert {name for name, _ in assessed.parts} >= {"Single columns", "Hard to tell apart"}


def test_faults_lower_the_quality(real, draw, shuffle, assessed):
    worse = report(real, shuffle(draw(1)), holdout=draw(2), target="job")
    assert worse.quality < assessed.quality - 10
    assert [item.target for item in worse.utility] == ["job"]


def test_json_is_whole(assessed):
    document = json.loads(json.dumps(assessed.to_dict()))
    assert {"quality", "fidelity", "shape", "diversity", "utility", "privacy", "fairness"} <= set(
        document
    )


def test_the_page_holds_everything_and_fetches_nothing(assessed):
    html = assessed.to_html()
    assert "&lt;b&gt;People&lt;/b&gt; &amp; “others”" in html and "<b>People" not in html
    for words in ("Fidelity", "Privacy", "Utility", "Fairness", "Diversity", "Tails"):
        assert words in html
    assert not re.search(r"https?://|<script|src=|url\(|@import", html)
    assert html.count('class="heat"') == 3 and html.count('class="chart"') == 4


def test_a_table_without_groups_has_no_fairness(draw):
    frame = draw(0)[["age", "job"]]
    assessed = report(make_table(frame), draw(1), target="job")
    assert assessed.fairness is None and "Fairness" not in assessed.to_html()


def test_a_wide_table_is_asked_in_part():
    random = np.random.default_rng(0)
    frames = [
        pd.DataFrame({f"c{place}": random.choice(["a", "b"], 200) for place in range(60)})
        for _ in range(2)
    ]
    assessed = report(make_table(frames[0]), frames[1])
    assert len(assessed.fidelity.pairs) == 1000 and len(assessed.privacy.inference_columns) == 20


def test_counts_alone_tell_distances(real, draw, shuffle):
    counts = ContingencyTables.of(real)
    fresh, mixed = (
        aggregates(counts, counts.recount(draw(1))),
        aggregates(counts, counts.recount(shuffle(draw(1)))),
    )
    assert fresh.tvd1 == pytest.approx(fresh.tvd1_reference, rel=0.3)
    assert fresh.tvd2 == pytest.approx(fresh.tvd2_reference, rel=0.2)
    assert mixed.association > 2 * mixed.association_reference
    assert mixed.tvd2 > 1.05 * mixed.tvd2_reference
    assert set(json.loads(json.dumps(fresh.to_dict()))["columns"]) == set(counts.columns)
    with pytest.raises(PopulaceError, match="no column “job”"):
        aggregates(counts, counts.recount(draw(1).drop(columns="job")))


def test_the_command_line(tmp_path, draw):
    app = Typer()
    app.command()(evaluate_command)
    for seed, name in enumerate(("real", "made", "holdout")):
        draw(seed, 400).to_csv(tmp_path / f"{name}.csv", index=False)
    files = [str(tmp_path / "real.csv"), str(tmp_path / "made.csv")]
    run = CliRunner().invoke(app, [*files, "--json"])
    assert run.exit_code == 0, run.output
    document = json.loads(run.stdout)
    for key in ("lr_auc", "hgb_auc", "tvd1", "tvd2", "association", "repeat_share"):
        assert key in document and f"{key}_reference" in document
    out = tmp_path / "report.html"
    more = ["--holdout", str(tmp_path / "holdout.csv"), "--report", str(out), "--target", "job"]
    run = CliRunner().invoke(app, [*files, *more])
    assert run.exit_code == 0, run.output
    assert "fresh real people" in run.stdout and "Privacy" in out.read_text(encoding="utf-8")
    for name in ("kept.parquet", "kept.csv"):
        run = CliRunner().invoke(app, [*files, "--filtered", str(tmp_path / name)])
        assert run.exit_code == 0, run.output
        kept = read_frame(tmp_path / name)[0]
        assert 300 < len(kept) < 400 and (kept["synthetic"].astype(str) != "False").all()
        assert f"{len(kept)} kept" in run.stdout
    run = CliRunner().invoke(app, [*files, "--filtered", str(tmp_path / "no" / "kept.csv")])
    assert isinstance(run.exception, PopulaceError)
    run = CliRunner().invoke(app, [*files, "--target", "job"])
    assert isinstance(run.exception, PopulaceError)
