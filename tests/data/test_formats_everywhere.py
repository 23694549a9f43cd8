"""Every format there is, by CSV and by Parquet: read, made canonical, written, read again, alike.

What people are drawn as goes this way whoever learned them, so nothing needs to be learned here:
the table itself takes the place of its people, and must come out as it went in.
"""

import io
from datetime import time
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from synth.data.durations import DurationFormat
from synth.data.formats import NumberFormat
from synth.data.schema import Schema
from synth.data.table import make_table, read_frame
from synth.data.writers import write_csv, write_parquet
from synth.data.written import restore, written_table
from synth.fitting import simple

ROWS = 60
BOOLEANS = [
    ("No", "Yes"), ("no", "yes"), ("N", "Y"), ("n", "y"), ("FALSE", "TRUE"), ("False", "True"),
    ("false", "true"), ("non", "oui"), ("Nein", "Ja"), ("F", "T"), ("off", "on"), ("não", "sim"),
]  # fmt: skip
PATTERNS = [
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%B %d, %Y", "%Y%m%d", "%Y-%m",
    "%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%m/%d/%Y %I:%M %p", "%H:%M",
    "%H:%M:%S",
]  # fmt: skip
SPANS = [
    ("days and time", "s"), ("HH:MM:SS", "s"), ("H:MM", "m"), ("ISO", "s"), ("days", "D"),
    ("Python", "s"), ("days and time", "ms"),
]  # fmt: skip
ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata"]
LAYOUTS = [("", "."), (",", "."), ("", ","), (".", ","), (" ", ","), ("\u202f", ","), ("'", ".")]
DTYPES = ["int8", "uint16", "int64", "Int64", "Int16", "float32", "Float64", "float64", "bool"]
WORDS = ["NA", "N/A", "null", "-", "missing"]


@st.composite
def numbers(draw: st.DrawFn) -> np.ndarray:
    """Texts of numbers in some format."""
    gap, decimal = draw(st.sampled_from(LAYOUTS))
    decimals = draw(st.integers(1, 3))
    form = NumberFormat(
        prefix=draw(st.sampled_from(["", "$", "€ ", "USD "])),
        suffix=draw(st.sampled_from(["", "%", " €", "\u00a0%"])),
        thousands=gap,
        decimal=decimal,
        decimals=decimals,
        zero=draw(st.sampled_from([True, True, False])) or bool(gap),
    )
    if draw(st.booleans()) and form.is_plain:
        form = draw(
            st.sampled_from(
                [
                    NumberFormat(decimals=1, notation="plain"),
                    NumberFormat(notation="short"),
                    NumberFormat(decimals=3, notation="scientific"),
                    NumberFormat(decimals=2, notation="scientific", mark="E"),
                ]
            )
        )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = 10.0 ** draw(st.integers(-7, 5)) if form.notation != "auto" else 10.0**5
    values = random.uniform(-size, size, ROWS)
    if form.notation == "auto":
        return form.text(values.round(decimals) + 0.0)
    if form.notation == "scientific":
        return form.text(values)
    return form.text(np.array([float(f"{value:.4g}") for value in values]))


@st.composite
def moments(draw: st.DrawFn) -> list[str]:
    """Texts of dates or times in some pattern."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pattern = draw(st.sampled_from(PATTERNS))
    stamps = pd.to_datetime(random.integers(0, 1_600_000_000, ROWS), unit="s")
    return list(stamps.strftime(pattern))


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """People with texts in any format, and columns of any dtype."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(DTYPES))
    no, yes = draw(st.sampled_from(BOOLEANS))
    spans = DurationFormat(*draw(st.sampled_from(SPANS))).text(random.permutation(ROWS) * 1741)
    clock = random.integers(0, 24, ROWS) * 100 + random.integers(0, 60, ROWS)
    plain = random.integers(0, 2 if kind == "bool" else 100, ROWS)
    frame = pd.DataFrame(
        {
            "amount": pd.Series(draw(numbers()), dtype="str"),
            "moment": pd.Series(draw(moments()), dtype="str"),
            "truth": pd.Series(np.where(random.random(ROWS) < 0.4, no, yes), dtype="str"),
            "code": random.choice(["007", "012", "1E5", "+44", "-", "@home"], ROWS),
            "place": random.choice(["NA", "EU", "AS"], ROWS),
            "plain": pd.Series(plain).astype(kind),
            "stay": pd.Series(spans, dtype="str"),
            "dep_time": clock if draw(st.booleans()) else [f"{each:04d}" for each in clock],
        }
    )
    if draw(st.booleans()):
        frame.loc[::7, draw(st.sampled_from(["amount", "moment", "truth"]))] = draw(
            st.sampled_from(["", *WORDS[:3]])
        )
    return frame


