"""A population that moves: people grow older, partner, part, have children, work and die.

``rates`` joins what was learned with published rates; ``start`` makes the first year's people;
``engine`` steps; ``record`` keeps what pages show and writes each year.
"""

from synth.simulation.engine import Simulation, YearEvents
from synth.simulation.people import People
from synth.simulation.rates import Rates, Scenario, rates_of
from synth.simulation.record import Record, recorded, write_years
from synth.simulation.start import first_people

__all__ = [
    "People",
    "Rates",
    "Record",
    "Scenario",
    "Simulation",
    "YearEvents",
    "first_people",
    "rates_of",
    "recorded",
    "write_years",
]
