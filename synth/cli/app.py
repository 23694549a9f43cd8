"""`populace app`: the app of an installed package, or of the repository."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from synth.errors import PopulaceError

_HERE = Path(__file__).parents[1]


def app_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Who may reach it: this machine only, unless another is named.")
    ] = "localhost",
) -> None:
    """Open the app in the browser, as `streamlit run app.py`."""
    if find_spec("streamlit") is None or find_spec("plotly") is None:
        raise PopulaceError('The app is not installed: `pip install "populace[app]"`.')
    script = next(
        (path for path in (_HERE.parent / "app.py", _HERE / "_app" / "app.py") if path.is_file()),
        None,
    )
    if script is None:
        raise PopulaceError("The app does not lie beside the library: install it from its wheel.")
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += ["--server.port", str(port), "--server.address", address]
    raise typer.Exit(subprocess.run(command, check=False).returncode)
