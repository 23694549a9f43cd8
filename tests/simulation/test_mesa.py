"""The moving population as a Mesa model; skips where Mesa is not installed."""

import numpy as np
import pytest

mesa = pytest.importorskip("mesa", reason="Mesa is not installed")

from synth import load  # noqa: E402
from synth.lives import load_lives  # noqa: E402
from synth.simulation import Simulation, first_people, rates_of  # noqa: E402
from synth.simulation.mesa_model import Person, PopulationModel  # noqa: E402


@pytest.fixture(scope="module")
def begun():
    population = load("us-time-use")
    rates = rates_of(population, load_lives("swiss-families").model)
    return first_people(population, rates, 500, seed=1), rates


class Counter(Person):
    years = 0

    def step(self):
        self.years += 1


def test_agents_are_the_living_and_act_once_a_year(begun):
    model = PopulationModel(Simulation.of(*begun, year=2000, seed=2), Counter)
    assert isinstance(model, mesa.Model)
    first = model.agents.get("number")
    collector = mesa.DataCollector(
        model_reporters={"people": lambda m: len(m.agents), "year": "year"},
        agent_reporters={"age": "age"},
    )
    for _ in range(6):
        model.step()
        collector.collect(model)
        people = model.simulation.people
        assert sorted(model.agents.get("number")) == np.flatnonzero(people.alive).tolist()
        for agent in model.agents.select(lambda a: a.spouse is not None):
            assert agent.spouse.spouse is agent
            assert agent.gender != agent.spouse.gender
    table = collector.get_model_vars_dataframe()
    assert table["people"].tolist() == [event.people for event in model.events]
    assert table["year"].tolist() == list(range(2001, 2007))
    stayed = [agent for agent in model.agents if agent.number in set(first)]
    assert {agent.years for agent in stayed} == {6}
    born = [agent for agent in model.agents if agent.age < 5]
    assert any(agent.mother is not None for agent in born)


def test_agents_live_the_same_years_as_the_simulation(begun):
    model = PopulationModel(Simulation.of(*begun, year=2000, seed=3))
    alone = Simulation.of(*begun, year=2000, seed=3)
    for _ in range(4):
        model.step()
    list(alone.run(4))
    assert model.simulation.frame().equals(alone.frame())
