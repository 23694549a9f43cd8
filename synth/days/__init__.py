"""Days: how people spend 1,440 minutes, under facts about them; the order of a day is not known.

``groups`` sorts activities and applies the rule by which a day shows interests; ``minutes`` codes
minutes; ``network`` predicts one group after another; ``learning`` learns it; ``model`` draws days;
``counts`` sums real ones; ``shipped`` builds and ``storage`` saves.
"""

from synth.days.groups import Groups
from synth.days.model import DayModel
from synth.days.storage import DayPopulation, available_days, load_days

__all__ = ["DayModel", "DayPopulation", "Groups", "available_days", "load_days"]
