"""One script a peer, each run by the peer's own Python."""
