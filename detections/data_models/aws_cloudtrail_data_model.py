def failed_login(event):
    return event.get("eventName") == "ConsoleLogin" and event.get("responseElements", {}).get("ConsoleLogin") == "Failure"
