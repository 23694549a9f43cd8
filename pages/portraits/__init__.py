"""The portrait lab."""
