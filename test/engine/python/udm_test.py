"""Data models and udm: paths, methods, fallbacks, concrete paths, refused models."""

import traceback
import unittest

from panther_core import PantherEvent
from panther_core.data_model import DataModel
from panther_core.exceptions import PantherError
from panther_core.immutable import ImmutableCaseInsensitiveDict, ImmutableList
from panther_core.jsonpath import JsonPathError

BODY = """
loads = []
loads.append(1)

def actor(event):
    return event.get("ACTOR", {}).get("name")

def nothing(event):
    return None

def whole(event):
    return {"event": type(event).__name__, "loads": len(loads)}

def parts(event):
    return {"a"}

def counted(event):
    loads.append(1)
    return len(loads)

def broken(event):
    raise ZeroDivisionError("no actor")

not_callable = 1
"""


def model(*mappings, **config):
    return DataModel(
        {"id": "Demo.Model", "versionId": "v1", "body": BODY, "mappings": list(mappings), **config}
    )


DEMO = model(
    {"name": "Source_IP", "path": "$.client.ipAddress"},
    {"name": "none", "path": "none"},
    {"name": "client", "path": "client"},
    {"name": "ports", "path": "$.ports"},
    {"name": "absent", "path": "$.not.there"},
    {"name": "many", "path": "$.hosts[*].name"},
    {"name": "web", "path": '$.hosts[?(@.role == "web")].name'},
    {"name": "actor", "method": "actor"},
    {"name": "nothing", "method": "nothing"},
    {"name": "whole", "method": "whole"},
    {"name": "broken", "method": "broken"},
    {"name": "parts", "method": "parts"},
    {"name": "either", "path": "$.not.there"},
    {"name": "either", "method": "actor"},
)
EVENT = {
    "p_log_type": "Demo",
    "client": {"ipAddress": "1.2.3.4"},
    "none": None,
    "ports": [1, {"A": 1}],
    "hosts": [{"name": "a", "role": "db"}, {"name": "b", "role": "web"}],
    "absent": "own field",
    "Actor": {"name": "ann"},
    "p_udm": {"user": {"email": "ann@example.com"}, "empty": ""},
    "empty": "own",
    "zero": 0,
}


class Udm(unittest.TestCase):
    event = PantherEvent(EVENT, DEMO)

    def test_mapped_and_unmapped_names(self):
        for keys, expected in [
            (("source_ip",), "1.2.3.4"),
            (("SOURCE_IP",), "1.2.3.4"),
            (("none",), None),
            (("web",), "b"),
            (("actor",), "ann"),
            (("nothing",), None),
            (("absent",), "default"),
            (("either",), "ann"),
            (("zero",), "default"),
            (("empty",), "own"),
            (("nowhere",), "default"),
            (("user", "email"), "ann@example.com"),
            (("client", "ipAddress"), "1.2.3.4"),
            (("client", "IPADDRESS"), "1.2.3.4"),
            (("client", "nowhere"), "default"),
        ]:
            with self.subTest(keys):
                self.assertEqual(self.event.udm(*keys, default="default"), expected)

    def test_default_is_none(self):
        self.assertIsNone(self.event.udm("absent"))
        self.assertIsNone(self.event.udm("nowhere"))

    def test_results_are_wrapped(self):
        self.assertIs(type(self.event.udm("client")), ImmutableCaseInsensitiveDict)
        self.assertIs(type(self.event.udm("ports")), ImmutableList)
        self.assertEqual(self.event.udm("ports")[1]["a"], 1)
        self.assertIs(type(self.event.udm("whole")), ImmutableCaseInsensitiveDict)
        self.assertIs(type(self.event.udm("user")), ImmutableCaseInsensitiveDict)

    def test_a_method_gets_the_event_as_a_plain_view(self):
        self.assertEqual(self.event.udm("whole")["event"], "ImmutableCaseInsensitiveDict")

    def test_the_body_is_executed_once(self):
        self.assertEqual(self.event.udm("whole")["loads"], 1)

    def test_a_methods_error_is_the_authors(self):
        with self.assertRaisesRegex(ZeroDivisionError, "no actor"):
            self.event.udm("broken")

    def test_an_error_is_raised_each_time(self):
        event = PantherEvent(EVENT, DEMO)
        for _ in range(2):
            with self.assertRaises(ZeroDivisionError):
                event.udm("broken")
            with self.assertRaises(PantherError):
                event.udm("many")

    def test_an_event_calls_a_method_once_for_an_unchangeable_value(self):
        counting = model({"name": "Counted", "method": "counted"})
        event = PantherEvent(EVENT, counting)
        self.assertEqual([event.udm("counted"), event.udm("counted")], [2, 2])
        self.assertEqual(PantherEvent(EVENT, counting).udm("counted"), 3)

    def test_what_a_caller_can_change_is_its_own(self):
        self.event.udm("parts").add("b")
        self.assertEqual(self.event.udm("parts"), {"a"})

    def test_the_second_time_is_as_the_first(self):
        event = PantherEvent(EVENT, DEMO)
        for _ in range(2):
            self.assertIs(event.udm("none", default="default"), None)
            self.assertEqual(event.udm("absent", default="default"), "default")
            self.assertEqual(event.udm("absent", default="other"), "other")
            self.assertEqual(event.udm("Source_Ip"), "1.2.3.4")
            self.assertEqual(event.udm("ports"), [1, {"A": 1}])

    def test_several_nodes_are_an_error(self):
        with self.assertRaises(PantherError) as caught:
            self.event.udm("many")
        self.assertIn("$.hosts[*].name", str(caught.exception))
        self.assertIn("Demo.Model", str(caught.exception))

    def test_without_a_model_it_reads_the_event(self):
        event = PantherEvent(EVENT)
        for keys, expected in [
            (("absent",), "own field"),
            (("user", "email"), "ann@example.com"),
            (("source_ip",), "default"),
            (("none",), "default"),
        ]:
            with self.subTest(keys):
                self.assertEqual(event.udm(*keys, default="default"), expected)

    def test_p_udm_comes_before_the_event(self):
        event = PantherEvent({"p_udm": {"user": "unified"}, "user": "own"})
        self.assertEqual(event.udm("user"), "unified")


