"""Calls as nodes of a guard: functions of the project are followed, of all others only the known ones are expressed."""

import ast

from signalbox_syntax.guard_expressions import comprehension, expression, sequence, spread
from signalbox_syntax.guard_nodes import NotSupported, RegularExpression
from signalbox_syntax.modules import positional_parameters

_BUILTINS = {"len": 1, "str": 1, "int": 1, "bool": 1, "sorted": 1, "min": 1, "max": 1, "sum": 1, "any": 1, "all": 1}
_BUILTINS |= {"list": 1, "set": 1, "tuple": 1, "frozenset": 1, "dict": 1, "enumerate": 1, "abs": 1, "iter": 1}
_NO_ARGUMENTS = {"list", "set", "tuple", "frozenset", "dict", "str", "bool"}
#: These take all elements at once, so that a generator has no life of its own.
_CONSUMERS = {"any", "all", "list", "set", "tuple", "frozenset", "sorted", "sum", "min", "max"}
_EXTERNALS = {
    "fnmatch.fnmatch": ("fnmatch", 2),
    "fnmatch.fnmatchcase": ("fnmatch", 2),
    "functools.reduce": ("reduce", 3),
    "ipaddress.ip_address": ("ip_address", 1),
    "ipaddress.IPv4Address": ("ipv4_address", 1),
    "ipaddress.IPv6Address": ("ipv6_address", 1),
    "collections.OrderedDict": ("dict", 0),
}
_REGULAR_EXPRESSIONS = ("search", "match", "fullmatch")
#: Method -> fewest and most arguments.
_METHODS = {
    "get": (1, 2),
    "keys": (0, 0),
    "values": (0, 0),
    "items": (0, 0),
    "lower": (0, 0),
    "upper": (0, 0),
    "casefold": (0, 0),
    "title": (0, 0),
    "capitalize": (0, 0),
    "strip": (0, 1),
    "lstrip": (0, 1),
    "rstrip": (0, 1),
    "split": (0, 2),
    "rsplit": (1, 2),
    "replace": (2, 2),
    "join": (1, 1),
    "startswith": (1, 1),
    "endswith": (1, 1),
    "find": (1, 1),
    "count": (1, 1),
    "index": (1, 1),
    "isdigit": (0, 0),
    "isascii": (0, 0),
    "append": (1, 1),
    "add": (1, 1),
    "extend": (1, 1),
    "update": (1, 1),
    "intersection": (1, 1),
    "union": (1, 1),
    "difference": (1, 1),
    "issubset": (1, 1),
    "isdisjoint": (1, 1),
    "copy": (0, 0),
}
_TYPES = {"str", "int", "float", "bool", "list", "dict", "tuple", "set", "bytes", "frozenset"}
_EXTERNAL_TYPES = {f"{module}.Mapping": "Mapping" for module in ("collections.abc", "typing")}
_EXTERNAL_TYPES |= {f"{module}.Sequence": "Sequence" for module in ("collections.abc", "typing")}
_EXTERNAL_TYPES |= {"typing.List": "list", "typing.Dict": "dict"}
_EXTERNAL_TYPES |= {"unittest.mock.MagicMock": "MagicMock", "unittest.mock.Mock": "MagicMock"}


def call(node, scope):
    match node.func:
        case ast.Name(id=name) if scope.is_local(name):
            return scope.node("apply", scope.read(name), *_plain_arguments(node, scope))
        case ast.Name(id=name):
            return _named(node, scope.names.resolve(scope.module, name), scope)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if not scope.is_local(name):
            resolved = _module_attribute(scope.names.resolve(scope.module, name), attribute, scope)
            return _method(node, scope) if resolved is None else _named(node, resolved, scope)
        case ast.Attribute():
            dotted = _dotted(node.func, scope)
            return _method(node, scope) if dotted is None else _external(node, dotted, scope)
        case ast.Lambda() | ast.Call() | ast.Subscript():
            return scope.node("apply", expression(node.func, scope), *_plain_arguments(node, scope))
    raise NotSupported("this kind of call")


def _module_attribute(resolved, attribute, scope):
    match resolved:
        case ("module", helper):
            return scope.names.attribute(helper, attribute)
        case ("external", name):
            return "external", f"{name}.{attribute}"
    return None


