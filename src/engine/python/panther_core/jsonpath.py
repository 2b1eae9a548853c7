"""The part of JSONPath that data models use: $, names, 'quoted names', [n], [*], .., [?(@.f == "v")].

A path is compiled when it is created; find() also returns the location of each match.
"""

import json
import re
from typing import NamedTuple

from panther_core.immutable import is_mapping

_TOKEN = re.compile(
    r"""
    (?P<descend>\.\.(?=[^.]))
  | (?P<dot>\.(?=[^.]))
  | (?P<star>\*|\[\s*\*\s*\])
  | \[\s*(?P<index>-?\d+)\s*\]
  | \[\s*(?P<bracketed>'[^']*'|"[^"]*")\s*\]
  | \[\s*\?\s*\(?\s*@(?P<field>(?:\.[\w@:/-]+)+)\s*
      (?:(?P<operator>==|!=)\s*(?P<literal>'[^']*'|"[^"]*"|-?\d+(?:\.\d+)?|true|false|null)\s*)?\)?\s*\]
  | (?P<quoted>'[^']*'|"[^"]*")
  | (?P<name>[^\s.\[\]()*?'"`,|&~=<>!$]+)
    """,
    re.VERBOSE,
)
_NEEDS_QUOTES = re.compile(r"[\s.\[\]()*?'\"`,|&~=<>!$]|^$")
_MISSING = object()


class JsonPathError(ValueError):
    """The text is no JSONPath that Signalbox understands."""


class Node(NamedTuple):
    value: object
    location: tuple

    def child(self, key, value):
        return Node(value, (*self.location, key))

    @property
    def path(self):
        """The match as a concrete path without the root: `a.b.[0].'c d'`."""
        return ".".join(map(_step_text, self.location))


class JsonPath:
    __slots__ = ("text", "_names", "_steps")

    def __init__(self, text):
        self.text = text
        steps = _compile(text)
        # Nearly all paths are plain names; they are followed without a function per step.
        plain = all(select is _by_name for select, _ in steps)
        self._names = tuple(name for _, name in steps) if plain else None
        self._steps = steps

    def find(self, document):
        """Every match, in document order."""
        if self._names is not None:
            return _follow(document, self._names)
        nodes = [Node(document, ())]
        for select, argument in self._steps:
            nodes = [match for node in nodes for match in select(node, argument)]
        return nodes


def _follow(value, names):
    for name in names:
        if not is_mapping(value) or name not in value:
            return []
        value = value[name]
    return [Node(value, names)]


def _by_name(node, name):
    if is_mapping(node.value) and name in node.value:
        yield node.child(name, node.value[name])


def _by_index(node, index):
    if isinstance(node.value, list) and -len(node.value) <= index < len(node.value):
        yield node.child(index % len(node.value), node.value[index])


def _children(node, _=None):
    if is_mapping(node.value):
        for key, value in node.value.items():
            yield node.child(key, value)
    elif isinstance(node.value, list):
        for index, value in enumerate(node.value):
            yield node.child(index, value)


def _by_filter(node, condition):
    return (child for child in _children(node) if condition(child.value))


def _below(node, _=None):
    """The node and everything under it; the step after `..` selects among these."""
    yield node
    for child in _children(node):
        yield from _below(child)


def _condition(field, operator, literal):
    names = tuple(field[1:].split("."))
    expected = _literal(literal) if operator else None

    def holds(value):
        found = _follow(value, names)
        actual = found[0].value if found else _MISSING
        if operator is None:
            return actual is not _MISSING
        # JSON's true is not 1, Python's is.
        same = actual == expected and isinstance(actual, bool) == isinstance(expected, bool)
        return same if operator == "==" else actual is not _MISSING and not same

    return holds


def _literal(text):
    return text[1:-1] if text[0] in "'\"" else json.loads(text)


def _compile(text):
    steps, position, at_name = [], 0, True
    if text.startswith("$"):
        position, at_name = 1, False
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _unreadable(text, position)
        kind, part = token.lastgroup, token.groupdict()
        if kind in ("descend", "dot"):
            at_name = True
            if kind == "descend":
                steps.append((_below, None))
        else:
            # A bare name, quoted name or star needs a dot before it; brackets do not.
            if not at_name and token[0][0] != "[":
                raise _unreadable(text, position)
            steps.append(_step(part))
            at_name = False
        position = token.end()
    if at_name:
        raise _unreadable(text, position)
    return steps


def _step(part):
    if part["index"]:
        return _by_index, int(part["index"])
    if part["star"]:
        return _children, None
    if part["field"]:
        return _by_filter, _condition(part["field"], part["operator"], part["literal"])
    quoted = part["quoted"] or part["bracketed"]
    return _by_name, quoted[1:-1] if quoted else part["name"]


def _step_text(key):
    if isinstance(key, int):
        return f"[{key}]"
    return f"'{key}'" if _NEEDS_QUOTES.search(key) else key


def _unreadable(text, position):
    return JsonPathError(
        f"JSONPath [{text}] is not understood at column {position + 1}; "
        "known are $, names, 'quoted names', [n], [*], .. and [?(@.f == \"v\")]"
    )
