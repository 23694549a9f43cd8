"""A table of one's own: what it is, what holds in it, learned, kept as one file."""
