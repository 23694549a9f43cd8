"""Associations of every pair of columns."""
