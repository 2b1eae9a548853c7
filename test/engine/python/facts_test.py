"""The facts of a body: functions, imports, and every value that its deciding functions can return."""

import unittest
from textwrap import dedent

from signalbox_syntax.facts import Facts


def returns(source, function="severity", helpers=()):
    """Ways to return, short: texts as they are, lists of texts as lists, the rest by its kind."""
    facts = Facts({name: (f"{name}.py", dedent(text)) for name, text in dict(helpers).items()})
    returned = facts.of_detection("body.py", dedent(source))["returns"]
    return [_short(outcome) for outcome in returned[function]["outcomes"]]


def _short(outcome):
    kind = outcome["kind"]
    if kind == "text":
        return outcome["value"]
    if kind == "list":
        items = [item["value"] for item in outcome["items"]]
        items += [] if outcome["exact"] else ["maybe"]
        return items + ([] if outcome["closed"] else ["..."])
    if kind == "unknown":
        return "event?" if outcome["event"] else "?"
    return outcome["type"] if kind == "other" else kind


class Outline(unittest.TestCase):
    def test_functions_and_imports(self):
        facts = Facts({}).of_body(
            "body.py",
            dedent("""
                import os, a.b as c
                from helper import one, two as zwei
                from other import *
                if os:
                    def rule(event):
                        from late import x
                        def nested():
                            pass
                class K:
                    def method(self):
                        import inner
            """),
        )
        self.assertEqual(facts["functions"], [{"name": "rule", "line": 6}])
        self.assertEqual(
            [(each["module"], each["name"], each["line"]) for each in facts["imports"]],
            [
                ("os", None, 2),
                ("a.b", None, 2),
                ("helper", "one", 3),
                ("helper", "two", 3),
                ("other", "*", 4),
                ("late", "x", 7),
                ("inner", None, 12),
            ],
        )

    def test_text_that_is_not_python_has_no_facts(self):
        for source in ("def rule(event:", "\x00", "(" * 1000, "x = " + "-" * 100_000 + "1"):
            with self.subTest(source[:10]):
                self.assertIsNone(Facts({}).of_detection("body.py", source))

    def test_a_function_that_the_module_lacks_is_absent(self):
        facts = Facts({}).of_detection("body.py", "def rule(event):\n    return True\n")
        self.assertEqual(facts["returns"], {})

    def test_places_count_characters(self):
        facts = Facts({}).of_detection("body.py", 'def severity(event):\n    "é"; return "LOW"\n')
        [outcome] = facts["returns"]["severity"]["outcomes"]
        self.assertEqual(outcome["location"], {"file": "body.py", "line": 2, "column": 17})
        self.assertEqual(facts["returns"]["severity"]["location"], {"file": "body.py", "line": 1, "column": 1})


