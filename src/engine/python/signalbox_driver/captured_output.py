"""What bodies print: kept apart from the protocol, bounded, taken away detection by detection."""

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
        """What was printed since the last call."""
        text = "".join(self._parts)
        self._parts.clear()
        self._length = 0
        return text


captured = CapturedOutput()


def capture():
    """Bodies may have replaced the streams: set again before every batch."""
    captured.take()
    sys.stdout = sys.stderr = captured
