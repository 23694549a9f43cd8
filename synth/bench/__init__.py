"""The benchmark: our network beside its peers, each measurement in a process of its own."""
