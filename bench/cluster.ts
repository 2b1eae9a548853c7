/** One daemon and two daemons on one PostgreSQL store, each limited to one core, beside the database and the broker. */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Receiver, startReceiver } from './alert-receiver.ts'
import { type Cluster, type Member, PARTITIONS, startCluster, startMember } from './cluster-members.ts'
import { eventOf, LOG_TYPE, RULES, writeProject } from './daemon-process.ts'
import type { BenchContext, Figure, Measurement } from './figure.ts'
import { alternate, ratios } from './repeat.ts'

const MATCH_RATE = 0.01
/** A message holds several events, so that the stream is filled while the leases still hold. */
const EVENTS_PER_MESSAGE = 10
const MESSAGES_AT_ONCE = 500
/** The end is left out, in which one of the daemons may have nothing more to read. */
const MEASURED_SHARE = 0.8

interface Sample {
  readonly eventsPerSecond: number
  /** Events for each second of a core that the daemons used. */
  readonly eventsPerCoreSecond: number
  /** Milliseconds of a core that the database used for 1,000 events. */
  readonly databaseMs: number
  /** Kilobytes of the write-ahead log for 1,000 events. */
  readonly walKilobytes: number
}

async function measure({ checkout, quick, progress }: BenchContext): Promise<Figure[]> {
  const events = quick ? 100_000 : 300_000
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-cluster-'))
  const receiver = await startReceiver()
  const samples: Sample[][] = [[], []]
  const subject = (daemons: number) => ({
    run: async (round: number) => {
      progress(`${daemons} of 2 daemons, round ${round + 1}`)
      const project = join(folder, `project-${round}-${daemons}`)
      writeProject(project, receiver.url)
      const sample = await throughput(checkout, project, { daemons, events, receiver })
      // The first round warms up.
      if (round > 0) samples[daemons - 1]!.push(sample)
      return sample.eventsPerSecond
    },
  })
  try {
    await alternate([subject(1), subject(2)], quick ? 2 : 4)
  } finally {
    await receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
  return figuresOf(samples[0]!, samples[1]!)
}

function figuresOf(one: readonly Sample[], two: readonly Sample[]): Figure[] {
  const rate = (list: readonly Sample[]) => list.map(({ eventsPerSecond }) => eventsPerSecond)
  const byCore = (list: readonly Sample[]) => list.map(({ eventsPerCoreSecond }) => eventsPerCoreSecond)
  const both = [...one, ...two]
  const note = `the database and the broker share the ${availableParallelism()} cores`
  return [
    { name: 'one daemon on one core', unit: 'events/s', samples: rate(one), note },
    { name: 'two daemons on one core each', unit: 'events/s', samples: rate(two), note },
    { name: 'two / one', unit: '', samples: ratios(rate(two), rate(one)), note },
    {
      name: 'two / one, events for each second of a core that the daemons used',
      unit: '',
      samples: ratios(byCore(two), byCore(one)),
      reach: { atLeast: 0.9 },
    },
    { name: 'one daemon, events for each second of its core', unit: 'events/s', samples: byCore(one) },
    {
      name: `the database, for 1,000 events with ${1_000 * MATCH_RATE} new alerts`,
      unit: 'ms of a core',
      samples: both.map(({ databaseMs }) => databaseMs),
    },
    {
      name: `write-ahead log, for 1,000 events with ${1_000 * MATCH_RATE} new alerts`,
      unit: 'kB',
      samples: both.map(({ walKilobytes }) => walKilobytes),
    },
  ]
}

interface Load {
  readonly daemons: number
  readonly events: number
  readonly receiver: Receiver
}

async function throughput(
  checkout: string,
  project: string,
  { daemons, events, receiver }: Load,
): Promise<Sample> {
  const cluster = await startCluster()
  const members: Member[] = []
  try {
    const store = cluster.database.url()
    const { source } = cluster
    for (let n = 0; n < daemons; n++) {
      const name = `daemon-${n}`
      members.push(await startMember({ checkout, project, name, store, source, core: n }))
    }
    await untilShared(members)
    // The daemons stand still while the stream is filled.
    for (const { child } of members) child.kill('SIGSTOP')
    await fill(cluster, events)
    for (const { child } of members) child.kill('SIGCONT')
    const sample = await readingRate(cluster, members, events)
    await receiver.take(Math.floor(events * MATCH_RATE))
    return sample
  } finally {
    for (const member of members) await member.end('SIGKILL')
    await cluster.close()
  }
}

/** Every daemon holds its share of the partitions. */
async function untilShared(members: readonly Member[]): Promise<void> {
  for (;;) {
    const held = await Promise.all(members.map((member) => member.partitions()))
    if (held.every((count) => count === PARTITIONS / members.length)) return
    await sleep(200)
  }
}

async function fill(cluster: Cluster, events: number): Promise<void> {
  const messages: string[] = []
  for (let next = 0; next < events; next += EVENTS_PER_MESSAGE) {
    messages.push(Array.from({ length: EVENTS_PER_MESSAGE }, (_, i) => textOf(next + i)).join('\n'))
    if (messages.length === MESSAGES_AT_ONCE) await cluster.publish(messages.splice(0))
  }
  await cluster.publish(messages)
}

function textOf(n: number): string {
  const isMatch = n % (1 / MATCH_RATE) === 0
  const text = eventOf(`event-${n}`, isMatch ? (n * MATCH_RATE) % RULES : null)
  return text.replace('{', `{"p_log_type":"${LOG_TYPE}",`)
}

async function readingRate(cluster: Cluster, members: readonly Member[], events: number): Promise<Sample> {
  const accepted = () => Promise.all(members.map((member) => member.accepted()))
  // Each has begun, so what the stop has changed is behind them.
  while ((await accepted()).some((count) => count === 0)) await sleep(20)
  const look = async () => ({
    at: performance.now(),
    events: sum(await accepted()),
    cpu: sum(members.map((member) => member.cpuSeconds())),
    database: cluster.databaseCpuSeconds(),
    wal: cluster.walBytes(),
  })
  const first = await look()
  let last = first
  while (last.events < events * MEASURED_SHARE) {
    await sleep(200)
    last = await look()
  }
  const read = last.events - first.events
  return {
    eventsPerSecond: (read * 1_000) / (last.at - first.at),
    eventsPerCoreSecond: read / (last.cpu - first.cpu),
    databaseMs: ((last.database - first.database) * 1_000 * 1_000) / read,
    walKilobytes: (last.wal - first.wal) / read,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

export default { title: 'Several daemons', measure } satisfies Measurement
