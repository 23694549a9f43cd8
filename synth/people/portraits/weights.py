"""What the portrait tools are made of: which weights they need, and whether these are here.

Known without the tools, whose import takes seconds.
"""

from __future__ import annotations

from synth import registry

GENERATOR, FACES = "mobilestylegan-ffhq", "dlib-faces"
"""Names in the registry: the generator, and what finds faces and their points."""


def are_here() -> bool:
    """Whether all weights are in the cache already, so that nothing must be downloaded.

    Returns
    -------
    bool
    """
    known = registry.artefacts()
    return known[GENERATOR].here and known[FACES].here
