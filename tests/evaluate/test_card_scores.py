"""The scores on a card are read as they were written, with figures in words."""

import pytest

from synth import populations
from synth.data.table import make_table
from synth.evaluate.card_scores import read_scores, write_scores
from synth.evaluate.comparison import Comparison
from synth.evaluate.fidelity import FIGURES, fidelity


def test_what_is_written_is_read_between_other_sections(draw):
    figures, others = (
        fidelity(Comparison.of(make_table(draw(0, 200)), draw(seed, 200))) for seed in (1, 2)
    )
    card = "# People\n\n## Source\n\nA survey.\n" + write_scores(
        {"the model": [figures, others], "refined": [figures, figures]}, 1200, 200
    )
    for whole in (card, card + "\n## Licence\n\nFree.\n"):
        text = read_scores(whole)
        assert text.startswith("Learned from 1,200 people, 200 people were drawn")
        assert "survey" not in text and "Free" not in text and "Means of 2 samples." in text
        rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
        assert [row[0] for row in rows] == [f"| {words}" for words in FIGURES.values()]
        assert figures.tvd1 != others.tvd1
        assert rows[2][1] == f"{(figures.tvd1 + others.tvd1) / 2:.4f}"
        assert rows[2][2] == f"{figures.tvd1:.4f}"
        fresh = (figures.tvd1_reference + others.tvd1_reference) / 2
        assert rows[2][3] == f"{fresh:.4f} |"


@pytest.mark.parametrize("name", ["us-time-use", "french-hobbies"])
def test_shipped_cards_tell_their_scores(name):
    text = read_scores(populations.load(name).card)
    assert all(f"| {words} |" in text for words in FIGURES.values())
    assert "hgb_auc" not in text


def test_a_card_without_scores_tells_none():
    assert read_scores("# People\n\nDrawn by hand.\n") == ""
