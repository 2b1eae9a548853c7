"""The JSONPath subset: matches, concrete paths, refused texts."""

import unittest

from panther_core.jsonpath import JsonPath, JsonPathError

DOCUMENT = {
    "a": {"b": {"c": 1}, "none": None},
    "user-agent": "curl",
    "a.b": "dotted",
    "x": [{"f": "v", "n": 1}, {"f": "w", "n": True, "s": {"t": "v"}}, {"n": "1"}],
    "m": [[1, 2], [3]],
}


class Find(unittest.TestCase):
    def test_matches(self):
        for path, expected in [
            ("$", [("", DOCUMENT)]),
            ("a", [("a", DOCUMENT["a"])]),
            ("$.a.b.c", [("a.b.c", 1)]),
            ("a.b.c", [("a.b.c", 1)]),
            ("$.A.b.c", []),
            ("$.a.none", [("a.none", None)]),
            ("$.a.none.deeper", []),
            ("$.a.x", []),
            ("$.user-agent", [("user-agent", "curl")]),
            ("$.'user-agent'", [("user-agent", "curl")]),
            ('$."a.b"', [("'a.b'", "dotted")]),
            ("$['a.b']", [("'a.b'", "dotted")]),
            ('["a"]["b"].c', [("a.b.c", 1)]),
            ("$.x[0].f", [("x.[0].f", "v")]),
            ("x.[1].f", [("x.[1].f", "w")]),
            ("$.x[-1].n", [("x.[2].n", "1")]),
            ("$.x[3]", []),
            ("$.a[0]", []),
            ("$.x.f", []),
            ("$.x[*].f", [("x.[0].f", "v"), ("x.[1].f", "w")]),
            ("$.a.b.*", [("a.b.c", 1)]),
            ("$.m[*][0]", [("m.[0].[0]", 1), ("m.[1].[0]", 3)]),
            ("$..c", [("a.b.c", 1)]),
            ("$..t", [("x.[1].s.t", "v")]),
            ("$.x..f", [("x.[0].f", "v"), ("x.[1].f", "w")]),
            ("$.m..[1]", [("m.[1]", [3]), ("m.[0].[1]", 2)]),
            ('$.x[?(@.f == "v")].n', [("x.[0].n", 1)]),
            ("$.x[?(@.f=='w')].n", [("x.[1].n", True)]),
            ("$.x[?(@.f != 'v')].n", [("x.[1].n", True)]),
            ("$.x[?(@.n == 1)].f", [("x.[0].f", "v")]),
            ("$.x[?(@.n == true)].f", [("x.[1].f", "w")]),
            ("$.x[?(@.s.t == 'v')].f", [("x.[1].f", "w")]),
            ("$.x[?(@.s)].f", [("x.[1].f", "w")]),
            ("$.x[?(@.absent == null)]", []),
        ]:
            with self.subTest(path):
                nodes = JsonPath(path).find(DOCUMENT)
                self.assertEqual([(node.path, node.value) for node in nodes], expected)

    def test_documents_that_are_no_mapping(self):
        for document in [None, 1, "a", []]:
            with self.subTest(document):
                self.assertEqual(JsonPath("$.a").find(document), [])


class Refused(unittest.TestCase):
    def test_texts(self):
        for text, column in [
            ("", 1),
            ("$.", 2),
            ("$.a.", 4),
            ("$.a[", 4),
            ("$.a[b]", 4),
            ("$a", 2),
            ("$.a b", 4),
            ("$.a...b", 4),
            ("$.a..", 4),
            ("$.a['b]", 4),
            ("$.a | $.b", 4),
            ("$.a.`len`", 5),
            ("$.a[0:2]", 4),
            ("$.a[?(@.b > 1)]", 4),
        ]:
            with self.subTest(text), self.assertRaisesRegex(JsonPathError, f"at column {column};"):
                JsonPath(text)


if __name__ == "__main__":
    unittest.main()
