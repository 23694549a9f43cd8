"""What was measured of the portraits, as it is shown: Table 1 of this project beside the paper's.

It reads models/portraits/evaluation.json only, so a screen needs none of the judges.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from synth.environment import MODELS
from synth.errors import PopulaceError

SHIPPED = MODELS / "portraits" / "evaluation.json"
_TABLES = {
    "bank": "Bank",
    "bank_at_calibrated_cuts": "Bank, ages recalibrated",
    "live": "Live",
    "live_at_calibrated_cuts": "Live, ages recalibrated",
}


_AGES = range(4, 7)  # the rows of the table that are age groups


@dataclass(frozen=True)
class Published:
    """`rows` of the table, one a class, and `notes`: how each column came about."""

    rows: tuple[dict[str, str | float], ...]
    notes: tuple[str, ...]


def published(path: Path = SHIPPED) -> Published | None:
    """The measured table; None where nothing was measured yet.

    Raises PopulaceError when the file is damaged.

    Parameters
    ----------
    path : Path, optional
        The JSON file.

    Returns
    -------
    Published or None
        The table's rows and notes.
    """
    if not path.exists():
        return None
    try:
        return _laid_out(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise PopulaceError(
            f"The measurements {path.name} cannot be read; make them again with "
            "`python -m synth portraits evaluate --json`."
        ) from error


def _laid_out(report: dict) -> Published | None:
    tables = {title: report[name] for name, title in _TABLES.items() if name in report}
    if not tables:
        return None
    judge = report.get("age_judge_on_real_photographs")
    rows = []
    for index, first in enumerate(next(iter(tables.values()))["rows"]):
        line: dict[str, str | float] = {"Class": _title(first["name"])}
        line["Paper F1"] = float(first["paper"][2])
        for title, table in tables.items():
            row = table["rows"][index]
            between = f"{row['low']:.2f}–{row['high']:.2f}"
            if "recalibrated" not in title:
                line[f"{title} F1"] = float(round(row["f1"], 2))
                line[f"{title} 95%"] = between
            elif index in _AGES:
                line[f"{title}: F1"] = f"{row['f1']:.2f} ({between})"
            else:
                line[f"{title}: F1"] = "–"
        if judge:
            real = f"{judge['f1'][index - 4]:.2f}" if index in _AGES else "–"
            line["Real people F1"] = real
        for title, table in tables.items():
            if "recalibrated" not in title:
                row = table["rows"][index]
                line[f"{title} precision"] = float(round(row["precision"], 2))
                line[f"{title} recall"] = float(round(row["recall"], 2))
        rows.append(line)
    notes = [
        f"{title}: {table['requests']} balanced requests, {table['answered']} answered; the "
        f"judges' age is {table['mean_absolute_error']:.1f} years from the request on average."
        for title, table in tables.items()
        if "recalibrated" not in title
    ]
    if judge:
        young, old = judge["cuts"]
        notes.append(
            f"“Real people” is the age judge itself on {judge['photographs']} labelled "
            "photographs of people whom no head of age has seen: it takes most real teens for "
            "adults. "
            f"“Ages recalibrated” parts its ages at {young:.1f} and "
            f"{old:.1f} years, which suits it best on those real photographs."
        )
    return Published(tuple(rows), tuple(notes))


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]
