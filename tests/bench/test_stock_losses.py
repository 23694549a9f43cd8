"""Figures of losses by hand, and the days that count."""

import pandas as pd
import pytest

from synth.bench.stock_losses import INDICES, days, figures
from synth.errors import PopulaceError


def test_figures_are_the_worst_of_the_columns():
    real = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [4.0, 3.0, 2.0, 1.0]})
    drawn = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [2.0, 4.0, 6.0, 8.0]})
    out = figures(real, drawn)
    assert out["mean"] == out["deviation"] == pytest.approx(1.0)
    assert out["correlation"] == pytest.approx(2.0)  # from -1 to 1
    assert out["quantile_99"] == pytest.approx(1.0, abs=0.02)
    assert out["mean_in_deviations"] == pytest.approx(2.5 / real["b"].std(), abs=1e-3)
    same = figures(real, real)
    assert same.pop("p_value") == 1.0 and set(same.values()) == {0.0}


def test_days_on_which_all_indices_fall(tmp_path):
    frame = pd.DataFrame({name: [0.1, -0.1, 0.2] for name in INDICES})
    frame.loc[2, "SMI"] = 0.0
    frame.to_parquet(tmp_path / "stock_losses.parquet")
    assert len(days(tmp_path, True)) == 3 and len(days(tmp_path, False)) == 1
    with pytest.raises(PopulaceError, match="--source"):
        days(tmp_path / "elsewhere", False)
