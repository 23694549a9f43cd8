import json
import math
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.data.column import Column
from synth.data.schema import Schema, infer_with_notes
from synth.data.wording import hint, number_text
from synth.errors import PopulaceError


def inferred(values, **options):
    frame = pd.DataFrame({"x": values, "other": [i % 2 for i in range(len(values))]}, **options)
    return Schema.infer(frame)["x"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 1, 2, 3], Column("x", "integer", lower=1, upper=3, step=1)),
        ([3.0, None, 2.0], Column("x", "integer", missing=True, lower=2, upper=3, step=1)),
        ([0.5, 1.0, 2.5], Column("x", "real", lower=0.5, upper=2.5, step=0.5)),
        ([0.25, 1.0, 2.5], Column("x", "real", lower=0.25, upper=2.5, step=0.25)),
        ([0.1, 0.71, 12.34], Column("x", "real", lower=0.1, upper=12.34, step=0.01)),
        ([True, False, True], Column("x", "boolean")),
        ([True, None, False], Column("x", "boolean", missing=True)),
        (["Yes", "No", None], Column("x", "boolean", missing=True)),
        (["b", "a", "C"], Column("x", "categorical", ("a", "b", "C"))),
        (["b", "a", "missing"], Column("x", "categorical", ("a", "b"), missing=True)),
        (["b", " a ", ""], Column("x", "categorical", ("a", "b"), missing=True)),
        (
            ["10–19", "< 5", "5–9", "20+"],
            Column("x", "categorical", ("< 5", "5–9", "10–19", "20+")),
        ),
        (["1", "3+", "2"], Column("x", "categorical", ("1", "2", "3+"))),
        (["$10k", "$9k", "> $10k"], Column("x", "categorical", ("$9k", "$10k", "> $10k"))),
    ],
)
def test_kinds_levels_bounds_and_steps_are_found(values, expected):
    result = inferred(values)
    assert Schema((result,)).canonical == Schema((expected,))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], "integer"),
        ([1, 2.5, None], "real"),
        ([Decimal("1.5"), Decimal("2"), None], "real"),
        ([True, False, None], "boolean"),
        ([1, "a", None], "categorical"),
    ],
)
def test_objects_are_told_by_what_they_hold(values, kind):
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    schema = Schema.infer(frame)
    assert schema["x"].kind == kind
    assert schema.conform(frame)["x"].isna().tolist() == [False, False, True]


def test_whole_numbers_are_wide_enough_to_reckon_with():
    frame = pd.DataFrame({"x": [-128.0, 5.0, None], "y": [-128, 5, 0]})
    schema = Schema.infer(frame)
    canonical = schema.conform(frame)
    assert [str(dtype) for dtype in canonical.dtypes] == ["Int64", "int64"]
    assert [schema[name].dtype for name in canonical] == list(canonical.dtypes)


def test_an_ordered_category_keeps_its_order_and_a_plain_one_is_sorted():
    words = ["mid", "low", "high", "low"]
    ordered = pd.Categorical(words, ["low", "mid", "high"], ordered=True)
    assert inferred(ordered).levels == ("low", "mid", "high")
    assert inferred(pd.Categorical(words, ["low", "mid", "high"])).levels == ("high", "low", "mid")


def test_unused_categories_are_not_levels():
    assert inferred(pd.Categorical(["a", "b"], ["a", "b", "c"])).levels == ("a", "b")


def test_single_precision_is_read_as_the_decimals_that_were_measured():
    frame = pd.DataFrame({"pay": np.array([740.38, 12.5, np.nan, 99.99], dtype=np.float32)})
    schema = Schema.infer(frame)
    assert schema["pay"].step == 0.01
    assert schema["pay"].decimals == 2
    assert schema.conform(frame)["pay"].tolist()[:2] == [740.38, 12.5]


def test_a_continuous_column_has_a_step_of_a_millionth_of_its_spread():
    values = np.random.default_rng(0).normal(0, 3, 1000)
    step = inferred(values).step
    spread = np.subtract(*np.quantile(values, [0.75, 0.25]))
    assert spread * 1e-7 < step <= spread * 1e-6
    assert math.log10(step).is_integer()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([None, None, None], "no values"),
        (["a", "a", "a"], "always 'a'"),
        ([4, 4, 4], "always '4'"),
        ([True, True], "always 'yes'"),
        ([[1], [2]], "lists"),
        ([b"a", b"b"], "bytes"),
        ([f"user {i}" for i in range(60)], "identifier"),
        (range(100, 160), "identifier"),
        ([f"level {i % 1001}" for i in range(5000)], "identifier"),
        ([f"{i} " + "word " * 20 for i in range(80)], "free text"),
    ],
)
def test_what_cannot_be_learned_from_is_left_out_with_a_note(values, words):
    frame = pd.DataFrame({"x": values, "other": [i % 2 for i in range(len(values))]})
    schema, notes = infer_with_notes(frame)
    assert schema["x"].role == "skip"
    assert schema.modelled.names == ("other",)
    (note,) = notes
    assert note.startswith("Column x ")
    assert words in note
    assert list(schema.conform(frame)) == ["other"]


