import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Frame,
  type FramingRules,
  type Position,
  positionText,
  START_POSITION,
} from '../../../src/sources/framing/frame.ts'
import { Framer } from '../../../src/sources/framing/framer.ts'
import { heldBytes } from '../../support/held-memory.ts'

const RULES: FramingRules = { eventBytes: 200, unwrap: null }

function frame(
  input: string | Buffer,
  rules: Partial<FramingRules> = {},
  { at = START_POSITION, step = Number.POSITIVE_INFINITY }: { at?: Position; step?: number } = {},
): Frame[] {
  const bytes = Buffer.from(input as string).subarray(at.offset)
  const framer = new Framer({ ...RULES, ...rules }, at)
  const pieces: Frame[] = []
  for (let from = 0; from < bytes.length; from += step) {
    pieces.push(...framer.push(bytes.subarray(from, Math.min(bytes.length, from + step))))
  }
  return [...pieces, ...framer.end()]
}

/** Returns the texts of events. A refused one is its reason in parentheses. */
function summary(pieces: readonly Frame[]): string[] {
  return pieces.map(({ raw, refused }) => (refused === undefined ? raw : `(${refused})`))
}

function base64(content: string | Buffer): string {
  return Buffer.from(content as string).toString('base64')
}

/** A subscription of CloudWatch Logs, as a record of Firehose holds it. */
function subscription(...messages: string[]): { data: string } {
  const logEvents = messages.map((message) => ({ message }))
  return { data: base64(gzipSync(JSON.stringify({ messageType: 'DATA_MESSAGE', logEvents }))) }
}

const TOO_DEEP = 'nested deeper than 1000 levels'
const CUT = 'the line ends inside a value'

