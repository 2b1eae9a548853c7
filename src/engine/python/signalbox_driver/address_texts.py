"""IPv6 addresses as text, for `socket`: this interpreter is built without them, although they need no network."""

import _socket
import sys
from ipaddress import IPv6Address

_inet_pton = _socket.inet_pton
_inet_ntop = _socket.inet_ntop
_WORDS = range(0, 16, 2)


def inet_pton(address_family, ip_string, /):
    """As `socket.inet_pton`."""
    if address_family != _socket.AF_INET6 or not isinstance(ip_string, str):
        return _inet_pton(address_family, ip_string)
    if "\0" in ip_string:
        raise ValueError("embedded null character")
    try:
        if "%" in ip_string:
            raise ValueError("an address with a zone")
        return IPv6Address(ip_string).packed
    except ValueError:
        raise OSError("illegal IP address string passed to inet_pton") from None


def inet_ntop(address_family, packed_ip, /):
    """As `socket.inet_ntop`."""
    if address_family != _socket.AF_INET6:
        return _inet_ntop(address_family, packed_ip)
    packed = bytes(memoryview(packed_ip))
    if len(packed) != len(_WORDS) * 2:
        raise ValueError("invalid length of packed IP address string")
    words = [f"{packed[at] << 8 | packed[at + 1]:x}" for at in _WORDS]
    start, length = _longest_zeros(words)
    if start == 0 and (length == 6 or (length == 5 and words[5] == "ffff")):
        words[6:] = [".".join(map(str, packed[12:]))]
    if length < 2:
        return ":".join(words)
    return f"{':'.join(words[:start])}::{':'.join(words[start + length :])}"


def _longest_zeros(words):
    """The first of the longest runs of zeros: where it starts, and how many."""
    runs = [(start, _zeros_from(words, start)) for start in range(len(words))]
    return max(runs, key=lambda run: (run[1], -run[0]))


def _zeros_from(words, start):
    return next((at for at, word in enumerate(words[start:]) if word != "0"), len(words) - start)


def install():
    """Once, before any author's code."""
    for module in (_socket, sys.modules.get("socket")):
        if module is not None:
            module.inet_pton = inet_pton
            module.inet_ntop = inet_ntop
            module.has_ipv6 = True
