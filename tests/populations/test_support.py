"""When hardly anyone like this was learned from, the answer is called a guess."""

import numpy as np
import pandas as pd
import pytest

from synth import bayes, populations
from synth.data.evidence import Evidence
from synth.data.table import make_table
from synth.populations.support import FEW, support


@pytest.fixture(scope="module")
def town():
    rng = np.random.default_rng(0)
    rare = rng.random((600, 2)) < 0.02
    frame = pd.DataFrame(
        {
            "left": np.where(rare[:, 0], "rare", "common"),
            "right": np.where(rare[:, 1], "rare", "common"),
            "side": rng.choice(["a", "b"], 600),
        }
    )
    table = make_table(frame)
    return populations.of(bayes.learn(table), table, title="Town")


@pytest.mark.parametrize(
    ("facts", "guessing"),
    [("left=rare", False), ("left=rare,right=rare", True), ("side=a,left=common", False),
     ("", False)],
)  # fmt: skip
def test_a_guess_is_what_fewer_than_five_real_people_stand_behind(town, facts, guessing):
    evidence = Evidence.parse(facts, town.modelled) if facts else Evidence()
    share = town.given(evidence).probability
    supported = support(town, evidence, share)
    assert supported.learned_from == 600 and supported.people == pytest.approx(600 * share)
    assert supported.guessing is guessing is (supported.people < FEW)
    assert bool(supported.drop) is guessing


def test_the_fact_to_drop_brings_most_people_back(town):
    evidence = Evidence.parse("side=a,left=rare,right=rare", town.modelled)
    supported = support(town, evidence, town.given(evidence).probability)
    left = {
        name: 600
        * town.given(Evidence({k: f for k, f in evidence.items() if k != name})).probability
        for name in evidence
    }
    assert supported.drop == max(left, key=left.get) and supported.without == pytest.approx(
        left[supported.drop]
    )
