"""Records which lines of a body run during one test call, to measure coverage."""

import sys
from contextlib import contextmanager
from functools import cache
from inspect import CO_OPTIMIZED
from types import CodeType

from signalbox_driver import progress

# Conformance runs this driver under a native CPython, which before 3.12 has no monitoring and never records lines.
_monitoring = getattr(sys, "monitoring", None)
_TOOL = _monitoring and _monitoring.COVERAGE_ID
_LINE = _monitoring and _monitoring.events.LINE


@contextmanager
def followed(body):
    """`body`: [path, source], or null: nothing is recorded. Yields the argument of `lines_as_json`."""
    if body is None:
        yield None
        return
    path, source = body
    run = set()

    def on_line(code, line):
        if code.co_filename == path:
            run.add(line)
        # Each line is reported once, so recording costs almost nothing.
        return _monitoring.DISABLE

    # Project code can use the same tool id, so it is freed before, and freeing it at the end cannot fail.
    _monitoring.free_tool_id(_TOOL)
    _monitoring.use_tool_id(_TOOL, "signalbox")
    _monitoring.register_callback(_TOOL, _LINE, on_line)
    try:
        _monitoring.set_events(_TOOL, _LINE)
        _monitoring.restart_events()
        yield path, source, run
    finally:
        _monitoring.free_tool_id(_TOOL)


def lines_as_json(followed):
    """Returns {executable, run}: numbers of lines, ascending."""
    # Compiling a long body does not count as part of its call.
    progress.leave()
    path, source, run = followed
    executable, loaded = _lines(path, source)
    return {"executable": sorted(executable), "run": sorted(executable & (run | loaded))}


@cache
def _lines(path, source):
    """Returns the lines that can run, and those that run when the body is loaded, outside of functions."""
    executable, loaded = set(), set()
    codes = [(compile(source, path, "exec"), True)]
    for code, at_load in codes:
        # Modules and classes run when they are loaded; functions do not.
        at_load = at_load and not code.co_flags & CO_OPTIMIZED
        lines = {line for _, _, line in code.co_lines() if line}
        executable |= lines
        if at_load:
            loaded |= lines
        codes += [(each, at_load) for each in code.co_consts if isinstance(each, CodeType)]
    return executable, loaded
