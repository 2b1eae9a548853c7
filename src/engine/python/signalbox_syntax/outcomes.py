"""What an expression can be worth, as far as its text tells. Immutable; `at` is (file, line, column)."""

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
    """Known, but neither text nor a container that is looked into."""

    type: str
    at: tuple


@dataclass(frozen=True, slots=True)
class Unknown:
    at: tuple
    #: Whether the event has a part in it.
    event: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list, tuple or set. `exact`: just these, in order; otherwise any of them, or none."""

    type: str
    items: tuple
    exact: bool
    at: tuple


@dataclass(frozen=True, slots=True)
class Table:
    """A dict, by its values alone: keys come from the event."""

    values: tuple
    at: tuple


@dataclass(frozen=True, slots=True)
class Itself:
    """Where looking for the values of something leads back to it: it adds none, unless it is changed on the way."""

    of: object
    at: tuple


def is_truthy(value):
    """None: nobody can tell."""
    match value:
        case Text(text):
            return text != ""
        case Nothing():
            return False
        case Items(items=items, exact=True):
            return len(items) > 0
    return None


def outcome_as_json(value):
    """One way a function can return, for the host; see model/facts.ts."""
    match value:
        case Text(text, at):
            return {"kind": "text", "value": text, "place": location(at)}
        case Nothing(at):
            return {"kind": "none", "place": location(at)}
        case Items("list", items, exact, at):
            texts = [item for item in items if isinstance(item, Text)]
            return {
                "kind": "list",
                "items": [{"value": item.value, "place": location(item.at)} for item in texts],
                "exact": exact and len(texts) == len(items),
                "closed": len(texts) == len(items),
                "place": location(at),
            }
        case Items(type, _, _, at) | Other(type, at):
            return {"kind": "other", "type": type, "place": location(at)}
        case Table(_, at):
            return {"kind": "other", "type": "dict", "place": location(at)}
    return {"kind": "unknown", "event": getattr(value, "event", False), "place": location(value.at)}


def location(at):
    file, line, column = at
    return {"file": file, "line": line, "column": column}
