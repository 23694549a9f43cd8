"""The network page and its views."""
