"""Facts about rows of a family: how many of a table's rows are like that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.data.column import MISSING
from synth.data.evidence import Between, DateParts, Evidence
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.linked.features import Rows


@dataclass(frozen=True)
class RowFact:
    """So many rows of a table are like that.

    Attributes
    ----------
    table : str
        The table.
    evidence : Evidence
        What is true of a row.
    least : int
        Of at least so many rows of the family.
    most : int or None
        Of at most so many; None leaves it open.
    """

    table: str
    evidence: Evidence
    least: int = 1
    most: int | None = None

    @staticmethod
    def parse(text: str, schemas: dict[str, Schema]) -> RowFact:
        """Read ``members: age=70..`` or ``members 2..3: gender=female`` or ``members 0: age=..9``.

        Parameters
        ----------
        text : str
            The table, how many of its rows (one or more if not given), and facts.
        schemas : dict of str to Schema
            The tables.
        """
        head, colon, facts = text.partition(":")
        head = head.strip()
        table = next((name for name in sorted(schemas, key=len, reverse=True)
                      if head == name or head.startswith(f"{name} ")), None)  # fmt: skip
        if not colon or table is None:
            raise PopulaceError(
                f"{text!r} says nothing of a table's rows: write it as "
                f"'{next(iter(schemas), 'members')}: age=70..'."
            )
        count = head[len(table) :].strip()
        low, dots, high = count.partition("..")
        try:
            least = int(low) if low else 0 if dots else 1
            most = None if not count or (dots and not high) else int(high if dots else low)
        except ValueError as error:
            raise PopulaceError(
                f"{count!r} is no number of rows: write 2, 2..3 or 2.. ."
            ) from error
        return RowFact(table, Evidence.parse(facts.strip(), schemas[table]), least, most)

    def check(self, schema: Schema) -> None:
        """Raise a PopulaceError where the facts name what the rows lack."""
        self.evidence.checked(schema)

    def matches(self, rows: Rows) -> np.ndarray:
        """Which rows are like that; bool, shape (rows,)."""
        out = np.ones(rows.values.shape[1], bool)
        for name, fact in self.evidence.items():
            column, x = rows.schema[name], rows.column(name)
            if isinstance(fact, Between):
                low = -np.inf if fact.lower is None else fact.lower
                high = np.inf if fact.upper is None else fact.upper
                out &= (x >= low) & (x <= high)
                continue
            if isinstance(fact, DateParts):
                out &= fact.holds(column, x)
            elif column.is_number:
                some = [float(v) for v in fact.values if v != MISSING]
                out &= np.isin(x, some) | (np.isnan(x) & (MISSING in fact.values))
            else:
                states = (*column.levels, MISSING)
                out &= np.isin(x, [states.index(v) for v in fact.values])
        return out

    def fits(self, count: np.ndarray) -> np.ndarray:
        """Whether so many rows are enough, and not too many; bool."""
        return (count >= self.least) & (count <= (np.inf if self.most is None else self.most))
