"""Presenting: saved questions as slides."""
