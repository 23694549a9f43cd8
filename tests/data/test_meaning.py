"""What columns say about a person: guesses from names and levels, corrections, values."""

import json

import pytest

from synth.data import meaning
from synth.data.column import Column
from synth.data.meaning import guess
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.populations.storage import load

GENDER, BANDS = ("f", "m"), ("18-25", "26-35", "36+")
OTHER = ("a", "b", "c")
NAMES = [
    # name, kind, levels, meaning
    ("gender", "categorical", GENDER, "gender"),
    ("sex (M/F)", "categorical", ("M", "F"), "gender"),
    ("SEX", "integer", (), "gender"),
    ("Geschlecht", "categorical", ("männlich", "weiblich", "divers"), "gender"),
    ("sexe", "categorical", ("homme", "femme"), "gender"),
    ("genre", "categorical", ("Homme", "Femme"), "gender"),
    ("genre", "categorical", ("western", "comedy"), ""),
    ("género", "categorical", ("hombre", "mujer"), "gender"),
    ("Płeć", "categorical", ("kobieta", "mężczyzna"), "gender"),
    ("kön", "categorical", ("man", "kvinna"), "gender"),
    ("customer_gender", "categorical", GENDER, "gender"),
    ("q1_sex", "categorical", GENDER, "gender"),
    ("is_male", "boolean", (), ""),
    ("sexual_orientation", "categorical", OTHER, ""),
    ("x17", "categorical", ("m", "f"), "gender"),
    ("x17", "categorical", ("m", "n"), ""),
    ("size", "categorical", ("s", "m", "l"), ""),
    ("age", "integer", (), "age"),
    ("Age (years)", "real", (), "age"),
    ("age_at_interview", "integer", (), "age"),
    ("Alter", "integer", (), "age"),
    ("Alter in Jahren", "integer", (), "age"),
    ("edad", "integer", (), "age"),
    ("età", "integer", (), "age"),
    ("ålder", "integer", (), "age"),
    ("average", "real", (), ""),
    ("mother_age", "integer", (), ""),
    ("age_of_car", "integer", (), ""),
    ("age", "categorical", BANDS, "age group"),
    ("age", "categorical", ("young", "old"), ""),
    ("AgeGroup", "categorical", BANDS, "age group"),
    ("Altersgruppe", "categorical", BANDS, "age group"),
    ("tranche d'âge", "categorical", BANDS, "age group"),
    ("fascia_d_eta", "categorical", BANDS, "age group"),
    ("marital", "categorical", OTHER, "marital"),
    ("MaritalStatus", "categorical", OTHER, "marital"),
    ("Familienstand", "categorical", ("ledig", "verheiratet"), "marital"),
    ("situation_matrimoniale", "categorical", ("marié", "célibataire"), "marital"),
    ("estado civil", "categorical", ("casado", "soltero"), "marital"),
    ("x3", "categorical", ("ledig", "verheiratet", "geschieden", "verwitwet"), "marital"),
    ("x3", "categorical", ("single", "married"), ""),
    ("partner_in_household", "categorical", ("spouse", "cohabit", "none"), "partner"),
    ("married", "boolean", (), "partner"),
    ("en_couple", "boolean", (), "partner"),
    ("has_children", "boolean", (), "children"),
    ("Anzahl Kinder", "integer", (), "children"),
    ("nb_enfants", "integer", (), "children"),
    ("aantal kinderen", "integer", (), "children"),
    ("n_in_household", "integer", (), "household size"),
    ("Haushaltsgröße", "integer", (), "household size"),
    ("people in household", "integer", (), "household size"),
    ("household", "integer", (), ""),
    ("education", "categorical", OTHER, "education"),
    ("has_higher_education", "boolean", (), ""),
    ("education_num", "integer", (), ""),
    ("niveau d'études", "categorical", OTHER, "education"),
    ("wykształcenie", "categorical", OTHER, "education"),
    ("labor_status", "categorical", OTHER, "work"),
    ("employed", "boolean", (), "work"),
    ("situación laboral", "categorical", OTHER, "work"),
    ("profession", "categorical", OTHER, "occupation"),
    ("Beruf", "categorical", OTHER, "occupation"),
    ("job_satisfaction", "categorical", OTHER, ""),
    ("race", "categorical", OTHER, "ethnicity"),
    ("etnia", "categorical", OTHER, "ethnicity"),
    ("native_country", "categorical", OTHER, "birth country"),
    ("Geburtsland", "categorical", OTHER, "birth country"),
    ("born_in_us", "boolean", (), ""),
    ("top1", "categorical", OTHER, "interest"),
    ("Interest 2", "categorical", OTHER, "interest"),
    ("hobby", "categorical", OTHER, "interest"),
    ("interest", "real", (), ""),
    ("topology", "categorical", OTHER, ""),
    ("desktop1", "categorical", OTHER, ""),
    ("", "categorical", (), ""),
]


@pytest.mark.parametrize(("name", "kind", "levels", "expected"), NAMES)
def test_names_and_levels_suggest_a_meaning(name, kind, levels, expected):
    assert guess(name, kind, levels) == expected


