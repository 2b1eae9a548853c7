"""What bodies print: kept apart from the protocol, bounded, taken away detection by detection."""

import io
import sys


class PrintedOutput(io.TextIOBase):
    def __init__(self):
        self.limit = 0
        self._parts = []
        self._length = 0

    def writable(self):
        return True

    def write(self, text):
        room = self.limit - self._length
        if room > 0:
            self._parts.append(text[:room])
            self._length += len(self._parts[-1])
        return len(text)

    def take(self):
        """What was printed since the last call."""
        text = "".join(self._parts)
        self._parts.clear()
        self._length = 0
        return text


printed = PrintedOutput()


def capture():
    """Bodies may have replaced the streams: set again before every batch."""
    printed.take()
    sys.stdout = sys.stderr = printed
