"""A moving population as a Mesa model, for those who write agents of their own.

`Simulation` moves everybody at once; here each of the living is a `mesa.Agent` that reads its facts
from it. A class of one's own adds what agents do once a year::

    class Neighbour(Person):
        def step(self):
            if self.spouse is not None: ...

    model = PopulationModel(Simulation.of(people, rates), Neighbour)
    model.step()

Mesa (Apache-2.0) is not installed with Populace: ``pip install mesa==3.3.1``.
"""

from __future__ import annotations

from synth.errors import PopulaceError
from synth.simulation.engine import Simulation, YearEvents

try:
    import mesa
except ImportError as error:
    raise PopulaceError(
        "Mesa is not installed here: install it with `pip install mesa==3.3.1`."
    ) from error


class Person(mesa.Agent):
    """One of the living.

    Parameters
    ----------
    model : PopulationModel
        Where the person lives.
    number : int
        The person's number in the simulation; it never changes.
    """

    model: PopulationModel

    def __init__(self, model: PopulationModel, number: int) -> None:
        super().__init__(model)
        self.number = number

    def step(self) -> None:
        """What the person does once a year, after everybody grew older; nothing here."""

    @property
    def age(self) -> int:
        """In whole years."""
        return int(self.model.simulation.people.age[self.number])

    @property
    def gender(self) -> str:
        """As tables write it."""
        return "male" if self.model.simulation.people.male[self.number] else "female"

    @property
    def state(self) -> str:
        """The family state."""
        simulation = self.model.simulation
        return str(simulation.rates.family.names[simulation.people.state[self.number]])

    @property
    def household(self) -> int:
        """The household's number."""
        return int(self.model.simulation.people.household[self.number])

    @property
    def spouse(self) -> Person | None:
        """The spouse; None where there is none."""
        return self._other("spouse")

    @property
    def mother(self) -> Person | None:
        """The mother; None where she is not known or has died."""
        return self._other("mother")

    @property
    def father(self) -> Person | None:
        """The father; None where he is not known or has died."""
        return self._other("father")

    def _other(self, column: str) -> Person | None:
        number = int(getattr(self.model.simulation.people, column)[self.number])
        return self.model.person(number)


class PopulationModel(mesa.Model):
    """The years of a simulation, with an agent for each of the living.

    Parameters
    ----------
    simulation : Simulation
        What moves; its seed is also the model's.
    person : type of Person
        What agents are.
    """

    def __init__(self, simulation: Simulation, person: type[Person] = Person) -> None:
        super().__init__(seed=simulation.seed)
        self.simulation = simulation
        self._person = person
        self._by_number: dict[int, Person] = {}
        self._follow()

    @property
    def year(self) -> int:
        """The present one."""
        return self.simulation.year

    @property
    def events(self) -> list[YearEvents]:
        """What happened in each year gone by."""
        return self.simulation.events

    def person(self, number: int) -> Person | None:
        """The living person of a number."""
        return self._by_number.get(number)

    def step(self) -> None:
        """One year: everybody moves, the dead leave, the born come, then each agent acts once."""
        self.simulation.step()
        self._follow()
        self.agents.shuffle_do("step")

    def _follow(self) -> None:
        alive = self.simulation.people.alive
        for number in [n for n in self._by_number if not alive[n]]:
            self._by_number.pop(number).remove()
        for number in alive.nonzero()[0].tolist():
            if number not in self._by_number:
                self._by_number[number] = self._person(self, number)
