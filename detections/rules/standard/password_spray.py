def rule(event):
    return bool(event.udm("failed_login"))


def unique(event):
    return event.udm("actor_user")


def dedup(event):
    return event.udm("source_ip")


def title(event):
    return f"Sign-ins as several users failed from {event.udm('source_ip')}"
