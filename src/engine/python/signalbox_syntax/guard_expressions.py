"""Expressions of a body as nodes of a guard, in Python's order of evaluation."""

import ast

from signalbox_syntax.guard_nodes import NotSupported

_COMPARISONS = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Mod: "%", ast.BitOr: "|", ast.BitAnd: "&", ast.Div: "/"}
_BINARY |= {ast.FloorDiv: "//"}
_CONTAINERS = (ast.List, ast.Set, ast.Tuple, ast.Dict)


def expression(node, scope):
    """The number of a node. What cannot be expressed becomes a node that makes the answer unknown."""
    try:
        return scope.locate(_expression(node, scope), node)
    except NotSupported as reason:
        return scope.unknown(node, reason)


def sequence(node, scope):
    """An expression that is only read: a display of constants is one constant."""
    if isinstance(node, _CONTAINERS):
        try:
            return scope.constant(_folded_display(node, scope))
        except NotSupported:
            pass
    return expression(node, scope)


def _folded_display(node, scope):
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and scope.is_local(inner.id) or isinstance(inner, ast.Lambda):
            raise NotSupported("a local name")
    return scope.constants.fold(node, scope.module)


def _expression(node, scope):
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
            return scope.constant(value)
        case ast.Name(id=name):
            return scope.read(name)
        case ast.Attribute():
            return _attribute(node, scope)
        case ast.BoolOp(op=op, values=operands):
            kind = "and" if isinstance(op, ast.And) else "or"
            return scope.node(kind, *(expression(each, scope) for each in operands))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return scope.node("not", expression(operand, scope))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return scope.constant(-value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return scope.node("negate", expression(operand, scope))
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return scope.node("if", *(expression(each, scope) for each in (test, body, orelse)))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _compare(left, ops, comparators, scope)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return scope.node("binary", _BINARY[type(op)], expression(left, scope), expression(right, scope))
        case ast.NamedExpr(target=target, value=value):
            return scope.node("assign", scope.slot(target.id), expression(value, scope))
        case ast.JoinedStr(values=parts):
            return scope.node("text", *(_part(part, scope) for part in parts))
        case ast.Tuple(elts=elements) if elements and all(isinstance(each, ast.Constant) for each in elements):
            return scope.constant(_folded_display(node, scope))
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return scope.node(type(node).__name__.lower(), *spread(elements, scope))
        case ast.Dict(keys=keys, values=values):
            return _dict(keys, values, scope)
        case ast.Subscript(value=value, slice=index):
            return _subscript(value, index, scope)
        case ast.Lambda():
            return scope.node("lambda", scope.nested(node))
        case ast.ListComp(elt=element) | ast.SetComp(elt=element):
            kind = "list" if isinstance(node, ast.ListComp) else "set"
            return scope.node(kind, 1, comprehension(node, [element], scope))
        case ast.DictComp(key=key, value=value):
            return scope.node("dict_of", comprehension(node, [key, value], scope))
        case ast.Call():
            return scope.call(node)
    raise NotSupported("this kind of expression")


def spread(elements, scope):
    """Pairs of (whether all elements of it are meant, node)."""
    for element in elements:
        is_starred = isinstance(element, ast.Starred)
        yield int(is_starred)
        yield sequence(element.value, scope) if is_starred else expression(element, scope)


def comprehension(node, elements, scope):
    """`loop`: how many element nodes, they, then (target, iterated, condition or -1) for each clause."""
    clauses = []
    scope.begin_targets()
    try:
        for clause in node.generators:
            if clause.is_async:
                raise NotSupported("async")
            iterated = sequence(clause.iter, scope)
            bound = target(clause.target, scope, is_comprehension=True)
            conditions = [expression(each, scope) for each in clause.ifs]
            condition = scope.node("and", *conditions) if len(conditions) > 1 else (conditions or [-1])[0]
            clauses += [bound, iterated, condition]
        found = [expression(each, scope) for each in elements]
    finally:
        scope.end_targets()
    return scope.node("loop", len(found), *found, *clauses)


def target(node, scope, is_comprehension=False):
    match node:
        case ast.Name(id=name):
            if is_comprehension:
                return scope.node("slot", scope.comprehension_slot(name))
            return scope.target(name)
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            if any(isinstance(each, ast.Starred) for each in elements):
                raise NotSupported("a starred target")
            return scope.node("slots", *(target(each, scope, is_comprehension) for each in elements))
        case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
            return scope.node("item", expression(value, scope), expression(index, scope))
    raise NotSupported("this kind of target")


def _attribute(node, scope):
    match node.value:
        case ast.Name(id=name) if not scope.is_local(name):
            match scope.names.resolve(scope.module, name):
                case ("module", helper):
                    resolved = scope.names.attribute(helper, node.attr)
                    return scope.resolved(resolved)
    if node.attr == "is_private":
        return scope.node("builtin", "is_private", expression(node.value, scope))
    raise NotSupported("an attribute")


def _compare(left, ops, comparators, scope):
    parts = [expression(left, scope)]
    for op, right in zip(ops, comparators, strict=True):
        kind = _COMPARISONS[type(op)]
        parts += [kind, sequence(right, scope) if kind in ("in", "not in") else expression(right, scope)]
    return scope.node("compare", *parts)


def _part(part, scope):
    match part:
        case ast.Constant(value=str(value)):
            return scope.constant(value)
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return expression(value, scope)
    raise NotSupported("a format")


def _dict(keys, values, scope):
    if any(key is None for key in keys):
        raise NotSupported("a dict that takes in another one")
    parts = []
    for key, value in zip(keys, values, strict=True):
        parts += [expression(key, scope), expression(value, scope)]
    return scope.node("dict", *parts)


def _subscript(value, index, scope):
    container = sequence(value, scope)
    if not isinstance(index, ast.Slice):
        return scope.node("index", container, expression(index, scope))
    if index.step is not None:
        raise NotSupported("a slice with a step")
    ends = (-1 if each is None else expression(each, scope) for each in (index.lower, index.upper))
    return scope.node("slice", container, *ends)
