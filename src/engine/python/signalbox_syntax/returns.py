"""Finds where a function returns, and whether its end can be reached."""

import ast


def returns(function):
    """Returns ([reachable return statements], whether the end can be reached)."""
    found = []
    ends = _walk(function.body, found)
    return found, ends


def is_generator(function):
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function.body))


def _own_nodes(nodes):
    for node in nodes:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            yield from _own_nodes(ast.iter_child_nodes(node))


def _walk(body, found):
    """Whether the statement after the block can be reached."""
    for node in body:
        if not _passes(node, found):
            return False
    return True


def _passes(node, found):
    match node:
        case ast.Return():
            found.append(node)
            return False
        case ast.Raise() | ast.Continue() | ast.Break():
            return False
        case ast.If():
            # Both branches are walked, whatever the result of the first.
            return any([_walk(node.body, found), _walk(node.orelse, found)])
        case ast.Match(cases=cases):
            ends = [_walk(case.body, found) for case in cases]
            return any(ends) or not any(_matches_everything(case) for case in cases)
        case ast.Try() | ast.TryStar():
            return _passes_try(node, found)
        case ast.With() | ast.AsyncWith():
            return _walk(node.body, found) or any(_swallows(item.context_expr) for item in node.items)
        case ast.While(test=ast.Constant(value=True)):
            _walk(node.body, found)
            return any(isinstance(inner, ast.Break) for inner in _own_nodes(node.body))
        case ast.While() | ast.For() | ast.AsyncFor():
            _walk(node.body, found)
            _walk(node.orelse, found)
            return True
    return True


def _passes_try(node, found):
    body = _walk(node.body, found) and _walk(node.orelse, found)
    handlers = [_walk(handler.body, found) for handler in node.handlers]
    return _walk(node.finalbody, found) and (body or any(handlers))


def _swallows(manager):
    return "suppress" in ast.unparse(manager)


def _matches_everything(case):
    pattern = case.pattern
    return case.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None