def test_distinct_whole_numbers_are_a_key_only_when_they_run_or_are_named_so():
    values = np.random.default_rng(0).permutation(1_000_000)[:100]
    frame = pd.DataFrame({"income": values, "person_id": values})
    schema = Schema.infer(frame)
    assert (schema["income"].role, schema["person_id"].role) == ("model", "skip")


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "column a is there twice"),
        (pd.DataFrame([[1, 2]], columns=["a", " "]), "Column 2 has no name"),
        (pd.DataFrame([[1, 2]]), "Column 1 has no name in words"),
        (pd.DataFrame({"a\u202eb": [1, 2]}), "U+202E"),
        (pd.DataFrame({"a\x00b": [1, 2]}), "U+0000"),
        (pd.DataFrame({"a" * 201: [1, 2]}), "201 characters"),
        (
            pd.DataFrame({"pay": [1.0, np.inf]}),
            "Column pay holds a number without bounds (inf) in row 2",
        ),
        (pd.DataFrame({"pay": [1.0, -1e308]}), "Column pay holds a number without bounds"),
        (pd.DataFrame({"x": ["a\u202eb", "c"]}), "Column x holds an invisible control character"),
        (
            pd.DataFrame({"age": [*map(str, range(90)), "unknown"]}),
            "Column age mixes numbers with texts such as 'unknown' (row 91)",
        ),
        (pd.DataFrame({"age": [*range(90), "old"]}), "such as 'old' (row 91)"),
    ],
)
def test_what_cannot_be_understood_is_an_error_that_names_the_column(frame, words):
    with pytest.raises(PopulaceError) as error:
        Schema.infer(frame)
    assert words in str(error.value)
    assert str(error.value).endswith(".")


def test_emoji_names_are_fine():
    assert Schema.infer(pd.DataFrame({"😀": [1, 2]})).names == ("😀",)


def test_canonical_types():
    frame = pd.DataFrame(
        {
            "word": ["b", None, "a"],
            "flag": [True, False, True],
            "maybe": [True, None, False],
            "count": [1, 200, 3],
            "gap": [1.0, None, 70_000.0],
            "pay": [1.5, 2.25, None],
        }
    )
    schema = Schema.infer(frame)
    canonical = schema.conform(frame)
    assert {name: str(dtype) for name, dtype in canonical.dtypes.items()} == {
        "word": "category",
        "flag": "bool",
        "maybe": "boolean",
        "count": "int64",
        "gap": "Int64",
        "pay": "float64",
    }
    for column in schema:
        assert canonical[column.name].dtype == column.dtype
    assert canonical["word"].cat.codes.tolist() == [1, -1, 0]
    pd.testing.assert_frame_equal(schema.conform(canonical), canonical)


def test_a_corrected_kind_is_obeyed():
    frame = pd.DataFrame(
        {"top": [1, 2, 10, 2], "flag": [0, 1, 1, 0], "code": ["7", "8", "9", None]}
    )
    schema = Schema.infer(frame).changed("top", kind="categorical").changed("flag", kind="boolean")
    schema = schema.changed("code", kind="integer").completed(frame)
    assert schema["top"].levels == ("1", "2", "10")
    canonical = schema.conform(frame)
    assert canonical["top"].tolist() == ["1", "2", "10", "2"]
    assert canonical["flag"].tolist() == [False, True, True, False]
    assert canonical["code"].dropna().tolist() == [7, 8, 9]
    assert schema["code"].missing


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        (Column("x", "categorical", ("married", "single")), ["maried"], "did you mean married?"),
        (Column("x", "categorical", ("a", "b")), ["a", None], "missing value (row 2)"),
        (Column("x", "boolean"), ["perhaps"], "'perhaps' (row 1)"),
        (Column("x", "integer"), [1.5], "1.5 in row 1"),
        (Column("x", "integer"), ["1", "many"], "'many' in row 2"),
        (Column("x", "real"), [0.5, None], "missing value (row 2)"),
        (Column("y", "real"), [0.5], "no column y"),
    ],
)
def test_conform_refuses_what_the_schema_does_not_allow(column, values, words):
    with pytest.raises(PopulaceError) as error:
        Schema((column,)).conform(pd.DataFrame({"x": values}))
    assert words in str(error.value)
    assert column.name in str(error.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "number"}, "kind 'number'"),
        ({"role": "key"}, "role 'key'"),
        ({"levels": ("a", "a")}, "twice"),
        ({"levels": ("a", "missing")}, "stands for missing values"),
        ({"kind": "integer", "levels": ("a",)}, "leave the levels out"),
        ({"kind": "boolean", "levels": ("a", "b")}, "levels of its own"),
        ({"kind": "real", "lower": 2.0, "upper": 1.0}, "swap them"),
        ({"kind": "real", "step": 0.0}, "above zero"),
    ],
)
def test_a_column_that_contradicts_itself_is_refused(changes, words):
    with pytest.raises(PopulaceError, match=words):
        Column(**({"name": "x", "kind": "categorical"} | changes))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", '"columns"'),
        ('{"columns": [{}]}', '"name"'),
        ('{"columns": [{"name": "x"}]}', "no kind"),
        ('{"columns": [{"name": "x", "kind": "real", "setp": 1}]}', "did you mean step?"),
        ('{"columns": [{"name": "x", "kind": "categorical", "levels": [1]}]}', "not texts"),
        ('{"columns": [{"name": "x", "kind": "real", "lower": "a"}]}', "use a number"),
        ('{"columns": [{"name": "x", "kind": "real", "missing": 1}]}', "not true or false"),
        (
            '{"columns": [{"name": "x", "kind": "real"}, {"name": "x", "kind": "real"}]}',
            "there twice",
        ),
    ],
)
def test_a_broken_schema_file_is_explained(text, words):
    with pytest.raises(PopulaceError) as error:
        Schema.from_json(text)
    assert words in str(error.value)


