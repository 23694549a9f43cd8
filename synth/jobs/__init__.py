"""Long work with progress and stop: in a thread or in a process of its own."""
