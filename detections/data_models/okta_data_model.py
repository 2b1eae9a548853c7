def failed_login(event):
    return event.get("eventType") == "user.session.start" and event.get("outcome", {}).get("result") == "FAILURE"
