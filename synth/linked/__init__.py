"""Linked tables: parents, their rows, and the rows below those, drawn as whole families."""

SUFFIX = ".families"
"""How the name of a file of learned linked tables ends."""
