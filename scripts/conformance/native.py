"""The engine's own driver under native CPython: one JSON request on standard input, one answer on standard output.

{runtime, packages, load, test} -> {python, problems, outcomes}, where load and test are the driver's own texts. No lock and no limits: for repositories that one trusts.
"""

import json
import sys


def main():
    request = json.load(sys.stdin)
    answers = sys.stdout
    sys.path[:0] = [request["runtime"], *request["packages"]]
    sys.path.append(request["runtime"] + "/stand_ins")
    from signalbox_driver import batch

    problems = json.loads(batch.load(request["load"]))["problems"]
    outcomes = batch.test(request["test"])
    python = sys.version.split()[0]
    answers.write(f'{{"python": "{python}", "problems": {json.dumps(problems)}, "outcomes": {outcomes}}}')


try:
    main()
finally:
    # The driver captures what is printed.
    sys.stderr = sys.__stderr__
