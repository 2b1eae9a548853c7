"""Texts of times. The expected values are those of CPython 3.11 on Linux, with glibc 2.36."""

import datetime
import time
import unittest

from signalbox_driver import time_texts
from signalbox_driver.time_texts import strftime

EARLY = time.struct_time((2024, 3, 5, 7, 8, 9, 1, 65, 0))
LATE = time.struct_time((2026, 12, 31, 23, 59, 58, 3, 365, 0))

#: Format, and what it gives for both moments.
TEXTS = (
    # Unknown directives stand as they are.
    ("at %Q", "at %Q", "at %Q"),
    ("%+", "%+", "%+"),
    ("%E", "%E", "%E"),
    ("%O", "%O", "%O"),
    ("%:", "%:", "%:"),
    ("%N %L %f %J %v %i", "%N %L %f %J %v %i", "%N %L %f %J %v %i"),
    ("%Q%d", "%Q05", "%Q31"),
    ("%é", "%é", "%é"),
    ("%", "%", "%"),
    ("a%", "a%", "a%"),
    ("%-", "%-", "%-"),
    ("%5", "   %5", "   %5"),
    ("%EO", "%EO", "%EO"),
    ("%::z", "%::z", "%::z"),
    ("%6Q", "   %6Q", "   %6Q"),
    ("%+4C", "%+4C", "%+4C"),
    ("%^Ea", "%^EA", "%^EA"),
    ("%#Eb", "%#EB", "%#EB"),
    # Modifiers, where a directive takes them.
    ("%Ed", "%Ed", "%Ed"),
    ("%Od", "05", "31"),
    ("%EY %Ey %EC", "2024 24 20", "2026 26 20"),
    ("%OB", "March", "December"),
    ("%Ex %EX", "03/05/24 07:08:09", "12/31/26 23:59:58"),
    ("%OF", "%OF", "%OF"),
    ("%E%Y", "%Y", "%Y"),
    ("%E%%Y", "%2024", "%2026"),
    # Flags and widths.
    ("%-d %_d %0d", "5  5 05", "31 31 31"),
    ("%-5d|%_5d|%5d", "    5|    5|00005", "   31|   31|00031"),
    ("%-I:%M %p", "7:08 AM", "11:59 PM"),
    ("%-j %_j %3u", "65  65 002", "365 365 004"),
    ("%_0d", "05", "31"),
    ("%12Y|%_6Y", "000000002024|  2024", "000000002026|  2026"),
    ("%^a %#a %^B", "TUE TUE MARCH", "THU THU DECEMBER"),
    ("%#p %^p", "am AM", "pm PM"),
    ("%10a|%010a", "       Tue|0000000Tue", "       Thu|0000000Thu"),
    ("%^c", "TUE MAR  5 07:08:09 2024", "THU DEC 31 23:59:58 2026"),
    ("%012F", "002024-03-05", "002026-12-31"),
    ("%6%", "     %", "     %"),
    ("%6z|%-z", "     +000000|+0", "     +000000|+0"),
    # Directives that this C library does not know.
    ("%k|%l|%-l|%0k", " 7| 7|7|07", "23|11|11|23"),
    ("%P %s", "am 1709622489", "pm 1798761598"),
    ("%Z %#Z", "UTC utc", "UTC utc"),
    # What it writes itself.
    ("%Y-%m-%dT%H:%M:%S%z", "2024-03-05T07:08:09+0000", "2026-12-31T23:59:58+0000"),
    ("%a %A %b %B %c", "Tue Tuesday Mar March Tue Mar  5 07:08:09 2024", "Thu Thursday Dec December Thu Dec 31 23:59:58 2026"),
    ("%e %D %F %g %G %h %R %r", " 5 03/05/24 2024-03-05 24 2024 Mar 07:08 07:08:09 AM", "31 12/31/26 2026-12-31 26 2026 Dec 23:59 11:59:58 PM"),
    ("%u %w %U %W %V %n%t%%", "2 2 09 10 10 \n\t%", "4 4 52 52 53 \n\t%"),
    ("", "", ""),
    ("no directive", "no directive", "no directive"),
)


class TimeTexts(unittest.TestCase):
    def test_are_those_of_glibc(self):
        for text, early, late in TEXTS:
            with self.subTest(text):
                self.assertEqual((strftime(text, EARLY), strftime(text, LATE)), (early, late))

    def test_are_of_now_without_a_moment(self):
        self.assertRegex(strftime("%Y %Q"), r"^20\d\d %Q$")
        self.assertRegex(strftime("%Y"), r"^20\d\d$")

    def test_check_their_arguments(self):
        for arguments in ((), (1,), ("%Q", "now"), ("%Q", (1, 2)), ("%Q", EARLY, 1), ("%d", (2024, 13, 1, 0, 0, 0, 0, 1, 0))):
            with self.subTest(arguments), self.assertRaises((TypeError, ValueError)):
                strftime(*arguments)

    def test_bound_a_width(self):
        self.assertEqual(len(strftime("%9999999999d", EARLY)), 1000)

    def test_reach_datetime(self):
        original = time.strftime
        self.addCleanup(setattr, time, "strftime", original)
        time_texts.install()
        moment = datetime.datetime(2024, 3, 5, 7, 8, 9, 123456, tzinfo=datetime.UTC)
        self.assertEqual(moment.strftime("%Q %E %O %+ %: %f %z %Z"), "%Q %E %O %+ %: 123456 +0000 UTC")
        self.assertEqual(f"{moment:%-I:%M %P %Q}", "7:08 am %Q")
        self.assertEqual(moment.date().strftime("%k %Q"), " 0 %Q")
        self.assertEqual(moment.time().strftime("%l %Q"), " 7 %Q")
