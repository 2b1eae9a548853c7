"""Notices that a body has changed what all bodies share: classes, functions and modules of the runtime and of each other.

It lives among those whom it watches, and who knows of it can blind it. It is there for accidents, and for those who
did not think of it; what keeps packs apart is a trust group. That the code of a function is replaced is noticed in
sandbox.py.
"""

import base64
import builtins
import collections
import datetime
import fnmatch
import hashlib
import ipaddress
import json
import operator
import re
import signal
import sys
import time
from itertools import repeat
from operator import eq, getitem, is_
from types import FunctionType

_PACKAGES = ("panther_core", "panther_detection_helpers", "signalbox_driver")
_MODULES = (
    base64, builtins, collections, datetime, fnmatch, hashlib, ipaddress, json, json.decoder, json.encoder, operator, re,
    signal, time,
)  # fmt: skip
#: Whose classes are written in Python, so that their methods can be replaced.
_PYTHON_MODULES = (ipaddress, json.decoder, json.encoder)
#: Not their subclasses: whose length and members are what an author's code says.
_COLLECTIONS = (list, dict, set, collections.deque, collections.defaultdict, collections.OrderedDict, collections.Counter)
_MAX_CHANGES_LISTED = 3
_MAX_CACHED_BINDINGS = 64


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

    def are_unchanged(self):
        try:
            return all(map(is_, map(getitem, self._namespaces, self._names), self._values))
        except KeyError:
            return False

    def changes(self):
        entries = zip(self._namespaces, self._names, self._values, self._labels, strict=True)
        return [f"{label}.{name}" for names, name, value, label in entries if names.get(name) is not value]


class _Values:
    """Lists, dictionaries and sets of helpers: which they are, how long, and their first member. Some helpers keep state
    in them on purpose, so a change is a warning, given once."""

    def __init__(self):
        self._namespaces, self._names, self._labels = [], [], []
        self._values, self._sizes, self._firsts = [], [], []

    def add(self, label, namespace):
        for name, value in namespace.items():
            if type(value) in _COLLECTIONS and not name.startswith("_"):
                self._namespaces.append(namespace)
                self._names.append(name)
                self._labels.append(f"{label}.{name}")
                self._values.append(value)
                self._sizes.append(len(value))
                self._firsts.append(next(iter(value), None))

    def are_unchanged(self):
        values = self._values
        try:
            return (
                all(map(is_, map(getitem, self._namespaces, self._names), values))
                and all(map(eq, map(len, values), self._sizes))
                and all(map(is_, map(next, map(iter, values), repeat(None)), self._firsts))
            )
        except KeyError:
            return False

    def take_changes(self):
        """Which have changed; from then on they are not looked at."""
        lists = (self._namespaces, self._names, self._labels, self._values, self._sizes, self._firsts)
        kept, changed = [], []
        for entry in zip(*lists, strict=True):
            namespace, name, label, value, size, first = entry
            is_same = namespace.get(name) is value and len(value) == size and next(iter(value), None) is first
            (kept if is_same else changed).append(entry)
        for each, values in zip(lists, zip(*kept, strict=True) if kept else repeat(()), strict=False):
            each[:] = values
        return [label for _, _, label, *_ in changed]


_runtime = _Bindings()
_helper_values = _Values()
# What classes hold, how many names that were, which, and what to call them.
_classes, _sizes, _members, _class_names = [], [], [], []
# Body number -> its functions.
_bodies = {}
# Which bodies were asked -> all that is watched then.
_cached_bindings = {}


def watch_runtime():
    """Once, before any author's code."""
    own_modules = [module for name, module in sys.modules.items() if name.split(".")[0] in _PACKAGES]
    modules = [*_MODULES, *own_modules]
    _runtime.add("modules", sys.modules, [module.__name__ for module in modules])
    for module in modules:
        names = [name for name, value in vars(module).items() if callable(value) or name.isupper()]
        _runtime.add(module.__name__, vars(module), names)
    for module in (*own_modules, *_PYTHON_MODULES):
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__:
                _watch_class(value)


def watch_helper(name, namespace):
    _runtime.add(name, namespace, [each for each, value in namespace.items() if isinstance(value, FunctionType)])
    _helper_values.add(name, namespace)


def watch_detection(number, name, namespace, functions):
    _bodies[number] = _Bindings()
    _bodies[number].add(name, namespace, functions)


def find_changes(bodies):
    """What is no longer what it was, for people, and on a second line what a warning is given for; each "" when nothing
    is. `asked`: numbers of bodies, with commas."""
    found = find_changed_bindings(bodies)
    warned = [] if _helper_values.are_unchanged() else _helper_values.take_changes()
    return f"{found}\n{', '.join(warned[:_MAX_CHANGES_LISTED])}"


def find_changed_bindings(bodies=""):
    """What is no longer what it was, for people; "" when nothing is."""
    bindings = _bindings_of(bodies)
    found = [] if _runtime.are_unchanged() else _runtime.changes()
    if not bindings.are_unchanged():
        found += bindings.changes()
    if not all(map(eq, map(len, _classes), _sizes)):
        found += _additions()
    if sys.gettrace() is not None or sys.getprofile() is not None:
        found.append("the interpreter's tracing")
    return ", ".join(found[:_MAX_CHANGES_LISTED])


def _bindings_of(bodies):
    bindings = _cached_bindings.get(bodies)
    if bindings is None:
        if len(_cached_bindings) == _MAX_CACHED_BINDINGS:
            _cached_bindings.clear()
        numbers = map(int, bodies.split(",")) if bodies else ()
        bindings = _cached_bindings[bodies] = _Bindings()
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
