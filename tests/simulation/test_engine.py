"""Years that go by: nobody is lost, nobody has two spouses, seeds hold."""

from functools import cache

import numpy as np
import pytest

from synth import load
from synth.errors import PopulaceError
from synth.lives import load_lives
from synth.simulation import Scenario, Simulation, first_people, rates_of, recorded, write_years
from synth.simulation.published import birth_rates, death_rates


@cache
def rates():
    return rates_of(load("us-time-use"), load_lives("swiss-families").model)


@cache
def people(count=1500):
    return first_people(load("us-time-use"), rates(), count, seed=1)


def moved(years=12, scenario=None, seed=1, threads=1):
    simulation = Simulation.of(people(), rates(), scenario, year=2000, seed=seed, threads=threads)
    list(simulation.run(years))
    return simulation


def test_births_less_deaths_are_the_change_and_couples_are_two():
    simulation = Simulation.of(people(), rates(), seed=2)
    before = int(simulation.people.alive.sum())
    for event in simulation.run(15):
        assert event.people - before == event.births - event.deaths
        before = event.people
        p, family = simulation.people, simulation.rates.family
        paired = np.flatnonzero(p.spouse >= 0)
        assert (p.spouse[p.spouse[paired]] == paired).all()
        assert p.alive[paired].all()
        assert (p.male[paired] != p.male[p.spouse[paired]]).all()
        assert (family.married[p.state] == (p.spouse >= 0))[p.alive].all()
        known = np.flatnonzero(p.mother >= 0)
        assert not p.male[p.mother[known]].any()
        assert (p.age[p.mother[known]] >= 0).all()
    assert sum(e.births for e in simulation.events) > 0
    assert sum(e.marriages for e in simulation.events) > 0


def test_seeds_hold_for_any_number_of_threads():
    first, two, other = moved(5), moved(5, threads=4), moved(5, seed=2)
    assert first.frame().equals(two.frame())
    assert not first.frame().equals(other.frame())


def test_people_keep_their_number_and_their_parents():
    simulation = moved(3)
    before = simulation.frame().set_index("person")
    list(simulation.run(4))
    after = simulation.frame().set_index("person")
    both = before.index.intersection(after.index)
    assert len(both) > 1000
    assert (after.loc[both, "age"] == before.loc[both, "age"] + 4).all()
    assert (after.loc[both, "gender"] == before.loc[both, "gender"]).all()
    had = before.loc[both, "mother"].notna()
    assert (after.loc[both, "mother"][had] == before.loc[both, "mother"][had]).all()


@pytest.mark.parametrize(
    ("scenario", "what"),
    [
        (Scenario(births=0.0), lambda s: sum(e.births for e in s.events) == 0),
        (Scenario(deaths=0.0), lambda s: sum(e.deaths for e in s.events) == 0),
        (Scenario(partings=0.0), lambda s: sum(e.partings for e in s.events) == 0),
        (Scenario(births=2.0), lambda s: births(s) > 1.3 * births(moved())),
        (Scenario(later=5), lambda s: marriages(s) < marriages(moved())),
        (Scenario(later=-5), lambda s: sum(e.births for e in s.events) > 0),  # the oldest too
    ],
)
def test_scenarios(scenario, what):
    assert what(moved(scenario=scenario))


def births(simulation):
    return sum(e.births for e in simulation.events)


def marriages(simulation):
    return sum(e.marriages for e in simulation.events)


def test_a_scenario_out_of_reach_is_refused():
    with pytest.raises(PopulaceError, match="births"):
        Scenario(births=-1)


def test_published_rates():
    deaths, births = death_rates(), birth_rates()
    assert deaths.shape == (2, 120) and (deaths[:, -1] == 1).all()
    assert (deaths[1, 20:100] > deaths[0, 20:100]).all()  # men die sooner
    assert births.sum() == pytest.approx(2.05, abs=0.01)  # children a woman in 2005


def test_years_are_written_with_their_mark(tmp_path):
    import pyarrow.parquet as pq

    simulation = Simulation.of(people(), rates(), year=2000)
    files = write_years(simulation, 2, tmp_path)
    assert [file.name for file in files] == [f"people-{y}.parquet" for y in (2000, 2001, 2002)]
    table = pq.read_table(files[-1])
    assert b"synthetic" in table.schema.metadata
    assert table.num_rows == simulation.events[-1].people
    with pytest.raises(PopulaceError, match="format"):
        write_years(simulation, 1, tmp_path, "xlsx")


def test_a_record_counts_the_living():
    record = recorded(Simulation.of(people(), rates(), year=2000), 2)
    assert record.years == (2000, 2001, 2002)
    assert record.pyramid.sum(axis=(1, 2))[1:].tolist() == [e.people for e in record.events]