const table: [what: string, input: string | Buffer, rules: Partial<FramingRules>, expected: string[]][] = [
  ['lines', '{"a":1}\n{"b":2}\n', {}, ['{"a":1}', '{"b":2}']],
  ['a last line without newline', '{"a":1}\n{"b":2}', {}, ['{"a":1}', '{"b":2}']],
  [
    'CRLF, blank lines and a byte order mark',
    '\ufeff\r\n{"a":1}\r\n\r\n \t\n{"b":2}\r\n',
    {},
    ['{"a":1}', '{"b":2}'],
  ],
  ['nothing', '', {}, []],
  ['only blank lines', '\n \r\n', {}, []],
  [
    'number lexemes as they are',
    '{"a":53.0,"b":9007199254740993}\n',
    {},
    ['{"a":53.0,"b":9007199254740993}'],
  ],
  ['what is not JSON, left to the worker', 'garbage\n{"a":1}\n', {}, ['garbage', '{"a":1}']],
  [
    'one too large event',
    `{"a":"${'x'.repeat(300)}"}\n{"b":2}\n`,
    {},
    ['(event of 308 bytes exceeds the limit of 200)', '{"b":2}'],
  ],
  ['an event at the limit', `${'1'.repeat(200)}\n`, {}, ['1'.repeat(200)]],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a, 0x31]), {}, ['(invalid UTF-8)', '1']],
  [
    'an object with bytes that are no UTF-8',
    Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}\n1')]),
    {},
    ['(invalid UTF-8)', '1'],
  ],
  ['a list on one line', '[{"a":1},{"b":[2,"]"]}]', {}, ['{"a":1}', '{"b":[2,"]"]}']],
  ['a list over lines', '[\n {"a":1},\n {"b":\n2}\n]\n', {}, ['{"a":1}', '{"b":\n2}']],
  ['a list with leading commas', '[{"a":1}\n,{"b":2}\n]', {}, ['{"a":1}', '{"b":2}']],
  [
    'brackets, quotes and escapes in strings',
    '[\n{"a":"]}\\"[{\\\\"},\n"b"]',
    {},
    ['{"a":"]}\\"[{\\\\"}', '"b"'],
  ],
  ['scalars in a list', '[1, "x" ,null,\ntrue]', {}, ['1', '"x"', 'null', 'true']],
  ['an empty list', '[]', {}, []],
  [
    'lists line by line, one broken',
    '[{"a":1}]\n[{"b":2}\n[{"c":3}]\n',
    {},
    ['{"a":1}', '{"b":2}', `(${CUT})`, '{"c":3}'],
  ],
  [
    'a first line that only looks like a list',
    '[garbage\n{"a":1}\n',
    {},
    ['(the line ends inside a value)', '{"a":1}'],
  ],
  [
    'objects over lines, one after the other',
    '{\n "a": 1\n}\n{\n "b": 2\n}\n',
    {},
    ['{\n "a": 1\n}', '{\n "b": 2\n}'],
  ],
  [
    'a too large element',
    `[\n"${'x'.repeat(300)}",\n{"b":2}]`,
    {},
    ['(event of 302 bytes exceeds the limit of 200)', '{"b":2}'],
  ],
  [
    'a list without a comma: the rest line by line',
    '[\n{"a":1}\n{"b":2}\n]\n{"c":3}\n',
    {},
    ['{"a":1}', '("{" is unexpected; reading continues with the next line)', ']', '{"c":3}'],
  ],
  ['a list cut short', '[\n{"a":1},\n{"b":', {}, ['{"a":1}', '(the input ends inside a value)']],
  [
    'a container',
    '{"Records":[{"a":1},{"b":{"Records":[2]}}],"x":"]"}',
    { unwrap: 'Records' },
    ['{"a":1}', '{"b":{"Records":[2]}}'],
  ],
  [
    'a container over lines',
    '{\n"v":["Records",[1]],"Records": [\n{"a":1},\n{"b":2}]}',
    { unwrap: 'Records' },
    ['{"a":1}', '{"b":2}'],
  ],
  ['containers line by line', '{"r":[1]}\n{"r":[2,3]}\n', { unwrap: 'r' }, ['1', '2', '3']],
  ['a list of containers', '[{"r":[1]},{"r":[2,3]}]', { unwrap: 'r' }, ['1', '2', '3']],
  [
    'a container without the key',
    '{"x":[1]}\n{"r":[2]}\n',
    { unwrap: 'r' },
    ['(nothing to unwrap at "r")', '2'],
  ],
  [
    'a container whose key is no list',
    '{"r":null}\n{"r":1}\n{"r":true}',
    { unwrap: 'r' },
    ['(nothing to unwrap at "r")', '(nothing to unwrap at "r")', '(nothing to unwrap at "r")'],
  ],
  ['an object at the path', '{"r":{"r":[1]}}\n{"r": {} }', { unwrap: 'r' }, ['{"r":[1]}', '{}']],
  [
    'a path',
    '{"x":{"r":[0]},"d":{"x":[{"r":[0]}],"r":[1,2]},"r":[0]}{"d":{"r":[3]}}',
    { unwrap: 'd.r' },
    ['1', '2', '3'],
  ],
  [
    'a path over lines',
    '[\n{"d":{\n"r":[\n1,2]}},{"d":{}}]',
    { unwrap: 'd.r' },
    ['1', '2', '(nothing to unwrap at "d.r")'],
  ],
  [
    'a path that ends early',
    '{"d":1}\n{"d":{"r":null}}\n{"r":[1]}',
    { unwrap: 'd.r' },
    Array(3).fill('(nothing to unwrap at "d.r")') as string[],
  ],
  [
    'lists along a path',
    '{"a":[{"b":[{"n":1},{"n":2}]},{"b":[{"n":3}]},{}]}',
    { unwrap: 'a.b' },
    ['{"n":1}', '{"n":2}', '{"n":3}', '(nothing to unwrap at "b")'],
  ],
  ['a text that holds JSON', JSON.stringify({ m: '{"n":1.0}' }), { unwrap: 'm' }, ['{"n":1.0}']],
  [
    'a text that holds lines',
    JSON.stringify({ m: '{"n":1}\n{"n":2}{"n":3}' }),
    { unwrap: 'm' },
    ['{"n":1}', '{"n":2}', '{"n":3}'],
  ],
  [
    'texts in a list',
    JSON.stringify({ l: [{ m: '{"n":1}' }, { m: 'plain' }, { m: '[{"n":2}]' }] }),
    { unwrap: 'l.m' },
    ['{"n":1}', '(the text to unwrap is neither JSON nor base64 of JSON)', '{"n":2}'],
  ],
  [
    'a path through a text',
    JSON.stringify({ Message: JSON.stringify({ Records: [{ n: 1 }, { n: 2 }] }) }),
    { unwrap: 'Message.Records' },
    ['{"n":1}', '{"n":2}'],
  ],
  [
    'base64 of gzip',
    JSON.stringify({ a: { data: gzipSync(JSON.stringify({ l: [{ m: '{"n":1}' }] })).toString('base64') } }),
    { unwrap: 'a.data.l.m' },
    ['{"n":1}'],
  ],
  [
    'base64',
    JSON.stringify({ data: Buffer.from('{"n":1}').toString('base64') }),
    { unwrap: 'data' },
    ['{"n":1}'],
  ],
  [
    'base64 of damaged gzip',
    JSON.stringify({ data: gzipSync('{"n":1}').subarray(0, 15).toString('base64') }),
    { unwrap: 'data' },
    ['(the gzip data in the text is corrupt or too large)'],
  ],
  [
    'records of Firehose',
    JSON.stringify({
      records: [{ data: base64('{"n":1}\n{"n":2}') }, { data: '%' }, { data: base64('{"n":3}') }],
    }),
    { unwrap: 'records.data' },
    ['{"n":1}', '{"n":2}', '(the text to unwrap is neither JSON nor base64 of JSON)', '{"n":3}'],
  ],
  [
    'subscriptions of CloudWatch Logs in records of Firehose',
    JSON.stringify({ records: [subscription('{"n":1}', 'plain'), subscription('{"n":2}')] }),
    { unwrap: 'records.data.logEvents.message', eventBytes: 1000 },
    ['{"n":1}', '(the text to unwrap is neither JSON nor base64 of JSON)', '{"n":2}'],
  ],
  [
    'a list in an event of EventBridge',
    JSON.stringify({ 'detail-type': 'x', detail: { a: {}, Records: [{ n: 1 }, { n: 2 }] } }),
    { unwrap: 'detail.Records' },
    ['{"n":1}', '{"n":2}'],
  ],
  ['a value that is the key', '{"x":"r","y":[1],"r":[2]}\n', { unwrap: 'r' }, ['2']],
  [
    'what is no container',
    '12\n[3]\n',
    { unwrap: 'r' },
    ['(nothing to unwrap at "r")', '(nothing to unwrap at "r")'],
  ],
  [
    'a million levels',
    `${'['.repeat(1_000_000)}\n{"a":1}\n`,
    {},
    [`(${TOO_DEEP}; reading continues with the next line)`, '{"a":1}'],
  ],
  [
    'objects one after the other on a line',
    '{"n":1}{"n":2} {"n":{"x":"}{"}}\t{}',
    {},
    ['{"n":1}', '{"n":2}', '{"n":{"x":"}{"}}', '{}'],
  ],
  [
    'objects on lines, several on some',
    '{"n":1}{"n":2}\r\n{"n":3}\n{"n":4} {"n":5}\n',
    {},
    ['{"n":1}', '{"n":2}', '{"n":3}', '{"n":4}', '{"n":5}'],
  ],
  ['an object and a list on a line', '{"n":1}[{"n":2},3]{"n":4}', {}, ['{"n":1}', '{"n":2}', '3', '{"n":4}']],
  ['objects on a line, the last one cut', '{"n":1}{"n":2}{"n"', {}, ['{"n":1}', '{"n":2}', '{"n"']],
  [
    'objects on a line, then what is no value',
    '{"n":1}{"n":2} x {"n":3}\n{"n":4}',
    {},
    ['{"n":1}', '{"n":2} x {"n":3}', '{"n":4}'],
  ],
  [
    'one too large object among others on a line',
    `{"n":1}{"a":"${'x'.repeat(300)}"}{"n":2}`,
    {},
    ['{"n":1}', '(event of 308 bytes exceeds the limit of 200)', '{"n":2}'],
  ],
  ['a text sequence', '\x1e{"n":1}\n\x1e{"n":2}\n', {}, ['{"n":1}', '{"n":2}']],
  [
    'a text sequence without line breaks',
    '\x1e{"n":1}\x1e{"n":2}\x1e\x1e[3,4]',
    {},
    ['{"n":1}', '{"n":2}', '3', '4'],
  ],
  ['a text sequence over lines', '\x1e{"n":1}\n\x1e{\n"n":\n2}\n', {}, ['{"n":1}', '{\n"n":\n2}']],
  [
    'a text sequence with one text cut short',
    '\x1e{"n":1}\n\x1e{"n":\n\x1e{"n":3}\n',
    {},
    ['{"n":1}', '(a record separator is inside a value)', '{"n":3}'],
  ],
  [
    'a text sequence with one text that breaks',
    '\x1e{"n":1}\n\x1e[1 {\x1e{"n":3}\n',
    {},
    ['{"n":1}', '1', '("{" is unexpected; reading continues with the next line)', '{"n":3}'],
  ],
  [
    'separators between objects on lines',
    '{"n":1}\x1e{"n":2}\n{"n":3}\x1e\n',
    {},
    ['{"n":1}', '{"n":2}', '{"n":3}'],
  ],
  ['containers in a text sequence', '\x1e{"r":[1]}\n\x1e{"r":[2,3]}', { unwrap: 'r' }, ['1', '2', '3']],
  ['containers on a line', '{"r":[1]}{"r":[2]} {"r":[3]}', { unwrap: 'r' }, ['1', '2', '3']],
  ['two thousand levels on a line', `1\n${'['.repeat(2000)}\n2\n`, {}, ['1', `(${TOO_DEEP})`, '2']],
]

