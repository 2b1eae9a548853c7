"""Reads Python text as a tree and says what it can do. Never runs any of it."""
