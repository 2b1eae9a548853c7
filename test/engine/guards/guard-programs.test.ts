/** Whole matchers as guards against Python: statements, functions, helpers, data models, and what must end a guard. */
import { expect, it } from 'vitest'
import { comparedOnce, describeWithPython, differencesOf, type MatcherCase } from './python-answers.ts'

const EVENTS = [
  '{}',
  '{"x":null}',
  '{"x":1}',
  '{"x":"a"}',
  '{"x":"b"}',
  '{"x":["a","c"]}',
  '{"x":{"a":{"b":"c"}}}',
  '{"X":"a","p_log_type":"Log"}',
  '{"x":"b","p_log_type":"Log"}',
  '{"p_log_type":"Log","user":{"name":"ann"}}',
  '{"p_log_type":"Log","user":{"Name":"ann"}}',
  '{"p_log_type":"Log","user":{"name":null}}',
  '{"p_log_type":"Log","p_udm":{"other":"o"},"other":"p"}',
  '{"p_log_type":"Other","user":{"name":"ann"}}',
]

const HELPERS = {
  plain_helpers: `
from functools import reduce
from collections.abc import Mapping
NAMES = ["a", "b"]
ALL = {**{"a": 1}, "b": 2}
def deep_get(dictionary, *keys, default=None):
    out = reduce(lambda d, key: d.get(key, default) if isinstance(d, Mapping) else default, keys, dictionary)
    if out is None:
        return default
    return out
def is_known(value, names=NAMES, *, strict=False):
    return value in names or (strict and value is None)
def actor(event):
    return event.get("x") or "nobody"
`,
  more_helpers:
    'from plain_helpers import is_known as known, deep_get\nimport plain_helpers\nBOTH = plain_helpers.NAMES + ["c"]\n',
}

const MODEL = [
  'from plain_helpers import actor\ndef kind(event):\n    if event.get("x") == "a":\n        return "first"\n    return None\ndef parts(event):\n    return [event.get("x"), 1]\ndef table(event):\n    return {"A": event.get("x")}\ndef wrong(event):\n    return event.deep_get("x")\n',
  [
    { name: 'user', path: '$.user.name' },
    { name: 'Kind', method: 'kind' },
    { name: 'actor', method: 'actor' },
    { name: 'parts', method: 'parts' },
    { name: 'table', method: 'table' },
    { name: 'wrong', method: 'wrong' },
    { name: 'many', path: '$.user[*]' },
  ],
] as const

const rule = (body: string, before = '') =>
  `${before}\ndef rule(event):\n${body
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')}\n`

const IMPORTS = 'import ipaddress\nimport json\nfrom json import JSONDecodeError'

/** The inner handler alerts, the outer one is silent. */
const nestedTry = (type: string) =>
  `try:\n try:\n  return event["x"] == 5\n except ${type}:\n  return True\nexcept KeyError:\n return False`

