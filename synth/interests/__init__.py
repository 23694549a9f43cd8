"""Interests from a user's own data: what people do or write, into a few topics with keywords."""

from synth.interests.counts import Counts
from synth.interests.learning import Learned, coherence_by_topics, interests_of, learn, of_texts
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
