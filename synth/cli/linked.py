"""Linked tables on the command line: `fit PARENT --child`, `sample DIR`, and `families`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from synth.cli.common import (
    TABLE_HELP,
    AsJson,
    Given,
    Seed,
    Source,
    percent,
    print_json,
    progress_bar,
    source_folder,
)
from synth.data.evidence import Evidence
from synth.data.table import read_frame
from synth.errors import PopulaceError
from synth.evaluate.linked import LinkedScores, judge_linked
from synth.linked.drawing import FamiliesGiven
from synth.linked.facts import RowFact
from synth.linked.fit import fit_families
from synth.linked.population import LinkedPopulation
from synth.linked.shipped import build_linked
from synth.linked.storage import FOLDERS, available_linked, load_linked, save_linked
from synth.linked.tables import LinkedTables, link
from synth.linked.writing import write_linked

app = typer.Typer(
    help="Families: tables linked by keys, learned, asked about and judged as wholes.",
    invoke_without_command=True,
    no_args_is_help=False,
)
Name = Annotated[str, typer.Argument(metavar="FAMILIES", help="A shipped name, or a folder.")]
Child = Annotated[
    list[str],
    typer.Option(metavar="FILE", help="A table whose rows belong to another's; repeatable."),
]
Key = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        help="The column that both have, or PARENT'S=CHILD'S where it has two names: one for all "
        "children, or one each; found if not given.",
    ),
]
Rows = Annotated[
    list[str] | None,
    typer.Option(
        "--some",
        metavar="FACTS",
        help="Of rows: 'members: age=70..' (one or more), 'members 2..3: gender=female', "
        "'members 0: age=..9'; repeatable.",
    ),
]


def read_linked(
    parent: str, children: Sequence[str], keys: Sequence[str]
) -> tuple[LinkedTables, dict[str, str]]:
    """Read and join tables.

    Parameters
    ----------
    parent : str
        The root's file.
    children : sequence of str
        The others', each after its parent.
    keys : sequence of str
        One for all children, one each, or none.

    Returns
    -------
    tables : LinkedTables
    files : dict of str to str
        Table → the file's name.

    Raises
    ------
    PopulaceError
        Two tables have one name, or the keys are neither one nor as many as the children.
    """
    files = {Path(path).stem: path for path in (parent, *children)}
    if len(files) < 1 + len(children):
        raise PopulaceError("Two of the tables have the same name: rename one of the files.")
    if len(keys) > 1 and len(keys) != len(children):
        raise PopulaceError(
            f"There are {len(keys)} keys for {len(children)} children: name one for all, or one "
            "each, in the same order."
        )
    names = list(files)[1:]
    each = list(keys) * len(names) if len(keys) == 1 else list(keys)
    frames = {name: read_frame(path)[0] for name, path in files.items()}
    tables = link(frames, dict(zip(names, each, strict=False)))
    return tables, {name: Path(path).name for name, path in files.items()}


def fit_linked(
    parent: str, children: Sequence[str], keys: Sequence[str], out: Path, *, refine: bool, seed: int
) -> None:
    """Learn linked tables and write them as a folder; what was noticed goes to standard error."""
    with progress_bar("Reading the tables", 1) as advance:
        tables, files = read_linked(parent, children, keys)
        for note in tables.notes:
            typer.echo(note, err=True)
        population = fit_families(
            out.name, tables, files, refine=refine, seed=seed, progress=advance
        )
    save_linked(population, out)
    for rule in population.model.rules:
        typer.echo(f"Always: {rule}.", err=True)
    rows = ", ".join(f"{len(table):,} {table.name}" for table in tables.tables)
    typer.echo(f"{out}: {rows}", err=True)


def families_given(population: LinkedPopulation, given: str, some: Sequence[str]) -> FamiliesGiven:
    """Families of which facts hold, as the command line says them."""
    model = population.model
    schemas = {name: siblings.schema for name, siblings in model.siblings.items()}
    facts = [RowFact.parse(line, schemas) for line in some]
    return model.given(Evidence.parse(given, model.root.schema), facts)


def sample_linked(
    name: str,
    out: Path,
    rows: int,
    given: str,
    some: Sequence[str],
    seed: int,
    *,
    refined: bool,
) -> None:
    """Draw families into a folder, one file a table."""
    if out.suffix:
        raise PopulaceError(
            f"Linked tables are written as a folder of files: name one instead of {out.name}."
        )
    population = load_linked(name)
    if refined and population.model.ratio is None and population.model.root_ratio is None:
        raise PopulaceError(
            f"Nothing corrects the families of {name}: learn them again with `fit --child FILE "
            "--refine`, from 2,000 families up."
        )
    if not refined:
        population = replace(population, model=population.model.with_ratios(None, None))
    conditional = families_given(population, given, some)
    if conditional.note:
        typer.echo(conditional.note, err=True)
    with progress_bar(f"Drawing {rows:,} families", rows) as advance:
        files = write_linked(population, conditional, rows, out, seed=seed, progress=advance)
    for file, count in files.items():
        typer.echo(f"{out / file}: {count:,} synthetic rows", err=True)


@app.callback()
def families(ctx: typer.Context) -> None:
    """List the families that are at hand."""
    if ctx.invoked_subcommand is None:
        for name in available_linked():
            typer.echo(f"{name}: {load_linked(name).title}")


@app.command("build")
def build_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Shipped families, or all.")],
    source: Source = None,
) -> None:
    """Learn shipped families anew from their source tables."""
    folder = source_folder(source)
    for each in FOLDERS.recipes() if name == "all" else (name,):
        with progress_bar(each, 1) as advance:
            build_linked(each, folder, progress=advance)
        typer.echo(each, err=True)


@app.command("probability")
def probability_command(
    name: Name, given: Given = "", some: Rows = None, as_json: AsJson = False
) -> None:
    """How common families are of which facts hold: exact of parents alone, else estimated."""
    conditional = families_given(load_linked(name), given, some or ())
    estimate = conditional.estimate
    if as_json:
        print_json(
            {
                "probability": estimate.value,
                "standard_error": estimate.standard_error,
                "exact": conditional.exact,
            }
        )
        return
    error = "exact" if conditional.exact else f"estimated ± {percent(estimate.standard_error)}"
    typer.echo(f"{percent(estimate.value)} ({error})")


@app.command("rules")
def rules_command(name: Name) -> None:
    """What holds in every family."""
    for rule in load_linked(name).model.rules:
        typer.echo(str(rule))


@app.command("evaluate")
def evaluate_command(
    parent: Annotated[str, typer.Argument(metavar="PARENT", help=TABLE_HELP)],
    child: Child,
    key: Key = None,
    refine: Annotated[bool, typer.Option(help="Also learn what the networks miss.")] = True,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn from half of the families and judge with the other half."""
    tables, _ = read_linked(parent, child, key or ())
    with progress_bar("halves", 1) as advance:
        scores = judge_linked(tables, refine=refine, seed=seed, progress=advance)
    if as_json:
        print_json(scores.to_dict())
        return
    for line in in_words(scores):
        typer.echo(line)


def in_words(scores: LinkedScores) -> list[str]:
    """Scores line by line."""
    out = [
        f"{scores.families:,} families a side",
        f"Whole families told apart (AUC): {scores.family_auc:.3f} "
        f"(real families {scores.family_fresh:.3f})",
    ]
    for name, table in scores.tables.items():
        out.append(f"{name}: {table.rows_synthetic:.2f} rows a family, real {table.rows_real:.2f}")
        named = {
            "number of rows": (table.cardinality, table.cardinality_fresh),
            "pairs of parent and row": (table.parent_child, table.parent_child_fresh),
            "pairs of a row and the next": (table.siblings, table.siblings_fresh),
        }
        out += [f"  {words}, TVD {a:.3f} (real {b:.3f})" for words, (a, b) in named.items()]
        if table.in_order is not None:
            out.append(f"  in order: {table.in_order:.1%} (real {table.in_order_fresh:.1%})")
    out += [
        f"{share:.2%} break: {rule}" for rule, share in scores.broken_rules.items() if share > 0
    ]
    if scores.broken_rules and not any(scores.broken_rules.values()):
        out.append(f"No family breaks one of the {len(scores.broken_rules)} rules.")
    return out
