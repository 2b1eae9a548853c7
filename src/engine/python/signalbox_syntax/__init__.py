"""Analyzes the syntax tree of Python text without running it."""
