"""Is it like the real people, useful, private and fair? One file a question."""
