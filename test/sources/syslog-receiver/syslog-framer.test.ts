import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SyslogFramer } from '../../../src/sources/syslog-receiver/syslog-framer.ts'

function frame(input: Buffer | string, step = Number.POSITIVE_INFINITY): string[] {
  const bytes = Buffer.from(input as string)
  const framer = new SyslogFramer(100)
  const messages = []
  for (let at = 0; at < bytes.length; at += step) {
    messages.push(...framer.push(bytes.subarray(at, Math.min(bytes.length, at + step))))
  }
  messages.push(...framer.end())
  return messages.map(({ raw, refused }) => (refused === undefined ? raw : `(${refused})`))
}

const counted = (text: string) => `${Buffer.byteLength(text)} ${text}`

describe('messages of a connection', () => {
  it.each([
    ['lines', '<1>a\n<1>b\r\n\n<1>c', ['<1>a', '<1>b\r', '<1>c']],
    ['NULs', '<1>a\0<1>b\0', ['<1>a', '<1>b']],
    ['lengths', counted('<1>ä\nb') + counted('<1>c'), ['<1>ä\nb', '<1>c']],
    [
      'both, and a line feed after a length',
      `${counted('<1>a')}\n<1>b\n${counted('<1>c')}`,
      ['<1>a', '<1>b', '<1>c'],
    ],
    [
      'a line that begins with a number',
      '2026 words\n',
      ['(the connection ended 2020 bytes before the message)'],
    ],
    ['a line that begins with digits', '12:34 words\n<1>b\n', ['12:34 words', '<1>b']],
    [
      'too large a line',
      `<1>${'x'.repeat(200)}\n<1>b\n`,
      ['(event of 203 bytes exceeds the limit of 100)', '<1>b'],
    ],
    [
      'too large a length',
      counted('x'.repeat(200)) + counted('<1>b'),
      ['(event of 200 bytes exceeds the limit of 100)', '<1>b'],
    ],
    ['a length that is too long', '12345678901 x\n<1>b\n', ['12345678901 x', '<1>b']],
    ['an end inside a message', '10 <1>a', ['(the connection ended 6 bytes before the message)']],
    ['an end inside a length', '10', ['10']],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0x31, 0x3e, 0xe4, 0x0a]), ['<1>\ufffd']],
  ])('%s', (_what, input, expected) => {
    for (const step of [Number.POSITIVE_INFINITY, 1, 2, 7]) expect(frame(input, step)).toEqual(expected)
  })

  it('any texts with their lengths come out as they were, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), { maxLength: 10 }),
        fc.integer({ min: 1, max: 9 }),
        (texts, step) => {
          const short = texts.filter((text) => Buffer.byteLength(text) <= 100)
          expect(frame(short.map(counted).join(''), step)).toEqual(short)
        },
      ),
    )
  })
})
