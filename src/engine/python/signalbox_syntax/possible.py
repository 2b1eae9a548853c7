"""Finds the possible values of an expression; `Unknown` stands for a value that its text leaves open."""

import ast
from itertools import islice, product

from signalbox_syntax.outcomes import Items, Itself, Nothing, Other, Table, Text, Unknown, is_truthy
from signalbox_syntax.returns import is_generator, returns
from signalbox_syntax.scopes import FunctionScope, ModuleScope, arguments_of, mentions_names
from signalbox_syntax.uses import uses_of

_MAX_VALUES = 64
_MAX_STEPS = 20_000
_MAX_CALL_DEPTH = 8
_CASES = {"upper": str.upper, "lower": str.lower, "title": str.title, "capitalize": str.capitalize, "strip": str.strip}
_CONTAINERS = {"list": "list", "sorted": "list", "tuple": "tuple", "set": "set", "frozenset": "set"}


class TooManyValues(Exception):
    """The expression has too many possible values to be useful."""


class Expressions:
    """Evaluates expressions of one detection."""

    def __init__(self, find_module):
        """`find_module`: import name -> (path, ModuleScope or None if its text is not Python); None: not a helper."""
        self._find_module = find_module
        #: The known arguments of each function that is being evaluated.
        self._calls = {}
        self._steps = 0
        #: The paths of other files on which the values depend.
        self.followed = set()

    def module(self, name):
        path, scope = self._find_module(name) or (None, None)
        if path is not None:
            self.followed.add(path)
        return scope

    def returned(self, function, module, arguments):
        """Returns every value that a function can return. `arguments`: values by parameter."""
        known = _known_arguments(arguments)
        if function in self._calls:
            # The function may return other values for other arguments.
            is_same = self._calls[function] == known
            return (Itself(function, module.at(function)) if is_same else Unknown(module.at(function)),)
        if len(self._calls) > _MAX_CALL_DEPTH or (module.module.may_yield and is_generator(function)):
            return (Unknown(module.at(function)),)
        scope = FunctionScope(function, module, arguments)
        statements, ends = returns(function)
        self._calls[function] = known
        try:
            found = [value for each in statements for value in self._returned_by(each, scope)]
        finally:
            del self._calls[function]
        if ends:
            found.append(Nothing(module.at(function)))
        return tuple(value for value in found if getattr(value, "of", None) is not function)

    def _returned_by(self, statement, scope):
        return (Nothing(scope.at(statement)),) if statement.value is None else self.values(statement.value, scope)

    def values(self, node, scope):
        """Returns each possible value once."""
        self._steps += 1
        if self._steps > _MAX_STEPS:
            raise TooManyValues
        found = tuple(dict.fromkeys(self._values(node, scope)))
        return found if len(found) <= _MAX_VALUES else (self._unknown(node, scope),)

    def _values(self, node, scope):
        match node:
            case ast.Constant(value=value):
                return (_constant(value, scope.at(node)),)
            case ast.Name(id=name):
                return scope.lookup(self, name, node)
            case ast.JoinedStr(values=parts):
                return self._joined(node, [self._part(part, scope) for part in parts], scope)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._sum(node, self.values(left, scope), self.values(right, scope), scope)
            case ast.IfExp(body=body, orelse=orelse):
                return self.values(body, scope) + self.values(orelse, scope)
            case ast.BoolOp(op=op, values=operands):
                return self._either(isinstance(op, ast.Or), operands, scope)
            case ast.NamedExpr(value=value):
                return self.values(value, scope)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return (self._items(type(node).__name__.lower(), node, elements, scope),)
            case ast.Dict():
                return (self._table(node, scope),)
            case ast.Subscript(value=container):
                return self._inside(node, self.values(container, scope), scope)
            case ast.Attribute(value=ast.Name(id=name), attr=attribute):
                return self._attribute(node, name, attribute, scope)
            case ast.Call():
                return self._call(node, scope)
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return (Other("bool", scope.at(node)),)
            case ast.Lambda():
                return (Other("function", scope.at(node)),)
        return (self._unknown(node, scope),)

    def _unknown(self, node, scope):
        return Unknown(scope.at(node), scope.reads_event(node))

    def settled(self, values, name, node, scope):
        """Returns the values of a name, with the changes that are made to its list or dict elsewhere."""
        if not any(isinstance(value, Items | Table) for value in values):
            return values
        uses = uses_of(scope.owner, name)
        if uses.is_open:
            unknown = Unknown(scope.at(node), scope.reads_event(node))
            return tuple(unknown if isinstance(value, Items | Table) else value for value in values)
        added = tuple(value for each, whole in uses.added for value in self._added(each, whole, scope))
        return tuple(_changed(value, added, uses.shrinks) for value in values)

    def _added(self, node, whole, scope):
        # A name in a function of the module may be local to that function.
        is_far = isinstance(scope, ModuleScope) and mentions_names(node)
        values = (self._unknown(node, scope),) if is_far else self.values(node, scope)
        return tuple(inner for value in values for inner in self._elements(value)) if whole else values

    def _elements(self, value):
        match value:
            case Items(items=items):
                return items
            case Table(values=values):
                return values
            case Itself():
                return (value,)
        return (Unknown(value.at, getattr(value, "event", False)),)

    def _part(self, part, scope):
        match part:
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self.values(value, scope)
            case ast.FormattedValue(value=value):
                return (self._unknown(value, scope),)
        return self.values(part, scope)

    def _joined(self, node, parts, scope):
        combinations = tuple(islice(product(*parts), _MAX_VALUES + 1))
        if len(combinations) > _MAX_VALUES or not all(isinstance(value, Text) for part in parts for value in part):
            return (self._unknown(node, scope),)
        return tuple(Text("".join(text.value for text in each), scope.at(node)) for each in combinations)

    def _sum(self, node, left, right, scope):
        if all(isinstance(value, Text) for value in (*left, *right)):
            return self._joined(node, [left, right], scope)
        sums = []
        for one, other in product(left, right):
            if not (isinstance(one, Items) and isinstance(other, Items)):
                return (self._unknown(node, scope),)
            sums.append(Items(one.type, one.items + other.items, one.exact and other.exact, scope.at(node)))
        return tuple(sums)

    def _either(self, is_or, operands, scope):
        *first, last = operands
        found = []
        for operand in first:
            found.extend(value for value in self.values(operand, scope) if is_truthy(value) is not (not is_or))
        return (*found, *self.values(last, scope))

    def _items(self, kind, node, elements, scope):
        items, exact = [], True
        for element in elements:
            if isinstance(element, ast.Starred):
                exact = False
                for value in self.values(element.value, scope):
                    items.extend(self._elements(value))
            else:
                values = self.values(element, scope)
                exact = exact and len(values) == 1 and not isinstance(values[0], Unknown)
                items.extend(values)
        return Items(kind, tuple(items), exact, scope.at(node))

    def _table(self, node, scope):
        found = []
        for key, value in zip(node.keys, node.values, strict=True):
            values = self.values(value, scope)
            # An entry without a key is a dict whose values are all added.
            found.extend(values if key else (inner for each in values for inner in self._elements(each)))
        return Table(tuple(found), scope.at(node))

    def _inside(self, node, containers, scope):
        if not all(isinstance(value, Items | Table) for value in containers):
            return (self._unknown(node, scope),)
        found = tuple(inner for value in containers for inner in self._elements(value))
        if isinstance(node.slice, ast.Slice):
            return (Items(containers[0].type, found, False, scope.at(node)),)
        # An empty container raises at run time.
        return found or (self._unknown(node, scope),)

    def _attribute(self, node, name, attribute, scope):
        module = scope.imported_module(self, name)
        return (self._unknown(node, scope),) if module is None else module.lookup(self, attribute, node)

    def _call(self, node, scope):
        match node.func, node.args:
            case ast.Attribute(value=receiver, attr=method), arguments:
                return self._method(node, receiver, method, arguments, scope)
            case ast.Name(id=name), [argument] if name in _CONTAINERS and scope.is_builtin(name):
                values = self.values(argument, scope)
                items = tuple(inner for value in values for inner in self._elements(value))
                exact = len(values) == 1 and getattr(values[0], "exact", False) and name == "list"
                return (Items(_CONTAINERS[name], items, exact, scope.at(node)),)
            case ast.Name(id=name), [] if name in _CONTAINERS and scope.is_builtin(name):
                return (Items(_CONTAINERS[name], (), True, scope.at(node)),)
            case ast.Name(id=name), [argument] if name == "str" and scope.is_builtin(name):
                values = self.values(argument, scope)
                return values if all(isinstance(value, Text) for value in values) else (self._unknown(node, scope),)
            case ast.Name(id=name), _:
                return self._function(node, scope, name, scope)
        return (self._unknown(node, scope),)

    def _function(self, node, home, name, scope):
        """Returns the values of a call in `scope` of the function that `name` means in `home`."""
        found = []
        for function, module in home.functions_of(self, name):
            values = self.returned(function, module, arguments_of(self, node, scope, function, module))
            found.extend(values)
        return tuple(found) or (self._unknown(node, scope),)

    def _method(self, node, receiver, method, arguments, scope):
        if isinstance(receiver, ast.Name):
            module = scope.imported_module(self, receiver.id)
            if module is not None:
                return self._function(node, module, method, scope)
        values = self.values(receiver, scope)
        if method in _CASES and not arguments and all(isinstance(value, Text) for value in values):
            return tuple(Text(_CASES[method](value.value), value.at) for value in values)
        if method == "get" and 1 <= len(arguments) <= 2 and all(isinstance(value, Table) for value in values):
            otherwise = self.values(arguments[1], scope) if len(arguments) == 2 else (Nothing(scope.at(node)),)
            return tuple(inner for value in values for inner in value.values) + otherwise
        if method == "copy" and all(isinstance(value, Items | Table) for value in values):
            return values
        return (self._unknown(node, scope),)


def _known_arguments(arguments):
    """Returns the known argument values, which distinguish calls."""
    return frozenset(
        (name, frozenset(value for value in values if not isinstance(value, Unknown)))
        for name, values in arguments.items()
    )


def _constant(value, at):
    if isinstance(value, str):
        return Text(value, at)
    return Nothing(at) if value is None else Other(type(value).__name__, at)


def _changed(value, added, shrinks):
    match value:
        case Items(type, items, exact, at) if added or shrinks:
            return Items(type, items + added, False, at)
        case Table(values, at) if added:
            return Table(values + added, at)
    return value
