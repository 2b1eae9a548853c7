"""The host's three calls: load a project, evaluate a batch of events, run a batch of test calls."""

import copy
import json
import sys
import time
import warnings

from panther_core import PantherEvent
from panther_detection_helpers import caching
from panther_detection_helpers.backend import MemoryBackend
from signalbox_driver import failures, marks
from signalbox_driver.loading import LoadedProject
from signalbox_driver.mocking import mocked
from signalbox_driver.printed import capture, printed
from signalbox_driver.running import reports, run

_project = None


def load(text):
    """{bodies, excluded: [[body, error]], timeMs, outputBytes} -> [{body, error}]"""
    global _project
    request = json.loads(text)
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")
    failures.configure(request["timeMs"])
    printed.limit = request["outputBytes"]
    _prepare()
    _project = LoadedProject(request["bodies"], dict(map(tuple, request["excluded"])))
    return _answer(_project.problems)


def evaluate(text):
    """{work: [[body, [place]]], skips: [[body, item, function, error]], items, fields, events}, the last three by place
    -> {findings: [[item, body, functions]], output: [[body, text]]}, or null when the text is not JSON to Python.
    """
    try:
        request = json.loads(text)
    except (ValueError, RecursionError):
        return "null"
    _prepare()
    events = request["events"]
    for event, fields in zip(events, request["fields"], strict=True):
        event.update(fields)
    views = {}
    skips = _skips(request["skips"])
    findings, output = [], []
    for number, places in request["work"]:
        detection = _project.detections[number]
        for place in places:
            item = request["items"][place]
            seen = _seen_by(detection, item, events[place], views)
            results = run(detection, item, seen, skips.get((number, item)))
            if reports(detection, results):
                findings.append((item, number, results))
        text = printed.take()
        if text:
            output.append((number, text))
    marks.leave()
    return _answer({"findings": findings, "output": output})


def test(text):
    """{calls: [[item, body, entry text, mocks text]], skips} -> [{functions, output, missingMocks, durationMs}]"""
    request = json.loads(text)
    _prepare()
    skips = _skips(request["skips"])
    outcomes = [
        _test(_project.detections[number], item, entry, mocks, skips.get((number, item)))
        for item, number, entry, mocks in request["calls"]
    ]
    marks.leave()
    return _answer(outcomes)


def _test(detection, item, entry, mocks, errors):
    caching.set_backend(MemoryBackend())
    entry = json.loads(entry)
    plain = detection.type == "policy" or not isinstance(entry, dict)
    event = entry if plain else _view(detection, entry)
    with mocked(detection.namespace, json.loads(mocks)) as missing:
        started = time.perf_counter()
        functions = run(detection, item, event, errors, every=True)
        duration = time.perf_counter() - started
    return {
        "functions": functions,
        "output": printed.take(),
        "missingMocks": missing,
        "durationMs": round(duration * 1000, 3),
    }


def _seen_by(detection, item, record, views):
    """A policy gets its own plain, mutable copy; the rules of one event share one view of it."""
    if detection.type == "policy":
        return copy.deepcopy(record)
    if item not in views:
        views[item] = _view(detection, record)
    return views[item]


def _view(detection, record):
    # Rows of a query get no data model, whatever log they were read from.
    log_type = record.get("p_log_type") if detection.type == "rule" else None
    return PantherEvent(record, _project.models.get(log_type) if isinstance(log_type, str) else None)


def _prepare():
    marks.watch()
    capture()


def _skips(entries):
    skips = {}
    for body, item, function, error in entries:
        skips.setdefault((body, item), {})[function] = error
    return skips


def _answer(value):
    # ASCII: a lone surrogate in an author's text must not break the crossing.
    return json.dumps(value, separators=(",", ":"))
