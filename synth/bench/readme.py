"""README's tables of figures, measured and written again in one run.

A table stands in README between two comments that name it, ``<!-- figures: NAME -->`` and
``<!-- end -->``. What was measured is kept as ``NAME.json`` too, so that a run can go on where
another ended, and a table can be written without measuring anew.

Run ``python -m synth bench --readme README.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from synth.bench import adult, data, measure, refinement, rows
from synth.errors import PopulaceError

Document = dict[str, Any]
Say = Callable[[str], None]

PREDICTED = ("Diabetes", "Gender", "SleepTrouble", "Age")
"""Columns of NHANES that are predicted beside gradient boosting."""
JUDGED = 1_000
"""People of NHANES whose blanks are filled."""
SIZE = 1_000_000
"""Rows whose drawing the tables speak of."""
CASES = {
    "us-time-use": "us-time-use, 17 columns",
    "us-7-columns": "American Time Use, 7 columns",
    "adult-peers-plan": "Adult in the peers' split, the Studio's plan",
    "adult": "Adult, `learn`",
    "french-hobbies": "french-hobbies",
}
"""The refinement's cases in README, and what they are called."""


@dataclass(frozen=True)
class Figures:
    """One of README's tables.

    Attributes
    ----------
    what : str
        What is measured, in a few words.
    measure : callable
        From the peers' Pythons by name, and what hears of the progress, to a document.
    write : callable
        From a document to the lines of a Markdown table.
    """

    what: str
    measure: Callable[[Mapping[str, str], Say], Document]
    write: Callable[[Document], list[str]]


def renew(
    readme: Path,
    names: Collection[str] = (),
    *,
    folder: Path | None = None,
    peers: Mapping[str, str] | None = None,
    again: bool = True,
    say: Say = lambda words: None,
) -> dict[str, str]:
    """Measure tables and write them into README.

    Parameters
    ----------
    readme : Path
        The file with the tables.
    names : collection of str
        Which of `TABLES`; all that README has when empty.
    folder : Path, optional
        Where the documents are kept.
    peers : mapping of str to str, optional
        Name → the Python of its environment.
    again : bool
        Whether tables are measured again of which the folder holds a document.
    say : callable
        Gets what is being done.

    Returns
    -------
    dict of str to str
        Each table, and ``renewed`` or why it stands as it stood.

    Raises
    ------
    PopulaceError
        There is no such table, or README has no place for it.
    """
    text = readme.read_text("utf-8")
    places = set(re.findall(r"<!-- figures: ([\w-]+) -->", text))
    for name in names:
        if name not in TABLES:
            raise PopulaceError(f"No table is called “{name}”: choose among {', '.join(TABLES)}.")
        if name not in places:
            raise PopulaceError(
                f"{readme} has no place for {name}: put <!-- figures: {name} --> and "
                "<!-- end --> there."
            )
    out: dict[str, str] = {}
    for name in names or [name for name in TABLES if name in places]:
        kept = None if folder is None else folder / f"{name}.json"
        if kept is not None and kept.is_file() and not again:
            document = json.loads(kept.read_text("utf-8"))
        else:
            say(f"{name}: {TABLES[name].what}")
            try:
                document = TABLES[name].measure(peers or {}, partial(_say_of, say, name))
            except PopulaceError as error:
                out[name] = str(error)
                continue
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(document, indent=2, ensure_ascii=False), "utf-8")
        text = replaced(text, name, TABLES[name].write(document))
        readme.write_text(text, "utf-8")  # what was measured stands, also where the next one fails
        out[name] = "renewed"
    return out


def _say_of(say: Say, name: str, words: str) -> None:
    say(f"{name}: {words}")


def replaced(text: str, name: str, lines: Sequence[str]) -> str:
    """A text with other lines at a table's place.

    Parameters
    ----------
    text : str
        With the table's two comments.
    name : str
        The table's.
    lines : sequence of str
        What stands between them.
    """
    begin = f"<!-- figures: {name} -->"
    before, found, rest = text.partition(begin)
    _, end, after = rest.partition("<!-- end -->")
    if not found or not end:
        raise PopulaceError(f"The place of {name} does not end: put <!-- end --> after it.")
    return "\n".join([before + begin, *lines, end]) + after


def table(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    ruler = "|" + "---|" * len(header)
    return [_line(header), ruler, *(_line(cells) for cells in body)]


def _line(cells: Sequence[str]) -> str:
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def figure(value: float | None, digits: int = 3) -> str:
    """A figure below one without its nought, such as ``.545``; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("0") if text.startswith("0.") else text


def _need(names: Sequence[str], peers: Mapping[str, str]) -> None:
    """A PopulaceError where a table would lose a peer that stands in it."""
    absent = [name for name in names if name not in peers]
    if absent:
        raise PopulaceError(
            f"{' and '.join(absent)} would be missing from the table: give the Python of each with "
            "--peer-python."
        )


def _ran(peer: str, error: str | None) -> None:
    """A PopulaceError where a peer's environment is broken: the table would lose it.

    One that needed longer than it may did run.
    """
    if error and not error.startswith("stopped after"):
        raise PopulaceError(f"{peer} did not run ({error}): mend its environment.")


# ---------------------------------------------------------------------- filling


def _measure_rows(peers: Mapping[str, str], say: Say) -> Document:
    path = data.SHARED / "data" / "nhanes.parquet"
    if not path.is_file():
        raise PopulaceError("The table nhanes.parquet is not beside this repository.")
    return rows.bench_rows(path, PREDICTED, most=JUDGED, progress=lambda share, words: say(words))


def _write_rows(document: Document) -> list[str]:
    tools = {
        "populace": "Populace",
        "IterativeImputer": "scikit-learn's IterativeImputer",
        "columns": "shares and means of columns",
    }
    patterns = {"random": "at random", "blocks": f"by blocks of {rows.BLOCK} columns"}
    body = []
    for pattern, each in document["blanked"].items():
        for tool, title in tools.items():
            if tool not in each:
                continue
            error = figure(each[tool]["absolute_error_sd"])
            if "absolute_error_sd_median" in each[tool]:
                error += f" / {figure(each[tool]['absolute_error_sd_median'])}"
            ours = tool == "populace"
            calibration = each["calibration"].get("expected_calibration_error") if ours else None
            body.append(
                [
                    patterns[pattern] if ours else "",
                    title,
                    figure(each[tool]["log_loss"]),
                    error,
                    figure(calibration) if ours else "",
                ]
            )
    for column, each in document["predicted"].items():
        for tool, title in (("populace", "Populace"), ("HGB", "gradient boosting")):
            said, ours = each[tool], tool == "populace"
            body.append(
                [
                    f"{column}, predicted" if ours else "",
                    title,
                    figure(said["log_loss"]) if "log_loss" in said else "",
                    figure(said["absolute_error_sd"]) if "absolute_error_sd" in said else "",
                    figure(said["expected_calibration_error"])
                    if "expected_calibration_error" in said
                    else "",
                ]
            )
    header = ["blanked", "", "log-loss of levels", "error of numbers, sd (mean / median)"]
    return table([*header, "calibration error"], body)


# ---------------------------------------------------------------------- refined people


def _measure_refined(peers: Mapping[str, str], say: Say) -> Document:
    known = refinement.cases(data.SHARED / "data")
    there = [name for name in CASES if name in known]
    if len(there) < len(CASES):
        absent = ", ".join(name for name in CASES if name not in known)
        raise PopulaceError(f"The tables of {absent} are not beside this repository.")
    out = {}
    for name in there:
        say(name)
        out[name] = refinement.judge(known[name], attacks=False)
    return out


def _write_refined(document: Document) -> list[str]:
    body = []
    for name, case in document.items():
        title = f"{CASES[name]}, {case['learned']:,} learned, {case['judged']:,} a side"
        for people in ("network", "refined", "fresh"):
            if people not in case["people"]:
                continue
            said = case["people"][people]
            judges = [figure(value) for value in said["judges"].values()]
            if people == "refined":
                judges[0] = f"**{judges[0]}**"
            body.append(
                [
                    title if people == "network" else "",
                    people,
                    *judges,
                    figure(said["lr_auc"]),
                    figure(said["repeat_share"]),
                    figure(said["utility"]) if "utility" in said else "",
                ]
            )
    header = ["", "people", "HGB", "other HGB", "forest", "MLP", "LR", "repeats", "income"]
    return table(header, body)


# ---------------------------------------------------------------------- beside peers


def _measure_speed(peers: Mapping[str, str], say: Say) -> Document:
    _need(("pybnesian", "pyagrum"), peers)
    tables = [dataset for dataset in (data.truth(), data.atus()) if dataset is not None]
    document = measure.bench(tables, [SIZE], peers, progress=say)
    for result in document["tables"].values():
        for peer in peers:
            _ran(peer, result["tools"][peer]["one"].get("errors", {}).get("fit"))
    return document


def _write_speed(document: Document) -> list[str]:
    lines: list[str] = []
    for name, result in document["tables"].items():
        tools = result["tools"]
        one = {tool: entry["one"] for tool, entry in tools.items()}
        fresh = tools[measure.OURS]["fidelity"]

        def rates(kind: str, of: Mapping[str, Any] = one) -> list[str]:
            first = (next(iter(e["given"][kind]["rows_per_s"].values()), None) for e in of.values())
            return [_rate(value) for value in first]

        body = [
            [
                "rows/s, 1 million rows",
                *(_rate(e["rows_per_s"].get(str(SIZE))) for e in one.values()),
            ]
        ]
        for kind, facts in result["questions"].items():
            words = " and ".join(f"`{column}={level}`" for column, level in facts.items())
            body.append([f"rows/s given {words}", *rates(kind)])
        body.append(["learning, s", *(figure(e["fit_s"], 2) for e in one.values())])
        for key, words in (
            ("lr_auc", "LR AUC"),
            ("hgb_auc", "HGB AUC"),
            ("repeat_share", "rows that repeat one learned from"),
        ):
            said = f"{words} (fresh people: {figure(fresh.get(f'{key}_reference'))})"
            body.append([said, *(figure(e["fidelity"].get(key)) for e in tools.values())])
        titles = [f"{t} {e['one']['version'] or ''}".strip() for t, e in tools.items()]
        titles[0] = "Populace"
        heading = f"{name}, {len(result['columns'])} columns, {result['rows']:,} learned"
        lines += [*([""] if lines else []), *table([heading, *titles], body)]
    return lines


def _rate(value: float | None) -> str:
    """Rows a second: millions from ten thousand up."""
    if value is None:
        return "–"
    if value >= 10_000:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


# ---------------------------------------------------------------------- Adult


def _measure_adult(peers: Mapping[str, str], say: Say) -> Document:
    dataset = data.adult()
    if dataset is None:
        raise PopulaceError("The table adult_train.parquet is not beside this repository.")
    _need(("sdv",), peers)
    document = adult.compare(dataset, {"sdv": peers["sdv"]})
    _ran("sdv", document.get("sdv", {}).get("error"))
    return document


def _write_adult(document: Document) -> list[str]:
    titles = {
        "populace_studio": "Populace, by the Studio's plan",
        "populace": "Populace, `learn`",
        "sdv": "SDV GaussianCopula",
        "fresh": "fresh people",
    }
    there = {tool: title for tool, title in titles.items() if "hgb_auc" in document.get(tool, {})}

    def cells(key: str, form: Callable[[Any], str]) -> list[str]:
        return [form(document[tool][key]) for tool in there]

    body = [
        ["HGB AUC", *cells("hgb_auc", figure)],
        ["pairs of columns, TVD", *cells("tvd2", figure)],
        ["capital gain is 0", *cells("no_capital_gain", "{:.1%}".format)],
        [
            "years of schooling contradict the degree",
            *cells("education_num_wrong", "{:.1%}".format),
        ],
        [
            f"of {document['fresh']['countries']} countries, kept",
            *cells("countries_kept", str),
        ],
    ]
    return table(["", *there.values()], body)


TABLES = {
    "speed": Figures("speed and likeness beside peers", _measure_speed, _write_speed),
    "refined": Figures("refined people, judged by others", _measure_refined, _write_refined),
    "rows": Figures("blanks filled and columns predicted", _measure_rows, _write_rows),
    "adult": Figures("Adult beside SDV", _measure_adult, _write_adult),
}
"""README's tables by name."""
