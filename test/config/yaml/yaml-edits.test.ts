// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references as they are written
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import {
  appendItem,
  type PlainValue,
  removeItem,
  removeKey,
  replaceItems,
  setValue,
} from '../../../src/config/yaml/yaml-edits.ts'

const FILE = `# head
version: 1   # v
fallback: [inbox]  # who

destinations:
  # the first
  - name: inbox # keep
    type: console

    severities: [HIGH]   # s
    # inner
    options:
      url: "x" # u
      headers: { A: b }

  # the second
  - type: file
    name: 'two'
    severities:
      - HIGH
      - LOW # l
    options: { path: out }
# tail
`

/** Returns the removed and the added lines, in order. All other lines are equal. */
function difference(before: string, after: string): string[] {
  const old = before.split('\n')
  const now = after.split('\n')
  let start = 0
  while (start < old.length && old[start] === now[start]) start++
  let end = 0
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++
  return [
    ...old.slice(start, old.length - end).map((line) => `-${line}`),
    ...now.slice(start, now.length - end).map((line) => `+${line}`),
  ]
}

const at = (...path: (string | number)[]) => ['destinations', ...path]
const ENTRY = { name: 'new', type: 'webhook', options: { url: '${env:X}', headers: { 'X-A': 'b: c' } } }

describe('an edit touches its own lines alone', () => {
  it.each<[string, string, string[]]>([
    [
      'a list in brackets',
      setValue(FILE, at(0, 'severities'), ['LOW', 'INFO']),
      ['-    severities: [HIGH]   # s', '+    severities: [LOW, INFO]   # s'],
    ],
    [
      'a list of lines',
      setValue(FILE, at(1, 'severities'), ['LOW']),
      ['-    severities:', '-      - HIGH', '-      - LOW # l', '+    severities: [LOW] # l'],
    ],
    [
      'a text with its comment',
      setValue(FILE, at(0, 'options', 'url'), 'y'),
      ['-      url: "x" # u', '+      url: y # u'],
    ],
    [
      'a new key, where it reads well',
      setValue(FILE, at(0, 'strict'), true, ['name', 'type', 'severities', 'strict', 'options']),
      ['+    strict: true'],
    ],
    [
      'a key of a mapping in braces',
      setValue(FILE, at(0, 'options', 'headers', 'X-Key'), '${env:K}'),
      ['-      headers: { A: b }', '+      headers: { A: b, X-Key: "${env:K}" }'],
    ],
    [
      'mappings that are not there yet',
      setValue(FILE, at(0, 'options', 'transport', 'timeout'), '5s'),
      ['+      transport:', '+        timeout: 5s'],
    ],
    [
      'a key removed',
      removeKey(FILE, at(1, 'severities')),
      ['-    severities:', '-      - HIGH', '-      - LOW # l'],
    ],
    [
      'the key beside the dash removed',
      removeKey(FILE, at(1, 'type')),
      ['-  - type: file', "-    name: 'two'", "+  - name: 'two'"],
    ],
    ['a key removed that is not there', removeKey(FILE, at(1, 'strict')), []],
    [
      'an item appended, apart as the others are',
      appendItem(FILE, ['destinations'], ENTRY),
      [
        '+',
        '+  - name: new',
        '+    type: webhook',
        '+    options:',
        '+      url: ${env:X}',
        '+      headers:',
        '+        X-A: "b: c"',
      ],
    ],
    [
      'an item removed',
      removeItem(FILE, ['destinations'], 1),
      [
        '-  - type: file',
        "-    name: 'two'",
        '-    severities:',
        '-      - HIGH',
        '-      - LOW # l',
        '-    options: { path: out }',
      ],
    ],
    [
      'an item in brackets replaced',
      replaceItems(FILE, ['fallback'], 'inbox', 'out box').text,
      ['-fallback: [inbox]  # who', '+fallback: [out box]  # who'],
    ],
  ])('%s', (_, after, expected) => {
    expect(difference(FILE, after)).toEqual(expected)
  })

  it.each<[string, string, string]>([
    ['no item', 'a: 1\nlist: []\n', 'a: 1\nlist:\n  - name: n\n    type: t\n'],
    ['nothing', 'list:\n', 'list:\n  - name: n\n    type: t\n'],
    ['no list', 'a: 1\n', 'a: 1\nlist:\n  - name: n\n    type: t\n'],
    [
      'items at the margin and no last line break',
      'list:\n- name: a',
      'list:\n- name: a\n- name: n\n  type: t',
    ],
    ['items in brackets', 'list: [{ name: a }] # c\n', 'list: [{ name: a }, { name: n, type: t }] # c\n'],
    [
      'line breaks of Windows',
      'list:\r\n  - name: a\r\n',
      'list:\r\n  - name: a\r\n  - name: n\r\n    type: t\r\n',
    ],
  ])('appends to %s', (_, before, after) => {
    expect(appendItem(before, ['list'], { name: 'n', type: 't' })).toBe(after)
  })

  it('removing the last item leaves an empty list', () => {
    expect(removeItem('a: 1\nlist:\n  - name: a\n    type: t\nb: 2\n', ['list'], 0)).toBe(
      'a: 1\nlist: []\nb: 2\n',
    )
  })

  it('an edit keeps the quotes of a replaced item, and quotes texts that need it', () => {
    const text = 'x: { OutputIds: ["a", \'a\', a, b] }\n'
    expect(replaceItems(text, ['OutputIds'], 'a', 'c').text).toBe('x: { OutputIds: ["c", \'c\', c, b] }\n')
    expect(replaceItems('OutputIds: [a]\n', ['OutputIds'], 'a', 'true').text).toBe('OutputIds: ["true"]\n')
    expect(replaceItems(text, ['Tags'], 'a', 'c')).toEqual({ text, count: 0 })
  })

  it('an edit refuses text that it cannot parse', () => {
    expect(() => setValue('a: [', ['a'], 1)).toThrow(/cannot be edited automatically/)
  })
})

