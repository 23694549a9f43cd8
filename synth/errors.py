"""The one error that Populace shows to people."""


class PopulaceError(ValueError):
    """Says in one sentence what is wrong and what to do about it."""


class ImpossibleError(PopulaceError):
    """Nobody is like that: the facts exclude each other."""
