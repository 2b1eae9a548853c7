"""Functions of a guard: the slots of their names, and what they read from outside."""

import ast

from signalbox_syntax import guard_calls
from signalbox_syntax.guard_expressions import expression, sequence
from signalbox_syntax.guard_nodes import NotSupported
from signalbox_syntax.guard_statements import block
from signalbox_syntax.guard_uses import is_parameter_only_read
from signalbox_syntax.modules import mentions, outer_names, positional_parameters, statements
from signalbox_syntax.returns import is_generator

MAX_NODES = 20_000
#: Slots are numbered by function, so equal nodes of two functions name different things.
_OF_A_FUNCTION = {"local", "outer", "assign", "slot"}


class Builder:
    """One guard being made."""

    def __init__(self, program, names, constants, model, rule_module):
        self.program = program
        self.names = names
        self.constants = constants
        self.model = model
        self.rule_module = rule_module
        #: Names of the rule's module that are assigned again before anything reads them.
        self.reset_globals = frozenset()
        self._functions = {}

    def function(self, node, module):
        key = id(node)
        if key not in self._functions:
            _require_plain(node)
            number = self._functions[key] = self.program.reserve_function()
            _compile(node, Scope(self, module, node, None), number)
        return self._functions[key]

    def number_of(self, constant):
        return self.function(constant.node, constant.module)


def _require_plain(node):
    if isinstance(node, ast.Lambda):
        return
    if not isinstance(node, ast.FunctionDef) or node.decorator_list or is_generator(node):
        raise NotSupported("a function with a decorator, a generator or a coroutine")
    if any(isinstance(each, ast.Nonlocal) for each in statements(node.body, inside_functions=True)):
        raise NotSupported("nonlocal")


def _compile(node, scope, number):
    is_lambda = isinstance(node, ast.Lambda)
    body = scope.node("return", expression(node.body, scope)) if is_lambda else block(node.body, scope)
    scope.builder.program.functions[number] = [scope.parameters, scope.slots, body]


