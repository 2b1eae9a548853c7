"""Names that `rule` declares global and assigns again before anything can read what an earlier event left there."""

import ast

from signalbox_syntax.modules import mentions, outer_names, statements

#: The engine calls them after `rule` only, and only when it has returned true.
_AFTERWARDS = {"title", "dedup", "severity", "destinations", "description", "reference", "runbook", "alert_context"}
_AFTERWARDS |= {"unique"}


def reset_globals(module, rule):
    declared = outer_names(rule)
    return frozenset(name for name in declared if _is_reset(module, rule, name))


def _is_reset(module, rule, name):
    for function in module.functions():
        if function is rule:
            continue
        if function.name not in _AFTERWARDS and mentions(function, name):
            return False
        # What they assign would be seen by the next call of `rule`, were it not assigned first.
        if name in outer_names(function) and function.name not in _AFTERWARDS:
            return False
    plain = (ast.FunctionDef, ast.Assign, ast.AnnAssign)
    if any(mentions(each, name) for each in module.tree.body if not isinstance(each, plain)):
        return False
    if any(isinstance(each, (ast.FunctionDef, ast.Lambda)) for node in rule.body for each in ast.walk(node)):
        return False
    walk = _Walk(name)
    walk.block(rule.body, False)
    return walk.is_sound


class _Walk:
    """Follows whether the name has certainly been assigned."""

    def __init__(self, name):
        self._name = name
        self.is_sound = True

    def block(self, body, is_set):
        """Whether it is assigned after the block; None where the block is always left."""
        for node in body:
            is_set = self._statement(node, is_set)
            if is_set is None:
                return None
        return is_set

    def _statement(self, node, is_set):
        match node:
            case ast.Return(value=value):
                self._read(value, is_set)
                if not is_set and not (isinstance(value, ast.Constant) and value.value is False):
                    self.is_sound = False
                return None
            case ast.Raise() | ast.Continue() | ast.Break():
                self._read(node, is_set)
                return None
            case ast.If(test=test, body=body, orelse=orelse):
                self._read(test, is_set)
                ends = [self.block(body, is_set), self.block(orelse, is_set)]
                left = [each for each in ends if each is not None]
                return all(left) if left else None
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == self._name:
                self._read(value, is_set)
                return True
            case ast.For() | ast.Try() | ast.While() | ast.With() | ast.Match():
                # What happens within may not have happened.
                for inner in statements([node]):
                    if isinstance(inner, ast.Return):
                        self._statement(inner, is_set)
                self._read(node, is_set)
                return is_set
        self._read(node, is_set)
        return is_set

    def _read(self, node, is_set):
        if node is not None and not is_set and mentions(node, self._name) and not isinstance(node, ast.Global):
            self.is_sound = False
