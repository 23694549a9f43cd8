import pytest

from synth import populations
from synth.errors import PopulaceError
from synth.prepare import prepare, prepare_all


def test_what_the_first_visitor_needs_is_there_afterwards(us):
    from synth.people.portraits import bank

    prepare(us)
    assert bank.shipped.cache_info().currsize == 1


def test_all_are_prepared_where_none_is_named(monkeypatch, french):
    requests = []
    monkeypatch.setattr(populations, "load", lambda name: requests.append(name) or french)
    prepared = prepare_all()
    assert prepared.names == populations.available() == tuple(requests)
    assert prepared.seconds > 0


def test_an_unknown_one_is_a_sentence():
    with pytest.raises(PopulaceError, match="nowhere"):
        prepare_all("nowhere")
