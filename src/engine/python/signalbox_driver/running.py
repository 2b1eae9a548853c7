"""Runs detections on items: for one item the matcher and at once all other functions, never interleaved."""

from panther_core.exceptions import FunctionReturnTypeError
from signalbox_driver import marks
from signalbox_driver.failures import describe, used_up
from signalbox_driver.outputs import checked

_NOTHING = {}


def findings(detection, items, events, known=_NOTHING, singly=False):
    """(item, results) of each item that has something to tell: it alerts, or its matcher failed.

    `items`: an array of numbers; `events`: what the detection is given, in the same order.
    `known`: item -> what `run` takes as known. `singly`: the host is told of every item before it begins.
    """
    if not known and not singly and type(events) is list:
        return _findings_at_speed(detection, items, events)
    results = (
        (item, run(detection, item, event, known.get(item, _NOTHING)))
        for item, event in zip(items, events, strict=True)
    )
    return [(item, result) for item, result in results if _tells(detection, result["detection"])]


def _findings_at_speed(detection, items, events):
    """As `run` for each. Nearly all matchers stay silent: for those nothing is made, told or looked up."""
    silent, armed = not _alerting(detection), marks.armed
    matcher = detection.namespace[detection.matcher]
    iterator = iter(events)
    marks.begin_loop(detection.number, iterator, items)
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
            results = _call_functions(detection, event, {0: _judged(detection, output)})
            marks.enter(0)
        found.append((marks.position()[1], results))


def run(detection, item, event, known=_NOTHING, every=False):
    """Function -> result. Stops after a matcher that does not alert, unless `every` function is asked for.

    `known`: function number -> the result it has without being called.
    """
    marks.begin(detection.number, item)
    return _call_functions(detection, event, known, every)


def _call_functions(detection, event, known, every=False):
    results = {}
    spent = False
    for number, function, name in detection.functions:
        if spent:
            result = {"error": used_up()}
        elif number in known:
            result = known[number]
        else:
            result = _call(detection, number, function, name, event)
            spent = "limit" in result.get("error", ())
        results[function] = result
        if number == 0 and not every and result.get("output") is not _alerting(detection):
            break
    return results


def _judged(detection, output):
    try:
        return {"output": checked(detection, "detection", output)}
    except FunctionReturnTypeError as error:
        return {"error": describe(error)}


def _tells(detection, matched):
    return "error" in matched or matched["output"] is _alerting(detection)


def _alerting(detection):
    """What a matcher that alerts returns."""
    return detection.type != "policy"


def _call(detection, number, function, name, event):
    armed = marks.armed
    if number:
        marks.enter(number)
    try:
        armed[0] = True
        output = checked(detection, function, detection.namespace[name](event))
        armed[0] = False
        return {"output": output}
    except BaseException as error:
        armed[0] = False
        return {"error": describe(error)}
