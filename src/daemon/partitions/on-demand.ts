/** Reads partitions that a source names while it runs, each under a lease, so that members never read one at the same time. */
import { messageOf } from '../../errors.ts'
import type { SystemFinding } from '../../model/alerts/finding.ts'
import type { Clock, Log } from '../../model/ports.ts'
import { CursorClaim } from '../../pipeline/cursor-claim.ts'
import type {
  LeasedPartition,
  OnDemandPartitions,
  PartitionResult,
  SourceContext,
} from '../../sources/_source.ts'
import type { HeldCursor, Store } from '../../store/store.ts'
import { type KeptLease, LeaseKeeper } from './lease-keeper.ts'
import { partitionsUnreadable } from './partition-findings.ts'
import type { PartitionStates } from './partition-states.ts'

export interface OnDemandParts {
  readonly store: Pick<
    Store,
    'claimPartitions' | 'extendPartitions' | 'giveBackPartitions' | 'finishPartitions'
  >
  readonly admitSystem: (findings: readonly SystemFinding[]) => Promise<void>
  readonly states: PartitionStates
  /** The name of this daemon, for people. */
  readonly member: string
  readonly clock: Clock
  readonly log: Log
  /** A partition of a daemon that was killed is free after this time. */
  readonly leaseMs: number
  /** Returns milliseconds that the system's clock does not change. */
  readonly monotonic: () => number
}

interface OnDemandSource {
  /** The name of the source. */
  readonly source: string
  readonly signal: AbortSignal
  /** Creates an intake whose commits belong to the claim. */
  readonly emitter: (partition: string, claim: CursorClaim) => Pick<SourceContext, 'commitCursor' | 'emit'>
  /** Lets the readiness know whether the store accepts what the source does. */
  readonly storing: <T>(call: () => Promise<T>) => Promise<T>
}

/** The state of one reader. */
class Reading implements KeptLease {
  readonly held: HeldCursor
  readonly claim: CursorClaim
  readonly #abort = new AbortController()
  readonly signal: AbortSignal
  isLost = false

  constructor(held: HeldCursor, signal: AbortSignal) {
    this.held = held
    this.claim = new CursorClaim(held)
    this.signal = AbortSignal.any([signal, this.#abort.signal])
  }

  get extension() {
    const { source, owner } = this.held
    return { source, owner, problem: null, lag: null }
  }

  abort(): void {
    this.#abort.abort()
  }

  lose(): void {
    this.isLost = true
    this.#abort.abort()
  }
}

export class LeasedPartitions implements OnDemandPartitions {
  readonly #source: OnDemandSource
  readonly #parts: OnDemandParts
  readonly #keeper: LeaseKeeper

  constructor(source: OnDemandSource, parts: OnDemandParts) {
    this.#source = source
    this.#parts = parts
    this.#keeper = new LeaseKeeper(parts)
  }

  get leaseMs(): number {
    return this.#parts.leaseMs
  }

  async read(
    partition: string,
    read: (leased: LeasedPartition) => Promise<PartitionResult>,
  ): Promise<PartitionResult['status'] | 'held'> {
    const { store, member, leaseMs, monotonic, states } = this.#parts
    const { source, signal, storing } = this.#source
    const since = monotonic()
    const claim = { sources: [partition], limit: 1, leaseMs, member }
    const [held] = await storing(() => store.claimPartitions(claim))
    if (held === undefined) return 'held'
    const reading = new Reading(held, signal)
    this.#keeper.add(reading, since)
    states.set(source, partition, 'behind')
    try {
      return await this.#readHeld(reading, read)
    } finally {
      this.#keeper.remove(reading)
      states.remove(source, partition)
    }
  }

  async reportProblem(
    subject: string,
    problem: Parameters<OnDemandPartitions['reportProblem']>[1],
  ): Promise<void> {
    const { admitSystem, clock, log } = this.#parts
    log.error({ source: this.#source.source, subject, error: problem.message }, 'partitions cannot be read')
    await admitSystem([partitionsUnreadable(subject, problem, clock.now())])
  }

  async #readHeld(
    reading: Reading,
    read: (leased: LeasedPartition) => Promise<PartitionResult>,
  ): Promise<PartitionResult['status'] | 'held'> {
    const { held, claim, signal } = reading
    const { emitter, storing } = this.#source
    const leased = { name: held.source, cursor: held.cursor, signal, ...emitter(held.source, claim) }
    let result: PartitionResult
    try {
      result = await read(leased)
    } catch (error) {
      if (claim.isFenced) return this.#lost(held)
      if (!reading.isLost) await this.#giveBack(held)
      throw error
    }
    if (reading.isLost || claim.isFenced) return this.#lost(held)
    if (result.status === 'done') await storing(() => this.#parts.store.finishPartitions([held]))
    else await this.#giveBack(held, result.problem)
    return result.status
  }

  #lost({ source }: HeldCursor): 'held' {
    const { states, log } = this.#parts
    states.leaseLost(this.#source.source, 'taken')
    log.warn({ partition: source }, 'another daemon took the partition')
    return 'held'
  }

  /** If this fails, the lease runs out. */
  async #giveBack({ source, owner }: HeldCursor, problem?: string): Promise<void> {
    const { store, log, leaseMs } = this.#parts
    try {
      if (problem !== undefined)
        await store.extendPartitions([{ source, owner, problem, lag: null }], leaseMs)
      await store.giveBackPartitions([{ source, owner }])
    } catch (error) {
      log.warn({ partition: source, error: messageOf(error) }, 'the partition could not be given back')
    }
  }
}
