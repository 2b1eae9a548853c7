"""Loads helpers, data models and detections; a body that fails becomes a problem and the others go on."""

import importlib
import sys
from types import ModuleType

from panther_core.data_model import DataModel
from signalbox_driver import integrity, progress, sandbox
from signalbox_driver.analysis import compiled
from signalbox_driver.failures import describe_loading, integrity_violation, missing_function, register_source
from signalbox_driver.imports import HelperFinder
from signalbox_driver.outputs import FUNCTIONS
from signalbox_driver.start_dependence import StartDependence
from signalbox_driver.unit_tests import load_unit_tests

_models = {}


def loaded_models():
    """Returns the data models by log type."""
    return _models


class Detection:
    """A loaded body. Its functions are looked up at each call, so that mocks of them take effect."""

    def __init__(self, number, spec, namespace):
        self.number = number
        self.id = spec["id"]
        self.type = spec["type"]
        self.matcher = "policy" if self.type == "policy" else "rule"
        self.namespace = namespace
        names = [self.matcher, *FUNCTIONS[1:]]
        self.functions = [
            (index, FUNCTIONS[index], name) for index, name in enumerate(names) if callable(namespace.get(name))
        ]


class LoadedProject:
    """The loaded bodies. `finish` loads those that depend on the start, after a snapshot of the others was taken."""

    def __init__(self, bodies, excluded, start_dependent):
        """`start_dependent`: numbers of bodies, or None: load all in order and detect no dependence."""
        self._left = {number: bodies[number] for number in start_dependent or ()}
        self._helper_names = [body["id"] for body in bodies if body["kind"] == "helper"]
        self.found_dependent = set()
        self._model_numbers = {}
        self.detections = {}
        self.models = _models
        self.unit_tests = {}
        self.problems = []
        self._excluded = excluded
        for body in bodies:
            if body["source"] is not None:
                register_source(body["path"], body["source"])
        sandbox.name_bodies({number: body["id"] for number, body in enumerate(bodies)})
        self._helper_finder = HelperFinder(self._helpers(bodies))
        self._helper_finder.install()
        now = [number for number in range(len(bodies)) if number not in self._left]
        if start_dependent is None:
            self._load_all(now, lambda number: self._load(number, bodies[number]))
        else:
            with StartDependence() as dependence:
                self._load_all(now, lambda number: dependence.load(number, lambda: self._load(number, bodies[number])))
            self.found_dependent = dependence.bodies
        if not self._left:
            self._watch()

    def finish(self):
        """Loads the bodies that depend on the start and returns their problems."""
        self.problems = []
        self._load_all(sorted(self._left), lambda number: self._load(number, self._left[number]))
        self._watch()
        return self.problems

    def _load_all(self, numbers, load):
        for number in numbers:
            load(number)
            if changes := integrity.find_changed_bindings():
                # The loaded state cannot be trusted any more, so the host starts again without this body.
                self.problems = [{"body": number, "error": integrity_violation(changes)}]
                break
        progress.leave()

    def _helpers(self, bodies):
        return {
            body["id"]: (number, body, self._excluded.get(number))
            for number, body in enumerate(bodies)
            if body["kind"] == "helper"
        }

    def _watch(self):
        for number, detection in self.detections.items():
            functions = [name for _, _, name in detection.functions]
            integrity.watch_detection(number, detection.id, detection.namespace, functions)
        for name in self._helper_names:
            if name in sys.modules:
                integrity.watch_helper(name, vars(sys.modules[name]))

    def _load(self, number, body):
        error = self._excluded.get(number)
        if error is None:
            progress.begin_loading(number)
            try:
                progress.armed[0] = True
                error = _LOADERS[body["kind"]](self, number, body)
                progress.armed[0] = False
            except BaseException as raised:
                progress.armed[0] = False
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
            # The problem is what the helper itself raised, even if another helper imported it first.
            failure = self._helper_finder.failures.get(body["id"])
            if failure is None:
                raise
            return failure

    def _load_data_model(self, number, body):
        config = {
            "id": body["id"],
            "versionId": "",
            "mappings": body["mappings"],
            "body": body["source"],
        }
        model = DataModel(config, body["path"])
        for log_type in body["logTypes"]:
            # The first data model in the order of bodies wins, even if it is loaded last.
            if number <= self._model_numbers.setdefault(log_type, number):
                self._model_numbers[log_type] = number
                self.models[log_type] = model

    def _load_detection(self, number, body):
        # The module is not in sys.modules, so no other detection can import it.
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
