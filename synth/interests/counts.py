"""People × items: how often or how long everybody did what, from tables, matrices and texts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, issparse

from synth.errors import PopulaceError

LARGEST = 1e12
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, eq=False)
class Counts:
    """How much each person has of each item.

    Attributes
    ----------
    people : pd.Index, shape (people,)
        Who they are, as the table names them; each once.
    items : tuple of str
        What they do, hold or write; each once.
    matrix : csr_array, float64, shape (people, items)
        Counts or minutes: finite, none below nought; noughts are not stored.
    """

    people: pd.Index
    items: tuple[str, ...]
    matrix: csr_array

    def __post_init__(self) -> None:
        if not self.people.is_unique:
            twice = self.people[self.people.duplicated()][0]
            raise PopulaceError(f"The person {twice} stands twice in the table: keep one row each.")
        if len(set(self.items)) < len(self.items):
            raise PopulaceError("Two items have the same name: rename one of them.")
        if self.matrix.shape != (len(self.people), len(self.items)):
            raise PopulaceError(
                f"The matrix has the shape {self.matrix.shape}, but there are {len(self.people)} "
                f"people and {len(self.items)} items: make them agree."
            )

    @staticmethod
    def long(table: pd.DataFrame, person: str, item: str, amount: str | None = None) -> Counts:
        """From a table with a row for each person and item; rows of the same pair are summed.

        Without `amount` every row counts once. A row without an item keeps its person, with
        nothing. People stand in the order in which they first appear, items sorted.

        Parameters
        ----------
        table : pd.DataFrame
            A row for each person and item.
        person, item : str
            The columns that say who, and what.
        amount : str, optional
            The column of counts or minutes.

        Returns
        -------
        Counts
            The summed amounts.

        Raises
        ------
        PopulaceError
            A column lacks, a row has no person, or an amount is no finite number of nought or more.
        """
        for name in (person, item, *([amount] if amount else [])):
            _column(table, name)
        if table[person].isna().any():
            raise PopulaceError(f"The column {person} has empty cells: say whose rows they are.")
        who, people = pd.factorize(table[person])
        words = table[item].astype("string")
        what, items = pd.factorize(words, sort=True)
        values = np.ones(len(table)) if amount is None else _numbers(table[amount], amount)
        used = what >= 0
        matrix = csr_array((values[used], (who[used], what[used])), shape=(len(people), len(items)))
        return Counts(pd.Index(people, name=person), tuple(map(str, items)), _clean(matrix))

    @staticmethod
    def wide(
        table: pd.DataFrame, person: str | None = None, items: Sequence[str] | None = None
    ) -> Counts:
        """From a table with a row for each person and a column for each item.

        Without `person` the table's index says who they are; without `items` every other column
        of numbers or of yes and no is one.

        Parameters
        ----------
        table : pd.DataFrame
            A row for each person.
        person : str, optional
            The column that says who each row is.
        items : sequence of str, optional
            The columns to take.

        Returns
        -------
        Counts
            The amounts.

        Raises
        ------
        PopulaceError
            A column lacks or appears twice, a row has no person, or no column holds amounts.
        """
        if person is not None:
            _column(table, person)
            if table[person].isna().any():
                raise PopulaceError(f"The column {person} has empty cells: say who each row is.")
        names = items
        if not table.columns.is_unique:
            _column(table, table.columns[table.columns.duplicated()][0])
        if names is None:
            names = [
                str(name)
                for name in table.columns
                if name != person
                and (
                    pd.api.types.is_numeric_dtype(table[name])
                    or pd.api.types.is_bool_dtype(table[name])
                )
            ]
        if not names:
            raise PopulaceError(
                "The table has no column of numbers: name the columns that hold counts or minutes."
            )
        values = np.column_stack([_numbers(_column(table, name), name) for name in names])
        people = table.index if person is None else pd.Index(table[person], name=person)
        return Counts(people, tuple(names), _clean(csr_array(values)))

    @staticmethod
    def sparse(
        matrix: object, people: Iterable[object] | None = None, items: Sequence[str] | None = None
    ) -> Counts:
        """From a scipy sparse matrix or array, people × items; numbers serve where names lack.

        Parameters
        ----------
        matrix : scipy sparse matrix or array, shape (people, items)
            The amounts.
        people : iterable of object, optional
            Who the rows are.
        items : sequence of str, optional
            What the columns are.

        Returns
        -------
        Counts
            The amounts, copied.

        Raises
        ------
        PopulaceError
            It is no sparse matrix, or an amount is not finite or below nought.
        """
        if not issparse(matrix):
            raise PopulaceError("This is no scipy sparse matrix: give a table to `wide` instead.")
        copied = csr_array(matrix, dtype=np.float64, copy=True)
        _check(copied.data, "The matrix")
        who = pd.RangeIndex(copied.shape[0]) if people is None else pd.Index(list(people))
        what = [f"item {i + 1}" for i in range(copied.shape[1])] if items is None else items
        return Counts(who, tuple(map(str, what)), _clean(copied))

    @staticmethod
    def texts(
        texts: pd.Series,
        *,
        stop_words: Collection[str] | None = None,
        min_people: int = 5,
        max_share: float = 0.5,
    ) -> Counts:
        """From one text a person (the series' index says who): how often each word is used.

        Words are runs of letters, two or more, in lower case; `stop_words` (scikit-learn's
        English ones when not given), words of fewer than `min_people` people and of more than
        `max_share` of them are left out.

        Parameters
        ----------
        texts : pd.Series
            One text a person; missing ones count as empty.
        stop_words : collection of str, optional
            Words to leave out.
        min_people : int, optional
            The fewest people who must use a word.
        max_share : float, optional
            The largest share of people who may use it, 0 to 1.

        Returns
        -------
        Counts
            How often each person uses each word.

        Raises
        ------
        PopulaceError
            A value is no text.
        """
        if stop_words is None:
            from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

            stop_words = ENGLISH_STOP_WORDS
        number: dict[str, int] = {}
        columns: list[int] = []
        indptr = [0]
        for text in texts:
            if isinstance(text, str):
                for word in _WORD.findall(text.lower()):
                    if word not in stop_words:
                        columns.append(number.setdefault(word, len(number)))
            elif not pd.isna(text):
                raise PopulaceError(f"{text!r} is no text: give one text for each person.")
            indptr.append(len(columns))
        order = sorted(number)
        place = np.empty(len(order), np.int64)
        place[[number[word] for word in order]] = np.arange(len(order))
        matrix = csr_array(
            (np.ones(len(columns)), place[columns] if columns else [], indptr),
            shape=(len(texts), len(order)),
        )
        counts = Counts(texts.index, tuple(order), _clean(matrix))
        return counts.used_by(min_people, max_share)

    @property
    def used(self) -> np.ndarray:
        """How many people have anything of each item, int, shape (items,)."""
        return np.bincount(self.matrix.indices, minlength=len(self.items))

    def used_by(self, least: int = 1, share: float = 1.0) -> Counts:
        """Without the items of fewer than `least` people, or more than a `share` of those who
        have anything.

        Parameters
        ----------
        least : int, optional
            The fewest people an item must have.
        share : float, optional
            The largest share, 0 to 1, of the people who have anything.

        Returns
        -------
        Counts
            The same people with the items that are left.
        """
        some = int((np.diff(self.matrix.indptr) > 0).sum())
        keep = np.flatnonzero((self.used >= max(least, 1)) & (self.used <= share * some))
        return Counts(
            self.people, tuple(self.items[i] for i in keep), csr_array(self.matrix[:, keep])
        )

    def aligned(self, items: Sequence[str]) -> Counts:
        """With exactly these items: others are left out, lacking ones are nobody's.

        Parameters
        ----------
        items : sequence of str
            The items, in the order of the new columns.

        Returns
        -------
        Counts
            The same people with these items.
        """
        number = {name: i for i, name in enumerate(items)}
        place = np.array([number.get(name, -1) for name in self.items], dtype=np.int64)
        entries = self.matrix.tocoo()
        rows, columns = entries.coords
        kept = place[columns] >= 0 if len(place) else np.zeros(len(columns), bool)
        matrix = csr_array(
            (entries.data[kept], (rows[kept], place[columns[kept]])),
            shape=(len(self.people), len(items)),
        )
        return Counts(self.people, tuple(items), matrix)


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    if name not in table.columns:
        raise PopulaceError(f"The table has no column {name}: name one that it has.")
    if list(table.columns).count(name) > 1:
        raise PopulaceError(f"The table has two columns {name}: rename one of them.")
    return table[name]


def _numbers(column: pd.Series, name: str) -> np.ndarray:
    try:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise PopulaceError(
            f"The column {name} holds something that is no number: counts or minutes are needed."
        ) from error
    _check(values, f"The column {name}")
    return values


def _check(values: np.ndarray, name: str) -> None:
    if np.isnan(values).any():
        raise PopulaceError(f"{name} has empty cells: write 0 where somebody has nothing.")
    if (values < 0).any():
        raise PopulaceError(f"{name} has numbers below 0: counts or minutes are needed.")
    if (values > LARGEST).any():
        raise PopulaceError(f"{name} has numbers above {LARGEST:.0e}: use a larger unit.")


def _clean(matrix: csr_array) -> csr_array:
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix
