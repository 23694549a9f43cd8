"""Learned families as a folder: JSON and plain arrays; nothing is pickled.

``linked.json`` says what the tables are and what was found, ``network.json`` holds the root with
its plans, ``rows.npz`` the tables by which rows follow, ``root_ratio.npz`` and ``ratio.npz`` what
corrects them, ``card.md`` the card. What is read is checked before compiled code looks into it.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from synth.data.model_folders import CARD, ModelFolders
from synth.data.schema import Schema
from synth.errors import PopulaceError
from synth.generators.base import DEFAULT, generator
from synth.generators.density_ratio import CLIP, DensityRatio
from synth.linked.correction import Correction
from synth.linked.features import Feature
from synth.linked.kernels import NUMBER, SAME, STEP, Program
from synth.linked.model import LinkedModel, Shape
from synth.linked.plans import Plan, Summary
from synth.linked.population import Counts, LinkedPopulation
from synth.linked.rules import FamilyRule
from synth.linked.siblings import Siblings, Slot
from synth.populations.archive_limits import check_size

FORMAT = "populace-linked/1"
ABOUT, ROWS, ROOT_RATIO, RATIO = "linked.json", "rows.npz", "root_ratio.npz", "ratio.npz"
FOLDERS = ModelFolders(
    "linked",
    ABOUT,
    "families",
    " A folder that `python -m synth fit PARENT --child FILE` wrote will do too.",
)
"""Where families are."""
LARGEST = 256 * 2**20
"""Bytes that the rows' arrays may unpack to."""
_NUMBERS = ("place", "left", "now", "then")
_WHOLE = ("kind", "size", "turn", "parent_start", "parents", "strides", "table_start", "bins",
          "bin_start", "piece_start", "before", "first", "need", "edge_start", "need_start",
          "factor_start", "factor_slot", "factor_with", "factor_width", "factor_base",
          "known_by")  # fmt: skip


def available_linked() -> tuple[str, ...]:
    """The names of the shipped families."""
    return FOLDERS.names()


def is_linked(folder: str | Path) -> bool:
    """Whether a name or a folder holds linked tables."""
    return FOLDERS.is_model(folder)


_LATER: dict[str, Callable[[int], np.ndarray]] = {
    "factor_start": lambda columns: np.zeros(columns + 1, np.int64),
    "factor_slot": lambda columns: np.zeros(0, np.int64),
    "factor_with": lambda columns: np.zeros(0, np.int64),
    "factor_width": lambda columns: np.zeros(0, np.int64),
    "factor_base": lambda columns: np.zeros(0, np.int64),
    "factors": lambda columns: np.zeros(0, np.float32),
    "known_by": lambda columns: np.full(columns, -1, np.int64),
    "known_from": lambda columns: np.zeros(columns),
}
"""What files have that lack an array, because families were learned without: by their columns."""

# ---------------------------------------------------------------------- writing


def save_linked(population: LinkedPopulation, folder: str | Path) -> None:
    """Write a folder that `load_linked` reads."""
    path, model = Path(folder), population.model
    path.mkdir(parents=True, exist_ok=True)
    if model.root.generator != DEFAULT:
        raise PopulaceError("Families are saved where a Bayesian network learned their parents.")
    model.root.save(path)
    arrays: dict[str, np.ndarray] = {}
    tables = {}
    for number, (name, some) in enumerate(model.siblings.items()):
        for key, value in some.program._asdict().items():
            if key not in _NUMBERS:
                arrays[f"{number}.{key}"] = value
        for place, slot in enumerate(some.slots):
            arrays[f"{number}.edges of {place}"] = slot.edges
            arrays[f"{number}.codes of {place}"] = slot.codes
        tables[name] = {
            "schema": some.schema.to_json(),
            "begin": some.plan.begin,
            "kinds": {key: int(kind) for key, kind in some.plan.kinds.items()},
            "plan": [asdict(summary) for summary in some.plan.summaries],
            "slots": [slot.column for slot in some.slots],
            "context": list(some.context),
            **{key: int(getattr(some.program, key)) for key in _NUMBERS},
        }
    np.savez_compressed(path / ROWS, **arrays)  # type: ignore[arg-type]
    for file, ratio in ((ROOT_RATIO, model.root_ratio), (RATIO, model.ratio)):
        if ratio is None:
            (path / file).unlink(missing_ok=True)
        else:
            ratio.ratio.save(path / file)
    about = {
        "format": FORMAT,
        "title": population.title,
        "note": population.note,
        "families": population.families,
        "files": dict(population.files),
        "notes": list(population.notes),
        "seed": model.seed,
        "shapes": [
            {**_words(shape), "schema": shape.schema.to_json(), "counts_from": shape.counts_from}
            for shape in model.shapes
        ],
        "tables": tables,
        "rules": [rule.to_json() for rule in model.rules],
        "features": [[f.table, f.column, f.what] for f in model.features],
        "bounds": {
            file: ratio.to_json()
            for file, ratio in ((ROOT_RATIO, model.root_ratio), (RATIO, model.ratio))
            if ratio is not None
        },
        "counts": [counts.to_json() for counts in population.counts],
    }
    FOLDERS.write_manifest(path, about, population.card)


_WORDS = ("name", "key", "parent", "link", "order", "counter")


def _words(shape: Shape) -> dict[str, str]:
    return {word: getattr(shape, word) for word in _WORDS}


# ---------------------------------------------------------------------- reading


def load_linked(name: str | Path) -> LinkedPopulation:
    """Read shipped families by their name, or a folder that `save_linked` wrote.

    Raises
    ------
    PopulaceError
        There are none, or a file is damaged.
    """
    folder = FOLDERS.find(name)
    damaged = f"The families in {folder} are damaged: learn them again."
    try:
        content = (folder / ABOUT).read_bytes()
        check_size({ABOUT: content}, folder.name)
        about = json.loads(content.decode("utf-8"))
        if about["format"] != FORMAT:
            raise ValueError("format")
        shapes = tuple(
            Shape(
                schema=Schema.from_json(each["schema"]),
                counts_from=int(each["counts_from"]),
                **{word: str(each[word]) for word in _WORDS},
            )
            for each in about["shapes"]
        )
        root = generator().load(folder)
        siblings = _siblings(folder / ROWS, about["tables"], shapes, root.schema)
        model = LinkedModel(
            shapes,
            root,
            siblings,
            tuple(FamilyRule.from_json(rule) for rule in about["rules"]),
            _correction(folder / ROOT_RATIO, about),
            _correction(folder / RATIO, about),
            tuple(Feature(*map(str, feature)) for feature in about["features"]),
            int(about["seed"]),
        )
        _check_names(model)
        return LinkedPopulation(
            folder.name,
            str(about["title"]),
            str(about["note"]),
            model,
            int(about["families"]),
            tuple(Counts.from_json(each) for each in about["counts"]),
            {str(key): Path(str(file)).name for key, file in about["files"].items()},
            tuple(map(str, about["notes"])),
            (folder / CARD).read_text("utf-8") if (folder / CARD).is_file() else "",
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise PopulaceError(damaged) from error
    except (zipfile.BadZipFile, RecursionError, OverflowError) as error:
        raise PopulaceError(damaged) from error


def _correction(path: Path, about: Mapping[str, Any]) -> Correction | None:
    if path.name not in about["bounds"]:
        return None
    ratio = replace(DensityRatio.load(path), log_bound=CLIP)
    return Correction.from_json(ratio, about["bounds"][path.name])


def _siblings(
    path: Path, tables: Mapping[str, Any], shapes: tuple[Shape, ...], root: Schema
) -> dict[str, Siblings]:
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
            raise ValueError("size")
    out: dict[str, Siblings] = {}
    above = {shapes[0].name: root}
    parents = {shape.name: shape.parent for shape in shapes[1:]}
    # A table's schema with its plans is what the tables below it look at.
    above |= {str(name): Schema.from_json(each["schema"]) for name, each in tables.items()}
    if list(parents) != list(tables):
        raise ValueError("tables")
    with np.load(path, allow_pickle=False) as arrays:
        for number, (name, each) in enumerate(tables.items()):
            schema, looked = above[name], above[parents[name]]
            summaries = tuple(
                Summary(
                    str(s["name"]),
                    s["what"],
                    str(s["column"]),
                    tuple(map(float, s["edges"])),
                    tuple(map(float, s["middles"])),
                    tuple(tuple(map(float, spread)) for spread in s.get("spreads", ())),
                    float(s.get("step", 0.0)),
                )
                for s in each["plan"]
            )
            kinds = {column.name: int(each["kinds"][column.name]) for column in schema}
            plan = Plan(name, kinds, summaries, float(each["begin"]))
            slots = tuple(
                Slot(
                    str(column),
                    arrays[f"{number}.edges of {place}"].astype(np.float64),
                    arrays[f"{number}.codes of {place}"].astype(np.int16),
                )
                for place, column in enumerate(each["slots"])
            )
            fields: dict[str, Any] = {key: int(each[key]) for key in _NUMBERS}
            for key in Program._fields:
                if key in _NUMBERS:
                    continue
                if key in _LATER and f"{number}.{key}" not in arrays:
                    fields[key] = _LATER[key](len(kinds))
                    continue
                kind: Any = np.int64 if key in _WHOLE else np.float64
                kind = np.float32 if key in ("cumulative", "factors") else kind
                fields[key] = arrays[f"{number}.{key}"].astype(kind)
            program = Program(**fields)
            context = tuple(map(str, each["context"]))
            _check_program(program, schema, slots, len(context), kinds)
            _check_slots(slots, plan, schema, looked)
            out[name] = Siblings(plan, schema.columns, slots, program, context)
    return out


def _require(fine: bool, what: str) -> None:
    if not fine:
        raise ValueError(what)


def _check_names(model: LinkedModel) -> None:
    """Rules and features speak of tables and columns that are there."""
    top = model.shapes[0].schema
    for rule in model.rules:
        schema = model.siblings[rule.table].schema
        for name in (rule.column, rule.by):
            _require(not name or name in schema, "rule")
        _require(not rule.parent or rule.parent in top, "rule")
    for feature in model.features:
        schema = model.siblings[feature.table].schema
        _require(not feature.column or feature.column in schema, "feature")


def _check_slots(slots: tuple[Slot, ...], plan: Plan, schema: Schema, above: Schema) -> None:
    for slot in slots:
        column = above[slot.column]
        states = 0 if column.is_number else len(column.levels) + 1
        _require(len(slot.codes) == states and bool((slot.codes >= 0).all()), "slot")
    for summary in plan.summaries:
        _require(summary.name in above, "plan")
        _require(not summary.column or summary.column in schema, "plan")


def _check_program(
    p: Program, schema: Schema, slots: tuple[Slot, ...], width: int, kinds: Mapping[str, int]
) -> None:
    """Nothing that compiled code looks up lies outside of its array."""
    columns = len(schema)
    for key in ("kind", "size", "turn", "table_start", "bins", "scale", "before", "first", "need"):
        _require(len(getattr(p, key)) == columns, key)
    _require(p.kind.tolist() == [kinds[c.name] for c in schema], "kinds")
    _require(sorted(p.turn.tolist()) == list(range(columns)), "turn")
    for starts, ends in (
        (p.parent_start, len(p.parents)),
        (p.edge_start, len(p.edges)),
        (p.need_start, len(p.need_edges)),
    ):
        _require(len(starts) == columns + 1 and starts[0] == 0 and starts[-1] == ends, "starts")
        _require(bool((np.diff(starts) >= 0).all()), "starts")
    pieces = len(p.piece_first)
    _require(len(p.piece_sum) == pieces == len(p.piece_span), "pieces")
    _require(bool((np.diff(p.piece_start) > 0).all()) and p.piece_start[0] == 0, "pieces")
    _require(int(p.piece_start[-1]) == pieces, "pieces")
    sizes = _slot_sizes(p, slots, width)
    for j, column in enumerate(schema):
        number = p.kind[j] in (NUMBER, STEP)
        _require(number == column.is_number and p.size[j] > 0, "column")
        if number:
            _require(0 <= p.bins[j] <= p.size[j] <= p.bins[j] + 1, "bins")
            last = p.bin_start[j] + p.bins[j]
            _require(p.bin_start[j] >= 0 and last < len(p.piece_start), "bins")
        else:
            _require(p.size[j] <= len(column.levels) + 1 + (p.kind[j] == SAME), "levels")
        sizes.append(int(p.size[j]))
    for j in range(columns):
        part = slice(p.parent_start[j], p.parent_start[j + 1])
        above, strides = p.parents[part], p.strides[part]
        _require(bool(((above >= 0) & (above < width + columns)).all()), "parents")
        _require(bool((strides >= 0).all()) and len(p.parents) == len(p.strides), "strides")
        most = sum((sizes[a] - 1) * int(s) for a, s in zip(above, strides, strict=True))
        end = int(p.table_start[j]) + (most + 1) * int(p.size[j])
        _require(p.table_start[j] >= 0 and end <= len(p.cumulative), "tables")
    _require(bool(np.isfinite(p.cumulative).all() and np.isfinite(p.piece_sum).all()), "numbers")
    _check_factors(p, sizes)
    _require(len(p.known_by) == len(p.known_from) == columns, "known")
    for j, other in enumerate(p.known_by.tolist()):
        _require(-1 <= other < columns and (other < 0 or p.size[j] > 1), "known")
    _require(not bool(np.isnan(p.known_from).any()), "known")


def _check_factors(p: Program, sizes: Sequence[int]) -> None:
    """No factor lies outside of its array; `sizes` are the codes of slots and columns."""
    columns, count = len(p.kind), len(p.factor_slot)
    _require(len(p.factor_start) == columns + 1 and p.factor_start[0] == 0, "factors")
    _require(p.factor_start[-1] == count and bool((np.diff(p.factor_start) >= 0).all()), "factors")
    _require(len(p.factor_with) == len(p.factor_width) == len(p.factor_base) == count, "factors")
    for j in range(columns):
        for q in range(int(p.factor_start[j]), int(p.factor_start[j + 1])):
            slot, other, width = (
                int(some[q]) for some in (p.factor_slot, p.factor_with, p.factor_width)
            )
            _require(0 <= slot < len(sizes) and -1 <= other < len(sizes), "factors")
            codes = sizes[slot]
            if other >= 0:
                _require(width == sizes[other], "factors")
                codes *= width
            end = int(p.factor_base[q]) + codes * int(p.size[j])
            _require(p.factor_base[q] >= 0 and end <= len(p.factors), "factors")
    _require(bool((np.isfinite(p.factors) & (p.factors > 0)).all()), "factors")


def _slot_sizes(p: Program, slots: tuple[Slot, ...], width: int) -> list[int]:
    """How many codes each slot of the context may have."""
    sizes = [0] * width
    named = [(s, slot.size) for s, slot in enumerate(slots)]
    named += [
        (p.place, len(p.place_edges) + 1),
        (p.left, len(p.left_edges) + 1),
        (p.now, len(p.now_edges) + 1),
        (p.then, len(p.now_edges) + 1),
    ]
    for j in range(len(p.kind)):
        number = p.kind[j] in (NUMBER, STEP)
        cuts = int(p.edge_start[j + 1] - p.edge_start[j])
        size = cuts + 3 if number else int(p.size[j]) + 1
        needs = int(p.need_start[j + 1] - p.need_start[j]) + 2
        named += [(int(p.before[j]), size), (int(p.first[j]), size), (int(p.need[j]), needs)]
    for place, size in named:
        if place >= 0:
            _require(place < width, "slots")
            sizes[place] = max(sizes[place], size)
    _require(math.prod(bool(size) for size in sizes) == 1, "slots")
    return sizes
