"""`python -m synth fit`: learn a population from a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
import typer

from synth.cli.common import TABLE_HELP, progress_bar
from synth.data.schema import Schema
from synth.data.table import make_table
from synth.errors import PopulaceError
from synth.fitting import fit as fitting
from synth.fitting.inspection import depend
from synth.fitting.plan import Plan, Use
from synth.fitting.private import DELTA, fit_private
from synth.fitting.refine import refine
from synth.fitting.simple import read_plan
from synth.populations import write
from synth.populations.archive import pack
from synth.privacy.protect import protect
from synth.privacy.public import Public


def fit(
    table: Annotated[str, typer.Argument(metavar="TABLE", help=TABLE_HELP)],
    out: Annotated[Path, typer.Option(help="The folder to write; name it as a population then.")],
    score: Annotated[
        Literal["predictive", "k2", "bic", "bdeu"],
        typer.Option(help="What the search for edges maximises."),
    ] = "predictive",
    search: Annotated[
        Literal["hill-climb", "pc", "ges", "tree"],
        typer.Option(help="How edges are looked for: by our search, or by one of pgmpy's."),
    ] = "hill-climb",
    generator: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What learns, one of `python -m synth generators`; bayes-network if not given.",
        ),
    ] = "",
    minutes: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="How long a generator that learns step by step may take; its own budget if not "
            "given. The network takes what it needs.",
        ),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option(help="A corrected schema.json, as this command writes it.")
    ] = None,
    weights: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column that weighs each row.")
    ] = "",
    gaussian: Annotated[
        str, typer.Option(metavar="COLUMNS", help="Numbers to model as Gaussians: age,pay.")
    ] = "",
    max_parents: Annotated[
        int, typer.Option(min=0, help="The most causes of a column that act together.")
    ] = 4,
    count: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column that says how many a row stands for.")
    ] = "",
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="What holds for everybody: 'born < died'; repeatable."),
    ] = None,
    derive: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=FORMULA",
            help="A column to add, worked out in every row: 'age = years(admitted - born)', "
            "'total = work + home'; repeatable.",
        ),
    ] = None,
    make: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=HOW",
            help="A column to leave out and make new: nhs=pattern, name=faker:name, "
            "mail=faker:email:de_DE; repeatable.",
        ),
    ] = None,
    written: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN=EXAMPLE",
            help="How a column is written: born=month/day, born=MM/DD/YYYY, pay='$1,234.50'; "
            "repeatable.",
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            help="Keep sums, ranges, look-ups and orders of dates that hold in every row."
        ),
    ] = True,
    file: Annotated[
        Path | None, typer.Option(help="Also write the population as one file, *.populace.")
    ] = None,
    refined: Annotated[
        bool,
        typer.Option(
            "--refine", help="Also learn what corrects its people: see `sample --refined`."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same network.")] = 0,
    epsilon: Annotated[
        float | None,
        typer.Option(help="Promise every row (ε, δ)-differential privacy: 1 is strong, 10 weak."),
    ] = None,
    delta: Annotated[
        float, typer.Option(help="δ of the promise, far below one over the number of rows.")
    ] = DELTA,
    public: Annotated[
        Path | None,
        typer.Option(help="With --epsilon: levels and bounds that are public, TOML or JSON."),
    ] = None,
    protected: Annotated[
        int | None,
        typer.Option(
            "--protect",
            min=2,
            metavar="N",
            help="Merge levels and pairs of levels that fewer than N people have, and draw in "
            "numbers that fewer reach.",
        ),
    ] = None,
    noise_seed: Annotated[
        int | None, typer.Option(help="For tests only: noise that promises nothing.")
    ] = None,
    child: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            help="A table whose rows belong to TABLE's, or to a child's before it; repeatable. "
            "Whole families are learned.",
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN",
            help="With --child: the column that both tables have; found where it is not given.",
        ),
    ] = None,
) -> None:
    """Learn a population from a table of your own."""
    if child:
        from synth.cli.linked import fit_linked

        if epsilon is not None or protected is not None or weights or count or rule or make:
            raise PopulaceError(
                "Linked tables are learned as they are: drop options other than --key,"
                " --refine and --seed."
            )
        fit_linked(table, child, key or (), out, refine=refined, seed=seed)
        return

    if epsilon is None and (public is not None or noise_seed is not None):
        raise PopulaceError(
            "Public levels and bounds are for private populations: add --epsilon 1."
        )
    with progress_bar("Reading the table", 1) as advance:
        given = None if schema is None else Plan.from_json(_text(schema))
        examples = dict(_pair(line) for line in written or ())
        planned = read_plan(
            table,
            plan=given,
            follow=follow and epsilon is None,
            written=examples,
            derive=derive or (),
        )
        for note in planned.notes:
            typer.echo(note, err=True)
        offers = [f"--make '{name}={how}'" for name, how in planned.offers.items()]
        if offers and not make:
            typer.echo(f"To make such columns new for every person: {' '.join(offers)}", err=True)
        plan = planned.plan
        if gaussian and (rule or plan.derived or plan.lookups or plan.rules):
            if rule:
                raise PopulaceError("Rules and Gaussian columns exclude each other: drop one.")
            plan = replace(plan.following((), ()), rules=())
        uses: tuple[tuple[str, Use], ...] = ((weights, "weight"), (count, "count"))
        for name, use in uses:
            if name:
                plan = plan.weighed(name, use)
        changes: dict[str, Any] = {"score": score, "max_parents": max_parents, "seed": seed}
        if generator:
            changes["generator"] = generator
        if make:
            plan = plan.making(dict(plan.make) | read_make(make))
        plan = Plan.from_json(
            {**plan.to_json(), **changes, "title": out.name, "rules": plan.rule_texts(rule)}
        )
        frame = planned.frame
        if protected is not None:
            if epsilon is not None:
                raise PopulaceError("A private population protects everybody: drop --protect.")
            frame, plan = _protected(frame, plan, protected, follow)
        if epsilon is not None:
            if refined or gaussian or make:
                raise PopulaceError(
                    "A private population is neither refined nor Gaussian, and makes no column new "
                    "in the shape of the rows: drop --refine, --gaussian and --make."
                )
            population = fit_private(
                planned.frame,
                replace(plan, rules=()),
                epsilon=epsilon,
                delta=delta,
                public=None if public is None else Public.read(public),
                rules=rule or (),
                noise_seed=noise_seed,
                progress=advance,
            )
            plan = Plan.from_json(population.plan or {})
        else:
            population = fitting.fit(
                frame,
                plan,
                advance,
                gaussian=tuple(name.strip() for name in gaussian.split(",") if name.strip()),
                search=search,
                minutes=minutes,
            )
        if refined:
            advance(0.0, "Refining")
            population, note = refine(population, seed=seed, progress=advance)
            typer.echo(note, err=True)
    write(population, out)
    for name, value in (("schema.json", plan.schema.to_json()), ("plan.json", plan.to_json())):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        (out / name).write_text(text + "\n", encoding="utf-8")
    if file is not None:
        file.write_bytes(pack(out))
    summary = f"{len(population.modelled)} columns"
    if population.has_network:
        summary += f", {len(population.network.edges)} edges"
    typer.echo(f"{out}: {summary}", err=True)


def _protected(
    frame: pd.DataFrame, plan: Plan, people: int, follow: bool
) -> tuple[pd.DataFrame, Plan]:
    """The rows without what fewer than so many people have, and the plan over them."""
    table = make_table(frame, plan.schema)
    protected = protect(table.frame, table.schema, people)
    for note in protected.notes:
        typer.echo(note, err=True)
    columns = [
        replace(column, levels=(), lower=None, upper=None)
        if column.role == "model" and column.kind != "boolean"
        else column
        for column in plan.schema
    ]
    for name in protected.frame.columns:
        if plan.schema[name].role == "model":
            frame = frame.assign(**{name: protected.frame[name].to_numpy()})
    schema = Schema(tuple(columns)).completed(frame)
    plan = plan.on(schema)
    if not follow:
        return frame, plan
    # What followed from what may follow no longer.
    return frame, plan.following(*depend(make_table(frame, schema).frame, schema.modelled))


def _pair(line: str) -> tuple[str, str]:
    """Column and example of a line such as ``born=MM/DD/YYYY``."""
    name, sign, example = line.partition("=")
    if not sign or not name.strip() or not example.strip():
        raise PopulaceError(f"{line!r} shows no column's values: write it as born=MM/DD/YYYY.")
    return name.strip(), example.strip()


def read_make(lines: Sequence[str]) -> dict[str, str]:
    """Column → how it is made new, of lines such as ``nhs=pattern``."""
    specs = {}
    for line in lines:
        name, sign, spec = line.rpartition("=")
        if not sign or not name.strip():
            raise PopulaceError(f"{line!r} makes no column: write it as nhs=pattern.")
        specs[name.strip()] = spec.strip()
    return specs


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PopulaceError(f"{path} is no text in UTF-8: save the schema as JSON.") from error
