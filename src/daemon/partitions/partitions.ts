/**
 * Runs a source of partitions: lists them, claims those that are free, extends their leases, and reads each in a run of its
 * own. The leases assign the partitions, so a second daemon takes over those of a first one that has ended.
 */
import { isError, messageOf } from '../../errors.ts'
import type { Secrets } from '../../model/ports.ts'
import type { Pipeline } from '../../pipeline/pipeline.ts'
import type { PartitionedSource, SourceSpec } from '../../sources/_source.ts'
import type { HeldCursor, Store } from '../../store/store.ts'
import type { Readiness } from '../readiness.ts'
import type { RunStats } from '../run-stats.ts'
import { createEmitter, type EmitterParts, type SourceRunParts } from '../source-runs.ts'
import { PartitionRun } from './partition-run.ts'
import type { PartitionStates } from './partition-states.ts'

/** A partition of a daemon that has ended is free after this time. */
const LEASE_MS = 10_000
/** Two extensions can fail before the run must end, which is before the lease ends. */
const EXTENSION_INTERVAL_MS = LEASE_MS / 4
const LISTING_INTERVAL_MS = 30_000
const CLAIM_INTERVAL_MS = 2_000
const MAX_LISTING_DELAY_MS = 5_000

export type PartitionedParts = Omit<EmitterParts, 'readiness'> &
  Pick<SourceRunParts, 'limits' | 'log' | 'signal'> & {
    readonly store: Pick<Store, 'claimPartitions' | 'extendPartitions' | 'giveBackPartitions'>
    readonly readiness: Pick<Readiness, 'sourceStarted' | 'intakeFailed' | 'intakeSucceeded'>
    readonly stats: Pick<RunStats, 'recordPassed'>
    readonly admitSystem: Pipeline['admitSystem']
    readonly reveal: Secrets['reveal']
    readonly states: PartitionStates
    /** The name of this daemon, for people. */
    readonly member: string
    /** Returns milliseconds that the system's clock does not change. */
    readonly monotonic: () => number
  }

interface Running {
  readonly run: PartitionRun
  /** The end of the lease, which the monotonic clock measures. */
  leaseUntil: number
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
    await extending
    await partitions.ended()
    await opened.source.close()
  }
}

class Partitions {
  readonly #spec: SourceSpec
  readonly #keySpace: string
  readonly #source: PartitionedSource
  readonly #parts: PartitionedParts
  readonly #running = new Map<string, Running>()
  #listed: readonly string[] = []
  #hasListed = false

  constructor({ spec, keySpace, source }: OpenedPartitions, parts: PartitionedParts) {
    this.#spec = spec
    this.#keySpace = keySpace
    this.#source = source
    this.#parts = parts
  }

  async assign(): Promise<void> {
    const { signal, clock, monotonic } = this.#parts
    let listedAt = Number.NEGATIVE_INFINITY
    let failures = 0
    while (!signal.aborted) {
      let waitMs = CLAIM_INTERVAL_MS
      try {
        if (monotonic() - listedAt >= LISTING_INTERVAL_MS) {
          await this.#list()
          listedAt = monotonic()
        }
        await this.#claim()
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

  /** Ends the runs of partitions whose lease was taken, or could not be extended in time. */
  async extendLeases(): Promise<void> {
    const { signal, clock, monotonic } = this.#parts
    while (!signal.aborted) {
      await clock.sleep(EXTENSION_INTERVAL_MS, signal)
      if (signal.aborted) return
      for (const { run, leaseUntil } of this.#running.values()) {
        if (run.lease !== null && leaseUntil - monotonic() <= EXTENSION_INTERVAL_MS) run.abort()
      }
      // A store that does not answer must not keep the next check from being made.
      void this.#extend()
    }
  }

  /** Resolves when nothing is in flight. */
  async ended(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ run }) => run.ended))
  }

  async #extend(): Promise<void> {
    const { store, log, monotonic } = this.#parts
    const asked = [...this.#running.values()].flatMap((running) => {
      const { lease } = running.run
      return lease === null ? [] : [{ running, lease }]
    })
    if (asked.length === 0) return
    const leaseUntil = monotonic() + LEASE_MS
    try {
      const leases = asked.map(({ lease }) => lease)
      const extended = await store.extendPartitions(leases, LEASE_MS)
      for (const [i, { running, lease }] of asked.entries()) {
        if (extended[i]) running.leaseUntil = leaseUntil
        else running.run.lose(lease.owner)
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

  async #claim(): Promise<void> {
    const { store, member, monotonic } = this.#parts
    const byName = new Map(this.#listed.map((partition) => [this.#nameOf(partition), partition]))
    const sources = [...byName.keys()].filter((name) => !this.#running.has(name))
    if (sources.length > 0) {
      const leaseUntil = monotonic() + LEASE_MS
      const limit = sources.length
      const claimed = await store.claimPartitions({ sources, limit, leaseMs: LEASE_MS, member })
      for (const held of claimed) this.#start(byName.get(held.source)!, held, leaseUntil)
    }
    this.#considerStarted()
  }

  /** The source has started when each partition that this daemon holds is read, or has stopped with an alert. */
  #considerStarted(): void {
    const { readiness, signal } = this.#parts
    const haveBegun = [...this.#running.values()].every(({ run }) => run.hasBegun)
    if (haveBegun && !signal.aborted) readiness.sourceStarted(this.#spec.name)
  }

  #start(partition: string, held: HeldCursor, leaseUntil: number): void {
    const run = this.#createRun(partition, held)
    this.#running.set(held.source, { run, leaseUntil })
    void run.ended.then(() => {
      this.#running.delete(held.source)
      this.#parts.states.remove(this.#spec.name, partition)
    })
  }

  #createRun(partition: string, held: HeldCursor): PartitionRun {
    const { limits, store, member, admitSystem, clock, states, stats } = this.#parts
    return new PartitionRun(partition, held, {
      source: this.#source,
      broker: this.#broker(),
      limits,
      clock,
      store,
      claim: { leaseMs: LEASE_MS, member },
      admitSystem,
      emitter: (name, claim, onStarted) =>
        createEmitter({ spec: this.#spec, keySpace: this.#keySpace, claim, name }, this.#parts, onStarted),
      onBegun: () => this.#considerStarted(),
      setState: (name, state, failure) => states.set(this.#spec.name, name, state, failure),
      recordPassed: (count) => stats.recordPassed(this.#spec.name, count),
    })
  }

  #broker() {
    const { reveal, signal, clock, log } = this.#parts
    return { reveal, signal, clock, log }
  }

  #nameOf(partition: string): string {
    return `${this.#source.storedName}#${partition}`
  }
}
