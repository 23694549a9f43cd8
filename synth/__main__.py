"""`python -m synth`: the command line."""

from synth.cli.main import app

if __name__ == "__main__":
    app(prog_name="python -m synth")