class UdmPath(unittest.TestCase):
    event = PantherEvent(EVENT, DEMO)

    def test_paths(self):
        for name, expected in [
            ("source_ip", "client.ipAddress"),
            ("Source_IP", "client.ipAddress"),
            ("web", "hosts.[1].name"),
            ("actor", "actor"),
            ("either", "actor"),
            ("absent", None),
            ("many", None),
            ("nowhere", None),
        ]:
            with self.subTest(name):
                self.assertEqual(self.event.udm_path(name), expected)

    def test_without_a_model(self):
        with self.assertRaises(PantherError) as caught:
            PantherEvent(EVENT).udm_path("source_ip")
        self.assertEqual(str(caught.exception), "a data model hasn't been specified for log type: Demo")


class Model(unittest.TestCase):
    def test_what_it_shows(self):
        self.assertEqual((DEMO.data_model_id, DEMO.version, DEMO.body), ("Demo.Model", "v1", BODY))
        self.assertIn("source_ip", DEMO.paths)
        self.assertEqual(DEMO.methods["actor"].__name__, "actor")

    def test_a_body_is_optional(self):
        config = {"id": "x", "versionId": "", "mappings": [{"name": "a", "path": "b"}]}
        self.assertEqual(PantherEvent({"b": 1}, DataModel(config)).udm("a"), 1)

    def test_tracebacks_name_the_file(self):
        body = "def user(event):\n    return event['absent']\n"
        mappings = [{"name": "user", "method": "user"}]
        config = {"id": "x", "versionId": "", "mappings": mappings, "body": body}
        event = PantherEvent({}, DataModel(config, "data_models/x.py"))
        try:
            event.udm("user")
            self.fail("no KeyError")
        except KeyError:
            self.assertIn('File "data_models/x.py", line 2, in user', traceback.format_exc())

    def test_refused(self):
        for name, change in {
            "id missing": {"id": None},
            "version of a wrong type": {"versionId": 1},
            "mappings missing": {"mappings": None},
            "mappings of a wrong type": {"mappings": {}},
            "mapping of a wrong type": {"mappings": ["a"]},
            "mapping without a name": {"mappings": [{"path": "a"}]},
            "path of a wrong type": {"mappings": [{"name": "a", "path": 1}]},
            "neither path nor method": {"mappings": [{"name": "a"}]},
            "unknown method": {"mappings": [{"name": "a", "method": "absent"}]},
            "method that is no function": {"mappings": [{"name": "a", "method": "not_callable"}]},
            "method without a body": {"body": None, "mappings": [{"name": "a", "method": "actor"}]},
            "body of a wrong type": {"body": 1},
        }.items():
            with self.subTest(name), self.assertRaises(AssertionError):
                model(**change)

    def test_an_unknown_method_is_named(self):
        with self.assertRaisesRegex(AssertionError, r"\[Demo.Model\] maps \[user\] to function \[absent\]"):
            model({"name": "User", "method": "absent"})

    def test_an_unreadable_path_is_found_when_the_model_is_made(self):
        with self.assertRaises(JsonPathError):
            model({"name": "a", "path": "$.a["})


if __name__ == "__main__":
    unittest.main()
