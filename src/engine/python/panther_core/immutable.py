"""Read-only views of JSON containers. A nested container is wrapped when it is first read, once per parent."""

from collections.abc import Mapping, Sequence
from copy import deepcopy

_MISSING = object()
# Shared by all views that have nothing to cache. It is never written to.
_NOTHING_YET = {}
_ATOMS = frozenset((str, int, float, bool, type(None)))
# Events of one kind have the same keys, so they share: own keys -> requested or lower-case key -> own key or _MISSING.
_SPELLINGS = {}
_MAX_SHAPES = 500
_MAX_SPELLINGS = 1_000


class ImmutableCaseInsensitiveDict(Mapping):
    """A mapping that falls back to the first key equal in lower case. Nested containers come as views."""

    # _wrapped: own key -> view; _spellings: key as asked -> own key or _MISSING, shared by all with the same keys.
    __slots__ = ("_raw", "_wrapped", "_spellings")

    def __init__(self, container):
        self._raw = container.copy() if hasattr(container, "copy") else container
        self._wrapped = _NOTHING_YET
        self._spellings = _NOTHING_YET

    @classmethod
    def _over(cls, raw):
        """Creates a view without the constructor's copy, for a container that no other code can change."""
        view = cls.__new__(cls)
        view._raw = raw
        view._wrapped = _NOTHING_YET
        view._spellings = _NOTHING_YET
        return view

    def __getitem__(self, key):
        value = self.get(key, _MISSING)
        if value is _MISSING:
            raise KeyError(key)
        return value

    # Three quarters of all calls on events end here, hence `in` and `[]`, which cost less than dict.get,
    # and no call for what has been asked before: the detections of one event ask for the same keys.
    def get(self, key, default=None):
        raw = self._raw
        if key not in raw:
            spellings = self._spellings
            key = spellings[key] if key in spellings else self._spelling_of(key)
            if key is _MISSING:
                return default
        value = raw[key]
        kind = type(value)
        if kind is dict or kind is list:
            wrapped = self._wrapped
            return wrapped[key] if key in wrapped else self._wrap(key, value)
        return value

    def _wrap(self, key, value):
        if self._wrapped is _NOTHING_YET:
            self._wrapped = {}
        view = self._wrapped[key] = wrap(value)
        return view

    def _spelling_of(self, key):
        """The own key that equals an absent one in lower case, or _MISSING."""
        if not isinstance(key, str):
            return _MISSING
        spellings = self._spellings
        if spellings is _NOTHING_YET:
            spellings = self._spellings = _spellings_of(tuple(self._raw))
        spelling = spellings.get(key)
        if spelling is None:
            spelling = spellings.get(key.lower(), _MISSING)
            if len(spellings) < _MAX_SPELLINGS:
                spellings[key] = spelling
        return spelling

    def __contains__(self, key):
        return key in self._raw or self._spelling_of(key) is not _MISSING

    def __iter__(self):
        return iter(self._raw)

    def __len__(self):
        return len(self._raw)

    def __eq__(self, other):
        if type(other) is dict:
            return self._raw == other
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
        self._wrapped = _NOTHING_YET

    @classmethod
    def _over(cls, raw):
        view = cls.__new__(cls)
        view._raw = raw
        view._wrapped = _NOTHING_YET
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
        wrapped = self._wrapped
        if index in wrapped:
            return wrapped[index]
        if wrapped is _NOTHING_YET:
            wrapped = self._wrapped = {}
        view = wrapped[index] = wrap(value)
        return view

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


def _spellings_of(keys):
    known = _SPELLINGS.get(keys)
    if known is None:
        if len(_SPELLINGS) >= _MAX_SHAPES:
            _SPELLINGS.clear()
        # Backwards, so that the first of several spellings wins.
        known = _SPELLINGS[keys] = {own.lower(): own for own in reversed(keys) if isinstance(own, str)}
    return known


def is_mapping(value):
    """isinstance(value, Mapping), without the price of an ABC check for what events hold."""
    kind = type(value)
    if kind in _ATOMS or kind is list or kind is ImmutableList:
        return False
    return kind is ImmutableCaseInsensitiveDict or isinstance(value, (dict, Mapping))


def is_unchangeable(value):
    """Whether detections can share it: a view, or what has no parts."""
    kind = type(value)
    return kind in _ATOMS or kind is ImmutableCaseInsensitiveDict or kind is ImmutableList


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