class Severities(unittest.TestCase):
    """The body of severity(event), and what it can return."""

    CASES = {
        "constant": ('return "HIGH"', ["HIGH"]),
        "branches": (
            """
            if event.get("a"):
                return "LOW"
            elif event.get("b"):
                return "DEFAULT"
            return "HIGH"
            """,
            ["LOW", "DEFAULT", "HIGH"],
        ),
        "runs off its end": ('if event.get("a"): return "LOW"', ["LOW", "none"]),
        "both branches return": (
            """
            if event.get("a"):
                return "LOW"
            else:
                raise ValueError
            """,
            ["LOW"],
        ),
        "bare return": ("return", ["none"]),
        "conditional expression": ('return "LOW" if event.get("a") else "HIGH"', ["LOW", "HIGH"]),
        "local name, reassigned": (
            """
            level = "LOW"
            for item in event.get("items"):
                if item:
                    level = "HIGH"
            return level
            """,
            ["LOW", "HIGH"],
        ),
        "of the event": ('return event.get("severity")', ["event?"]),
        "of the event, by another name": (
            """
            level = event.deep_get("a", "b")
            score = level.lower()
            return score
            """,
            ["event?"],
        ),
        "event or constant": ('return event.get("severity") or "HIGH"', ["event?", "HIGH"]),
        "falsy left side of or": ('return "" or None or "HIGH"', ["HIGH"]),
        "truthy left side of and": ('return "a" and "HIGH"', ["HIGH"]),
        "module constant": ("return LEVEL", ["MEDIUM"]),
        "rebound constant": ("return CHANGED", ["A", "B", "C"]),
        "map": ('return LEVELS[event.get("x")]', ["LOW", "HIGH"]),
        "map with default": ('return LEVELS.get(event.get("x"), "INFO")', ["LOW", "HIGH", "INFO"]),
        "map without default": ('return LEVELS.get(event.get("x"))', ["LOW", "HIGH", "none"]),
        "map that is filled elsewhere": ('return FILLED.get("x", "INFO")', ["LOW", "?", "INFO"]),
        "map that is passed elsewhere": ('return LENT.get("x", "INFO")', ["?"]),
        "own function": ("return pick(event)", ["LOW", "HIGH"]),
        "own function with an argument": ('return same("LOW")', ["LOW"]),
        "own function with the event's value": ('return same(event.get("x"))', ["event?"]),
        "default of a parameter": ("return defaulted()", ["INFO"]),
        "keyword argument": ('return defaulted(level="LOW")', ["LOW"]),
        "recursion": ('return again(event)', ["LOW"]),
        "recursion with another argument": ('return deeper("LOW")', ["?", "LOW"]),
        "shared with a function in it": (
            """
            level = "LOW"
            def change():
                nonlocal level
                level = "HIGH"
            change()
            return level
            """,
            ["LOW", "?"],
        ),
        "map with another in it": ('return WIDER.get(event.get("x"), "INFO")', ["LOW", "HIGH", "CRITICAL", "INFO"]),
        "global that another function's name hides": ("return HIDDEN", ["A", "?"]),
        "changed on the way round": (
            """
            level = "A"
            while event.get("x"):
                level = level + "A"
            return level
            """,
            ["A", "?"],
        ),
        "method of text": ('return "low".upper()', ["LOW"]),
        "f-string of constants": ('return f"{LEVEL}!"', ["MEDIUM!"]),
        "f-string of the event": ("return f\"{event.get('x')}\"", ["event?"]),
        "concatenation": ('return "LO" + "W"', ["LOW"]),
        "walrus": ('return (level := "LOW")', ["LOW"]),
        "walrus, by name": (
            """
            if (level := LEVELS.get(event.get("x"))):
                return level
            return "INFO"
            """,
            ["LOW", "HIGH", "none", "INFO"],
        ),
        "unpacking": (
            """
            a, b = "LOW", "HIGH"
            return b
            """,
            ["HIGH"],
        ),
        "try": (
            """
            try:
                return LEVELS["a"]
            except KeyError:
                return "INFO"
            """,
            ["LOW", "HIGH", "INFO"],
        ),
        "try that passes": (
            """
            try:
                return "LOW"
            except ValueError:
                pass
            return "INFO"
            """,
            ["LOW", "INFO"],
        ),
        "match with a wildcard": (
            """
            match event.get("x"):
                case "a":
                    return "LOW"
                case _:
                    return "HIGH"
            """,
            ["LOW", "HIGH"],
        ),
        "match without": (
            """
            match event.get("x"):
                case "a":
                    return "LOW"
            """,
            ["LOW", "none"],
        ),
        "captured by match": (
            """
            match event.get("x"):
                case level:
                    return level
            """,
            ["event?"],
        ),
        "while True": (
            """
            while True:
                return "LOW"
            """,
            ["LOW"],
        ),
        "with": (
            """
            with suppress(KeyError):
                return "LOW"
            """,
            ["LOW", "none"],
        ),
        "after a return": (
            """
            return "LOW"
            return "HIGH"
            """,
            ["LOW"],
        ),
        "a number": ("return 5", ["int"]),
        "a comparison": ("return event.get('x') == 1", ["bool"]),
        "deleted": (
            """
            level = "LOW"
            del level
            return level
            """,
            ["LOW", "?"],
        ),
        "state that rule() left": ("return STATE", ["INFO", "?"]),
        "generator": ('yield "LOW"', ["?"]),
        "too many": ("return " + " + ".join(["pick(event)"] * 8), ["event?"]),
    }

    MODULE = """
LEVEL = "MEDIUM"
CHANGED = "A"
if LEVEL:
    CHANGED = "B"
LEVELS = {"a": "LOW", "b": "HIGH"}
FILLED = {"a": "LOW"}
LENT = {"a": "LOW"}
STATE = "INFO"
HIDDEN = "A"
WIDER = {**LEVELS, "c": "CRITICAL"}

def rule(event):
    global STATE, CHANGED, HIDDEN
    LEVEL = event.get("level")
    HIDDEN = LEVEL
    STATE = event.get("x")
    CHANGED = "C"
    FILLED["b"] = event.get("x")
    lend(LENT)
    return True

def pick(event):
    if event.get("a"):
        return "LOW"
    return "HIGH"

def same(value):
    return value

def deeper(level):
    if level == "LOW":
        return deeper("HIGH")
    return level

def defaulted(level="INFO"):
    return level

def again(event):
    if event.get("x"):
        return again(event)
    return "LOW"

def severity(event):
"""

    def test_cases(self):
        for name, (body, expected) in self.CASES.items():
            with self.subTest(name):
                source = self.MODULE + "\n".join(f"    {line}" for line in dedent(body).strip().split("\n"))
                self.assertEqual(returns(source), expected)


