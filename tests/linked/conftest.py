"""Small homes with members, learned once for all tests here."""

import numpy as np
import pandas as pd
import pytest

from synth.linked.learning import learn_linked
from synth.linked.tables import link

SOME = 700


def homes_and_members(some=SOME, seed=0):
    """Homes with one to three members: the first is an adult, children are never above them."""
    random = np.random.default_rng(seed)
    size = random.choice([1, 2, 3], some, p=[0.3, 0.4, 0.3])
    homes = pd.DataFrame(
        {"home": np.arange(some), "kind": random.choice(["flat", "house"], some), "size": size}
    )
    home = np.repeat(np.arange(some), size)
    place = np.concatenate([np.arange(n) for n in size])
    second = np.where(random.random(len(home)) < 0.6, "spouse", "child")
    role = np.where(place == 0, "head", np.where(place == 1, second, "child"))
    head = random.integers(31, 80, some)[home]
    child = head - 20 - random.integers(0, 11, len(home))
    age = np.where(role == "head", head, np.where(role == "spouse", head - 2, child))
    members = pd.DataFrame({"home": home, "number": place + 1, "role": role, "age": age})
    return homes, members


@pytest.fixture(scope="session")
def tables():
    homes, members = homes_and_members()
    return link({"homes": homes, "members": members})


@pytest.fixture(scope="session")
def model(tables):
    return learn_linked(tables, refine=False)