describe('framing', () => {
  it.each(table)('%s', (_what, input, rules, expected) => {
    expect(summary(frame(input, rules))).toEqual(expected)
    expect(summary(frame(input, rules, { step: 7 }))).toEqual(expected)
  })

  it('the position of an event is its line, item and byte', () => {
    const places = (input: string) => frame(input).map(positionText)
    expect(places('{"a":1}\r\n\n {"b":2}')).toEqual(['line 1, byte 0', 'line 3, byte 11'])
    expect(places('[\n1,\n\n 2]')).toEqual(['line 2, item 1, byte 2', 'line 4, item 2, byte 7'])
    expect(places('[1, 2]\n3')).toEqual([
      'line 1, item 1, byte 1',
      'line 1, item 2, byte 4',
      'line 2, byte 7',
    ])
  })

  it('keeps the beginning of what it refuses, whole characters only', () => {
    const [piece] = frame(`"${'é'.repeat(400)}"`)
    expect(piece!.raw).toBe(`"${'é'.repeat(199)}`)
  })

  it('holds no more of a huge line than its beginning', () => {
    const framer = new Framer(RULES, START_POSITION)
    const before = heldBytes()
    for (let i = 0; i < 64; i++) expect(framer.push(Buffer.alloc(1 << 20, 'x'))).toEqual([])
    expect(heldBytes() - before).toBeLessThan(2 << 20)
    expect(framer.push(Buffer.from('\n1\n')).map(({ raw }) => raw.length)).toEqual([200, 1])
  })

  it('refuses what is unfinished when the input breaks off, and goes back before it', () => {
    const framer = new Framer(RULES, START_POSITION)
    const [first] = framer.push(Buffer.from('{"a":1}\n{"b":'))
    const broken = framer.abort('damaged')
    expect(broken).toMatchObject([{ raw: '{"b":', refused: 'damaged', next: first!.next }])
    expect(new Framer(RULES, START_POSITION).abort('damaged')).toMatchObject([
      { raw: '', refused: 'damaged' },
    ])
  })
})

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }).map((json) => JSON.stringify(json)),
  fc.constantFrom('{"a":"]}[{\\\\\\""}', '{"Records":[1]}', '"\\\\"', '{}', '53.0'),
)
const container = fc
  // A text in the list would be opened.
  .tuple(
    fc.array(
      value.filter((text) => !text.startsWith('"')),
      { maxLength: 4 },
    ),
    fc.jsonValue({ maxDepth: 2 }),
  )
  .map(([events, other]) => ({
    events,
    text: `{"other":${JSON.stringify(other)}, "Records" : [${events.join(' ,\n')}]}`,
  }))

