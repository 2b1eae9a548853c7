"""Runs detections on items: the matcher and then all other functions of one item, before the next item."""

from time import perf_counter

from panther_core.exceptions import FunctionReturnTypeError
from signalbox_driver import progress
from signalbox_driver.failures import budget_spent, describe
from signalbox_driver.outputs import checked

_NOTHING = {}


def findings(detection, items, events, known=_NOTHING, mark_each_item=False):
    """Returns (item, results) of each item that alerts or whose matcher failed.

    `items`: an array of numbers; `events`: the arguments of the detection, in the same order.
    `known`: the argument of `run` by item. `mark_each_item`: every item is reported to the host before it runs.
    """
    if not known and not mark_each_item and type(events) is list:
        return _findings_in_loop(detection, items, events)
    results = (
        (item, run(detection, item, event, known.get(item, _NOTHING)))
        for item, event in zip(items, events, strict=True)
    )
    return [(item, result) for item, result in results if _is_reported(detection, result["detection"])]


def _findings_in_loop(detection, items, events):
    """Works like `run` for each event, without any work for the many events whose matcher does not alert."""
    silent, armed = not _alerting(detection), progress.armed
    matcher = detection.namespace[detection.matcher]
    iterator = iter(events)
    progress.begin_loop(detection.number, iterator, items)
    found = []
    while True:
        try:
            armed[0] = True
            for event in iterator:
                output = matcher(event)
                if output is not silent:
                    break
            else:
                armed[0] = False
                return found
            armed[0] = False
        except BaseException as error:
            armed[0] = False
            results = {"detection": {"error": describe(error)}}
        else:
            results = _call_functions(detection, event, {0: _checked_result(detection, output)})
            progress.enter(0)
        found.append((progress.position()[1], results))


def run(detection, item, event, known=_NOTHING, every=False, times=None):
    """Returns the result of each function. Stops after a matcher that does not alert, unless `every` is true.

    `known`: function number -> the result that the function has without being called.
    `times`: a dict to which the milliseconds of each function are added, or None.
    """
    progress.begin(detection.number, item)
    return _call_functions(detection, event, known, every, times)


def _call_functions(detection, event, known, every=False, times=None):
    results = {}
    spent = False
    for number, function, name in detection.functions:
        if spent:
            result = {"error": budget_spent()}
        elif number in known:
            result = known[number]
        else:
            started = perf_counter() if times is not None else 0
            result = _call(detection, number, function, name, event)
            if times is not None:
                times[function] = round((perf_counter() - started) * 1000, 4)
            spent = "limit" in result.get("error", ())
        results[function] = result
        if number == 0 and not every and result.get("output") is not _alerting(detection):
            break
    return results


def _checked_result(detection, output):
    try:
        return {"output": checked(detection, "detection", output)}
    except FunctionReturnTypeError as error:
        return {"error": describe(error)}


def _is_reported(detection, matched):
    return "error" in matched or matched["output"] is _alerting(detection)


def _alerting(detection):
    """Returns the output of a matcher that alerts."""
    return detection.type != "policy"


def _call(detection, number, function, name, event):
    armed = progress.armed
    if number:
        progress.enter(number)
    try:
        armed[0] = True
        output = checked(detection, function, detection.namespace[name](event))
        armed[0] = False
        return {"output": output}
    except BaseException as error:
        armed[0] = False
        return {"error": describe(error)}
