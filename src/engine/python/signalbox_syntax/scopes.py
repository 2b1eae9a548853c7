"""Looks up names in a module, or in one call of a function."""

import ast
import builtins

from signalbox_syntax.modules import positional_parameters
from signalbox_syntax.outcomes import Items, Itself, Other, Unknown


class _Scope:
    """`owner` is the node that defines the names, `bindings` lists what each name is bound to."""

    def __init__(self, owner, bindings):
        self.owner = owner
        self.bindings = bindings
        self._active = set()

    def _bound_values(self, expressions, name, node):
        if name in self._active:
            return (Itself((self, name), self.at(node)),)
        self._active.add(name)
        try:
            found = [value for each in self.bindings[name] for value in self._values_of(expressions, each)]
            found = tuple(value for value in found if getattr(value, "of", None) != (self, name))
            return expressions.settled(found, name, node, self)
        finally:
            self._active.discard(name)

    def _values_of(self, expressions, binding):
        match binding.kind:
            case "value":
                return expressions.values(binding.node, self)
            case "augmented":
                added = expressions.values(binding.node.value, self)
                # Adding to a list is counted as a use of it.
                return () if all(isinstance(value, Items) for value in added) else (self._unknown(binding.node),)
            case "function" | "class":
                return (Other(binding.kind, self.at(binding.node)),)
            case "import" if binding.name is not None:
                scope = expressions.module(binding.module)
                if scope is not None:
                    return scope.lookup(expressions, binding.name, binding.node)
        return (self._unknown(binding.node),)

    def _unknown(self, node):
        return Unknown(self.at(node), self.reads_event(node))


class ModuleScope(_Scope):
    def __init__(self, module):
        super().__init__(module.tree, module.bindings)
        self.module = module

    def at(self, node):
        return self.module.at(node)

    def reads_event(self, _node):
        return False

    def is_builtin(self, name):
        return name not in self.bindings and hasattr(builtins, name)

    def lookup(self, expressions, name, node):
        """Returns every value that the name can have at `node`."""
        if name in self.bindings:
            return self._bound_values(expressions, name, node)
        for scope in self._star_imports(expressions):
            if name in scope.bindings:
                return scope.lookup(expressions, name, node)
        return (Unknown(self.at(node)),)

    def functions_of(self, expressions, name):
        """Returns [(function, its module)], or [] if the name may be something else."""
        found = []
        for binding in self.bindings.get(name, ()):
            if binding.kind == "function":
                found.append((binding.node, self))
                continue
            scope = expressions.module(binding.module) if binding.kind == "import" and binding.name else None
            inner = scope.functions_of(expressions, binding.name) if scope else []
            if not inner:
                return []
            found.extend(inner)
        if not found:
            for scope in self._star_imports(expressions):
                found.extend(scope.functions_of(expressions, name))
        return found

    def imported_module(self, expressions, name):
        bound = self.bindings.get(name, ())
        if len(bound) == 1 and bound[0].kind == "import" and bound[0].name is None:
            return expressions.module(bound[0].module)
        return None

    def _star_imports(self, expressions):
        scopes = (expressions.module(binding.module) for binding in self.bindings.get("*", ()))
        return [scope for scope in scopes if scope is not None]


class FunctionScope(_Scope):
    def __init__(self, function, module, arguments):
        super().__init__(function, module.module.bindings_in(function))
        self._module = module
        self._arguments = arguments
        self._event_names = None

    def at(self, node):
        return self._module.at(node)

    def is_builtin(self, name):
        return name not in self.bindings and name not in self._arguments and self._module.is_builtin(name)

    def lookup(self, expressions, name, node):
        if name not in self.bindings and name not in self._arguments:
            return self._module.lookup(expressions, name, node)
        given = self._arguments.get(name, ())
        given = tuple(Unknown(self.at(node), each.event) if isinstance(each, Unknown) else each for each in given)
        return given + (self._bound_values(expressions, name, node) if name in self.bindings else ())

    def functions_of(self, expressions, name):
        if name in self._arguments:
            return []
        if name not in self.bindings:
            return self._module.functions_of(expressions, name)
        bound = self.bindings[name]
        if len(bound) == 1 and bound[0].kind == "import" and bound[0].name is not None:
            scope = expressions.module(bound[0].module)
            return scope.functions_of(expressions, bound[0].name) if scope else []
        return []

    def imported_module(self, expressions, name):
        if name in self._arguments:
            return None
        if name not in self.bindings:
            return self._module.imported_module(expressions, name)
        return ModuleScope.imported_module(self, expressions, name)

    def reads_event(self, node):
        """Whether a name in it holds the event or something derived from it."""
        if self._event_names is None:
            self._event_names = self._find_event_names()
        return not self._event_names.isdisjoint(_names_in(node))

    def _find_event_names(self):
        names = {
            name
            for name, values in self._arguments.items()
            if any(isinstance(value, Unknown) and value.event for value in values)
        }
        sources = [
            (name, _names_in(each.node))
            for name, bound in self.bindings.items()
            for each in bound
            if isinstance(each.node, (ast.expr, ast.AugAssign))
        ]
        size = -1
        while len(names) != size:
            size = len(names)
            names.update(name for name, mentioned in sources if not mentioned.isdisjoint(names))
        return names


def mentions_names(node):
    return any(isinstance(inner, ast.Name) for inner in ast.walk(node))


def _names_in(node):
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def arguments_of(expressions, call, scope, function, module):
    """Returns the argument values of a call in `scope`, by parameter."""
    unknown = (Unknown(scope.at(call), scope.reads_event(call)),)
    given = dict.fromkeys(_all_parameters(function.args), unknown)
    if any(isinstance(each, ast.Starred) for each in call.args) or any(each.arg is None for each in call.keywords):
        return given
    given.update(_defaults(expressions, function.args, module))
    names = [each.arg for each in positional_parameters(function.args)]
    given.update(zip(names, (expressions.values(each, scope) for each in call.args), strict=False))
    given.update((each.arg, expressions.values(each.value, scope)) for each in call.keywords if each.arg in given)
    return given


def event_arguments(expressions, function, module):
    """Returns the arguments of a call by the engine: the first parameter is the event."""
    names = _all_parameters(function.args)
    given = dict.fromkeys(names, (Unknown(module.at(function)),))
    given.update(_defaults(expressions, function.args, module))
    return given | {name: (Unknown(module.at(function), True),) for name in names[:1]}


def _defaults(expressions, parameters, module):
    positional = positional_parameters(parameters)
    with_default = positional[len(positional) - len(parameters.defaults) :]
    defaults = (*parameters.defaults, *parameters.kw_defaults)
    for parameter, default in zip((*with_default, *parameters.kwonlyargs), defaults, strict=True):
        if default is not None:
            yield parameter.arg, expressions.values(default, module)


def _all_parameters(parameters):
    several = (parameters.vararg, parameters.kwarg)
    single = (*positional_parameters(parameters), *parameters.kwonlyargs)
    return [each.arg for each in (*single, *(one for one in several if one is not None))]
