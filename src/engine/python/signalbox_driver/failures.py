"""Describes what a body raised: type, message, and the frames in files of the project."""

import linecache
import re
from itertools import islice

from signalbox_driver.progress import TimeLimitExceeded

_MAX_TEXT_CHARS = 1_000
_MAX_FRAMES = 20

# Messages of Pyodide name commands that do not exist here, so they are replaced.
_HOST_WORDS = (
    (
        re.compile(r"\.(?:\s|\\n)*On Pyodide you must do pyodide\.loadPackage\(\\?'tzdata\\?'\) package before you use zoneinfo"),
        ": no time zone database is installed (signalbox python add tzdata installs it)",
    ),
    (re.compile(r"emscripten does not support processes"), "processes cannot be started here"),
    (re.compile(r"SSL is not supported in Pyodide"), "TLS is not available here"),
)

_sources = set()
_limit_text = ""


def set_limit(milliseconds):
    """Sets the limit that later time limit errors name."""
    global _limit_text
    _limit_text = f"took longer than the limit of {milliseconds} ms"


def register_source(path, source):
    """Registers a file of the project, so that frames in it are described with their source lines."""
    _sources.add(path)
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)


def describe(error):
    return _describe(error, _tracebacks(error))


def time_limit(message, frames):
    name = TimeLimitExceeded.__name__
    return {"type": name, "message": message, "repr": f"{name}({message!r})", "frames": frames, "limit": "time"}


def budget_spent():
    """Describes that a function was not run because an earlier one used up the budget."""
    return time_limit(f"not run: an earlier function {_limit_text}", [])


def describe_loading(error, path):
    """Works like `describe`, with at least one frame in the loaded file, and with the column."""
    tracebacks = _tracebacks(error)
    described = _describe(error, tracebacks)
    frames = described["frames"] or [_frame(path, 1, "<module>")]
    return {**described, "frames": [*frames[:-1], frames[-1] | _position(error, tracebacks)]}


def integrity_violation(changes):
    """Describes changed shared state. The host starts again and writes the message for people."""
    return {"type": "Tampering", "message": changes, "repr": changes, "frames": [], "limit": "integrity"}


def missing_function(path, name):
    message = f"the body defines no function {name}"
    frames = [_frame(path, 1, "<module>")]
    return {"type": "MissingFunction", "message": message, "repr": message, "frames": frames}


def _describe(error, tracebacks):
    frames = _frames(error, tracebacks)
    if isinstance(error, TimeLimitExceeded):
        return time_limit(_limit_text, frames)
    return {
        "type": type(error).__name__[:_MAX_TEXT_CHARS],
        "message": _text(str, error),
        "repr": _text(repr, error),
        "frames": frames,
    }


def _text(of, error):
    # An exception class of the project may fail to print itself.
    try:
        text = of(error)
        for pattern, words in _HOST_WORDS:
            text = pattern.sub(words, text)
        return text[:_MAX_TEXT_CHARS]
    except Exception:
        return type(error).__name__


def _tracebacks(error):
    """Returns the tracebacks in files of the project, the outermost first."""
    found = []
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename in _sources:
            found.append(traceback)
        traceback = traceback.tb_next
    return found


def _frames(error, tracebacks):
    codes = ((each.tb_frame.f_code, each.tb_lineno) for each in tracebacks)
    frames = [(code.co_filename, line, code.co_name) for code, line in codes]
    if isinstance(error, SyntaxError) and error.filename in _sources:
        frames.append((error.filename, error.lineno or 1, "<module>"))
    if len(frames) > _MAX_FRAMES:
        frames = frames[: _MAX_FRAMES // 2] + frames[-_MAX_FRAMES // 2 :]
    described = [_frame(*frame) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename in _sources and error.offset:
        line = linecache.getline(error.filename, error.lineno or 1).rstrip("\r\n")
        described[-1] |= {"source": line[:_MAX_TEXT_CHARS], "column": max(1, error.offset)}
    return described


def _position(error, tracebacks):
    """Returns the column and the source line of the last frame in the project; a SyntaxError has its own."""
    if not tracebacks or isinstance(error, SyntaxError) and error.filename in _sources:
        return {}
    last = tracebacks[-1]
    code = last.tb_frame.f_code
    instruction = last.tb_lasti // 2
    line, _, start, _ = next(islice(code.co_positions(), instruction, None), (None, None, None, None))
    if line != last.tb_lineno or start is None:
        return {}
    source = linecache.getline(code.co_filename, line).rstrip("\r\n")
    # Python counts columns in bytes.
    column = len(source.encode()[:start].decode(errors="replace")) + 1
    return {"source": source[:_MAX_TEXT_CHARS], "column": column}


def _frame(path, line, function):
    source = linecache.getline(path, line).strip()
    return {"file": path, "line": line, "function": function, "source": source[:_MAX_TEXT_CHARS]}
