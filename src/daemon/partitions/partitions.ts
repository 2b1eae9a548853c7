/**
 * Runs a source of partitions: lists them, claims a fair share of them, extends their leases, and reads each in a run of its
 * own. The leases assign the partitions, so other daemons take over those of one that has ended.
 */
import { randomUUID } from 'node:crypto'
import { isError, messageOf } from '../../errors.ts'
import type { Secrets } from '../../model/ports.ts'
import type { Pipeline } from '../../pipeline/pipeline.ts'
import type { PartitionedSource, SourceSpec, TextBudget } from '../../sources/_source.ts'
import type { HeldCursor, SourceShare, Store } from '../../store/store.ts'
import type { Readiness } from '../readiness.ts'
import type { RunStats } from '../run-stats.ts'
import { createEmitter, type EmitterParts, type SourceRunParts } from '../source-runs.ts'
import { FairShare } from './fair-share.ts'
import { PartitionRun } from './partition-run.ts'
import type { PartitionStates } from './partition-states.ts'

/** Two extensions can fail before the run must end, which is before the lease ends. */
const EXTENSIONS_OF_LEASE = 4
/** A daemon that is killed is no reader any more before its leases end, so that the others can claim all of its share. */
const REGISTRATIONS_OF_LEASE = 2
const LISTING_INTERVAL_MS = 30_000
/** Partitions that a daemon gives back are read by another one after this time. */
const BALANCE_INTERVAL_MS = 500
const MAX_LISTING_DELAY_MS = 5_000

export type PartitionedParts = Omit<EmitterParts, 'readiness'> &
  Pick<SourceRunParts, 'limits' | 'log' | 'signal'> & {
    readonly store: Pick<
      Store,
      'claimPartitions' | 'extendPartitions' | 'giveBackPartitions' | 'registerReader'
    >
    readonly readiness: Pick<Readiness, 'sourceStarted' | 'intakeFailed' | 'intakeSucceeded'>
    readonly stats: Pick<RunStats, 'recordPassed'>
    readonly admitSystem: Pipeline['admitSystem']
    readonly reveal: Secrets['reveal']
    readonly states: PartitionStates
    /** The name of this daemon, for people. */
    readonly member: string
    /** A partition of a daemon that was killed is free after this time. */
    readonly leaseMs: number
    readonly inFlight: TextBudget
    /** Returns milliseconds that the system's clock does not change. */
    readonly monotonic: () => number
  }

interface Running {
  readonly run: PartitionRun
  /** It is given back as soon as nothing of it is in flight. */
  isLeaving: boolean
}

interface OpenedPartitions {
  readonly spec: SourceSpec
  readonly keySpace: string
  readonly source: PartitionedSource
}

/** Resolves after the abort, when nothing is in flight. Rejects with a UserError if the source cannot be read at all. */
export async function runPartitionedSource(opened: OpenedPartitions, parts: PartitionedParts): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([parts.signal, failed.signal])
  const partitions = new Partitions(opened, { ...parts, signal })
  const extending = partitions.extendLeases()
  try {
    await partitions.assign()
  } finally {
    failed.abort()
    await Promise.all([extending, partitions.leave(), partitions.ended()])
    await opened.source.close()
  }
}

class Partitions {
  readonly #spec: SourceSpec
  readonly #keySpace: string
  readonly #source: PartitionedSource
  readonly #parts: PartitionedParts
  /** A random id: two machines can have one name, and a restarted daemon is another one. */
  readonly #reader = randomUUID()
  readonly #share: FairShare
  readonly #running = new Map<string, Running>()
  #listed: readonly string[] = []
  #hasListed = false

  constructor({ spec, keySpace, source }: OpenedPartitions, parts: PartitionedParts) {
    this.#spec = spec
    this.#keySpace = keySpace
    this.#source = source
    this.#parts = parts
    this.#share = new FairShare(parts.leaseMs)
  }

