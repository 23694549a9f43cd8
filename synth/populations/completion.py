"""Blanks of a table filled by what a population says of the rest of their row.

Derived columns are worked out again. Filled values that break a rule inside their bins are drawn
again, at most `TRIES` times, then the row as a whole, at most `ROW_TRIES` times; where that does
not help, a note says for how many rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa

from synth.bayes.budget import current
from synth.bayes.random import stream_key, uniforms_at
from synth.bayes.rows import FLOOR, RowEvidence, values_inside
from synth.data.writers import COLUMN, MARK
from synth.errors import PopulaceError
from synth.populations.population import Population
from synth.populations.requested_rows import (
    BLOCK,
    Blank,
    RequestedRows,
    Rows,
    broken_rules,
    excluded_note,
    free_name,
    numbers_of,
    part_of,
    with_blanks,
)

Method: TypeAlias = Literal["draw", "most-likely"]
NOTICE = (
    "Partly synthetic: the cells that the last column names were filled by Populace from what a "
    "population says of the rest of their row."
)
TRIES = 64
"""How often filled numbers that break a rule are drawn again inside their bins."""
ROW_TRIES = 50
"""How often a row is drawn anew where that does not help."""
RARE = 1e-6
"""Below this share of such people who have a value, a cell stays blank in any case."""


@dataclass(frozen=True, eq=False)
class Completion:
    """A table whose blanks are filled.

    Attributes
    ----------
    frames : tuple of DataFrame
        One for each draw; columns as in the table that was given, only blank cells changed.
    filled : DataFrame of bool
        Which cells were blank and have a value now, in the first draw.
    probabilities : tuple of DataFrame
        For each draw, P(what was filled | known cells of the row): of a level the level, of a
        number the bin that it lies in; NaN where nothing was filled.
    joint : float64 array or None, shape (rows,)
        Most likely: the probability of everything that was filled in the row, as levels and bins.
    notes : tuple of str
        Sentences on what could not be used or kept.
    """

    frames: tuple[pd.DataFrame, ...]
    filled: pd.DataFrame
    probabilities: tuple[pd.DataFrame, ...]
    joint: np.ndarray | None
    notes: tuple[str, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The first draw."""
        return self.frames[0]

    def marked(self) -> pa.Table:
        """`stacked` with a last column that names each row's filled cells, for a file.

        The table's metadata, which a Parquet file keeps, says that it is partly synthetic.
        """
        out = self.stacked().copy(deep=False)
        names = np.array(self.filled.columns, dtype=object)
        cells = ["; ".join(names[row]) for row in self.filled.to_numpy()]
        mark = free_name(COLUMN, out)
        out[mark] = cells * len(self.frames)
        table = pa.Table.from_pandas(out, preserve_index=False)
        return table.replace_schema_metadata({b"synthetic": NOTICE, MARK: mark})

    def stacked(self) -> pd.DataFrame:
        """All draws below each other, with a column ``draw`` from 1 where there are several."""
        if len(self.frames) == 1:
            return self.frame
        parts = []
        for number, frame in enumerate(self.frames, start=1):
            part = frame.copy(deep=False)
            part.insert(0, free_name("draw", frame), number)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)


def complete(
    table: Rows,
    population: Population | str | Path,
    *,
    method: Method = "draw",
    draws: int = 1,
    seed: int = 0,
    blank: Blank = "unknown",
    values_only: bool = False,
    threads: int | None = None,
) -> Completion:
    """Fill a table's blank cells by what a population says of the rest of each row; exact.

    Parameters
    ----------
    table : str, Path, DataFrame or Table
        Rows with columns of the population; other columns are kept as they are.
    population : Population, str or Path
        One whose model is a Bayesian network; or its name, folder or file.
    method : {"draw", "most-likely"}
        Draw all blanks of a row from their joint posterior, or fill the jointly most likely levels
        and bins; a number is then the median of its bin.
    draws : int
        How many filled tables are drawn (multiple imputation).
    seed : int
        The same seed fills row i the same, whatever rows are around it.
    blank : {"unknown", "missing"}
        What a blank cell says. "missing": it is the state `missing` where the column knows that,
        and stays; only others are filled.
    values_only : bool
        Give a value also to cells that come out as missing, each from its own posterior given
        that it has one. Otherwise a cell stays blank as often as it is missing among such people
        (children have no job).
    threads : int, optional
        All processors when None.

    Returns
    -------
    Completion

    Raises
    ------
    PopulaceError
        The table holds a level that the population does not know, or no column of it.
    """
    if draws < 1:
        raise PopulaceError(f"A table cannot be filled {draws} times: ask for one draw or more.")
    if method == "most-likely" and draws > 1:
        raise PopulaceError("The most likely values are always the same: ask for one draw of them.")
    requested = RequestedRows.of(table, population, blank)
    return _Filling(requested, method, draws, seed, values_only, threads).completion()


