/**
 * Every operation of a guard against Python itself, over values of every kind. Where a guard knows a value, or an
 * exception, Python must have the same; for each expression it must know some, or the comparison would prove nothing.
 */
import { expect, it } from 'vitest'
import { compareWithPython, describeWithPython, differencesOf, type MatcherCase } from './python-answers.ts'

const TEXTS = [
  '""',
  '"a"',
  '"A"',
  '"abc"',
  '"a.b"',
  '"Ab Cd"',
  '" a\\u001cb\\t"',
  '"12"',
  '"1_0"',
  '"+1"',
  '"None"',
]
const ADDRESSES = [
  '"10.0.0.1"',
  '"010.0.0.1"',
  '"1.2.3"',
  '"::1"',
  '"fe80::1%eth0"',
  '"::ffff:1.2.3.4"',
  '"1::2::3"',
]
const OTHER_TEXTS = [
  '"\\u00df"',
  '"\\u212a"',
  '"\\ud83d\\ude00"',
  '"\\ud83d"',
  '"a\\nb"',
  '"a\\n"',
  '"x-y/z"',
]
const NUMBERS = ['0', '1', '-1', '1.0', '2.5', '-0', '1e3', '1152921504606846976', '12']
const CONTAINERS = [
  '[]',
  '["a"]',
  '["a","b"]',
  '[1,true]',
  '[[]]',
  '[{"a":1}]',
  '{}',
  '{"a":1}',
  '{"A":null}',
  '{"2":1,"a":2}',
]
const VALUES = ['null', 'true', 'false', ...TEXTS, ...ADDRESSES, ...OTHER_TEXTS, ...NUMBERS, ...CONTAINERS]
const SINGLE = ['{}', ...VALUES.map((value) => `{"x":${value}}`)]
const FEW = [
  'null',
  'true',
  '0',
  '1',
  '1.0',
  '""',
  '"a"',
  '"A"',
  '"ab"',
  '"\\u00e9"',
  '"\\ud83d"',
  '[]',
  '["a"]',
  '[["a"]]',
  '{}',
  '{"a":1}',
]
const PAIRS = FEW.flatMap((x) => FEW.map((y) => `{"x":${x},"y":${y}}`))
const SPELLINGS = [
  '{"x":1}',
  '{"X":1}',
  '{"X":null}',
  '{"X":1,"x":2}',
  '{"x":2,"X":1}',
  '{"aB":1,"Ab":2}',
  '{"1":1,"X":2}',
  '{"\\u212a":1}',
  '{"__proto__":{"x":1}}',
  '{"constructor":1}',
  '{"x":1,"y":2,"x":3}',
]
/** The first and last addresses of the blocks that are private, and their neighbours. */
const NETWORK_BORDERS = [
  ['0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['191.255.255.255', '192.0.0.8', '192.0.0.9', '192.0.0.170', '192.0.1.255', '192.0.2.0', '192.0.2.255'],
  ['192.0.3.0', '192.88.99.1', '192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0', '198.51.99.255', '198.51.100.0'],
  ['198.51.100.255', '198.51.101.0', '203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['223.255.255.255', '224.0.0.1', '239.255.255.255', '240.0.0.0', '255.255.255.254', '255.255.255.255'],
  ['::1', '::ffff:10.0.0.1', 'fd00::1', '2001:db8::1'],
].flatMap((addresses) => addresses.map((address) => JSON.stringify({ x: address })))
const NESTED = [
  '{}',
  '{"a":null}',
  '{"a":1}',
  '{"a":"b"}',
  '{"a":{}}',
  '{"a":{"b":null}}',
  '{"a":{"b":1}}',
  '{"A":{"B":1}}',
  '{"a":{"b":{"c":2}}}',
  '{"a":[{"b":1}]}',
  '{"a":[{"b":1},{"b":2},{"b":1}]}',
  '{"a":[{"b":[1,2]},{"b":[2,3]}]}',
  '{"a":[{"b":{"c":1}}]}',
  '{"a":[{"B":1}]}',
  '{"a":{"b":[]}}',
  '{"a":{"b":[[],[]]}}',
  '{"a":[]}',
  '{"a":[[{"b":"x"}],{"b":""}]}',
]

/** Expressions over `x` and `y`, with the events on which they are compared. */
const OPERATIONS: Readonly<
  Record<string, { readonly events: readonly string[]; readonly of: readonly string[] }>
> = {
  'S1 keys of the event': {
    events: SPELLINGS,
    of: [
      'event.get("x")',
      'event.get("x", "d")',
      'event.get("x", default="d")',
      'event["x"]',
      '"x" in event',
      'event.get("K")',
      'event.get("ab")',
      'event.get("__proto__")',
      'event.get("constructor")',
      'event.get(1)',
      'list(event.keys())',
      'list(event.items())',
      'event.get("__proto__", {}).get("X")',
      'event.get("y")',
    ],
  },
  'S3, S5 nested keys': {
    events: NESTED,
    of: [
      'event.deep_get("a", "b")',
      'event.deep_get("a", "b", default="d")',
      'event.deep_get("a", "b", default=[])',
      'event.deep_get("A", "B", "C", default=0)',
      'event.deep_get("a", default={})',
      'event.deep_walk("a", "b")',
      'event.deep_walk("a", "b", default="d")',
      'event.deep_walk("a", "b", default=[])',
      'event.deep_walk("a", "b", return_val="first")',
      'event.deep_walk("a", "b", return_val="last", default="")',
      'event.deep_walk("a", "b", "c", return_val="other")',
      'event.get("a").get("b")',
      'event.get("a", {}).get("b", "d")',
      'event["a"]["b"]',
      'event["a"][0]',
      'event.get("a").deep_get("b")',
      'event.get("a", {}).get("b", {}).get("c")',
      'list(event.get("a").values())',
      'len(event.get("a").keys())',
      'None in event.get("a", {}).keys()',
      'event.get("a") in {"b": 1}.keys()',
    ],
  },
  'S6 to S8, S13, S19 two values': {
    events: PAIRS,
    of: [
      'x == y',
      'x != y',
      'x is y',
      'x in y',
      'x not in y',
      'x < y',
      'x >= y',
      'x and y',
      'x or y',
      'x + y',
      'x in (y, 1)',
      'x in [y]',
      '[x] == [y]',
      '{x: 1}.get(y)',
      'x in {y}',
      '{x} == {y}',
      '{x} & {y}',
      'x < 1 < y',
      'x.startswith(y)',
      'x.get(y)',
      'x[y]',
      'max(x, y)',
      'x == y == "a"',
      '[each for each in (x, y) if each]',
      '{x: y}',
      '(x, y) in {("a", "A"), ("a", 1), (None, 0)}',
      '(x, y) == ("a", "a")',
      '{(x, y): 1}',
    ],
  },
  'S6, S7, S8, S13 one value and constants': {
    events: SINGLE,
    of: [
      'x == "a"',
      'x == 1',
      'x == True',
      'x == None',
      'x == []',
      'x == {}',
      'x == ["a"]',
      'x != 0',
      'x in ("a", 1)',
      'x in ["a", None]',
      'x in {"a", "b"}',
      'x in {"a": 1}',
      'x not in {1, "a"}',
      '"a" in x',
      '1 in x',
      'None in x',
      'x is None',
      'x is not None',
      'x is True',
      'not x',
      'bool(x)',
      'x < 2',
      'x > "a"',
      '"A" <= x',
      'x if x else "none"',
      'x == 1.5',
    ],
  },
  'S14 to S16 methods of text': {
    events: SINGLE,
    of: [
      'x.startswith("a")',
      'x.endswith((".b", "c"))',
      'x.lower()',
      'x.upper()',
      'x.casefold()',
      'x.title()',
      'x.capitalize()',
      'x.strip()',
      'x.lstrip("a ")',
      'x.rstrip("c")',
      'x.split(".")',
      'x.split()',
      'x.split(".", 1)',
      'x.split("")',
      'x.rsplit(".", 1)',
      'x.replace("a", "$&")',
      '"-".join(x)',
      '"".join([x, "a"])',
      'x + "a"',
      'f"{x}!"',
      'x.find("b")',
      'x.count("a")',
      'x.isdigit()',
      'x.lower() in {"a"}',
      'x.split(".")[0]',
      'x.keys()',
      'x.append(1)',
    ],
  },
  'S17, S18, S20, S23, E14 functions': {
    events: SINGLE,
    of: [
      'len(x)',
      'x[0]',
      'x[-1]',
      'x[0:2]',
      'x["a"]',
      'str(x)',
      'int(x)',
      'list(x)',
      'tuple(x)',
      'set(x)',
      'sorted(x)',
      'min(x)',
      'max(x)',
      'sum(x)',
      'any(x)',
      'all(x)',
      'abs(x)',
      'hasattr(x, "get")',
      'any(each == "a" for each in x)',
      'all(each in {"a", "b"} for each in x)',
      '[each for each in x if each]',
      '{each: 1 for each in x}',
      '[pair for pair in enumerate(x)]',
      '[a for a, b in zip(x, x)]',
      'len(zip(x, x))',
      'enumerate(x)[0]',
      'isinstance(x, str)',
      'isinstance(x, (dict, list))',
      'isinstance(x, (int, float))',
      'isinstance(x, bool)',
      'isinstance(x, (Mapping, Sequence))',
      'isinstance(x, Sequence) and not isinstance(x, str)',
      'bool(ip_address(x))',
      'fnmatch(x, "a*")',
      'fnmatch(x, "*b*")',
      'fnmatch(x, "a*c")',
      'x - 1',
      'x * 2',
      '-x',
      'reduce(lambda a, b: a + b, x, "")',
      'reduce(lambda d, key: d.get(key, None) if isinstance(d, Mapping) else None, ("x", "a"), event)',
    ],
  },
  'S23 private addresses': { events: NETWORK_BORDERS, of: ['ip_address(x).is_private'] },
  'S21 regular expressions': {
    events: SINGLE,
    of: [
      'bool(re.search("b", x))',
      'bool(re.match(r"^[a-c]+$", x))',
      'bool(re.fullmatch(r"\\w\\.\\w", x))',
      'bool(re.search(r"(?i)AB|cd", x))',
      'bool(re.search(r"a$", x))',
      'bool(re.search(r"a\\Z", x))',
      'bool(re.search(r"^b", x, re.M)) if False else bool(PATTERN.search(x))',
      'bool(re.search(r"a.b", x))',
      'bool(re.search(r"\\s", x))',
      'bool(re.search(r"[^\\d\\s.]", x))',
      'bool(re.match(r"(?:\\d{1,3}\\.){0,1}1?0", x))',
      'bool(re.search(r"[]a-]", x))',
      'bool(re.search(r"(?:\\w+\\.)*b", x))',
      'bool(re.compile("^A", flags=re.I).search(x))',
      'bool(re.match(r"x-y/z", x)) or False',
      're.search("a", x) is None',
    ],
  },
}

const PRELUDE = `
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from functools import reduce
from ipaddress import ip_address

PATTERN = re.compile(r"^b$", re.MULTILINE | re.IGNORECASE)

def rule(event):
    x = event.get("x")
    y = event.get("y")
`

function caseOf(expression: string, events: readonly string[]): MatcherCase {
  return { source: `${PRELUDE}    return ${expression}\n`, events }
}

describeWithPython('operations of a guard', () => {
  for (const [title, { events, of }] of Object.entries(OPERATIONS)) {
    it(title, () => {
      const compared = compareWithPython(of.map((expression) => caseOf(expression, events)))
      const different = compared.flatMap((each, at) =>
        differencesOf(each).map((difference) => `${of[at]}: ${JSON.stringify(difference)}`),
      )
      expect(different).toEqual([])
      const neverKnown = of.filter((_, at) => compared[at]!.events.every(({ guard }) => guard === null))
      expect(neverKnown).toEqual([])
    })
  }
})
