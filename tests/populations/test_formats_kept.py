"""Any table of formatted texts, by CSV and Parquet: what is drawn re-reads in dtype and format."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import synth
from synth.data.formats import BooleanFormat, NumberFormat, detect_number
from synth.data.writers import csv_bytes

WORDS = [("No", "Yes"), ("no", "yes"), ("FALSE", "TRUE"), ("N", "Y"), ("non", "oui"), ("NA", "EU")]


@st.composite
def tables(draw: st.DrawFn) -> pd.DataFrame:
    """Sixty people: numbers in some format, two words, and codes."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    decimal, thousands = draw(
        st.sampled_from([(".", ","), (",", "."), (".", " "), (",", "\u202f")])
    )
    form = NumberFormat(
        prefix=draw(st.sampled_from(["", "$", "€ "])),
        suffix=draw(st.sampled_from(["", "%", " €"])),
        thousands=draw(st.sampled_from(["", thousands])),
        decimal=decimal,
        decimals=draw(st.integers(1, 2)),
    )
    numbers = random.integers(-(10**6), 10**6, 60) / 10**form.decimals
    words = draw(st.sampled_from(WORDS))
    return pd.DataFrame(
        {
            "amount": pd.Series(form.text(numbers), dtype="str"),
            "word": random.choice(words, 60),
            "code": random.choice(["007", "012", "1E5"], 60),
        }
    )


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), st.sampled_from(["csv", "parquet"]))
def test_every_value_reads_back_in_dtype_and_format(table: pd.DataFrame, kind: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"people.{kind}"
        if kind == "csv":
            table.to_csv(path, index=False)
        else:
            table.to_parquet(path)
        conditional = synth.fit(path).given()
        content = csv_bytes([conditional.sample_arrow(80, seed=1)])
    people = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
    for name in ("word", "code"):
        assert set(people[name]) <= set(table[name])
    numbers = people["amount"].str.replace(r"^'", "", regex=True)  # the guard of minus signs
    was = detect_number(sorted(set(table["amount"])))
    assert isinstance(was, NumberFormat)
    assert not np.isnan(was.parse(numbers.tolist())).any()
    assert was.text(was.parse(numbers.tolist())).tolist() == numbers.tolist()
    if kind == "parquet":
        drawn = conditional.sample(5)
        assert drawn.dtypes.astype(str).to_dict() == table.dtypes.astype(str).to_dict()
    form = conditional.schema["word"].format
    assert form is None or isinstance(form, BooleanFormat)
