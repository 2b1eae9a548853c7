def rule(event):
    return event.get("eventType", "").startswith("policy.lifecycle.")


def title(event):
    policy = event.deep_walk("target", "displayName", default="a policy", return_val="first")
    return f"{policy} was changed by {event.deep_get('actor', 'alternateId')}"
