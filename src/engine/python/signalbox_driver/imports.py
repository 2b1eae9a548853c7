"""Resolves the imports of bodies: the standard library and packages first, then helpers by GlobalID, then stand-ins."""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder

from signalbox_driver import progress
from signalbox_driver.analysis import compiled
from signalbox_driver.failures import describe_loading

# The same folder as in package-files.ts.
_PACKAGES = "/packages"
_STAND_INS = "/signalbox/stand_ins"


def add_packages(roots):
    """Adds the folders of packages to the import path; earlier ones win."""
    sys.path.extend(f"{_PACKAGES}/{root}" for root in range(roots))


class StandInFinder(MetaPathFinder):
    """Finds stand-ins for modules that are not available."""

    def find_spec(self, name, path=None, target=None):
        return PathFinder.find_spec(name, [_STAND_INS]) if path is None else None


class HelperFinder(MetaPathFinder, Loader):
    def __init__(self, helpers):
        """`helpers`: name -> (body number, body, error of an excluded body or None)."""
        self._helpers = helpers
        # What the loading of each helper raised, by name.
        self.failures = {}

    def install(self):
        sys.meta_path.extend((self, StandInFinder()))

    def find_spec(self, name, path=None, target=None):
        if name not in self._helpers:
            return None
        return ModuleSpec(name, self, origin=self._helpers[name][1]["path"])

    def exec_module(self, module):
        name = module.__name__
        number, body, excluded = self._helpers[name]
        failure = self.failures.get(name) or excluded
        if failure:
            raise _not_loaded(name, failure)
        importer = progress.state()
        progress.begin_loading(number)
        module.__file__ = body["path"]
        try:
            exec(compiled(body), module.__dict__)
        except Exception as error:
            self.failures[name] = describe_loading(error, body["path"])
            raise _not_loaded(name, self.failures[name]) from error
        except BaseException as error:
            self.failures[name] = describe_loading(error, body["path"])
            raise
        finally:
            progress.restart_budget(importer)


def _not_loaded(name, failure):
    return ImportError(f"helper {name} could not be loaded: {failure['repr']}", name=name)
