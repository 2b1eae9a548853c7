"""Guards of many detections by native Python: one JSON request on standard input, one answer on standard output.

{runtime, helpers: {name: [path, source]}, others: [[path, source]] that are no helpers and no detections,
detections: [{path, source, kind, models: {log type: model or null}}]}
-> {guards: [programs of each detection], changes: [[path or null, place]], ms}
"""

import json
import sys
import time

request = json.load(sys.stdin)
sys.path[:0] = [request["runtime"]]

from signalbox_syntax.guards import Guards  # noqa: E402


def main():
    started = time.process_time()
    helpers = {name: tuple(helper) for name, helper in request["helpers"].items()}
    guards = Guards(helpers)
    detections = [[each["path"], each["source"], each["kind"], each["models"]] for each in request["detections"]]
    answers = [guards.of_detection(*each) for each in detections]
    sources = {tuple(each[:2]) for each in (*helpers.values(), *request["others"], *detections)}
    changes = [each for source in sorted(sources) for each in guards.changes_of(*source)[0]]
    ms = (time.process_time() - started) * 1000
    json.dump({"guards": answers, "changes": changes, "ms": ms}, sys.stdout)


main()
