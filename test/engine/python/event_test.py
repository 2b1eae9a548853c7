"""PantherEvent: deep_get, deep_walk, lookup, event time, and what it inherits."""

import json
import unittest
from collections.abc import Mapping

import panther_core
from panther_core import PantherEvent, enriched_event
from panther_core.immutable import ImmutableCaseInsensitiveDict, ImmutableList

EVENT = {
    "Actor": {"Name": "ann", "none": None, "zero": 0, "empty": "", "no": False, "list": [], "dict": {}},
    "items": [{"Id": 1}, {"Id": 2}],
    "none": None,
}


class Construction(unittest.TestCase):
    def test_exported_at_the_root(self):
        self.assertIs(panther_core.PantherEvent, enriched_event.PantherEvent)

    def test_is_a_read_only_mapping(self):
        event = PantherEvent(EVENT)
        self.assertIsInstance(event, ImmutableCaseInsensitiveDict)
        self.assertIsInstance(event, Mapping)
        self.assertNotIsInstance(event, dict)
        self.assertEqual(event, EVENT)
        self.assertEqual(repr(PantherEvent({"a": [1]})), "PantherEvent({'a': [1]})")
        self.assertIs(type(event.to_dict()), dict)
        with self.assertRaises(TypeError):
            event["a"] = 1

    def test_data_model_is_optional_and_readable(self):
        model = object()
        self.assertIsNone(PantherEvent({}).data_model)
        self.assertIs(PantherEvent({}, model).data_model, model)

    def test_json_encoder_hangs_on_the_event(self):
        event = PantherEvent(EVENT)
        self.assertEqual(json.loads(json.dumps({"e": event}, default=event.json_encoder)), {"e": EVENT})


class AskedAgain(unittest.TestCase):
    def test_the_second_time_is_as_the_first(self):
        held = PantherEvent({"Name": "a", "Part": {"Key": 1}})
        for _ in range(2):
            self.assertEqual([held.get("NAME"), held.get("name"), held.get("nAmE")], ["a"] * 3)
            self.assertEqual([held.get("absent", 1), held.get("ABSENT", 2), held.get("absent")], [1, 2, None])
            self.assertNotIn("Absent", held)
            self.assertIn("nAME", held)
            self.assertEqual([held["PART"]["key"], held["part"].get("KEY"), held["Part"]["Key"]], [1] * 3)

    def test_events_do_not_answer_for_each_other(self):
        one, other = PantherEvent({"Name": "a", "Part": {}}), PantherEvent({"nothing": 1})
        self.assertEqual((one.get("NAME"), one.get("part")), ("a", {}))
        self.assertEqual((other.get("NAME"), other.get("part"), other.get("Name")), (None, None, None))


class DeepGet(unittest.TestCase):
    event = PantherEvent(EVENT)

    def test_values(self):
        for keys, expected in [
            (("Actor", "Name"), "ann"),
            (("actor", "NAME"), "ann"),
            (("Actor", "zero"), 0),
            (("Actor", "empty"), ""),
            (("Actor", "no"), False),
            (("Actor", "list"), []),
            (("Actor", "dict"), {}),
            (("Actor", "none"), "default"),
            (("none",), "default"),
            (("NONE",), "default"),
            (("none", "deeper"), "default"),
            (("absent",), "default"),
            (("absent", "deeper", "still"), "default"),
            (("Actor", "absent"), "default"),
            (("Actor", "Name", "deeper"), "default"),
            (("items", "Id"), "default"),
            (("items", 0), "default"),
        ]:
            with self.subTest(keys):
                self.assertEqual(self.event.deep_get(*keys, default="default"), expected)

    def test_default_is_none(self):
        self.assertIsNone(self.event.deep_get("absent"))
        self.assertIsNone(self.event.deep_get("Actor", "none"))

    def test_results_are_wrapped_and_shared(self):
        self.assertIs(type(self.event.deep_get("Actor", "list")), ImmutableList)
        self.assertIs(self.event.deep_get("Actor"), self.event["actor"])
        self.assertIs(self.event.deep_get("ACTOR", "dict"), self.event.deep_get("Actor", "Dict"))

    def test_no_keys_gives_the_event(self):
        self.assertIs(self.event.deep_get(), self.event)

    def test_a_default_mapping_is_descended_into(self):
        default = {"b": {"c": 1}}
        for keys, expected in [
            (("a",), default),
            (("a", "b"), {"c": 1}),
            (("a", "b", "c"), 1),
            # Each failing step yields the default, so the last key is looked up in it.
            (("a", "x", "b"), {"c": 1}),
            (("a", "b", "x"), default),
        ]:
            with self.subTest(keys):
                self.assertEqual(self.event.deep_get(*keys, default=default), expected)

    def test_a_default_without_content_is_the_result(self):
        for default in [{}, [], "", 0, "Name", ["b"]]:
            for keys in [("absent", "deeper"), ("Actor", "none", "deeper"), ("none",)]:
                with self.subTest(default=default, keys=keys):
                    self.assertIs(self.event.deep_get(*keys, default=default), default)

    def test_a_subclass_of_dict_on_the_way(self):
        event = PantherEvent({"a": type("Sub", (dict,), {})(b=1)})
        self.assertEqual(event.deep_get("a", "b"), 1)
        self.assertEqual(event.deep_get("a", "B", default=2), 2)


