"""Lives: what people are over time, under facts about them and about any part of their life.

``track`` says which columns are times and reads facts about lives; ``chain`` is the mixture of
semi-Markov chains with exact forward–backward; ``learning`` learns it; ``model`` joins it with a
network of the facts; ``summary`` counts; ``storage`` saves.
"""

from synth.lives.learning import ChainPlan
from synth.lives.model import LifeModel, Lives, learn_lives
from synth.lives.storage import LifePopulation, available_lives, load_lives, save_lives
from synth.lives.track import LifeEvidence, Track, life_evidence, track_of

__all__ = [
    "ChainPlan",
    "LifeEvidence",
    "LifeModel",
    "LifePopulation",
    "Lives",
    "Track",
    "available_lives",
    "learn_lives",
    "life_evidence",
    "load_lives",
    "save_lives",
    "track_of",
]
