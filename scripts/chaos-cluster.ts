// npm run chaos -- --cluster [--broker nats|kafka] [--daemons N] [--partitions N] [--events N] [--rate N] [--seed N] [--blows N] [--blow-every MS] [--lease MS] [--settle MS] [--only KIND]... [--without KIND]... [--sabotage KIND]
// Several daemons on PostgreSQL under blows, and a ledger outside of the product that says what must have been counted and delivered.
// --sabotage KIND runs a copy without one protection (test/chaos/cluster/sabotage.ts): the run must then find what that breaks.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BLOWS } from '../test/chaos/cluster/blows.ts'
import { type ClusterReport, runCluster } from '../test/chaos/cluster/run-cluster.ts'
import { sabotagedCheckout } from '../test/chaos/cluster/sabotage.ts'

/** So many ids of each kind are named. */
const MAX_IDS = 100

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
    'blow-every': { type: 'string', default: '1000' },
    lease: { type: 'string', default: '10000' },
    settle: { type: 'string', default: '100000' },
    only: { type: 'string', multiple: true },
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
  blowEveryMs: Number(values['blow-every']),
  kinds: chosenKinds(),
  checkout: subject,
  soundCheckout: checkout,
  // A destination that a deploy has removed is given up within a run.
  settings: `cluster: { orphanAfter: 20s, leaseMs: ${values.lease} }\n`,
  leaseMs: Number(values.lease),
  settleMs: Number(values.settle),
  progress: (text) => console.error(`${((performance.now() - startedAt) / 1_000).toFixed(0)} s: ${text}`),
}).finally(() => {
  if (subject !== checkout) rmSync(subject, { recursive: true, force: true })
})

console.log(figures(report))
const faults = report.lost.length + report.doubled.length + report.wrong.length
const hasPassed = values.sabotage === undefined ? faults === 0 : faults > 0
if (!hasPassed) {
  console.error(values.sabotage === undefined ? complaint(report) : 'the sabotage went unnoticed')
  process.exitCode = 1
}

function chosenKinds(): string[] {
  const all = BLOWS.map(({ name }) => name)
  const unknown = [...(values.only ?? []), ...values.without].find((name) => !all.includes(name))
  if (unknown !== undefined) throw new Error(`unknown kind of blow ${unknown}: use ${all.join(', ')}`)
  return (values.only ?? all).filter((name) => !values.without.includes(name))
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
