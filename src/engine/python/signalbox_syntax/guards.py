"""The guard of a detection: a program, derived from the text, that decides on which events its matcher stays silent."""

import ast
import re

from signalbox_syntax.guard_changes import changes_of
from signalbox_syntax.guard_constants import Constants
from signalbox_syntax.guard_functions import Builder, TooLarge
from signalbox_syntax.guard_globals import reset_globals
from signalbox_syntax.guard_names import Names
from signalbox_syntax.guard_nodes import NotSupported, Program
from signalbox_syntax.modules import Sources

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
    def __init__(self, helpers, sources=None):
        """`helpers`: import name -> (path, source)."""
        self._helpers = helpers
        self._sources = sources or Sources()

    def of_detection(self, path, source, kind, models):
        """[program or {reason}, …], each with `logType`: of the type whose model it reads, or None: of every type.

        `kind`: rule, scheduled_rule or policy. `models`: log type -> (path, source or None, mappings) or None.
        """
        programs = []
        for log_type, model in models.items() if kind == "rule" and models else [(None, None)]:
            programs.append(self.of_log_type(path, source, kind=kind, model=model, log_type=log_type))
            if programs[-1]["logType"] is None:
                break
        return programs

    def of_log_type(self, path, source, *, kind="rule", model=None, log_type=None):
        try:
            module = self._parse(path, source)
            return self._guard(module, kind, model, log_type)
        except NotSupported as reason:
            return {"reason": str(reason), "location": reason.location, "logType": None}
        except (TooLarge, RecursionError, MemoryError):
            return {"reason": "it is too large", "location": None, "logType": None}

    def changes_of(self, path, source):
        """(what the body may change; see guard_changes.py, and the paths that were followed to know it)."""
        module = self._sources.parse(path, source)
        if module is None:
            return [], []
        names = Names(self._helper)
        return changes_of(module, names), sorted(names.followed)

    def _guard(self, module, kind, model, log_type):
        names = Names(self._helper)
        names.require_safe(module)
        program = Program()
        builder = Builder(program, names, Constants(names), self._model(model, names), module)
        matcher = "policy" if kind == "policy" else "rule"
        node = _matcher(module, matcher)
        location = module.at(node)
        builder.reset_globals = reset_globals(module, node)
        number = builder.function(node, module)
        if program.functions[number][0] != 1:
            raise NotSupported(f"{matcher} must have one parameter", location)
        encoded = program.as_json(number, silent=kind == "policy", is_plain=kind == "policy", log_type=log_type)
        return {**encoded, "location": location, "followed": sorted(names.followed)}

    def _model(self, model, names):
        if model is None:
            return None
        path, source, mappings = model
        module = None
        if source is not None:
            module = self._sources.helper(path, source)
            if module is None or not _is_usable(names, module):
                return _NoModel()
            names.followed.add(path)
        return Model(mappings, module)

    def _helper(self, name):
        if name not in self._helpers:
            return None
        path, source = self._helpers[name]
        return path, self._sources.helper(path, source)

    def _parse(self, path, source):
        module = self._sources.parse(path, source)
        if module is None:
            raise NotSupported("it is not valid Python")
        return module


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


def _matcher(module, name):
    bound = module.bindings.get(name, ())
    location = module.at(bound[-1].node) if bound else None
    if len(bound) != 1 or bound[0].kind != "function" or bound[0].node not in module.tree.body:
        raise NotSupported(f"{name} is not one plain function", location)
    arguments = bound[0].node.args
    if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or isinstance(bound[0].node, ast.AsyncFunctionDef):
        raise NotSupported(f"{name} must have one parameter", location)
    return bound[0].node
