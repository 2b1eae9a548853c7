"""Errors that the runtime raises about detections and data models."""


class PantherError(Exception):
    """Reads as its first argument, then ": " and the others."""

    def __str__(self):
        if len(self.args) < 2:
            return super().__str__()
        subject, *details = self.args
        return f"{subject}: {', '.join(map(str, details))}"


class FunctionReturnTypeError(PantherError):
    """A function returned a value of the wrong type."""


class UnknownDestinationError(PantherError):
    """destinations() named a destination that is not in the registry."""
