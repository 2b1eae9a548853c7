"""How the runtime's errors read."""

import unittest

from panther_core.exceptions import FunctionReturnTypeError, PantherError, UnknownDestinationError


class Reading(unittest.TestCase):
    def test_str(self):
        for error, text in [
            (PantherError(), ""),
            (PantherError("subject"), "subject"),
            (PantherError("subject", "a", 1, None), "subject: a, 1, None"),
            (FunctionReturnTypeError("detection [x]", "expected [bool]"), "detection [x]: expected [bool]"),
            (UnknownDestinationError("Invalid Destinations", ["a"]), "Invalid Destinations: ['a']"),
        ]:
            with self.subTest(text):
                self.assertEqual(str(error), text)
                self.assertIsInstance(error, PantherError)


if __name__ == "__main__":
    unittest.main()
