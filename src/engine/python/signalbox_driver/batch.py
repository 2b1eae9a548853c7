"""The calls of the host: load a project, evaluate a batch of events, run a batch of test calls or unit tests."""

import sys
import time
import warnings

# These are imported by name, so a body that replaces them in their module does not change the responses.
from json import dumps, loads

from panther_detection_helpers import caching
from panther_detection_helpers.backend import MemoryBackend
from signalbox_driver import failures, progress
from signalbox_driver.captured_output import capture, captured
from signalbox_driver.host_cache import HostBackend
from signalbox_driver.imports import add_packages
from signalbox_driver.lines import followed, lines_as_json
from signalbox_driver.loading import LoadedProject
from signalbox_driver.mocking import mocked
from signalbox_driver.reads import observed, observing, reads_as_json
from signalbox_driver.running import findings, run
from signalbox_driver.unit_tests import run_unit_test
from signalbox_driver.views import Views, view

_project = None
_limits = {}


def load(text):
    """{bodies, excluded: [[body, error]], timeMs, loadMs, outputBytes, hostCache, packages: {roots}, codes: [code],
    startDependent: [body] to leave for `finish_load`, or null: load everything and detect nothing}
    -> {problems: [{body, error}], startDependent: [body] that were found to depend on the start}
    """
    global _project
    request = loads(text)
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    failures.set_limit(request["loadMs"])
    captured.limit = request["outputBytes"]
    if request["hostCache"]:
        caching.set_backend(HostBackend())
    _prepare()
    add_packages(request["packages"]["roots"])
    for body, code in zip(request["bodies"], request["codes"], strict=True):
        body["code"] = code
    _project = LoadedProject(request["bodies"], dict(map(tuple, request["excluded"])), request["startDependent"])
    _limits.update({name: request[name] for name in ("timeMs", "loadMs")})
    failures.set_limit(request["timeMs"])
    return _answer({"problems": _project.problems, "startDependent": sorted(_project.found_dependent)})


def finish_load(_text):
    """Loads the bodies that each start loads -> [{body, error}]"""
    _prepare()
    failures.set_limit(_limits["loadMs"])
    problems = _project.finish()
    failures.set_limit(_limits["timeMs"])
    return _answer(problems)


def evaluate(text):
    """{work: [[body, [group]]], groups: [[index]], markEachItem: [body], skips: [[body, item, function, error]],
    items, fields, events}, the last three by index
    -> {findings: [[item, body, functions]], output: [[body, text]]}, or null if Python cannot read the text as JSON.
    """
    try:
        request = loads(text)
    except (ValueError, RecursionError):
        return "null"
    _prepare()
    for event, fields in zip(request["events"], request["fields"], strict=True):
        event.update(fields)
    skips, marked_each_item = _skips(request["skips"]), set(request["markEachItem"])
    views = Views(request["items"], request["events"], request["groups"], _project.models)
    found, output = [], []
    for number, groups in request["work"]:
        detection = _project.detections[number]
        view_arguments = views.views_for(detection, groups)
        results = findings(detection, *view_arguments, skips.get(number, {}), number in marked_each_item)
        found.extend((item, number, functions) for item, functions in results)
        text = captured.take()
        if text:
            output.append((number, text))
    progress.leave()
    return _answer({"findings": found, "output": output})


def test(text):
    """{calls: [[item, body, entry text, mocks text, note reads?, [path, source] to follow or null, time functions?]], skips}
    -> [{functions, output, missingMocks, reads or null, durationMs, lines if followed, functionMs if timed}]
    """
    request = loads(text)
    _prepare()
    skips = _skips(request["skips"])
    with observing(bool(skips) or any(noting for *_, noting, _, _ in request["calls"])):
        outcomes = [
            _test(_project.detections[number], (item, *call), skips.get(number, {}).get(item, {}))
            for item, number, *call in request["calls"]
        ]
    progress.leave()
    return _answer(outcomes)


def unit_tests(text):
    """{calls: [[item, body, name or null]], skips} -> for each the names of the body's tests, or the result of one"""
    request = loads(text)
    _prepare()
    skips = _skips(request["skips"])
    outcomes = [
        list(_project.unit_tests[number])
        if name is None
        else run_unit_test(number, item, _project.unit_tests[number][name], skips.get(number, {}).get(item, {}))
        for item, number, name in request["calls"]
    ]
    progress.leave()
    return _answer(outcomes)


def _test(detection, call, known):
    item, entry, mocks, noting, body, is_timed = call
    times = {} if is_timed else None
    caching.set_backend(MemoryBackend())
    entry = loads(entry)
    is_plain = detection.type == "policy" or not isinstance(entry, dict)
    event = entry if is_plain else view(detection, entry, _project.models)
    with (
        mocked(detection.namespace, loads(mocks)) as missing,
        # After a call has ended a worker, or for a plain mapping, reads are not recorded.
        observed(event, noting or known or is_plain) as reads,
        followed(body) as lines,
    ):
        started = time.perf_counter()
        functions = run(detection, item, event, known, every=True, times=times)
        duration = time.perf_counter() - started
    return {
        "functions": functions,
        "output": captured.take(),
        "missingMocks": missing,
        "reads": reads_as_json(reads),
        "durationMs": round(duration * 1000, 3),
        **({"lines": lines_as_json(lines)} if lines else {}),
        **({"functionMs": times} if is_timed else {}),
    }


def _prepare():
    progress.install_handler()
    capture()


def _skips(entries):
    """Returns body -> item -> function -> the result that the function has without being called."""
    skips = {}
    for body, item, function, error in entries:
        skips.setdefault(body, {}).setdefault(item, {})[function] = {"error": error}
    return skips


def _answer(value):
    # The text is ASCII, so a lone surrogate in a result does not break its transfer.
    return dumps(value, separators=(",", ":"))
