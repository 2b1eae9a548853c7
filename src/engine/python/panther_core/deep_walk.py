"""deep_walk over raw JSON: case-sensitive, descends into every element of the lists on its way."""

from collections.abc import Sequence

from panther_core.immutable import is_mapping


def deep_walk(obj, keys, default, return_val):
    """What lies at `keys` below `obj`: one value, or the unique values in order when lists were crossed."""
    if not keys:
        return default if obj is None or _is_hollow(obj) else obj
    if is_mapping(obj):
        key, *rest = keys
        return deep_walk(obj[key] if key in obj else default, rest, default, return_val)
    if not _is_list(obj):
        return default
    # A dict for its order: elements must be hashable, as in a set.
    found = {}
    for item in obj:
        value = deep_walk(item, keys, default, return_val)
        if _is_list(value):
            found.update(dict.fromkeys(value))
        elif value is not None:
            found[value] = None
    return _choose(list(found), return_val) if found else default


def _choose(values, return_val):
    if return_val == "first":
        return values[0]
    if return_val == "last":
        return values[-1]
    if return_val == "all":
        return values[0] if len(values) == 1 else values
    # Upstream answers an unknown return_val so; detections may have come to rely on it.
    return "all"


def _is_list(value):
    return value is not None and not isinstance(value, str) and isinstance(value, (list, Sequence))


def _is_hollow(value):
    return _is_list(value) and all(map(_is_hollow, value))
