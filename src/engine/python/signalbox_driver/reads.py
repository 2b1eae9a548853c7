"""Remembers for one test call what its body asks of the event, where that is wanted. Live events are never observed."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

from panther_core import PantherEvent
from panther_core.immutable import json_encoder

_MAX_FIELDS = 20
_MAX_VALUE_CHARS = 200
# Made once: json.dumps makes an encoder for each call that sets an option.
_encode = json.JSONEncoder(default=json_encoder).encode
_encode_text = json.encoder.encode_basestring_ascii
_deep_get = PantherEvent.deep_get


def _path(keys):
    return ".".join(map(str, keys))


def _looked_up(event, keys, _result):
    # Not what the call gave: that may have been its default.
    return _deep_get(event, *keys)


def _given(_event, _keys, result):
    return result


#: Method -> (arguments -> (field, keys), how to tell the field's value).
_READ_METHODS = {
    "get": (lambda key, *_: (str(key), (key,)), _looked_up),
    "__getitem__": (lambda key: (str(key), (key,)), _looked_up),
    "deep_get": (lambda *keys: (_path(keys), keys), _looked_up),
    "deep_walk": (lambda *keys: (f"deep_walk({_path(keys)})", keys), _given),
    "udm": (lambda *keys: (f"udm({_path(keys)})", keys), _given),
}


#: What is observed now: the event, its reads, and whether the body itself is asking.
_watched = SimpleNamespace(event=None, reads={}, is_reading=False)


@contextmanager
def observing(wanted):
    """The class is observed, not the event: bodies look at types. Once for many calls, because it slows every lookup."""
    if not wanted:
        yield
        return
    own = {name: PantherEvent.__dict__[name] for name in _READ_METHODS if name in PantherEvent.__dict__}
    for name in _READ_METHODS:
        setattr(PantherEvent, name, _recording(name))
    try:
        yield
    finally:
        for name in _READ_METHODS:
            if name in own:
                setattr(PantherEvent, name, own[name])
            else:
                delattr(PantherEvent, name)


@contextmanager
def observed(event, wanted):
    """Within `observing`. Yields what `told` takes: field -> value, in the order of asking; or None."""
    if not wanted:
        yield None
        return
    reads = _watched.reads = {}
    _watched.event, _watched.is_reading = event, False
    try:
        yield reads
    finally:
        _watched.event = None


def reads_as_json(reads):
    return None if reads is None else [{"field": field, "value": value} for field, value in reads.items()]


def _recording(name):
    method = getattr(PantherEvent, name)
    field_of, value_of = _READ_METHODS[name]

    def recording(self, *arguments, **options):
        # One way of asking uses another: only what the body itself asks is remembered.
        if self is not _watched.event or _watched.is_reading or len(_watched.reads) >= _MAX_FIELDS:
            return method(self, *arguments, **options)
        _watched.is_reading = True
        result = None
        try:
            result = method(self, *arguments, **options)
            return result
        finally:
            _remember(_watched.reads, self, arguments, options, field_of, value_of, result)
            _watched.is_reading = False

    return recording


def _remember(reads, event, arguments, options, field_of, value_of, result):
    try:
        field, keys = field_of(*arguments)
        if field not in reads:
            # What the call gave is the field's value, unless it may have been a default.
            has_default = options or len(arguments) > len(keys)
            reads[field] = _encoded_value(value_of(event, keys, result) if has_default else result)
    except Exception:
        # Keys and values that cannot be told are no reason to fail.
        return


def _encoded_value(value):
    if value is None:
        return None
    text = _encode_text(value) if type(value) is str else _encode(value)
    return text[:_MAX_VALUE_CHARS]
