"""k, ℓ and t: by hand and against pycanon."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.errors import PopulaceError
from synth.privacy.risk import Risk, risk

PATIENTS = pd.DataFrame(
    {
        "zip": ["476", "476", "476", "479", "479", "479"],
        "age": [2, 2, 2, 4, 4, 4],
        "salary": [3, 4, 5, 6, 11, 8],
        "disease": ["ulcer", "gastritis", "cancer", "gastritis", "flu", "flu"],
    }
)


def test_by_hand():
    risks = risk(PATIENTS, ["zip", "age"], ["salary", "disease"])
    assert (risks.k, risks.classes, risks.unique, risks.average) == (3, 2, 0.0, 2 / 6)
    assert risks.below == {2: 0.0, 3: 0.0, 5: 1.0, 10: 1.0, 20: 1.0}
    salary, disease = risks.sensitive
    # The lower three of six salaries: (1/3 - 1/6) piles up over ranks 1..5 to 1.5 of 5 steps.
    assert salary.distinct == 3 and salary.closeness == pytest.approx((1 + 2 + 3 + 2 + 1) / 6 / 5)
    assert salary.entropy == pytest.approx(3)
    assert disease.distinct == 2 and disease.certain == 0
    assert disease.entropy == pytest.approx(np.exp(-(np.log(1 / 3) + 2 * np.log(2 / 3)) / 3))
    assert disease.closeness == pytest.approx(1 / 3)


def test_someone_alone_and_what_their_group_gives_away():
    frame = pd.concat([PATIENTS, PATIENTS.iloc[:1].assign(zip=None)])
    risks = risk(frame, ["zip"], ["disease"])
    assert risks.k == 1 and risks.unique == pytest.approx(1 / 7)
    assert risks.sensitive[0].certain == pytest.approx(1 / 7)
    assert "14.3%" in risks.sentence


rows = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from("xyz"), st.integers(0, 3)),
    min_size=2,
    max_size=25,
)


@given(rows)
@settings(max_examples=40, deadline=None)
def test_pycanon_says_the_same(people):
    canon = pytest.importorskip("pycanon.anonymity")
    frame = pd.DataFrame(people, columns=["a", "b", "level", "number"])
    risks = risk(frame, ["a", "b"], ["level", "number"])
    level, number = risks.sensitive
    assert risks.k == canon.k_anonymity(frame, ["a", "b"])
    for each in (level, number):
        assert each.distinct == canon.l_diversity(frame, ["a", "b"], [each.column])
        ours = math.floor(each.entropy + 1e-9)  # pycanon gives the whole ℓ
        theirs = canon.entropy_l_diversity(frame, ["a", "b"], [each.column])
        assert ours == theirs or abs(each.entropy - round(each.entropy)) < 1e-9
    assert level.closeness == pytest.approx(canon.t_closeness(frame, ["a", "b"], ["level"]))
    if frame["number"].nunique() > 1:  # pycanon divides by zero where there is one value
        assert number.closeness == pytest.approx(canon.t_closeness(frame, ["a", "b"], ["number"]))


@pytest.mark.parametrize(
    ("quasi", "sensitive"), [([], []), (["zipp"], []), (["zip"], ["zip"]), (["zip"], ["none"])]
)
def test_what_is_not_there_is_refused(quasi, sensitive):
    with pytest.raises(PopulaceError):
        risk(PATIENTS, quasi, sensitive)


def test_a_risk_survives_json():
    risks = risk(PATIENTS, list(PATIENTS.columns[:1]), list(PATIENTS.columns[-1:]))
    assert Risk.from_dict(json.loads(json.dumps(risks.to_dict()))) == risks
    assert risks.lines[0] == ("k, the smallest group", f"{risks.k}")


def test_no_rows_are_refused():
    with pytest.raises(PopulaceError, match="no rows"):
        risk(PATIENTS.iloc[:0], ["zip"])
