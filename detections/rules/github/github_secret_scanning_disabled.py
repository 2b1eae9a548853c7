def rule(event):
    return event.get("action") == "repository_secret_scanning.disable"


def alert_context(event):
    return {"repo": event.get("repo"), "actor": event.get("actor")}
