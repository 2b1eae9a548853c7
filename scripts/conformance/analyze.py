"""The engine's own analysis under native CPython: one JSON request on standard input, one answer on standard output.

{runtime, request: text of `analyze`} -> {analyses: text of its answer, ms}
"""

import json
import sys
import time

request = json.load(sys.stdin)
sys.path[:0] = [request["runtime"]]
sys.path.append(request["runtime"] + "/stand_ins")

from signalbox_driver.analysis import analyze  # noqa: E402

started = time.process_time()
analyses = analyze(request["request"])
json.dump({"analyses": analyses, "ms": (time.process_time() - started) * 1000}, sys.stdout)
