"""A metric is added by one file with its question and one line in the report's list."""

import json
from dataclasses import dataclass

import pytest

from synth.data.table import make_table
from synth.evaluate import fidelity
from synth.evaluate import report as module
from synth.evaluate.comparison import Comparison
from synth.evaluate.question import Answer, Question, Section, ask_all


@dataclass(frozen=True)
class Age:
    """The mean age of the synthetic people and of the real ones."""

    synthetic: float
    real: float

    def to_dict(self):
        return {"synthetic": self.synthetic, "real": self.real}


def ask(comparison, progress):
    progress(0.5, "Mean ages")
    age = Age(comparison.synthetic["age"].mean(), comparison.real["age"].mean())
    sentence = f"They are {age.synthetic:.1f} years old, the real people {age.real:.1f}."
    section = Section("age", "Age: are they as <old>?", sentence, "<b>body</b>")
    return Answer(section, {"age": age}, (("As old", 40.0),))


AGE = Question("age", 1, ask)
NOTHING = Question("nothing", 2, lambda comparison, progress: None)


@pytest.fixture(scope="module")
def comparison(draw):
    return Comparison.of(make_table(draw(0, 200)), draw(1, 100))


def test_one_line_brings_figures_sentence_score_section_and_progress(comparison, monkeypatch):
    monkeypatch.setattr(module, "QUESTIONS", (*module.QUESTIONS, NOTHING, AGE))
    steps = []
    report = module.report_on(
        comparison, title="With ages", progress=lambda share, words: steps.append((share, words))
    )
    ages = {"synthetic": comparison.synthetic["age"].mean(), "real": comparison.real["age"].mean()}
    document = json.loads(json.dumps(report.to_dict()))
    assert document["age"] == pytest.approx(ages) and document["nothing"] is None
    assert document["sentences"]["age"].startswith(f"They are {ages['synthetic']:.1f} years old")
    assert "nothing" not in document["sentences"]
    # the score is one of the quality's parts, and the weakest
    assert document["quality_parts"]["As old"] == 40 and report.weakest == ("As old", 40)
    assert report.quality == pytest.approx(sum(v for _, v in report.parts) / len(report.parts))
    page = report.to_html()
    assert "Age: are they as &lt;old&gt;?" in page and "<b>body</b>" in page
    # shares follow from the costs: half of the last question's one is left
    total = sum(question.cost for question in module.QUESTIONS)
    assert steps[-2] == (pytest.approx((total - 0.5) / total), "Mean ages")
    assert steps[-1] == (1, "Done")


def test_shares_of_the_work_follow_from_the_costs():
    steps = []

    def asking(name):
        def ask(comparison, progress):
            assert comparison == "compared"
            for share in (0.0, 0.5, 1.0):
                progress(share, name)
            return Answer(Section(name, "", f"{name}!", ""), {name: None})

        return ask

    questions = [Question("a", 1, asking("a")), Question("b", 3, asking("b"))]
    answers = ask_all(questions, "compared", lambda share, words: steps.append((share, words)))
    assert [answer.sentence for answer in answers.values()] == ["a!", "b!"]
    assert steps == [(0, "a"), (0.125, "a"), (0.25, "a"), (0.25, "b"), (0.625, "b"), (1, "b")]


def test_places_keys_and_frames_are_worked_out_once(comparison):
    """A report asks of the same arrays again and again; none of them can be written to."""
    assert comparison.places(10) is comparison.places(10)
    assert comparison.places(10) is not comparison.places(20)
    assert comparison.keys is comparison.keys and comparison.space is comparison.space
    with pytest.raises(ValueError, match="read-only"):
        comparison.places(10).codes["real"]["age"][0] = 1
    assert fidelity.QUESTION in module.QUESTIONS
