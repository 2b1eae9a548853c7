"""What Python itself makes of matchers, and their guards: one JSON request on standard input, one answer on standard output.

{runtime, helpers: {name: source}, cases: [{source, kind, model: [source or null, mappings] or null, events: [text]}]}
-> [{guard, answers: [{value} or {raises}]}]
"""

import json
import re
import sys
from contextlib import redirect_stdout
from io import StringIO
from types import ModuleType

request = json.load(sys.stdin)
sys.path[:0] = [request["runtime"]]

from panther_core import PantherEvent  # noqa: E402
from panther_core.data_model import DataModel  # noqa: E402
from panther_core.immutable import ImmutableCaseInsensitiveDict, ImmutableList  # noqa: E402
from signalbox_syntax.guards import Guards  # noqa: E402


def main():
    for name, source in request["helpers"].items():
        sys.modules[name] = load(name, source)
    guards = Guards({name: (f"{name}.py", source) for name, source in request["helpers"].items()})
    json.dump([answer(guards, case) for case in request["cases"]], sys.stdout)


def load(name, source):
    module = ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


def answer(guards, case):
    kind, model = case["kind"], case["model"]
    given = model and ("model.py", *model)
    guard = guards.of_log_type("body.py", case["source"], kind=kind, model=given, log_type="Log")
    data_model = model and DataModel({"id": "m", "versionId": "1", "body": model[0], "mappings": model[1]})
    namespace = load("body", case["source"]).__dict__
    matcher = namespace["policy" if kind == "policy" else "rule"]
    return {"guard": guard, "answers": [outcome(matcher, kind, data_model, text) for text in case["events"]]}


def outcome(matcher, kind, model, text):
    record = json.loads(text)
    # The engine gives an event the data model of the log type that the record names.
    own_model = model if record.get("p_log_type") == "Log" else None
    event = record if kind == "policy" else PantherEvent.over(record, own_model)
    try:
        with redirect_stdout(StringIO()):
            return {"value": described(matcher(event))}
    except Exception as error:
        return {"raises": type(error).__name__}


def described(value):
    """As JSON: values of both languages that must be the same are described in the same way."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        return ["number", float(value)]
    if isinstance(value, PantherEvent):
        return ["event"]
    if isinstance(value, ImmutableCaseInsensitiveDict):
        return ["object", value._raw]
    if isinstance(value, ImmutableList):
        return ["array", list(value._raw)]
    if isinstance(value, (set, frozenset)):
        return ["set", *sorted((described(each) for each in value), key=repr)]
    if isinstance(value, dict):
        return ["dict", *([described(key), described(each)] for key, each in value.items())]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(described, value)]
    if isinstance(value, re.Match):
        return ["match"]
    name = type(value).__name__
    return ["iterable" if name.lower().endswith(("view", "keys", "values", "items", "range")) else name]


main()
