"""Loads the bodies of a project and runs them, one batch per call, text in and text out."""
