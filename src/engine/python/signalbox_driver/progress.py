"""Reports which body runs on which item, and turns the deadline of the host into an exception.

The host reads `cells` directly from the interpreter's memory, with the layout of `CELL` in deadline.ts: when this module
calls `time.clock_getres`, whose import the host replaces, and whenever the interpreter polls for signals. A new serial
starts a new time budget; without one the next item would run on the budget of the previous one.

Three things must hold. The driver never resizes `cells`, because the host keeps its address. While a loop is reported, `_loop`
keeps the iterator and the items alive, because the host follows their addresses. And project code runs only between
`armed[0] = True` and `armed[0] = False`: a deadline that raised anywhere else would leave the driver half way through a
result. The host treats all of this as untrusted, since project code can write to the cells; see
docs/decisions/0003-marks-through-a-clock.md.
"""

import signal
import time
from array import array
from operator import length_hint

_SERIAL, _BODY, _ITEM, _FUNCTION, _LOOP, _ITEMS, _START_READS = range(7)
_NO_CALL = -1
_LOADING = -1

cells = array("i", [0, _NO_CALL, 0, 0, 0, 0, 0])
# Whether the deadline may raise. Setting an element of a list calls no function, so no deadline comes in between.
armed = [False]
_loop = None


class TimeLimitExceeded(BaseException):
    """Not an Exception: `except Exception` in a body must not swallow it."""


def address():
    return cells.buffer_info()[0]


def begin_loading(body):
    begin(body, _LOADING)


def begin(body, item):
    """Starts a new budget for this body on this item."""
    cells[_LOOP] = 0
    cells[_ITEM] = item
    _begin(body)


def begin_loop(body, iterator, items):
    """Works like `begin` for each item in turn, without a call for each: the host reads the position of the iterator.

    `iterator` iterates over a list; `items` is an array with the item number of each of its elements.
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
    """Returns what is running, the loop included."""
    return cells[_BODY:_START_READS]


def restart_budget(state):
    """Starts a new budget for what was interrupted in this state."""
    cells[_BODY:_START_READS] = state
    _start_budget()


def _start_budget():
    cells[_SERIAL] = (cells[_SERIAL] + 1) & 0x7FFFFFFF
    _notify_host()


def enter(function):
    """Reports another function of the same call, which shares its budget."""
    cells[_FUNCTION] = function
    if not cells[_LOOP]:
        _notify_host()


def _notify_host():
    time.clock_getres(time.CLOCK_MONOTONIC)


def start_reads():
    """Returns how often the wall clock and random numbers were read, which the host counts."""
    return cells[_START_READS]


def position():
    return cells[_BODY], _current_item() if cells[_LOOP] else cells[_ITEM]


def function():
    return cells[_FUNCTION]


def _current_item():
    iterator, items = _loop
    return items[len(items) - length_hint(iterator) - 1]


def leave():
    """Reports that no project code runs."""
    begin(_NO_CALL, 0)


def install_handler():
    """Sets the signal handler before every batch, because project code may have replaced it."""
    armed[0] = False
    signal.signal(signal.SIGINT, _on_deadline)


def _on_deadline(_signal, _frame):
    if armed[0]:
        raise TimeLimitExceeded
