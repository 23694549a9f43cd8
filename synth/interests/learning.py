"""Learning interests from a table, a matrix or texts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from synth.errors import PopulaceError
from synth.interests import em
from synth.interests.counts import Counts
from synth.interests.em import Strengths
from synth.interests.model import (
    Interests,
    Weighting,
    describe,
    interest_shares,
    rarity_of,
    weighted,
)
from synth.interests.quality import coherence, overlap, perplexity

DEFAULT = Strengths(sparse_phi=0.02, sparse_theta=-0.5, decorrelation=0.1)
"""Chosen on time-use diaries (`python -m synth interests evaluate --sweep`). Smoothing Theta is
what counts: the perplexity of an item that is hidden falls to a quarter of plain PLSA's, because
people who show few items are not taken for all of a kind. A little sparsing clears nineteen of
twenty entries of Phi at no loss; decorrelation neither helps nor harms there at this strength.
"""
Progress = Callable[[int, float], None]


@dataclass(frozen=True, eq=False)
class Learned:
    """Interests, and those of the people they were learned from.

    Attributes
    ----------
    interests : Interests
    people : pd.Index, shape (people,)
    shares : float32, shape (people, interests)
        As `Interests.transform` gives them.
    """

    interests: Interests
    people: pd.Index
    shares: np.ndarray

    def tops(self, number: int = 3) -> pd.DataFrame:
        """Columns top1, top2, … (missing where somebody has fewer interests), by person.

        Parameters
        ----------
        number : int, optional
            The most interests a person.

        Returns
        -------
        pd.DataFrame
            As `Interests.tops`.
        """
        return self.interests.tops(self.shares, self.people, number)

    def joined(self, table: pd.DataFrame, person: str, number: int = 3) -> pd.DataFrame:
        """The people's table with their interests as further columns; unknown people have none.

        Parameters
        ----------
        table : pd.DataFrame
            A table of people.
        person : str
            Its column that says who.
        number : int, optional
            The most interests a person.

        Returns
        -------
        pd.DataFrame
            The table with columns top1, top2, ….

        Raises
        ------
        PopulaceError
            The table has no such column, or has one of the new ones already.
        """
        if person not in table.columns:
            raise PopulaceError(f"The table has no column {person}: name the one with the people.")
        tops = self.tops(number)
        taken = [name for name in tops.columns if name in table.columns]
        if taken:
            raise PopulaceError(f"The table has a column {taken[0]} already: rename it.")
        place = self.people.get_indexer(pd.Index(table[person]))
        best = tops.take(np.maximum(place, 0))
        columns = {
            name: pd.Categorical.from_codes(
                np.where(place >= 0, best[name].cat.codes, -1), dtype=best[name].dtype
            )
            for name in tops.columns
        }
        return table.assign(**columns)


def interests_of(
    table: pd.DataFrame,
    person: str | None,
    item: str | None = None,
    amount: str | None = None,
    *,
    topics: int = 26,
    seed: int = 0,
    weighting: Weighting = "rarity",
    labels: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Interests from a table.

    Parameters
    ----------
    table : pd.DataFrame
        Long (a row for each person and item) where `item` is named, else wide (a row for each
        person, a column of numbers for each item).
    person, item, amount : str
        Columns. Without `amount` a long table's rows count once each.
    topics : int
        How many interests; at most as many as there are items.
    seed : int
        The same seed gives the same interests.
    weighting : "rarity", "log" or "amount"
        How an amount counts, see `Weighting`.
    labels : mapping of str to str
        Words for items, for names and keywords.
    progress : callable
        Gets the number of passes done and the perplexity.

    Raises
    ------
    PopulaceError
        A column lacks, an amount is empty or below nought, or there is too little to learn from.
    """
    if item is not None and person is None:
        raise PopulaceError("A long table needs the column that says who the person is: name it.")
    if item is None and amount is not None:
        raise PopulaceError(
            f"The amount {amount} belongs to a long table: name the column with the items too."
        )
    if item is not None and person is not None:
        counts = Counts.long(table, person, item, amount)
    else:
        counts = Counts.wide(table, person)
    return learn(counts, topics, seed=seed, weighting=weighting, labels=labels, progress=progress)


