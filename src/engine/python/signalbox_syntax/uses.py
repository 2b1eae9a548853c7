"""Finds what is done to a list or dict that has a name: what is added, whether something is removed, and whether it is
passed to code that is not analyzed."""

import ast
from dataclasses import dataclass, field

_ADDING = {"append": False, "insert": False, "add": False, "extend": True, "update": True}
_REMOVING = ("remove", "pop", "clear", "discard")
_READING = ("copy", "count", "get", "index", "items", "keys", "reverse", "sort", "values")
_READERS = ("all", "any", "bool", "enumerate", "frozenset", "isinstance", "iter", "len", "list", "max", "min", "print")
_READERS += ("repr", "set", "sorted", "str", "sum", "tuple", "zip")
_READING_METHODS = ("dumps", "join", "extend", "update", "union", "intersection", "difference", "issubset", "isdisjoint")
#: Under these nodes it is only read, or passed on unchanged.
_LOOKING = (
    *(ast.Assert, ast.BinOp, ast.BoolOp, ast.Compare, ast.Expr, ast.For, ast.FormattedValue, ast.If, ast.IfExp),
    *(ast.Match, ast.Return, ast.Starred, ast.UnaryOp, ast.While, ast.comprehension),
)


@dataclass
class Uses:
    #: (expression, whether its elements or the expression itself are added)
    added: list = field(default_factory=list)
    shrinks: bool = False
    is_open: bool = False


def uses_of(owner, name):
    """`owner`: the function or module that defines the name."""
    uses = Uses()
    parents = {child: parent for parent in ast.walk(owner) for child in ast.iter_child_nodes(parent)}
    for node in parents:
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            _look(node, parents, uses)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            uses.added.append((node.value, True))
    uses.added.sort(key=lambda added: (added[0].lineno, added[0].col_offset))
    return uses


def _look(node, parents, uses):
    parent = parents[node]
    match parent:
        case ast.Attribute(attr=method):
            call = parents[parent]
            if isinstance(call, ast.Call) and call.func is parent:
                _look_at_method(call, method, uses)
        case ast.Subscript(ctx=ast.Load()) | ast.Subscript(slice=ast.Name()):
            pass
        case ast.Subscript(ctx=ast.Store()) if isinstance(parents[parent], ast.Assign):
            uses.added.append((parents[parent].value, False))
        case ast.Subscript(ctx=ast.Del()):
            uses.shrinks = True
        case ast.Call(func=ast.Name(id=reader)) if reader in _READERS and parent.func is not node:
            pass
        case ast.Call(func=ast.Attribute(attr=method)) if method in _READING_METHODS:
            pass
        case ast.Dict(keys=keys, values=values) if keys[values.index(node)] is None:
            # The dict is copied into another one.
            pass
        case _ if isinstance(parent, _LOOKING):
            pass
        case _:
            uses.is_open = True


def _look_at_method(call, method, uses):
    if method in _ADDING and call.args and not call.keywords:
        uses.added.append((call.args[-1], _ADDING[method]))
    elif method in _REMOVING:
        uses.shrinks = True
    elif method not in _READING:
        uses.is_open = True