class DeepWalk(unittest.TestCase):
    event = PantherEvent(
        {
            "a": {"b": 1, "empty": [[], [[]]], "text": "", "none": None, "d": {"k": 1}, "l": [{"k": 1}]},
            "users": [
                {"name": "ann", "roles": ["admin", "dev"], "pay": [{"n": 1}]},
                {"name": "bob", "roles": ["dev"], "pay": [{"n": 2}, {"n": 1}]},
                {"name": "ann"},
                None,
                "text",
            ],
            "nested": [[{"x": 1}], [{"x": 2}, {"x": 1}]],
            "twin": [{"x": "same"}, {"x": "same"}],
        }
    )

    def test_values(self):
        for keys, choice, expected in [
            (("a", "b"), "all", 1),
            (("A", "b"), "all", None),
            (("a", "empty"), "all", None),
            (("a", "none"), "all", None),
            (("a", "text"), "all", ""),
            (("a", "b", "deeper"), "all", None),
            (("absent",), "all", None),
            (("users", "name"), "all", ["ann", "bob"]),
            (("users", "name"), "first", "ann"),
            (("users", "name"), "last", "bob"),
            (("users", "roles"), "all", ["admin", "dev"]),
            (("users", "pay", "n"), "all", [1, 2]),
            (("users", "pay", "n"), "last", 1),
            (("users", "absent"), "all", None),
            (("nested", "x"), "all", [1, 2]),
            (("nested", "x"), "first", 1),
            (("twin", "x"), "all", "same"),
            (("users", "name"), "unknown", "all"),
            (("a", "b"), "unknown", 1),
        ]:
            with self.subTest(keys=keys, choice=choice):
                self.assertEqual(self.event.deep_walk(*keys, return_val=choice), expected)

    def test_default(self):
        self.assertEqual(self.event.deep_walk("a", "empty", default="none"), "none")
        self.assertEqual(self.event.deep_walk("users", "absent", default=[]), [])
        self.assertEqual(self.event.deep_walk("a", "none", default=0), 0)

    def test_a_default_of_an_element_is_collected(self):
        self.assertEqual(self.event.deep_walk("users", "pay", "n", default="-"), [1, 2, "-"])

    def test_a_default_mapping_is_descended_into(self):
        self.assertEqual(self.event.deep_walk("absent", "b", default={"b": 2}), 2)

    def test_results_are_plain(self):
        self.assertIs(type(self.event.deep_walk("a", "d")), dict)
        self.assertIs(type(self.event.deep_walk("a", "l")), list)
        self.assertIs(type(self.event.deep_walk("a", "l")[0]), dict)
        self.assertIs(type(self.event.deep_walk("users", "name")), list)
        self.assertIs(type(self.event.deep_walk()), dict)

    def test_a_result_is_the_authors_own(self):
        self.event.deep_walk("a", "d")["k"] = 2
        self.assertEqual(self.event.deep_walk("a", "d"), {"k": 1})

    def test_mappings_inside_lists_are_refused(self):
        with self.assertRaises(TypeError):
            self.event.deep_walk("users", "pay")


class Lookup(unittest.TestCase):
    def tearDown(self):
        enriched_event.set_lookup(None)

    def test_mocked_data(self):
        event = PantherEvent({"_mocked_lookup_data_": {"hosts": {"h1": {"Owner": "ann"}}}})
        self.assertEqual(event.lookup("hosts", "h1")["owner"], "ann")
        self.assertIsNone(event.lookup("hosts", "h2"))
        self.assertIsNone(PantherEvent({}).lookup("hosts", "h1"))

    def test_a_configured_function_answers(self):
        enriched_event.set_lookup(lambda event, table, key: (event["a"], table, key))
        self.assertEqual(PantherEvent({"a": 1}).lookup("hosts", "h1"), (1, "hosts", "h1"))


class EventTime(unittest.TestCase):
    def test_seconds(self):
        for text, expected in [
            ("2024-01-01 00:00:00.123456789", 1704067200),
            ("2024-01-01T00:00:00Z", 1704067200),
            ("2024-01-01T00:00:00", 1704067200),
            ("2024-01-01 02:00:00+02:00", 1704067200),
            ("yesterday", 0),
            ("", 0),
            (None, 0),
            (1704067200, 0),
            ([], 0),
        ]:
            with self.subTest(text):
                self.assertEqual(PantherEvent({"p_event_time": text}).event_time_epoch(), expected)

    def test_missing(self):
        self.assertEqual(PantherEvent({}).event_time_epoch(), 0)
        self.assertIs(type(PantherEvent({}).event_time_epoch(force_utc=False)), int)


if __name__ == "__main__":
    unittest.main()
