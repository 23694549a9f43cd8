"""Linked tables: parents, their rows, and the rows below those, drawn as whole families."""
