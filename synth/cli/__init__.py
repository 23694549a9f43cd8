"""The command line: one file a command group."""

from synth.cli.main import app

__all__ = ["app"]
