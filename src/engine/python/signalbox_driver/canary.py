"""Notices that a body has changed what all bodies share: classes, functions and modules of the runtime and of each other.

It lives among those whom it watches, and who knows of it can blind it. It is there for accidents, and for those who
did not think of it; what keeps packs apart is a trust group. That the code of a function is replaced is noticed in
sandbox.py.
"""

import builtins
import json
import operator
import signal
import sys
import time
from operator import eq, getitem, is_
from types import FunctionType

_PACKAGES = ("panther_core", "panther_detection_helpers", "signalbox_driver")
_MODULES = (builtins, json, json.decoder, json.encoder, operator, signal, time)
_MOST_TOLD = 3
_MOST_REMEMBERED = 64


class _Bindings:
    """Names in namespaces and what they stand for. Compared by identity, in C: it is asked after every batch."""

    def __init__(self):
        self._namespaces, self._names, self._values, self._labels = [], [], [], []

    def add(self, label, namespace, names):
        for name in names:
            self._namespaces.append(namespace)
            self._names.append(name)
            self._values.append(namespace[name])
            self._labels.append(label)

    def extend(self, others):
        for other in others:
            self._namespaces += other._namespaces
            self._names += other._names
            self._values += other._values
            self._labels += other._labels

    def hold(self):
        try:
            return all(map(is_, map(getitem, self._namespaces, self._names), self._values))
        except KeyError:
            return False

    def changes(self):
        entries = zip(self._namespaces, self._names, self._values, self._labels, strict=True)
        return [f"{label}.{name}" for names, name, value, label in entries if names.get(name) is not value]


_runtime = _Bindings()
# What classes hold, how many names that were, which, and what to call them.
_classes, _sizes, _members, _class_names = [], [], [], []
# Body number -> its functions.
_bodies = {}
# Which bodies were asked -> all that is watched then.
_asked = {}


def watch_runtime():
    """Once, before any author's code."""
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] in _PACKAGES]
    modules = [*_MODULES, *ours]
    _runtime.add("modules", sys.modules, [module.__name__ for module in modules])
    for module in modules:
        names = [name for name, value in vars(module).items() if callable(value) or name.isupper()]
        _runtime.add(module.__name__, vars(module), names)
    for module in ours:
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                _watch_class(value)


def watch_helper(name, namespace):
    _runtime.add(name, namespace, [each for each, value in namespace.items() if isinstance(value, FunctionType)])


def watch_detection(number, name, namespace, functions):
    _bodies[number] = _Bindings()
    _bodies[number].add(name, namespace, functions)


def changed(asked=""):
    """What is no longer what it was, for people; "" when nothing is. `asked`: numbers of bodies, with commas."""
    bodies = _bindings_of(asked)
    found = [] if _runtime.hold() else _runtime.changes()
    if not bodies.hold():
        found += bodies.changes()
    if not all(map(eq, map(len, _classes), _sizes)):
        found += _additions()
    if sys.gettrace() is not None or sys.getprofile() is not None:
        found.append("the interpreter's tracing")
    return ", ".join(found[:_MOST_TOLD])


def _bindings_of(asked):
    bindings = _asked.get(asked)
    if bindings is None:
        if len(_asked) == _MOST_REMEMBERED:
            _asked.clear()
        numbers = map(int, asked.split(",")) if asked else ()
        bindings = _asked[asked] = _Bindings()
        bindings.extend(_bodies[number] for number in numbers if number in _bodies)
    return bindings


def _watch_class(value):
    # Looked at, annotations are kept in the class: here, so that it is not taken for an addition later.
    value.__annotations__  # noqa: B018
    kinds = (property, staticmethod, classmethod)
    members = [name for name, member in vars(value).items() if callable(member) or isinstance(member, kinds)]
    _runtime.add(value.__name__, vars(value), members)
    _classes.append(vars(value))
    _sizes.append(len(vars(value)))
    _members.append(frozenset(vars(value)))
    _class_names.append(value.__name__)


def _additions():
    parts = zip(_classes, _members, _class_names, strict=True)
    return [f"{label}.{name}" for names, known, label in parts for name in names.keys() - known]
