"""Notices which bodies and modules depend on the start: they read the wall clock or random numbers while they are loaded.

What they made of it belongs to one start, so no snapshot may hold it, and nothing that imported it either. Such bodies
are loaded at every start. The host counts the readings (see load-notices.ts); of the shared random generator, which
is seeded once for each start, a change of its state is a reading.
"""

import importlib
import random
import sys

from signalbox_driver import progress

_bootstrap = importlib._bootstrap
_random_state = random.getstate


class StartDependence:
    """Replaces the step of the import system in which a module runs, while it is entered."""

    def __init__(self):
        # Numbers of bodies, and names of modules.
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
        """The next body that imports one of them is noticed as well; the state that comes of this is not used."""
        for name in self._modules:
            module = sys.modules.pop(name, None)
            parent, _, child = name.rpartition(".")
            if module is not None and vars(sys.modules.get(parent, sys)).get(child) is module:
                delattr(sys.modules[parent], child)
