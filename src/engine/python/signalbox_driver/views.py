"""What detections are given of events: read-only views that they share, or a copy of their own."""

from panther_core import PantherEvent
from panther_core.immutable import plain


class Views:
    """Of one batch. `records`: (item, record) by place; `models`: log type -> data model."""

    def __init__(self, records, models):
        self._records = records
        self._models = models
        self._entries = {}
        self._places = None
        self._shared = None

    def entries(self, detection, places):
        """(item, event) of each place."""
        if detection.type == "policy":
            records = map(self._records.__getitem__, places)
            return ((item, plain(record)) for item, record in records)
        # Detections of one log type see the same events: their list is made once.
        if places != self._places:
            self._shared = [self._entry(detection, place) for place in places]
            self._places = places
        return self._shared

    def _entry(self, detection, place):
        entry = self._entries.get(place)
        if entry is None:
            item, record = self._records[place]
            entry = self._entries[place] = (item, view(detection, record, self._models))
        return entry


def view(detection, record, models):
    # Rows of a query get no data model, whatever log they were read from.
    log_type = record.get("p_log_type") if detection.type == "rule" else None
    return PantherEvent(record, models.get(log_type) if isinstance(log_type, str) else None)
