import aws_identity


def rule(event):
    return (
        event.get("eventName") == "ConsoleLogin"
        and event.deep_get("userIdentity", "type") == "Root"
        and event.deep_get("responseElements", "ConsoleLogin") == "Success"
    )


def title(event):
    return f"Root console login to {aws_identity.account(event)} from {event.get('sourceIPAddress')}"


def alert_context(event):
    return aws_identity.alert_context(event)
