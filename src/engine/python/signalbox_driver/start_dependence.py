"""Detects which bodies and modules depend on the start: they read the wall clock or random numbers while they are loaded.

Their state belongs to one start, so no snapshot may hold it, nor anything that imported it. Such bodies are loaded at
every start. The host counts the reads (see load-notices.ts). The shared random generator is seeded once for each start, so
a change of its state counts as a read.
"""

import importlib
import random
import sys

from signalbox_driver import progress

_bootstrap = importlib._bootstrap
_random_state = random.getstate


class StartDependence:
    """While entered, replaces the step of the import system that runs a module."""

    def __init__(self):
        # The numbers of bodies and the names of modules that depend on the start.
        self.bodies = set()
        self._modules = set()
        self._own_reads = 0
        self._random = _random_state()

    def __enter__(self):
        self._run_module = _bootstrap._load_unlocked
        _bootstrap._load_unlocked = self._load_module
        return self

    def __exit__(self, *_error):
        _bootstrap._load_unlocked = self._run_module

    def load(self, number, load):
        before = self._reads()
        load()
        if self._reads() != before:
            self.bodies.add(number)
            self._forget_modules()

    def _load_module(self, spec):
        before = self._reads()
        try:
            return self._run_module(spec)
        finally:
            if spec.name in self._modules:
                self._own_reads += 1
            elif self._reads() != before:
                self._modules.add(spec.name)

    def _reads(self):
        state = _random_state()
        if state != self._random:
            self._random = state
            self._own_reads += 1
        return progress.start_reads() + self._own_reads

    def _forget_modules(self):
        """Removes the modules, so that the next body that imports one is detected too. The resulting state is discarded."""
        for name in self._modules:
            module = sys.modules.pop(name, None)
            parent, _, child = name.rpartition(".")
            if module is not None and vars(sys.modules.get(parent, sys)).get(child) is module:
                delattr(sys.modules[parent], child)
