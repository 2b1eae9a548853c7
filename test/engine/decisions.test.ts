/**
 * The pure parts of the engine as tables: limits, classification, times, parts of a batch, the decision of the
 * watchdog.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitIntoChunks } from '../../src/engine/pool/chunks.ts'
import { FaultIsolation } from '../../src/engine/pool/fault-isolation.ts'
import { POLL_INTERVAL_MS, Watchdog } from '../../src/engine/pool/watchdog.ts'
import type { CompletedJob, WorkerTermination } from '../../src/engine/pool/worker-handle.ts'
import type { DetectionBody, Job } from '../../src/engine/protocol/messages.ts'
import { classify } from '../../src/engine/worker/classify-event.ts'
import { checkLimits } from '../../src/engine/worker/event-limits.ts'
import { parseEvent } from '../../src/engine/worker/parse-event.ts'
import { createSelection } from '../../src/engine/worker/select-detections.ts'
import type { Envelope } from '../../src/model/events/event.ts'
import { formatEventTime, parseEventTime, readEventTime } from '../../src/model/events/event-time.ts'
import { nullLog } from '../../src/model/ports.ts'
import { type ClassificationMatcher, DEFAULT_SETTINGS } from '../../src/model/project/settings.ts'
import { envelope } from '../support/engine-project.ts'

describe('framing guard', () => {
  const limits = { eventBytes: 1_000, eventDepth: 3, numberDigits: 5 }
  it.each([
    ['{"a":[{}]}', null],
    ['{"a":[{"b":1}],"c":[[]]}', null],
    ['{"a":[{"b":[]}]}', 'nested more than 3 levels deep'],
    ['{"a":12345}', null],
    ['{"a":123456}', 'a number has more than 5 digits'],
    ['{"a":-123456e1}', 'a number has more than 5 digits'],
    ['{"a":12345.12345e12345}', null],
    ['{"a":"123456 [[[[[[ {{{{"}', null],
    ['{"a":"\\"[[[[[["}', null],
    ['{"a":"\\\\"}', null],
    ['{"a":"\\\\","b":[[[1]]]}', 'nested more than 3 levels deep'],
    ['{"a":"never closed [[[[[[', null],
    ['', null],
    [' '.repeat(1_001), 'larger than 1000 bytes'],
  ])('%s', (raw, reason) => {
    expect(checkLimits(raw, limits)).toBe(reason)
  })

  it('finds a number that is too long wherever it is, and the end of the text ends it', () => {
    for (let before = 0; before < 12; before++) {
      const text = (digits: string) => `${' '.repeat(before)}${digits}`
      expect([before, checkLimits(text('123456'), limits)]).toEqual([
        before,
        'a number has more than 5 digits',
      ])
      expect([before, checkLimits(text('12345'), limits)]).toEqual([before, null])
      expect([before, checkLimits(text('12345 12345'), limits)]).toEqual([before, null])
    }
  })
})

describe('classification', () => {
  const matchers: ClassificationMatcher[] = [
    { logType: 'First', match: { 'a.b': '1' } },
    { logType: 'Second', match: { a: '*', 'dotted.key': 'x' } },
  ]
  it.each([
    ['the record, then the source', { p_log_type: 'Own' }, 'log', 'Given', 'Own'],
    ['the source, then the matchers', { a: { b: 1 } }, 'log', 'Given', 'Given'],
    ['a matcher by the text of a number', { a: { b: 1 } }, 'log', null, 'First'],
    ['a matcher with a key that holds dots', { a: false, 'dotted.key': 'x' }, 'log', null, 'Second'],
    ['null is no present value', { a: null, 'dotted.key': 'x' }, 'log', null, null],
    ['an empty type is none', { p_log_type: '' }, 'log', null, null],
    ['a type that is no text is none', { p_log_type: 5 }, 'log', null, null],
    ['inherited names are no fields', {}, 'log', null, null],
    ['a resource by its source', { resourceType: 'Own' }, 'resource', 'Given', 'Given'],
    ['a resource by itself', { resourceType: 'Own', p_log_type: 'x' }, 'resource', null, 'Own'],
  ] as const)('%s', (_, record, kind, type, expected) => {
    expect(classify(record, { kind, type }, matchers)).toBe(expected)
  })
})

describe('a record that is a container', () => {
  const rules = {
    settings: DEFAULT_SETTINGS,
    selection: createSelection([], new Map(), []),
    clockMode: 'acceptance',
  } as const
  it.each([
    [{ Records: [{ eventName: 'Probe' }] }, 'unwrap=Records '],
    [{ awslogs: { data: 'H4sI' } }, 'unwrap=awslogs.data.logEvents.message '],
    [{ messageType: 'DATA_MESSAGE', logEvents: [] }, 'unwrap=logEvents.message '],
    [{ Type: 'Notification', TopicArn: 'a', Message: '{"Records":[]}' }, 'unwrap=Message '],
    [{ requestId: 'a', timestamp: 1, records: [{ data: 'eyJhIjoxfQ==' }] }, 'unwrap=records.data '],
    [{ source: 'aws.s3', 'detail-type': 'x', detail: { Records: [{ a: 1 }] } }, 'unwrap=detail.Records '],
    [{ source: 'aws.guardduty', 'detail-type': 'GuardDuty Finding', detail: { a: 1 } }, 'unwrap=detail '],
    [{ value: [{ a: 1 }, { a: 2 }] }, 'unwrap=value '],
    [{ body: '{"a":1}' }, 'unwrap=body '],
  ])('is accepted with a notice that names the option: %j', (record, option) => {
    const taken = parseEvent({ ...envelope({}, { type: 'A' }), raw: JSON.stringify(record) }, rules)
    expect(taken).toMatchObject({ status: 'accepted', notices: [{ code: 'container' }] })
    expect(taken).toMatchObject({ notices: [{ message: expect.stringContaining(option) as unknown }] })
  })
  it.each([
    { Records: [1], other: 1 },
    { Records: {} },
    { awslogs: {} },
    { Type: 'Notification', Message: 'the disk is full' },
    { logEvents: [] },
    { records: [{ a: 1 }], other: 1 },
    { detail: { Records: [{ a: 1 }] }, other: 1 },
    { 'detail-type': 'x', source: 'a', detail: 'text' },
    { tags: ['a', 'b'] },
    { body: '{not JSON' },
    { 'a.b': [{ a: 1 }] },
    {},
  ])('not every record with such a key is a container: %j', (record) => {
    const taken = parseEvent({ ...envelope({}, { type: 'A' }), raw: JSON.stringify(record) }, rules)
    expect(taken).toMatchObject({ status: 'accepted', notices: [] })
  })
})

describe('a source whose log type is that of the envelopes', () => {
  const rules = {
    settings: DEFAULT_SETTINGS,
    selection: createSelection([], new Map(), []),
    clockMode: 'acceptance',
  } as const
  it('gets no notice for the events of EventBridge', () => {
    const raw = JSON.stringify({ source: 'aws.ec2', 'detail-type': 'x', detail: { a: 1 } })
    const taken = parseEvent({ ...envelope({}, { type: 'AWS.CloudWatchEvents' }), raw }, rules)
    expect(taken).toMatchObject({ status: 'accepted', notices: [] })
  })
})

describe('event time', () => {
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
  it.each([
    ['2026-01-02T03:04:05.678Z', at],
    ['2026-01-02T03:04:05.678901234Z', at],
    ['2026-01-02 03:04:05.678000000', at],
    ['2026-01-02T03:04:05.678', at],
    ['2026-01-02 03:04:05.678 UTC', at],
    ['2026-01-02T05:04:05.678+02:00', at],
    ['2026-01-02', Date.UTC(2026, 0, 2)],
    [at, at],
    [at / 1000, at],
    [String(at), at],
    [at * 1_000, at],
    [at * 1_000_000, at],
    [String(at * 1_000), at],
    ['2026-01-02T05:04:05.678+0200', at],
    ['2026-01-02T03:04:05,678Z', at],
    ['2026/01/02 03:04:05.678', at],
    ['Fri, 02 Jan 2026 05:04:05 +0200', at - 678],
    ['02/Jan/2026:03:04:05 +0000', at - 678],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2026-02-29', null],
    ['2026-02-30T00:00:00Z', null],
    ['2026-04-31', null],
    ['2100-02-29', null],
    ['2026-00-10', null],
    ['2026-13-01', null],
    ['2026-01-02T24:00:00Z', null],
    ['2026-01-02T03:60:00Z', null],
    ['2026-01-02T03:04:60Z', null],
    ['2026-01-02T03:04:05+24:00', null],
    ['0000-01-01T00:00:00Z', null],
    ['0001-01-01T00:00:00+00:01', null],
    ['9999-12-31T23:59:59-00:01', null],
    ['+057974-03-28T20:05:23.456Z', null],
    ['Jan 2, 2026', null],
    ['2 Foo 2026 03:04:05 GMT', null],
    [1e20, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    ['', null],
    ['soon', null],
    [1e300, null],
    [null, null],
    [{}, null],
  ])('%j', (value, expected) => {
    expect(parseEventTime(value)).toBe(expected)
  })

  it.each([
    ['2026-01-02T03:04:05.123456789Z', '2026-01-02 03:04:05.123456789'],
    ['2026-01-02T03:04:05.1Z', '2026-01-02 03:04:05.100000000'],
    ['2026-01-02T03:04:05.1234567891Z', '2026-01-02 03:04:05.123456789'],
    ['1767323045123456789', '2026-01-02 03:04:05.123456789'],
    [1_767_323_045_123_456, '2026-01-02 03:04:05.123456000'],
    [1_767_323_045.123456, '2026-01-02 03:04:05.123456000'],
    [-0.000_001, '1969-12-31 23:59:59.999999000'],
  ])('%j keeps its digits: %s', (value, expected) => {
    const time = readEventTime(value)!
    expect(formatEventTime(time.ms, time.nanoseconds)).toBe(expected)
  })

  it('an event time is written in one form, whatever the value, or not at all', () => {
    const values = fc.oneof(
      fc.double(),
      fc.bigInt().map(String),
      fc.date().map((date) => date.toJSON()),
      fc.string(),
    )
    fc.assert(
      fc.property(values, (value) => {
        const time = readEventTime(value)
        if (time === null) return
        const text = formatEventTime(time.ms, time.nanoseconds)
        expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{9}$/)
        expect(readEventTime(text)).toEqual(time)
      }),
    )
  })

  it.each([
    [
      { t: '2026-02-30' },
      { timeField: 't' },
      '"t" is "2026-02-30", which is not a time: p_event_time stays absent',
    ],
    [{ t: { a: 1 } }, { timeField: 't' }, '"t" is {"a":1}, which is not a time: p_event_time stays absent'],
    [
      { p_event_time: 'then' },
      {},
      '"p_event_time" is "then", which is not a time: the time of receipt counts',
    ],
  ])('an event time that cannot be read is reported: %j', (record, more, message) => {
    const rules = {
      settings: DEFAULT_SETTINGS,
      selection: createSelection([], new Map(), []),
      clockMode: 'acceptance',
    } as const
    const taken = parseEvent(envelope(record, more), rules)
    expect(taken).toMatchObject({ status: 'accepted', event: { happenedAt: null } })
    expect(taken).toMatchObject({ notices: [{ code: 'unreadable-time', message }] })
    expect(taken).not.toHaveProperty('fields.p_event_time')
  })

  it('an event time in nanoseconds keeps digits that a double cannot hold, and an absent one is not reported', () => {
    const rules = {
      settings: DEFAULT_SETTINGS,
      selection: createSelection([], new Map(), []),
      clockMode: 'acceptance',
    } as const
    const exact = parseEvent(
      { ...envelope({}, { timeField: 'a.t' }), raw: '{"p_log_type":"A","a":{"t":1767323045123456789}}' },
      rules,
    )
    expect(exact).toMatchObject({ fields: { p_event_time: '2026-01-02 03:04:05.123456789' } })
    for (const record of [{}, { t: null }, { t: '' }]) {
      expect(parseEvent(envelope(record, { timeField: 't' }), rules)).toMatchObject({ notices: [] })
    }
  })

  it('a formatted event time is read as the same time', () => {
    expect(formatEventTime(at)).toBe('2026-01-02 03:04:05.678000000')
    expect(parseEventTime(formatEventTime(at))).toBe(at)
  })

  it.each([
    ['acceptance', Date.UTC(2026, 0, 31, 12)],
    ['event', at],
  ] as const)('clock of %s', (clockMode, expected) => {
    const rules = { settings: DEFAULT_SETTINGS, selection: createSelection([], new Map(), []), clockMode }
    const own = parseEvent(envelope({ p_event_time: '2026-01-02 03:04:05.678' }), rules)
    const named = parseEvent(envelope({ a: { at } }, { timeField: 'a.at' }), rules)
    expect([own, named]).toMatchObject([{ event: { at: expected } }, { event: { at: expected } }])
  })
})

describe('pieces of a batch', () => {
  const pieces = (sizes: number[], workers: number) =>
    splitIntoChunks(sizes, (size) => size, { workers, maxItems: 3, maxChars: 10 })
  it.each([
    [[], 2, []],
    [[1], 2, [[1]]],
    [[1, 2], 2, [[1], [2]]],
    [[1, 1, 1, 1, 1, 1, 1], 2, [[1, 1, 1], [1, 1, 1], [1]]],
    [[99, 1, 9, 1], 1, [[99], [1, 9], [1]]],
  ])('%j over %i workers', (sizes, workers, expected) => {
    expect(pieces(sizes, workers)).toEqual(expected)
  })
})

describe('the watchdog', () => {
  const running = (serial: number, item = 0) => ({ serial, body: 1, item, function: 0, isExact: true })
  const outside = { serial: 9, body: -1, item: 0, function: 0, isExact: true }
  const always = (now: number): number | null => 1_000_000 + now
  /** Checks one progress marker at the usual interval. Returns the time at which it counts as stalled, or null. */
  const stalledAfter = (
    mark: ReturnType<typeof running>,
    forMs: number,
    coreTimeAt = always,
    during: 'run' | 'load' = 'run',
  ) => {
    const watchdog = new Watchdog(1_000, during)
    for (let now = 0; now <= forMs; now += POLL_INTERVAL_MS) {
      if (watchdog.isStalled(mark, now, coreTimeAt(now))) return now
    }
    return null
  }

  it('waits for the budget and some grace', () => {
    expect(stalledAfter(running(1), 1_500)).toBe(null)
    expect(stalledAfter(running(1), 2_000)).toBe(1_550)
  })

  it('waits longer for loading, and longest outside of any body', () => {
    expect(stalledAfter(running(1, -1), 10_500)).toBe(null)
    expect(stalledAfter(running(1, -1), 11_000)).toBe(10_550)
    expect(stalledAfter(outside, 60_000, always, 'load')).toBe(null)
    expect(stalledAfter(outside, 61_000, always, 'load')).toBe(60_550)
  })

  it('waits outside of any body only as long as a batch can take', () => {
    expect(stalledAfter(outside, 10_500)).toBe(null)
    expect(stalledAfter(outside, 11_000)).toBe(10_550)
  })

  it('gives an item its whole budget, also one above what is usual outside', () => {
    const watchdog = new Watchdog(30_000)
    const looks = Array.from({ length: 611 }, (_, n) => n * POLL_INTERVAL_MS)
    expect(looks.find((now) => watchdog.isStalled(running(1), now, now))).toBeUndefined()
    expect(watchdog.isStalled(running(1), 30_550, 30_550)).toBe(true)
  })

  it('does not count the time that the worker had no core, but waits no longer than tenfold for one that sleeps', () => {
    expect(stalledAfter(running(1), 5_900, (now) => now / 4)).toBe(null)
    expect(stalledAfter(running(1), 6_500, (now) => now / 4)).toBe(6_050)
    expect(stalledAfter(running(1), 10_500, () => 7)).toBe(null)
    expect(stalledAfter(running(1), 11_000, () => 7)).toBe(10_550)
    expect(stalledAfter(running(1), 11_000, () => null)).toBe(10_550)
  })

  it('waits for a worker that works on a machine without a free core until its budget is used', () => {
    expect(stalledAfter(running(1), 30_000, (now) => now / 20)).toBe(null)
    expect(stalledAfter(running(1), 31_000, (now) => now / 20)).toBe(30_050)
  })

  it('a worker that works a little in between sleeps, too', () => {
    expect(stalledAfter(running(1), 11_000, (now) => now / 50)).toBe(10_550)
  })

  it('counts from when the time is known', () => {
    expect(stalledAfter(running(1), 3_000, (now) => (now < 1_000 ? null : 1_000_000 + now))).toBe(2_550)
  })

  it('the watchdog never regards a progress marker that changes as stalled', () => {
    const watchdog = new Watchdog(1_000)
    const looks = Array.from({ length: 1_000 }, (_, n) =>
      watchdog.isStalled(running(n >> 4), n * POLL_INTERVAL_MS, null),
    )
    expect(looks).not.toContain(true)
  })

  it('starts afresh when it was itself late', () => {
    const watchdog = new Watchdog(1_000)
    expect([0, 5_000, 6_000, 6_050].map((now) => watchdog.isStalled(running(1), now, now))).toEqual([
      false,
      false,
      false,
      false,
    ])
  })
})

