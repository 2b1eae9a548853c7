"""Provides the functions of `socket` for texts of IPv6 addresses, which this interpreter is built without."""

import _socket
import sys
from ipaddress import IPv6Address

_inet_pton = _socket.inet_pton
_inet_ntop = _socket.inet_ntop
_WORDS = range(0, 16, 2)


def inet_pton(address_family, ip_string, /):
    """Works like `socket.inet_pton`."""
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
    """Works like `socket.inet_ntop`."""
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
    """Returns start and length of the first of the longest runs of zeros."""
    runs = [(start, _zeros_from(words, start)) for start in range(len(words))]
    return max(runs, key=lambda run: (run[1], -run[0]))


def _zeros_from(words, start):
    return next((at for at, word in enumerate(words[start:]) if word != "0"), len(words) - start)


def install():
    """Replaces the functions. Called once, before any project code runs."""
    for module in (_socket, sys.modules.get("socket")):
        if module is not None:
            module.inet_pton = inet_pton
            module.inet_ntop = inet_ntop
            module.has_ipv6 = True