def _dotted(node, scope):
    """`collections.abc.x` of imported modules of others, or None."""
    match node:
        case ast.Attribute(value=ast.Attribute() as inner, attr=attribute):
            found = _dotted(inner, scope)
            return found and f"{found}.{attribute}"
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if not scope.is_local(name):
            resolved = scope.names.resolve(scope.module, name)
            return f"{resolved[1]}.{attribute}" if resolved[0] == "external" else None
    return None


def _named(node, resolved, scope):
    match resolved:
        case ("function", function, module):
            return _followed(node, function, module, scope)
        case ("value", _, _, _):
            return scope.node("apply", scope.resolved(resolved), *_plain_arguments(node, scope))
        case ("builtin", "isinstance"):
            return _isinstance(node, scope)
        case ("builtin", name):
            return _builtin(node, name, scope)
        case ("external", name):
            return _external(node, name, scope)
        case ("class", name):
            raise NotSupported(f"an object of class {name}")
    raise NotSupported("a call of something unknown")


def _plain_arguments(node, scope):
    if node.keywords or any(isinstance(each, ast.Starred) for each in node.args):
        raise NotSupported("such arguments")
    return [expression(each, scope) for each in node.args]


def _followed(node, function, module, scope):
    """Arguments are bound as Python does; what is given by keyword must come in the order of the parameters."""
    parameters = function.args
    positional = [each.arg for each in positional_parameters(parameters)]
    if parameters.kwarg is not None or any(each.arg is None for each in node.keywords):
        raise NotSupported("keywords that are collected")
    number = scope.function(function, module)
    given, rest = node.args[: len(positional)], node.args[len(positional) :]
    if any(isinstance(each, ast.Starred) for each in given) or (rest and parameters.vararg is None):
        raise NotSupported("such arguments")
    bound = {name: expression(each, scope) for name, each in zip(positional, given, strict=False)}
    collected = scope.node("tuple", *spread(rest, scope))
    for keyword in node.keywords:
        if keyword.arg in bound or keyword.arg not in (*positional, *(each.arg for each in parameters.kwonlyargs)):
            raise NotSupported("such keywords")
        bound[keyword.arg] = expression(keyword.value, scope)
    defaults = scope.defaults(function, module)
    names = [*positional, *(each.arg for each in parameters.kwonlyargs)]
    missing = [name for name in names if name not in bound and name not in defaults]
    if missing:
        raise NotSupported(f"no argument {missing[0]}")
    arguments = [bound[name] if name in bound else scope.constant(defaults[name]) for name in names]
    if parameters.vararg is not None:
        arguments.append(collected)
    order = [bound[name] for name in bound]
    if order != [argument for argument in arguments if argument in order] and not _are_simple(node):
        raise NotSupported("keywords in another order than the parameters")
    return scope.node("call", number, *arguments)


def _are_simple(node):
    return all(isinstance(each.value, (ast.Constant, ast.Name)) for each in node.keywords)


def _builtin(node, name, scope):
    if node.keywords:
        raise NotSupported(f"keywords of {name}")
    if name == "range":
        return scope.node("builtin", "range", *_plain_arguments(node, scope))
    if name == "hasattr" and len(node.args) == 2 and isinstance(node.args[1], ast.Constant):
        return scope.node("builtin", "hasattr", *_plain_arguments(node, scope))
    if name == "zip" and len(node.args) == 2:
        return scope.node("builtin", "zip", *(sequence(each, scope) for each in node.args))
    if name not in _BUILTINS or (not node.args and name not in _NO_ARGUMENTS):
        raise NotSupported(f"{name}()")
    if len(node.args) > _BUILTINS[name] and name not in ("min", "max"):
        raise NotSupported(f"arguments of {name}")
    return scope.node("builtin", name, *(_argument(each, name, scope) for each in node.args))


def _argument(node, name, scope):
    if isinstance(node, ast.Starred):
        raise NotSupported("a starred argument")
    if isinstance(node, ast.GeneratorExp):
        if name not in _CONSUMERS:
            raise NotSupported("a generator")
        return comprehension(node, [node.elt], scope)
    return sequence(node, scope)


