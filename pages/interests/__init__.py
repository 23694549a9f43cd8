"""Interests of sub-populations."""
