import { expect, it } from 'vitest'
import { runExitCode, summaryLines } from '../../../src/cli/format/run-summary.ts'
import type { RunSummary } from '../../../src/daemon/daemon.ts'
import { plainStyle } from '../../../src/reporters/parts/terminal-text.ts'
import type { DeliveryRow } from '../../../src/store/store.ts'

const clean: RunSummary = {
  events: { accepted: 3, duplicate: 0, rejected: 0, unclassified: 0 },
  alerts: { created: 2, merged: 0, muted: 0 },
  deliveries: {
    pending: 0,
    sending: 0,
    delivered: 4,
    waiting: 0,
    queued: 0,
    scheduled: 0,
    dead: 0,
    orphaned: 0,
    withdrawn: 0,
  },
  undelivered: [],
  exhausted: true,
  durationMs: 12,
  lost: null,
}

it.each<[string, RunSummary, 'SIGINT' | 'SIGTERM' | null, number]>([
  ['all delivered', clean, null, 0],
  ['a duplicate is fine', { ...clean, events: { ...clean.events, duplicate: 1 } }, null, 0],
  ['a rejected event', { ...clean, events: { ...clean.events, rejected: 1 } }, null, 1],
  ['an unclassified event', { ...clean, events: { ...clean.events, unclassified: 1 } }, null, 1],
  ['a dead delivery', { ...clean, deliveries: { ...clean.deliveries, dead: 1 } }, null, 1],
  ['a waiting delivery', { ...clean, deliveries: { ...clean.deliveries, waiting: 1 } }, null, 1],
  ['a pending delivery', { ...clean, deliveries: { ...clean.deliveries, pending: 1 } }, null, 1],
  ['a queued update', { ...clean, deliveries: { ...clean.deliveries, queued: 1 } }, null, 1],
  ['a withdrawn delivery is fine', { ...clean, deliveries: { ...clean.deliveries, withdrawn: 1 } }, null, 0],
  [
    'an update whose time comes later is fine',
    { ...clean, deliveries: { ...clean.deliveries, scheduled: 1 } },
    null,
    0,
  ],
  ['SIGTERM', { ...clean, deliveries: { ...clean.deliveries, waiting: 1 } }, 'SIGTERM', 0],
  ['SIGINT', clean, 'SIGINT', 130],
])('%s', (_name, summary, stoppedBy, code) => {
  expect(runExitCode(summary, stoppedBy)).toBe(code)
})

it('the summary has counts and no times, so that equal runs print the same', () => {
  expect(summaryLines(clean, plainStyle)).toEqual([
    'events      3 accepted',
    'alerts      2 created',
    'deliveries  4 delivered',
  ])
})

it('the summary names undelivered deliveries, but not the dead ones of earlier runs', () => {
  const row: DeliveryRow = {
    id: 'd1'.padEnd(32, '0'),
    kind: 'single',
    destinationKey: 'soc',
    destination: 'soc',
    state: 'waiting',
    due: 0,
    attempts: 2,
    createdAt: 0,
    pausedMs: 0,
    reason: 'static-severity',
    message: 'status 500',
    alertIds: [],
    updateOf: null,
    update: null,
    remoteReference: null,
  }
  const left: DeliveryRow[] = [
    { ...row, id: 'd2'.padEnd(32, '0'), state: 'dead', message: 'status 400\n' },
    row,
    { ...row, id: 'd3'.padEnd(32, '0'), state: 'dead' },
  ]
  const deliveries = { ...clean.deliveries, waiting: 1, pending: 2, dead: 1 }
  expect(summaryLines({ ...clean, deliveries, undelivered: left }, plainStyle).slice(3)).toEqual([
    '',
    'not delivered (signalbox deliveries list shows more):',
    '  d10000000000  waiting  soc  status 500',
    '  d20000000000  dead  soc  status 400\\n',
    '  ... and 2 more',
  ])
})

it('a lost store has its own exit code, even if a signal requested the end', () => {
  const lost = { ...clean, lost: 'the store was lost' }
  expect([runExitCode(lost, null), runExitCode(lost, 'SIGTERM')]).toEqual([3, 3])
})
