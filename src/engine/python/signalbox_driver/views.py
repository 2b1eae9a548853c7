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
            places = self._places(groups)
            return self._items_at(places), (plain(self._records[place]) for place in places)
        # Detections of one log type get the same events, so their list is created once.
        key = tuple(groups)
        shared = self._shared.get(key)
        if shared is None:
            places = self._places(groups)
            views = [self._view(detection, place) for place in places]
            shared = self._shared[key] = self._items_at(places), views
        return shared

    def _places(self, groups):
        return sorted(place for group in groups for place in self._groups[group])

    def _items_at(self, places):
        return array("i", map(self._items.__getitem__, places))

    def _view(self, detection, place):
        made = self._views.get(place)
        if made is None:
            made = self._views[place] = view(detection, self._records[place], self._models)
        return made


def view(detection, record, models):
    # Rows of a query get no data model, whatever log type they have.
    log_type = record.get("p_log_type") if detection.type == "rule" else None
    return PantherEvent.over(record, models.get(log_type) if isinstance(log_type, str) else None)
