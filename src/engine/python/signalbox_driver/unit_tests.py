"""Runs the unit tests of helpers and data models with unittest, one test at a time."""

import sys
import time
import unittest
from types import ModuleType

from panther_detection_helpers import caching
from panther_detection_helpers.backend import MemoryBackend
from signalbox_driver import progress
from signalbox_driver.captured_output import captured
from signalbox_driver.failures import describe


def load_unit_tests(body):
    """Returns the tests by name, in the order of unittest."""
    # The path makes the name unique, since unittest looks up modules by name and two folders may hold the same one.
    module = ModuleType(body["path"].removesuffix(".py").replace("/", "."))
    module.__file__ = body["path"]
    sys.modules[module.__name__] = module
    exec(compile(body["source"], body["path"], "exec"), module.__dict__)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    return {test.id().removeprefix(f"{module.__name__}."): test for test in _flat(suite)}


def run_unit_test(number, item, test, known):
    """Returns {status, errors, reason, output, durationMs}. `known`: the result of a call that ended a worker."""
    caching.set_backend(MemoryBackend())
    result = _Result()
    progress.begin(number, item)
    started = time.perf_counter()
    if not known:
        try:
            progress.armed[0] = True
            # A suite of one test runs the set-up of its class and module.
            unittest.TestSuite([test]).run(result)
            progress.armed[0] = False
        except BaseException as error:
            progress.armed[0] = False
            result.described_errors.append(describe(error))
    duration = time.perf_counter() - started
    errors = result.described_errors + [ended["error"] for ended in known.values()]
    return {
        "status": "failed" if errors or result.is_unexpected else "skipped" if result.skip_reason else "passed",
        "errors": errors,
        "reason": "was expected to fail" if result.is_unexpected else result.skip_reason,
        "output": captured.take(),
        "durationMs": round(duration * 1000, 3),
    }


class _Result(unittest.TestResult):
    """Collects errors as the driver describes them; unittest would format every frame."""

    def __init__(self):
        super().__init__()
        self.described_errors = []
        self.skip_reason = ""
        self.is_unexpected = False

    def addError(self, test, err):
        self.described_errors.append(describe(err[1]))

    addFailure = addError

    def addSubTest(self, test, subtest, err):
        if err is not None:
            error = describe(err[1])
            self.described_errors.append(error | {"message": f"{subtest._subDescription()} {error['message']}"})

    def addSkip(self, test, reason):
        self.skip_reason = str(reason) or "skipped"

    def addExpectedFailure(self, test, err):
        pass

    def addUnexpectedSuccess(self, test):
        self.is_unexpected = True


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test
