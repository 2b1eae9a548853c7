import json

APPROVED = ["octo-admin"]


def approved_owners():
    return json.dumps(APPROVED)


def rule(event):
    return (
        event.get("action") == "org.update_member"
        and event.get("permission") == "admin"
        and event.get("user") not in json.loads(approved_owners())
    )


def title(event):
    return f"{event.get('user')} became an owner of {event.get('org')}"


def alert_context(event):
    return {"actor": event.get("actor"), "user": event.get("user"), "org": event.get("org")}