describe('a crash outside of any detection', () => {
  const outside = { serial: 1, body: -1, item: 0, function: 0, isExact: true }
  /** A worker that ends on every batch with a poisoned event in it. */
  const runs: number[] = []
  const run = async ({ work }: Job): Promise<CompletedJob | WorkerTermination> => {
    runs.push(work.items.length)
    const events = work.items as Envelope[]
    if (events.some(({ raw }) => raw === 'poison')) {
      return { kind: 'ended', marker: outside, reason: 'crash', message: 'gone' }
    }
    const outcomes = events.map(({ raw }) => ({ status: 'unclassified' as const, reason: raw }))
    return { kind: 'done', outcomes, printed: [], changedValues: [], eventsWithoutPython: 0 }
  }
  const containment = new FaultIsolation({ run, bodies: [], limits: DEFAULT_SETTINGS.limits, log: nullLog })

  it('a batch is bisected, so that only the offending events are rejected, in order', async () => {
    const raws = ['a', 'b', 'poison', 'c', 'd', 'e', 'poison']
    const outcomes = await containment.run({ kind: 'evaluate', items: raws.map((raw) => envelope(raw)) })
    expect(outcomes).toEqual(
      raws.map((raw) =>
        raw === 'poison'
          ? { status: 'rejected', reason: 'crashed the evaluator' }
          : { status: 'unclassified', reason: raw },
      ),
    )
    expect(runs[0]).toBe(7)
  })
})

