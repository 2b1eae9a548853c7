"""Gives unit tests the data models that are already loaded. Nothing is read from files."""

from types import SimpleNamespace

from signalbox_driver.loading import loaded_models


def load_analysis(*_arguments, **_options):
    """(what was loaded, what could not be)"""
    return SimpleNamespace(data_models=loaded_models()), []


def setup_data_models(data_models):
    """(log type -> data model, what could not be loaded)"""
    return dict(data_models), []
