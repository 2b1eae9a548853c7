"""Captures what bodies print, up to a limit, detection by detection."""

import io
import sys


class CapturedOutput(io.TextIOBase):
    def __init__(self):
        self.limit = 0
        self._parts = []
        self._length = 0

    def writable(self):
        return True

    def write(self, text):
        remaining = self.limit - self._length
        if remaining > 0:
            self._parts.append(text[:remaining])
            self._length += len(self._parts[-1])
        return len(text)

    def take(self):
        """Returns what was printed since the last call."""
        text = "".join(self._parts)
        self._parts.clear()
        self._length = 0
        return text


captured = CapturedOutput()


def capture():
    """Sets the streams before every batch, because project code may have replaced them."""
    captured.take()
    sys.stdout = sys.stderr = captured
