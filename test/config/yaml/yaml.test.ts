/** The YAML dialect with both parsers: the value of a text must not depend on the parser. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parseYaml, toJson, toRecord, toValue } from '../../../src/config/yaml/yaml.ts'
import { readDocument } from '../../../src/config/yaml/yaml-document.ts'
import { readEvents } from '../../../src/config/yaml/yaml-events.ts'
import { type MappingNode, type YamlNode, YamlSyntaxError } from '../../../src/config/yaml/yaml-tree.ts'

const parsers = [
  ['js-yaml', readEvents],
  ['yaml', readDocument],
] as const

function jsonOf(read: (text: string) => { root: YamlNode | null }, text: string): string {
  return toJson(read(text).root!)
}

/** Source text -> JSON text. */
const SCALARS: [string, string][] = [
  ...['true', 'True', 'TRUE'].map((text): [string, string] => [text, 'true']),
  ...['false', 'False', 'FALSE'].map((text): [string, string] => [text, 'false']),
  ...['yes', 'no', 'on', 'off', 'Yes', 'NO', 'y', 'n', 'tRue'].map((text): [string, string] => [
    text,
    `"${text}"`,
  ]),
  ...['null', 'Null', 'NULL', '~', ''].map((text): [string, string] => [text, 'null']),
  ['2024-06-01', '"2024-06-01"'],
  ['2024-06-01T10:00:01Z', '"2024-06-01T10:00:01Z"'],
  ['2024-06-01 10:00:01.5 +1', '"2024-06-01 10:00:01.5 +1"'],
  ['0', '0'],
  ['-0', '0'],
  ['+7', '7'],
  ['07', '7'],
  ['01234567', '1234567'],
  ['08', '"08"'],
  ['0999', '"0999"'],
  ['012345678901', '"012345678901"'],
  ['1_000', '1000'],
  ['0x1F', '31'],
  ['-0x1f', '-31'],
  ['0b101', '5'],
  ['0o17', '"0o17"'],
  ['0x', '"0x"'],
  ['9007199254740993', '9007199254740993'],
  ['0xFFFFFFFFFFFFFFFF', '18446744073709551615'],
  ['12:30', '"12:30"'],
  ['12:30:45', '"12:30:45"'],
  ['1:30.5', '90.5'],
  ['1:30.', '90.0'],
  ['1e3', '"1e3"'],
  ['1.5e3', '"1.5e3"'],
  ['1.666275403e+12', '1.666275403e+12'],
  ['53.0', '53.0'],
  ['1.', '1.0'],
  ['.5', '0.5'],
  ['-.5', '"-.5"'],
  ['007.50', '7.50'],
  ['1_0.2_5', '10.25'],
  ['+1.5', '1.5'],
  ['-1.50', '-1.50'],
  ['.', '"."'],
  ['._', '"._"'],
  ['1.2.3.4', '"1.2.3.4"'],
  ['.inf', '1e999'],
  ['-.INF', '-1e999'],
  ['.nan', 'null'],
  ['-', '"-"'],
  ['=', '"="'],
  ['"53.0"', '"53.0"'],
  ["'true'", '"true"'],
  ['"\\u00e9\\n\\""', '"é\\n\\""'],
  ['!!str 53', '"53"'],
  ['! 53', '"53"'],
  ['!!int "53"', '53'],
  ['!!float 5', '5.0'],
  ['!!float "1e3x"', 'FAULT'],
  ['!!bool "true"', 'true'],
  ['!!null ""', 'null'],
  ['!<tag:yaml.org,2002:str> 1', '"1"'],
]

/** `-` alone would be a list, `!!x` a tag with nothing after it: each stands in a mapping, then in a flow list. */
describe.each(parsers)('a scalar read by %s', (_, read) => {
  it.each(SCALARS.filter(([text, json]) => json !== 'FAULT' && text !== '-'))('%s is %s', (text, json) => {
    expect(jsonOf(read, `a: ${text}\n`)).toBe(`{"a":${json}}`)
    expect(() => JSON.parse(json)).not.toThrow()
  })
})

