"""Tells the host which body runs on which item, and turns the host's deadline into an exception.

The host reads `cells` straight from memory: when `time.clock_getres` reaches it, and while it is polled
(see deadline.ts). The layout is the one of protocol.ts.
"""

import signal
import time
from array import array
from operator import length_hint

_SERIAL, _BODY, _ITEM, _FUNCTION, _LOOP, _ITEMS, _START_READS = range(7)
_NO_CALL = -1
_LOADING = -1

cells = array("i", [0, _NO_CALL, 0, 0, 0, 0, 0])
# Raises in nobody's code but a body's. A list: to set its element takes no call, so no deadline can come between.
armed = [False]
_loop = None


class TimeLimitExceeded(BaseException):
    """Not an Exception: `except Exception` in a body must not swallow it."""


def address():
    return cells.buffer_info()[0]


def begin_loading(body):
    begin(body, _LOADING)


def begin(body, item):
    """A new budget for this body on this item."""
    cells[_LOOP] = 0
    cells[_ITEM] = item
    _begin(body)


def begin_loop(body, iterator, items):
    """As `begin` for each item in turn, without a call for any: the host reads how far the iterator has come.

    `iterator`: over a list; `items`: an array of as many item numbers.
    """
    global _loop
    _loop = iterator, items
    cells[_LOOP] = id(iterator)
    cells[_ITEMS] = items.buffer_info()[0]
    _begin(body)


def _begin(body):
    cells[_BODY] = body
    cells[_FUNCTION] = 0
    _start_budget()


def state():
    """Where a body is, its loop included."""
    return cells[_BODY:_START_READS]


def restart_budget(state):
    """A new budget for what was interrupted there."""
    cells[_BODY:_START_READS] = state
    _start_budget()


def _start_budget():
    cells[_SERIAL] = (cells[_SERIAL] + 1) & 0x7FFFFFFF
    _notify_host()


def enter(function):
    """The same budget goes on in another function."""
    cells[_FUNCTION] = function
    if not cells[_LOOP]:
        _notify_host()


def _notify_host():
    time.clock_getres(time.CLOCK_MONOTONIC)


def start_reads():
    """How often the wall clock and random numbers were read; the host counts it."""
    return cells[_START_READS]


def position():
    return cells[_BODY], _current_item() if cells[_LOOP] else cells[_ITEM]


def function():
    return cells[_FUNCTION]


def _current_item():
    iterator, items = _loop
    return items[len(items) - length_hint(iterator) - 1]


def leave():
    """What comes now is the driver's own work."""
    begin(_NO_CALL, 0)


def install_handler():
    """Bodies may have replaced the handler: set again before every batch."""
    armed[0] = False
    signal.signal(signal.SIGINT, _on_deadline)


def _on_deadline(_signal, _frame):
    if armed[0]:
        raise TimeLimitExceeded
