"""Runs one detection on one item: the matcher and at once its other functions, never interleaved."""

from signalbox_driver import marks
from signalbox_driver.failures import describe, used_up
from signalbox_driver.outputs import checked


def run(detection, item, event, errors=None, every=False):
    """Function -> result. `errors`: function number -> the error known from a run that had to be ended.

    Stops after a matcher that does not alert, unless `every` function is asked for.
    """
    marks.begin(detection.number, item)
    results = {}
    spent = False
    for number, function, name in detection.functions:
        if spent:
            result = {"error": used_up()}
        elif errors and number in errors:
            result = {"error": errors[number]}
        else:
            result = _call(detection, number, function, name, event)
            spent = "limit" in result.get("error", ())
        results[function] = result
        if number == 0 and not every and not _alerts(detection, result):
            break
    return results


def reports(detection, results):
    """Whether there is something to tell: it alerts, or its matcher failed."""
    matched = results["detection"]
    return "error" in matched or _alerts(detection, matched)


def _alerts(detection, result):
    return result.get("output") is (detection.type != "policy")


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