def _isinstance(node, scope):
    if len(node.args) != 2 or node.keywords:
        raise NotSupported("isinstance")
    types = scope.constant(tuple(_types(node.args[1], scope)))
    return scope.node("isinstance", expression(node.args[0], scope), types)


def _types(node, scope):
    match node:
        case ast.Tuple(elts=elements):
            return [name for each in elements for name in _types(each, scope)]
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_types(left, scope), *_types(right, scope)]
        case ast.Name(id=name) if not scope.is_local(name):
            resolved = scope.names.resolve(scope.module, name)
        case ast.Attribute():
            resolved = ("external", _dotted(node, scope))
        case _:
            raise NotSupported("such a type")
    match resolved:
        case ("builtin", name) if name in _TYPES:
            return [name]
        case ("external", name) if name in _EXTERNAL_TYPES:
            return [_EXTERNAL_TYPES[name]]
    raise NotSupported("such a type")


def _external(node, name, scope):
    if name in _EXTERNALS:
        kind, count = _EXTERNALS[name]
        if len(node.args) == count:
            return scope.node("builtin", kind, *_plain_arguments(node, scope))
    if name.startswith("re.") and name[3:] in _REGULAR_EXPRESSIONS and len(node.args) == 2:
        pattern = scope.folded(node.args[0])
        if isinstance(pattern, str):
            pattern = RegularExpression(pattern)
        if isinstance(pattern, RegularExpression) and not node.keywords:
            return scope.node("regex", name[3:], scope.constant(pattern), expression(node.args[1], scope))
    if name == "re.compile":
        return scope.constant(scope.folded(node))
    raise NotSupported(f"{name}()")


def _method(node, scope):
    name, receiver = node.func.attr, node.func.value
    if name in ("deep_get", "deep_walk"):
        return _deep(node, name, receiver, scope)
    if name == "udm":
        return scope.udm(node, expression(receiver, scope))
    if name == "get" and len(node.args) == 1 and [each.arg for each in node.keywords] == ["default"]:
        on = expression(receiver, scope)
        given = (expression(each, scope) for each in (node.args[0], node.keywords[0].value))
        return scope.node("method", "get_default", on, *given)
    if name in ("split", "rsplit") and [each.arg for each in node.keywords] == ["maxsplit"] and len(node.args) == 1:
        node = ast.Call(func=node.func, args=[*node.args, node.keywords[0].value], keywords=[])
    if node.keywords:
        raise NotSupported(f"keywords of {name}")
    if name in ("split", "rsplit") and len(node.args) == 2 and not isinstance(node.args[1], ast.Constant):
        raise NotSupported("a number of parts that is no constant")
    arguments = [_join_argument(each, name, scope) for each in node.args]
    if name in _REGULAR_EXPRESSIONS and len(arguments) == 1:
        return scope.node("regex", name, expression(receiver, scope), *arguments)
    fewest, most = _METHODS.get(name, (1, 0))
    if not fewest <= len(arguments) <= most:
        raise NotSupported(f"method {name}")
    return scope.node("method", name, sequence(receiver, scope), *arguments)


def _join_argument(node, name, scope):
    if isinstance(node, ast.Starred):
        raise NotSupported("a starred argument")
    if isinstance(node, ast.GeneratorExp):
        if name != "join":
            raise NotSupported("a generator")
        return comprehension(node, [node.elt], scope)
    if name in ("startswith", "endswith", "join", "intersection", "union", "difference", "issubset", "isdisjoint"):
        return sequence(node, scope)
    return expression(node, scope)


def _deep(node, name, receiver, scope):
    keywords = {each.arg: each.value for each in node.keywords}
    if not keywords.keys() <= ({"default"} if name == "deep_get" else {"default", "return_val"}):
        raise NotSupported(f"keywords of {name}")
    on = expression(receiver, scope)
    keys = sequence(ast.Tuple(elts=node.args, ctx=ast.Load()), scope)
    default = expression(keywords["default"], scope) if "default" in keywords else scope.constant(None)
    if name == "deep_get":
        return scope.node("deep_get", on, keys, default)
    wanted = expression(keywords["return_val"], scope) if "return_val" in keywords else scope.constant("all")
    return scope.node("deep_walk", on, keys, default, wanted)
