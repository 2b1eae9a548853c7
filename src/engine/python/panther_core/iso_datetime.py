"""Reads the timestamps of logs: ISO 8601, also with a blank for T, long fractions, UTC or GMT at the end."""

import re
from datetime import datetime, timezone

_ZONE_WORD = re.compile(r"\s*(?:UTC|GMT)$", re.IGNORECASE)
_BLANK_BEFORE_OFFSET = re.compile(r"\s+(?=[+-]\d\d(?::?\d\d)?$|Z$)", re.IGNORECASE)


def parse_iso_datetime(text):
    """A datetime, naive when the text names no zone. Raises ValueError."""
    bare = _ZONE_WORD.sub("", text.strip())
    moment = datetime.fromisoformat(_BLANK_BEFORE_OFFSET.sub("", bare))
    if moment.tzinfo is None and bare != text.strip():
        return moment.replace(tzinfo=timezone.utc)
    return moment
