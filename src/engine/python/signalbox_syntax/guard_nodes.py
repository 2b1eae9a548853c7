"""The table of a guard: nodes `[operation, operand, …]`, constants and functions, all of which JSON can hold."""

import re

MAX_EXACT_INTEGER = 10**15
#: Their text says nothing that an explanation needs.
_WITHOUT_LOCATION = {"constant", "local", "outer", "global", "block"}


class NotSupported(Exception):
    """A part of a body is outside of what a guard can express. The reason is for the author.

    `location`: (path, line, column) of the part, where it is not the one at which the exception is caught.
    """

    def __init__(self, reason, location=None):
        super().__init__(reason)
        self.location = location


class RegularExpression:
    """The constant that `re.compile` makes of constants."""

    def __init__(self, pattern, flags=0):
        self.pattern = pattern
        self.flags = int(flags)


class FunctionConstant:
    """A function or lambda of a module, as a constant holds it."""

    def __init__(self, node, module):
        self.node = node
        self.module = module


class Program:
    """What one guard consists of. Operands are numbers of nodes, constants, functions or slots, by operation."""

    def __init__(self):
        self.nodes = []
        self.constants = []
        self.functions = []
        self.globals = {}
        self.reads_model = False
        self._locations = {}
        self._known_nodes = {}
        self._known_constants = {}

    def node(self, operation, *operands, owner=None):
        """Equal nodes are one. `owner`: nodes of different owners are not equal, so that each has a location of its own."""
        key = (owner, operation, *operands)
        number = self._known_nodes.get(key)
        if number is None:
            number = self._known_nodes[key] = len(self.nodes)
            self.nodes.append([operation, *operands])
        return number

    def locate(self, number, module, node):
        """Records where the text of a node stands: the first location, where the function has the same text twice."""
        # Some trees are put together by the analysis and stand nowhere.
        is_text = hasattr(node, "lineno") and self.nodes[number][0] not in _WITHOUT_LOCATION
        if is_text and number not in self._locations:
            self._locations[number] = module.path, *module.span(node)

    def constant(self, value, function_number=None):
        """The number of a constant. `function_number`: FunctionConstant -> number of its function."""
        encoded = encode(value, function_number)
        key = repr(encoded)
        number = self._known_constants.get(key)
        if number is None:
            number = self._known_constants[key] = len(self.constants)
            self.constants.append(encoded)
        return number

    def unknown(self, reason, module, node):
        number = self.node("unknown", self.constant(reason), owner=id(node))
        self.locate(number, module, node)
        return number

    def reserve_function(self):
        self.functions.append(None)
        return len(self.functions) - 1

    def global_slot(self, name):
        return self.globals.setdefault(name, len(self.globals))

    def as_json(self, matcher, *, silent, is_plain, log_type):
        return {
            "nodes": self.nodes,
            "constants": self.constants,
            "functions": self.functions,
            "globals": len(self.globals),
            "matcher": matcher,
            "silent": silent,
            "isPlain": is_plain,
            "logType": log_type if self.reads_model else None,
            "readsModel": self.reads_model,
            "locations": self._encoded_locations(),
        }

    def _encoded_locations(self):
        """[[path, text of numbers: node, line, column, line and column of the end, for each node], …]"""
        by_path = {}
        for number, (path, *span) in self._locations.items():
            by_path.setdefault(path, []).extend((number, *span))
        return [[path, " ".join(map(str, numbers))] for path, numbers in by_path.items()]


def encode(value, function_number=None):
    """Scalars stand for themselves, everything else is `[kind, …]`."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        if not abs(value) < MAX_EXACT_INTEGER:
            raise NotSupported("a number of more than 15 digits")
        if isinstance(value, float) and value.is_integer():
            raise NotSupported("a float without a fraction, which JSON would make an integer")
        return value
    if isinstance(value, (list, tuple)):
        return ["list" if isinstance(value, list) else "tuple", *(encode(each, function_number) for each in value)]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted((encode(each, function_number) for each in value), key=repr)]
    if isinstance(value, dict):
        entries = ([encode(key), encode(each, function_number)] for key, each in value.items())
        return ["dict", *entries]
    if isinstance(value, RegularExpression):
        return ["regex", value.pattern, value.flags & ~re.UNICODE.value]
    if isinstance(value, FunctionConstant) and function_number is not None:
        return ["function", function_number(value)]
    raise NotSupported(f"a constant of type {type(value).__name__}")


def is_mutable(value):
    if isinstance(value, (list, dict, set)):
        return True
    return isinstance(value, (tuple, frozenset)) and any(map(is_mutable, value))
