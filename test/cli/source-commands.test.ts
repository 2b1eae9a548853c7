/** `sources` beside a real store in a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import type { HeldCursor, Store } from '../../src/store/store.ts'
import { manualClock } from '../support/clock.ts'
import { withDate } from '../support/date.ts'
import { expecting, plan } from '../support/store-rows.ts'
import { signalbox } from './fake-io.ts'

const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)
const LEASE_MS = 10_000
const READ = 'nats:EVENTS#ev.0'
const STOPPED = 'nats:EVENTS#ev.1'
const cursorAt = (seq: number) => JSON.stringify({ seq, created: '2026-01-01' })

let root: string
let store: Store
let stopped: HeldCursor

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  writeFileSync(join(root, 'signalbox.yaml'), 'store: sqlite:test.db\n')
  store = await openStore('sqlite:test.db', { clock: manualClock(NOW), projectRoot: root })
  const claim = { sources: [READ, STOPPED, 'kafka:audit#0'], limit: 3, leaseMs: LEASE_MS, member: 'host:1' }
  const [read, second, third] = await store.claimPartitions(claim)
  for (const held of [read!, second!]) await commit(held, cursorAt(7))
  await store.extendPartitions(
    [
      { ...read!, problem: null, lag: 5 },
      { ...second!, problem: 'an unknown\u001b[2J compression', lag: 1 },
    ],
    LEASE_MS,
  )
  await store.giveBackPartitions([third!])
  stopped = { ...second!, version: second!.version + 1 }
})
afterEach(async () => {
  await store.close()
  rmSync(root, { recursive: true, force: true })
})

const commit = (held: HeldCursor, cursor: string) =>
  store.commit(plan({ cursors: [{ source: held.source, cursor }] }), expecting({}, {}, [held]))
const run = (...argv: string[]) => signalbox([...argv, '--project', root])

it('sources list shows each partition with its owner, lease, cursor, lag and error', async () => {
  const { code, out } = await run('sources', 'list')
  expect(code).toBe(0)
  const lines = out.split('\n')
  expect(lines[0]).toMatch(/^SOURCE +PARTITION +OWNER +LEASE +CURSOR +LAG +ERROR$/)
  expect(lines[1]).toMatch(/^kafka:audit +0 +free$/)
  expect(lines[2]).toMatch(/^nats:EVENTS +ev\.0 +host:1 +10 s +\{"seq":7,"created":"2026-01-01"\} +5$/)
  expect(lines[3]).toMatch(/^nats:EVENTS +ev\.1 +host:1 +10 s +.* 1 +an unknown\S*\[2J compression$/)
  expect(out).not.toContain('\u001b')
})

it('sources list prints JSON, of one source', async () => {
  const { out } = await run('sources', 'list', '--source', 'nats:EVENTS', '--format', 'json')
  expect(JSON.parse(out)).toMatchObject({
    version: 1,
    partitions: [
      {
        source: 'nats:EVENTS',
        partition: 'ev.0',
        owner: 'host:1',
        isHeld: true,
        cursor: cursorAt(7),
        lag: 5,
        error: null,
      },
      { partition: 'ev.1', error: 'an unknown\u001b[2J compression' },
    ],
  })
})

it('sources skip moves the cursor, fences the daemon, frees the partition and writes the audit', async () => {
  const { code, out } = await run('sources', 'skip', STOPPED, '--to', '9', '--as', 'ann')
  expect([code, out]).toEqual([0, `${STOPPED} is read on behind 9\n`])
  expect(await store.partitions()).toMatchObject([
    {},
    { source: READ, cursor: cursorAt(7), member: 'host:1' },
    { source: STOPPED, cursor: cursorAt(9), member: null, leaseUntil: null },
  ])
  expect(await commit(stopped, cursorAt(8))).toBe('fenced')
  const extension = { ...stopped, problem: null, lag: null }
  expect(await store.extendPartitions([extension], LEASE_MS)).toEqual([false])
  const subject = { kind: 'partition', id: STOPPED } as const
  expect(await store.audit({ subject, limit: 5 })).toMatchObject([
    { verb: 'skipped', actor: 'ann', via: 'cli', before: cursorAt(7), after: cursorAt(9) },
  ])
})

it.each([
  [['nats:EVENTS#ev.9', '--to', '9'], 'partition "nats:EVENTS#ev.9" not found', 'sources list'],
  [[READ, '--to', '9'], `${READ} is not stopped`, 'with an error'],
  [[STOPPED, '--to', '7'], 'invalid position "7"', 'above 7'],
  [[STOPPED, '--to', 'nine'], 'invalid position "nine"', 'number of a message'],
  [[STOPPED], 'requires --to', 'the position'],
])('sources skip %j is refused and changes nothing', async (argv, message, hint) => {
  const before = await store.partitions()
  const { code, err } = await run('sources', 'skip', ...argv)
  expect(code).toBe(2)
  expect(err).toContain(message)
  expect(err).toContain(hint)
  expect(await store.partitions()).toEqual(before)
})

it('sources skip takes an offset of kafka, and the next one is read first', async () => {
  const source = 'kafka:audit#0'
  const claim = { sources: [source], limit: 1, leaseMs: LEASE_MS, member: 'host:1' }
  const [held] = await store.claimPartitions(claim)
  await commit(held!, '{"topicId":"t","offset":41}')
  await store.extendPartitions([{ ...held!, problem: 'an unknown compression', lag: 1 }], LEASE_MS)
  const passed = await run('sources', 'skip', source, '--to', '40')
  expect([passed.code, passed.err]).toEqual([2, expect.stringContaining('an offset from 41 on')])
  expect((await run('sources', 'skip', source, '--to', '41')).code).toBe(0)
  expect(await store.cursor(source)).toBe('{"offset":42,"topicId":"t"}')
})

it('status sums up each source, and counts the open deliveries', async () => {
  const { code, out } = await run('status')
  expect(code).toBe(0)
  const lines = out.split('\n')
  expect(lines[0]).toMatch(/^SOURCE +PARTITIONS +OWNED +STOPPED +LAG +OWNERS$/)
  expect(lines[1]).toMatch(/^kafka:audit +1 +0 +0 +0$/)
  expect(lines[2]).toMatch(/^nats:EVENTS +2 +2 +1 +6 +host:1$/)
  expect(out).toMatch(/^open deliveries: 0 pending, /m)
  const { sources, deliveries } = JSON.parse((await run('status', '--format', 'json')).out) as {
    sources: object[]
    deliveries: object
  }
  expect(sources[1]).toEqual({
    source: 'nats:EVENTS',
    partitions: 2,
    owned: 2,
    stopped: 1,
    lag: 6,
    owners: ['host:1'],
  })
  expect(deliveries).toMatchObject({ dead: 0, waiting: 0 })
})
