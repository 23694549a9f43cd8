"""Weights for the tests that need them, fetched through the registry; skipped without a network."""

from __future__ import annotations

import numpy as np
import pytest

from synth import registry
from synth.errors import PopulaceError
from synth.people.portraits.bank import Bank, shipped


def _folder(name):
    try:
        return registry.fetch(name)
    except PopulaceError as error:
        pytest.skip(f"needs the weights {name}: {error}")


@pytest.fixture(scope="session")
def faces_folder():
    """dlib's weights."""
    return _folder("dlib-faces")


@pytest.fixture(scope="session")
def generator_folder():
    """The generator's weights."""
    return _folder("mobilestylegan-ffhq")


@pytest.fixture(scope="session")
def bank() -> Bank:
    """The shipped bank."""
    return shipped()


@pytest.fixture(scope="session")
def images(bank):
    """Two men and two women of the bank."""
    people = [("male", 25, "White"), ("male", 50, "Black"), ("female", 35, "Asian")]
    people.append(("female", 50, "Indian"))
    return np.stack([bank.pick(*person, seed=1).image() for person in people])
