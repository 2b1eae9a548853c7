"""Checks the return value of each function and converts it to the form in which it is passed on."""

import json
from collections.abc import Mapping

from panther_core.exceptions import FunctionReturnTypeError
from panther_core.immutable import json_encoder

SEVERITIES = ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL", "DEFAULT")
MAX_TEXT_CHARS = 1_000
MAX_CONTEXT_CHARS = 204_800
MAX_DESTINATIONS = 1_000
_CUT = "... (truncated)"
# The encoder is created once, because json.dumps creates one for each call with an option.
_encode = json.JSONEncoder(default=json_encoder, allow_nan=False).encode


def checked(detection, function, value):
    """Returns the value for the host. Raises FunctionReturnTypeError, AssertionError or what encoding raises."""
    try:
        return _CHECKS[function](value)
    except _WrongType as wrong:
        name = detection.matcher if function == "detection" else function
        raise FunctionReturnTypeError(
            f"detection [{detection.id}] function [{name}] "
            f"returned [{wrong.returned}], expected [{wrong.expected}]"
        ) from None


class _WrongType(Exception):
    def __init__(self, value, expected):
        self.returned = type(value).__name__
        self.expected = expected


def _bool(value):
    if value is True or value is False:
        return value
    raise _WrongType(value, "bool")


def _text(value):
    if not isinstance(value, str):
        raise _WrongType(value, "str")
    return value if len(value) <= MAX_TEXT_CHARS else value[: MAX_TEXT_CHARS - len(_CUT)] + _CUT


def _text_or_none(value):
    return None if value is None else _text(value)


def _severity(value):
    upper = value.upper() if isinstance(value, str) else None
    assert upper in SEVERITIES, (
        f"Expected severity to be any of the following: [{', '.join(SEVERITIES)}], got [{value!s}] instead."
    )
    return upper


def _destinations(value):
    if value is None:
        return None
    if not isinstance(value, list):
        raise _WrongType(value, "list of str")
    for name in value:
        if not isinstance(name, str):
            raise _WrongType(name, "list of str")
    if len(value) > MAX_DESTINATIONS or any(len(name) > MAX_TEXT_CHARS for name in value):
        raise ValueError(f"at most {MAX_DESTINATIONS} destinations of at most {MAX_TEXT_CHARS} characters each")
    return value


def _alert_context(value):
    """Returns JSON text, so that numbers reach the destination unchanged."""
    if not isinstance(value, Mapping):
        raise _WrongType(value, "Mapping")
    text = _encode(value)
    if len(text) <= MAX_CONTEXT_CHARS:
        return text
    size = f"alert_context size is [{len(text)}] characters"
    return json.dumps({"_error": f"{size}, bigger than maximum of [{MAX_CONTEXT_CHARS}] characters"})


_CHECKS = {
    "detection": _bool,
    "title": _text,
    "description": _text,
    "reference": _text,
    "severity": _severity,
    "runbook": _text,
    "destinations": _destinations,
    "dedup": _text,
    "alert_context": _alert_context,
    "unique": _text_or_none,
}
# The order in which the functions of one event run. A function's number is its index in this tuple.
FUNCTIONS = tuple(_CHECKS)
