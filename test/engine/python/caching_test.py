"""The key-value helpers, over the memory backend and over one that loses races."""

import unittest
from unittest import mock

from panther_core.immutable import ImmutableCaseInsensitiveDict
from panther_detection_helpers import caching
from panther_detection_helpers.backend import MemoryBackend

NOW = 1_700_000_000
DAY = 24 * 3600


class CachingTest(unittest.TestCase):
    def setUp(self):
        self.backend = MemoryBackend()
        before = caching.set_backend(self.backend)
        self.addCleanup(caching.set_backend, before)
        self.clock = mock.patch("time.time", return_value=NOW + 0.5).start()
        self.addCleanup(mock.patch.stopall)

    def later(self, seconds):
        self.clock.return_value += seconds

    def expiry(self, key="k"):
        return self.backend.read(key)[0]["expiresAt"]


class Expiry(CachingTest):
    def test_normaliser(self):
        for given, expected in [
            (None, NOW + 90 * DAY),
            ([], NOW + 90 * DAY),
            (60, NOW + 60),
            (60.9, NOW + 60),
            ("60", NOW + 60),
            ("60.5", NOW + 60),
            (0, NOW),
            (10**9 - 1, NOW + 10**9 - 1),
            (10**9, 10**9),
            (NOW + 5, NOW + 5),
            (f"{NOW + 5}", NOW + 5),
            (float(NOW) + 5.5, NOW + 5),
        ]:
            with self.subTest(given):
                caching.set_key_expiration("k", given)
                self.assertEqual(self.expiry(), expected)

    def test_text_that_is_no_number(self):
        with self.assertRaises(ValueError):
            caching.put_string_set("k", ["a"], "tomorrow")

    def test_everything_expires(self):
        caching.put_string_set("set", ["a"], 60)
        caching.put_dictionary("dictionary", {"a": 1}, 60)
        caching.increment_counter("counter", 5, 60)
        self.later(59)
        self.assertEqual(caching.get_string_set("set", force_ttl_check=True), {"a"})
        self.assertEqual(caching.get_dictionary("dictionary", True), {"a": 1})
        self.assertEqual(caching.get_counter("counter", force_ttl_check=True), 5)
        self.later(1)
        for force in (True, False):
            self.assertEqual(caching.get_string_set("set", force), set())
            self.assertEqual(caching.get_dictionary("dictionary", force), {})
            self.assertEqual(caching.get_counter("counter", force), 0)

    def test_moving_the_expiry(self):
        caching.put_string_set("k", ["a"], 60)
        caching.set_key_expiration("k", 120)
        self.later(100)
        self.assertEqual(caching.get_string_set("k"), {"a"})
        self.later(100)
        caching.set_key_expiration("k", 120)
        self.assertEqual(caching.get_string_set("k"), set())


class StringSets(CachingTest):
    def test_absent(self):
        self.assertEqual(caching.get_string_set("k"), set())

    def test_put_and_get(self):
        for given, expected in [
            (["a", "b", "a"], {"a", "b"}),
            ({"a"}, {"a"}),
            ("abc", {"a", "b", "c"}),
            (("x",), {"x"}),
        ]:
            with self.subTest(given):
                caching.put_string_set("k", given)
                self.assertEqual(caching.get_string_set("k"), expected)

    def test_each_get_is_a_fresh_mutable_copy(self):
        caching.put_string_set("k", ["a"])
        caching.get_string_set("k").pop()
        self.assertEqual(caching.get_string_set("k"), {"a"})

    def test_put_overwrites_the_whole_item(self):
        caching.increment_counter("k")
        caching.put_string_set("k", ["a"], epoch_seconds=60)
        self.assertEqual(caching.get_counter("k"), 0)
        self.assertEqual(self.expiry(), NOW + 60)

    def test_put_of_nothing_only_drops_the_set(self):
        for nothing in ([], set(), "", None):
            with self.subTest(nothing):
                caching.put_string_set("k", ["a"])
                caching.increment_counter("k", 3)
                caching.put_string_set("k", nothing)
                self.assertEqual(caching.get_string_set("k"), set())
                self.assertEqual(caching.get_counter("k"), 3)
                self.backend.reset()

    def test_add(self):
        self.assertEqual(caching.add_to_string_set("k", "ann"), {"ann"})
        self.assertEqual(caching.add_to_string_set("k", ["bob", "ann"]), {"ann", "bob"})
        self.assertEqual(caching.add_to_string_set("k", []), {"ann", "bob"})
        self.assertEqual(caching.get_string_set("k"), {"ann", "bob"})
        self.assertEqual(self.expiry(), NOW + 90 * DAY)

    def test_add_keeps_the_rest_of_the_item(self):
        caching.increment_counter("k", 2)
        caching.add_to_string_set("k", "a")
        self.assertEqual(caching.get_counter("k"), 2)

    def test_add_sets_or_keeps_the_expiry(self):
        caching.add_to_string_set("k", "a", 60)
        caching.add_to_string_set("k", "b", None)
        self.assertEqual(self.expiry(), NOW + 60)
        caching.add_to_string_set("k", "c", epoch_seconds=120)
        self.assertEqual(self.expiry(), NOW + 120)
        caching.add_to_string_set("new", "c", None)
        self.assertEqual(self.expiry("new"), NOW + 90 * DAY)

    def test_add_to_an_expired_item_starts_again(self):
        caching.add_to_string_set("k", "a", 60)
        self.later(60)
        self.assertEqual(caching.add_to_string_set("k", "b"), {"b"})

    def test_remove(self):
        caching.put_string_set("k", ["a", "b", "c"])
        self.assertEqual(caching.remove_from_string_set("k", "a"), {"b", "c"})
        self.assertEqual(caching.remove_from_string_set("k", ["b", "x"]), {"c"})
        self.assertEqual(caching.remove_from_string_set("k", []), {"c"})
        self.assertEqual(caching.remove_from_string_set("k", {"c"}), set())
        self.assertEqual(caching.get_string_set("k"), set())
        self.assertEqual(caching.remove_from_string_set("absent", "a"), set())

    def test_reset(self):
        caching.put_string_set("k", ["a"])
        caching.increment_counter("k")
        caching.reset_string_set("k")
        self.assertEqual((caching.get_string_set("k"), caching.get_counter("k")), (set(), 1))


