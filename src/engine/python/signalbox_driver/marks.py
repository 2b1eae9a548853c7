"""Tells the host which body runs on which item, and turns the host's deadline into an exception.

The host reads `cells` straight from memory whenever `time.clock_getres` reaches it (see import-seam.ts).
The layout is the one of protocol.ts.
"""

import signal
import time
from array import array

_SERIAL, _BODY, _ITEM, _FUNCTION = range(4)
_NOBODY = -1
_LOADING = -1

cells = array("i", [0, _NOBODY, 0, 0])
_armed = [False]


class TimeLimitExceeded(BaseException):
    """Not an Exception: `except Exception` in a body must not swallow it."""


def address():
    return cells.buffer_info()[0]


def begin_loading(body):
    begin(body, _LOADING)


def begin(body, item):
    """A new budget for this body on this item."""
    cells[_SERIAL] = (cells[_SERIAL] + 1) & 0x7FFFFFFF
    cells[_BODY] = body
    cells[_ITEM] = item
    cells[_FUNCTION] = 0
    time.clock_getres(time.CLOCK_MONOTONIC)


def enter(function):
    """The same budget goes on in another function."""
    cells[_FUNCTION] = function
    time.clock_getres(time.CLOCK_MONOTONIC)


def position():
    return cells[_BODY], cells[_ITEM]


def leave():
    """What comes now is the driver's own work."""
    begin(_NOBODY, 0)


def arm():
    _armed[0] = True


def disarm():
    _armed[0] = False


def watch():
    """Bodies may have replaced the handler: set again before every batch."""
    disarm()
    signal.signal(signal.SIGINT, _on_deadline)


def _on_deadline(_signal, _frame):
    if _armed[0]:
        raise TimeLimitExceeded
