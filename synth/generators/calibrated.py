"""A network calibrated to margins, as a model: every question and sample has the targets."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from synth.bayes.calibration import Calibration, Target, calibrate
from synth.bayes.inference import Posterior
from synth.constraints.derived import NO_CONSTRAINTS, Constraints
from synth.constraints.posterior import ConstraintFactors, constrained, rules_of
from synth.data.evidence import Evidence, value_text
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.base import Model, ModelWrapper
from synth.lazy import cached_property

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, eq=False)
class CalibratedModel(ModelWrapper):
    """A network with given margins, changed as little as possible; exact.

    Attributes
    ----------
    model : Model
        What was learned; its network is calibrated.
    targets : tuple of Target
        The margins.
    """

    model: Model
    targets: tuple[Target, ...]

    def __post_init__(self) -> None:
        if self.model.network is None:
            raise PopulaceError(
                "Only a Bayesian network can be calibrated to targets: learn the table as one."
            )
        _ = self.calibration  # contradictory targets are refused here

    @cached_property
    def digest(self) -> str:
        """Its identity: the model's and the targets'."""
        return self.digest_with(*(target.to_json(self.schema) for target in self.targets))

    @cached_property
    def calibration(self) -> Calibration:
        """The weights, where nothing else must hold."""
        return self._calibrations(NO_CONSTRAINTS)

    def under(self, constraints: Constraints) -> Calibration:
        """The weights where constraints hold too."""
        return self._calibrations(constraints)

    @cached_property
    def _calibrations(self) -> Callable[[Constraints], Calibration]:
        """The weights under constraints, worked out once for each."""
        network = self.model.network
        targets = self.targets
        if network is None:
            raise PopulaceError("Only a Bayesian network can be calibrated to targets.")

        @lru_cache(maxsize=4)
        def calibrations(constraints: Constraints) -> Calibration:
            rules = rules_of(constraints, network)
            factors = (ConstraintFactors(rules),) if rules else ()
            return calibrate(network, targets, factors=factors)

        return calibrations

    def given(
        self,
        evidence: Evidence | None = None,
        do: Evidence | None = None,
        constraints: Constraints = NO_CONSTRAINTS,
    ) -> Posterior:
        """The exact posterior in the calibrated population.

        Raises
        ------
        PopulaceError
            The evidence is impossible, or the targets cannot be reached under the constraints.
        """
        calibration = self._calibrations(constraints)
        return constrained(
            calibration.network, evidence, do, constraints, factors=(calibration.margins,)
        )


def parse_target(text: str, schema: Schema) -> Target:
    """Read a target from a line.

    ``gender=female:.5|male:.5`` gives shares to levels, ``gender=.5/.5`` to all levels in their
    order, ``age=..29:.3|30..49:.4|50..:.3`` to ranges, ``region,gender=south,female:.2|…`` to
    cells of two columns. Shares that add up to more than 1 are counts. Values that hold a mark
    stand in double quotes.

    Raises
    ------
    PopulaceError
        The line cannot be read; the sentence shows how one is written.
    """
    cells, shares = parse_cells(text, schema)
    return _target(cells, shares)


def parse_cells(text: str, schema: Schema) -> tuple[tuple[Evidence, ...], tuple[float, ...]]:
    """The cells of a line as `parse_target` reads it, and the number of each.

    Raises
    ------
    PopulaceError
        The line cannot be read; the sentence shows how one is written.
    """
    left, mark, right = text.partition("=")
    left, right = left.strip(), right.strip()
    if not mark or not right:
        raise PopulaceError(
            f"The target {text!r} is not understood: write it like gender=female:.5|male:.5."
        )
    names = [left] if left in schema else [name.strip() for name in left.split(",")]
    if ":" in right:
        pairs = [part.rsplit(":", 1) for part in _unquoted(right, "|")]
        if any(len(pair) < 2 for pair in pairs):
            raise PopulaceError(
                f"The target {text!r} has a cell without a share: write it like "
                "gender=female:.5|male:.5."
            )
        values = [
            [pair[0].strip()] if len(names) == 1 else _unquoted(pair[0], ",") for pair in pairs
        ]
        numbers = [pair[1] for pair in pairs]
    else:
        numbers = right.split("/")
        values = [[level] for level in schema[names[0]].levels]
        if len(numbers) != len(values):
            raise PopulaceError(
                f"The target {text!r} has {len(numbers)} shares for {len(values)} levels of "
                f"{names[0]}: name each level."
            )
    shares = tuple(_share(number, text) for number in numbers)
    return tuple(_cell(names, row, schema) for row in values), shares


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text that has them between semicolons."""
    return tuple(line for line in _unquoted(text, ";") if line)


def _unquoted(text: str, mark: str) -> list[str]:
    """The parts of a text between marks that stand outside double quotes."""
    parts, inside = [""], False
    for letter in text:
        inside ^= letter == '"'
        if letter == mark and not inside:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _cell(names: Sequence[str], values: Sequence[str], schema: Schema) -> Evidence:
    """The facts that make a cell; names and values as somebody wrote them."""
    for name in names:
        _ = schema[name]
    if len(names) != len(values):
        raise PopulaceError(
            f"The cell {', '.join(values)} has {len(values)} values for the columns "
            f"{', '.join(names)}: give each column one."
        )
    return Evidence.parse(
        ",".join(f'"{name}"={value}' for name, value in zip(names, values, strict=True)), schema
    )


