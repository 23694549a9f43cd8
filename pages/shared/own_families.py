"""Families that a visitor learned or opened; they live in their session alone."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.shared import kept
from synth import populations
from synth.linked.population import LinkedPopulation


def own_families() -> dict[str, LinkedPopulation]:
    """The families of this session, by name, the latest first; nobody else sees them."""
    return st.session_state.setdefault(kept.FAMILIES, {})


def adopt_families(families: LinkedPopulation) -> LinkedPopulation:
    """Add families to the session under a name of their own."""
    named = replace(families, name=f"{populations.OWN}{families.model.digest}")
    others = {name: each for name, each in own_families().items() if name != named.name}
    st.session_state[kept.FAMILIES] = {named.name: named, **others}
    return named


def abandon_families(name: str) -> None:
    """Forget families of the session."""
    own_families().pop(name, None)
