"""The same bodies, event semantics and outputs without the engine: what one would write for native CPython.

As a script it reads one JSON request per line and answers one line each: `load` for the first, then `run`.
No time limits, no isolation, no checks of outputs: it does less than the engine does.
"""

import io
import json
import sys
import time
from importlib.machinery import ModuleSpec
from types import ModuleType

FUNCTIONS = (
    "title",
    "description",
    "reference",
    "severity",
    "runbook",
    "destinations",
    "dedup",
    "alert_context",
    "unique",
)


class Bodies:
    def __init__(self, bodies, excluded):
        self.rules = {}
        self.models = {}
        self.problems = []
        self._sources = {body["id"]: body for body in bodies if body["kind"] == "helper"}
        sys.meta_path.append(self)
        for number, body in enumerate(bodies):
            if number in excluded:
                continue
            try:
                _LOADERS[body["kind"]](self, body)
            except Exception as error:
                self.problems.append(f"{body['id']}: {error!r}")

    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name in self._sources else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        body = self._sources[module.__name__]
        exec(compile(body["source"], body["path"], "exec"), module.__dict__)

    def _load_helper(self, body):
        __import__(body["id"])

    def _load_model(self, body):
        from panther_core.data_model import DataModel

        config = {"id": body["id"], "versionId": "", "mappings": body["mappings"], "body": body["source"]}
        model = DataModel(config, body["path"])
        for log_type in body["logTypes"]:
            self.models.setdefault(log_type, model)

    def _load_detection(self, body):
        if body["type"] != "rule":
            return
        module = ModuleType(body["id"])
        exec(compile(body["source"], body["path"], "exec"), module.__dict__)
        names = module.__dict__
        others = [(name, names[name]) for name in FUNCTIONS if callable(names.get(name))]
        for log_type in body["logTypes"]:
            self.rules.setdefault(log_type, []).append((body["id"], names["rule"], others))


_LOADERS = {
    "helper": Bodies._load_helper,
    "data-model": Bodies._load_model,
    "detection": Bodies._load_detection,
}


class _Nowhere(io.TextIOBase):
    def write(self, text):
        return len(text)


_bodies = None


def load(text):
    """{runtime, bodies, excluded} -> {python, problems}"""
    global _bodies
    request = json.loads(text)
    sys.path[:0] = [request["runtime"], f"{request['runtime']}/stand_ins"]
    # Bodies that print must not write into the answers.
    sys.stdout = _Nowhere()
    _bodies = Bodies(request["bodies"], set(request["excluded"]))
    return json.dumps({"python": sys.version.split()[0], "problems": _bodies.problems})


def run(text):
    """{logType, events} -> {seconds, coreSeconds, findings}; the times are those of the evaluation alone."""
    from panther_core.immutable import json_encoder

    request = json.loads(text)
    log_type = request["logType"]
    rules = _bodies.rules.get(log_type, [])
    found = 0
    started, core_started = time.perf_counter(), time.process_time()
    for number, raw in enumerate(request["events"]):
        findings = _findings(rules, _event(raw, number, log_type))
        if findings:
            json.dumps(findings, default=json_encoder)
            found += len(findings)
    seconds, core_seconds = time.perf_counter() - started, time.process_time() - core_started
    return json.dumps({"seconds": seconds, "coreSeconds": core_seconds, "findings": found})


def _event(raw, number, log_type):
    from panther_core import PantherEvent

    record = json.loads(raw)
    record.setdefault("p_log_type", log_type)
    record.setdefault("p_row_id", f"{number:032x}")
    return PantherEvent(record, _bodies.models.get(log_type))


def _findings(rules, event):
    findings = []
    for rule_id, rule, others in rules:
        try:
            if rule(event) is not True:
                continue
        except Exception as error:
            findings.append((rule_id, {"detection": repr(error)}))
            continue
        findings.append((rule_id, {name: _output(function, event) for name, function in others}))
    return findings


def _output(function, event):
    try:
        return function(event)
    except Exception as error:
        return repr(error)


def main():
    answers = sys.stdout
    answer = load
    for line in sys.stdin:
        print(answer(line), file=answers, flush=True)
        answer = run


if __name__ == "__main__":
    main()
