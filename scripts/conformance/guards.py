"""Guards of many detections by native Python: one JSON request on standard input, one answer on standard output.

{runtime, helpers: {name: [path, source]}, detections: [{path, source, kind, models: [[log type or null, model or null]]}]}
-> {guards: [[guard of each of its models]], ms}
"""

import json
import sys
import time

request = json.load(sys.stdin)
sys.path[:0] = [request["runtime"]]

from signalbox_syntax.guards import Guards  # noqa: E402


def main():
    started = time.process_time()
    guards = Guards({name: tuple(helper) for name, helper in request["helpers"].items()})
    answers = [of_detection(guards, each) for each in request["detections"]]
    json.dump({"guards": answers, "ms": (time.process_time() - started) * 1000}, sys.stdout)


def of_detection(guards, detection):
    found, plain = [], None
    for log_type, model in detection["models"]:
        if plain is None:
            plain = guards.of_detection(
                detection["path"], detection["source"], kind=detection["kind"], model=model, log_type=log_type
            )
            found.append(plain)
        elif not plain.get("readsModel"):
            found.append(plain)
        else:
            found.append(
                guards.of_detection(
                    detection["path"], detection["source"], kind=detection["kind"], model=model, log_type=log_type
                )
            )
    return found


main()
