"""The attack by shadow populations: finds who was counted, and nobody where noise hides them."""

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.evaluate.attacks.shadows import halves, shadow_attack

SHADOWS, ATTACKED, ROWS = 16, 2, 600


def logs(inside, noise, seed=0):
    """Populations in which each row is likelier where it was learned from, under noise."""
    random = np.random.default_rng(seed)
    rows = random.normal(size=inside.shape[1])  # some rows are likelier than others
    return rows + 1.0 * inside + noise * random.normal(size=inside.shape)


def test_every_row_is_in_half_of_the_shadows():
    inside = halves(ROWS, SHADOWS, ATTACKED, seed=3)
    assert inside.shape == (SHADOWS + ATTACKED, ROWS)
    assert (inside[:SHADOWS].sum(axis=0) == SHADOWS // 2).all()
    assert (inside.sum(axis=1) == ROWS // 2).all()
    assert not (inside[-1] == inside[-2]).all()


def test_members_are_found_and_under_noise_nobody_is():
    inside = halves(ROWS, SHADOWS, ATTACKED)
    open_, hidden = (shadow_attack(logs(inside, noise), inside, SHADOWS) for noise in (0.5, 200.0))
    # Two Gaussians one apart and .5 wide: Φ(1 / (.5 √2)) = .92; means of 8 shadows cost a little.
    assert 0.87 < open_.auc < 0.93 and open_.lower > 0.5 and open_.found.lower > 0.05
    assert hidden.covers_guessing and hidden.found.lower < 0.02 < 0.05
    assert (open_.rows, open_.shadows, open_.attacked) == (ROWS, SHADOWS, ATTACKED)


def test_excluded_rows_are_scored_too():
    inside = halves(ROWS, SHADOWS, ATTACKED)
    scores = np.where(inside, 0.0, -np.inf)  # who is out cannot be
    attack = shadow_attack(scores, inside, SHADOWS)
    assert attack.auc == 1.0 and attack.found.value == 1.0
    assert shadow_attack(np.full(inside.shape, -np.inf), inside, SHADOWS).auc == 0.5


@pytest.mark.parametrize(("shadows", "attacked"), [(2, 1), (5, 1), (4, 0)])
def test_too_few_populations_are_refused(shadows, attacked):
    with pytest.raises(PopulaceError, match="even number of shadows"):
        halves(100, shadows, attacked)
