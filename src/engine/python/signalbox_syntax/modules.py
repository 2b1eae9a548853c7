"""Parses a file and finds its functions, its imports, and the bindings of each name."""

import ast
from collections import defaultdict
from dataclasses import dataclass

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)
_PARTS = (ast.ExceptHandler, ast.match_case)
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
#: The blocks of each kind of statement that has any.
_BLOCKS_OF = {
    kind: blocks
    for kind in (*ast.stmt.__subclasses__(), *_PARTS)
    if (blocks := tuple(name for name in _BLOCKS if name in kind._fields))
}


class Sources:
    """Parses files. Helpers are kept; of all others only the latest, because trees take much memory."""

    def __init__(self):
        self._helpers = {}
        self._latest = None, None

    def helper(self, path, source):
        """Returns None if the text is not Python."""
        if path not in self._helpers:
            self._helpers[path] = self.parse(path, source)
        return self._helpers[path]

    def parse(self, path, source):
        """Returns None if the text is not Python."""
        key, module = self._latest
        if key != (path, source):
            try:
                module = Module(path, source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                module = None
            self._latest = (path, source), module
        return module


@dataclass(frozen=True, slots=True)
class Binding:
    """`kind`: value (of `node`, an expression), function or class (`node`), import (`module`, `name`) or unknown."""

    kind: str
    node: ast.AST
    module: str = ""
    name: str | None = None


class Module:
    def __init__(self, path, source):
        self.path = path
        self.tree = ast.parse(source, path)
        self._lines = source.splitlines()
        #: Walking every expression takes time, so it is done only if needed.
        self._has_walrus = ":=" in source
        self.may_yield = "yield" in source
        self._may_share = "nonlocal" in source
        self._bindings = None
        self._parents = None

    def at(self, node):
        """Returns (path, line, column) with the column in characters, while the tree counts bytes."""
        return self.path, node.lineno, self._column(node.lineno, node.col_offset)

    def _column(self, number, offset):
        line = self._lines[number - 1] if number <= len(self._lines) else ""
        return (offset if line.isascii() else len(line.encode()[:offset].decode(errors="replace"))) + 1

    def span(self, node):
        """Returns (line, column, line of the end, column of the end), with columns in characters from 1."""
        start = self._column(node.lineno, node.col_offset)
        return node.lineno, start, node.end_lineno, self._column(node.end_lineno, node.end_col_offset)

    @property
    def parents(self):
        """Node -> the node that holds it."""
        if self._parents is None:
            self._parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        return self._parents

    def functions(self):
        return [node for node in statements(self.tree.body) if isinstance(node, _FUNCTIONS)]

    def imports(self):
        """Yields (module, name or None, line) of each import, inside functions too."""
        for node in statements(self.tree.body, inside_functions=True):
            if isinstance(node, ast.Import):
                yield from ((alias.name, None, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                yield from ((module, alias.name, node.lineno) for alias in node.names)

    @property
    def bindings(self):
        """The bindings at the top level by name, including those of functions that declare the name global."""
        if self._bindings is None:
            self._bindings = self.bindings_of(self.tree.body)
            for function in statements(self.tree.body, inside_functions=True):
                if isinstance(function, _FUNCTIONS):
                    self._add_globals(function)
        return self._bindings

    def bindings_of(self, body):
        """Returns every binding in a block by name, without nested functions and classes."""
        bindings = defaultdict(list)
        for node in statements(body):
            _bind(node, bindings)
            if self._has_walrus:
                for inner in _own_expressions(node):
                    if isinstance(inner, ast.NamedExpr):
                        bindings[inner.target.id].append(Binding("value", inner.value))
        return bindings

    def bindings_in(self, function):
        """Returns the bindings of a function's local names, including those of nested functions that share them."""
        outer = outer_names(function)
        bindings = {name: each for name, each in self.bindings_of(function.body).items() if name not in outer}
        if self._may_share:
            for inner in ast.walk(function):
                for name in inner.names if isinstance(inner, ast.Nonlocal) else ():
                    bindings.setdefault(name, []).append(Binding("unknown", inner))
        return bindings

    def _add_globals(self, function):
        names = outer_names(function)
        if names:
            for name, bound in self.bindings_of(function.body).items():
                if name in names:
                    self._bindings[name].extend(map(_from_elsewhere, bound))


def _from_elsewhere(binding):
    """Returns the binding as seen from outside of the function, where its local names have no meaning."""
    return binding if isinstance(binding.node, ast.Constant) else Binding("unknown", binding.node)


def positional_parameters(arguments):
    return [*arguments.posonlyargs, *arguments.args]


def mentions(node, name):
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node))


def outer_names(function):
    """Returns the names that a function declares as global or nonlocal."""
    declared = (node.names for node in statements(function.body) if isinstance(node, (ast.Global, ast.Nonlocal)))
    return {name for names in declared for name in names}


def statements(body, inside_functions=False):
    """Returns all statements of a block and of the blocks in it."""
    found = []
    _gather(body, () if inside_functions else _SCOPES, found)
    return found


def _gather(body, left_out, found):
    for node in body:
        kind = type(node)
        if kind not in _PARTS:
            found.append(node)
        if kind not in left_out:
            for block in _BLOCKS_OF.get(kind, ()):
                _gather(getattr(node, block), left_out, found)


def _bind(node, bindings):
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _assign(target, value, bindings)
        case ast.AnnAssign(target=target, value=value) if value is not None:
            _assign(target, value, bindings)
        case ast.AugAssign(target=ast.Name(id=name)):
            bindings[name].append(Binding("augmented", node))
        case ast.FunctionDef(name=name, decorator_list=decorators):
            bindings[name].append(Binding("unknown" if decorators else "function", node))
        case ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            bindings[name].append(Binding("class", node))
        case ast.Import(names=names):
            for alias in names:
                top = alias.asname or alias.name.split(".")[0]
                bindings[top].append(Binding("import", node, alias.name if alias.asname else top))
        case ast.ImportFrom(names=names, module=module, level=level):
            for alias in names:
                bindings[alias.asname or alias.name].append(
                    Binding("import", node, "." * level + (module or ""), alias.name)
                )
        case ast.For(target=target) | ast.AsyncFor(target=target):
            _forget(target, node.iter, bindings)
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                if item.optional_vars is not None:
                    _forget(item.optional_vars, item.context_expr, bindings)
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            for handler in handlers:
                if handler.name:
                    bindings[handler.name].append(Binding("unknown", handler))
        case ast.Match(cases=cases):
            for case in cases:
                _bind_pattern(case.pattern, node.subject, bindings)
        case ast.Delete(targets=targets):
            for target in targets:
                _forget(target, node, bindings)


def _assign(target, value, bindings):
    match target, value:
        case ast.Name(id=name), _:
            bindings[name].append(Binding("value", value))
        case (ast.Tuple(elts=names) | ast.List(elts=names)), (ast.Tuple(elts=values) | ast.List(elts=values)) if len(
            names
        ) == len(values) and not any(isinstance(each, ast.Starred) for each in (*names, *values)):
            for each, its_value in zip(names, values, strict=True):
                _assign(each, its_value, bindings)
        case _:
            _forget(target, value, bindings)


def _forget(target, source, bindings):
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bindings[node.id].append(Binding("unknown", source))


def _bind_pattern(pattern, subject, bindings):
    for node in ast.walk(pattern):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                bindings[name].append(Binding("unknown", subject))


def _own_expressions(node):
    """Yields the expressions of a statement, without those of the statements in it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from ast.walk(child)