describe('a body that is about to be quarantined for where a worker ended', () => {
  const bodies = ['changes', 'victim'].map(
    (id) => ({ kind: 'detection', id, path: '', source: '' }) as DetectionBody,
  )
  const limits = { ...DEFAULT_SETTINGS.limits, quarantineAfter: 1 }
  const at = (body: number) => ({ serial: 1, body, item: 0, function: 0, isExact: true })
  /** The first body makes the second one end its worker. A check after each body shows that. */
  const run = async ({
    work,
    checkIntegrity: watched,
    quarantined,
  }: Job): Promise<CompletedJob | WorkerTermination> => {
    if (quarantined.includes(0)) {
      const outcomes = work.items.map(() => ({ status: 'unclassified' as const, reason: '' }))
      return { kind: 'done', outcomes, printed: [], changedValues: [], eventsWithoutPython: 0 }
    }
    if (watched) return { kind: 'ended', marker: at(0), reason: 'tampering', message: 'builtins.len' }
    return { kind: 'ended', marker: at(1), reason: 'crash', message: '' }
  }

  it.each(['crash', 'time'] as const)(
    'a body is not quarantined if another body has changed shared state (%s)',
    async (ending) => {
      const said: object[] = []
      const log = { ...nullLog, error: (fields: object) => said.push(fields) }
      const ends = async (job: Job) => {
        const end = await run(job)
        return end.kind === 'ended' && end.reason === 'crash' ? { ...end, ending } : end
      }
      const containment = new FaultIsolation({ run: ends, bodies, limits, log })
      await containment.run({ kind: 'evaluate', items: [envelope('a')] })
      expect(said).toEqual([{ detection: 'changes', endings: 1 }])
    },
  )
})

