"""Who acted in a CloudTrail record, in words that fit into an alert's title."""


def actor(event) -> str:
    identity = event.get("userIdentity", {})
    kind = identity.get("type")
    if kind == "Root":
        return "the root user"
    if kind == "AssumedRole":
        # arn:aws:sts::<account>:assumed-role/<role>/<session>
        role, _, session = identity.get("arn", "").partition("assumed-role/")[2].partition("/")
        return f"{session} as {role}"
    return identity.get("userName") or identity.get("arn") or "an unknown actor"


def account(event) -> str:
    return event.get("recipientAccountId") or event.deep_get("userIdentity", "accountId", default="unknown")


def alert_context(event) -> dict:
    return {
        "actor": actor(event),
        "account": account(event),
        "event": event.get("eventName"),
        "region": event.get("awsRegion"),
        "sourceIp": event.get("sourceIPAddress"),
    }
