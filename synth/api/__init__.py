"""People on demand over HTTP: person n of a population, seed and evidence is a function.

`routes` gives Starlette routes that any server can mount beside an app; nothing is stored. A token
is asked for where the environment variable POPULACE_TOKEN is set. No page of another origin may
read the answers (CORS is off).
"""

from synth.api.routes import routes

__all__ = ["routes"]