class Counters(CachingTest):
    def test_increment(self):
        self.assertEqual(caching.get_counter("k"), 0)
        self.assertEqual(caching.increment_counter("k"), 1)
        self.assertEqual(caching.increment_counter("k", val=4), 5)
        self.assertEqual(caching.increment_counter("k", -7), -2)
        self.assertEqual(caching.get_counter("k"), -2)

    def test_an_expired_counter_restarts(self):
        caching.increment_counter("k", 5, 60)
        self.later(60)
        self.assertEqual(caching.increment_counter("k", 2), 2)

    def test_reset(self):
        caching.increment_counter("k", 5)
        caching.reset_counter("k")
        self.assertEqual(caching.get_counter("k"), 0)
        self.assertEqual(caching.increment_counter("k"), 1)

    def test_threshold(self):
        self.assertEqual(
            [caching.evaluate_threshold("k", 3) for _ in range(7)], [False, False, True] * 2 + [False]
        )
        self.assertEqual([caching.evaluate_threshold("ten") for _ in range(10)], [False] * 9 + [True])

    def test_threshold_window(self):
        caching.evaluate_threshold("k", threshold=2, expiry_seconds=60)
        self.later(60)
        self.assertFalse(caching.evaluate_threshold("k", threshold=2, expiry_seconds=60))
        self.assertTrue(caching.evaluate_threshold("k", threshold=2, expiry_seconds=60))


class Dictionaries(CachingTest):
    def test_put_and_get(self):
        self.assertEqual(caching.get_dictionary("k"), {})
        for given in [{"a": [1, {"b": None}]}, ImmutableCaseInsensitiveDict({"a": {"b": [1]}}), {}]:
            with self.subTest(given):
                caching.put_dictionary("k", given)
                self.assertEqual(caching.get_dictionary("k"), given)
                self.assertIs(type(caching.get_dictionary("k")), dict)

    def test_put_overwrites_the_whole_item(self):
        caching.put_string_set("k", ["a"])
        caching.put_dictionary("k", {"a": 1}, 60)
        self.assertEqual(caching.get_string_set("k"), set())
        self.assertEqual(self.expiry(), NOW + 60)

    def test_refused(self):
        for given, error in [([], TypeError), ("a", TypeError), (None, TypeError), ({"a": {1}}, ValueError)]:
            with self.subTest(given), self.assertRaises(error):
                caching.put_dictionary("k", given)

    def test_corrupt(self):
        self.backend.write("k", {"dictionary": "{"}, 0)
        with self.assertRaisesRegex(ValueError, "under \\[k\\] is not JSON"):
            caching.get_dictionary("k")


class AccountAge(CachingTest):
    def test_known_and_unknown(self):
        caching.put_string_set("ann", "2024-01-01", 60)
        for key, expected in [
            ("ann", True),
            ("bob", False),
            ("", False),
            (None, False),
            (1, False),
            ([], False),
        ]:
            with self.subTest(key):
                self.assertIs(caching.check_account_age(key), expected)
        self.later(60)
        self.assertIs(caching.check_account_age("ann"), False)


class Backends(CachingTest):
    def test_reset_forgets(self):
        caching.increment_counter("k")
        self.backend.reset()
        self.assertEqual(caching.get_counter("k"), 0)

    def test_a_stale_write_is_refused(self):
        _, version = self.backend.read("k")
        self.assertTrue(self.backend.write("k", {"intCount": 1}, version))
        self.assertFalse(self.backend.write("k", {"intCount": 9}, version))
        self.assertEqual(self.backend.read("k")[0], {"intCount": 1})

    def test_an_increment_that_loses_a_race_counts_on_the_winner(self):
        class Raced(MemoryBackend):
            rivals = 2

            def write(self, key, item, version):
                if self.rivals:
                    self.rivals -= 1
                    super().write(key, {"intCount": self.read(key)[0].get("intCount", 0) + 10}, version)
                return super().write(key, item, version)

        caching.set_backend(Raced())
        self.assertEqual(caching.increment_counter("k"), 21)

    def test_set_backend_returns_the_one_before(self):
        other = MemoryBackend()
        self.assertIs(caching.set_backend(other), self.backend)
        self.assertIs(caching.set_backend(self.backend), other)


if __name__ == "__main__":
    unittest.main()
