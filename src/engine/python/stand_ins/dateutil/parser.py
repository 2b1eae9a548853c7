"""Stand-in for dateutil.parser: ISO-like timestamps. A real dateutil earlier on sys.path wins."""

from panther_core.iso_datetime import parse_iso_datetime


class ParserError(ValueError):
    """The text is no timestamp, or of a format that only the real dateutil reads."""


def parse(timestr, *, ignoretz=False):
    """A datetime, naive when the text names no zone."""
    if not isinstance(timestr, str):
        raise TypeError(f"Parser must be a string or character stream, not {type(timestr).__name__}")
    try:
        moment = parse_iso_datetime(timestr)
    except ValueError as error:
        raise ParserError(
            f"Unknown string format: {timestr!r} (this stand-in reads ISO 8601 only)"
        ) from error
    return moment.replace(tzinfo=None) if ignoretz else moment


def isoparse(dt_str):
    return parse(dt_str)
