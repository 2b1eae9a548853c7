"""Views of JSON containers: look-up, equality, types, copies; python-runtime semantics row by row."""

import json
import unittest
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from panther_core.immutable import ImmutableCaseInsensitiveDict, ImmutableList, json_encoder


def view(**items):
    return ImmutableCaseInsensitiveDict(items)


class NoCopy(Mapping):
    def __init__(self, items):
        self.items_ = items

    def __getitem__(self, key):
        return self.items_[key]

    def __iter__(self):
        return iter(self.items_)

    def __len__(self):
        return len(self.items_)


class DictSubclass(dict):
    pass


class DictSource(unittest.TestCase):
    def test_holds_a_shallow_copy(self):
        source = {"a": 1}
        held = ImmutableCaseInsensitiveDict(source)
        source["a"] = 2
        source["b"] = 3
        self.assertEqual(held, {"a": 1})

    def test_keeps_what_cannot_be_copied(self):
        source = {"Key": {"Inner": 1}}
        held = ImmutableCaseInsensitiveDict(NoCopy(source))
        self.assertEqual(held["key"]["inner"], 1)
        source["late"] = 1
        self.assertIn("late", held)


class DictLookup(unittest.TestCase):
    held = ImmutableCaseInsensitiveDict(
        {"Name": 1, "name": 2, "NAME": 3, "none": None, "Nested": {"Deep": [1]}, 7: "n"}
    )

    def test_keys(self):
        for asked, expected in [
            ("name", 2),
            ("NAME", 3),
            ("nAmE", 1),
            ("none", None),
            ("NONE", None),
            (7, "n"),
        ]:
            with self.subTest(asked):
                self.assertEqual(self.held[asked], expected)
                self.assertEqual(self.held.get(asked, "default"), expected)
                self.assertIn(asked, self.held)

    def test_what_is_known_of_some_keys_holds_for_all_that_have_them(self):
        for value in (1, 2):
            held = view(Name=value, other=0)
            self.assertEqual([held.get(key) for key in ("name", "NAME", "absent", "Absent")], [value, value, None, None])
        first, last = view(Key=1, key=2), view(key=2, Key=1)
        self.assertEqual([first["KEY"], last["KEY"]], [1, 2])

    def test_any_number_of_kinds_and_spellings(self):
        for number in range(600):
            self.assertEqual(view(**{f"Key{number}": number})[f"key{number}"], number)
        held = view(Key=1)
        for number in range(1_100):
            self.assertIsNone(held.get(f"absent{number}"))
        self.assertEqual((held["kEY"], held.get("absent")), (1, None))

    def test_absent_keys(self):
        for asked in ["absent", "", 8, None, ("a", "b")]:
            with self.subTest(asked):
                with self.assertRaises(KeyError) as caught:
                    self.held[asked]
                self.assertEqual(caught.exception.args, (asked,))
                self.assertIsNone(self.held.get(asked))
                self.assertEqual(self.held.get(asked, 5), 5)
                self.assertEqual(self.held.get(asked, default=6), 6)
                self.assertNotIn(asked, self.held)

    def test_empty(self):
        empty = view()
        with self.assertRaises(KeyError):
            empty["a"]
        self.assertFalse(empty)
        self.assertEqual(len(empty), 0)

    def test_unhashable_key(self):
        with self.assertRaises(TypeError):
            self.held.get([])

    def test_default_comes_back_untouched(self):
        default = {"a": 1}
        self.assertIs(self.held.get("absent", default), default)


