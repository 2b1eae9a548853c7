"""Statements of a function as nodes of a guard."""

import ast
import builtins

from signalbox_syntax.guard_expressions import expression, sequence, target
from signalbox_syntax.guard_names import is_mock_test
from signalbox_syntax.guard_nodes import NotSupported

_AUGMENTED = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.BitOr: "|"}
#: What operations of a guard raise -> the class of Python that it is, or that it derives from.
_RAISED = {each.__name__: each for each in (AttributeError, IndexError, KeyError, TypeError, ValueError)}
_RAISED |= {"AddressValueError": ValueError}
#: Exceptions of Python's library -> which of those a handler of them catches.
_EXTERNAL_EXCEPTIONS = {
    "ipaddress.AddressValueError": ["AddressValueError"],
    "json.JSONDecodeError": [],
    "json.decoder.JSONDecodeError": [],
}


def block(body, scope):
    return scope.node("block", *(statement(each, scope) for each in body))


def statement(node, scope):
    try:
        return _statement(node, scope)
    except NotSupported as reason:
        return scope.node("do", scope.unknown(node, reason))


def _statement(node, scope):
    match node:
        case ast.Return(value=value):
            return scope.node("return", scope.constant(None) if value is None else expression(value, scope))
        case ast.If(test=test, body=body, orelse=orelse):
            return _if(test, body, orelse, scope)
        case ast.Assign(targets=[only], value=value):
            return scope.node("set", target(only, scope), expression(value, scope))
        case ast.AnnAssign(target=ast.Name() as only, value=value):
            if value is None:
                return scope.node("block")
            return scope.node("set", target(only, scope), expression(value, scope))
        case ast.AugAssign(target=ast.Name(id=name) as only, op=op, value=value) if type(op) in _AUGMENTED:
            changed = scope.node("binary", _AUGMENTED[type(op)], scope.read(name), expression(value, scope))
            return scope.node("set", target(only, scope), scope.node("immutable", changed))
        case ast.Expr(value=ast.Constant()) | ast.Pass() | ast.Global():
            return scope.node("block")
        case ast.Expr(value=value):
            return scope.node("do", expression(value, scope))
        case ast.For(
            body=[ast.If(test=test, body=[ast.Return(value=ast.Constant()) as found], orelse=[])], orelse=[]
        ) if scope.is_only_in(node.target, node):
            # As `any`: nothing depends on which element is found, so the order of a set does not matter.
            iterated = sequence(node.iter, scope)
            each = target(node.target, scope)
            loop = scope.node("loop", 1, expression(test, scope), each, iterated, -1)
            return scope.node("when", scope.node("builtin", "any", loop), statement(found, scope), -1)
        case ast.For(target=each, iter=iterated, body=body, orelse=orelse):
            rest = block(orelse, scope) if orelse else -1
            return scope.node("for", target(each, scope), sequence(iterated, scope), block(body, scope), rest)
        case ast.Break():
            return scope.node("break")
        case ast.Continue():
            return scope.node("continue")
        case ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=[]):
            return _try(body, handlers, orelse, scope)
        case ast.FunctionDef(name=name, decorator_list=[]):
            return scope.node("set", scope.target(name), scope.node("lambda", scope.nested(node)))
        case ast.Import() | ast.ImportFrom():
            raise NotSupported("an import within a function")
        case ast.Match(subject=subject, cases=cases):
            return _match(subject, cases, scope)
    raise NotSupported("this kind of statement")


def _if(test, body, orelse, scope):
    if is_mock_test(test) and not scope.is_local(test.args[0].id):
        resolved = scope.names.resolve(scope.module, test.args[1].id)
        if resolved in (("external", "unittest.mock.MagicMock"), ("external", "unittest.mock.Mock")):
            # The name holds a constant, or is unknown, whatever is assigned here.
            scope.read(test.args[0].id)
            return block(orelse, scope)
    rest = block(orelse, scope) if orelse else -1
    return scope.node("when", expression(test, scope), block(body, scope), rest)


def _try(body, handlers, orelse, scope):
    parts = []
    for handler in handlers:
        # Python deletes the name after the handler.
        if handler.name is not None and scope.mentions(handler.name):
            raise NotSupported("an exception that is looked at")
        parts += [scope.constant(_caught(handler.type, scope)), block(handler.body, scope)]
    rest = block(orelse, scope) if orelse else -1
    return scope.node("try", block(body, scope), rest, *parts)


def _caught(node, scope):
    """Which of the exceptions that a guard raises a handler catches."""
    classes = node.elts if isinstance(node, ast.Tuple) else [node]
    found = {name for each in classes for name in _caught_by(_exception(each, scope))}
    return tuple(name for name in _RAISED if name in found)


def _exception(node, scope):
    match node:
        case ast.Name(id=name) if not scope.is_local(name):
            return scope.names.resolve(scope.module, name)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute) if not scope.is_local(name):
            resolved = scope.names.resolve(scope.module, name)
            if resolved[0] == "external":
                return "external", f"{resolved[1]}.{attribute}"
    raise NotSupported("such a handler")


def _caught_by(resolved):
    match resolved:
        case ("builtin", name):
            caught = getattr(builtins, name)
            if isinstance(caught, type) and issubclass(caught, BaseException):
                return [raised for raised, kind in _RAISED.items() if issubclass(kind, caught)]
        case ("external", name) if name in _EXTERNAL_EXCEPTIONS:
            return _EXTERNAL_EXCEPTIONS[name]
    raise NotSupported("such a handler")


def _match(subject, cases, scope):
    subject_slot = scope.temporary()
    read = scope.node("local", subject_slot)
    chain = -1
    for case in reversed(cases):
        if case.guard is not None:
            raise NotSupported("a case with a condition")
        body = block(case.body, scope)
        test = _pattern(case.pattern, read, scope)
        chain = body if test is None else scope.node("when", test, body, chain)
    assign = scope.node("set", scope.node("slot", subject_slot), expression(subject, scope))
    return scope.node("block", assign, chain) if chain != -1 else assign


def _pattern(pattern, read, scope):
    match pattern:
        case ast.MatchValue(value=ast.Constant(value=value)):
            return scope.node("compare", read, "==", scope.constant(value))
        case ast.MatchOr(patterns=patterns):
            tests = [_pattern(each, read, scope) for each in patterns]
            if None not in tests:
                return scope.node("or", *tests)
        case ast.MatchAs(pattern=None, name=None):
            return None
    raise NotSupported("such a pattern")
