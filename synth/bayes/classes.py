"""Classes of numbers: what other columns may depend on instead of a number's bins.

A number cut into twenty bins is a dear parent: every table that it joins grows twentyfold, and so
do the cliques of exact answers, while what the others depend on is mostly whether it is low or
high. So a network may hold, beside a number, a column of few classes, each some of its neighbouring
bins. The class is a parent of its number; other columns depend on the class or on the number, and
it or its class on them, as predicts unseen people better. This is parent divorcing (Olesen et al.
1989) with intermediate columns that are known: a number settles its class. So answers stay exact,
and nobody needs to be asked about a class. It is no column of the people: tables lack it.

References
----------
.. [1] K. G. Olesen, U. Kjærulff, F. Jensen, F. V. Jensen, B. Falck, S. Andreassen, S. K. Andersen,
   "A MUNIN network for the median nerve: a case study on loops", Applied Artificial Intelligence 3,
   1989.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from synth.bayes.coding import Coding
from synth.data.column import Column

MORE = 4
"""A number has classes where it has more than so many codes beyond them."""


@dataclass(frozen=True, eq=False)
class NumberClasses:
    """The classes of a number.

    Attributes
    ----------
    column : Column
        Of role "class"; its levels are ranges of the number.
    number : str
        The number's column.
    of : int array, shape (number's size,)
        The class of each of its codes; a missing value is a class of its own.
    """

    column: Column
    number: str
    of: np.ndarray

    @staticmethod
    def learn(
        coding: Coding, codes: np.ndarray, most: int, taken: Collection[str]
    ) -> NumberClasses | None:
        """Classes of about as many people each.

        Parameters
        ----------
        coding : Coding
            The number's.
        codes : int array, shape (people,)
            Everybody's.
        most : int
            The most classes, beside that of missing values.
        taken : collection of str
            Names that other columns have.

        Returns
        -------
        NumberClasses or None
            None where the column is no number, or has too few bins for it.
        """
        pieces, column = coding.pieces, coding.column
        if pieces is None or most < 2 or coding.size <= most + MORE:
            return None
        people = np.bincount(codes, minlength=coding.size)[: pieces.bins].astype(np.float64)
        middle = (np.cumsum(people) - people / 2) / max(people.sum(), 1.0)
        numbers = np.minimum((middle * most).astype(np.int64), most - 1)
        _, of = np.unique(numbers, return_inverse=True)  # none is left without a bin
        low = pieces.first[pieces.starts[:-1]]
        high = pieces.last[pieces.starts[1:] - 1]
        levels = []
        for k in range(of[-1] + 1):
            inside = np.flatnonzero(of == k)
            ends = low[inside[0]], high[inside[-1]]
            first, last = (column.text(coding.value(end)) for end in ends)
            levels.append(first if ends[0] == ends[1] else f"{first}–{last}")
        if column.missing:
            of = np.append(of, of[-1] + 1)
        name = f"{column.name} class"
        while name in taken:
            name += "_"
        classes = Column(
            name,
            "categorical",
            tuple(levels),
            missing=column.missing,
            role="class",
            label=f"{column.title}, class",
            meaning="",
        )
        return NumberClasses(classes, column.name, of)

    def within(self, table: np.ndarray, axis: int, alone: np.ndarray) -> np.ndarray:
        """A number's table in which nobody is outside their class.

        Parameters
        ----------
        table : float64 array, shape (*parents' sizes, size)
            P(code | parents), the class among these.
        axis : int
            The class's.
        alone : float64 array, shape (size,)
            P(code), for rows that would be empty.

        Returns
        -------
        float64 array
            Rows sum to one.
        """
        shape = [1] * table.ndim
        shape[axis], shape[-1] = table.shape[axis], table.shape[-1]
        inside = (np.arange(table.shape[axis])[:, None] == self.of).reshape(shape)
        out = np.where(inside, table, 0.0)
        mass = out.sum(axis=-1, keepdims=True)
        rest = np.where(inside, np.maximum(alone, 1e-300), 0.0)
        rest = rest / rest.sum(axis=-1, keepdims=True)
        return np.where(mass > 0, out / np.where(mass > 0, mass, 1.0), rest)


def class_codes(table: np.ndarray, axis: int) -> np.ndarray:
    """The class of each code of a number; int array, shape (size,).

    Parameters
    ----------
    table : float64 array, shape (*parents' sizes, size)
        The number's, as `NumberClasses.within` gives it.
    axis : int
        The class's.
    """
    others = tuple(i for i in range(table.ndim - 1) if i != axis)
    return np.asarray((table.sum(axis=others) > 0).argmax(axis=0))
