"""Populace: synthetic people whose records, portraits and pictures belong together."""