def test_every_meaning_is_guessed_by_some_name():
    assert {expected for *_, expected in NAMES} == set(meaning.MEANINGS)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Mexico", "MX"),
        ("El-Salvador", "SV"),
        ("United-States", "US"),
        ("Viet Nam", "VN"),
        ("Holand-Netherlands", "NL"),
        ("South", None),  # of Korea or Africa: nobody knows
        ("missing", None),
        (None, None),
    ],
)
def test_countries(word, expected):
    assert meaning.country_of(word) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, "female") for word in ("f", "W", "female", "Weiblich", "femme", "2 - female")),
        *((word, "male") for word in ("M", "male", "männlich", "Homme", "mężczyzna", "male (1)")),
        *((word, "unknown") for word in ("1", "2", "divers", "", None, float("nan"), "missing")),
    ],
)
def test_gender_words(word, expected):
    assert meaning.gender_of(word) == expected


def test_m_beside_h_is_a_woman():
    assert [meaning.gender_of(level, ("H", "M")) for level in "HM"] == ["male", "female"]
    assert [meaning.gender_of(level, ("F", "M")) for level in "FM"] == ["female", "male"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("never married", "single"),
        ("Never-married", "single"),
        ("Married-civ-spouse", "married"),
        ("Married-spouse-absent", "separated"),
        ("remarried", "remarried"),
        ("verheiratet", "married"),
        ("verheiratet, getrennt lebend", "separated"),
        ("nicht verheiratet", "single"),
        ("geschieden", "divorced"),
        ("Marié(e)", "married"),
        ("Veuf(ve)", "widowed"),
        ("pacsé", "partnered"),
        ("casada", "married"),
        ("wdowa", "widowed"),
        ("divorced or widowed", None),
        ("other", None),
        (None, None),
        ("missing", None),
    ],
)
def test_marital_words(word, expected):
    assert meaning.marital_of(word) == expected


@pytest.mark.parametrize(
    ("read", "word", "expected"),
    [
        (meaning.works_of, "employed-at work", True),
        (meaning.works_of, "unemployed-looking", False),
        (meaning.works_of, "not_in_labor_force", False),
        (meaning.works_of, "erwerbstätig", True),
        (meaning.works_of, "nicht erwerbstätig", False),
        (meaning.works_of, "retraité", False),
        (meaning.works_of, True, True),
        (meaning.works_of, None, None),
        (meaning.works_of, "alpha", None),
        (meaning.partner_of, "spouse", "spouse"),
        (meaning.partner_of, "cohabit", "partner"),
        (meaning.partner_of, "none", "none"),
        (meaning.partner_of, None, None),
        (meaning.partner_of, False, "none"),
        (meaning.children_of, True, True),
        (meaning.children_of, "no", False),
        (meaning.children_of, 0, False),
        (meaning.children_of, "3+", True),
        (meaning.children_of, "keine", False),
        (meaning.children_of, None, None),
        (meaning.years_of, "26-35", 30.5),
        (meaning.years_of, 41, 41.0),
        (meaning.years_of, "65+", 65.0),
        (meaning.years_of, None, None),
    ],
)
def test_values_are_read(read, word, expected):
    assert read(word) == expected


def test_a_schema_finds_columns_by_meaning():
    schema = Schema(
        (
            Column("code", "categorical", ("f", "m")),
            Column("top2", "categorical", OTHER),
            Column("sex", "categorical", ("f", "m")),
            Column("top1", "categorical", OTHER),
            Column("hobby", "categorical", OTHER, meaning=""),
        )
    )
    assert schema.first("gender").name == "sex", "a name says more than levels"
    assert [c.name for c in schema.of_meaning("interest")] == ["top1", "top2"]
    assert schema.first("age") is None
    corrected = schema.changed("code", meaning="gender")
    assert corrected.first("gender").name == "code"
    assert schema.changed("sex", role="skip").first("gender").name == "code"


def test_a_meaning_is_written_only_where_it_is_set():
    guessed, message = Column("sex", "categorical", ("f", "m")), Column("x", "real", meaning="age")
    none = Column("age", "real", meaning="")
    schema = Schema((guessed, message, none))
    written = schema.to_json()["columns"]
    assert [entry.get("meaning") for entry in written] == [None, "age", ""]
    assert "meaning" not in written[0]
    assert Schema.from_json(json.dumps(schema.to_json())) == schema
    assert schema.first("age").name == "x"


@pytest.mark.parametrize("wrong", ["colour", 3])
def test_an_unknown_meaning_is_refused(wrong):
    entry = {"name": "x", "kind": "real", "meaning": wrong}
    with pytest.raises(PopulaceError, match="meaning"):
        Schema.from_json({"columns": [entry]})


def test_the_shipped_populations_say_who_is_who():
    expected = {
        "us-time-use": {
            "gender": ["gender"],
            "age": ["age"],
            "marital": ["marital"],
            "partner": ["partner_in_household"],
            "children": ["has_children"],
            "household size": ["n_in_household"],
            "education": ["education"],
            "work": ["labor_status"],
            "occupation": ["occupation"],
            "interest": ["top1", "top2", "top3"],
        },
        "french-hobbies": {
            "gender": ["gender"],
            "age group": ["age_group"],
            "marital": ["marital"],
            "occupation": ["profession"],
            "interest": ["top1", "top2", "top3"],
        },
    }
    for name, meanings in expected.items():
        schema = load(name).network.schema
        for each in meaning.MEANINGS[:-1]:
            assert [c.name for c in schema.of_meaning(each)] == meanings.get(each, [])