class Scope:
    """The names of one function while its nodes are made."""

    def __init__(self, builder, module, node, outer):
        self.builder = builder
        self.module = module
        self.names = builder.names
        self.constants = builder.constants
        self._outer = outer
        self._node = node
        self._globals = set() if isinstance(node, ast.Lambda) else outer_names(node)
        parameters = node.args
        names = [each.arg for each in (*positional_parameters(parameters), *parameters.kwonlyargs)]
        if parameters.vararg is not None:
            names.append(parameters.vararg.arg)
        if parameters.kwarg is not None:
            raise NotSupported("keywords that are collected")
        self.parameters = len(names)
        self._slots = {name: number for number, name in enumerate(names)}
        self.slots = len(names)
        bound = {} if isinstance(node, ast.Lambda) else module.bindings_of(node.body)
        self._bound = bound
        self._arguments = frozenset(names)
        for name in bound:
            if name not in self._slots and name not in self._globals:
                self._slots[name] = self.temporary()
        self._targets = []

    def node(self, operation, *operands):
        if len(self.builder.program.nodes) > MAX_NODES:
            raise TooLarge
        owner = self if operation in _OF_A_FUNCTION else None
        return self.builder.program.node(operation, *operands, owner=owner)

    def locate(self, number, node):
        self.builder.program.locate(number, self.module, node)
        return number

    def constant(self, value):
        return self.node("constant", self.builder.program.constant(value, self.builder.number_of))

    def unknown(self, node, reason):
        return self.builder.program.unknown(str(reason), self.module, node)

    def temporary(self):
        self.slots += 1
        return self.slots - 1

    def begin_targets(self):
        self._targets.append({})

    def end_targets(self):
        self._targets.pop()

    def comprehension_slot(self, name):
        return self._targets[-1].setdefault(name, self.temporary())

    def _find(self, name):
        """(functions outwards, slot), or None."""
        for targets in reversed(self._targets):
            if name in targets:
                return 0, targets[name]
        if name in self._slots:
            return 0, self._slots[name]
        if name in self._globals or self._outer is None:
            return None
        found = self._outer._find(name)
        return found and (found[0] + 1, found[1])

    def _is_comprehended(self, name):
        """Each run of a comprehension has names of its own, while a function has one slot for all runs."""
        is_own = any(name in targets for targets in self._targets)
        return is_own or (self._outer is not None and self._outer._is_comprehended(name))

    def is_local(self, name):
        return self._find(name) is not None

    def read(self, name):
        found = self._find(name)
        if found is None:
            return self.resolved(self.names.resolve(self.module, name))
        return self.node("local", found[1]) if found[0] == 0 else self.node("outer", *found)

    def slot(self, name):
        if name not in self._slots:
            raise NotSupported(f"{name} is another scope's")
        return self._slots[name]

    def mentions(self, name):
        return mentions(self._node, name)

    def is_only_in(self, target, part):
        """Whether a target is a local name that only this part of the function uses."""
        if not isinstance(target, ast.Name) or target.id not in self._slots:
            return False
        is_outside = _count(self._node, target.id) > _count(part, target.id)
        return not is_outside and target.id not in self._arguments

    def folded(self, node):
        """The value of an expression of constants, also of a local name that has one value."""
        if isinstance(node, ast.Name) and self.is_local(node.id):
            bound = self._bound.get(node.id, ())
            if node.id in self._arguments or len(bound) != 1 or bound[0].kind != "value":
                raise NotSupported(f"{node.id} is no constant")
            node = bound[0].node
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and self.is_local(inner.id):
                raise NotSupported(f"{inner.id} is no constant")
        return self.constants.fold(node, self.module)

    def target(self, name):
        if name in self._slots:
            return self.node("slot", self._slots[name])
        return self.node("global_slot", self._global(name))

    def _global(self, name):
        if self.module is not self.builder.rule_module or name not in self.builder.reset_globals:
            raise NotSupported(f"global {name} is kept between calls")
        return self.builder.program.global_slot(name)

    def resolved(self, resolved):
        match resolved:
            case ("global", name, module):
                if module is not self.builder.rule_module:
                    raise NotSupported(f"global {name} of another file")
                return self.node("global", self._global(name))
            case ("builtin", "__debug__"):
                return self.constant(True)
        return self.constant(self.constants.of_resolved(resolved))

    def function(self, node, module):
        return self.builder.function(node, module)

    def nested(self, node):
        """A lambda or a function within this one. Defaults would be evaluated where it is made."""
        _require_plain(node)
        if node.args.defaults or any(node.args.kw_defaults) or node.args.vararg or node.args.kwonlyargs:
            raise NotSupported("parameters of a function within a function")
        if any(isinstance(each, ast.Name) and self._is_comprehended(each.id) for each in ast.walk(node)):
            raise NotSupported("a function that keeps a name of a comprehension")
        number = self.builder.program.reserve_function()
        _compile(node, Scope(self.builder, self.module, node, self), number)
        return number

    def defaults(self, function, module):
        """Parameter -> constant."""
        arguments = function.args
        positional = positional_parameters(arguments)
        values = arguments.defaults
        with_default = positional[len(positional) - len(values) :]
        pairs = list(zip(with_default, values, strict=True))
        pairs += zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        found = {}
        for parameter, value in pairs:
            if value is None:
                continue
            is_display = isinstance(value, (ast.List, ast.Dict, ast.Set, ast.Call))
            if is_display and not is_parameter_only_read(function, parameter.arg, module, self.names):
                raise NotSupported(f"the default of {parameter.arg} can change")
            found[parameter.arg] = self.constants.fold(value, module)
        return found

    def call(self, node):
        return guard_calls.call(node, self)

    def udm(self, node, event):
        """A unified field by the model of the log type for which this guard is made."""
        self.builder.program.reads_model = True
        keywords = {each.arg: each.value for each in node.keywords}
        if keywords.keys() - {"default"} or any(isinstance(each, ast.Starred) for each in node.args):
            raise NotSupported("such arguments of udm")
        keys = sequence(ast.Tuple(elts=node.args, ctx=ast.Load()), self)
        default = expression(keywords["default"], self) if "default" in keywords else self.constant(None)
        model = self.builder.model
        if model is not None and len(node.args) == 1:
            name = self.constants.fold(node.args[0], self.module)
            if not isinstance(name, str) or not name.isascii():
                raise NotSupported("a unified field whose name is no constant")
            path, method = model.field(name.lower(), self.names)
            if path is not None:
                return self.node("udm_path", event, default, self.constant(tuple(path)))
            if method is not None:
                return self.node("udm_method", event, default, self.function(*method))
        return self.node("udm_name", event, default, keys)


def _count(owner, name):
    return sum(isinstance(each, ast.Name) and each.id == name for each in ast.walk(owner))


class TooLarge(Exception):
    """A guard would cost more than it saves."""

