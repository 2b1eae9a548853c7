/** Several daemons on PostgreSQL under blows, and the ledger against what they have counted and delivered. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../support/postgres.ts'
import { seededRandom } from '../../support/random.ts'
import { startSwallowingProxy } from '../../support/swallowing-proxy.ts'
import { until } from '../../support/until.ts'
import { pause } from '../producers.ts'
import { createBlowSchedule } from './blow-schedule.ts'
import type { BlowTargets } from './blows.ts'
import type { ChaosEvent } from './cluster-events.ts'
import { writeClusterProject } from './cluster-project.ts'
import { type ClusterReceiver, startClusterReceiver } from './cluster-receiver.ts'
import { DaemonSlot } from './daemon-slot.ts'
import type { EventBroker } from './event-broker.ts'
import { startKafkaBroker } from './kafka-broker.ts'
import { ClusterLedger } from './ledger.ts'
import { startNatsBroker } from './nats-broker.ts'
import { type Published, publishAll } from './publisher.ts'
import { referenceMatches } from './reference-run.ts'
import { openForReading, storedState } from './run-state.ts'
import { judge, type Verdict } from './verdict.ts'

export interface ClusterOptions {
  readonly broker: string
  readonly daemons: number
  readonly partitions: number
  readonly events: number
  readonly eventsPerSecond: number
  readonly seed: number
  readonly maxBlows: number
  readonly blowEveryMs: number
  /** The names of the kinds of blows that strike. */
  readonly kinds: readonly string[]
  readonly checkout: string
  /** The checkout whose single daemon finds the matches to compare with. It has every protection. */
  readonly soundCheckout: string
  /** What a daemon adds to `signalbox.yaml`. */
  readonly settings: string
  readonly leaseMs: number
  /** The run ends when nothing has changed for this long. */
  readonly settleMs: number
  readonly progress: (text: string) => void
}

export interface ClusterReport extends Verdict {
  readonly events: number
  readonly alerts: number
  readonly matches: number
  readonly blows: ReadonlyMap<string, number>
  /** Ends of daemons without a signal, by exit code. */
  readonly endings: ReadonlyMap<string, number>
  readonly fenced: number
  readonly swallowed: number
  readonly refused: number
  readonly seconds: number
  /** The end of what each daemon logged. */
  readonly logs: string
}

const SCHEMA = 'chaos'

export async function runCluster(options: ClusterOptions): Promise<ClusterReport> {
  const root = mkdtempSync(join(tmpdir(), 'signalbox-cluster-'))
  const cleanups: (() => unknown)[] = [() => rmSync(root, { recursive: true, force: true })]
  try {
    const run = await prepare(options, root, cleanups)
    return await run.execute()
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup()
  }
}

const BROKERS: Readonly<Record<string, (partitions: number) => Promise<EventBroker>>> = {
  nats: startNatsBroker,
  kafka: startKafkaBroker,
}

async function prepare(
  options: ClusterOptions,
  root: string,
  cleanups: (() => unknown)[],
): Promise<ClusterRun> {
  const start = BROKERS[options.broker]
  if (!start) throw new Error(`unknown broker ${options.broker}: use ${Object.keys(BROKERS).join(' or ')}`)
  // A source of its own for each, so that neither the pace of the blows nor a request changes the events of a seed.
  const random = seededRandom(options.seed + 2)
  const database = startPostgres({ syncs: true })
  cleanups.push(() => rmSync(database.folder, { recursive: true, force: true }))
  cleanups.push(() => database.stop('immediate'))
  const broker = await start(options.partitions)
  cleanups.push(() => broker.close())
  const receiver = await startClusterReceiver(seededRandom(options.seed + 1))
  cleanups.push(() => receiver.close())
  const proxies = []
  const slots: DaemonSlot[] = []
  for (let n = 0; n < options.daemons; n++) {
    const proxy = await startSwallowingProxy(database.port)
    cleanups.push(() => proxy.close())
    proxies.push(proxy)
    const slot = new DaemonSlot({
      name: `daemon-${n}`,
      checkout: options.checkout,
      root: join(root, `daemon-${n}`),
      source: broker.source,
      environment: { SIGNALBOX_STORE: storeUrl(proxy.port) },
    })
    const { events, settings } = options
    writeClusterProject(slot.root, { events, receiver: receiver.url, settings })
    slots.push(slot)
    cleanups.push(() => slot.stop('SIGKILL'))
  }
  const { leaseMs } = options
  const targets = { slots, proxies, database, broker, receiver, leaseMs, random, registry: { current: 0 } }
  return new ClusterRun(options, targets, receiver, storeUrl(database.port))
}