class _Filling:
    """One table's blanks, block by block."""

    def __init__(
        self,
        requested: RequestedRows,
        method: Method,
        draws: int,
        seed: int,
        values_only: bool,
        threads: int | None,
    ) -> None:
        self._requested, self._method, self._draws = requested, method, draws
        self._seed, self._values_only, self._threads = seed, values_only, threads
        self._shown = [n for n in requested.questions.names if n in requested.frame]
        self._excluded = self._stuck = 0

    def completion(self) -> Completion:
        """The filled tables."""
        requested = self._requested
        rows = len(requested.frame)
        columns = [name for name in requested.raw.columns if name in requested.population.schema]
        target = {name: requested.raw[name].isna().to_numpy() for name in columns}
        frames = [requested.frame.copy() for _ in range(self._draws)]
        chances = [
            pd.DataFrame(np.nan, index=range(rows), columns=columns) for _ in range(self._draws)
        ]
        for name in columns:  # what a sum settled
            solved = target[name] & requested.frame[name].notna().to_numpy()
            for chance in chances:
                chance.loc[solved, name] = 1.0
        joint = np.ones(rows) if self._method == "most-likely" else None
        shown = [requested.questions.place(name) for name in self._shown]
        places = np.flatnonzero(requested.unknown[:, shown].any(axis=1))
        for low in range(0, len(places), BLOCK):
            current().check()
            self._fill(places[low : low + BLOCK], frames, chances, joint)
        out = []
        for frame in frames:
            frame = self._derived(frame)
            whole = requested.raw.copy(deep=False)
            for name in columns:
                whole[name] = _joined(requested.raw[name], frame[name], target[name])
            out.append(whole)
        filled = pd.DataFrame(
            {name: target[name] & out[0][name].notna().to_numpy() for name in columns}
        )
        for name in requested.population.constraints.names:
            if name in filled:
                for chance in chances:
                    chance.loc[filled[name].to_numpy(), name] = np.nan
        notes = list(requested.notes)
        if self._excluded:
            notes.append(excluded_note(self._excluded))
        if self._stuck:
            notes.append(
                f"In {self._stuck:,} rows no values were found that keep all rules beside what is "
                "known: see which cells break them with `score`."
            )
        return Completion(tuple(out), filled, tuple(chances), joint, tuple(notes))

    def _fill(
        self,
        places: np.ndarray,
        frames: list[pd.DataFrame],
        chances: list[pd.DataFrame],
        joint: np.ndarray | None,
    ) -> None:
        requested, questions = self._requested, self._requested.questions
        evidence = requested.of_rows(places)
        beliefs = self._best(evidence, self._beliefs)
        if joint is None:
            codes = self._codes(evidence, places, "")
        else:
            codes, joint[places] = self._most_likely(evidence)
        if self._values_only:
            for k in range(self._draws):
                self._give_values(codes[k], places, beliefs, k)
        for k, frame in enumerate(frames):
            values = self._values(codes[k], places, k, "")
            part = self._kept(frame, places, codes[k], values, k)
            for name in self._shown:
                c = questions.place(name)
                here = requested.unknown[places, c]
                if not here.any():
                    continue
                column = frame[name].array.copy()
                column[places[here]] = part[name].array[here]
                frame[name] = column
                has = here & part[name].notna().to_numpy()
                code = codes[k][has, c].astype(int)
                chances[k].loc[places[has], name] = beliefs[name][has, code]

    def _give_values(
        self, codes: np.ndarray, places: np.ndarray, beliefs: dict[str, np.ndarray], draw: int
    ) -> None:
        """Cells that came out as missing get a value of their own posterior, where one can be."""
        requested = self._requested
        for name in self._shown:
            c, coding = requested.questions.place(name), requested.population.network.codings[name]
            if not coding.column.missing:
                continue
            p = beliefs[name][:, :-1]
            here = requested.unknown[places, c] & (codes[:, c] == coding.size - 1)
            here &= np.nan_to_num(p.sum(axis=1)) > RARE
            if not here.any():
                continue
            if self._method == "most-likely":
                codes[here, c] = p[here].argmax(axis=1)
                continue
            total = np.cumsum(p[here], axis=1)
            key = stream_key(self._seed, f"{name}\x1fgiven\x1f{draw}")
            wanted = uniforms_at(key, places)[here] * total[:, -1]
            codes[here, c] = (total <= wanted[:, None]).sum(axis=1)

    def _beliefs(self, evidence: RowEvidence, floor: float) -> dict[str, np.ndarray]:
        return self._requested.questions.posteriors(evidence, floor=floor, threads=self._threads)

    def _best(self, evidence: RowEvidence, ask: Any) -> dict[str, np.ndarray]:
        """The posteriors; where cells exclude each other, with the floor."""
        out: dict[str, np.ndarray] = ask(evidence, 0.0)
        open_ = evidence.codes < 0
        first = open_.argmax(axis=1)
        lost = np.zeros(len(evidence), dtype=bool)
        for c, name in enumerate(self._requested.questions.names):
            lost |= (first == c) & open_[:, c] & np.isnan(out[name][:, 0])
        if lost.any():
            again = ask(part_of(evidence, np.flatnonzero(lost)), FLOOR)
            for name, values in out.items():
                values[lost] = again[name]
        return out

    def _codes(self, evidence: RowEvidence, places: np.ndarray, stream: str) -> np.ndarray:
        codes = self._draw(evidence, places, stream, 0.0)
        lost = (codes[0] < 0).all(axis=1)
        if lost.any():
            here = np.flatnonzero(lost)
            again = self._draw(part_of(evidence, here), places[here], stream, FLOOR)
            codes[:, here] = again
            if not stream:
                self._excluded += len(here)
        return codes

    def _draw(
        self, evidence: RowEvidence, places: np.ndarray, stream: str, floor: float
    ) -> np.ndarray:
        return self._requested.questions.draw(
            evidence,
            self._draws,
            self._seed,
            numbers=places,
            stream=stream,
            floor=floor,
            threads=self._threads,
        )

    def _most_likely(self, evidence: RowEvidence) -> tuple[np.ndarray, np.ndarray]:
        questions = self._requested.questions
        codes, share = questions.most_likely(evidence, threads=self._threads)
        lost = np.flatnonzero((codes < 0).all(axis=1))
        if len(lost):
            codes[lost], share[lost] = questions.most_likely(
                part_of(evidence, lost), floor=FLOOR, threads=self._threads
            )
            self._excluded += len(lost)
        return codes[None], share

    # ------------------------------------------------------------------ values

    def _values(
        self, codes: np.ndarray, places: np.ndarray, draw: int, stream: str
    ) -> dict[str, np.ndarray]:
        """A number inside each bin, NaN where it is missing; by column of numbers."""
        requested = self._requested
        out = {}
        for name in self._shown:
            c = requested.questions.place(name)
            coding = requested.population.network.codings[name]
            if coding.pieces is None or not requested.unknown[places, c].any():
                continue
            if self._method == "most-likely" and not stream:
                first = second = np.full(len(places), 0.5)
            else:
                first, second = (
                    uniforms_at(
                        stream_key(self._seed, f"{name}\x1fin{stream}\x1f{k}{draw}"), places
                    )
                    for k in "ab"
                )
            code = np.clip(codes[:, c].astype(np.int64), 0, coding.pieces.bins - 1)
            values = values_inside(coding, coding.pieces, code, first, second)
            number, cuts = requested.cuts.get(name, (np.full(len(requested.frame), -1), ()))
            for i, cut in enumerate(cuts):
                here = (number[places] == i) & np.isin(code, cut.bin)
                if here.any():
                    inside = values_inside(coding, cut, code[here], first[here], second[here])
                    values[here] = inside
            out[name] = np.where(codes[:, c] >= coding.pieces.bins, np.nan, values)
        return out

    def _part(
        self, places: np.ndarray, codes: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> pd.DataFrame:
        """Rows with their unknown cells filled, in canonical types."""
        requested = self._requested
        schema = with_blanks(requested.population.schema)
        part = requested.frame.iloc[places].reset_index(drop=True)
        for name in self._shown:
            c = requested.questions.place(name)
            here = requested.unknown[places, c]
            if not here.any():
                continue
            column = schema[name]
            if name in values:
                filled = np.where(here, values[name], numbers_of(part, name))
                part[name] = schema.select([name]).conform(pd.DataFrame({name: filled}))[name]
                continue
            old = part[name]
            code = codes[:, c].astype(np.int64)
            if column.kind == "boolean":
                truth = np.where(here, code == 1, old.to_numpy(dtype=bool, na_value=False))
                absent = np.where(here, code >= 2, old.isna().to_numpy())
                part[name] = pd.arrays.BooleanArray(truth, absent)
            else:
                code = np.where(code >= len(column.levels), -1, code)
                code = np.where(here, code, old.cat.codes.to_numpy())
                part[name] = pd.Categorical.from_codes(code, dtype=column.dtype)
        return part

    def _kept(
        self,
        frame: pd.DataFrame,
        places: np.ndarray,
        codes: np.ndarray,
        values: dict[str, np.ndarray],
        draw: int,
    ) -> pd.DataFrame:
        """The filled rows, drawn again as long as they break a rule that their blanks can keep."""
        part = self._part(places, codes, values)
        if not self._requested.population.constraints.rules:
            return part
        wrong = np.flatnonzero(self._broken(part))
        for attempt in range(1, TRIES + 1):
            if not len(wrong) or not values:
                break
            again = self._values(codes[wrong], places[wrong], draw, f"again{attempt}")
            trial = self._part(places[wrong], codes[wrong], again)
            wrong = _taken(part, trial, wrong, self._broken(trial))
        for attempt in range(1, ROW_TRIES + 1):
            if not len(wrong):
                break
            evidence = self._requested.of_rows(places[wrong])
            fresh = self._codes(evidence, places[wrong], f"again{attempt}")[draw]
            again = self._values(fresh, places[wrong], draw, f"row{attempt}")
            trial = self._part(places[wrong], fresh, again)
            bad = self._broken(trial)
            codes[wrong[~bad]] = fresh[~bad]
            wrong = _taken(part, trial, wrong, bad)
        self._stuck += len(wrong) if draw == 0 else 0
        return part

    def _derived(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with derived columns where all their parts are there; given ones are kept."""
        out = frame.copy(deep=False)
        schema = with_blanks(self._requested.population.schema)
        for formula in self._requested.population.constraints.derived:
            if any(part not in out for part in formula.parts):
                continue
            worked = pd.DataFrame({formula.name: formula.values(out)})
            values = schema.select([formula.name]).conform(worked)[formula.name]
            if formula.name in out:
                given = out[formula.name]
                values = _joined(given, values, given.isna().to_numpy())
            out[formula.name] = values
        return out

    def _broken(self, part: pd.DataFrame) -> np.ndarray:
        return broken_rules(self._derived(part), self._requested.population)[1]


def _taken(
    part: pd.DataFrame, trial: pd.DataFrame, wrong: np.ndarray, bad: np.ndarray
) -> np.ndarray:
    """Put rows that are good now into `part`; which are still wrong."""
    good = wrong[~bad]
    for name in part.columns:
        column = part[name].array.copy()
        column[good] = trial[name].array[~bad]
        part[name] = column
    return wrong[bad]


def _joined(old: pd.Series, new: pd.Series, here: np.ndarray) -> pd.Series:
    """A column with the cells of another where they are wanted, in a type that holds both."""
    if not here.any():
        return old
    if isinstance(old.dtype, pd.CategoricalDtype) and isinstance(new.dtype, pd.CategoricalDtype):
        levels = new.cat.categories
        texts = np.where(here, new.astype(object), old.astype(object))
        if set(old.cat.categories.astype(str)) <= set(levels):
            return pd.Series(pd.Categorical(texts, dtype=new.dtype), index=old.index)
    if old.dtype == new.dtype:
        out = old.array.copy()
        out[here] = new.array[here]
        return pd.Series(out, index=old.index)
    if pd.api.types.is_numeric_dtype(new.dtype) and not pd.api.types.is_bool_dtype(new.dtype):
        numbers = np.where(
            here,
            new.to_numpy(dtype=np.float64, na_value=np.nan),
            pd.to_numeric(old, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan),
        )
        known = numbers[~np.isnan(numbers)]
        if pd.api.types.is_integer_dtype(new.dtype) and (known == np.rint(known)).all():
            whole = np.where(np.isnan(numbers), 0, numbers).astype(np.int64)
            return pd.Series(pd.arrays.IntegerArray(whole, np.isnan(numbers)), index=old.index)
        return pd.Series(numbers, index=old.index)
    fresh = new.astype(object)
    if pd.api.types.is_bool_dtype(new.dtype) and not _is_truth(old):
        fresh = fresh.map({True: "yes", False: "no"})
    out = np.where(here, fresh, old.astype(object))
    return pd.Series(out, index=old.index, dtype=object).where(lambda s: s.notna(), None)


def _is_truth(values: pd.Series) -> bool:
    """Whether a column holds truth values already, not words for them."""
    return all(isinstance(value, bool | np.bool_) for value in values.dropna().unique())
