"""Whether a list, set or dict that has a name is only ever read: nothing that the text shows can change it."""

import ast

from signalbox_syntax.guard_nodes import NotSupported
from signalbox_syntax.modules import outer_names, positional_parameters

_READING_METHODS = {"copy", "count", "get", "index", "items", "keys", "values", "union", "intersection", "difference"}
_READING_METHODS |= {"issubset", "issuperset", "isdisjoint", "symmetric_difference"}
_READERS = {"all", "any", "bool", "dict", "enumerate", "frozenset", "isinstance", "iter", "len", "list", "max", "min"}
_READERS |= {"print", "range", "repr", "set", "sorted", "str", "sum", "tuple", "zip", "dumps"}
#: What these give holds the elements of the object, and so does what these methods of it give.
_PASSING_READERS = {"dict", "enumerate", "iter", "list", "max", "min", "sorted", "sum", "tuple", "zip"}
_PASSING_METHODS = {"copy", "get", "items", "values"}
_READING = (ast.FormattedValue, ast.UnaryOp, ast.Expr, ast.Assert)
#: A class may define what these do with the object.
_OPERATIONS = (ast.BinOp, ast.Compare)
#: The value of these is the object itself, so what is done to them is done to it.
_SAME = (ast.BoolOp, ast.IfExp)
_PLAIN_METHODS = {"__init__", "__str__", "__repr__", "__hash__", "__len__", "__bool__"}
MAX_DEPTH = 6


def is_only_read(module, name, names, has_parts=True):
    """A name at the top level of `module`. `has_parts`: its elements can be changed, too."""
    return reads_only(module.tree, name, module, _Context(names, has_parts), 0, is_top=True)


def is_only_read_at(node, module, names, has_parts=True):
    """An expression that gives the object."""
    return _is_reading(node, module.parents, module, _Context(names, has_parts), 0)


def is_parameter_only_read(function, name, module, names):
    return reads_only(function, name, module, _Context(names, True), 0)


class _Context:
    """What the walk needs at every node."""

    def __init__(self, names, has_parts):
        self.names = names
        self.has_parts = has_parts


def reads_only(owner, name, module, names, depth, is_top=False):
    if depth > MAX_DEPTH:
        return False
    parents = module.parents
    for node in ast.walk(owner):
        if isinstance(node, ast.Name) and node.id == name:
            if isinstance(node.ctx, ast.Load):
                if not _is_reading(node, parents, module, names, depth):
                    return False
            elif not is_top and (isinstance(node.ctx, ast.Del) or isinstance(parents[node], ast.AugAssign)):
                return False
    return True


def _is_reading(node, parents, module, names, depth):
    parent = parents[node]
    match parent:
        case ast.Attribute(attr=method):
            call = parents[parent]
            if not (isinstance(call, ast.Call) and call.func is parent and method in _READING_METHODS):
                return False
            if not names.has_parts or method not in _PASSING_METHODS:
                return True
            return _is_reading(call, parents, module, names, depth)
        case ast.Subscript(value=value, ctx=ctx) if value is node:
            if not isinstance(ctx, ast.Load):
                return False
            return not names.has_parts or _is_reading(parent, parents, module, names, depth)
        case ast.Subscript():
            return True
        case ast.Call(func=function) if function is node:
            return True
        case ast.Call():
            return _is_reading_call(parent, node, parents, module, names, depth)
        case ast.arguments():
            return _is_reading_default(node, parent, parents, module, names, depth)
        case ast.keyword():
            return False
        case ast.If(test=test) | ast.While(test=test) if test is node:
            return True
        case ast.For(iter=iterated, target=target) if iterated is node:
            # The name keeps the last element after the loop.
            return _reads_targets(target, _owner(parent, parents), module, names, depth)
        case ast.comprehension(iter=iterated, target=target) if iterated is node:
            return _reads_targets(target, parents[parent], module, names, depth)
        case ast.comprehension() | ast.If():
            return True
        case _ if isinstance(parent, _SAME):
            return _is_reading(parent, parents, module, names, depth)
        case ast.Assign(targets=[ast.Name(id=alias)]):
            return _reads_local(alias, _owner(parent, parents), module, names, depth)
        case ast.Starred():
            return not names.has_parts
        case ast.BinOp() if names.has_parts:
            return not _operators(module, names) and _is_reading(parent, parents, module, names, depth)
        case _ if isinstance(parent, _OPERATIONS):
            return not _operators(module, names)
        case _:
            return isinstance(parent, _READING)


def _is_reading_default(node, arguments, parents, module, names, depth):
    positional = positional_parameters(arguments)
    if node not in arguments.defaults:
        return False
    index = len(positional) - len(arguments.defaults) + arguments.defaults.index(node)
    return reads_only(parents[arguments], positional[index].arg, module, names, depth + 1)


def _reads_targets(target, owner, module, names, depth):
    return not names.has_parts or all(
        _reads_local(each.id, owner, module, names, depth) for each in ast.walk(target) if isinstance(each, ast.Name)
    )


def _reads_local(name, owner, module, names, depth):
    """Whether a name that holds the object, or a part of it, is a local one of `owner` that is only read."""
    if owner is None or (isinstance(owner, ast.FunctionDef) and name in outer_names(owner)):
        return False
    return reads_only(owner, name, module, names, depth + 1)


def _owner(node, parents):
    """The function of whose names the targets of a statement are, or None: they are those of a class or of the file."""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.ClassDef):
            return None
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return node
    return None


def _operators(module, names):
    return {name for name in _methods_of_classes(module, names) if name.startswith("__") and name not in _PLAIN_METHODS}


def _methods_of_classes(module, names):
    """What the classes of this file, and of the files from which it imports, define."""
    modules = [module]
    for bindings in module.bindings.values():
        for binding in bindings:
            if binding.kind == "import" and not binding.module.startswith("."):
                try:
                    modules.append(names.names.helper(binding.module))
                except NotSupported:
                    continue
    return {
        function.name
        for each in modules
        if each is not None
        for node in ast.walk(each.tree)
        if isinstance(node, ast.ClassDef)
        for function in node.body
        if isinstance(function, ast.FunctionDef)
    }


def _is_reading_call(call, node, parents, module, names, depth):
    match call.func:
        case ast.Name(id=reader) if reader in _READERS and reader not in module.bindings:
            if not names.has_parts or reader not in _PASSING_READERS:
                return True
            # A key function sees the elements.
            return not call.keywords and _is_reading(call, parents, module, names, depth)
        case ast.Attribute(attr=method) if method in ("join", "startswith", "endswith", "dumps", *_READING_METHODS):
            if method in _methods_of_classes(module, names):
                return False
            # The default of `get` comes out of it again.
            return method != "get" or _is_reading(call, parents, module, names, depth)
        case ast.Name(id=name):
            return _is_reading_function(call, node, name, module, names, depth)
    return False


def _is_reading_function(call, node, name, module, names, depth):
    try:
        resolved = names.names.resolve(module, name)
    except Exception:
        return False
    if resolved[0] != "function" or node not in call.args:
        return False
    function, home = resolved[1], resolved[2]
    index = call.args.index(node)
    parameters = [each.arg for each in positional_parameters(function.args)]
    if any(isinstance(each, ast.Starred) for each in call.args[:index]) or index >= len(parameters):
        return False
    return reads_only(function, parameters[index], home, names, depth + 1)
