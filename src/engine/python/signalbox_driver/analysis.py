"""Analyzes and compiles the texts of bodies. It runs before any of them is loaded, so project code cannot influence it."""

import base64
import json
import marshal

from signalbox_driver import progress
from signalbox_syntax.facts import Facts
from signalbox_syntax.guards import Guards
from signalbox_syntax.modules import Sources


def analyze(text):
    """{helpers: {import name: [path, source]}, models: {log type: [path, source or null, mappings]},
    bodies: [{number, kind, id, path, source, type and logTypes of a detection}]}
    -> for each body {facts, code, guard: JSON text of guard_of_body}, each null if there is none.
    """
    request = json.loads(text)
    helpers = {name: tuple(helper) for name, helper in request["helpers"].items()}
    sources = Sources()
    reader, guards = Facts(helpers, sources), Guards(helpers, sources)
    progress.install_handler()
    analyses = [
        {
            "facts": _with_deadline(body, lambda: _READERS[body["kind"]](reader, body)),
            "code": _with_deadline(body, lambda: _code(body)),
            "guard": _with_deadline(body, lambda: _guard(guards, body, request["models"])),
        }
        for body in request["bodies"]
    ]
    progress.leave()
    return json.dumps(analyses, separators=(",", ":"))


def compiled(body):
    """Returns the code of a body that is about to be loaded, compiling it if the analysis did not."""
    code = body.get("code")
    return marshal.loads(base64.b64decode(code)) if code else compile(body["source"], body["path"], "exec")


def _with_deadline(body, read):
    progress.begin_loading(body["number"])
    try:
        progress.armed[0] = True
        answer = read()
        progress.armed[0] = False
        return answer
    except BaseException:
        progress.armed[0] = False
        # The text is not Python, or time or memory ran out. Loading the body reports the error.
        return None


def _code(body):
    return base64.b64encode(marshal.dumps(compile(body["source"], body["path"], "exec"))).decode()


def _guard(guards, body, models):
    """JSON text of {programs, changes, followed}; see guards.py and guard_changes.py."""
    path, source = body["path"], body["source"]
    changes, followed = guards.changes_of(path, source)
    programs = []
    if body["kind"] == "detection":
        known = {log_type: models.get(log_type) for log_type in body["logTypes"]}
        programs = guards.of_detection(path, source, body["type"], known)
    for program in programs:
        followed += program.get("followed", ())
    # The host looks for `"changes":[]` before it parses the text.
    return json.dumps(
        {"changes": changes, "programs": programs, "followed": sorted(set(followed))}, separators=(",", ":")
    )


_READERS = {
    "helper": lambda reader, body: reader.of_helper(body["id"]),
    "data-model": lambda reader, body: reader.of_body(body["path"], body["source"]),
    "detection": lambda reader, body: reader.of_detection(body["path"], body["source"]),
    "unit-tests": lambda reader, body: None,
}
