"""Makes helpers importable by their GlobalID. Last on the path: the standard library wins on a clash."""

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

from signalbox_driver import marks


class HelperFinder(MetaPathFinder, Loader):
    def __init__(self, helpers):
        """`helpers`: name -> (body number, path, source, error of an excluded body or None)."""
        self._helpers = helpers
        self._failed = {}

    def install(self):
        sys.meta_path.append(self)

    def find_spec(self, name, path=None, target=None):
        if name not in self._helpers:
            return None
        return ModuleSpec(name, self, origin=self._helpers[name][1])

    def exec_module(self, module):
        name = module.__name__
        number, path, source, excluded = self._helpers[name]
        first = self._failed.get(name) or (excluded and excluded["repr"])
        if first:
            raise ImportError(f"helper {name} could not be loaded: {first}", name=name)
        importer = marks.position()
        marks.begin_loading(number)
        module.__file__ = path
        try:
            exec(compile(source, path, "exec"), module.__dict__)
        except BaseException as error:
            self._failed[name] = repr(error)
            raise
        finally:
            marks.begin(*importer)
