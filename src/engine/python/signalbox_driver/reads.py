"""Records for one test call which fields its body reads. Reads of live events are never recorded."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

from panther_core import PantherEvent
from panther_core.immutable import json_encoder

_MAX_FIELDS = 20
_MAX_VALUE_CHARS = 200
# The encoder is created once, because json.dumps creates one for each call with an option.
_encode = json.JSONEncoder(default=json_encoder).encode
_encode_text = json.encoder.encode_basestring_ascii
_deep_get = PantherEvent.deep_get


def _path(keys):
    return ".".join(map(str, keys))


def _looked_up(event, keys, _result):
    # The result of the call may have been its default, so the field is looked up again.
    return _deep_get(event, *keys)


def _given(_event, _keys, result):
    return result


#: Method -> (arguments -> (field, keys), a function that returns the field's value).
_READ_METHODS = {
    "get": (lambda key, *_: (str(key), (key,)), _looked_up),
    "__getitem__": (lambda key: (str(key), (key,)), _looked_up),
    "deep_get": (lambda *keys: (_path(keys), keys), _looked_up),
    "deep_walk": (lambda *keys: (f"deep_walk({_path(keys)})", keys), _given),
    "udm": (lambda *keys: (f"udm({_path(keys)})", keys), _given),
}


#: The observed event, its reads, and whether a read is under way.
_watched = SimpleNamespace(event=None, reads={}, is_reading=False)


@contextmanager
def observing(wanted):
    """Wraps the methods of the class, because bodies may look at the type of an event. One wrap serves many calls."""
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
    """Must be used within `observing`. Yields the argument of `reads_as_json`."""
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
        # One method calls another, so only the outermost call is recorded.
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
            # The result is the field's value, unless the call has a default.
            has_default = options or len(arguments) > len(keys)
            reads[field] = _encoded_value(value_of(event, keys, result) if has_default else result)
    except Exception:
        # A key or value that cannot be encoded is not recorded.
        return


def _encoded_value(value):
    if value is None:
        return None
    text = _encode_text(value) if type(value) is str else _encode(value)
    return text[:_MAX_VALUE_CHARS]
