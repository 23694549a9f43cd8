"""A toy generator in one file: every column for itself."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synth.bayes.coding import Coding
from synth.bayes.inference import Marginal
from synth.bayes.random import fill, stream_key
from synth.constraints.derived import NO_CONSTRAINTS
from synth.data.evidence import Evidence
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.base import DrawnConditional, Settings, no_progress, register
from synth.generators.constrained import ConstrainedDraws


def uniform(rows, key, start):
    """Numbers `start` and on of a stream, in [0, 1)."""
    out = np.empty(rows, dtype=np.uint64)
    fill(key, start, out)
    return (out >> np.uint64(11)) / 2.0**53


class IndependentConditional(DrawnConditional):
    """Each column's codes given what is known of it alone; exact for independent columns."""

    exact = True

    def __init__(self, model, evidence):
        self.schema, self.evidence = model.schema, evidence.checked(model.schema)
        self._columns, self.log_probability_ = {}, 0.0
        for name, (coding, codes) in model.columns.items():
            pieces = coding.pieces
            if name in self.evidence:
                likelihood = coding.likelihood(self.evidence[name])
                codes = codes * likelihood.codes
                pieces = likelihood.pieces or pieces
                if not codes.sum() > 0:
                    raise PopulaceError(f"Nobody in this population has this {name}: choose again.")
                self.log_probability_ += math.log(codes.sum())
            self._columns[name] = coding, codes / codes.sum(), pieces

    @property
    def log_probability(self):
        return self.log_probability_

    def marginal(self, column):
        coding, codes, pieces = self._columns[column]
        if pieces is None:
            return Marginal(coding.column, coding.labels, codes)
        parts = (pieces.first, pieces.last, codes[pieces.bin] * pieces.weight)
        return Marginal(coding.column, coding.labels, codes, parts, None, coding.per_unit)

    def sample(self, rows, seed=0, *, start=0, threads=None):
        drawn = {}
        for name, (coding, codes, pieces) in self._columns.items():
            which = uniform(rows, stream_key(seed, name), start)
            inside = uniform(rows, stream_key(seed, f"{name} inside"), start)
            shares = codes if pieces is None else codes[pieces.bin] * pieces.weight
            absent = codes[-1] if pieces is not None and coding.column.missing else 0.0
            total = np.cumsum(np.append(shares, absent))
            at = np.minimum(np.searchsorted(total, which * total[-1], "right"), len(shares))
            if pieces is None:
                labels = np.array([*coding.labels, None], dtype=object)
                if coding.column.missing:
                    labels[len(coding.labels) - 1] = None
                values = labels[np.minimum(at, len(coding.labels) - 1)]
                if coding.column.kind == "boolean":
                    values = [None if value is None else value == "yes" for value in values]
            else:
                place = np.minimum(at, len(shares) - 1)
                span = pieces.last[place] - pieces.first[place] + 1
                numbers = coding.value(pieces.first[place] + np.floor(inside * span).astype(int))
                values = np.where(at < len(shares), numbers, np.nan)
            drawn[name] = pd.Series(values)
        return self.schema.conform(pd.DataFrame(drawn))


@dataclass(frozen=True, eq=False)
class IndependentModel:
    schema: Schema
    columns: dict
    settings: Settings
    generator: str = "independent-columns"
    network: None = None

    @property
    def digest(self):
        return hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()[:16]

    def given(self, evidence=None, do=None, constraints=NO_CONSTRAINTS):
        # Nothing hangs on anything, so what is set from outside is as good as known.
        known = IndependentConditional(self, Evidence({**(evidence or {}), **(do or {})}))
        if not constraints:
            return known
        return ConstrainedDraws(known, IndependentConditional(self, Evidence()), constraints)

    def sample(self, rows, seed=0, *, start=0, threads=None):
        return self.given().sample(rows, seed, start=start)

    def to_json(self):
        columns = {n: [c.to_json(), [*map(float, p)]] for n, (c, p) in self.columns.items()}
        return {"schema": self.schema.to_json(), "columns": columns, "seed": self.settings.seed}

    def save(self, folder):
        (folder / "independent.json").write_text(json.dumps(self.to_json()))


class IndependentColumns:
    name = "independent-columns"
    title = "Independent columns"
    description = "Every column for itself: what nothing hangs on."
    files = ("independent.json",)

    def fit(self, table, settings, progress=no_progress):
        columns = {}
        for column in table.schema.modelled:
            coding = Coding.learn(column, table.frame[column.name], 24, None)
            counts = np.bincount(coding.encode(table.frame[column.name]), minlength=coding.size)
            columns[column.name] = coding, counts / counts.sum()
            progress(len(columns) / len(table.schema.modelled), f"Counting {column.name}")
        return IndependentModel(table.schema.modelled, columns, Settings(settings.seed))

    def load(self, folder):
        try:
            value = json.loads((folder / "independent.json").read_text(encoding="utf-8"))
            schema = Schema.from_json(value["schema"])
            columns = {
                name: (Coding.from_json(schema[name], pieces), np.array(codes))
                for name, (pieces, codes) in value["columns"].items()
            }
            return IndependentModel(schema, columns, Settings(value["seed"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PopulaceError("independent.json is damaged: learn it again.") from error


register(IndependentColumns())