describe('framing, whatever the chunks', () => {
  const steps = fc.integer({ min: 1, max: 50 })
  const rules = { eventBytes: 10_000 }

  const objects = fc.array(
    value.filter((text) => text.startsWith('{')),
    { minLength: 1 },
  )
  /** Objects, whatever stands between them. */
  const parted = fc
    .tuple(objects, fc.array(fc.constantFrom('', ' ', '\t', '\n', '\r\n', '\x1e', '\n\x1e', '\n\n')))
    .map(([texts, gaps]) => ({
      texts,
      text: texts.map((each, i) => each + (gaps[i % (gaps.length || 1)] ?? '\n')).join(''),
    }))

  it('objects are found whatever separates them', () => {
    fc.assert(
      fc.property(parted, steps, fc.boolean(), ({ texts, text }, step, isSequence) => {
        expect(summary(frame(`${isSequence ? '\x1e' : ''}${text}`, rules, { step }))).toEqual(texts)
      }),
    )
  })

  const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 })

  /** The excerpt of a broken value is what was read of it. */
  const stable = (pieces: readonly Frame[]) =>
    pieces.map((piece) => ({ ...piece, raw: piece.refused ? '' : piece.raw }))

  function expectSameHoweverCut(text: string, sizes: readonly number[], unwrap: string | null) {
    const bytes = Buffer.from(text)
    const framer = new Framer({ ...rules, unwrap }, START_POSITION)
    const pieces: Frame[] = []
    for (let from = 0, i = 0; from < bytes.length; i++) {
      const to = from + sizes[i % sizes.length]!
      pieces.push(...framer.push(bytes.subarray(from, to)))
      from = to
    }
    expect(stable([...pieces, ...framer.end()])).toEqual(stable(frame(bytes, { ...rules, unwrap })))
  }

  it('the result does not depend on where the input is cut into chunks', () => {
    const part = fc.oneof(
      value,
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        '"',
        ',',
        ':',
        ' ',
        '\n',
        '\x1e',
        '\\',
        'x',
        '{"Records":[',
        '\ufeff',
      ),
    )
    fc.assert(
      fc.property(
        fc.array(part),
        cuts,
        fc.constantFrom(null, 'Records', 'Records.a', 'a.Records'),
        (parts, sizes, unwrap) => expectSameHoweverCut(parts.join(''), sizes, unwrap),
      ),
      { numRuns: 500 },
    )
  })

  it('the result does not depend on the chunks for lines that begin and end as an object does', () => {
    const between = fc.array(fc.constantFrom('{', '}', '[', ' ', '\t', '\r', '"', ',', '\\', 'x'), {
      maxLength: 8,
    })
    const line = between.map((parts) => `{${parts.join('')}}`)
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom('\n', '\r\n', ' \n'),
        fc.boolean(),
        cuts,
        (lines, end, isTerminated, sizes) =>
          expectSameHoweverCut(lines.join(end) + (isTerminated ? end : ''), sizes, null),
      ),
      { numRuns: 500 },
    )
  })

  it('finds the elements of a list with their text untouched', () => {
    fc.assert(
      fc.property(fc.array(value), steps, fc.constantFrom(',', ' ,\n', '\n,'), (events, step, comma) => {
        const pieces = frame(`[\n${events.join(comma)}\n]`, rules, { step })
        expect(summary(pieces)).toEqual(events)
      }),
    )
  })

  it('finds the events of containers', () => {
    fc.assert(
      fc.property(fc.array(container), steps, (containers, step) => {
        const text = `[\n${containers.map((one) => one.text).join(',\n')}]`
        const pieces = frame(text, { ...rules, unwrap: 'Records' }, { step })
        expect(summary(pieces)).toEqual(containers.flatMap((one) => one.events))
      }),
    )
  })

  it('reading resumes exactly after any event', () => {
    const texts = fc
      .array(value)
      .chain((events) =>
        fc.constantFrom(
          events.map((event) => `${event}\n`).join(''),
          `[\n${events.join(',\n')}]`,
          `[${events.join(',')}]\n[${events.join(',')}]\n7\n`,
          `{\n"a":1}\n${events.filter((event) => event.startsWith('{')).join('\n')}`,
          `\ufeff${events.join('\n')}\n[broken}}\n[1,2]\n`,
          `${events.filter((event) => event.startsWith('{')).join('')}\n7\n{}{"a":1} {}`,
          events.map((event) => `\x1e${event}\n`).join(''),
        ),
      )
    fc.assert(
      fc.property(texts, fc.nat(), steps, (text, n, step) => {
        const whole = frame(text, rules)
        fc.pre(whole.length > 0)
        const done = n % whole.length
        expect(frame(text, rules, { at: whole[done]!.next, step })).toEqual(whole.slice(done + 1))
      }),
    )
  })
})

