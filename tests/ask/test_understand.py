"""Questions in words: a table of phrases with their facts, and every word of a population."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth import describe
from synth.ask import understand
from synth.ask.lexicon import needs_column
from synth.ask.words import words_of
from synth.data.column import MISSING
from synth.data.evidence import Evidence, OneOf
from synth.errors import PopulaceError

ENGLISH = [
    (
        "single dads who fish",
        "gender=male,partner_in_household=none,has_children=yes,top1=outdoor_sports",
    ),
    ("single mothers", "gender=female,partner_in_household=none,has_children=yes"),
    ("divorced women over 60", "gender=female,marital=divorced,age=61.."),
    ("widowers of 65 and over", "gender=male,marital=widowed,age=65.."),
    ("widows", "gender=female,marital=widowed"),
    ("men in their thirties", "gender=male,age=30..39"),
    ("women in their 40s", "gender=female,age=40..49"),
    ("childless women in their late twenties", "gender=female,has_children=no,age=27..29"),
    ("teenagers who like games", "age=..19,top1=games"),
    ("at most 20", "age=..20"),
    ("60+", "age=60.."),
    ("between 30 and 40 years old", "age=30..40"),
    (
        "married women aged 25–45 with children",
        "gender=female,marital=married,has_children=yes,age=25..45",
    ),
    ("not married", "marital=never married|separated|divorced|widowed"),
    ("unmarried men", "gender=male,marital=never married|separated|divorced|widowed"),
    ("neither married nor divorced", "marital=never married|separated|widowed"),
    ("divorced or widowed", "marital=divorced|widowed"),
    ("parents in the South", "has_children=yes,region=south"),
    ("midwesterners without kids", "has_children=no,region=midwest"),
    ("gardening or pets", "top1=gardening|pets"),
    ("they garden first, then pray", "top1=gardening,top2=religion"),
    ("second interest: pets", "top2=pets"),
    ("old people who read", "age=65..,top1=reading"),
    ("PhDs born abroad", "education=doctoral degree,born_in_us=no"),
    ("not born in the US", "born_in_us=no"),
    ("with a bachelor's degree", "education=bachelor's degree"),
    ("graduates", "has_higher_education=yes"),
    ("no high-school diploma", "education=< hs diploma"),
    (
        "unemployed men under 30",
        "labor_status=unemployed-looking|unemployed-layoff,gender=male,age=..29",
    ),
    ("construction workers", "occupation=construction"),
    ("women earning more than 1,000", "gender=female,weekly_earn=1000.."),
    ("family income below 20k", "family_income=..19999"),
    ("weekly earnings over 500 and age under 40", "weekly_earn=500..,age=..39"),
    ("households of more than 4 people", "n_in_household=5.."),
    ("people in household: 2 to 3", "n_in_household=2..3"),
    ("wives who do yoga", "gender=female,marital=married,top1=yoga_dance"),
    ("cohabiting", "partner_in_household=cohabit"),
]
FRENCH = [
    ("femmes mariées qui jardinent", "gender=female,marital=married,gardening=yes"),
    (
        "hommes de plus de 66 ans qui pêchent",
        "gender=male,age_group=66-75|76-85|86-100,fishing=yes",
    ),
    ("célibataires dans la trentaine", "marital=single,age_group=26-35"),
    ("veuves qui tricotent", "gender=female,marital=widowed,knitting=yes"),
    ("moins de 26 ans, cinéma", "age_group=15-25,cinema=yes"),
    ("entre 26 et 35 ans", "age_group=26-35"),
    ("cadres qui lisent", "profession=senior management,reading=yes"),
    ("ouvriers divorcés", "profession=manual labourer,marital=divorced"),
    ("sans jardinage", "gardening=no"),
    ("women who knit but don't cook", "gender=female,knitting=yes,cooking=no"),
    ("cooking: no", "cooking=no"),
]


@pytest.mark.parametrize(("phrase", "facts"), ENGLISH)
def test_english(us, phrase, facts):
    understood = understand(phrase, us)
    assert understood.unknown == ()
    assert understood.evidence == us.evidence(facts)


@pytest.mark.parametrize(("phrase", "facts"), FRENCH)
def test_french(french, phrase, facts):
    understood = understand(phrase, french)
    assert understood.unknown == ()
    assert understood.evidence == french.evidence(facts)


@pytest.mark.parametrize(
    ("phrase", "facts", "unknown"),
    [
        ("blue unicorns who garden", "top1=gardening", ("blue", "unicorns")),
        ("women over 200", "gender=female", ("age 201",)),
        ("", "", ()),
        ("<script>alert(1)</script>", "", ("script", "alert", "age 1")),
    ],
)
def test_what_is_not_understood_is_named(us, phrase, facts, unknown):
    understood = understand(phrase, us)
    assert set(understood.unknown) == set(unknown)
    assert understood.evidence == us.evidence(facts)


def test_a_denied_interest_is_at_no_place(us):
    evidence = understand("people who don't watch TV", us).evidence
    assert set(evidence) == {"top1", "top2", "top3"}
    assert all("television" not in fact.values for fact in evidence.values())
    assert us.given(evidence).probability < 1


def test_a_flood_of_words_is_refused(us):
    with pytest.raises(PopulaceError, match="fewer"):
        understand("women " * 61, us)


@pytest.mark.parametrize("name", ["us", "french"])
def test_every_level_is_understood_behind_its_title(name, request):
    population = request.getfixturevalue(name)
    for column in population.modelled:
        for level in () if column.is_number else column.states:
            evidence = Evidence({column.name: OneOf((level,))})
            (words,) = describe.facts(evidence, population)
            assert understand(words, population) == understand(words.upper(), population)
            assert understand(words, population).evidence == evidence, words
            assert understand(words, population).unknown == ()


@pytest.mark.parametrize("name", ["us", "french"])
def test_every_level_by_itself_is_a_fact(name, request):
    population = request.getfixturevalue(name)
    for column in population.modelled:
        for level in () if column.is_number else column.levels:
            words = describe.level_words(column, level)
            if needs_column(words_of(words)):
                continue
            understood = understand(words, population)
            assert understood.unknown == (), words
            meant = {
                words_of(each)
                for name, fact in understood.evidence.items()
                for value in fact.values
                for column in [population.modelled[name]]
                for each in (describe.level_words(column, value), column.title)
            }
            assert words_of(words) in meant


@given(text=st.text(max_size=80))
def test_anything_is_read_without_an_accident(us, text):
    understood = understand(text, us)
    assert understood.evidence == understood.evidence.checked(us.modelled)
    assert MISSING not in str(understood.unknown)


@given(data=st.data())
def test_several_facts_in_words_are_read_back(us, data):
    columns = [c for c in us.modelled if not c.is_number and c.means != "interest"]
    chosen = data.draw(st.lists(st.sampled_from(columns), unique=True, max_size=4))
    evidence = Evidence({c.name: OneOf((data.draw(st.sampled_from(c.states)),)) for c in chosen})
    words = ", ".join(describe.facts(evidence, us))
    assert understand(words, us).evidence == evidence
