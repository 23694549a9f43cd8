"""Adult beside SDV: people learned by the Studio's plan, and what is said of them."""

import numpy as np
import pandas as pd

from synth.bench import adult
from synth.bench.data import Dataset


def people(rows: int, seed: int) -> pd.DataFrame:
    """Like Adult in what the figures ask of it."""
    rng = np.random.default_rng(seed)
    years = rng.integers(7, 15, rows)
    status = rng.choice(["Never-married", "Married-civ-spouse", "Divorced"], rows)
    country = np.where(
        rng.random(rows) < 0.9, "United-States", rng.choice(["Mexico", "Cuba"], rows)
    )
    return pd.DataFrame(
        {
            "age": rng.integers(17, 90, rows),
            "education": pd.Series(years).map(lambda y: f"grade {y}"),
            "education_num": years,
            "marital_status": status,
            "marital": pd.Series(status).map(str.lower),
            "has_higher_education": np.where(years > 12, "yes", "no"),
            "native_country": country,
            "capital_gain": np.where(rng.random(rows) < 0.9, 0, rng.integers(100, 9000, rows)),
        }
    )


def test_people_by_the_studio_s_plan_keep_what_follows_from_what():
    train = people(1500, 0)
    categorical = tuple(c for c in train if c not in ("age", "education_num", "capital_gain"))
    dataset = Dataset("adult", "drawn here", train, people(1500, 1), categorical, "age", "marital")
    found = adult._by_plan(dataset)
    assert found["education_num_wrong"] == 0.0
    assert found["countries_kept"] == found["countries"] == 3
    assert abs(found["no_capital_gain"] - 0.9) < 0.05
