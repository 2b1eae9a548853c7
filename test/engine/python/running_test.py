"""The loop of the driver has the same results as running detections one by one, each with its own arguments."""

import unittest
from array import array
from types import SimpleNamespace

from signalbox_driver import progress
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


ANSWERS = [False, True, None, 1, 0, "yes", False, ValueError("no"), SystemExit(2), progress.TimeLimitExceeded(), True]
EVENTS = [{"answer": value} for value in ANSWERS]
# Not the places: an item may have none.
ITEMS = array("i", range(10, 10 + len(EVENTS)))


class Findings(unittest.TestCase):
    def test_the_same_as_one_by_one(self):
        for type in ("rule", "policy"):
            with self.subTest(type):
                demo = detection(answer, type, title=lambda event: "t", dedup=lambda event: 1)
                one_by_one = [(item, run(demo, item, event)) for item, event in zip(ITEMS, EVENTS, strict=True)]
                silent = {"output": type == "policy"}
                expected = [entry for entry in one_by_one if entry[1]["detection"] != silent]
                self.assertEqual(repr(findings(demo, ITEMS, EVENTS)), repr(expected))
                self.assertEqual(repr(findings(demo, ITEMS, EVENTS, {99: {}})), repr(expected))
                self.assertEqual(repr(findings(demo, ITEMS, EVENTS, mark_each_item=True)), repr(expected))
                self.assertIn("error", expected[-2][1]["detection"])

    def test_the_other_functions_run_at_once_where_it_alerts(self):
        order = []

        def matcher(event):
            order.append(event)
            return event != "silent"

        demo = detection(matcher, title=lambda event: order.append(f"title {event}") or "t")
        results_of_loop = findings(demo, array("i", range(3)), ["a", "silent", "b"])
        self.assertEqual(order, ["a", "title a", "silent", "b", "title b"])
        results = {"detection": {"output": True}, "title": {"output": "t"}}
        self.assertEqual(results_of_loop, [(0, results), (2, results)])

    def test_what_is_known_is_not_called_again(self):
        called = []
        demo = detection(lambda event: called.append(event) or True, title=answer)
        known = {0: {0: {"error": {"type": "Ended"}}}, 1: {1: {"error": {"type": "Ended"}}}}
        results_of_loop = findings(demo, array("i", range(2)), ["a", "b"], known)
        self.assertEqual(called, ["b"])
        self.assertEqual(
            results_of_loop,
            [
                (0, {"detection": {"error": {"type": "Ended"}}}),
                (1, {"detection": {"output": True}, "title": {"error": {"type": "Ended"}}}),
            ],
        )

    def test_it_is_known_at_which_item_a_body_is_and_nothing_stays_armed(self):
        positions = []

        def matcher(event):
            positions.append(progress.position())
            return answer(event)

        for mark_each_item in (False, True):
            findings(detection(matcher, title=matcher), ITEMS, EVENTS, mark_each_item=mark_each_item)
            alerting = [10 + item for item, value in enumerate(ANSWERS) if value is True]
            self.assertEqual(positions, [(3, item) for item in sorted([*ITEMS, *alerting])])
            positions.clear()
            # Would raise if the deadline were still armed.
            progress._on_deadline(None, None)


    def test_a_helper_loaded_on_the_way_leaves_the_loop_where_it_was(self):
        positions = []

        def matcher(event):
            here = progress.state()
            progress.begin_loading(9)
            progress.restart_budget(here)
            positions.append(progress.position())
            return event == "alerting"

        demo = detection(matcher, title=matcher)
        findings(demo, array("i", [7, 8, 9]), ["silent", "alerting", "silent"])
        self.assertEqual(positions, [(3, 7), (3, 8), (3, 8), (3, 9)])


class Given(unittest.TestCase):
    records = [{"p_log_type": "Demo", "a": {}}, {"p_log_type": "Other"}, {}]

    def views(self, models):
        return Views([10, 11, 12], self.records, [[0, 2], [1]], models)

    def test_rules_share_one_view_of_an_event(self):
        views = self.views({"Demo": "model"})
        rule = detection(None)
        (items, events), (_, same), (more_items, more) = (views.views_for(rule, groups) for groups in ([0], [0], [1, 0]))
        self.assertEqual((list(items), list(more_items)), ([10, 12], [10, 11, 12]))
        self.assertIs(events, same)
        self.assertIs(events[1], more[2])
        self.assertEqual([event.data_model for event in more], ["model", None, None])

    def test_a_policy_gets_a_copy_of_its_own(self):
        views = self.views({})
        policy = detection(None, "policy")
        for _ in range(2):
            items, resources = views.views_for(policy, [0])
            resource = next(resources)
            self.assertEqual((items[0], type(resource), resource), (10, dict, {"p_log_type": "Demo", "a": {}}))
            resource["a"]["changed"] = True

    def test_a_row_of_a_query_has_no_model(self):
        for type, model in [("rule", "model"), ("scheduled_rule", None)]:
            self.assertIs(view(detection(None, type), self.records[0], {"Demo": "model"}).data_model, model)


if __name__ == "__main__":
    unittest.main()
