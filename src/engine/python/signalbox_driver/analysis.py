"""Analyzes and compiles the texts of bodies. It runs before any of them is loaded, so project code cannot influence it."""

import base64
import json
import marshal

from signalbox_driver import progress
from signalbox_syntax.facts import Facts


def analyze(text):
    """{helpers: {import name: [path, source]}, bodies: [{number, kind, id, path, source}]}
    -> for each body {facts, code}, each null if there is none.
    """
    request = json.loads(text)
    reader = Facts({name: tuple(helper) for name, helper in request["helpers"].items()})
    progress.install_handler()
    analyses = [
        {
            "facts": _with_deadline(body, lambda: _READERS[body["kind"]](reader, body)),
            "code": _with_deadline(body, lambda: _code(body)),
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


_READERS = {
    "helper": lambda reader, body: reader.of_helper(body["id"]),
    "data-model": lambda reader, body: reader.of_body(body["path"], body["source"]),
    "detection": lambda reader, body: reader.of_detection(body["path"], body["source"]),
    "unit-tests": lambda reader, body: None,
}
