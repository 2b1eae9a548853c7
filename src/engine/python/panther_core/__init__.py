"""What detection bodies see of an event. Written from observed behaviour; no upstream source was read."""

from panther_core.enriched_event import PantherEvent

__all__ = ["PantherEvent"]
