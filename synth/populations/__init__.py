"""Populations: a learned model, aggregate counts of the real people, and a card."""

from synth.populations.population import (
    OWN,
    SHIPPED,
    Population,
    available,
    load,
    of,
    save,
    write,
)

__all__ = ["OWN", "SHIPPED", "Population", "available", "load", "of", "save", "write"]
