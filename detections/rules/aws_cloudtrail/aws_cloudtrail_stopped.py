import aws_identity


def rule(event):
    return event.get("eventName") in ("StopLogging", "DeleteTrail") and not event.get("errorCode")


def title(event):
    return f"CloudTrail {dedup(event)} was switched off by {aws_identity.actor(event)}"


def dedup(event):
    return event.deep_get("requestParameters", "name", default="unknown trail")