/** Known: on how many of the events the guard must at least have an answer. */
const PROGRAMS: readonly (readonly [title: string, known: number, case_: Omit<MatcherCase, 'events'>])[] = [
  [
    'a field that is one of texts that are made of constants',
    14,
    {
      source: rule(
        'name = event.get("x")\nreturn any(name == "" + each for each in names())',
        'def names():\n    return ["a", "c"]',
      ),
    },
  ],
  [
    'a field that is one of constants of which some are no texts',
    14,
    { source: rule('name = event.get("x")\nreturn any(name == each for each in ["c", 1, None])') },
  ],
  [
    'a field that is none of no constants',
    14,
    { source: rule('if event.get("x") == "a":\n    name = "a"\nreturn any(name == each for each in [])') },
  ],
  [
    'texts that are made of a field, which are not those of another event',
    12,
    {
      source: rule(
        'own = event.get("x")\nif not isinstance(own, str):\n    own = "none"\nwanted = "a!"\nreturn any(wanted == own + each for each in names())',
        'def names():\n    return ["!", "?"]',
      ),
    },
  ],
  [
    'a dict of constants and lambdas that is changed, asked for keys, and gone through',
    14,
    {
      source: rule(
        'parts = {"a": lambda e: "A", "b": 2, "b": 3}\nparts["c"] = 4\nif not ("a" in parts and "d" not in parts):\n    return True\nif list(parts.keys()) != ["a", "b", "c"]:\n    return True\ntry:\n    parts["d"]\n    return True\nexcept KeyError:\n    return parts["a"](event) == event.get("x", "A") and parts.get("b") == 3 and len(parts) == 3',
      ),
    },
  ],
  [
    'early returns',
    14,
    {
      source: rule(
        'if event.get("x") == "a":\n    return True\nelif event.get("x"):\n    return False\nelse:\n    y = 1\nreturn y == 1',
      ),
    },
  ],
  ['fall off the end', 14, { source: rule('if event.get("x") == "a":\n    return True') }],
  [
    'a loop with break, continue and else',
    14,
    {
      source: rule(
        'found = []\nfor each in event.get("x") or []:\n    if each == "a":\n        continue\n    if each == "c":\n        break\n    found.append(each)\nelse:\n    found.append("end")\nreturn found',
      ),
    },
  ],
  [
    'unpacking and a walrus',
    14,
    { source: rule('a, b = event.get("x", "aa"), 2\nif (c := a):\n    return c\nreturn b') },
  ],
  [
    'a caught exception',
    14,
    {
      source: rule(
        'try:\n    return event["x"]["a"]["b"]\nexcept (KeyError, TypeError):\n    return "caught"',
      ),
    },
  ],
  [
    'an exception of another kind',
    14,
    { source: rule('try:\n    return event.get("x").lower()\nexcept KeyError:\n    return "caught"') },
  ],
  [
    'an exception with a name that nothing reads',
    14,
    { source: rule('try:\n    return event["x"] == "a"\nexcept KeyError as error:\n    return "caught"') },
  ],
  ...['BaseException', 'Exception', 'LookupError', '(OSError, KeyError)', '(ValueError, BaseException)'].map(
    (type) => [`a missing key that ${type} catches`, 14, { source: rule(nestedTry(type)) }] as const,
  ),
  ...[
    'ArithmeticError',
    'IOError',
    'EnvironmentError',
    'StopIteration',
    '(IndexError, ValueError)',
    '()',
  ].map(
    (type) => [`a missing key that ${type} does not catch`, 14, { source: rule(nestedTry(type)) }] as const,
  ),
  [
    'a missing key that no error of a parser catches',
    14,
    { source: rule(nestedTry('(json.JSONDecodeError, JSONDecodeError)'), IMPORTS) },
  ],
  ...['ValueError', 'ipaddress.AddressValueError', 'Exception', 'UnicodeError', 'TypeError'].map(
    (type) =>
      [
        `an address that is none under ${type}`,
        9,
        {
          source: rule(
            `try:\n try:\n  ipaddress.IPv4Address(event.get("x"))\n except ${type}:\n  return True\nexcept ValueError:\n return False`,
            IMPORTS,
          ),
        },
      ] as const,
  ),
  [
    'a switch on functions',
    14,
    {
      source: rule(
        'parts = {"a": lambda e: e.get("x"), "b": lambda e: "B"}\ntake = parts.get(event.get("y", "b"))\nif not take:\n    return False\nreturn take(event)',
      ),
    },
  ],
  [
    'a function within',
    14,
    {
      source: rule(
        'limit = "a"\ndef is_first(value):\n    return value == limit\nreturn is_first(event.get("x"))',
      ),
    },
  ],
  [
    'a match statement',
    14,
    {
      source: rule(
        'match event.get("x"):\n    case "a" | "b":\n        return True\n    case _:\n        return False',
      ),
    },
  ],
  [
    'helpers',
    14,
    {
      source: rule(
        'return known(deep_get(event, "x", "a", "b", default="a"), BOTH) and not known(None, strict=False)',
        'from more_helpers import BOTH, deep_get, known',
      ),
    },
  ],
  [
    'a helper module',
    14,
    {
      source: rule(
        'return event.get("x") in helpers.NAMES or helpers.is_known(event.get("x"), strict=True)',
        'import plain_helpers as helpers',
      ),
    },
  ],
  ['a star import', 14, { source: rule('return is_known(event.get("x"))', 'from plain_helpers import *') }],
  [
    'recursion',
    14,
    {
      source: rule(
        'return depth(event.get("x"))',
        'def depth(value, level=0):\n    if level > 3 or value is None:\n        return level\n    return depth(value, level + 1)',
      ),
    },
  ],
  [
    'a global that is assigned first',
    14,
    { source: rule('global FOUND\nFOUND = event.get("x")\nreturn FOUND == "a"', 'FOUND = None') },
  ],
  [
    'a name that only a mock replaces',
    14,
    {
      source: rule(
        'global NAMES\nif isinstance(NAMES, MagicMock):\n    NAMES = NAMES()\nreturn event.get("x") in NAMES',
        'from unittest.mock import MagicMock\nNAMES = ["a"]',
      ),
    },
  ],
  [
    'a policy sees dicts',
    13,
    {
      kind: 'policy',
      source:
        'def policy(resource):\n    return isinstance(resource, dict) and resource.get("x") != "a" and resource["x"] is None\n',
    },
  ],
  ['a mapped path', 6, { source: rule('return event.udm("user", default="d")'), model: MODEL }],
  ['a mapped function', 6, { source: rule('return event.udm("kind") == "first"'), model: MODEL }],
  ['a mapped function of a helper', 6, { source: rule('return event.udm("actor")'), model: MODEL }],
  ['a mapped function that raises', 6, { source: rule('return event.udm("wrong")'), model: MODEL }],
  [
    'a list and a dict of a data model are views',
    5,
    {
      source: rule(
        'parts = event.udm("parts")\nreturn [isinstance(parts, list), parts[1], parts[0] in parts, event.udm("table").get("a")]',
      ),
      model: MODEL,
    },
  ],
  [
    'a unified field that is not mapped',
    6,
    { source: rule('return event.udm("other", default="d")'), model: MODEL },
  ],
]

