"""The probability of whole rows, cell by cell."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synth.bayes.network import Network
from synth.errors import PopulaceError


def log_cells(network: Network, frame: pd.DataFrame) -> np.ndarray:
    """How likely each cell is given the cells of its parents.

    Parameters
    ----------
    network : Network
        Without Gaussian columns.
    frame : DataFrame
        Complete rows in the schema's canonical dtypes; a missing value is a state of its own where
        the column knows it.

    Returns
    -------
    float64 array, shape (rows, columns)
        log P(value | parents' values), modelled columns in the schema's order; minus infinity where
        the network excludes a value. A number's is of its class and its value together. A row's
        sum is the log-probability of the whole row; of a number that is the probability of the
        value on the column's lattice.

    Raises
    ------
    PopulaceError
        The network has Gaussian columns, or the frame lacks a column.
    """
    if network.gaussians:
        raise PopulaceError(
            f"Rows with the Gaussian column {next(iter(network.gaussians))} have no probability, "
            "only a density: learn it without --gaussian."
        )
    names = network.schema.modelled.names
    lacking = [name for name in names if name not in frame]
    if lacking:
        raise PopulaceError(f"The rows have no column {lacking[0]}: add it, missing where unknown.")
    codes = {name: network.codings[name].encode(frame[name]).astype(np.int64) for name in names}
    for group, name in network.class_of.items():
        inside = codes[name] < network.codings[name].size
        of = network.class_codes(group)[np.where(inside, codes[name], 0)]
        codes[group] = np.where(inside, of, network.codings[group].size)
    out = np.zeros((len(frame), len(names)))
    place = {name: i for i, name in enumerate(names)}
    place |= {group: place[name] for group, name in network.class_of.items()}
    for name, i in place.items():
        coding, table = network.codings[name], network.tables[name]
        known = codes[name] < coding.size
        places = (*(codes[parent] for parent in network.parents[name]), codes[name])
        inside = known & np.all(
            [codes[parent] < network.codings[parent].size for parent in network.parents[name]],
            axis=0,
        )
        safe = tuple(np.where(inside, place, 0) for place in places)
        with np.errstate(divide="ignore"):
            logs = np.where(inside, np.log(table[safe]), -np.inf)
        if coding.pieces is not None:
            numbers = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
            there = ~np.isnan(numbers)
            index = coding.index(numbers[there])
            pieces = coding.pieces
            piece = np.minimum(np.searchsorted(pieces.last, index), len(pieces.last) - 1)
            covered = (index >= pieces.first[piece]) & (index <= pieces.last[piece])
            length = pieces.last[piece] - pieces.first[piece] + 1
            with np.errstate(divide="ignore"):
                within = np.log(pieces.weight[piece] * coding.widths(numbers[there]) / length)
            logs[there] += np.where(covered, within, -np.inf)
        out[:, i] += logs
    return out


def log_rows(network: Network, frame: pd.DataFrame) -> np.ndarray:
    """The log-probability of each row; float64, shape (rows,). As `log_cells`, summed."""
    return log_cells(network, frame).sum(axis=1)
