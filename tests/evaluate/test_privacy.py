"""Privacy: each figure moves with the leak that it looks for."""

import json

import numpy as np
import pandas as pd
import pytest

from synth.data.column import Column
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.evaluate.comparison import Comparison
from synth.evaluate.copies import flag
from synth.evaluate.privacy import privacy


@pytest.fixture(scope="module")
def real(draw):
    return make_table(draw(0))


@pytest.fixture(scope="module")
def fresh(real, draw):
    return privacy(Comparison.of(real, draw(1), holdout=draw(2)))


def test_fresh_people_give_nobody_away(fresh):
    assert fresh.level == "strong" and fresh.control == "holdout"
    assert fresh.identical == pytest.approx(fresh.identical_reference, abs=0.01)
    assert fresh.closeness.ratio == pytest.approx(1, abs=0.1)
    assert fresh.closeness.nearer == pytest.approx(0.05, abs=0.03)
    for attack in (fresh.singling_out, fresh.linkability, *fresh.inference_columns.values()):
        assert attack.lower < 0.05


def test_copied_rows_show(real, draw, fresh):
    copied = real.frame.sample(len(real.frame), replace=True, random_state=1)
    figures = privacy(Comparison.of(real, copied, holdout=draw(2)))
    assert figures.level == "weak"
    assert figures.identical == 1
    assert figures.closeness.ratio < 0.05 and figures.closeness.nearer > 0.9
    assert figures.linkability.excess > fresh.linkability.upper
    assert figures.inference.excess > 0.3
    assert figures.inference_columns["town"].excess > 0.3


def test_a_few_copied_rows_show(real, draw):
    mixed = pd.concat([draw(0).iloc[:300], draw(1).iloc[300:]], ignore_index=True)
    figures = privacy(Comparison.of(real, mixed, holdout=draw(2)))
    assert figures.identical == pytest.approx(0.2, abs=0.02)
    assert figures.closeness.nearer > 0.2
    flags = flag(Comparison.of(real, mixed))
    assert flags.copies[:300].mean() > 0.9 and flags.copies[300:].mean() < 0.03


def test_a_leaked_identifier_shows(draw):
    random = np.random.default_rng(9)
    numbers = random.permutation(90_000)[:4500]
    people = [draw(seed).assign(number=numbers[seed::3]) for seed in range(3)]
    columns = (*Schema.infer(people[0].drop(columns="number")).columns, Column("number", "integer"))
    table = make_table(people[0], Schema(columns).completed(people[0]))
    leaked = people[1].assign(number=random.permutation(people[0]["number"].to_numpy()))
    figures = privacy(Comparison.of(table, leaked, holdout=people[2]))
    assert figures.leaking_column == "number" and figures.level == "weak"
    assert figures.singling_out_value.excess > 0.9
    safe = privacy(Comparison.of(table, people[1], holdout=people[2]))
    assert safe.singling_out_value.excess < 0.1


def test_without_a_holdout_the_control_guesses_and_says_so(real, draw):
    figures = privacy(Comparison.of(real, draw(1)))
    assert figures.control == "guessing" and figures.level == "open"
    assert "cannot be judged without a holdout" in figures.words
    assert figures.closeness.ratio == pytest.approx(1, abs=0.1)
    assert privacy(Comparison.of(real, real.frame)).level == "weak"


def test_outliers_are_flagged(real, draw):
    strange = draw(1)
    strange.loc[:9, "gender"] = np.nan
    strange.loc[:9, "land"] = np.nan
    flags = flag(Comparison.of(real, strange))
    assert flags.outliers[:10].all() and flags.outliers[10:].mean() < 0.02


def test_same_seed_same_figures_and_json(real, draw, fresh):
    again = privacy(Comparison.of(real, draw(1), holdout=draw(2)))
    assert again.to_dict() == fresh.to_dict()
    assert set(json.loads(json.dumps(fresh.to_dict()))["inference_columns"]) == set(
        real.schema.names
    )


@pytest.mark.parametrize("column", ["gender", "age"])
def test_one_column_is_enough(draw, column):
    frame = draw(0)[[column]]
    assert privacy(Comparison.of(make_table(frame), frame)).inference_columns == {}
