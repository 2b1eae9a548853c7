"""Helpers that Panther offers to detection bodies."""
