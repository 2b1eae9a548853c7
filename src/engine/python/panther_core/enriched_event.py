"""The event that rule(event) receives: a read-only mapping that knows its data model."""

from datetime import timezone

from panther_core.deep_walk import deep_walk
from panther_core.exceptions import PantherError
from panther_core.immutable import (
    ImmutableCaseInsensitiveDict,
    is_mapping,
    is_unchangeable,
    json_encoder,
    plain,
    wrap,
)
from panther_core.iso_datetime import parse_iso_datetime

_lookup = None


def set_lookup(function):
    """Sets the source of lookup tables for `event.lookup`: f(event, table, key), or None for mocked data only."""
    global _lookup
    _lookup = function


class PantherEvent(ImmutableCaseInsensitiveDict):
    # _unified: the value of each unified field by the name that was requested.
    __slots__ = ("data_model", "_unified", "_method_view")

    json_encoder = staticmethod(json_encoder)

    def __init__(self, event, data_model=None):
        super().__init__(event)
        self._set_data_model(data_model)

    @classmethod
    def over(cls, record, data_model=None):
        """Creates an event without the constructor's copy, for a record that no other code can change."""
        event = cls._over(record)
        event._set_data_model(data_model)
        return event

    def _set_data_model(self, data_model):
        self.data_model = data_model
        self._unified = {}
        self._method_view = None

    def deep_get(self, *keys, default=None):
        """The value below nested keys, any spelling of case; `default` where it is absent or None."""
        if default and is_mapping(default):
            return self._deep_get_into(keys, default)
        value = self
        for key in keys:
            if type(value) is not ImmutableCaseInsensitiveDict and value is not self and not is_mapping(value):
                return default
            value = value.get(key)
            if value is None:
                return default
        return value

    def _deep_get_into(self, keys, default):
        """A default that holds something takes the place of a failing step, and is descended into."""
        value = self
        for key in keys:
            value = value.get(key, default) if is_mapping(value) else default
        return default if value is None else value

    def deep_walk(self, *keys, default=None, return_val="all"):
        """As deep_get but through lists, case-sensitive, with plain results."""
        found = deep_walk(self._raw, keys, default, return_val)
        return found if found is default else plain(found)

    def udm(self, *keys, default=None):
        """The value of a unified field, by the data model of the event's log type, else by its own name."""
        model = self.data_model
        if model is not None and len(keys) == 1:
            asked = keys[0]
            if asked in self._unified:
                return self._unified[asked]
            name = _mapping_name(asked)
            if name in model.paths or name in model.methods:
                return self._mapped(model, name, asked, default)
        return self.deep_get("p_udm", *keys) or self.deep_get(*keys) or default

    def _mapped(self, model, name, asked, default):
        nodes = self._nodes(model, name)
        if len(nodes) > 1:
            path = model.paths[name].text
            raise PantherError(
                f"JSONPath [{path}] in data model [{model.data_model_id}] matches several fields"
            )
        if nodes:
            value = wrap(nodes[0].value)
        elif name in model.methods:
            if self._method_view is None:
                self._method_view = ImmutableCaseInsensitiveDict._over(self._raw)
            value = wrap(model.methods[name](self._method_view))
        else:
            return default
        # All detections of the event may read it, so a value that one of them could change is created for each.
        if is_unchangeable(value):
            self._unified[asked] = value
        return value

    def udm_path(self, key):
        """Where udm(key) is read: the concrete path or the mapped function's name; None when unmapped."""
        model = self.data_model
        if model is None:
            raise PantherError("a data model hasn't been specified for log type", self.get("p_log_type"))
        name = _mapping_name(key)
        nodes = self._nodes(model, name)
        if len(nodes) == 1:
            return nodes[0].path
        return model.methods[name].__name__ if name in model.methods else None

    def _nodes(self, model, name):
        return model.paths[name].find(self._raw) if name in model.paths else []

    def lookup(self, table, key):
        """A row of a lookup table."""
        if _lookup is not None:
            return _lookup(self, table, key)
        return self.deep_get("_mocked_lookup_data_", table, key)

    def event_time_epoch(self, force_utc=True):
        """p_event_time in whole epoch seconds; 0 when it is missing or unreadable."""
        try:
            moment = parse_iso_datetime(self.get("p_event_time"))
            if force_utc and moment.tzinfo is None:
                moment = moment.replace(tzinfo=timezone.utc)
            return int(moment.timestamp())
        except (AttributeError, OverflowError, ValueError):
            return 0


def _mapping_name(key):
    return key.lower() if isinstance(key, str) else key
