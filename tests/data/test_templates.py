"""Made identifiers, names and contact data: unique, in shape, nobody's, and repeatable."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.data import templates as module
from synth.data.templates import (
    PATTERN,
    RealValues,
    Template,
    learn_template,
    make,
    parse_spec,
    permuted,
    shapes_of,
    suggestion,
)
from synth.errors import PopulaceError

RNG = np.random.default_rng(0)
ROWS = 300
GENDER = pd.Series(RNG.choice(["female", "male"], ROWS))
FIRST = pd.Series(RNG.choice(["Mary", "Anna", "John", "Paul"], ROWS))
LAST = pd.Series(RNG.choice(["Smith", "Jones", "Brown"], ROWS))
REAL = {
    "nhs": pd.Series(RNG.choice(np.arange(10**9, 10**10, 1234567), ROWS, replace=False)),
    "code": pd.Series([f"AB-{i:05}" for i in RNG.permutation(99_999)[:ROWS]]),
    "name": FIRST + " " + LAST,
    "mail": pd.Series([f"p{i}@home.org" for i in range(ROWS)]),
    "phone": pd.Series([f"+44 20 {i:04} {j:04}" for i, j in RNG.integers(0, 9999, (ROWS, 2))]),
}
SPECS = {
    "nhs": "pattern",
    "code": "pattern",
    "name": "faker:name",
    "mail": "faker:email",
    "phone": "pattern",
}


def learned(**specs):
    gender = "gender"
    return tuple(
        learn_template(REAL[name].rename(name), spec, gender=gender)[0]
        for name, spec in (specs or SPECS).items()
    )


def frame(rows, start=0):
    words = np.array(["female", "male"])[(np.arange(start, start + rows) // 3) % 2]
    return pd.DataFrame({"gender": pd.Categorical(words, ["female", "male"])})


@pytest.fixture(scope="module")
def frame_of_shapes():
    return make(learned(), frame(5000), 7, 0)


def test_values_have_the_learned_shapes(frame_of_shapes):
    assert frame_of_shapes["nhs"].dtype == np.int64
    assert frame_of_shapes["nhs"].between(10**9, 10**10 - 1).all()
    assert frame_of_shapes["code"].str.fullmatch(r"AB-\d{5}").all()
    assert frame_of_shapes["phone"].str.fullmatch(r"\+44 20 \d{4} \d{4}").all()
    assert frame_of_shapes["mail"].str.fullmatch(r"[a-z.]+\d+@example\.(org|com|net)").all()
    assert frame_of_shapes["name"].str.fullmatch(r"\S+ .+").all()


@pytest.mark.parametrize("name", ["nhs", "code", "mail", "phone"])
def test_no_value_comes_twice(frame_of_shapes, name):
    assert frame_of_shapes[name].is_unique


@pytest.mark.parametrize("name", list(SPECS))
def test_nobody_gets_a_real_persons_value(frame_of_shapes, name):
    real = {str(value) for value in REAL[name]}
    assert not real & {str(value) for value in frame_of_shapes[name]}


def test_a_small_space_never_gives_a_real_value():
    """Real values fill half of the space; what comes out is of the other half."""
    real = pd.Series([f"K{i}" for i in range(500)], name="k").sample(250, random_state=1)
    template, note = learn_template(real, "pattern")
    assert "room for 125 different people" in note or "room for" in note
    assert not template.is_unique
    try:
        out = set(make((template,), frame(400), 3, 0)["k"])
    except PopulaceError as error:
        assert "too few values that nobody real has" in str(error)
    else:
        assert not out & set(real)


def test_when_all_values_are_taken_it_is_said():
    real = pd.Series([f"K{i}" for i in range(10)] * 5, name="k")
    template, _ = learn_template(real, "pattern")
    with pytest.raises(PopulaceError, match="Column k has too few values that nobody real has"):
        make((template,), frame(50), 3, 0)


def test_person_i_is_the_same_whatever_is_drawn_around_them(frame_of_shapes):
    for start, rows in ((0, 10), (997, 40), (4999, 1), (123, 0)):
        part = make(learned(), frame(rows, start), 7, start)
        whole = frame_of_shapes.iloc[start : start + rows].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, whole, check_categorical=False)
    assert (make(learned(), frame(50), 8, 0)["nhs"] != frame_of_shapes["nhs"][:50]).all()


def test_names_follow_gender_and_mail_follows_the_name(frame_of_shapes):
    from faker.providers.person.en_US import Provider

    first = frame_of_shapes["name"].str.split(" ").str[0]
    women = set(Provider.first_names_female)
    men = set(Provider.first_names_male)
    assert set(first[frame_of_shapes["gender"] == "female"]) <= women
    assert set(first[frame_of_shapes["gender"] == "male"]) <= men
    expected = (
        frame_of_shapes["name"].str.lower().str.replace(r"[^a-z ]", "", regex=True).str.split(" ")
    )
    assert all(
        mail.startswith(f"{words[0]}.{words[1]}")
        for mail, words in zip(frame_of_shapes["mail"], expected, strict=True)
    )


def test_first_and_last_names_never_join_to_a_real_person():
    values = {"first": (FIRST, "faker:first_name"), "last": (LAST, "faker:last_name")}
    templates = [
        learn_template(series.rename(name), spec, gender="gender", others=FIRST)[0]
        for name, (series, spec) in values.items()
    ]
    out = make(templates, frame(20_000), 1, 0)
    assert not set(FIRST + " " + LAST) & set(out["first"] + " " + out["last"])


@pytest.mark.parametrize("provider", ["address", "street", "city", "postcode", "iban", "company"])
def test_faker_speaks_the_asked_language(provider):
    real = pd.Series([f"x{i}" for i in range(20)], name="c")
    out = [
        make((learn_template(real, f"faker:{provider}:{locale}")[0],), frame(20), 1, 0)["c"]
        for locale in ("de_DE", "fr_FR")
    ]
    assert (out[0] != out[1]).any() and not out[0].str.contains("\n").any()
    if provider == "iban":
        assert out[0].str.startswith("DE").all() and out[1].str.startswith("FR").all()


def test_missing_values_are_as_frequent():
    real = REAL["nhs"].astype("Int64").mask(pd.Series(range(ROWS)) % 4 == 0).rename("n")
    template, _ = learn_template(real, "pattern")
    out = make((template,), frame(4000), 1, 0)["n"]
    assert str(out.dtype) == "Int64" and 0.22 < out.isna().mean() < 0.28


def test_json_keeps_everything_and_no_value():
    for template in learned():
        text = json.dumps(template.to_json())
        assert Template.from_json(json.loads(text)) == template
        for value in REAL[template.name].astype(str):
            assert value not in text


@pytest.mark.parametrize(
    "damage",
    [
        {"provider": "os.system"},
        {"locale": "../../x"},
        {"shapes": [[["a" * 9000], 1.0]]},
        {"shapes": []},
        {"shapes": [[["a"] * 301, 1.0]]},
        {"real": {"salt": "x", "bits": 99, "hashes": ""}},
        {"real": {"salt": "x", "bits": 16, "hashes": "AAAA"}},
        {"missing": "often"},
    ],
)
def test_damaged_json_is_refused(damage):
    value = learned(code="pattern")[0].to_json() | damage
    with pytest.raises((ValueError, TypeError, KeyError)):
        Template.from_json(value)


@given(st.integers(1, 2**62), st.integers(0, 2**60), st.integers(0, 2**63))
@settings(max_examples=60)
def test_the_permutation_is_one(size, start, key):
    count = min(size, 300)
    start = start % (size - count + 1)
    out = permuted(np.uint64(key), np.arange(start, start + count, dtype=np.uint64), size)
    assert len(np.unique(out)) == count and (out < size).all()


@pytest.mark.parametrize("size", [1, 2, 3, 10, 255, 256, 257, 1000])
def test_the_permutation_reaches_everything(size):
    out = permuted(np.uint64(5), np.arange(size, dtype=np.uint64), size)
    assert sorted(out.tolist()) == list(range(size))


def test_hashes_hide_the_real_values():
    """One in about 256 of the other values looks real too, so trying them all tells nothing."""
    real = [f"{i:010}" for i in RNG.choice(10**10, 1000, replace=False)]
    kept = RealValues.of(real, "salt")
    assert kept.have(real).all()
    others = [f"{i:010}" for i in RNG.choice(10**10, 60_000, replace=False)]
    assert 1 / 1100 < kept.have(others).mean() < 1 / 128
    assert RealValues.of(real, "other").hashes != kept.hashes


@pytest.mark.parametrize("text", ["Smith, Mary", "mary smith", "MARY  SMITH", "Mary-Smith"])
def test_the_same_name_in_other_clothes_is_the_same(text):
    assert RealValues.of(["Mary Smith"], "s").have([text]).all()


@pytest.mark.parametrize(
    ("texts", "shape"),
    [
        ([f"AB-{i:04}" for i in range(100)], "AB-0000"),
        (
            [f"{a}{b}{i:03}" for i in range(100) for a, b in [("QWERTY"[i % 6], "ASDFGH"[i % 5])]],
            "AA000",
        ),
        ([f"id{i:03}" for i in range(100)], "id000"),
        ([f"{i:02}/{i % 7}" for i in range(60)], "00/0"),
        (["x" * i for i in range(1, 30)], None),
        (["odd", "one", "out"], None),
    ],
)
def test_shapes(texts, shape):
    result = shapes_of(texts)
    assert (str(result[0]) if result else None) == shape


def test_a_rare_shape_or_letter_is_not_kept():
    texts = [f"A{i:03}" for i in range(200)] + ["Ñ777"] + ["SECRET"] * 4
    result = shapes_of(texts)
    assert len(result) == 1
    assert "Ñ" not in "".join(result[0].places)


@pytest.mark.parametrize(
    ("spec", "word"),
    [
        ("", "pattern, or faker:"),
        ("faker", "pattern, or faker:"),
        ("faker:os", "pattern, or faker:"),
        ("pattern:x", "pattern, or faker:"),
        ("faker:name:deutsch", "no locale"),
        ("eval(1)", "pattern, or faker:"),
    ],
)
def test_other_specifications_are_refused(spec, word):
    with pytest.raises(PopulaceError, match=word):
        parse_spec(spec, "c")


def test_a_locale_without_names_is_refused():
    with pytest.raises(PopulaceError, match="no names for the locale xx_XX"):
        learn_template(REAL["name"].rename("name"), "faker:name:xx_XX")
    with pytest.raises(PopulaceError, match="no locale xx_XX"):
        learn_template(REAL["name"].rename("name"), "faker:company:xx_XX")


@pytest.mark.parametrize(
    ("name", "values", "spec"),
    [
        ("nhs", REAL["nhs"], "pattern"),
        ("E-Mail", REAL["mail"], "faker:email"),
        ("contact", REAL["mail"], "faker:email"),
        ("full_name", REAL["name"], "faker:name"),
        ("Surname", LAST, "faker:last_name"),
        ("phone", REAL["phone"], "pattern"),
        ("iban", REAL["code"], "faker:iban"),
        ("remarks", pd.Series([f"something {'long ' * i}" for i in range(30)]), ""),
        ("level", pd.Series(["a", "b"] * 50), ""),
        ("nothing", pd.Series([None] * 50), ""),
    ],
)
def test_what_is_suggested(name, values, spec):
    assert suggestion(name, values) == spec


def test_patterns_of_a_million_people_stay_unique():
    (template,) = learned(nhs=PATTERN)
    out = make((template,), pd.DataFrame(index=range(200_000)), 0, 10**6 - 200_000)["nhs"]
    first = make((template,), pd.DataFrame(index=range(200_000)), 0, 0)["nhs"]
    assert not set(out) & set(first) and out.is_unique and first.is_unique


def test_room_is_what_the_shape_holds():
    assert learned(code=PATTERN)[0].room == 10**5 // module.ATTEMPTS
    assert re.search(r"no value twice among the first 12,500 people", str(learned(code=PATTERN)[0]))