def test_titles():
    assert Column("has_children", "boolean").title == "Has children"
    assert Column("top1", "boolean").title == "Top 1"
    assert Column("x", "boolean", label="An x").title == "An x"


def test_number_text():
    assert [number_text(v) for v in (30.0, -0.0, 0.1, 1e20, 740.38)] == [
        "30",
        "0",
        "0.1",
        "1e+20",
        "740.38",
    ]


def test_hints():
    assert hint("agee", ["gender", "age"]) == ": did you mean age?"
    assert hint("q", ["a", "b"]) == ": use a or b."
    assert hint("q", []) == "."
    assert hint("q", [f"l{i}" for i in range(9)]).endswith("… (9 in all).")


names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs"]), min_size=1, max_size=20
).filter(str.strip)
levels = st.lists(names.filter(lambda t: t != "missing"), min_size=1, unique=True).map(tuple)
numbers = st.floats(-1e9, 1e9, allow_nan=False)


@st.composite
def columns(draw, name):
    kind = draw(st.sampled_from(["categorical", "boolean", "integer", "real"]))
    lower, upper = sorted((draw(numbers), draw(numbers)))
    is_number = kind in ("integer", "real")
    return Column(
        name,
        kind,
        levels=draw(levels) if kind == "categorical" else (),
        missing=draw(st.booleans()),
        lower=lower if is_number else None,
        upper=upper if is_number else None,
        step=draw(st.sampled_from([1.0, 0.5, 0.01])) if is_number else None,
        role=draw(st.sampled_from(["model", "weight", "apart", "skip"])),
        label=draw(st.text(max_size=10)),
    )


@given(
    st.lists(names, min_size=1, max_size=5, unique=True).flatmap(
        lambda columns_drawn: st.tuples(*(columns(name) for name in columns_drawn))
    )
)
def test_json_round_trip(columns_drawn):
    schema = Schema(columns_drawn)
    assert Schema.from_json(json.dumps(schema.to_json())) == schema


values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary())


@given(st.dictionaries(st.text(), st.lists(values, min_size=3, max_size=3), max_size=4))
def test_any_small_frame_is_understood_or_refused_in_one_sentence(data):
    frame = pd.DataFrame(data, index=range(3), dtype=object)
    try:
        schema = Schema.infer(frame)
        canonical = schema.conform(frame)
    except PopulaceError as error:
        assert "\n" not in str(error)
    else:
        assert len(canonical) == 3
        pd.testing.assert_frame_equal(schema.conform(canonical), canonical)


def test_multiples_of_the_step_stay_exact_where_a_few_values_are_far_away():
    """Without a limit, indices overflow and people of −9.2e18 steps are drawn."""
    from synth.bayes import learn
    from synth.data.table import make_table

    tiny = np.random.default_rng(0).normal(0, 1e-16, 60)
    table = make_table(
        pd.DataFrame({"v": np.append(tiny, [1e6, 2e6, -3e6]), "k": ["a", "b", "c"] * 21})
    )
    assert 3e6 / table.schema["v"].step <= 2**53
    drawn = learn(table).given().sample(500, seed=1)["v"]
    assert drawn.between(-3e6, 2e6).all()


def test_a_column_of_nothing_but_infinity_is_refused():
    with pytest.raises(PopulaceError, match="x holds only numbers without bounds"):
        Schema.infer(pd.DataFrame({"x": pd.Series([None, None, np.inf], dtype=object)}))