class DictValues(unittest.TestCase):
    def test_only_exact_dict_and_list_are_wrapped(self):
        subclass, items, words = DictSubclass(a=1), (1, [2]), {"x"}
        held = view(d={}, l=[], s=subclass, t=items, w=words, n=None, i=1, x="x")
        self.assertIs(type(held["d"]), ImmutableCaseInsensitiveDict)
        self.assertIs(type(held["l"]), ImmutableList)
        for key, value in {"s": subclass, "t": items, "w": words, "n": None, "i": 1, "x": "x"}.items():
            with self.subTest(key):
                self.assertIs(held[key], value)

    def test_wrappers_are_made_once_per_parent(self):
        held = view(A={"B": [{}]}, empty={})
        self.assertIs(held["A"], held.get("a"))
        self.assertIs(held["a"]["b"][0], held["A"]["B"][-1])
        self.assertIs(held["empty"], held["EMPTY"])

    def test_views_keep_spelling_and_order_and_wrap(self):
        held = view(Zulu={"a": 1}, alpha=[1], Mike=None)
        self.assertEqual(list(held), ["Zulu", "alpha", "Mike"])
        self.assertEqual(list(held.keys()), ["Zulu", "alpha", "Mike"])
        self.assertEqual(
            [type(value) for value in held.values()],
            [ImmutableCaseInsensitiveDict, ImmutableList, type(None)],
        )
        self.assertEqual([key for key, _ in held.items()], ["Zulu", "alpha", "Mike"])
        self.assertIs(dict(held.items())["Zulu"], held["zulu"])
        self.assertTrue(held)
        self.assertEqual(len(held), 3)


class DictEquality(unittest.TestCase):
    held = view(a={"b": [1, {"c": None}]})
    plain = {"a": {"b": [1, {"c": None}]}}

    def test_equal(self):
        for name, other in {
            "plain": self.plain,
            "view": ImmutableCaseInsensitiveDict(self.plain),
            "proxy": MappingProxyType(self.plain),
            "subclass": DictSubclass(self.plain),
            "views inside": {"a": self.held["a"]},
        }.items():
            with self.subTest(name):
                self.assertTrue(self.held == other)
                self.assertTrue(other == self.held)
                self.assertFalse(self.held != other)
                self.assertFalse(other != self.held)

    def test_different(self):
        for other in [{"a": {}}, {}, {"A": self.plain["a"]}, "a", ["a"], None, 1]:
            with self.subTest(other):
                self.assertFalse(self.held == other)
                self.assertFalse(other == self.held)
                self.assertTrue(self.held != other)

    def test_unhashable(self):
        with self.assertRaises(TypeError):
            hash(self.held)


class DictTypeAndMutation(unittest.TestCase):
    def test_types(self):
        self.assertNotIsInstance(view(), dict)
        self.assertIsInstance(view(), Mapping)

    def test_read_only(self):
        held = view(a=1)
        with self.assertRaises(TypeError):
            held["a"] = 2
        with self.assertRaises(TypeError):
            del held["a"]
        with self.assertRaises(TypeError):
            held | {"b": 1}
        for name in ["update", "pop", "setdefault", "clear", "deep_get", "deep_walk"]:
            self.assertFalse(hasattr(held, name), name)

    def test_copies_are_deep_plain_and_mutable(self):
        held = view(a={"b": [{"c": 1}]}, t=(1,), v=view(x=[1]), s={"z"})
        for copy in (held.copy(), held.to_dict()):
            self.assertIs(type(copy), dict)
            self.assertIs(type(copy["a"]["b"]), list)
            self.assertIs(type(copy["a"]["b"][0]), dict)
            self.assertEqual(copy["v"], {"x": [1]})
            self.assertIs(type(copy["v"]["x"]), list)
            copy["a"]["b"][0]["c"] = 2
            copy["new"] = 1
        self.assertEqual(held["a"]["b"][0]["c"], 1)
        self.assertNotIn("new", held)
        self.assertIs(type(held["A"].to_dict()["b"][0]), dict)

    def test_repr(self):
        held = view(a={"b": [1]})
        self.assertEqual(repr(held), "ImmutableCaseInsensitiveDict({'a': {'b': [1]}})")
        self.assertEqual(f"{held['a']}", "ImmutableCaseInsensitiveDict({'b': [1]})")


