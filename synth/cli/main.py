"""The command line's door: which commands there are, and where; each is loaded when it is named.

Errors are one sentence on standard error and exit code 2; `--json` prints for machines.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from synth.cli.signals import Stopped, stopped_by_signals
from synth.environment import ensure_output_encoding
from synth.errors import PopulaceError


class Command(NamedTuple):
    """Where a command is.

    Attributes
    ----------
    module : str
        The file in `synth.cli`.
    attribute : str
        The function, or the `typer.Typer` of a group.
    help : str
        One sentence for the list of commands.
    """

    module: str
    attribute: str
    help: str


COMMANDS = {
    "populations": Command("populations", "app", "The populations that are at hand."),
    "probability": Command(
        "questions", "probability", "How common people are of whom the facts hold."
    ),
    "posterior": Command(
        "questions",
        "posterior",
        "The distribution of a column among people of whom the facts hold.",
    ),
    "sample": Command(
        "questions", "sample", "Draw people of whom the facts hold and write them to a file."
    ),
    "complete": Command(
        "rows", "complete_command", "Fill the blank cells of a table by what a population says."
    ),
    "predict": Command("rows", "predict_command", "Predict a column for each row of a table."),
    "score": Command(
        "rows", "score_command", "How likely each row of a table is, and which cells are odd."
    ),
    "fit": Command("fit", "fit", "Learn a population from a table of your own."),
    "lives": Command("lives", "app", "States over time: learn them, ask about them, draw them."),
    "days": Command("days", "app", "How people spend a day: draw, build and judge days."),
    "families": Command(
        "linked", "app", "Tables linked by keys: rules, probabilities, figures, rebuilding."
    ),
    "simulate": Command(
        "simulate", "simulate_command", "Let a population grow older year by year."
    ),
    "warm": Command(
        "warm", "warm_command", "Compile and read what the first visitor would wait for."
    ),
    "generators": Command("generators", "generators_command", "What can learn people."),
    "compare": Command(
        "compare", "compare_command", "What several generators make of the same table."
    ),
    "evaluate": Command(
        "evaluate",
        "evaluate_command",
        "Compare synthetic people with real ones; --report writes a page.",
    ),
    "risk": Command(
        "privacy", "risk_command", "How many people of a table share what could identify them."
    ),
    "anonymise": Command(
        "privacy", "anonymise_command", "Make values coarser until k people share them."
    ),
    "audit": Command(
        "privacy", "audit_command", "What ε an attack on private populations shows at least."
    ),
    "portrait": Command(
        "portraits", "portrait", "Write portraits of people of a gender, age and ethnicity."
    ),
    "portraits": Command("portraits", "app", "Make, measure and rebuild the portraits."),
    "models": Command("portraits", "models", "What is learned elsewhere: sources and licences."),
    "profiles": Command(
        "profiles", "profiles_command", "Write complete profiles as a folder that opens offline."
    ),
    "pictures": Command("pictures", "app", "Build, fetch and measure picture libraries."),
    "interests": Command("interests", "app", "Learn interests from what people do or write."),
    "app": Command("app", "app_command", "Open the app in the browser, as `streamlit run app.py`."),
    "bench": Command("bench", "bench_command", "Measure the network beside its peers."),
    "bench-rows": Command(
        "rows", "bench_rows_command", "Measure filling and predicting on people kept apart."
    ),
}
"""Every command, in the order of the list."""


class _Commands(TyperGroup):
    """A group whose commands are imported only when they are named."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, command in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=command.help)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            self.commands[args[0]] = _load(args[0])
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        ensure_output_encoding()
        try:
            with stopped_by_signals():
                return super().invoke(ctx)
        except Stopped as stopped:
            typer.echo(f"{stopped} Nothing half-written was left.", err=True)
            raise typer.Exit(stopped.code) from None
        except PopulaceError as error:
            typer.echo(str(error), err=True)
        except BrokenPipeError:
            raise
        except OSError as error:
            typer.echo(f"{error.filename or 'The disk'}: {error.strerror or error}.", err=True)
        raise typer.Exit(2)


def _load(name: str) -> Any:
    command = COMMANDS[name]
    value = getattr(import_module(f"synth.cli.{command.module}"), command.attribute)
    if isinstance(value, typer.Typer):
        return typer.main.get_group(value)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(value)
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Commands,
    help="Populace: synthetic people from a population that can be questioned.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


@app.callback()
def _populace() -> None:
    """Nothing is done before a command is named."""


def run() -> None:
    """The installed command `populace`."""
    app(prog_name="populace")