def of_texts(
    texts: pd.Series,
    *,
    topics: int = 26,
    seed: int = 0,
    stop_words: Collection[str] | None = None,
    min_people: int = 5,
    max_share: float = 0.5,
    progress: Progress | None = None,
) -> Learned:
    """Interests from one text a person, see `Counts.texts`; the series' index says who.

    Parameters
    ----------
    texts : pd.Series
        One text a person.
    topics : int, optional
        Interests to learn.
    seed : int, optional
        Of the fit.
    stop_words, min_people, max_share : collection of str, optional
        As in `Counts.texts`.
    progress : Progress, optional
        Gets how far the fit is.

    Returns
    -------
    Learned
        The interests, and the people's shares.

    Raises
    ------
    PopulaceError
        A value is no text, or there are too few words for so many topics.
    """
    counts = Counts.texts(texts, stop_words=stop_words, min_people=min_people, max_share=max_share)
    return learn(counts, topics, seed=seed, progress=progress)


def learn(
    counts: Counts,
    topics: int = 26,
    *,
    seed: int = 0,
    strengths: Strengths = DEFAULT,
    weighting: Weighting = "rarity",
    labels: Mapping[str, str] | None = None,
    passes: int = 200,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Learned:
    """Interests from counts; items that nobody has are left out. See `interests_of`, `em.fit`.

    Parameters
    ----------
    counts : Counts
        What people do.
    topics : int, optional
        Interests to learn.
    seed : int, optional
        Of the fit.
    strengths : Strengths, optional
        How strongly each criterion pulls.
    weighting : Weighting, optional
        How amounts count.
    labels : mapping of str to str, optional
        Item → words for the screen.
    passes : int, optional
        The most passes.
    threads : int, optional
        Threads to compute with.
    progress : Progress, optional
        Gets how far the fit is.

    Returns
    -------
    Learned
        The interests, and the people's shares.

    Raises
    ------
    PopulaceError
        Nobody has any item, or there are fewer items than topics.
    """
    counts = counts.used_by(1)
    if not counts.items:
        raise PopulaceError("Nobody has any item: there is nothing to learn interests from.")
    if not 1 <= topics <= len(counts.items):
        raise PopulaceError(
            f"{topics} interests cannot be told apart with {len(counts.items)} items: ask for 1 "
            f"to {len(counts.items)}."
        )
    rarity = rarity_of(counts, weighting)
    own = weighted(counts, rarity, weighting)
    fitted = em.fit(
        own,
        topics + strengths.background,
        strengths,
        seed=seed,
        passes=passes,
        threads=threads,
        progress=progress,
    )
    words = [(labels or {}).get(item, item) for item in counts.items]
    inner = fitted.phi[:, :topics]
    names, keywords = describe(inner, words)
    shares = interest_shares(own, fitted.theta, strengths)
    some = np.diff(own.indptr) > 0
    measured = coherence(counts.matrix, inner)
    about = {
        "people": len(counts.people),
        "people_without_items": int((~some).sum()),
        "passes": len(fitted.history),
        "seed": seed,
        "perplexity": perplexity(own, fitted.phi, fitted.theta),
        "npmi": measured.npmi,
        "pmi": measured.pmi,
        "overlap": overlap(inner),
        "noughts_in_phi": float((inner == 0).mean()),
        "noughts_in_shares": float((shares[some] == 0).mean()) if some.any() else 1.0,
    }
    model = Interests(
        names, keywords, counts.items, fitted.phi, rarity, weighting, strengths, about
    )
    return Learned(model, counts.people, shares)


def coherence_by_topics(
    counts: Counts, topics: Iterable[int], *, seed: int = 0, weighting: Weighting = "rarity"
) -> pd.DataFrame:
    """Coherence and perplexity for several numbers of topics, to choose from; one row each.

    Parameters
    ----------
    counts : Counts
        What people do.
    topics : iterable of int
        Numbers of topics to try.
    seed : int, optional
        Of each fit.
    weighting : Weighting, optional
        How amounts count.

    Returns
    -------
    pd.DataFrame
        Columns topics, npmi (−1 to 1) and perplexity.
    """
    rows = [
        {"topics": number}
        | {
            name: learn(counts, number, seed=seed, weighting=weighting).interests.about[name]
            for name in ("npmi", "perplexity")
        }
        for number in topics
    ]
    return pd.DataFrame(rows)
