"""Populations: a learned model, aggregate counts of the real people, and a card."""

from synth.populations.population import OWN, Population, of
from synth.populations.storage import SHIPPED, available, load, save, title, write

__all__ = [
    "OWN",
    "SHIPPED",
    "Population",
    "available",
    "load",
    "of",
    "save",
    "title",
    "write",
]
