"""Creates the arguments of detections: read-only views of events that they share, or a copy for each."""

from array import array

from panther_core import PantherEvent
from panther_core.immutable import plain


class Views:
    """The views of one batch. `items` and `records`: by index; `groups`: lists of indexes; `models`: by log type."""

    def __init__(self, items, records, groups, models):
        self._items = items
        self._records = records
        self._groups = groups
        self._models = models
        self._views = {}
        self._shared = {}

    def views_for(self, detection, groups):
        """Returns (items, events) of these groups, in order."""
        if detection.type == "policy":
            indexes = self._indexes(groups)
            return self._items_at(indexes), (plain(self._records[index]) for index in indexes)
        # Detections of one log type get the same events, so their list is created once.
        key = tuple(groups)
        shared = self._shared.get(key)
        if shared is None:
            indexes = self._indexes(groups)
            views = [self._view(detection, index) for index in indexes]
            shared = self._shared[key] = self._items_at(indexes), views
        return shared

    def _indexes(self, groups):
        return sorted(index for group in groups for index in self._groups[group])

    def _items_at(self, indexes):
        return array("i", map(self._items.__getitem__, indexes))

    def _view(self, detection, index):
        made = self._views.get(index)
        if made is None:
            made = self._views[index] = view(detection, self._records[index], self._models)
        return made


def view(detection, record, models):
    # Rows of a query get no data model, whatever log type they have.
    log_type = record.get("p_log_type") if detection.type == "rule" else None
    return PantherEvent.over(record, models.get(log_type) if isinstance(log_type, str) else None)