/** Whole texts -> JSON text. */
const DOCUMENTS: [string, string, string][] = [
  ['keys that look like booleans', 'On: 1\nyes: 2\n', '{"On":1,"yes":2}'],
  ['integer-like keys in source order', '{b: 1, 2: x, "1": y, a: z}', '{"b":1,"2":"x","1":"y","a":"z"}'],
  [
    'keys that are numbers and null',
    '0x1F: a\n1.0: b\n~: c\ntrue: d\n',
    '{"31":"a","1.0":"b","null":"c","true":"d"}',
  ],
  ['duplicate keys: the last wins at the first place', 'a: 1\nb: 2\na: 3\n', '{"a":3,"b":2}'],
  ['a key __proto__', '__proto__: 1\na: 2\n', '{"__proto__":1,"a":2}'],
  ['merge keys', 'b: &b {x: 1, y: 2}\nc: {y: 3, <<: *b}\n', '{"b":{"x":1,"y":2},"c":{"x":1,"y":3}}'],
  [
    'a list of merges: the earlier wins',
    'a: &a {x: 1}\nb: &b {x: 2, z: 3}\nc: {<<: [*a, *b]}\n',
    '{"a":{"x":1},"b":{"x":2,"z":3},"c":{"x":1,"z":3}}',
  ],
  ['a quoted << is a key', 'a: {"<<": 1}\n', '{"a":{"<<":1}}'],
  ['<< as a value', 'a: <<\n', '{"a":"<<"}'],
  ['anchors and aliases', 'a: &x [1.0, b]\nc: *x\n', '{"a":[1.0,"b"],"c":[1.0,"b"]}'],
  ['an anchor used again', 'a: &x 1\nb: &x 2\nc: *x\n', '{"a":1,"b":2,"c":2}'],
  ['an anchor on nothing', 'a: &x\nb: *x\n', '{"a":null,"b":null}'],
  ['literal and folded blocks', 'a: |\n  53.0\n  b\nc: >-\n  d\n  e\n', '{"a":"53.0\\nb\\n","c":"d e"}'],
  ['a literal that ends the file', 'a: |\n  b', '{"a":"b"}'],
  ['plain text over lines', 'a: one\n  two\n\n  three\n', '{"a":"one two\\nthree"}'],
  ['values left out', 'a:\nb: [, ]\n'.replace('[, ]', '[~, ]'), '{"a":null,"b":[null]}'],
  ['a pair in a list', 'a: [b: 1, c]\n', '{"a":[{"b":1},"c"]}'],
  ['keys without values in flow', 'a: {b, c: 1}\n', '{"a":{"b":null,"c":1}}'],
  ['windows line ends', 'a: 1\r\nb: |\r\n  x\r\n', '{"a":1,"b":"x\\n"}'],
  ['an explicit key', '? a\n: 1\n', '{"a":1}'],
  ['comments and a document marker', '# c\n---\na: 1 # d\n', '{"a":1}'],
  ['!!map and !!seq', 'a: !!map {b: !!seq [1]}\n', '{"a":{"b":[1]}}'],
]

describe.each(parsers)('a document read by %s', (_, read) => {
  it.each(DOCUMENTS)('%s', (_name, text, json) => {
    expect(jsonOf(read, text)).toBe(json)
  })

  it.each([
    ['several documents', 'a: 1\n---\nb: 2\n', 'several-documents'],
    ['an alias without an anchor', 'a: *x\n', 'unknown-alias'],
    ['an alias inside its anchor', 'a: &x [*x]\n', 'recursive-alias'],
    ['a key that is a list', '? [a]\n: b\n', 'complex-key'],
    ['a tag of a language', 'a: !!python/object x\n', 'unsupported-tag'],
    ['a tag that does not fit', 'a: !!int x\n', 'unsupported-tag'],
    ['a merge of a scalar', 'a: {<<: 1}\n', 'bad-merge'],
    ['aliases that explode', bomb(), 'alias-expansion'],
    ['a list of very many entries', '- a\n'.repeat(260_000), 'too-many-nodes'],
    [
      'a mapping of very many keys',
      Array.from({ length: 130_000 }, (_, i) => `k${i}: 1\n`).join(''),
      'too-many-nodes',
    ],
  ])('%s is a fault', (_name, text, code) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ problem: expect.objectContaining({ code }) }))
  })

  it('both parsers give every node the same offset', () => {
    const text = 'a:\n  - "x"\n  - {b: 1}\nc: *z\n'.replace('*z', '[1]')
    const root = read(text).root as MappingNode
    const offsets = [...root.entries.values()].map((entry) => [entry.keyOffset, entry.value.offset])
    expect(offsets).toEqual([
      [0, 5],
      [22, 25],
    ])
  })
})

