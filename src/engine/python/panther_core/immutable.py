"""Read-only views of JSON containers: nothing is wrapped before it is asked for, then once per parent."""

from collections.abc import Mapping, Sequence
from copy import deepcopy

_MISSING = object()
_ATOMS = frozenset((str, int, float, bool, type(None)))


class ImmutableCaseInsensitiveDict(Mapping):
    """A mapping that falls back to the first key equal in lower case. Nested containers come as views."""

    __slots__ = ("_raw", "_wrapped", "_spellings")

    def __init__(self, container):
        self._raw = container.copy() if hasattr(container, "copy") else container
        self._wrapped = {}
        self._spellings = None

    @classmethod
    def _over(cls, raw):
        """A view without the constructor's copy, for containers that nobody else can change."""
        view = cls.__new__(cls)
        view._raw = raw
        view._wrapped = {}
        view._spellings = None
        return view

    def __getitem__(self, key):
        value = self.get(key, _MISSING)
        if value is _MISSING:
            raise KeyError(key)
        return value

    # Three quarters of all calls on events end here: exact key first, no exception on the way.
    def get(self, key, default=None):
        value = self._raw.get(key, _MISSING)
        if value is _MISSING:
            key = self._spelling_of(key)
            if key is _MISSING:
                return default
            value = self._raw[key]
        kind = type(value)
        if kind is dict or kind is list:
            wrapper = self._wrapped.get(key)
            if wrapper is None:
                wrapper = self._wrapped[key] = wrap(value)
            return wrapper
        return value

    def _spelling_of(self, key):
        if not isinstance(key, str):
            return _MISSING
        spellings = self._spellings
        if spellings is None:
            # Backwards, so that the first of several spellings wins.
            keys = [own for own in self._raw if isinstance(own, str)]
            spellings = self._spellings = {own.lower(): own for own in reversed(keys)}
        return spellings.get(key.lower(), _MISSING)

    def __contains__(self, key):
        return key in self._raw or self._spelling_of(key) is not _MISSING

    def __iter__(self):
        return iter(self._raw)

    def __len__(self):
        return len(self._raw)

    def __eq__(self, other):
        if isinstance(other, ImmutableCaseInsensitiveDict):
            return self._raw == other._raw
        if isinstance(other, Mapping):
            return self._raw == dict(other)
        return NotImplemented

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({self._raw!r})"

    def copy(self):
        """A deep, mutable, plain dict."""
        return {key: plain(value) for key, value in self._raw.items()}

    to_dict = copy


class ImmutableList(Sequence):
    """A sequence whose nested dicts and lists come back as views. Not a list; a slice is a plain tuple."""

    __slots__ = ("_raw", "_wrapped")

    def __init__(self, container):
        self._raw = container._raw if isinstance(container, ImmutableList) else tuple(container)
        self._wrapped = {}

    @classmethod
    def _over(cls, raw):
        view = cls.__new__(cls)
        view._raw = raw
        view._wrapped = {}
        return view

    def __getitem__(self, index):
        value = self._raw[index]
        if isinstance(index, slice):
            return tuple(map(plain, value))
        kind = type(value)
        if kind is dict or kind is list:
            return self._wrap(index % len(self._raw), value)
        return value

    def __iter__(self):
        for index, value in enumerate(self._raw):
            kind = type(value)
            yield self._wrap(index, value) if kind is dict or kind is list else value

    def _wrap(self, index, value):
        wrapper = self._wrapped.get(index)
        if wrapper is None:
            wrapper = self._wrapped[index] = wrap(value)
        return wrapper

    def __contains__(self, value):
        return value in self._raw

    def __len__(self):
        return len(self._raw)

    def __eq__(self, other):
        if isinstance(other, ImmutableList):
            other = other._raw
        if isinstance(other, (list, tuple)):
            return list(self._raw) == list(other)
        return NotImplemented

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({tuple(self._raw)!r})"

    def copy(self):
        """A deep, mutable, plain list."""
        return [plain(value) for value in self._raw]

    as_list = copy


def is_mapping(value):
    """isinstance(value, Mapping), without the price of an ABC check for what events hold."""
    kind = type(value)
    if kind in _ATOMS or kind is list or kind is ImmutableList:
        return False
    return kind is ImmutableCaseInsensitiveDict or isinstance(value, (dict, Mapping))


def wrap(value):
    """The view of an exact dict or list; anything else as it is."""
    kind = type(value)
    if kind is dict:
        return ImmutableCaseInsensitiveDict._over(value)
    if kind is list:
        return ImmutableList._over(value)
    return value


def plain(value):
    """A deep copy without views, so that no author holds a container that other detections see."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return {key: plain(item) for key, item in value.items()}
    if kind is list:
        return [plain(item) for item in value]
    if isinstance(value, (ImmutableCaseInsensitiveDict, ImmutableList)):
        return value.copy()
    return deepcopy(value)


def json_encoder(obj):
    """For `json.dumps(default=)`: what a view stands for."""
    if isinstance(obj, (ImmutableCaseInsensitiveDict, ImmutableList)):
        return obj._raw
    raise TypeError(f"object of type {type(obj).__name__} is not JSON serializable")
