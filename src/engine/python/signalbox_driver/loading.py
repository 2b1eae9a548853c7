"""Loads helpers, data models and detections; a body that fails becomes a problem and the others go on."""

import importlib
import sys
from types import ModuleType

from panther_core.data_model import DataModel
from signalbox_driver import canary, marks, sandbox
from signalbox_driver.failures import describe_loading, know_source, missing_function, tampering
from signalbox_driver.imports import HelperFinder
from signalbox_driver.outputs import FUNCTIONS
from signalbox_driver.study import compiled
from signalbox_driver.unit_tests import load_unit_tests

_models = {}


def loaded_models():
    """Log type -> data model."""
    return _models


class Detection:
    """A loaded body. Functions are looked up at each call, so that mocks of them hold."""

    def __init__(self, number, spec, namespace):
        self.number = number
        self.id = spec["id"]
        self.type = spec["type"]
        self.matcher = "policy" if self.type == "policy" else "rule"
        self.namespace = namespace
        names = [self.matcher, *FUNCTIONS[1:]]
        self.functions = [
            (place, FUNCTIONS[place], name) for place, name in enumerate(names) if callable(namespace.get(name))
        ]


class LoadedProject:
    def __init__(self, bodies, excluded):
        self.detections = {}
        self.models = _models
        self.unit_tests = {}
        self.problems = []
        self._excluded = excluded
        for body in bodies:
            if body["source"] is not None:
                know_source(body["path"], body["source"])
        sandbox.name_bodies({number: body["id"] for number, body in enumerate(bodies)})
        self._helper_finder = HelperFinder(self._helpers(bodies))
        self._helper_finder.install()
        for number, body in enumerate(bodies):
            self._load(number, body)
            if changed := canary.changed():
                # What is loaded by now is not to be trusted: the host starts anew, without that body.
                self.problems = [{"body": number, "error": tampering(changed)}]
                break
        self._watch(bodies)
        marks.leave()

    def _helpers(self, bodies):
        return {
            body["id"]: (number, body, self._excluded.get(number))
            for number, body in enumerate(bodies)
            if body["kind"] == "helper"
        }

    def _watch(self, bodies):
        for number, detection in self.detections.items():
            functions = [name for _, _, name in detection.functions]
            canary.watch_detection(number, detection.id, detection.namespace, functions)
        for body in bodies:
            if body["kind"] == "helper" and body["id"] in sys.modules:
                canary.watch_helper(body["id"], vars(sys.modules[body["id"]]))

    def _load(self, number, body):
        error = self._excluded.get(number)
        if error is None:
            marks.begin_loading(number)
            try:
                marks.armed[0] = True
                error = _LOADERS[body["kind"]](self, number, body)
                marks.armed[0] = False
            except BaseException as raised:
                marks.armed[0] = False
                error = describe_loading(raised, body["path"])
        if error is not None:
            self.problems.append({"body": number, "error": error})

    def _load_helper(self, _number, body):
        if body.get("onDemand"):
            return None
        try:
            importlib.import_module(body["id"])
            return None
        except BaseException:
            # Of the helper itself what it raised is told, also where another one imported it first.
            failure = self._helper_finder.failures.get(body["id"])
            if failure is None:
                raise
            return failure

    def _load_data_model(self, _number, body):
        config = {
            "id": body["id"],
            "versionId": "",
            "mappings": body["mappings"],
            "body": body["source"],
        }
        model = DataModel(config, body["path"])
        for log_type in body["logTypes"]:
            self.models.setdefault(log_type, model)

    def _load_detection(self, number, body):
        # Not in sys.modules: no detection is importable by another.
        module = ModuleType(body["id"])
        module.__file__ = body["path"]
        exec(compiled(body), module.__dict__)
        detection = Detection(number, body, module.__dict__)
        if not callable(detection.namespace.get(detection.matcher)):
            return missing_function(body["path"], detection.matcher)
        self.detections[number] = detection
        return None

    def _load_unit_tests(self, number, body):
        self.unit_tests[number] = load_unit_tests(body)


_LOADERS = {
    "helper": LoadedProject._load_helper,
    "data-model": LoadedProject._load_data_model,
    "detection": LoadedProject._load_detection,
    "unit-tests": LoadedProject._load_unit_tests,
}
