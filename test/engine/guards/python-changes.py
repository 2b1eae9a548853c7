"""What bodies change of a helper by running, and what the analysis says of their texts.

One JSON request on standard input: {runtime, helper, bodies: [source]}
-> [{changed: whether the helper answers differently after the body has run, changes: what changes_of says}]
"""

import json
import sys
from types import ModuleType

request = json.load(sys.stdin)
sys.path[:0] = [request["runtime"]]

from signalbox_syntax.guards import Guards  # noqa: E402


def main():
    helper = request["helper"]
    guards = Guards({"names": ("names.py", helper)})
    answers = []
    for source in request["bodies"]:
        names = load("names", helper)
        sys.modules["names"] = names
        load("body", source)
        answers.append({"changed": names.is_wanted("b"), "changes": guards.changes_of("body.py", source)[0]})
    json.dump(answers, sys.stdout)


def load(name, source):
    module = ModuleType(name)
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


main()
