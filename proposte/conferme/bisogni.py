"""Filled in by its verbs."""