def extra(random: np.random.Generator) -> dict[str, object]:
    """What only a file with types can hold."""
    units = {unit: np.datetime64("2001-02-03T04:05", unit) for unit in ("s", "ms", "us")}
    many = random.integers(0, 5, ROWS)
    zone, scale = str(random.choice(ZONES)), int(random.integers(0, 6))
    return {
        "rank": pd.Categorical(random.choice(["low", "high"], ROWS), ["low", "mid", "high"], True),
        "number": pd.Categorical.from_codes(many % 3, [10, 20, 30]),
        **{unit: moment + many.astype(f"timedelta64[{unit}]") for unit, moment in units.items()},
        "zone": pd.to_datetime(1_600_000_000 + 3_600 * many, unit="s", utc=True).tz_convert(zone),
        "decimal": [Decimal(int(each)).scaleb(-scale) for each in random.integers(-99, 9999, ROWS)],
        "span": (many * 3600).astype(f"timedelta64[{random.choice(['s', 'ms', 'us'])}]"),
        "clock": [time(int(each), int(each) * 7) for each in many],
        "leaves": random.integers(0, 24, ROWS) * 100 + random.integers(0, 60, ROWS),
        "quarter": pd.PeriodIndex.from_ordinals(200 + many, freq="Q"),
        "maybe": pd.array(np.where(many > 3, None, many > 1), dtype="boolean"),
    }


def through(path: Path, folder: Path) -> tuple[pd.DataFrame, Schema, Path]:
    """The rows of a file as people of it would come out: as a frame, and written likewise."""
    table = make_table(read_frame(path)[0])
    people = table.frame[list(table.schema.modelled.names)]
    arrow = written_table(people, table.schema)
    out = folder / f"out{path.suffix}"
    if path.suffix == ".csv":
        write_csv(out, [arrow], guard=False)
    else:
        write_parquet(out, [arrow])
    return restore(people, table.schema), table.schema, out


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables())
def test_a_csv_file_comes_out_letter_for_letter(table: pd.DataFrame) -> None:
    with TemporaryDirectory() as place:
        path = Path(place) / "in.csv"
        table.to_csv(path, index=False)
        frame, schema, out = through(path, Path(place))
        texts, before = (
            pd.read_csv(file, dtype=str, keep_default_na=False) for file in (out, path)
        )
        for name in schema.modelled.names:
            column = schema[name]
            words = {"", *WORDS} if column.missing_word is None else {"", column.missing_word}
            pairs = set(zip(before[name], texts[name], strict=True))
            for was, now in pairs:
                assert was == now or {was, now} <= words, (name, was, now, column)
        assert [str(kind) for kind in frame.dtypes] == [
            str(kind) for kind in pd.read_csv(path)[list(frame)].dtypes
        ] or table.isin(["", *WORDS]).any(axis=None)


@settings(
    max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(tables(), st.integers(0, 9))
def test_a_parquet_file_comes_out_in_its_dtypes(table: pd.DataFrame, seed: int) -> None:
    table = table.assign(**extra(np.random.default_rng(seed)))
    with TemporaryDirectory() as place:
        path = Path(place) / "in.parquet"
        table.to_parquet(path)
        was = pd.read_parquet(path)
        frame, schema, out = through(path, Path(place))
        names = list(schema.modelled.names)
        for name in ("amount", "moment", "truth"):
            # An empty text is a missing value, and so is a word for a missing number.
            words = ["", *WORDS] if schema[name].is_number else [""]
            was[name] = was[name].where(~was[name].isin(words))
        now = pd.read_parquet(out)[names]
        pd.testing.assert_frame_equal(now, was[names], check_freq=False)
        pd.testing.assert_frame_equal(frame, was[names], check_freq=False)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_people_of_a_whole_fit_are_written_so_too(kind: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "amount": [f"${value:,.2f}" for value in random.integers(0, 10**7, ROWS) / 100],
            "moment": pd.to_datetime(random.integers(0, 10**9, ROWS), unit="s").strftime(
                "%d.%m.%Y"
            ),
            "truth": random.choice(["non", "oui"], ROWS),
            "code": random.choice(["007", "1E5", "-"], ROWS),
            "plain": random.integers(0, 9, ROWS).astype("float32"),
        }
    )
    path = tmp_path / f"in.{kind}"
    table.to_csv(path, index=False) if kind == "csv" else table.to_parquet(path)
    was = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
    drawn = simple.fit(path, score="k2").given()
    people = drawn.sample(200)
    names = [name for name in people if kind == "parquet" or name != "amount"]
    assert people[names].dtypes.to_dict() == was[names].dtypes.to_dict()
    assert people["amount"].dtype == (np.float64 if kind == "csv" else was["amount"].dtype)
    out = io.BytesIO()
    write_csv(out, [drawn.sample_arrow(200)], guard=False)
    texts = pd.read_csv(io.BytesIO(out.getvalue()), dtype=str, keep_default_na=False)
    assert texts["amount"].str.fullmatch(r"\$\d{1,3}(,\d{3})*\.\d\d").all()
    assert pd.to_datetime(texts["moment"], format="%d.%m.%Y").notna().all()
    assert set(texts["truth"]) <= {"non", "oui"}
    assert set(texts["code"]) <= {"007", "1E5", "-"}
