"""Tests of `synth.data.formats`: what is read is written again letter for letter."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.data.digits import MANY
from synth.data.formats import (
    BooleanFormat,
    DateFormat,
    LevelsFormat,
    NumberFormat,
    detect,
    detect_number,
    format_from_json,
    format_to_json,
)
from synth.errors import PopulaceError

NARROW = "\u202f"

KNOWN = [
    (["$1,234.50", "$3.00", "-$5.25"], [1234.5, 3.0, -5.25]),
    (["$-5", "$3"], [-5.0, 3.0]),
    (["12.3%", "5.0%"], [12.3, 5.0]),
    (["12,345", "1", "-7"], [12345.0, 1.0, -7.0]),
    (["1,234,567.5", "2.25"], [1234567.5, 2.25]),
    (["70,5", "3,25"], [70.5, 3.25]),
    (["1,234", "0,5"], [1.234, 0.5]),
    ([f"12{NARROW}345", f"1{NARROW}000"], [12345.0, 1000.0]),
    (["1\u00a0234 €", "5 €"], [1234.0, 5.0]),
    (["1 234", "5"], [1234.0, 5.0]),
    (["1'000.5", "2.5"], [1000.5, 2.5]),
    (["1.234.567,89", "1,00"], [1234567.89, 1.0]),
    (["USD 5", "USD 6.5"], [5.0, 6.5]),
    (["+4", "-3"], [4.0, -3.0]),
    (["5.0", "2.5"], [5.0, 2.5]),
    (["1.2e-05", "0.5"], [1.2e-05, 0.5]),
    (["5", "2.25"], [5.0, 2.25]),
    (["0.00005", "0.1"], [5e-05, 0.1]),  # a decimal stays one,
    (["5e-05", "0.1"], [5e-05, 0.1]),  # an exponent too
    (["5E-05", "0.1"], [5e-05, 0.1]),
    (["1e+05", "99999", "1e-04"], [1e5, 99999.0, 1e-4]),  # as R writes numbers
    (["1.250e+01", "-3.000e-02"], [12.5, -0.03]),  # as numpy.savetxt does
    ([".5", "-.25", "1", "6.17e-06"], [0.5, -0.25, 1.0, 6.17e-06]),  # as Stata does
    (["0.000000012", "1.5"], [1.2e-08, 1.5]),
]


@pytest.mark.parametrize(("texts", "numbers"), KNOWN, ids=lambda value: str(value[0]))
def test_numbers_are_read_and_written_again(texts: list[str], numbers: list[float]) -> None:
    detected = detect(texts)
    assert isinstance(detected, NumberFormat)
    np.testing.assert_array_equal(detected.parse(texts), numbers)
    assert detected.text(np.array(numbers)).tolist() == texts


@pytest.mark.parametrize(
    "texts",
    [
        ["+44", "+1"],
        ["1E5", "3"],
        ["1.1", "1.10"],
        ["250.0", "250.00"],
        ["007", "012"],
        ["-0", "1"],
        ["1,23", "1,234,5"],
        ["$5", "€5"],
        ["12 kg", "13 kg"],
        ["2020-02-30"],
        ["AB-1"],
        ["inf", "1"],
        ["1e400", "1"],
        [""],
        [],
    ],
)
def test_what_cannot_be_written_again_is_no_format(texts: list[str]) -> None:
    assert detect(texts) is None


def test_the_decimal_sign_of_a_file_settles_what_a_comma_is() -> None:
    texts = ["12,345", "13,200"]
    detected = detect(texts, decimal=",")
    assert detected == NumberFormat(decimal=",", decimals=3)
    assert detect(texts) == NumberFormat(thousands=",")


def test_zeros_in_front_are_codes_unless_they_are_asked_for() -> None:
    assert detect_number(["007", "012"]) is None
    detected = detect_number(["007", "-12"], padded=True)
    assert detected == NumberFormat(width=3)
    assert detected.text(np.array([5.0, -5.0, 123.0, 1234.0])).tolist() == [
        "005",
        "-05",
        "123",
        "1234",
    ]
    money = NumberFormat(prefix="$", decimals=2, width=8)
    assert money.text(np.array([1.5, -22.0])).tolist() == ["$0001.50", "-$022.00"]


def test_missing_numbers_have_no_text() -> None:
    result = NumberFormat(suffix="%", decimals=1)
    assert result.text(np.array([1.0, np.nan])).tolist() == ["1.0%", None]


@pytest.mark.parametrize(
    ("words", "format"),
    [
        (["Yes", "No"], BooleanFormat("No", "Yes")),
        (["no", "yes"], BooleanFormat("no", "yes")),
        (["TRUE"], BooleanFormat("FALSE", "TRUE")),
        (["Oui", "Non"], BooleanFormat("Non", "Oui")),
        (["Y", "N"], BooleanFormat("N", "Y")),
    ],
)
def test_the_words_for_yes_and_no(words: list[str], format: BooleanFormat) -> None:
    assert detect(words) == format
    assert format.text(format.parse(words)).tolist() == words
    assert format.text(np.array([np.nan])).tolist() == [None]


def test_words_in_several_spellings_are_levels() -> None:
    assert detect(["Yes", "yes", "no"]) is None
    assert detect(["Yes", "no"]) is None


def test_days() -> None:
    texts = ["1969-12-31", "1970-01-01", "2020-02-29"]
    detected = detect(texts)
    assert detected == DateFormat()
    assert detected.parse(texts).tolist() == [-1.0, 0.0, 18321.0]
    assert detected.text(np.array([-1.0, 0.0, 18321.0, np.nan])).tolist() == [*texts, None]


@pytest.mark.parametrize(
    "format",
    [
        BooleanFormat("No", "Yes"),
        NumberFormat(),
        NumberFormat("$", " kg", ",", ".", 2, 9, True, True),
        DateFormat(),
        LevelsFormat((1, "a", True, 2.5), ordered=True),
    ],
)
def test_json_keeps_a_format(format: object) -> None:
    assert format_from_json(format_to_json(format)) == format  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"kind": "nothing"},
        {"kind": "number", "colour": "red"},
        {"kind": "number", "decimals": "two"},
        {"kind": "number", "decimals": 99},
        {"kind": "boolean"},
        {"kind": "boolean", "no": 1, "yes": 2},
        {"kind": "date", "unit": "fortnight"},
        {"kind": "levels", "categories": [[1]]},
    ],
)
def test_a_damaged_format_is_refused_by_name(value: object) -> None:
    with pytest.raises(PopulaceError, match="Column x has a format"):
        format_from_json(value, "x")


@st.composite
def formats(draw: st.DrawFn) -> NumberFormat:
    decimal = draw(st.sampled_from([".", ","]))
    gaps = [gap for gap in ("", ",", ".", " ", "'", NARROW, "\u00a0") if gap != decimal]
    return NumberFormat(
        prefix=draw(st.sampled_from(["", "$", "€ ", "CHF "])),
        suffix=draw(st.sampled_from(["", "%", " €", "\u00a0%"])),
        thousands=draw(st.sampled_from(gaps)),
        decimal=decimal,
        decimals=draw(st.integers(0, 4)),
        width=draw(st.sampled_from([0, 6])),
        plus=draw(st.booleans()),
        sign_inside=draw(st.booleans()),
        notation=draw(st.sampled_from(["auto", "plain"])),
        zero=draw(st.booleans()),
    )


@given(formats(), st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(0, 4))
def test_every_number_reads_back_as_itself(
    form: NumberFormat, whole: list[int], digits: int
) -> None:
    if form.width and form.thousands:
        return  # zeros in front are not grouped
    numbers = np.array(whole) / 10**digits
    texts = form.arrow(numbers)
    np.testing.assert_array_equal(form.parse(texts), numbers + 0.0)


@given(formats(), st.lists(st.integers(-(10**9), 10**9), min_size=1), st.integers(0, 4))
def test_what_was_written_is_detected_and_written_alike(
    form: NumberFormat, whole: list[int], digits: int
) -> None:
    if form.width:
        return
    texts = pa.array(sorted(set(form.text(np.array(whole) / 10**digits))), pa.string())
    detected = detect(texts, decimal=form.decimal)
    if detected is not None:
        assert isinstance(detected, NumberFormat)
        assert detected.arrow(detected.parse(texts)).to_pylist() == texts.to_pylist()


@settings(max_examples=30)
@given(
    formats(),
    st.lists(st.integers(-(10**9), 10**9), min_size=1),
    st.integers(0, 6),
    st.booleans(),
)
def test_a_long_column_is_written_as_a_short_one(
    form: NumberFormat, whole: list[int], places: int, is_whole: bool
) -> None:
    few = np.array(whole, dtype=np.int64)
    numbers = few if is_whole else np.append(few / 10**places, np.nan)
    many = np.tile(numbers, MANY // len(numbers) + 1)
    compiled = form._arrow(many)
    assert compiled.slice(0, len(numbers)).equals(form.arrow(numbers))
    assert form.arrow(many).equals(compiled)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_plain_text_is_exact_for_every_float(values: list[float]) -> None:
    numbers = np.array(values) + 0.0
    form = NumberFormat()
    np.testing.assert_array_equal(form.parse(form.arrow(numbers)), numbers)


@pytest.mark.parametrize(
    ("seen", "new", "text"),
    [
        (["0.12345", "0.5"], 0.00005, "0.00005"),
        (["0.12345", "1e-06"], 0.00005, "5e-05"),
        ([".1234567", "0"], -0.00005, "-.00005"),
        (["1e+05", "0.5"], 200_000, "2e+05"),
        (["1.50e+00", "2.25e+00"], 0.00005, "5.00e-05"),
        (["1.50E+00", "2.25E-01"], 0.00005, "5.00E-05"),
    ],
)
def test_small_numbers_that_nobody_had_are_written_as_the_others(
    seen: list[str], new: float, text: str
) -> None:
    detected = detect_number(seen)
    assert detected is not None
    assert detected.text(np.array([new])).tolist() == [text]


def test_a_zero_below_zero_keeps_no_column_from_being_numbers() -> None:
    detected = detect_number(["-0.0", "1.5", "-2.0"])
    assert detected == NumberFormat(decimals=1)
    assert detected.text(np.array([-0.0])).tolist() == ["0.0"]
    assert detect_number(["-0.0", "1.5", "2.50"]) is None
