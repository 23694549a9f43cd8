"""Further parents: effects against a fit by hand, what is chosen, what stays impossible, cost."""

import numpy as np
import pandas as pd
import pytest

from synth.bayes import NetworkLearner
from synth.bayes.additive import AdditiveSearch, Effects
from synth.bayes.counting import Codes
from synth.bayes.parameters import Backoff
from synth.bayes.structure import EdgeConstraints, clique_states
from synth.data.table import make_table


def draws(people: int, causes: int, seed: int = 0) -> np.ndarray:
    """Codes of independent columns of three states, and last one on which each has an effect."""
    rng = np.random.default_rng(seed)
    above = rng.integers(0, 3, (causes, people))
    logit = 0.7 * (above - 1).sum(axis=0)
    last = (rng.random(people) < 1 / (1 + np.exp(-logit))).astype(int)
    return np.vstack([above, last])


def search(codes, families, *, most=6, forbidden=(), impossible=None, seed=0):
    """A fitted search and the effects that it chose; the last column is above no other."""
    last = len(codes.sizes) - 1
    rules = EdgeConstraints(forbidden=frozenset(forbidden) | {(last, i) for i in range(last)})
    found = AdditiveSearch(codes, families, rules, impossible or {}, most=most, seed=seed)
    return found, found.fit(Backoff(codes, 0, impossible).table)


def test_every_cause_is_chosen_where_a_table_of_all_would_be_too_large():
    values = draws(6000, 7, seed=1)
    codes = Codes(values, [3] * 7 + [2])
    families = dict.fromkeys(range(7), ()) | {7: (0, 1)}
    found, effects = search(codes, families)
    assert set(effects) == {7}
    assert set(effects[7].base) | set(effects[7].parents) == set(range(7))
    assert found.gain > 100


def test_a_parent_without_an_interaction_is_moved_and_one_with_it_stays():
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 3, (2, 6000))
    c = rng.integers(0, 16, 6000)
    odd = (a + b) % 2  # what a and b do only together
    logit = 2.0 * odd + 2.0 * c / 16 - 2.0
    last = (rng.random(6000) < 1 / (1 + np.exp(-logit))).astype(int)
    codes = Codes(np.array([a, b, c, last]), [3, 3, 16, 2])
    _, effects = search(codes, {0: (), 1: (), 2: (), 3: (0, 1, 2)})
    assert set(effects[3].base) == {0, 1}
    assert effects[3].parents == (2,)


def test_chance_alone_adds_nobody():
    rng = np.random.default_rng(2)
    codes = Codes(rng.integers(0, 3, (6, 3000)), [3] * 6)
    assert search(codes, dict.fromkeys(range(6), ()))[1] == {}


def test_rules_hold():
    values = draws(6000, 4, seed=1)
    codes = Codes(values, [3] * 4 + [2])
    families = dict.fromkeys(range(5), ())
    _, effects = search(codes, families, forbidden=[(0, 4)])
    assert 0 not in effects[4].parents
    assert set(effects) <= {4}
    _, fewer = search(codes, families, forbidden=[(0, 4)], most=1)
    assert len(fewer[4].parents) == 1


def test_what_nobody_can_have_stays_impossible_and_no_row_is_empty():
    values = draws(3000, 3, seed=4)
    values[3, values[0] == 2] = 0
    codes = Codes(values, [3, 3, 3, 2])
    never = np.zeros((3, 2), bool)
    never[2, 1] = True
    impossible = {(0, 3): never, (3, 0): never.T}
    _, effects = search(codes, {0: (), 1: (), 2: (), 3: (1,)}, impossible=impossible)
    assert 0 in effects[3].parents
    whole = effects[3].extended(Backoff(codes, 0).table(3, effects[3].base))
    axis = (*effects[3].base, *effects[3].parents).index(0)
    assert (np.moveaxis(whole, axis, 0)[2][..., 1] == 0).all()
    np.testing.assert_allclose(whole.sum(axis=-1), 1.0)


def test_a_row_that_effects_rule_out_is_the_row_without_them():
    effects = Effects((0,), (1,), (np.array([[1.0, 0.0], [1.0, 1.0]]),), 0.0)
    whole = effects.extended(np.array([[0.0, 1.0], [0.5, 0.5]]))
    np.testing.assert_array_equal(whole[0, 0], [0.0, 1.0])
    np.testing.assert_array_equal(whole[1, 0], [1.0, 0.0])


def test_cliques_that_are_too_large_are_not_made(monkeypatch):
    values = draws(6000, 7, seed=1)
    sizes = [3] * 7 + [2]
    monkeypatch.setattr("synth.bayes.additive.LIGHT", 100.0)
    monkeypatch.setattr("synth.bayes.additive.COST", 1.0)
    families = dict.fromkeys(range(7), ()) | {7: (0, 1)}
    _, effects = search(Codes(values, sizes), families)
    above = [0] * 7 + [sum(1 << p for p in (*effects[7].base, *effects[7].parents))]
    assert clique_states(above, sizes)[1] <= 100


def test_a_network_says_which_arrows_joined_and_is_learned_again_with_them():
    frame = pd.DataFrame(draws(5000, 6, seed=1).T.astype(str), columns=list("abcdefz"))
    table = make_table(frame)
    tiers = [list("abcdef"), ["z"]]
    few = NetworkLearner(tiers=tiers, max_parents=2, additive_parents=0).fit(table).network_
    learner = NetworkLearner(tiers=tiers, max_parents=2, additive_parents=4).fit(table)
    network = learner.network_
    assert len(few.parents["z"]) == 2
    assert set(network.parents["z"]) == set("abcdef")
    assert network.additive_edges == learner.additive_
    assert len(learner.additive_) == 4
    assert np.isfinite(learner.score_of(set(network.edges) - network.additive_edges))
    again = NetworkLearner(tiers=tiers, max_parents=2, additive_parents=4).fit(table).network_
    assert again.digest == network.digest


@pytest.mark.parametrize("score", ["k2", "bic", "bdeu"])
def test_other_scores_keep_to_their_parents(score):
    frame = pd.DataFrame(draws(2000, 5, seed=1).T.astype(str), columns=list("abcdez"))
    learner = NetworkLearner(score=score, max_parents=1).fit(make_table(frame))
    assert max(len(p) for p in learner.network_.parents.values()) <= 1
