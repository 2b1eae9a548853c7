// npm run chaos -- --cluster [--broker nats|kafka] [--daemons N] [--partitions N] [--events N] [--rate N] [--seed N] [--blows N] [--without KIND]... [--sabotage KIND]
// Several daemons on PostgreSQL under blows, and a ledger outside of the product that says what must have been counted and delivered.
// --sabotage blind-cursor runs a copy whose commits compare neither the owner nor the version of a cursor: the run must then find an event that was counted twice.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ClusterReport, runCluster } from '../test/chaos/cluster/run-cluster.ts'
import { sabotagedCheckout } from '../test/chaos/cluster/sabotage.ts'

/** So many ids of each kind are named. */
const MAX_IDS = 100
const LEASE_MS = 10_000
/** A destination that a deploy has removed is given up within a run. */
const SETTINGS = 'cluster: { orphanAfter: 20s }\n'

const checkout = join(import.meta.dirname, '..')
const { values } = parseArgs({
  options: {
    cluster: { type: 'boolean' },
    broker: { type: 'string', default: 'nats' },
    daemons: { type: 'string', default: '3' },
    partitions: { type: 'string', default: '16' },
    events: { type: 'string', default: '60000' },
    rate: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    blows: { type: 'string', default: 'Infinity' },
    without: { type: 'string', multiple: true, default: [] },
    sabotage: { type: 'string' },
  },
})

const subject = values.sabotage === undefined ? checkout : sabotagedCheckout(checkout, values.sabotage)
console.error(`seed ${values.seed}`)
const startedAt = performance.now()
const report = await runCluster({
  broker: values.broker,
  daemons: Number(values.daemons),
  partitions: Number(values.partitions),
  events: Number(values.events),
  eventsPerSecond: Number(values.rate),
  seed: Number(values.seed),
  maxBlows: Number(values.blows),
  without: values.without,
  checkout: subject,
  settings: SETTINGS,
  leaseMs: LEASE_MS,
  settleMs: 100_000,
  progress: (text) => console.error(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s: ${text}`),
}).finally(() => {
  if (subject !== checkout) rmSync(subject, { recursive: true, force: true })
})

console.log(figures(report))
const hasPassed =
  values.sabotage === undefined
    ? report.lost.length + report.doubled.length + report.wrong.length === 0
    : report.doubled.length > 0
if (!hasPassed) {
  console.error(values.sabotage === undefined ? complaint(report) : 'the sabotage went unnoticed')
  process.exitCode = 1
}

function figures(run: ClusterReport): string {
  const list = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none'
  return [
    `seed ${values.seed}, ${values.daemons} daemons, ${values.partitions} partitions of ${values.broker}: ` +
      `${run.events} events in ${run.seconds.toFixed(0)} s, ${run.alerts} alerts and ${run.matches} matches of correlation rules due`,
    `blows: ${list(run.blows)}`,
    `${run.fenced} runs of partitions fenced, ${run.swallowed} answers lost, ${run.refused} requests refused by the receivers; ends without a signal: ${list(run.endings)}`,
    `system alerts: ${list(run.systemAlerts)}`,
    `${run.lost.length} lost, ${run.doubled.length} counted twice, ${run.wrong.length} wrong, ${run.repeated} requests repeated under their own key`,
  ].join('\n')
}

function complaint({ lost, doubled, wrong, logs }: ClusterReport): string {
  const some = (ids: readonly string[]) =>
    ids.length > MAX_IDS ? [...ids.slice(0, MAX_IDS), `and ${ids.length - MAX_IDS} more`] : ids
  return [
    ...['lost:', ...some(lost)],
    ...['counted twice:', ...some(doubled)],
    ...['wrong:', ...some(wrong)],
    logs,
  ].join('\n')
}
