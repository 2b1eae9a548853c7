"""The possible values of an expression, as far as its text shows. Immutable; `at` is (file, line, column)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    at: tuple


@dataclass(frozen=True, slots=True)
class Nothing:
    """None."""

    at: tuple


@dataclass(frozen=True, slots=True)
class Other:
    """A value of a known type that is neither text nor a container."""

    type: str
    at: tuple


@dataclass(frozen=True, slots=True)
class Unknown:
    at: tuple
    #: Whether the value depends on the event.
    event: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple or set. `exact`: it holds these items in order; otherwise any of them, or none."""

    type: str
    items: tuple
    exact: bool
    at: tuple


@dataclass(frozen=True, slots=True)
class Table:
    """A dict, of which only the values are known, since keys usually come from the event."""

    values: tuple
    at: tuple


@dataclass(frozen=True, slots=True)
class Itself:
    """A value that refers back to itself. It adds no value unless it is changed on the way."""

    of: object
    at: tuple


def is_truthy(value):
    """Returns None if it is unknown."""
    match value:
        case Text(text):
            return text != ""
        case Nothing():
            return False
        case Items(items=items, exact=True):
            return len(items) > 0
    return None


def outcome_as_json(value):
    """Returns one possible return value in the form of model/events/facts.ts."""
    match value:
        case Text(text, at):
            return {"kind": "text", "value": text, "location": location(at)}
        case Nothing(at):
            return {"kind": "none", "location": location(at)}
        case Items("list", items, exact, at):
            texts = [item for item in items if isinstance(item, Text)]
            return {
                "kind": "list",
                "items": [{"value": item.value, "location": location(item.at)} for item in texts],
                "exact": exact and len(texts) == len(items),
                "closed": len(texts) == len(items),
                "location": location(at),
            }
        case Items(type, _, _, at) | Other(type, at):
            return {"kind": "other", "type": type, "location": location(at)}
        case Table(_, at):
            return {"kind": "other", "type": "dict", "location": location(at)}
    return {"kind": "unknown", "event": getattr(value, "event", False), "location": location(value.at)}


def location(at):
    file, line, column = at
    return {"file": file, "line": line, "column": column}
