"""The ledger: nothing is looked at without being paid for, nothing is lost on the way to JSON."""

import json

import numpy as np
import pytest

from synth.errors import PopulaceError
from synth.privacy.ledger import Accountant, Ledger
from synth.privacy.noise import SYSTEM, SeededSource


def accountant(**changes):
    return Accountant(**{"epsilon": 1.0, "delta": 1e-6, "source": SeededSource(1)} | changes)


def test_looks_are_paid_for_and_cannot_be_overdrawn():
    book = accountant()
    counts, sigma = book.counts(np.array([[100, 0], [5, 7]]), book.rho / 2, "a pair", ("a", "b"))
    assert counts.shape == (2, 2) and counts.dtype == np.int64
    assert sigma == pytest.approx(1 / np.sqrt(book.rho), rel=0.01)
    assert book.left == pytest.approx(book.rho / 2, rel=0.02)
    assert book.choice([1, 500], 1, book.left / 4, "a choice") == 1
    with pytest.raises(PopulaceError, match="spent"):
        book.counts(np.zeros(3), book.rho, "too much", ("a",))
    with pytest.raises(PopulaceError, match="No δ"):
        book.seen(np.ones(3), book.left / 2, "levels", ("a",))
    ledger = book.ledger()
    assert [entry.cells for entry in ledger.entries] == [4, 1]
    assert ledger.spent <= ledger.rho and ledger.spent_epsilon < 1.0


def test_the_whole_budget_is_worth_what_was_promised():
    book = accountant(thresholds=1)
    assert not book.seen(np.ones(3), book.rho / 2, "levels", ("a",)).any()
    book.counts(np.zeros(3), book.left, "the rest", ("a",))
    assert 0.98 < book.ledger().spent_epsilon <= 1.0


def test_there_and_back_and_what_is_damaged():
    book = accountant()
    book.counts(np.zeros(3), book.rho / 2, "a column", ("a",))
    ledger = book.ledger(("the levels of a",))
    written = json.loads(json.dumps(ledger.to_json()))
    assert Ledger.from_json(written) == ledger
    for change in ({"rho": 1e-9}, {"format": "x"}, {"entries": [{}]}, {"epsilon": float("nan")}):
        with pytest.raises(PopulaceError):
            Ledger.from_json(written | change)


def test_the_card_says_what_is_promised_and_when_nothing_is():
    seeded = accountant().ledger()
    assert "FOR TESTS ONLY" in seeded.markdown() and "Promised" not in seeded.markdown()
    assert "for tests only" in seeded.how
    book = accountant(source=SYSTEM).ledger(("the levels of a",))
    real = book.markdown()
    assert "operating system" in real and "TESTS" not in real and "Public: the levels of a" in real
    assert "Promised: (ε = 1" in real and book.how == "Learned privately (ε = 1)"


def test_cut_noise_is_smaller_and_says_so():
    book = accountant(noise_scale=0.1)
    counts, sigma = book.counts(np.zeros(2000), book.rho / 2, "a column", ("a",))
    assert counts.std() == pytest.approx(0.1 / np.sqrt(book.rho), rel=0.1)
    assert sigma == pytest.approx(0.1 / np.sqrt(book.rho), rel=0.01)
    assert book.ledger().is_for_tests
