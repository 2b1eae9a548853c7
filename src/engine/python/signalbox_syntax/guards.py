"""The guard of a detection: a program, derived from the text, that decides on which events its matcher stays silent."""

import ast
import re

from signalbox_syntax.guard_constants import Constants
from signalbox_syntax.guard_functions import Builder, TooLarge
from signalbox_syntax.guard_globals import reset_globals
from signalbox_syntax.guard_names import Names
from signalbox_syntax.guard_nodes import NotSupported, Program
from signalbox_syntax.modules import Module

_PATH = re.compile(r"(?:\$\.)?([A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*)", re.ASCII)


class Model:
    """The data model of one log type. `mappings`: [{name, path or method}]; `module`: of its body, or None."""

    def __init__(self, mappings, module):
        self.module = module
        self._fields = {}
        for mapping in mappings:
            self._fields.setdefault(mapping["name"].lower(), []).append(mapping)

    def field(self, name, names):
        """(names of the path or None, (function, its module) or None)."""
        mappings = self._fields.get(name, ())
        if not mappings:
            return None, None
        if len(mappings) > 1:
            raise NotSupported(f"unified field {name} is mapped several times")
        [mapping] = mappings
        if mapping.get("path"):
            found = _PATH.fullmatch(mapping["path"])
            if found is None:
                raise NotSupported(f"JSONPath {mapping['path']}")
            return found[1].split("."), None
        if self.module is None:
            raise NotSupported("the data model has no body")
        resolved = names.resolve(self.module, mapping["method"])
        if resolved[0] != "function":
            raise NotSupported(f"method {mapping['method']} of the data model is no plain function")
        return None, resolved[1:]


class Guards:
    def __init__(self, helpers):
        """`helpers`: import name -> (path, source)."""
        self._helpers = helpers
        self._modules = {}

    def of_detection(self, path, source, *, kind="rule", model=None, log_type=None):
        """The program with `followed` and `uses`, or {reason}. `kind`: rule, scheduled_rule or policy.

        `model`: (path, source or None, mappings) of the log type, or None.
        """
        try:
            module = _parsed(path, source)
            return self._guard(module, kind, model, log_type)
        except NotSupported as reason:
            return {"reason": str(reason)}
        except (TooLarge, RecursionError, MemoryError):
            return {"reason": "it is too large"}

    def _guard(self, module, kind, model, log_type):
        names = Names(self._helper)
        names.require_safe(module)
        program = Program()
        builder = Builder(program, names, Constants(names), self._model(model, names), module)
        matcher = "policy" if kind == "policy" else "rule"
        node = _matcher(module, matcher)
        builder.reset_globals = reset_globals(module, node, names)
        number = builder.function(node, module)
        if program.functions[number][0] != 1:
            raise NotSupported(f"{matcher} must have one parameter")
        encoded = program.as_json(number, silent=kind == "policy", is_plain=kind == "policy", log_type=log_type)
        return {**encoded, "followed": sorted(names.followed), "uses": sorted(names.uses)}

    def _model(self, model, names):
        if model is None:
            return None
        path, source, mappings = model
        module = None
        if source is not None:
            module = self._parsed_once(("model", path), path, source)
            if module is None or not _is_usable(names, module):
                return _NoModel()
            names.followed.add(path)
        return Model(mappings, module)

    def _helper(self, name):
        if name not in self._helpers:
            return None
        path, source = self._helpers[name]
        return path, self._parsed_once(name, path, source)

    def _parsed_once(self, key, path, source):
        if key not in self._modules:
            try:
                self._modules[key] = _parsed(path, source)
            except NotSupported:
                self._modules[key] = None
        return self._modules[key]


class _NoModel:
    module = None

    def field(self, name, _names):
        raise NotSupported(f"unified field {name}: the data model cannot be read")


def _is_usable(names, module):
    try:
        names.require_safe(module)
    except NotSupported:
        return False
    return True


def _parsed(path, source):
    try:
        return Module(path, source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotSupported("it is not valid Python") from None


def _matcher(module, name):
    bound = module.bindings.get(name, ())
    if len(bound) != 1 or bound[0].kind != "function" or bound[0].node not in module.tree.body:
        raise NotSupported(f"{name} is not one plain function")
    arguments = bound[0].node.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or isinstance(bound[0].node, ast.AsyncFunctionDef):
        raise NotSupported(f"{name} must have one parameter")
    return bound[0].node
