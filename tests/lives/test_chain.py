"""Forward–backward against enumeration of every life."""

from itertools import product

import numpy as np
import pytest

from synth.lives.chain import Chain, Messages, durations
from synth.lives.sampling import draw
from synth.lives.track import LifeEvidence, Track, life_evidence

TRACK = Track(("t_1", "t_2", "t_3", "t_4", "t_5"), ("single", "married", "married, child"))
CUTS = np.array([0, 1, 1, 2])
FACTS = (
    "",
    "t_3=married",
    "t_3=single|married",
    "by t_4=child",
    "t_2=married,by t_5=child",
    "ever=child,by t_2=married,t_5=single",
)


def some_chain(seed=0, classes=2):
    random = np.random.default_rng(seed)
    initial = random.dirichlet(np.ones(3), classes)
    step = random.dirichlet(np.ones(3), (classes, 4, 3, 3))
    step[:, :, 0, 0, 2] = 0  # an impossible move
    return Chain(initial, step / step.sum(-1, keepdims=True), CUTS)


def enumerated(chain, evidence):
    """Every life that the evidence allows, and P(life | class)."""
    lives = np.array(list(product(range(3), repeat=5)))
    kept = evidence.allowed[np.arange(5), lives].all(axis=1)
    for place in evidence.ever:
        kept &= place[np.arange(5), lives].any(axis=1)
    lives = lives[kept]
    with np.errstate(divide="ignore"):
        return lives, np.exp(chain.log_likelihood(lives))


@pytest.mark.parametrize("text", FACTS)
def test_everything_agrees_with_enumeration(text):
    chain, evidence = some_chain(), life_evidence(text, TRACK)
    messages = chain.given(evidence)
    lives, weights = enumerated(chain, evidence)
    assert messages.likelihood == pytest.approx(weights.sum(axis=0), abs=1e-12)
    classes = weights.sum(axis=0) * [0.3, 0.7]
    classes /= classes.sum()
    states, moves = messages.walk(classes)
    p = (weights / weights.sum(axis=0)) @ classes
    for t in range(5):
        for s in range(3):
            assert states[t, s] == pytest.approx(p[lives[:, t] == s].sum(), abs=1e-9)
    for t, a, b in product(range(4), range(3), range(3)):
        both = (lives[:, t] == a) & (lives[:, t + 1] == b)
        assert moves[t, a, b] == pytest.approx(p[both].sum(), abs=1e-9)


def test_samples_keep_the_evidence_and_its_distribution():
    chain, evidence = some_chain(3), life_evidence("t_2=married,by t_5=child", TRACK)
    codes = draw(chain.given(evidence), np.zeros(40_000, dtype=np.int64), 1)
    lives, weights = enumerated(chain, evidence)
    p = weights[:, 0] / weights[:, 0].sum()
    place = {tuple(life): i for i, life in enumerate(lives)}
    seen = np.zeros(len(lives))
    rows, counts = np.unique(codes, axis=0, return_counts=True)
    for row, count in zip(rows, counts, strict=True):
        seen[place[tuple(row)]] = count / len(codes)
    assert 0.5 * np.abs(seen - p).sum() < 0.02


def test_a_row_depends_on_its_number_alone():
    messages = some_chain().given(LifeEvidence.nothing(TRACK))
    classes = np.arange(50) % 2
    whole = draw(messages, classes, 5)
    assert (draw(messages, classes[20:], 5, start=20) == whole[20:]).all()
    assert (draw(messages, classes, 6) != whole).any()


def test_durations():
    codes = np.array([[0, 0, 1, 1, 1], [2, 1, 2, 2, 0]])
    assert durations(codes).tolist() == [[1, 2, 1, 2, 3], [1, 1, 1, 2, 1]]


def test_evidence_of_another_sequence_is_refused():
    from synth.errors import PopulaceError

    with pytest.raises(PopulaceError, match="another sequence"):
        Messages(some_chain(), LifeEvidence("", np.ones((2, 3), dtype=bool)))
