"""Interests from a user's own data: what people do or write, into a few topics with keywords.

What learns is imported when it is first used, for `vocabulary` serves rooms on lower floors.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synth.interests.counts import Counts
    from synth.interests.learning import (
        Learned,
        coherence_by_topics,
        interests_of,
        learn,
        of_texts,
    )
    from synth.interests.model import Interests

__all__ = [
    "Counts",
    "Interests",
    "Learned",
    "coherence_by_topics",
    "interests_of",
    "learn",
    "of_texts",
]


def __getattr__(name: str) -> Any:
    for module in ("counts", "model", "learning"):
        if name in __all__:
            members = vars(import_module(f"synth.interests.{module}"))
            if name in members:
                return members[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
