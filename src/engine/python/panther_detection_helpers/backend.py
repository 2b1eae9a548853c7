"""Where cached items live.

A backend has two synchronous methods:

    read(key) -> (item, version)            an absent key reads as ({}, version)
    write(key, item, version) -> bool       False when the key was written since that version was read

An item is a JSON object with any of intCount, stringSet (a list), dictionary (JSON text) and expiresAt
(epoch seconds). The version check keeps counters exact when several workers share one backend. Backends
need not look at expiresAt; they may drop an item once it has passed.
"""


class MemoryBackend:
    """The default: a dict of this interpreter, gone with it."""

    def __init__(self):
        self._entries = {}

    def read(self, key):
        item, version = self._entries.get(key, ({}, 0))
        return dict(item), version

    def write(self, key, item, version):
        if self._entries.get(key, ({}, 0))[1] != version:
            return False
        self._entries[key] = (dict(item), version + 1)
        return True

    def reset(self):
        """Forgets everything; tests do so before each case."""
        self._entries.clear()