/** Each gives a list within the constant NAMES; `{}`: the constant is a dict. */
const PARTS = [
  'list(NAMES)[0]',
  'tuple(NAMES)[0]',
  'sorted(NAMES)[0]',
  'max(NAMES)',
  'min(NAMES)',
  'next(iter(NAMES))',
  'NAMES.copy()[0]',
  '(NAMES + [])[0]',
  '[*NAMES][0]',
  'dict(NAMES)[0] {}',
  'list(zip(NAMES))[0][0]',
  'list(enumerate(NAMES))[0][1]',
  'NAMES.copy()[0] {}',
  '(NAMES | NAMES)[0] {}',
  'list(NAMES.values())[0] {}',
]

/** Lines in which a function changes the constant NAMES under a name that is not its own local one. */
const ALIASES = [
  'def first():\n    global SAME\n    SAME = NAMES\ndef title(event):\n    SAME.append("b")',
  'def title(event):\n    class Own:\n        same = NAMES\n    Own.same.append("b")\n    return "b"',
  'def title(event):\n    def same(): return NAMES\n    same().append("b")\n    pass\n    return "b"',
]

/** Bodies whose guard must never know an answer, whatever the event, and why. */
const NEVER_KNOWN: readonly (readonly [title: string, reason: string, source: string])[] = [
  [
    'rule is bound twice',
    'rule is not one plain function',
    'def rule(event):\n    return False\ndef rule(event):\n    return True\n',
  ],
  [
    'rule is assigned',
    'rule is not one plain function',
    'def other(event):\n    return False\nrule = other\n',
  ],
  [
    'a decorator',
    'rule is not one plain function',
    'def same(f):\n    return f\n@same\ndef rule(event):\n    return False\n',
  ],
  [
    'a generator',
    'a function with a decorator, a generator or a coroutine',
    'def rule(event):\n    yield False\n',
  ],
  ['print', 'print()', rule('print("a")\nreturn False')],
  [
    'a name that exec could change',
    'body.py can change what names mean',
    rule('return False', 'if False:\n    exec("LIMIT = 1")'),
  ],
  [
    'a patched class',
    'body.py can change what names mean',
    rule(
      'return event.get("x") == "a"',
      'import panther_core\npanther_core.PantherEvent = panther_core.PantherEvent',
    ),
  ],
  [
    'a constant that is appended to',
    'NAMES is changed or passed to code that could change it',
    rule(
      'return event.get("x") in NAMES',
      'NAMES = ["a"]\ndef title(event):\n    NAMES.append(event.get("x"))',
    ),
  ],
  [
    'a constant that a function changes',
    'NAMES is changed or passed to code that could change it',
    rule(
      'return event.get("x") in NAMES',
      'NAMES = ["a"]\ndef add(names):\n    names.append("b")\ndef title(event):\n    add(NAMES)',
    ),
  ],
  [
    'a constant under another name',
    'NAMES is changed or passed to code that could change it',
    rule(
      'return event.get("x") in NAMES',
      'NAMES = ["a"]\ndef title(event):\n    names = NAMES\n    names += ["b"]',
    ),
  ],
  ...PARTS.map(
    (part) =>
      [
        `a part of a constant that is changed by way of ${part}`,
        'NAMES is changed or passed to code that could change it',
        rule(
          'return event.get("x") in NAMES[0]',
          `NAMES = ${part.includes('{') ? '{0: ["a"]}' : '[["a"]]'}\ndef title(event):\n    ${part.replace(' {}', '')}.append("b")`,
        ),
      ] as const,
  ),
  ...ALIASES.map(
    (alias) =>
      [
        `a constant by another name: ${alias}`,
        'NAMES is changed or passed to code that could change it',
        rule('return event.get("x") in NAMES', `NAMES = ["a"]\n${alias}\n`),
      ] as const,
  ),
  [
    'functions that keep the values of a comprehension',
    'a function that keeps a name of a comprehension',
    rule(
      'kept = [[lambda: each for each in pair] for pair in (("a", "b"), ("c",))]\nreturn kept[0][0]() == "c"',
    ),
  ],
  [
    'a lookup without a key',
    'an operation on values of these types',
    rule('try:\n    return event.deep_get().deep_get("x") == 5\nexcept AttributeError:\n    return False'),
  ],
  [
    'the first element of a set',
    'the order of a set',
    rule('for each in {"a", "b"}:\n    return each == "a"\nreturn False'),
  ],
  ['a list of the elements of a set', 'the order of a set', rule('return list({"a", "b"})[0] == "a"')],
  [
    'a constant that is bound twice',
    'LIMIT is bound several times',
    rule('return event.get("x") == LIMIT', 'LIMIT = "a"\nLIMIT = "b"'),
  ],
  [
    'a function that is bound twice',
    'is_first is bound several times',
    rule(
      'return is_first(event.get("x"))',
      'def is_first(value):\n    return value == "a"\ndef is_first(value):\n    return value == "b"',
    ),
  ],
  [
    'the name that a generator over a set assigned last',
    'the order of a set',
    rule('if any((hit := each) != 5 for each in {"a", "b"}):\n    return hit == "a"\nreturn False'),
  ],
  [
    'a list that a generator over a set fills',
    'the order of a set',
    rule(
      'found = []\nany(keep(found, each) for each in {"a", "b"})\nreturn len(found) == 2',
      'def keep(found, each):\n    found.append(each)\n    return True',
    ),
  ],
  [
    'a function that a helper does not define, with the name of a builtin',
    'plain_helpers.py does not define str',
    rule('return plain_helpers.str(event.get("x")) == "a"', 'import plain_helpers'),
  ],
  [
    'a private attribute of the event',
    'body.py can change what names mean',
    rule('event._raw["x"] = "b"\nreturn False'),
  ],
  [
    'a constant that is assigned elsewhere',
    'global LIMIT is kept between calls',
    rule('return LIMIT == 1', 'LIMIT = 1\ndef title(event):\n    global LIMIT\n    LIMIT = 2'),
  ],
  [
    'a global that is read first',
    'global SEEN is kept between calls',
    rule('global SEEN\nif SEEN:\n    return False\nSEEN = event.get("x")\nreturn False', 'SEEN = None'),
  ],
  [
    'a global that a loop assigns, which may have no elements',
    'global SEEN is kept between calls',
    rule(
      'global SEEN\nfor SEEN in "ab":\n    pass\nreturn event.get("x") == "a"',
      'SEEN = None\ndef title(event):\n    return SEEN',
    ),
  ],
  [
    'a loop without end',
    'it takes too many steps',
    rule('n = 0\nfor a in range(80):\n    for b in range(80):\n        n = n + 1\nreturn False'),
  ],
  [
    'the name of an exception, which is deleted after its handler',
    'an exception that is looked at',
    rule('e = False\ntry:\n    event["y"]\nexcept KeyError as e:\n    pass\nreturn e'),
  ],
  ...[
    'print',
    'int',
    'KeyError.args',
    'NAMES',
    'event',
    'socket.error',
    'GETADDRINFO_ERROR',
    'Own',
    '((KeyError, ValueError), TypeError)',
    '(KeyError, print)',
    'tuple([KeyError])',
    '(KeyError, *NAMES)',
    '',
  ].map(
    (type) =>
      [
        `a handler of ${type || 'everything'}`,
        'such a handler',
        rule(
          `try:\n    return event["y"] == 5\nexcept ${type}:\n    return True`,
          'import socket\nfrom socket import gaierror as GETADDRINFO_ERROR\nNAMES = (KeyError,)\nclass Own(KeyError): pass',
        ),
      ] as const,
  ),
]

