"""Raises readable errors for what a detection must not do. The import lock of the host is what prevents it.

The audit hook is added before any project code is loaded, and every snapshot contains it.
"""

import logging
import os
import random
import select
import sys
import time

from signalbox_driver import integrity, progress

#: Ways into the host that only the trusted boot needs.
_BRIDGES = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "ctypes", "_ctypes")

#: Prefixes of audit events, and what the detection tried to do.
_ACTIONS = (
    ("socket.", "open a network connection"),
    ("os.system", "run a shell command"),
    ("os.exec", "run a program"),
    ("os.posix_spawn", "run a program"),
    ("os.spawn", "run a program"),
    ("os.fork", "start a process"),
    ("subprocess.", "start a process"),
    ("pty.", "start a process"),
    ("ctypes.", "call native code"),
    ("os.kill", "signal a process"),
    ("os.remove", "remove a file"),
    ("os.rename", "rename a file"),
    ("os.rmdir", "remove a folder"),
    ("os.mkdir", "make a folder"),
    ("os.link", "link a file"),
    ("os.symlink", "link a file"),
    ("os.truncate", "change a file"),
    ("os.chmod", "change a file"),
    ("os.putenv", "change the environment"),
    ("urllib.Request", "open a network connection"),
    ("http.client", "open a network connection"),
    ("smtplib.", "open a network connection"),
    ("ftplib.", "open a network connection"),
)
#: The first words of these prefixes. Most events have none of them.
_AUDITED = frozenset(start.partition(".")[0] for start, _ in _ACTIONS)
#: These are harmless: looking up a name does not connect to it.
_HARMLESS = ("socket.__new__", "socket.gethostname", "socket.getservbyname", "socket.getservbyport")
#: The flags with which a file may be opened; the host has its own list in file-imports.ts.
_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

# The function of the library, whatever project code replaces it with.
_seed = random.seed
_names = {}
_locked = []


class SandboxError(Exception):
    """A detection tried to leave the sandbox."""


class SandboxImportError(SandboxError, ImportError):
    """A detection tried to import a way into the host."""


def name_bodies(names):
    """Sets the names of bodies in errors, by number."""
    _names.update(names)


def lock_down(_text):
    """Removes the bridges and adds the audit hook. Called once, before any project code runs."""
    if not _locked:
        _locked.append(True)
        for name in [name for name in sys.modules if name.split(".")[0] in _BRIDGES]:
            del sys.modules[name]
        sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__.split(".")[0] not in _BRIDGES]
        sys.path_hooks[:] = [hook for hook in sys.path_hooks if type(hook).__module__.split(".")[0] not in _BRIDGES]
        # These raise no audit event, and their own errors explain little.
        select.select = select.poll = _wait
        sys.addaudithook(_audit)
        integrity.watch_runtime()
    return ""


def reseed(seed):
    """Sets what belongs to one start. Called before bodies are loaded and after a snapshot was restored."""
    _seed(seed)
    logging._startTime = time.time_ns()
    return ""


def _audit(event, args):
    if event == "import":
        if args[0].split(".")[0] in _BRIDGES:
            raise SandboxImportError(f"{_current_detection()} tried to import {args[0]}, a way into the host")
    elif event == "open":
        if args[2] & ~_OPEN_FLAGS:
            action = "write a file" if args[2] & _WRITES else "open a file in another way than for reading"
            raise SandboxError(f"{_current_detection()} tried to {action}")
    elif event == "object.__setattr__":
        if args[1] == "__code__":
            raise SandboxError(f"{_current_detection()} tried to replace the code of a function")
    elif event.partition(".")[0] in _AUDITED and event not in _HARMLESS:
        for start, action in _ACTIONS:
            if event.startswith(start):
                raise SandboxError(f"{_current_detection()} tried to {action}")


def _wait(*_args):
    raise SandboxError(f"{_current_detection()} tried to wait for a file or a connection")


def _current_detection():
    body, _item = progress.position()
    return f"detection {_names[body]}" if body in _names else "a detection"