/** Texts that YAML easily reads as another type. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    'true',
    'null',
    '~',
    '1e3',
    'a: b',
    '# no',
    '- x',
    "it's",
    '${env:X}',
    'ü',
    ' x ',
    '[a',
    'a, b',
    '\ttab',
    'two\nlines',
  ),
  fc.string({ maxLength: 8 }),
)
const value: fc.Arbitrary<PlainValue> = fc.oneof(
  text,
  fc.boolean(),
  fc.integer(),
  fc.array(text, { maxLength: 3 }),
)
const key = fc.constantFrom('name', 'type', 'severities', 'options', 'id')
const entry = fc.dictionary(
  key,
  fc.oneof(value, fc.dictionary(fc.constantFrom('url', 'path', 'A-b'), value, { minKeys: 1 })),
  { minKeys: 1 },
)
const registry = fc.record({
  version: fc.constant(1),
  destinations: fc.array(entry, { minLength: 1, maxLength: 3 }),
})
/** Arbitrary layouts, with a comment at the end of some lines. */
const layout = fc.record({
  indentSeq: fc.boolean(),
  flow: fc.boolean(),
  commented: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
})

function written(
  content: object,
  { indentSeq, flow, commented }: { indentSeq: boolean; flow: boolean; commented: boolean[] },
): string {
  const lines = stringify(content, {
    indentSeq,
    lineWidth: 0,
    ...(flow && { collectionStyle: 'flow' as const }),
  }).split('\n')
  // Inside a block of text a comment would be text.
  const mayComment = !flow && lines.every((line) => !/[|>][-+0-9]*$/.test(line) && !/^\s*"|\t/.test(line))
  return lines
    .map((line, i) => (mayComment && commented[i] && line !== '' ? `${line} # c${i}` : line))
    .join('\n')
}

describe('whatever the content and its layout', () => {
  it('a value set is the value read, and nothing else has changed', () => {
    fc.assert(
      fc.property(registry, layout, fc.nat(2), key, value, (content, style, n, name, changed) => {
        const before = written(content, style)
        const i = n % content.destinations.length
        const expected = structuredClone(content) as { destinations: Record<string, unknown>[] }
        expected.destinations[i]![name] = changed
        expect(parse(setValue(before, at(i, name), changed))).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('a key removed is gone, and nothing else has changed', () => {
    fc.assert(
      fc.property(registry, layout, fc.nat(2), key, (content, style, n, name) => {
        const i = n % content.destinations.length
        const expected = structuredClone(content) as { destinations: Record<string, unknown>[] }
        delete expected.destinations[i]![name]
        expect(parse(removeKey(written(content, style), at(i, name)))).toEqual(expected)
      }),
      { numRuns: 300 },
    )
  })

  it('an item appended or removed leaves the others, with all their comments', () => {
    fc.assert(
      fc.property(registry, layout, entry, fc.nat(2), (content, style, added, n) => {
        const before = written(content, style)
        const appended = appendItem(before, ['destinations'], added as PlainValue)
        expect(parse(appended)).toEqual({ ...content, destinations: [...content.destinations, added] })
        for (const [comment] of before.matchAll(/ # c\d+$/gm)) expect(appended).toContain(comment)
        const i = n % content.destinations.length
        expect(parse(removeItem(before, ['destinations'], i))).toEqual({
          ...content,
          destinations: content.destinations.toSpliced(i, 1),
        })
      }),
      { numRuns: 300 },
    )
  })
})