function bomb(): string {
  const lines = [`a: &a ["${'x'.repeat(200)}"]`]
  for (let i = 1; i < 9; i++) {
    const [before, name] = ['abcdefghi'[i - 1], 'abcdefghi'[i]]
    lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`)
  }
  return lines.join('\n')
}

describe('parseYaml', () => {
  it('parseYaml uses the lenient parser only for texts up to one mebibyte', () => {
    const text = 'Log:\n  {\n  "a": 53.0,\n  "b": [1, 08]\n}\n'
    expect(parseYaml(`${text}# ${'x'.repeat(1000)}\n`).error).toBeNull()
    expect(parseYaml(`${text}# ${'x'.repeat(2 ** 20)}\n`).error).toMatchObject({ code: 'yaml-syntax' })
  })

  it('parseYaml reports at most a hundred duplicate keys', () => {
    const { warnings } = parseYaml('a: 1\n'.repeat(5_000))
    expect(warnings).toHaveLength(100)
  })

  it('parseYaml accepts loosely indented JSON, which js-yaml refuses', () => {
    const text = 'Log:\n  {\n  "a": 53.0,\n  "b": [1, 08]\n}\n'
    expect(() => readEvents(text)).toThrow()
    expect(toJson(parseYaml(text).root!)).toBe('{"Log":{"a":53.0,"b":[1,"08"]}}')
  })

  it.each([
    ['', null],
    ['# nothing\n', null],
    ['---\n', ''],
  ])('parseYaml finds nothing in %j', (text, expected) => {
    const { root, error } = parseYaml(text)
    expect(error).toBeNull()
    expect(root?.kind === 'scalar' ? root.text : root).toBe(expected)
  })

  it.each([
    ['[', 50_000],
    ['{a: ', 50_000],
    ['- ', 50_000],
  ])('parseYaml refuses endless nesting of %j', (opening, times) => {
    expect(parseYaml(opening.repeat(times)).error?.code).toBe('too-deep')
  })

  it('keys such as __proto__ are own keys and change no prototype', () => {
    const record = toRecord(parseYaml('__proto__: { admin: true }\n').root as MappingNode)
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
    expect(Object.keys(record)).toEqual(['__proto__'])
  })

  it('parseYaml reads JSON text into the same value as JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        // JSON is YAML but for numbers such as 1e21, whose exponent has no dot before it here.
        const text = JSON.stringify(value)
        fc.pre(!/\d[eE]/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, '')))
        const { root, error } = parseYaml(text)
        expect(error).toBeNull()
        expect(JSON.stringify(toValue(root!))).toBe(JSON.stringify(JSON.parse(toJson(root!))))
        expect(JSON.parse(toJson(root!))).toEqual(JSON.parse(text))
      }),
    )
  })
})

describe('the two parsers', () => {
  const scalar = fc.oneof(
    fc.constantFrom(...SCALARS.map(([text]) => text).filter((text) => /^[\w.]/.test(text))),
    fc.string({ unit: 'grapheme-ascii', maxLength: 12 }).map((text) => JSON.stringify(text)),
  )
  const { tree } = fc.letrec<{ tree: string }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }).map((items) => `[${items.join(', ')}]`),
      fc
        .array(fc.tuple(scalar, tie('tree')), { maxLength: 4 })
        .map((pairs) => `{${pairs.map(([key, value]) => `${key} : ${value}`).join(', ')}}`),
    ),
  }))

  it('give the same JSON text and the same warnings for flow documents', () => {
    fc.assert(
      fc.property(tree, (text) => {
        const [fast, lenient] = [readEvents(`a: ${text}\n`), readDocument(`a: ${text}\n`)]
        expect(toJson(lenient.root!)).toBe(toJson(fast.root!))
        expect(lenient.warnings).toEqual(fast.warnings)
        expect(() => JSON.parse(toJson(fast.root!))).not.toThrow()
      }),
    )
  })

  /** The JSON text, or the fault: the writer leaves a key `<<` bare, which then merges. */
  const outcome = (read: typeof readEvents, text: string) => {
    try {
      return toJson(read(text).root!)
    } catch (error) {
      if (error instanceof YamlSyntaxError) return error.problem
      throw error
    }
  }

  it('give the same JSON text, or the same fault, for block documents', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }),
        fc.constantFrom('BLOCK_LITERAL' as const, 'QUOTE_SINGLE' as const, 'PLAIN' as const),
        (value, defaultStringType) => {
          const text = stringify(value, { version: '1.2', defaultStringType })
          expect(outcome(readDocument, text)).toEqual(outcome(readEvents, text))
        },
      ),
      { examples: [[{ '': { '<<': '' } }, 'PLAIN']] },
    )
  })
})
