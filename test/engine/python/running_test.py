"""The live loop of the driver tells the same as running detections one by one; what it is given is each one's own."""

import unittest
from types import SimpleNamespace

from signalbox_driver import marks
from signalbox_driver.outputs import FUNCTIONS
from signalbox_driver.running import findings, run
from signalbox_driver.views import Views, view


def detection(matcher, type="rule", **others):
    name = "policy" if type == "policy" else "rule"
    functions = [(0, "detection", name)] + [(FUNCTIONS.index(other), other, other) for other in others]
    namespace = {name: matcher, **others}
    return SimpleNamespace(
        number=3, id="Demo", type=type, matcher=name, namespace=namespace, functions=sorted(functions)
    )


def answer(event):
    """As the event says: an exception is raised, anything else returned."""
    value = event["answer"]
    if isinstance(value, BaseException):
        raise value
    return value


ANSWERS = [False, True, None, 1, 0, "yes", False, ValueError("no"), SystemExit(2), marks.TimeLimitExceeded(), True]
ENTRIES = [(item, {"answer": value}) for item, value in enumerate(ANSWERS)]


class Findings(unittest.TestCase):
    def test_the_same_as_one_by_one(self):
        for type in ("rule", "policy"):
            with self.subTest(type):
                demo = detection(answer, type, title=lambda event: "t", dedup=lambda event: 1)
                one_by_one = [(item, run(demo, item, event)) for item, event in ENTRIES]
                silent = {"output": type == "policy"}
                expected = [entry for entry in one_by_one if entry[1]["detection"] != silent]
                self.assertEqual(repr(findings(demo, ENTRIES)), repr(expected))
                # Any result known beforehand takes the slow way.
                self.assertEqual(repr(findings(demo, ENTRIES, {99: {}})), repr(expected))
                self.assertIn("error", expected[-2][1]["detection"])

    def test_the_other_functions_run_at_once_where_it_alerts(self):
        order = []

        def matcher(event):
            order.append(event)
            return event != "silent"

        demo = detection(matcher, title=lambda event: order.append(f"title {event}") or "t")
        told = findings(demo, enumerate(["a", "silent", "b"]))
        self.assertEqual(order, ["a", "title a", "silent", "b", "title b"])
        results = {"detection": {"output": True}, "title": {"output": "t"}}
        self.assertEqual(told, [(0, results), (2, results)])

    def test_what_is_known_is_not_called_again(self):
        called = []
        demo = detection(lambda event: called.append(event) or True, title=answer)
        known = {0: {0: {"error": {"type": "Ended"}}}, 1: {1: {"error": {"type": "Ended"}}}}
        told = findings(demo, [(0, "a"), (1, "b")], known)
        self.assertEqual(called, ["b"])
        self.assertEqual(
            told,
            [
                (0, {"detection": {"error": {"type": "Ended"}}}),
                (1, {"detection": {"output": True}, "title": {"error": {"type": "Ended"}}}),
            ],
        )

    def test_an_item_is_marked_before_its_matcher_and_nothing_stays_armed(self):
        positions = []

        def matcher(event):
            positions.append(marks.position())
            return answer(event)

        findings(detection(matcher), ENTRIES)
        self.assertEqual(positions, [(3, item) for item, _ in ENTRIES])
        # Would raise if the deadline were still armed.
        marks._on_deadline(None, None)


class Given(unittest.TestCase):
    records = [(10, {"p_log_type": "Demo", "a": {}}), (11, {"p_log_type": "Other"}), (12, {})]

    def test_rules_share_one_view_of_an_event(self):
        views = Views(self.records, {"Demo": "model"})
        rule = detection(None)
        first, second, third = (views.entries(rule, places) for places in ([0, 1], [0, 1], [2, 0]))
        self.assertEqual([item for item, _ in first], [10, 11])
        self.assertEqual([item for item, _ in third], [12, 10])
        self.assertIs(first[0][1], second[0][1])
        self.assertIs(first[0][1], third[1][1])
        self.assertEqual([event.data_model for _, event in first], ["model", None])

    def test_a_policy_gets_a_copy_of_its_own(self):
        views = Views(self.records, {})
        policy = detection(None, "policy")
        for _ in range(2):
            [(item, resource)] = views.entries(policy, [0])
            self.assertEqual((item, type(resource), resource), (10, dict, {"p_log_type": "Demo", "a": {}}))
            resource["a"]["changed"] = True

    def test_a_row_of_a_query_has_no_model(self):
        for type, model in [("rule", "model"), ("scheduled_rule", None)]:
            self.assertIs(view(detection(None, type), self.records[0][1], {"Demo": "model"}).data_model, model)


if __name__ == "__main__":
    unittest.main()
