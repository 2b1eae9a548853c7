import { describe, expect, it } from 'vitest'
import { parseSyslog } from '../../../src/sources/syslog-receiver/syslog-message.ts'

const NOON = Date.UTC(2026, 5, 1, 12)

function parse(text: string, { at = NOON, offsetMinutes = 0 } = {}) {
  return parseSyslog(text, { receivedAt: at, offsetMinutes })
}

describe('RFC 5424', () => {
  it('all fields', () => {
    const text =
      '<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 42 ID47 ' +
      '[exampleSDID@32473 iut="3" eventSource="App"][examplePriority@32473 class="high"] \ufeffAn event'
    expect(parse(text)).toEqual({
      priority: 165,
      facility: 20,
      facility_name: 'local4',
      severity: 5,
      severity_name: 'notice',
      version: 1,
      timestamp: '2003-10-11T22:14:15.003Z',
      hostname: 'mymachine.example.com',
      appname: 'evntslog',
      procid: '42',
      msgid: 'ID47',
      structured_data: {
        'exampleSDID@32473': { iut: '3', eventSource: 'App' },
        'examplePriority@32473': { class: 'high' },
      },
      message: 'An event',
    })
  })

  it('fields without a value are absent', () => {
    expect(parse('<34>1 - - - - - -')).toEqual({
      priority: 34,
      facility: 4,
      facility_name: 'auth',
      severity: 2,
      severity_name: 'crit',
      version: 1,
      message: '',
    })
  })

  it.each([
    ['escapes', String.raw`[a k="\"\\\]\n"]`, { a: { k: String.raw`"\]\n` } }],
    ['repeated names', '[a ip="1" ip="2" ip="3"]', { a: { ip: ['1', '2', '3'] } }],
    ['an element without parameters', '[a][b x=""]', { a: {}, b: { x: '' } }],
    ['names of the language', '[__proto__ constructor="1"]', JSON.parse('{"__proto__":{"constructor":"1"}}')],
  ])('structured data: %s', (_what, text, expected) => {
    const { structured_data, message } = parse(`<1>1 - - - - - ${text} rest`)
    expect(structured_data).toEqual(expected)
    expect(Object.keys(structured_data!)).toEqual(Object.keys(expected as object))
    expect(message).toBe('rest')
  })

  it.each(['[a k="1" rest', '[a k=1] rest', '[] rest', '[a k="1"]rest'])(
    'a header with broken structured data is kept in the message: %s',
    (text) => {
      expect(parse(`<1>1 - host - - - ${text}`).message).toBe(`1 - host - - - ${text}`)
    },
  )

  it('a long value takes no time that grows faster than its length', () => {
    const value = '\\\\'.repeat(500_000)
    expect(parse(`<1>1 - - - - - [a k="${value}] rest`).structured_data).toBeUndefined()
  })
})

it('line ends inside a text take no time that grows faster than their number', () => {
  const ends = '\0\r\n'.repeat(1_000_000)
  expect(parse(`<13>${ends}x${ends}`).message).toBe(`${ends}x`)
})

describe('RFC 3164 and what devices send', () => {
  it.each([
    [
      'the example of the RFC',
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
      {
        timestamp: '2025-10-11T22:14:15Z',
        hostname: 'mymachine',
        appname: 'su',
        message: "'su root' failed for lonvick on /dev/pts/8",
      },
    ],
    [
      'a process id',
      '<13>May  3 04:05:06 web-1 sshd[4242]: Accepted publickey',
      {
        timestamp: '2026-05-03T04:05:06Z',
        hostname: 'web-1',
        appname: 'sshd',
        procid: '4242',
        message: 'Accepted publickey',
      },
    ],
    [
      'no host',
      '<13>May 31 04:05:06 cron[1]: tick',
      { timestamp: '2026-05-31T04:05:06Z', appname: 'cron', procid: '1', message: 'tick' },
    ],
    [
      'a time with its year',
      '<13>2026-01-02T03:04:05.123456+01:00 host app: text',
      { timestamp: '2026-01-02T03:04:05.123456+01:00', hostname: 'host', appname: 'app', message: 'text' },
    ],
    [
      'an address of IPv6 as host',
      '<13>May 31 04:05:06 2001:db8::1 app: text',
      { timestamp: '2026-05-31T04:05:06Z', hostname: '2001:db8::1', appname: 'app', message: 'text' },
    ],
    [
      'no tag',
      '<13>May 31 04:05:06 host plain words',
      { timestamp: '2026-05-31T04:05:06Z', hostname: 'host', message: 'plain words' },
    ],
    ['no time', '<13>%ASA-4-106023: Deny tcp', { appname: '%ASA-4-106023', message: 'Deny tcp' }],
    ['a day that is none', '<13>Feb 30 04:05:06 text', { message: 'Feb 30 04:05:06 text' }],
    ['line ends', '<13>words\r\n\0', { message: 'words' }],
  ])('%s', (_what, text, expected) => {
    const { priority, facility, facility_name, severity, severity_name, ...rest } = parse(text)
    expect(priority).toBe(facility * 8 + severity)
    expect(facility_name).not.toBe('')
    expect(severity_name).not.toBe('')
    expect(rest).toEqual(expected)
  })

  it.each(['no priority', '<192>too high', '<x>y', '', '<13', '{"a":1}'])(
    'a text without a priority is a message of user and notice: %s',
    (text) => {
      expect(parse(text)).toEqual({
        priority: 13,
        facility: 1,
        facility_name: 'user',
        severity: 5,
        severity_name: 'notice',
        message: text,
      })
    },
  )

  it.each([
    ['Dec 31 23:59:59', Date.UTC(2026, 0, 1, 0, 0, 5), 0, '2025-12-31T23:59:59Z'],
    ['Jan  1 00:00:01', Date.UTC(2025, 11, 31, 23, 59), 0, '2026-01-01T00:00:01Z'],
    ['Feb 29 12:00:00', Date.UTC(2028, 2, 1), 0, '2028-02-29T12:00:00Z'],
    ['Jun  1 01:00:00', NOON, 120, '2026-05-31T23:00:00Z'],
    ['Jan  1 00:30:00', Date.UTC(2025, 11, 31, 23, 59), 60, '2025-12-31T23:30:00Z'],
  ])('the year and the offset of %s', (time, at, offsetMinutes, expected) => {
    expect(parse(`<13>${time} host app: x`, { at, offsetMinutes }).timestamp).toBe(expected)
  })
})
