"""Values of module constants, folded from their text. No code of the author runs."""

import ast
import re

from signalbox_syntax.guard_nodes import FunctionConstant, NotSupported, RegularExpression, is_mutable
from signalbox_syntax.guard_uses import is_only_read

MAX_ELEMENTS = 20_000
_FLAG_NAMES = ("I", "IGNORECASE", "M", "MULTILINE", "S", "DOTALL", "A", "ASCII", "X", "VERBOSE")
_FLAGS = {name: getattr(re, name) for name in _FLAG_NAMES}
_TEXT_METHODS = {"lower": str.lower, "upper": str.upper, "strip": str.strip, "title": str.title}


class Constants:
    def __init__(self, names):
        self._names = names
        self._known = {}
        self._active = set()

    def of_name(self, module, name):
        """The value of a name at the top level of `module`."""
        return self.of_resolved(self._names.resolve(module, name))

    def of_resolved(self, resolved):
        match resolved:
            case ("function", node, module):
                return FunctionConstant(node, module)
            case ("value", node, module, name):
                return self._of_value(node, module, name)
        raise NotSupported(f"{resolved[1]} is no constant")

    def _of_value(self, node, module, name):
        key = id(node)
        if key not in self._known:
            if key in self._active:
                raise NotSupported(f"{name} is defined by itself")
            self._active.add(key)
            try:
                value = self.fold(node, module)
                if is_mutable(value) and not is_only_read(module, name, self._names, has_mutable_parts(value)):
                    raise NotSupported(f"{name} is changed or passed to code that could change it")
                self._known[key] = value
            except NotSupported as error:
                self._known[key] = error
            finally:
                self._active.discard(key)
        known = self._known[key]
        if isinstance(known, NotSupported):
            raise known
        return known

    def fold(self, node, module, local=None):
        value = self._fold(node, module, local or {})
        if hasattr(value, "__len__") and len(value) > MAX_ELEMENTS:
            raise NotSupported("a constant is too large")
        return value

    def _fold(self, node, module, local):
        match node:
            case ast.Constant(value=value) if value is None or isinstance(value, (bool, int, float, str)):
                return value
            case ast.Name(id=name):
                return local[name] if name in local else self.of_name(module, name)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return self._attribute(module, name, attribute)
            case ast.List(elts=elements):
                return self._elements(elements, module, local)
            case ast.Tuple(elts=elements):
                return tuple(self._elements(elements, module, local))
            case ast.Set(elts=elements):
                return set(self._hashable(self._elements(elements, module, local)))
            case ast.Dict():
                return self._dict(node, module, local)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._number(self.fold(operand, module, local))
            case ast.BinOp(left=left, op=op, right=right):
                return self._binary(op, self.fold(left, module, local), self.fold(right, module, local))
            case ast.JoinedStr(values=parts):
                return "".join(self._text(part, module, local) for part in parts)
            case ast.Lambda():
                if local:
                    raise NotSupported("a lambda in a comprehension")
                return FunctionConstant(node, module)
            case ast.ListComp(elt=element, generators=[clause]):
                return self._comprehension(element, clause, module, local)
            case ast.SetComp(elt=element, generators=[clause]):
                return set(self._hashable(self._comprehension(element, clause, module, local)))
            case ast.Call(keywords=[]):
                return self._call(node, module, local)
            case ast.Call(args=[pattern], keywords=[ast.keyword(arg="flags", value=flags)]):
                return self._call(ast.Call(func=node.func, args=[pattern, flags], keywords=[]), module, local)
        raise NotSupported("no constant expression")

    def _attribute(self, module, name, attribute):
        match self._names.resolve(module, name):
            case ("module", helper):
                return self.of_resolved(self._names.attribute(helper, attribute))
            case ("external", "re") if attribute in _FLAGS:
                return int(_FLAGS[attribute])
        raise NotSupported(f"{name}.{attribute} is no constant")

    def _elements(self, elements, module, local):
        found = []
        for element in elements:
            if isinstance(element, ast.Starred):
                value = self.fold(element.value, module, local)
                if not isinstance(value, (list, tuple)):
                    raise NotSupported("elements without an order")
                found.extend(value)
            else:
                found.append(self.fold(element, module, local))
        return found

    def _dict(self, node, module, local):
        found = {}
        for key, value in zip(node.keys, node.values, strict=True):
            folded = self.fold(value, module, local)
            if key is None:
                if not isinstance(folded, dict):
                    raise NotSupported("a dict of something else")
                found.update(folded)
            else:
                found[self._hashable([self.fold(key, module, local)])[0]] = folded
        return found

    def _hashable(self, values):
        for value in values:
            if isinstance(value, tuple):
                self._hashable(value)
            elif not (value is None or isinstance(value, (bool, int, float, str))):
                raise NotSupported("a key that is no text or number")
        return values

    def _number(self, value):
        if type(value) not in (int, float):
            raise NotSupported("no number")
        return value

    def _binary(self, op, left, right):
        types = {type(left), type(right)}
        match op:
            case ast.Add() if len(types) == 1 and types <= {str, list, tuple, int}:
                return left + right
            case ast.BitOr() if types == {set} or types == {dict} or types == {int}:
                return left | right
            case ast.Sub() if types == {set} or types == {int}:
                return left - right
            case ast.Mult() if types == {int} and abs(left) < 10**9 and abs(right) < 10**9:
                return left * right
        raise NotSupported("an operation on constants")

    def _text(self, part, module, local):
        match part:
            case ast.Constant(value=str(value)):
                return value
            case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
                value = self.fold(inner, module, local)
                if isinstance(value, str):
                    return value
        raise NotSupported("a text that is put together")

    def _comprehension(self, element, clause, module, local):
        if clause.is_async or clause.ifs or not isinstance(clause.target, ast.Name):
            raise NotSupported("a comprehension with conditions")
        source = self.fold(clause.iter, module, local)
        if isinstance(source, (set, dict)) or not hasattr(source, "__len__"):
            raise NotSupported("a comprehension over something without an order")
        return [self.fold(element, module, {**local, clause.target.id: each}) for each in source]

    def _call(self, node, module, local):
        match node.func:
            case ast.Attribute(value=receiver, attr=method) if method in _TEXT_METHODS and not node.args:
                value = self.fold(receiver, module, local)
                if isinstance(value, str) and value.isascii():
                    return _TEXT_METHODS[method](value)
            case ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name)) if name not in local:
                arguments = [self.fold(each, module, local) for each in node.args]
                return self._called(self._callee(node.func, module), arguments)
        raise NotSupported("a call")

    def _callee(self, function, module):
        if isinstance(function, ast.Name):
            return self._names.resolve(module, function.id)[:2]
        match self._names.resolve(module, function.value.id):
            case ("external", name):
                return "external", f"{name}.{function.attr}"
        raise NotSupported("a call")

    def _called(self, callee, arguments):
        match callee, arguments:
            case ("builtin", "set" | "frozenset"), []:
                return set()
            case ("builtin", "set" | "frozenset"), [list() | tuple() | set() as elements]:
                return set(self._hashable(list(elements)))
            case ("builtin", "list"), [list() | tuple() as elements]:
                return list(elements)
            case ("builtin", "tuple"), [list() | tuple() as elements]:
                return tuple(elements)
            case ("builtin", "dict" | "list" | "tuple" as kind), []:
                return {"dict": {}, "list": [], "tuple": ()}[kind]
            case ("external", "re.compile"), [str(pattern)]:
                return RegularExpression(pattern)
            case ("external", "re.compile"), [str(pattern), int(flags)]:
                return RegularExpression(pattern, flags)
        raise NotSupported("a call")


def has_mutable_parts(value):
    return any(map(is_mutable, value.values() if isinstance(value, dict) else value))
