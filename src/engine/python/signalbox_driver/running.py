"""Runs detections on items: for one item the matcher and at once all other functions, never interleaved."""

from panther_core.exceptions import FunctionReturnTypeError
from signalbox_driver import marks
from signalbox_driver.failures import describe, used_up
from signalbox_driver.outputs import checked

_NOTHING = {}


def findings(detection, entries, known=_NOTHING):
    """(item, results) of each (item, event) that has something to tell: it alerts, or its matcher failed.

    `known`: item -> what `run` takes as known.
    """
    if not known:
        return _findings_at_speed(detection, entries)
    results = ((item, run(detection, item, event, known.get(item, _NOTHING))) for item, event in entries)
    return [(item, result) for item, result in results if _tells(detection, result["detection"])]


def _findings_at_speed(detection, entries):
    """As `run` for each. Nearly all matchers stay silent: for those nothing is made, and nothing looked up."""
    number, silent = detection.number, not _alerting(detection)
    matcher = detection.namespace[detection.matcher]
    begin, arm, disarm = marks.begin, marks.arm, marks.disarm
    found = []
    for item, event in entries:
        begin(number, item)
        try:
            arm()
            output = matcher(event)
            disarm()
        except BaseException as error:
            disarm()
            found.append((item, {"detection": {"error": describe(error)}}))
            continue
        if output is not silent:
            found.append((item, _call_functions(detection, event, {0: _judged(detection, output)})))
    return found


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
    if number:
        marks.enter(number)
    try:
        marks.arm()
        output = checked(detection, function, detection.namespace[name](event))
        marks.disarm()
        return {"output": output}
    except BaseException as error:
        marks.disarm()
        return {"error": describe(error)}