  /** Lists beside: while the broker is away, the partitions of a daemon that has ended are taken over all the same. */
  async assign(): Promise<void> {
    const listed = Promise.withResolvers<void>()
    const listing = this.#repeat(LISTING_INTERVAL_MS, async () => {
      await this.#list()
      listed.resolve()
    }).finally(listed.resolve)
    const balancing = listed.promise.then(() =>
      this.#repeat(BALANCE_INTERVAL_MS, async () => {
        if (this.#hasListed) await this.#balance()
      }),
    )
    await Promise.all([listing, balancing])
  }

  /** Ends the runs of partitions whose lease was taken, or could not be extended in time. */
  async extendLeases(): Promise<void> {
    const { signal, clock, monotonic, leaseMs } = this.#parts
    const intervalMs = leaseMs / EXTENSIONS_OF_LEASE
    while (!signal.aborted) {
      await clock.sleep(intervalMs, signal)
      if (signal.aborted) return
      for (const { run } of this.#running.values()) {
        if (run.lease !== null && run.leaseUntil - monotonic() <= intervalMs) run.expire()
      }
      // A store that does not answer must not keep the next check from being made.
      void this.#extend()
    }
  }

  /** The other daemons share the partitions without this one. If this fails, its registration runs out. */
  async leave(): Promise<void> {
    await this.#register(0).catch(() => {})
  }

  /** Repeats the work until the abort. After a failure it waits for a moment, longer each time. */
  async #repeat(intervalMs: number, work: () => Promise<void>): Promise<void> {
    const { signal, clock } = this.#parts
    let failures = 0
    while (!signal.aborted) {
      let waitMs = intervalMs
      try {
        await work()
        failures = 0
      } catch (error) {
        if (signal.aborted) return
        if (isError(error, 'user') && !this.#hasListed) throw error
        waitMs = Math.min(MAX_LISTING_DELAY_MS, 500 * 2 ** failures++)
        this.#reportFailure(error, waitMs)
      }
      await clock.sleep(waitMs, signal)
    }
  }

  /** Resolves when nothing is in flight. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ run }) => run.ended))
  }

  async #extend(): Promise<void> {
    const { store, log, monotonic, leaseMs } = this.#parts
    const asked = [...this.#running.values()].flatMap(({ run }) =>
      run.lease === null ? [] : [{ run, lease: run.lease }],
    )
    if (asked.length === 0) return
    const leaseUntil = monotonic() + leaseMs
    try {
      const leases = asked.map(({ lease }) => lease)
      const extended = await store.extendPartitions(leases, leaseMs)
      for (const [i, { run, lease }] of asked.entries()) {
        if (extended[i]) run.leaseUntil = Math.max(run.leaseUntil, leaseUntil)
        else run.lose(lease.owner)
      }
    } catch (error) {
      log.warn({ source: this.#spec.name, error: messageOf(error) }, 'the leases could not be extended')
    }
  }

  async #list(): Promise<void> {
    const { states } = this.#parts
    this.#listed = await this.#source.list(this.#broker())
    this.#hasListed = true
    states.setListing(this.#spec.name, null)
  }

  #reportFailure(error: unknown, waitMs: number): void {
    const { states, log } = this.#parts
    states.setListing(this.#spec.name, messageOf(error))
    log.error({ source: this.#spec.name, error: messageOf(error), waitMs }, 'the source waits')
  }

  /** Claims partitions up to the share of this daemon, or gives some of them back. */
  async #balance(): Promise<void> {
    const { monotonic, leaseMs } = this.#parts
    const share = await this.#register(leaseMs / REGISTRATIONS_OF_LEASE)
    const own = [...this.#running.keys()]
    const owned = new Set([...own, ...share.held])
    const unowned = this.#names().filter((name) => !owned.has(name)).length
    this.#parts.states.setUnowned(this.#spec.name, unowned)
    const leaving = [...this.#running.values()].filter(({ isLeaving }) => isLeaving).length
    const { claim, limit, giveBack } = this.#share.decide({
      now: monotonic(),
      partitions: this.#names(),
      share,
      own,
      leaving,
    })
    if (limit > 0 && claim.length > 0) await this.#claim(claim, limit)
    this.#giveBack(giveBack)
    this.#considerStarted()
  }

  #register(ttlMs: number): Promise<SourceShare> {
    const { storedName: source } = this.#source
    return this.#parts.store.registerReader({
      source,
      reader: this.#reader,
      ttlMs,
      partitions: ttlMs === 0 ? [] : this.#names(),
    })
  }

  async #claim(sources: readonly string[], limit: number): Promise<void> {
    const { store, member, monotonic, leaseMs } = this.#parts
    const leaseUntil = monotonic() + leaseMs
    const byName = new Map(this.#listed.map((partition) => [this.#nameOf(partition), partition]))
    const claimed = await store.claimPartitions({ sources, limit, leaseMs, member })
    for (const held of claimed) this.#start(byName.get(held.source)!, held, leaseUntil)
  }

  /** Ends the runs that began last. Their leases are given back when nothing of them is in flight. */
  #giveBack(count: number): void {
    const { log } = this.#parts
    const staying = [...this.#running.values()].filter(({ isLeaving }) => !isLeaving)
    for (const running of count === 0 ? [] : staying.slice(-count)) {
      running.isLeaving = true
      running.run.abort()
      log.info({ partition: running.run.name }, 'giving the partition back for another daemon')
    }
  }

  /** The source has started when each partition that this daemon holds is read, or has stopped with an alert. */
  #considerStarted(): void {
    const { readiness, signal } = this.#parts
    const haveBegun = [...this.#running.values()].every(({ run }) => run.hasBegun)
    if (haveBegun && !signal.aborted) readiness.sourceStarted(this.#spec.name)
  }

  #start(partition: string, held: HeldCursor, leaseUntil: number): void {
    const run = this.#createRun(partition, held, leaseUntil)
    this.#running.set(held.source, { run, isLeaving: false })
    void run.ended.then(() => {
      this.#running.delete(held.source)
      this.#parts.states.remove(this.#spec.name, partition)
    })
  }

  #createRun(partition: string, held: HeldCursor, leaseUntil: number): PartitionRun {
    const { limits, inFlight, store, member, leaseMs, monotonic, admitSystem, clock, states, stats } =
      this.#parts
    const { name: source } = this.#spec
    return new PartitionRun(partition, held, leaseUntil, {
      source: this.#source,
      broker: this.#broker(),
      limits,
      inFlight,
      clock,
      store,
      claim: { leaseMs, member },
      monotonic,
      admitSystem,
      emitter: (name, claim, onStarted) =>
        createEmitter({ spec: this.#spec, keySpace: this.#keySpace, claim, name }, this.#parts, onStarted),
      onBegun: () => this.#considerStarted(),
      setState: (name, state, failure) => states.set(source, name, state, failure),
      setLag: (name, lag) => states.setLag(source, name, lag),
      onLeaseLost: (why) => states.leaseLost(source, why),
      onFenced: () => states.fenced(source),
      onPoison: (events) => states.poisoned(source, events),
      recordPassed: (count) => stats.recordPassed(source, count),
    })
  }

  #broker() {
    const { reveal, signal, clock, log } = this.#parts
    return { reveal, signal, clock, log }
  }

  #names(): string[] {
    return this.#listed.map((partition) => this.#nameOf(partition))
  }

  #nameOf(partition: string): string {
    return `${this.#source.storedName}#${partition}`
  }
}
