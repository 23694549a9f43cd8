"""A small population whose columns hang together, drawn anew for each seed."""

import numpy as np
import pandas as pd
import pytest


def draw_people(seed, rows=1500):
    random = np.random.default_rng(seed)
    age = random.integers(18, 80, rows)
    gender = random.choice(["female", "male"], rows)
    job = np.where(
        age > 62,
        "none",
        np.where(random.random(rows) < np.where(gender == "male", 0.7, 0.3), "craft", "care"),
    ).astype(object)
    town = random.choice([f"town {place}" for place in range(30)], rows)
    pay = np.where(job == "none", np.nan, (age * 40 + random.gamma(2, 200, rows)).round())
    hours = np.where(random.random(rows) < 0.4, 40, random.integers(5, 70, rows))
    land = random.choice(["east", "west"], rows).astype(object)
    land[random.permutation(rows)[: rows // 150]] = "isle"
    return pd.DataFrame(
        {
            "age": age,
            "gender": gender,
            "job": job,
            "town": town,
            "pay": pay,
            "hours": hours,
            "land": land,
        }
    )


@pytest.fixture(scope="session")
def draw():
    return draw_people


@pytest.fixture(scope="session")
def shuffle():
    def shuffled(frame, seed=0):
        random = np.random.default_rng(seed)
        return pd.DataFrame({name: random.permutation(frame[name].to_numpy()) for name in frame})

    return shuffled