describe('the bounds of decoded texts', () => {
  const rules = { eventBytes: 4 * 1024 * 1024 }
  /** A list with this text as often as it takes to make 15 MiB, compressed. */
  const bombOf = (text: string) => {
    const element = `${JSON.stringify({ m: text })},`
    const count = Math.floor((15 * 1024 * 1024) / element.length)
    return base64(gzipSync(`[${element.repeat(count)}{"m":"{}"}]`))
  }

  it('compressed texts in compressed texts end at a bound for all of them, and reading continues', () => {
    const inner = base64(gzipSync(`{"a":"${'x'.repeat(15 * 1024 * 1024)}"}`))
    const pieces = frame(`${JSON.stringify({ m: bombOf(inner) })}\n{"m":"{\\"m\\":[{}]}"}\n`, {
      ...rules,
      unwrap: 'm.m',
    })
    const reasons = new Set(pieces.map(({ refused }) => refused))
    expect(reasons).toContain('the texts to unwrap exceed 67108864 bytes')
    expect(pieces.filter(({ refused }) => refused?.startsWith('event of')).length).toBeLessThanOrEqual(4)
    expect(pieces.at(-1)).toMatchObject({ raw: '{}', line: 2 })
  })

  it('a text of very many small events is refused before all of them are framed', () => {
    const texts = base64(gzipSync('{}\n'.repeat(5_000_000)))
    const pieces = frame(`${JSON.stringify({ m: texts })}\n{"m":"{}"}\n`, { ...rules, unwrap: 'm' })
    expect(summary(pieces)).toEqual(['(the text exceeds 100000 events)', '{}'])
  })

  it('events of all texts in a text count together', () => {
    const many = base64(gzipSync('{}\n'.repeat(60_000)))
    const text = JSON.stringify([{ m: many }, { m: many }, { m: '{}' }])
    const pieces = frame(JSON.stringify({ m: text }), { ...rules, unwrap: 'm.m' })
    expect(pieces.filter(({ refused }) => refused === undefined).length).toBe(60_000)
  })
})
