"""Losses of four stock indices by GAN and VAE: are means, spreads, ties and tails right?

Daily losses of DAX, SMI, CAC and FTSE; by default the days on which all four lose (are above 0).
Each generator learns all days and draws 100,000; moments, correlations, the 99% quantiles and a
two-sample test of each column (Kolmogorov and Smirnov) are set beside the real days'.

Run ``python -m synth.bench.stock_losses --source FOLDER [--every-day]``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from scipy.stats import ks_2samp

from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.generators import Settings, generator

FILE = "stock_losses.parquet"
INDICES = ("DAX", "SMI", "CAC", "FTSE")
GENERATORS = ("gan", "vae")
ROWS = 100_000
"""So many that what is judged is the law, not the luck of a draw."""


def days(source: Path, every_day: bool) -> pd.DataFrame:
    """The losses, all or those of days on which all indices fall.

    Raises
    ------
    PopulaceError
        The table is not there.
    """
    path = source / FILE
    if not path.is_file():
        raise PopulaceError(f"{FILE} is not in {source}: name its folder with --source.")
    losses = pd.read_parquet(path, columns=list(INDICES))
    if every_day:
        return losses
    return losses[(losses > 0).all(axis=1)].reset_index(drop=True)


def figures(real: pd.DataFrame, drawn: pd.DataFrame) -> dict[str, float]:
    """How far drawn days are from real ones, each the worst of the columns.

    Parameters
    ----------
    real, drawn : pd.DataFrame
        Days by index.

    Returns
    -------
    dict of str to float
        `mean`, `deviation` and `quantile_99` relative to the real ones; `mean_in_deviations`, for
        means near nought; `correlation`, a difference; `p_value`, the smallest of the two-sample
        tests.
    """
    means, spreads = real.mean(), real.std()
    tests = [ks_2samp(real[name], drawn[name]).pvalue for name in real]
    apart = {
        "mean": ((drawn.mean() - means) / means).abs(),
        "mean_in_deviations": ((drawn.mean() - means) / spreads).abs(),
        "deviation": (drawn.std() / spreads - 1).abs(),
        "quantile_99": (drawn.quantile(0.99) / real.quantile(0.99) - 1).abs(),
        "correlation": (drawn.corr() - real.corr()).abs().max(),
    }
    out = {name: round(float(values.max()), 4) for name, values in apart.items()}
    return {**out, "p_value": round(float(np.min(tests)), 4)}


def measure(real: pd.DataFrame, seeds: int, minutes: float | None) -> dict[str, Any]:
    """Figures of each generator and seed.

    Parameters
    ----------
    real : pd.DataFrame
        The days.
    seeds : int
        How often each learns.
    minutes : float, optional
        The budget of each; its own if not given.

    Returns
    -------
    dict
        Generator → list of `figures`, each with the seconds of learning.
    """
    table = make_table(real)
    out: dict[str, Any] = {"days": len(real)}
    for name in GENERATORS:
        out[name] = []
        for seed in range(seeds):
            options = {} if minutes is None else {"minutes": minutes}
            model: Any = generator(name).fit(table, Settings(seed=seed, options=options))
            drawn = model.sample(ROWS, seed=seed + 1)
            about = {key: model.report[key] for key in ("work_seconds", "ended")}
            out[name].append({**figures(real, drawn), **about})
    return out


def main(
    source: Annotated[Path, typer.Option(help="The folder with the losses.")] = Path(
        "../shared/data"
    ),
    every_day: Annotated[bool, typer.Option("--every-day", help="All days, rises too.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="How often each learns.")] = 2,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="The budget of each.")] = None,
) -> None:
    """Learn the losses by GAN and VAE, and print figures as JSON."""
    typer.echo(json.dumps(measure(days(source, every_day), seeds, minutes), indent=2))


if __name__ == "__main__":
    typer.run(main)
