"""What learns people: a contract, a register, and one file for each generator."""

from synth.generators.base import (
    DEFAULT,
    REGISTER,
    Conditional,
    Generator,
    Model,
    Progress,
    Settings,
    generator,
    names,
    register,
    titles,
)

__all__ = [
    "DEFAULT",
    "REGISTER",
    "Conditional",
    "Generator",
    "Model",
    "Progress",
    "Settings",
    "generator",
    "names",
    "register",
    "titles",
]