class Lists(unittest.TestCase):
    raw = [1, {"A": 1}, [2], None, "x"]

    def setUp(self):
        self.held = ImmutableList(self.raw)

    def test_a_copy_is_held(self):
        source = [1]
        held = ImmutableList(source)
        source.append(2)
        self.assertEqual(len(held), 1)
        self.assertEqual(ImmutableList(held), held)

    def test_index_wraps(self):
        self.assertEqual(self.held[1]["a"], 1)
        self.assertIs(type(self.held[-3]), ImmutableList)
        self.assertIs(self.held[1], self.held[-4])
        for index in (5, -6):
            with self.assertRaises(IndexError):
                self.held[index]
        with self.assertRaises(TypeError):
            self.held["a"]

    def test_slice_is_a_tuple_of_plain_elements(self):
        part = self.held[1:3]
        self.assertIs(type(part), tuple)
        self.assertEqual([type(item) for item in part], [dict, list])
        self.assertEqual(self.held[9:], ())
        self.assertEqual(json.dumps(self.held[:3]), '[1, {"A": 1}, [2]]')
        part[0]["A"] = 2
        self.assertEqual(self.held[1]["A"], 1)

    def test_iteration_wraps(self):
        self.assertEqual(
            [type(item) for item in self.held],
            [int, ImmutableCaseInsensitiveDict, ImmutableList, type(None), str],
        )
        self.assertIs(list(self.held)[1], self.held[1])
        self.assertEqual(next(iter(reversed(self.held))), "x")

    def test_sequence_methods(self):
        for item in [1, {"A": 1}, [2], "x", self.held[1], None]:
            self.assertIn(item, self.held)
        self.assertNotIn({"a": 1}, self.held)
        self.assertEqual(self.held.index("x"), 4)
        self.assertEqual(self.held.index({"A": 1}), 1)
        self.assertEqual(self.held.count([2]), 1)
        with self.assertRaises(ValueError):
            self.held.index("absent")
        self.assertEqual(len(self.held), 5)
        self.assertTrue(self.held)
        self.assertFalse(ImmutableList([]))

    def test_equality(self):
        for other in [self.raw, tuple(self.raw), ImmutableList(self.raw), view(l=self.raw)["l"]]:
            with self.subTest(type(other)):
                self.assertTrue(self.held == other)
                self.assertTrue(other == self.held)
                self.assertFalse(self.held != other)
        for other in [[], "x", None, set(), {}, {1: 1}, [1]]:
            with self.subTest(other):
                self.assertFalse(self.held == other)
                self.assertTrue(self.held != other)
        with self.assertRaises(TypeError):
            hash(self.held)

    def test_types(self):
        for held in (self.held, view(l=[1])["l"]):
            self.assertNotIsInstance(held, list)
            self.assertIsInstance(held, Sequence)
            self.assertIsInstance(held, ImmutableList)

    def test_read_only(self):
        with self.assertRaises(TypeError):
            self.held[0] = 2
        with self.assertRaises(TypeError):
            self.held + [1]
        for name in ["append", "sort", "extend", "pop"]:
            self.assertFalse(hasattr(self.held, name), name)

    def test_copies_are_deep_and_plain(self):
        for copy in (self.held.copy(), self.held.as_list(), view(l=self.raw)["l"].copy()):
            self.assertEqual([type(item) for item in copy], [int, dict, list, type(None), str])
            copy[1]["A"] = 2
            copy.append(3)
        self.assertEqual(self.held, self.raw)

    def test_repr(self):
        self.assertEqual(repr(ImmutableList([1, {"a": 1}])), "ImmutableList((1, {'a': 1}))")
        self.assertEqual(str(view(l=[1])["l"]), "ImmutableList((1,))")


class JsonEncoder(unittest.TestCase):
    def test_encodes_views_at_any_depth(self):
        held = view(a={"b": [1, {"c": None}]})
        for obj, text in [
            (held, '{"a": {"b": [1, {"c": null}]}}'),
            ({"x": held["a"]}, '{"x": {"b": [1, {"c": null}]}}'),
            ([held["a"]["b"], ImmutableList([2])], '[[1, {"c": null}], [2]]'),
        ]:
            with self.subTest(text):
                self.assertEqual(json.dumps(obj, default=json_encoder), text)

    def test_refuses_the_rest(self):
        with self.assertRaisesRegex(TypeError, "object of type set is not JSON serializable"):
            json.dumps({"a": {1}}, default=json_encoder)


if __name__ == "__main__":
    unittest.main()