class Destinations(unittest.TestCase):
    CASES = {
        "list": ('return ["a", "b"]', [["a", "b"]]),
        "empty": ("return []", [[]]),
        "none": ("return None", ["none"]),
        "skip": ('return ["SKIP"]', [["SKIP"]]),
        "not a list": ('return "a"', ["a"]),
        "tuple": ('return ("a", "b")', ["tuple"]),
        "list of a tuple": ('return list(("a", "b"))', [["a", "b"]]),
        "constants": ("return [A, *MORE]", [["a", "b", "c", "maybe"]]),
        "sum": ('return [A] + ["z"]', [["a", "z"]]),
        "of the event": ('return [event.get("team")]', [["maybe", "..."]]),
        "one of the event": ('return ["a", event.get("team")]', [["a", "maybe", "..."]]),
        "chosen": ('return [A if event.get("x") else "b"]', [["a", "b", "maybe"]]),
        "appended": (
            """
            found = []
            if event.get("x"):
                found.append("a")
            found.extend(MORE)
            found += ["z"]
            return found
            """,
            [["a", "b", "c", "z", "maybe"]],
        ),
        "removed": (
            """
            found = ["a", "b"]
            found.remove("a")
            return found
            """,
            [["a", "b", "maybe"]],
        ),
        "handed to a function": (
            """
            found = ["a"]
            fill(found)
            return found
            """,
            ["?"],
        ),
        "looked at": (
            """
            found = ["a"]
            print(len(found), "a" in found, found[0], ", ".join(found))
            return found
            """,
            [["a"]],
        ),
        "map of lists": ('return TEAMS.get(event.get("team"), [])', [["a"], ["b", "c"], []]),
        "element of a constant": ("return [MORE[0]]", [["b", "c", "maybe"]]),
        "part of a constant": ("return MORE[:1]", [["b", "c", "maybe"]]),
        "filled by a function of the module": ("return FILLED", [["a", "maybe", "..."]]),
        "comprehension": ("return [x for x in MORE]", ["?"]),
    }

    MODULE = 'A = "a"\nFILLED = [A]\ndef rule(event):\n    A = event.get("x")\n    FILLED.append(A)\nMORE = ["b", "c"]\nTEAMS = {"x": [A], "y": ["b", "c"]}\ndef destinations(event):\n'

    def test_cases(self):
        for name, (body, expected) in self.CASES.items():
            with self.subTest(name):
                source = self.MODULE + "\n".join(f"    {line}" for line in dedent(body).strip().split("\n"))
                self.assertEqual(returns(source, "destinations"), expected)


class Helpers(unittest.TestCase):
    HELPERS = {
        "routing": """
            import inner
            from inner import DEEP
            SOC = "soc"
            def team(event, name="x"):
                return [SOC, name]
            def severity(event):
                return DEEP
            def through(event):
                return inner.deep(event)
        """,
        "inner": """
            DEEP = "HIGH"
            def deep(event):
                return event.get("x") or DEEP
        """,
        "broken": "def (",
        "here": "from there import X",
        "there": "from here import X",
    }
    CASES = {
        "a function": (
            "from routing import team\ndef destinations(event): return team(event, 'y')",
            [["soc", "y"]],
        ),
        "a function of a module": (
            "import routing\ndef destinations(event): return routing.team(event)",
            [["soc", "x"]],
        ),
        "a constant of a module": ("import routing as r\ndef destinations(event): return [r.SOC]", [["soc"]]),
        "a constant, by another name": (
            "from routing import SOC as S\ndef destinations(event): return [S]",
            [["soc"]],
        ),
        "everything": ("from routing import *\ndef destinations(event): return [SOC]", [["soc"]]),
        "a function of everything": (
            "from routing import *\ndef destinations(event): return team(event)",
            [["soc", "x"]],
        ),
        "the function itself": ("from routing import team as destinations", [["soc", "x"]]),
        "through two files": (
            "from routing import through\ndef destinations(event): return through(event)",
            ["event?", "HIGH"],
        ),
        "imported inside": (
            "def destinations(event):\n    from routing import SOC\n    return [SOC]",
            [["soc"]],
        ),
        "a helper that is no Python": (
            "from broken import f\ndef destinations(event): return f(event)",
            ["event?"],
        ),
        "a package": ("import boto3\ndef destinations(event): return boto3.x(event)", ["event?"]),
        "a name that the helper lacks": (
            "from routing import nothing\ndef destinations(event): return nothing",
            ["?"],
        ),
        "a circle": ("from here import X\ndef destinations(event): return X", ["?"]),
    }

    def test_cases(self):
        for name, (source, expected) in self.CASES.items():
            with self.subTest(name):
                self.assertEqual(returns(source, "destinations", self.HELPERS), expected)

    def test_one_that_is_no_python_was_followed_too(self):
        helpers = {"broken": ("helpers/broken.py", "def (")}
        facts = Facts(helpers).of_detection("body.py", "from broken import severity")
        self.assertEqual(facts["followed"], ["helpers/broken.py"])
        self.assertIsNone(Facts(helpers).of_helper("broken"))

    def test_a_name_of_the_standard_library(self):
        reader = Facts({"json": ("json.py", ""), "own": ("own.py", "")})
        self.assertEqual([reader.of_helper(name)["isStandard"] for name in ("json", "own")], [True, False])

    def test_says_which_files_were_followed(self):
        helpers = {name: (f"helpers/{name}.py", dedent(text)) for name, text in self.HELPERS.items()}
        facts = Facts(helpers).of_detection("body.py", "from routing import severity")
        self.assertEqual(facts["followed"], ["helpers/inner.py", "helpers/routing.py"])
        [outcome] = facts["returns"]["severity"]["outcomes"]
        self.assertEqual(outcome["location"], {"file": "helpers/inner.py", "line": 2, "column": 8})


if __name__ == "__main__":
    unittest.main()
