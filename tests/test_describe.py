"""Questions, records and shares in words."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from synth import describe, fit
from synth.data.column import Column
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.populations import load


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("", "Everybody"),
        ("gender=female", "Women"),
        ("gender=female,marital=married,age=25..35", "Married women aged 25–35"),
        ("gender=male,age=65..", "Men aged 65 and over"),
        ("age=..20", "People aged up to 20"),
        ("age=30", "People aged 30"),
        ("marital=widowed|divorced", "Divorced or widowed people"),
        ("has_children=yes", "People with children at home"),
        ("gender=male,top1=pets", "Men whose first interest is Pets"),
        ("top2=missing", "People whose second interest is none"),
        ("has_children=no", "People without children at home"),
        ("labor_status=not_in_labor_force", "People, labour status: not in the labour force"),
        ("born_in_us=no", "People, born in the US: no"),
        ("education=doctoral degree", "People, education: doctoral degree"),
    ],
)
def test_questions(us, facts, words):
    assert describe.question(Evidence.parse(facts, us.modelled), us) == words


def test_french_questions(french):
    facts = Evidence.parse("gender=female,age_group=26-35,diy=yes", french.modelled)
    assert describe.question(facts, french) == "Women aged 26–35, DIY: yes"


@pytest.fixture(scope="module")
def dated():
    """A population with dates, an amount of money and a name for its people."""
    rng = np.random.default_rng(5)
    rows = pd.DataFrame(
        {
            "joined": pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, 300), "D"),
            "pay": [f"${value:,.2f}" for value in rng.integers(1000, 90000, 300) / 4],
            "member": rng.choice(["Yes", "No"], 300),
        }
    )
    rows["joined"] = rows.joined.dt.strftime("%d/%m/%Y")
    return fit(rows)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("joined=2021-03-01..2021-03-09", "People, joined: 01/03/2021 to 09/03/2021"),
        ("joined=2022-01-01..", "People, joined: 01/01/2022 or later"),
        ("joined=..2022-01-01", "People, joined: until 01/01/2022"),
        ("joined=2021-03-01", "People, joined: 01/03/2021"),
        ("joined=2021-03-01|2021-04-01", "People, joined: 01/03/2021 or 01/04/2021"),
        ("pay=2000..3000.5", "People, pay: $2,000.00–$3,000.50"),
        ("pay=2000", "People, pay: $2,000.00"),
    ],
)
def test_facts_are_said_as_the_table_writes_them(dated, facts, words):
    evidence = Evidence.parse(facts, dated.modelled)
    assert describe.question(evidence, dated) == words
    assert describe.facts(evidence, dated)[0] == words.removeprefix("People, ")


def test_numbers_between_values_are_rounded_to_values(dated):
    days = dated.modelled["joined"]
    first = days.bounds[0]
    assert describe.number_words(days, first + 0.4) == days.text(first)
    assert describe.number_words(dated.modelled["pay"], 1234.5678) == "$1,234.57"


def test_records(us, french):
    record = {
        "age": 34,
        "gender": "female",
        "marital": "married",
        "education": "bachelor's degree",
        "has_children": True,
    }
    assert (
        describe.record_line(record, us)
        == "34 · woman · married · bachelor's degree · with children at home"
    )
    shared = {"age": 47, "marital": "divorced", "partner_in_household": "cohabit"}
    assert describe.record_line(shared, us) == "47 · divorced, lives with a partner"
    minor = {**record, "age": 16, "marital": "never married", "education": "< hs diploma"}
    assert describe.record_line(minor, us) == "16 · girl · at school"
    among = describe.record_line({**minor, "n_in_household": 4}, us)
    assert among == "16 · girl · lives with family · at school"
    record = {"age_group": "26-35", "gender": "male", "marital": "single", "profession": pd.NA}
    assert describe.record_line(record, french) == "26–35 · man · single"


def test_every_sampled_record_has_words(us, french):
    for population in (us, french):
        frame = population.given().sample(50, seed=1)
        for record in frame.to_dict("records"):
            assert describe.record_line(record, population)
            rows = describe.record_rows(record, population)
            assert [title for title, _ in rows] == [c.title for c in population.modelled]
            assert all(value for _, value in rows)


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "100%"),
        (0.9999, ">99.9%"),
        (0.1143, "11.4%"),
        (0.041, "4.1%"),
        (0.0003, "0.03%"),
        (4.2e-7, "1 in 2.38 million"),
        (1e-15, "1 in 1e+03 trillion"),
    ],
)
def test_shares(share, words):
    assert describe.share_words(share) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "1 in 1"),
        (0.5, "1 in 2"),
        (1 / 3400, "1 in 3,400"),
        (1 / 3.5, "1 in 3.5"),
        (1 / 123_456, "1 in 120,000"),
        (0.0, "nobody"),
    ],
)
def test_one_in(share, words):
    assert describe.one_in(share) == words


def test_sentences_about_facts_use_the_columns_titles(us):
    facts = Evidence.parse("top1=pets,top2=pets,age=25..35", us.modelled)
    text = "top1=pets and top2=pets exclude each other in this population: drop one of them."
    words = describe.sentence(text, facts, us)
    assert words == (
        "“First interest: Pets” and “second interest: Pets” exclude each other in this "
        "population: drop one of them."
    )
    assert describe.sentence("Nobody has age=25..35.", facts, us) == "Nobody has “age: 25–35”."


def test_numbers_of_a_record_in_words():
    income = Column("x", "integer", lower=2500, upper=175_000, label="Family income (USD a year)")
    assert describe.record_words(income, 2500) == "under 5,000"
    assert describe.record_words(income, 45_000.0) == "40,000–49,999"
    assert describe.record_words(income, 175_000) == "150,000 and over"
    earned = Column("w", "real", lower=0, upper=3000, step=0.01)
    assert describe.record_words(earned, 480.0) == "480"
    assert describe.record_words(earned, 480.5) == "480.50"
    debut = Column("debut_year", "integer", lower=1871, upper=2020)
    assert describe.value_words(debut, 1945) == "1945"
    assert describe.value_words(Column("price", "integer", lower=1500, upper=2000), 1945) == "1945"
    assert Column("income_gt_50k", "boolean").title == "Income over 50k"


def test_a_card_speaks_no_codes_and_no_weights():
    schema = Schema(
        (
            Column("age", "integer", lower=17, upper=90),
            Column("sex", "categorical", ("Female", "Male")),
            Column("fnlwgt", "integer", lower=12_285, upper=1_484_705),
            Column("weight", "integer", lower=40, upper=150),
            Column("education", "categorical", ("HS-grad", "7th-8th", "Masters")),
            Column("education_num", "integer", lower=1, upper=16),
            Column("marital_status", "categorical", ("Married-civ-spouse", "Never-married")),
            Column("workclass", "categorical", ("Private", "Self-emp-not-inc")),
        )
    )
    record = {
        "age": 39,
        "sex": "Male",
        "fnlwgt": 83_311,
        "weight": 80,
        "education": "HS-grad",
        "education_num": 9,
        "marital_status": "Married-civ-spouse",
        "workclass": "Self-emp-not-inc",
    }
    line = describe.schema_line(record, schema)
    assert line == "39 · man · married · high-school graduate"
    school = describe.schema_line({**record, "education": "7th-8th"}, schema)
    assert school == "39 · man · married · 7th–8th grade"
    population = SimpleNamespace(modelled=schema, featured=())
    spoken = dict(describe.highlights(record, population))
    assert spoken == {"Weight": "80", "Workclass": "Self-employed, not incorporated"}


def test_a_card_of_a_health_survey_reads_as_words():
    schema = Schema(
        (
            Column("age", "integer", lower=0, upper=80),
            Column("MaritalStatus", "categorical", ("NeverMarried", "LivePartner")),
            Column("Education", "categorical", ("College Grad", "PhD", "9 - 11th Grade")),
            Column("income", "integer", lower=0, upper=200_000),
            Column("born", "integer", lower=1930, upper=2012),
            Column("Examined", "boolean", label="Took part in the examination"),
            Column("HomeOwn", "categorical", ("Other", "Own", "Rent"), label="Home"),
            Column("HealthGen", "categorical", ("Vgood", "Poor"), label="General health"),
        )
    )
    record = {
        "age": 31,
        "MaritalStatus": "LivePartner",
        "Education": "College Grad",
        "income": 2500,
        "born": 1981,
        "Examined": True,
        "HomeOwn": "Rent",
        "HealthGen": "Vgood",
    }
    line = describe.schema_line(record, schema)
    assert line == "31 · lives with a partner · college graduate"
    assert describe.schema_line({"age": 0}, schema) == "under 1"
    assert describe.schema_line({"Education": "PhD"}, schema) == "PhD"
    spoken = dict(describe.highlights(record, SimpleNamespace(modelled=schema, featured=())))
    assert spoken["Income"] == "2,500" and spoken["Home"] == "Rented"
    assert spoken["General health"] == "Very good" and spoken["Born"] == "1981"
    assert not any("examination" in title for title in spoken)
    other = {**record, "HomeOwn": "Other"}  # a level that names nothing
    assert "Home" not in dict(
        describe.highlights(other, SimpleNamespace(modelled=schema, featured=()))
    )


def test_a_card_says_nothing_again_that_its_line_tells_more_exactly():
    us = load("us-time-use")
    record = us.given().sample(1, seed=4).astype(object).to_dict("records")[0]
    record |= {"education": "associate degree", "has_higher_education": False, "age": 40}
    titles = [title for title, _ in describe.highlights(record, us, count=99)]
    assert "Higher education" not in titles and len(titles) > 3
    assert us.schema["has_higher_education"].kind == "boolean"