describe('a worker that ended at an unknown event', () => {
  const [offending, after] = [1, 2]
  const jobs: Job[] = []
  /** Hangs at one event. The marker has moved on unless each item is marked. */
  const run = async (job: Job): Promise<CompletedJob | WorkerTermination> => {
    jobs.push(job)
    const isExact = job.markEachItem.includes(0)
    const item = isExact ? offending : after
    if (job.skips.some((skip) => skip.item === offending)) {
      const outcomes = job.work.items.map(() => ({ status: 'unclassified' as const, reason: '' }))
      return { kind: 'done', outcomes, printed: [], changedValues: [], eventsWithoutPython: 0 }
    }
    return {
      kind: 'ended',
      marker: { serial: 1, body: 0, item, function: 0, isExact },
      reason: 'time',
      message: '',
    }
  }
  const body = { kind: 'detection', id: 'hangs', path: 'hangs.py', source: '' } as DetectionBody
  const containment = new FaultIsolation({
    run,
    bodies: [body],
    limits: DEFAULT_SETTINGS.limits,
    log: nullLog,
  })
  const items = ['a', 'b', 'c'].map((raw) => envelope(raw))

  it('a batch runs again with exact markers, and only a certain offender is skipped', async () => {
    await containment.run({ kind: 'evaluate', items })
    expect(jobs.map(({ markEachItem }) => markEachItem)).toEqual([[], [0], [0]])
    expect(jobs.at(-1)!.skips).toMatchObject([{ body: 0, item: offending, function: 0 }])
  })

  it('the next batches have exact markers, too', async () => {
    jobs.length = 0
    await containment.run({ kind: 'evaluate', items })
    expect(jobs.map(({ markEachItem }) => markEachItem)).toEqual([[0], [0]])
  })
})
