/** `alerts stats` beside a real store in a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ClosedReason } from '../../src/model/alerts/alert-status.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { readAlertStats } from '../../src/workspace/alerts/alert-stats.ts'
import { changeAlert } from '../../src/workspace/alerts/change-alert.ts'
import { manualClock } from '../support/clock.ts'
import { withDate } from '../support/date.ts'
import { alert, expecting, plan } from '../support/store-rows.ts'
import { signalbox } from './fake-io.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** The commands take the date of the process. */
const NOW = Date.UTC(2026, 0, 31, 12)
withDate(NOW)

const ANN = { name: 'ann', via: 'cli' }

let root: string
let store: Store

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'signalbox-cli-'))
  writeFileSync(join(root, 'signalbox.yaml'), 'store: sqlite:test.db\n')
  store = await openStore('sqlite:test.db', { clock: manualClock(NOW), projectRoot: root })
})

afterEach(async () => {
  await store.close()
  rmSync(root, { recursive: true })
})

const run = (...argv: string[]) => signalbox(['alerts', 'stats', ...argv, '--project', root])
const create = (id: string, detection: string, more: Parameters<typeof alert>[1] = {}) =>
  store.commit(plan({ alerts: [alert(id, { detection, createdAt: NOW - DAY, ...more })] }), expecting())
const acknowledge = (id: string, minutes: number) =>
  changeAlert(store, id, { verb: 'acknowledge', note: '' }, ANN, NOW - DAY + minutes * MINUTE)
const resolve = (id: string, reason: ClosedReason, minutes: number) =>
  changeAlert(store, id, { verb: 'resolve', note: '', reason }, ANN, NOW - DAY + minutes * MINUTE)
const reopen = (id: string, minutes: number) =>
  changeAlert(store, id, { verb: 'reopen', note: '' }, ANN, NOW - DAY + minutes * MINUTE)

/** Two false positives of `Loud`, none of `Calm`, and alerts that do not count. */
async function fill(): Promise<void> {
  for (const id of ['l1', 'l2', 'l3', 'l4']) await create(id, 'Loud')
  await create('c1', 'Calm')
  await create('i1', 'Calm', { severity: 'INFO' })
  await create('e1', 'Calm', { kind: 'RULE_ERROR' })
  await create('s1', 'signalbox', { kind: 'SYSTEM_ERROR' })
  await create('o1', 'Old', { createdAt: NOW - 40 * DAY })
  await acknowledge('l1', 2)
  await acknowledge('l2', 4)
  await acknowledge('l3', 30)
  await resolve('l1', 'false-positive', 10)
  await resolve('l2', 'false-positive', 20)
  await resolve('l3', 'true-positive', 60)
  // The last decision counts, and the first acknowledgement.
  await resolve('c1', 'false-positive', 5)
  await reopen('c1', 6)
  await acknowledge('c1', 7)
  await reopen('c1', 8)
  await acknowledge('c1', 9)
}

describe('alerts stats', () => {
  it('shows the detections with the most false positives first, with their median times', async () => {
    await fill()
    const { code, out, err } = await run()
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['DETECTION', 'ALERTS', 'RESOLVED', 'FALSE', 'SHARE', 'ACKNOWLEDGED IN', 'RESOLVED IN'],
      ['Loud', '4', '3', '2', '67 %', '4 min', '20 min'],
      ['Calm', '2', '0', '0', '-', '7 min', '-'],
      [''],
    ])
  })

  it('counts alerts that are younger than --since, and prints JSON', async () => {
    await fill()
    const { out } = await run('--since', '60d', '--format', 'json')
    const { version, since, detections } = JSON.parse(out) as {
      version: number
      since: string
      detections: { detection: string }[]
    }
    expect([version, since]).toEqual([1, new Date(NOW - 60 * DAY).toISOString()])
    expect(detections.map(({ detection }) => detection)).toEqual(['Loud', 'Calm', 'Old'])
    expect(detections[0]).toEqual({
      detection: 'Loud',
      alerts: 4,
      resolved: 3,
      falsePositives: 2,
      falsePositiveShare: 2 / 3,
      medianAcknowledgeMs: 4 * MINUTE,
      medianResolveMs: 20 * MINUTE,
    })
  })

  it('shows ten detections and says that there are more', async () => {
    for (let i = 0; i < 12; i++) await create(`a${i}`, `Rule.${i}`)
    const { out, err } = await run()
    expect(out.trimEnd().split('\n')).toHaveLength(11)
    expect(err).toBe('showing 10 of 12 detections; use --format json for all\n')
  })

  it('says so when there is no alert', async () => {
    expect(await run()).toEqual({ code: 0, out: 'no alerts\n', err: '' })
  })

  it('notes how far it is in a long store', async () => {
    const alerts = Array.from({ length: 5_000 }, (_, i) =>
      alert(`a${i}`, { createdAt: NOW - DAY, dedup: String(i) }),
    )
    await store.commit(plan({ alerts }), expecting())
    const { out, err } = await run()
    expect(out).toContain('5000')
    expect(err).toBe('read 10,000 rows of the store\n')
    expect((await run('--quiet')).err).toBe('')
  })

  it('reads the same in pages of every size', async () => {
    await fill()
    const since = NOW - 30 * DAY
    const whole = await readAlertStats(store, { since })
    for (const pageRows of [1, 2, 7]) {
      const pages: number[] = []
      const onPage = (rows: number) => void pages.push(rows)
      expect(await readAlertStats(store, { since, pageRows, onPage })).toEqual(whole)
      expect(pages.length).toBeGreaterThan(2)
    }
  })
})
