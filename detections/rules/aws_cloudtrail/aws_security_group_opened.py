import aws_identity

WORLD = {"0.0.0.0/0", "::/0"}
ADMIN_PORTS = {22, 3389, 5985, 5986}
WEB_PORTS = {80, 443}


def open_ports(event):
    permissions = event.deep_get("requestParameters", "ipPermissions", "items", default=[])
    for permission in permissions:
        ranges = permission.get("ipRanges", {}).get("items", [])
        ranges_v6 = permission.get("ipv6Ranges", {}).get("items", [])
        cidrs = {item.get("cidrIp") for item in ranges} | {item.get("cidrIpv6") for item in ranges_v6}
        if cidrs & WORLD:
            yield permission.get("fromPort")


def rule(event):
    return event.get("eventName") == "AuthorizeSecurityGroupIngress" and any(True for _ in open_ports(event))


def severity(event):
    ports = set(open_ports(event))
    if ports & ADMIN_PORTS:
        return "CRITICAL"
    return "DEFAULT" if ports <= WEB_PORTS else "HIGH"


def title(event):
    group = event.deep_get("requestParameters", "groupId")
    ports = ", ".join(str(port) for port in sorted(open_ports(event)))
    return f"{group} opened to the world on port {ports} by {aws_identity.actor(event)}"


def dedup(event):
    return event.deep_get("requestParameters", "groupId")
