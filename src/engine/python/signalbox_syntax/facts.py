"""Finds the facts of bodies: imports, functions, and what the deciding functions can return."""

import sys

from signalbox_syntax.modules import Sources
from signalbox_syntax.outcomes import Unknown, location, outcome_as_json
from signalbox_syntax.possible import Expressions, TooManyValues
from signalbox_syntax.scopes import ModuleScope, event_arguments

#: The functions whose return values are analyzed.
DECIDING = ("title", "dedup", "severity", "destinations")


class Facts:
    def __init__(self, helpers, sources=None):
        """`helpers`: (path, source) by import name."""
        self._helpers = helpers
        self._sources = sources or Sources()
        self._scopes = {}

    def of_helper(self, name):
        _, scope = self._helper(name)
        # An import of such a name never finds the helper.
        return scope and {**_outline(scope.module), "isStandard": name in sys.stdlib_module_names}

    def of_body(self, path, source):
        module = self._sources.parse(path, source)
        return None if module is None else _outline(module)

    def of_detection(self, path, source):
        """Returns None if the text is not Python."""
        module = self._sources.parse(path, source)
        if module is None:
            return None
        scope = ModuleScope(module)
        expressions = Expressions(self._helper)
        returned = {name: _returned(scope, name, expressions) for name in DECIDING if name in module.bindings}
        return {**_outline(module), "returns": returned, "followed": sorted(expressions.followed)}

    def _helper(self, name):
        """Parses a helper once, when it is first needed."""
        if name not in self._helpers:
            return None
        path, source = self._helpers[name]
        if name not in self._scopes:
            module = self._sources.helper(path, source)
            self._scopes[name] = module and ModuleScope(module)
        return path, self._scopes[name]


def _outline(module):
    return {
        "functions": [{"name": node.name, "line": node.lineno} for node in module.functions()],
        "imports": [{"module": name, "name": part, "line": line} for name, part, line in module.imports()],
    }


def _returned(scope, name, expressions):
    binding = scope.bindings[name][-1]
    at = scope.at(binding.node)
    values = []
    try:
        for function, module in scope.functions_of(expressions, name):
            values.extend(expressions.returned(function, module, event_arguments(expressions, function, module)))
    except (TooManyValues, RecursionError):
        values.clear()
    outcomes = [outcome_as_json(value) for value in dict.fromkeys(values or [Unknown(at)])]
    return {"location": location(at), "outcomes": outcomes}
