"""The one error that Populace shows to people."""


class PopulaceError(ValueError):
    """Says in one sentence what is wrong and what to do about it."""
