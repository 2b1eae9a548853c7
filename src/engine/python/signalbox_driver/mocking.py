"""Replaces names in a detection's module with mocks for one test case."""

from contextlib import contextmanager
from unittest.mock import MagicMock


@contextmanager
def mocked(namespace, mocks):
    """Yields the names that the module lacks."""
    present = [mock for mock in mocks if mock["objectName"] in namespace]
    missing = [mock["objectName"] for mock in mocks if mock["objectName"] not in namespace]
    originals = {mock["objectName"]: namespace[mock["objectName"]] for mock in present}
    try:
        for mock in present:
            namespace[mock["objectName"]] = _magic_mock(mock.get("returnValue"))
        yield missing
    finally:
        namespace.update(originals)


def _magic_mock(return_value):
    # Some bodies test for this class.
    return MagicMock(return_value=return_value)
