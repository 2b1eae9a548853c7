def user(event):
    for target in event.get("target", []):
        if target.get("type") == "User":
            return target.get("alternateId", "unknown user")
    return "unknown user"


def rule(event):
    return event.get("eventType") == "user.mfa.factor.reset_all"


def destinations(event):
    if event.deep_get("actor", "type") == "SystemPrincipal":
        return []
    if "admin" in user(event):
        return ["on-call", "identity-team"]
    return None


def title(event):
    return f"MFA of {user(event)} was reset by {event.deep_get('actor', 'alternateId')}"
