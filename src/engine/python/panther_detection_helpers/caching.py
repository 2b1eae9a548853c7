"""A key-value store shared by all detections: string sets, counters and dictionaries that expire.

Every function is synchronous. Expired items read as absent, so `force_ttl_check` changes nothing here.
"""

import json
import time
from collections.abc import Mapping

from panther_core.immutable import json_encoder
from panther_detection_helpers.backend import MemoryBackend

DEFAULT_TTL_SECONDS = 90 * 24 * 3600
# Smaller numbers are seconds from now, larger ones epoch seconds (10^9 was in 2001).
_FIRST_EPOCH_SECONDS = 10**9

_backend = MemoryBackend()


def set_backend(backend):
    """Replaces the store (see backend.py) and returns the one before."""
    global _backend
    previous, _backend = _backend, backend
    return previous


def get_string_set(key, force_ttl_check=False):
    return set(_read(key).get("stringSet", ()))


def put_string_set(key, val, epoch_seconds=None):
    """Overwrites the whole item; an empty `val` only drops the set."""
    if not val:
        return reset_string_set(key)
    members = list(dict.fromkeys(val))
    _replace(key, {"stringSet": members, "expiresAt": _expiry(epoch_seconds)})


def add_to_string_set(key, val, epoch_seconds=DEFAULT_TTL_SECONDS):
    """Returns the set with `val`, a str or several, added."""
    added = _members(val)
    if not added:
        return get_string_set(key)

    def union(item):
        members = list(dict.fromkeys([*item.get("stringSet", ()), *added]))
        return _extended({**item, "stringSet": members}, epoch_seconds)

    return set(_update(key, union)["stringSet"])


def remove_from_string_set(key, val, epoch_seconds=DEFAULT_TTL_SECONDS):
    """Returns the set without `val`, a str or several."""
    removed = _members(val)
    if not removed:
        return get_string_set(key)

    def difference(item):
        members = [member for member in item.get("stringSet", ()) if member not in removed]
        return _extended({**item, "stringSet": members}, epoch_seconds)

    return set(_update(key, difference)["stringSet"])


def reset_string_set(key):
    _update(key, lambda item: _without(item, "stringSet"))


def get_counter(key, force_ttl_check=False):
    return _read(key).get("intCount", 0)


def increment_counter(key, val=1, epoch_seconds=DEFAULT_TTL_SECONDS):
    """Adds `val`, which may be negative, and returns the new count."""

    def add(item):
        return _extended({**item, "intCount": item.get("intCount", 0) + val}, epoch_seconds)

    return _update(key, add)["intCount"]


def reset_counter(key):
    _update(key, lambda item: _without(item, "intCount"))


def set_key_expiration(key, epoch_seconds):
    expires_at = _expiry(epoch_seconds)
    _update(key, lambda item: {**item, "expiresAt": expires_at})


def put_dictionary(key, val, epoch_seconds=None):
    """Overwrites the whole item with a JSON-serialisable mapping."""
    if not isinstance(val, Mapping):
        raise TypeError(f"put_dictionary: value is a {type(val).__name__}, expected a mapping")
    try:
        text = json.dumps(val, default=json_encoder)
    except (TypeError, ValueError) as error:
        raise ValueError(f"put_dictionary: value is not JSON-serialisable: {error}") from error
    _replace(key, {"dictionary": text, "expiresAt": _expiry(epoch_seconds)})


def get_dictionary(key, force_ttl_check=False):
    text = _read(key).get("dictionary")
    if not text:
        return {}
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise ValueError(f"get_dictionary: what is stored under [{key}] is not JSON: {error}") from error


def evaluate_threshold(key, threshold=10, expiry_seconds=3600):
    """Counts one more; at the threshold starts again and returns True."""
    if increment_counter(key, 1, expiry_seconds) < threshold:
        return False
    reset_counter(key)
    return True


def check_account_age(key):
    """Whether `key` names a set that was put there when the account was new."""
    return isinstance(key, str) and key != "" and bool(get_string_set(key, force_ttl_check=True))


def _read(key):
    item, _ = _backend.read(key)
    return _live(item)


def _replace(key, item):
    _update(key, lambda _: item)


def _update(key, change):
    """Applies a pure change to the live item, again when another writer came first."""
    while True:
        item, version = _backend.read(key)
        changed = change(_live(item))
        if _backend.write(key, changed, version):
            return changed


def _live(item):
    expires_at = item.get("expiresAt")
    return {} if expires_at is not None and expires_at <= time.time() else item


def _extended(item, epoch_seconds):
    """The item with a new expiry; None keeps the one it has."""
    if epoch_seconds is None and "expiresAt" in item:
        return item
    return {**item, "expiresAt": _expiry(epoch_seconds)}


def _expiry(epoch_seconds):
    """Absolute epoch seconds of what authors write: text, a delta, an epoch, or nothing for 90 days."""
    if isinstance(epoch_seconds, str):
        epoch_seconds = float(epoch_seconds)
    if isinstance(epoch_seconds, float):
        epoch_seconds = int(epoch_seconds)
    if not isinstance(epoch_seconds, int):
        epoch_seconds = DEFAULT_TTL_SECONDS
    return epoch_seconds if epoch_seconds >= _FIRST_EPOCH_SECONDS else int(time.time()) + epoch_seconds


def _members(val):
    return {val: None} if isinstance(val, str) else dict.fromkeys(val)


def _without(item, attribute):
    return {name: value for name, value in item.items() if name != attribute}
