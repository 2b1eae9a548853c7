"""Detects that a body has changed what all bodies share: classes, functions and modules of the runtime and of each other.

The check runs in the interpreter that it checks, so project code that knows it can disable it. It finds accidents and
unprepared attacks; the boundary between packs is the trust group. It compares identities, so a value that compares equal
does not hide a change. It runs after every batch, so it must not call Python code for each name: the loops are `map` over
functions that are written in C.

Two kinds of changes are distinguished. A changed binding ends the worker, because no result since the last check can be
trusted. A changed value of a helper is a warning, because some helpers keep state on purpose. A replaced code object of a
function changes no identity; the audit hook of sandbox.py refuses it. See
docs/decisions/0013-nothing-is-blamed-on-a-marker-alone.md.
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
#: Modules whose classes are written in Python, so that their methods can be replaced.
_PYTHON_MODULES = (ipaddress, json.decoder, json.encoder)
#: Subclasses are left out, because their length and members are computed by project code.
_COLLECTIONS = (list, dict, set, collections.deque, collections.defaultdict, collections.OrderedDict, collections.Counter)
_MAX_CHANGES_LISTED = 3
_MAX_CACHED_BINDINGS = 64


class _Bindings:
    """Names in namespaces with their values, which are compared by identity."""

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
    """The identity, length and first member of the lists, dictionaries and sets of helpers."""

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
        """Returns the labels of changed values, and stops checking these."""
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
# For each class: its namespace, the number of its names, these names, and its label.
_classes, _sizes, _members, _class_names = [], [], [], []
# The functions of each body, by its number.
_bodies = {}
# The bindings to check, by the list of bodies that ran.
_cached_bindings = {}


def watch_runtime():
    """Records the runtime. Called once, before any project code runs."""
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
    """Returns changed bindings on the first line and changed values on the second, each empty if there are none.

    `bodies`: the numbers of the bodies that ran, separated by commas.
    """
    found = find_changed_bindings(bodies)
    warned = [] if _helper_values.are_unchanged() else _helper_values.take_changes()
    return f"{found}\n{', '.join(warned[:_MAX_CHANGES_LISTED])}"


def find_changed_bindings(bodies=""):
    """Returns the changed bindings, for people; "" if there are none."""
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
    # Reading annotations stores them in the class, so they are read before its names are counted.
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