def _target(cells: Sequence[Evidence], shares: Sequence[float]) -> Target:
    """Shares, or counts where they add up to more than 1."""
    if sum(shares) > 1 + 1e-6:
        return Target.of_counts(cells, shares)
    return Target(tuple(cells), tuple(shares))


def target_line(target: Target, schema: Schema) -> str:
    """A target as a line that `parse_target` reads, with values as the columns write them."""
    parts = []
    for cell, share in zip(target.cells, target.shares, strict=True):
        values = ",".join(value_text(fact, schema[name]) for name, fact in cell.items())
        parts.append(f"{values}:{share:.6g}")
    return f"{','.join(target.columns)}={'|'.join(parts)}"


def read_target_csv(text: str, schema: Schema) -> Target:
    """A target from a CSV of counts: one or two columns of values, and last the counts or shares.

    Values of numbers may be ranges such as ``25..34`` or ``25-34``; several rows of one cell add
    up.

    Raises
    ------
    PopulaceError
        It is no such table.
    """
    rows = [row for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) if any(row)]
    if len(rows) < 2 or not 2 <= len(rows[0]) <= 3:
        raise PopulaceError(
            "A table of counts has a head such as region,education,count and a row for each cell: "
            "one or two columns, and the counts last."
        )
    names = [name.strip() for name in rows[0][:-1]]
    totals: dict[Evidence, float] = {}
    for row in rows[1:]:
        if len(row) != len(rows[0]):
            raise PopulaceError(
                f"The row {','.join(row)} of the counts has {len(row)} cells and its head "
                f"{len(rows[0])}: mend it."
            )
        values = []
        for name, value in zip(names, row[:-1], strict=True):
            _ = schema[name]
            value = value.strip()
            band = _BAND.fullmatch(value) if schema[name].is_number else None
            if band:
                value = f"{band[1]}..{band[2]}"
            is_range = schema[name].is_number and ".." in value
            values.append(value if is_range else '"' + value.replace('"', '""') + '"')
        cell = _cell(names, values, schema)
        totals[cell] = totals.get(cell, 0.0) + _share(row[-1], ",".join(row))
    return _target(tuple(totals), tuple(totals.values()))


_BAND = re.compile(r"(\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)")


def _share(text: str, line: str) -> float:
    try:
        share = float(text)
    except ValueError as error:
        raise PopulaceError(
            f"The target {line!r} has the share {text.strip()!r}, which is no number: write it "
            "like gender=female:.5|male:.5."
        ) from error
    if not 0 <= share < float("inf"):
        raise PopulaceError(f"The target {line!r} has the share {share:g}: use 0 or more.")
    return share


_APART = re.compile(r"(.+?)\s+independent of\s+(.+)")


def read_targets(lines: Sequence[str], schema: Schema) -> tuple[Target, ...]:
    """Targets, one a line, as `parse_target` reads them; names of CSV files are read."""
    return tuple(
        read_target_csv(_text_of(line), schema)
        if line.lower().endswith(".csv")
        else parse_target(line, schema)
        for line in lines
    )


def calibrated_model(
    model: Model,
    lines: Sequence[str],
    constraints: Constraints = NO_CONSTRAINTS,
    *,
    beside: Sequence[Target] = (),
) -> CalibratedModel:
    """A model calibrated to lines: targets, and ``income independent of gender``.

    Independent columns stay as common as the other targets make them, so their margins do not
    change by it.

    Parameters
    ----------
    model : Model
        A Bayesian network.
    lines : sequence of str
        As `read_targets` reads them, or two columns with ``independent of`` between them.
    constraints : Constraints
        What holds in every row.
    beside : sequence of Target
        Further targets; those that share a column with a margin of the lines give way to it.

    Raises
    ------
    PopulaceError
        A line cannot be read, or the targets cannot be reached.
    """
    apart = [match for line in lines if (match := _APART.fullmatch(line.strip()))]
    margins = read_targets(
        [line for line in lines if not _APART.fullmatch(line.strip())], model.schema
    )
    named = {name for target in margins for name in target.columns}
    targets = (*margins, *(target for target in beside if not named & set(target.columns)))
    if not apart:
        return CalibratedModel(model, targets)
    first = CalibratedModel(model, targets) if targets else model
    posterior = first.given(constraints=constraints)
    if not isinstance(posterior, Posterior):
        raise PopulaceError("Only a Bayesian network can be calibrated to targets.")
    for match in apart:
        for name in match.groups():
            _ = model.schema[name]
    parity = tuple(Target.independence(posterior, match[1], match[2]) for match in apart)
    return CalibratedModel(model, (*targets, *parity))


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PopulaceError(f"The counts {path} cannot be read: name a CSV file.") from error
