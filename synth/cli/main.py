"""The command line: questions to populations, samples, learning; other commands live beside
their subjects and are loaded when they are named.

Errors are one sentence on standard error and exit code 2; `--json` prints for machines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from synth.errors import PopulaceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from synth.bayes import Posterior
    from synth.fitting.plan import Plan
    from synth.populations import Population

_ELSEWHERE = {
    "evaluate": (
        "synth.cli.evaluate:evaluate_command",
        "Compare synthetic people with real ones; --report writes a page.",
    ),
    "portrait": (
        "synth.cli.portraits:portrait",
        "Write portraits of people of a gender, age and ethnicity.",
    ),
    "portraits": (
        "synth.cli.portraits:app",
        "Make, measure and rebuild the portraits.",
    ),
    "models": (
        "synth.cli.portraits:models",
        "What is learned elsewhere: sources and licences.",
    ),
    "profiles": (
        "synth.cli.profiles:profiles_command",
        "Write complete profiles as a folder that opens offline.",
    ),
    "pictures": (
        "synth.cli.pictures:app",
        "Build, fetch and measure picture libraries.",
    ),
    "interests": (
        "synth.cli.interests:app",
        "Learn interests from what people do or write.",
    ),
    "bench": ("synth.cli.bench:bench_command", "Measure the network beside its peers."),
}

_CSV_ROWS = 1 << 18  # rows held at a time while a CSV file is written


class _Commands(TyperGroup):
    """A group whose outside commands are imported only when they are named."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (_, words) in _ELSEWHERE.items():
            self.commands[name] = TyperCommand(name, help=words)

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: name != "populations")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in _ELSEWHERE:
            module, attribute = _ELSEWHERE[args[0]][0].split(":")
            found = getattr(import_module(module), attribute)
            if isinstance(found, typer.Typer):
                self.commands[args[0]] = typer.main.get_group(found)
            else:
                alone = typer.Typer(add_completion=False)
                alone.command(args[0])(found)
                self.commands[args[0]] = typer.main.get_command(alone)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PopulaceError as error:
            typer.echo(str(error), err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            typer.echo(f"{error.filename or 'The disk'}: {error.strerror or error}.", err=True)
        raise typer.Exit(2)


app = typer.Typer(
    cls=_Commands,
    help="Populace: synthetic people from a population that can be questioned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
populations_app = typer.Typer(
    help="The populations that are at hand.", invoke_without_command=True, no_args_is_help=False
)
app.add_typer(populations_app, name="populations")

Pop = Annotated[str, typer.Argument(metavar="POP", help="A population's name or a fitted folder.")]
Given = Annotated[
    str, typer.Option(metavar="FACTS", help="What is known: marital=married,age=25..35.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same people.")]


@populations_app.callback()
def populations(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the populations that are at hand."""
    if ctx.invoked_subcommand:
        return
    from synth.populations import available, load

    entries = []
    for name in available():
        population = load(name)
        entries.append(
            {
                "name": population.name,
                "title": population.title,
                "people": population.contingency.rows,
                "columns": list(population.modelled.names),
                "note": population.note,
            }
        )
    if as_json:
        _print_json(entries)
        return
    for entry in entries:
        typer.echo(f"{entry['name']}: {entry['title']}, learned from {entry['people']:,} people")
        typer.echo(f"  {entry['note']}")
        typer.echo(f"  {', '.join(entry['columns'])}")


@populations_app.command()
def build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A population's name, or all.")],
    source: Annotated[
        Path | None,
        typer.Option(help="The folder of the source tables; ../shared/data when not given."),
    ] = None,
) -> None:
    """Learn a shipped population anew from its source table."""
    from synth.populations import SHIPPED
    from synth.shipped_populations import RECIPES
    from synth.shipped_populations import build as rebuild

    folder = source or SHIPPED.parents[2] / "shared" / "data"
    with _progress(name) as advance:
        for each in RECIPES if name == "all" else (name,):
            made = rebuild(each, folder, lambda words: advance(0, words))
            typer.echo(f"{made.name}: {len(made.network.edges)} edges", err=True)


@app.command()
def probability(population: Pop, given: Given = "", as_json: AsJson = False) -> None:
    """How common people are of whom the facts hold."""
    posterior, facts = _asked(population, given)
    if as_json:
        _print_json(
            {
                "population": population,
                "given": facts,
                "probability": posterior.probability,
                "log_probability": posterior.log_probability,
            }
        )
        return
    typer.echo(f"{_percent(posterior.probability)} of {population}: {facts or 'everybody'}")


@app.command()
def posterior(
    population: Pop,
    column: Annotated[
        str, typer.Argument(metavar="COLUMN", help="The column that is asked about.")
    ],
    given: Given = "",
    do: Annotated[
        str, typer.Option(metavar="FACTS", help="What is set from outside: education=none.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """The distribution of a column among people of whom the facts hold."""
    asked, facts = _asked(population, given, do)
    marginal = asked.marginal(column)
    mean = marginal.mean
    if mean is not None and math.isnan(mean):  # everybody's value is missing
        mean = None
    if as_json:
        _print_json(
            {
                "population": population,
                "column": column,
                "given": facts,
                "do": do,
                "probability": asked.probability,
                "labels": list(marginal.labels),
                "probabilities": [float(p) for p in marginal.probabilities],
                "mean": mean,
            }
        )
        return
    width = max(len(label) for label in marginal.labels)
    most = max(float(p) for p in marginal.probabilities) or 1.0
    for label, share in zip(marginal.labels, marginal.probabilities, strict=True):
        bar = "█" * round(30 * float(share) / most)
        typer.echo(f"{label:<{width}}  {_percent(float(share)):>8}  {bar}")
    if mean is not None:
        typer.echo(f"{'mean':<{width}}  {mean:>8.4g}")


@app.command()
def sample(
    population: Pop,
    out: Annotated[
        Path, typer.Option(help="The file to write: .parquet or .csv; with --dask, a new folder.")
    ],
    rows: Annotated[int, typer.Option(min=1, help="How many people.")] = 1000,
    given: Given = "",
    seed: Seed = 0,
    dask: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Draw on this Dask cluster, such as tcp://head:8786, into a folder of Parquet "
            "files on a disk that its workers share.",
        ),
    ] = "",
) -> None:
    """Draw people of whom the facts hold and write them to a file."""
    if dask:
        from synth.cluster import write_on_cluster

        asked, _ = _asked(population, given)
        files = write_on_cluster(dask, asked, out, rows, seed)
        typer.echo(f"{rows:,} synthetic people written to {len(files)} files in {out}", err=True)
        return
    kind = out.suffix.lower()
    if kind not in (".parquet", ".csv"):
        raise PopulaceError(
            f"{out.name} is neither .parquet nor .csv: end its name in one of them."
        )
    asked, _ = _asked(population, given)
    with _progress(f"Drawing {rows:,} people", rows) as advance:
        if kind == ".parquet":
            asked.write_parquet(out, rows, seed=seed, progress=advance)
        else:
            _write_csv(asked, out, rows, seed, advance)
    typer.echo(f"{rows:,} synthetic people written to {out}", err=True)


def _write_csv(
    asked: Posterior, out: Path, rows: int, seed: int, advance: Callable[[int], None]
) -> None:
    from synth.data.writers import write_csv

    pieces = (
        asked.sample_arrow(min(_CSV_ROWS, rows - start), seed, start=start)
        for start in range(0, rows, _CSV_ROWS)
    )
    write_csv(out, pieces, progress=advance)


@app.command()
def fit(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A CSV or Parquet table.")],
    out: Annotated[Path, typer.Option(help="The folder to write; name it as a population then.")],
    score: Annotated[
        Literal["predictive", "k2", "bic", "bdeu"],
        typer.Option(help="What the search for edges maximises."),
    ] = "predictive",
    search: Annotated[
        Literal["hill-climb", "pc", "ges", "tree"],
        typer.Option(help="How edges are looked for: by our search, or by one of pgmpy's."),
    ] = "hill-climb",
    schema: Annotated[
        Path | None, typer.Option(help="A corrected schema.json, as this command writes it.")
    ] = None,
    weights: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column that weighs each row.")
    ] = "",
    gaussian: Annotated[
        str, typer.Option(metavar="COLUMNS", help="Numbers to model as Gaussians: age,pay.")
    ] = "",
    max_parents: Annotated[int, typer.Option(min=0, help="The most causes of a column.")] = 4,
    count: Annotated[
        str, typer.Option(metavar="COLUMN", help="The column that says how many a row stands for.")
    ] = "",
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="What holds for everybody: 'born < died'; repeatable."),
    ] = None,
    follow: Annotated[
        bool, typer.Option(help="Keep sums, ranges and look-ups that hold in every row exact.")
    ] = True,
    file: Annotated[
        Path | None, typer.Option(help="Also write the population as one file, *.populace.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same network.")] = 0,
) -> None:
    """Learn a population from a table of your own."""
    from synth.fitting.fit import build as learn
    from synth.fitting.plan import Plan
    from synth.populations import write
    from synth.populations.archive import pack

    with _progress(f"Reading {table.name}", 1) as advance:
        frame, plan, notes = _planned(table, schema, follow)
        for note in notes:
            typer.echo(note, err=True)
        if gaussian and (rule or plan.derived or plan.lookups):
            if rule:
                raise PopulaceError("Rules and Gaussian columns exclude each other: drop one.")
            plan = plan.following((), ())
        for name, use in ((weights, "weight"), (count, "count")):
            if name:
                plan = plan.weighed(name, use)
        changes = {"score": score, "max_parents": max_parents, "seed": seed}
        plan = Plan.from_json(
            {**plan.to_json(), **changes, "title": out.name, "rules": plan.rule_texts(rule)}
        )
        made = learn(
            frame,
            plan,
            advance,
            gaussian=tuple(name.strip() for name in gaussian.split(",") if name.strip()),
            search=search,
        )
    write(made, out)
    for name, value in (("schema.json", plan.schema.to_json()), ("plan.json", plan.to_json())):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        (out / name).write_text(text + "\n", encoding="utf-8")
    if file is not None:
        file.write_bytes(pack(out))
    network = made.network
    typer.echo(f"{out}: {len(network.schema)} columns, {len(network.edges)} edges", err=True)


def _planned(table: Path, schema: Path | None, follow: bool) -> tuple[Any, Plan, tuple[str, ...]]:
    """A table's rows, what is to be made of them, and why columns are left out."""
    from synth.data.table import make_table, read_frame
    from synth.fitting.inspection import depend, inspect_table
    from synth.fitting.plan import Plan

    frame, notes = read_frame(table)
    if schema is None:
        inspection = inspect_table(frame, table.name, notes)
        plan = Plan.of(inspection)
        left = [one.note for one in inspection.found if one.column.role == "skip"]
        notes = (*notes, *left)
    else:
        plan = Plan.from_json(_text(schema))
        whole = plan.schema.completed(frame)
        plan = plan.on(whole)
        if follow and not plan.derived and not plan.lookups:
            people = make_table(frame, whole)
            plan = plan.following(*depend(people.frame, whole.modelled))
    return frame, plan if follow else plan.following((), ()), notes


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PopulaceError(f"{path} is no text in UTF-8: save the schema as JSON.") from error


# ---------------------------------------------------------------------- shared


def _asked(name: str, given: str, do: str = "") -> tuple[Posterior, str]:
    """The answers of a population, and its facts as they were understood."""
    population = _load(name)
    facts = population.evidence(given)
    return population.given(facts, population.evidence(do)), str(facts)


def _load(name: str) -> Population:
    from synth.populations import load

    return load(name)


def _percent(share: float) -> str:
    """A share in words: 4.1%, 0.0012%, 1e-07."""
    if share == 0 or share >= 1e-6:
        return f"{share:.2%}" if share >= 0.1 else f"{share * 100:.2g}%"
    return f"{share:.2g}"


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def _progress(words: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar on standard error; call the result with how much is done (and new words)."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(words, total=total)

        def advance(done: float, words: str | None = None) -> None:
            bar.update(task, completed=done, **({"description": words} if words else {}))

        yield advance
