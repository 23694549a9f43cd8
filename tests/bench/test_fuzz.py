"""A little of the fuzzing that `python -m synth.bench.fuzz` does at length; and that it finds."""

import random

import pytest

from synth.bench import fuzz
from synth.errors import PopulaceError


@pytest.mark.parametrize(
    ("what", "cases"), [("lines", 250), ("tables", 8), ("files", 30), ("queries", 25)]
)
def test_everything_ends_in_an_answer_or_a_sentence(what, cases):
    outcome = fuzz.run(fuzz.CASES[what](), range(10_000, 10_000 + cases))
    assert not outcome.findings, "\n".join(outcome.findings.values())
    assert outcome.cases == cases and outcome.answered and outcome.refused


def test_errors_are_findings_and_cases_can_be_made_again():
    produced = []

    def case(random):
        produced.append(random.random())
        if len(produced) == 2:
            raise KeyError("x")
        if len(produced) == 3:
            raise PopulaceError(" ")
        if len(produced) == 4:
            raise PopulaceError("Give another number.")

    outcome = fuzz.run(case, range(4))
    assert set(outcome.findings) == {1, 2} and "KeyError" in outcome.findings[1]
    assert (outcome.answered, outcome.refused, outcome.cases) == (1, 1, 4)
    fuzz.run(case, range(2, 3))
    assert produced[-1] == produced[2] and len(set(produced)) == 4


def test_files_are_odd_but_their_sums_are_right():
    streams = (random.Random(number) for number in range(40))
    mutated = [fuzz._mutated(stream, {"a": [1, 2, {"b": 3}], "c": "d"}) for stream in streams]
    assert sum(value != {"a": [1, 2, {"b": 3}], "c": "d"} for value in mutated) >= 38
