"""Whether people believe a profile: surveys, their votes, and what these tell.

A survey freezes what its participants see, asks each of them about every profile once, and keeps
each vote the moment it is given. Nothing about a participant is kept but the votes.
"""

from synth.survey.results import PAPER, Results, Share, results, to_csv
from synth.survey.storage import Count, Store, database_url
from synth.survey.survey import PARTS, Item, Part, Person, Survey, Vote

__all__ = [
    "PAPER",
    "PARTS",
    "Count",
    "Item",
    "Part",
    "Person",
    "Results",
    "Share",
    "Store",
    "Survey",
    "Vote",
    "database_url",
    "results",
    "to_csv",
]