/** A title would see what an earlier event left in the global. */
const UNASSIGNED_GLOBAL = rule(
  'global SEEN\nif event.get("x") == "a":\n    return True\nSEEN = 1\nreturn False',
  'SEEN = None\ndef title(event):\n    return SEEN',
)

describeWithPython('matchers as guards', () => {
  const cases = [
    ...PROGRAMS.map(([, , each]) => ({ ...each, events: EVENTS })),
    ...NEVER_KNOWN.map(([, , source]) => ({ source, events: EVENTS })),
    { source: UNASSIGNED_GLOBAL, events: EVENTS },
  ]
  const comparedCases = comparedOnce(cases, HELPERS)

  it.each(PROGRAMS.map(([title, known], at) => ({ title, known, at })))('$title', ({ known, at }) => {
    const { events, program } = comparedCases()[at]!
    expect(program).not.toHaveProperty('reason')
    expect(differencesOf(comparedCases()[at]!)).toEqual([])
    expect(events.filter(({ guard }) => guard !== null).length).toBeGreaterThanOrEqual(known)
  })

  it.each(NEVER_KNOWN.map(([title, reason], at) => ({ title, reason, at })))(
    'a guard leaves the decision to Python: $title',
    ({ reason, at }) => {
      const { events } = comparedCases()[PROGRAMS.length + at]!
      expect(events.map(({ guard, reason }) => ({ guard, reason }))).toEqual(
        EVENTS.map(() => ({ guard: null, reason })),
      )
    },
  )

  it('a guard is silent exactly where it knows that Python returns the silent value', () => {
    const answers = comparedCases().flatMap(({ program, events }) =>
      'reason' in program ? [] : events.map((each) => ({ ...each, silent: program.silent })),
    )
    const wrong = answers.filter(({ python, guard, answer, silent }) => {
      const isSilent = guard !== null && JSON.stringify(python) === JSON.stringify({ value: silent })
      return answer !== (isSilent ? 'silent' : 'unknown')
    })
    expect(wrong).toEqual([])
    expect(new Set(answers.map(({ answer }) => answer))).toEqual(new Set(['silent', 'unknown']))
  })

  it('a global that is not assigned on a path that matches is followed on no path that assigns it', () => {
    const { events } = comparedCases().at(-1)!
    expect(events.map(({ guard, reason }) => ({ guard, reason }))).toEqual(
      events.map(({ python }) =>
        (python as { value: unknown }).value === true
          ? { guard: { value: true }, reason: null }
          : { guard: null, reason: 'global SEEN is kept between calls' },
      ),
    )
  })
})