function storeUrl(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres?schema=${SCHEMA}`
}

class ClusterRun {
  readonly #options: ClusterOptions
  readonly #targets: BlowTargets
  readonly #receiver: ClusterReceiver
  readonly #store: string

  constructor(options: ClusterOptions, targets: BlowTargets, receiver: ClusterReceiver, store: string) {
    this.#options = options
    this.#targets = targets
    this.#receiver = receiver
    this.#store = store
  }

  async execute(): Promise<ClusterReport> {
    const { options, slots } = { options: this.#options, slots: this.#targets.slots }
    const startedAt = performance.now()
    // The first daemon creates the schema and the first cursors of the correlation rules.
    slots[0]!.start()
    await slots[0]!.untilReady()
    for (const slot of slots.slice(1)) slot.start()
    await Promise.all(slots.map((slot) => slot.untilReady()))
    options.progress(`${slots.length} daemons are ready`)
    const { published, blows } = await this.#underBlows()
    await this.#calm()
    const ledger = await this.#readLedger(published)
    options.progress(`${ledger.added} events are in the broker; waiting for their effects`)
    const expected = {
      alerts: ledger.expectedAlerts(),
      matches: ledger.expectedMatches(),
      counters: ledger.expectedCounters(),
      hasExactMatches: ledger.added === ledger.distinct,
    }
    const verdict = await this.#verdict(expected)
    options.progress('the verdict is reached; one daemon on SQLite reads the same events')
    const reference = await referenceMatches(options.soundCheckout, published.correlated, options.events)
    const wrong = [...verdict.wrong, ...differences(expected.matches, reference)]
    return {
      ...verdict,
      wrong,
      events: ledger.added,
      alerts: expected.alerts.size,
      matches: expected.matches.size,
      blows,
      endings: sumCounts(slots.map(({ endings }) => endings)),
      fenced: slots.reduce((sum, slot) => sum + slot.fenced(), 0),
      swallowed: this.#targets.proxies.reduce((sum, proxy) => sum + proxy.swallowed(), 0),
      refused: this.#receiver.refused(),
      seconds: (performance.now() - startedAt) / 1_000,
      logs: slots.map((slot) => `--- ${slot.name}\n${slot.log()}`).join('\n'),
    }
  }

  async #underBlows() {
    const { events, eventsPerSecond, partitions, maxBlows, blowEveryMs, kinds, progress } = this.#options
    const { broker } = this.#targets
    const random = seededRandom(this.#options.seed)
    let isPublished = false
    let hasFailed = false
    const schedule = createBlowSchedule(this.#targets, {
      kinds,
      maxBlows,
      blowEveryMs,
      onBlow: (name) => progress(`blow: ${name}`),
    })
    const settings = { events, partitions, eventsPerSecond, random, startedAt: Date.now() }
    const publishing = publishAll(broker, settings, () => hasFailed).finally(() => {
      isPublished = true
    })
    await schedule
      .run(() => isPublished)
      .catch((error: unknown) => {
        hasFailed = true
        throw error
      })
    return { published: await publishing, blows: schedule.counts }
  }

  /** Ends what the last blows have left behind. */
  async #calm(): Promise<void> {
    const { slots, receiver } = this.#targets
    for (const name of ['main', 'second', 'third', 'fallback'] as const) receiver.setDown(name, false)
    for (const slot of slots) slot.setClock(0)
    await Promise.all(slots.map((slot) => slot.untilReady()))
  }

  /** The ledger is what the broker has: a batch whose answer was lost can be in it twice. */
  async #readLedger(published: Published): Promise<ClusterLedger> {
    const ledger = new ClusterLedger(this.#options.events)
    await this.#targets.broker.readBack((text) => ledger.add(JSON.parse(text) as ChaosEvent))
    if (ledger.distinct !== published.events)
      throw new Error(`the broker has ${ledger.distinct} events of ${published.events} that it acknowledged`)
    return ledger
  }

  /** Waits until all has arrived, ends and starts every daemon, and waits again: nothing may be counted a second time. */
  async #verdict(expected: Parameters<typeof judge>[1]): Promise<Verdict> {
    const { slots } = this.#targets
    const store = await openForReading(this.#store)
    const read = async (matches: typeof expected.matches) => {
      const state = await storedState(store, expected.counters.keys())
      const knownSpans = slots.flatMap((slot) => slot.knownSpans)
      return judge({ ...state, arrivals: this.#receiver.arrivals, knownSpans }, { ...expected, matches })
    }
    try {
      // Correlation rules run once a minute, and when a daemon ends and starts.
      await this.#settle(
        () => read(new Map()),
        (verdict) => verdict.lost.length === 0,
      )
      this.#options.progress('ending and starting every daemon')
      await Promise.all(slots.map((slot) => slot.stop()))
      for (const slot of slots) slot.start()
      await Promise.all(slots.map((slot) => slot.untilReady()))
      await this.#untilCaughtUp()
      this.#options.progress('every partition is read to its end; waiting for the matches')
      const isClean = ({ lost, wrong }: Verdict) => lost.length + wrong.length === 0
      return await this.#settle(() => read(expected.matches), isClean)
    } finally {
      await store.close()
    }
  }

  async #settle(read: () => Promise<Verdict>, isDone: (verdict: Verdict) => boolean): Promise<Verdict> {
    let before = ''
    let changedAt = performance.now()
    for (;;) {
      const beganAt = performance.now()
      const verdict = await read()
      if (isDone(verdict)) return verdict
      const { lost, doubled, wrong } = verdict
      const now = `${lost.join()} ${doubled.length} ${wrong.length}`
      if (now !== before) changedAt = performance.now()
      else if (performance.now() - changedAt > this.#options.settleMs) return verdict
      before = now
      await pause(1_000 + 3 * (performance.now() - beganAt))
    }
  }

  /** Every partition is read to its end by one of the daemons. */
  async #untilCaughtUp(): Promise<void> {
    const { partitions, settleMs } = this.#options
    const caughtUp = async () => {
      const counts = await Promise.all(this.#targets.slots.map(caughtUpPartitions))
      return counts.reduce((sum, count) => sum + count, 0) === partitions
    }
    await until(caughtUp, { timeoutMs: 2 * settleMs, what: 'all partitions are caught up' }).catch(
      (error: Error) => this.#options.progress(error.message),
    )
  }
}

async function caughtUpPartitions(slot: DaemonSlot): Promise<number> {
  try {
    const response = await fetch(`${slot.process!.url}/metrics`)
    const lines = (await response.text()).matchAll(/^signalbox_partitions\{.*state="caught_up".*\} (\d+)$/gm)
    return [...lines].reduce((sum, [, count]) => sum + Number(count), 0)
  } catch {
    return 0
  }
}

function differences(
  expected: ReadonlyMap<string, number>,
  reference: ReadonlyMap<string, number>,
): string[] {
  const names = new Set([...expected.keys(), ...reference.keys()])
  return [...names].flatMap((name) =>
    expected.get(name) === reference.get(name)
      ? []
      : [
          `${name}: ${expected.get(name) ?? 0} by the ledger, ${reference.get(name) ?? 0} by one daemon on SQLite`,
        ],
  )
}

function sumCounts(maps: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const map of maps) for (const [key, count] of map) sums.set(key, (sums.get(key) ?? 0) + count)
  return sums
}
