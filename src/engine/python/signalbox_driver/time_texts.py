"""Formats times as glibc does, for `time.strftime` and so for `datetime`, `date` and `time` of `datetime`.

The C library of this interpreter returns an empty text for the whole format if it does not know a directive. Python
accepts that as the result, so a title or a dedup key would be empty without an error.
"""

import re
import time
from functools import lru_cache

_strftime = time.strftime

_DIRECTIVE = re.compile(r"%([-_0^#]*)([0-9]*)([EO]?)(.?)", re.DOTALL)
#: A format whose directives the C library writes as glibc does: without flags, width or modifier.
_PLAIN = re.compile(r"[^%]*(?:%[aAbBcdDeFgGhHIjmMnprRsStTuUVwWxXyYz%][^%]*)*", re.DOTALL)
#: The minimum number of digits and the padding of each numeric directive.
_NUMBERS = {
    **dict.fromkeys("dgHImMSUVWy", (2, "0")),
    **dict.fromkeys("ekl", (2, " ")),
    **dict.fromkeys("CGsuwY", (1, "0")),
    "j": (3, "0"),
}
_TEXTS = frozenset("aAbBcDFhnpPrRtTxXZ%")
_MODIFIED = {
    "": frozenset(_NUMBERS) | _TEXTS | {"z"},
    "E": frozenset("cnprstuxyzCPRTXYZ%"),
    "O": frozenset("bdeghjklmnprstuwyzBCGHIMPRSTUVWZ%"),
}
_MAX_WIDTH = 1000


def strftime(*arguments):
    """Works like `time.strftime`."""
    text = arguments[0] if arguments else None
    if not isinstance(text, str) or _is_plain(text):
        return _strftime(*arguments)
    moment = arguments[1] if len(arguments) > 1 else time.localtime()
    # This call checks the moment even if no directive reads it.
    _strftime("", moment, *arguments[2:])
    return _DIRECTIVE.sub(lambda found: _written(found, moment), text)


@lru_cache(maxsize=256)
def _is_plain(text):
    return _PLAIN.fullmatch(text) is not None


def _written(found, moment):
    flags, width, modifier, directive = found.groups()
    width = min(int(width or 0), _MAX_WIDTH)
    fill = next((flag for flag in reversed(flags) if flag in "-_0"), "")
    if directive not in _MODIFIED[modifier]:
        return _filled(_in_case(found[0], directive, flags), width, fill)
    if directive == "z":
        sign, *digits = _strftime("%z", moment)
        return _filled(sign, width, fill) + _number("".join(digits), width, fill, (4, "0"))
    if directive in _NUMBERS:
        return _number(_value(directive, moment), width, fill, _NUMBERS[directive])
    return _filled(_in_case(_value(directive, moment), directive, flags), width, fill)


def _value(directive, moment):
    if directive in "kl":
        return _strftime("%H" if directive == "k" else "%I", moment)
    if directive == "P":
        return _strftime("%p", moment).lower()
    if directive == "Z":
        # A moment without a zone is local time, which is UTC in this interpreter.
        return _strftime("%Z", moment) or "UTC"
    return _strftime(f"%{directive}", moment)


def _number(text, width, fill, usual):
    digits, filling = usual
    value = text.lstrip(" 0") or "0"
    if fill == "-":
        return value.rjust(width)
    return value.rjust(max(digits, width), {"": filling, "_": " "}.get(fill, fill))


def _filled(text, width, fill):
    return text.rjust(width, "0" if fill == "0" else " ")


def _in_case(text, directive, flags):
    if "#" in flags and directive in "pZ":
        return text.lower()
    if directive != "P" and ("^" in flags or ("#" in flags and directive in "aAbBh")):
        return text.upper()
    return text


def install():
    """Replaces the function. Called once, before any project code runs."""
    time.strftime = strftime
