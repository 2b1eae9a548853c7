"""IPv6 addresses as text. The expected values are those of CPython 3.11 on Linux."""

import socket
import unittest

from signalbox_driver.address_texts import inet_ntop, inet_pton

#: Text, its 16 bytes, and the text that they give.
ADDRESSES = (
    ("::", "00" * 16, "::"),
    ("::1", "00" * 15 + "01", "::1"),
    ("1::", "0001" + "00" * 14, "1::"),
    ("2001:DB8::8:800:200C:417A", "20010db80000000000080800200c417a", "2001:db8::8:800:200c:417a"),
    ("1:2:3:4:5:6:7:8", "00010002000300040005000600070008", "1:2:3:4:5:6:7:8"),
    ("1:0:3:4:5:6:7:8", "00010000000300040005000600070008", "1:0:3:4:5:6:7:8"),
    ("1:0:0:4:0:0:0:8", "00010000000000040000000000000008", "1:0:0:4::8"),
    ("1:0:0:4:5:0:0:8", "00010000000000040005000000000008", "1::4:5:0:0:8"),
    ("1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0"),
    ("::ffff:1.2.3.4", "00000000000000000000ffff01020304", "::ffff:1.2.3.4"),
    ("::1.2.3.4", "00000000000000000000000001020304", "::1.2.3.4"),
    ("64:ff9b::1.2.3.4", "0064ff9b000000000000000001020304", "64:ff9b::102:304"),
)
NO_ADDRESSES = (
    "", ":", ":::", "1", "1.2.3.4", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "00001::", "::g", " ::1", "::1 ",
    "fe80::1%eth0", "::1/128", "::ffff:1.2.3", "::ffff:01.2.3.4", "::256.1.1.1", "1:2:3:4:5:6:7:1.2.3.4", "١::",
)  # fmt: skip


class AddressTexts(unittest.TestCase):
    def test_are_read_and_written(self):
        for text, packed, written in ADDRESSES:
            with self.subTest(text):
                self.assertEqual(inet_pton(socket.AF_INET6, text).hex(), packed)
                self.assertEqual(inet_ntop(socket.AF_INET6, bytes.fromhex(packed)), written)

    def test_refuse_what_is_no_address(self):
        for text in NO_ADDRESSES:
            with self.subTest(text), self.assertRaisesRegex(OSError, "illegal IP address string passed to inet_pton"):
                inet_pton(socket.AF_INET6, text)

    def test_refuse_what_is_no_text(self):
        for given in (b"::1", None, 1):
            with self.subTest(given), self.assertRaises((TypeError, OSError)):
                inet_pton(socket.AF_INET6, given)
        with self.assertRaises(ValueError):
            inet_pton(socket.AF_INET6, "::1\0")

    def test_refuse_another_length(self):
        for length in (0, 4, 15, 17):
            with self.subTest(length), self.assertRaisesRegex(ValueError, "invalid length of packed IP address string"):
                inet_ntop(socket.AF_INET6, bytes(length))

    def test_take_any_bytes_and_leave_ipv4_alone(self):
        self.assertEqual(inet_ntop(socket.AF_INET6, bytearray(16)), "::")
        self.assertEqual(inet_pton(socket.AF_INET, "1.2.3.4"), b"\1\2\3\4")
        self.assertEqual(inet_ntop(socket.AF_INET, b"\1\2\3\4"), "1.2.3.4")
        with self.assertRaises(OSError):
            inet_pton(socket.AF_INET, "::1")
