"""Families: whole households, real beside synthetic, under facts on any level."""
