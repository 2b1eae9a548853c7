/** Keeps one partition running while this daemon holds its lease: after a failure it restarts from the committed cursor. */
import { isError, messageOf, type UserError } from '../../errors.ts'
import type { SystemFinding } from '../../model/alerts/finding.ts'
import type { Clock } from '../../model/ports.ts'
import { CursorClaim } from '../../pipeline/cursor-claim.ts'
import type {
  BrokerContext,
  PartitionContext,
  PartitionedSource,
  PartitionProblem,
  SourceContext,
  TextBudget,
} from '../../sources/_source.ts'
import type { HeldCursor, PartitionExtension, Store } from '../../store/store.ts'
import { CaughtUp } from './caught-up.ts'
import { eventsLost, partitionStopped } from './partition-findings.ts'
import type { LeaseLoss, PartitionState } from './partition-states.ts'

/** A broker that comes back is read again within this time. */
const MAX_RESTART_DELAY_MS = 5_000
const FIRST_RESTART_DELAY_MS = 500
const STOPPED_RETRY_MS = 60_000

export interface PartitionRunParts {
  readonly source: PartitionedSource
  readonly broker: BrokerContext
  readonly limits: SourceContext['limits']
  /** All partitions of the daemon share it. */
  readonly inFlight: TextBudget
  readonly clock: Clock
  readonly store: Pick<Store, 'claimPartitions' | 'giveBackPartitions'>
  readonly claim: { readonly leaseMs: number; readonly member: string }
  /** Returns milliseconds that the system's clock does not change. */
  readonly monotonic: () => number
  readonly admitSystem: (findings: readonly SystemFinding[]) => Promise<void>
  /** Creates a new intake: events that an earlier run had under way are not committed any more. */
  readonly emitter: (
    name: string,
    claim: CursorClaim,
    onStarted: () => void,
  ) => Pick<SourceContext, 'commitCursor' | 'emit'>
  /** It is called when the first cursor is committed, or when the partition has stopped. */
  readonly onBegun: () => void
  readonly setState: (partition: string, state: PartitionState, failure?: string) => void
  readonly recordPassed: (count: number) => void
  readonly setLag: (partition: string, lag: number) => void
  readonly onLeaseLost: (why: LeaseLoss) => void
  readonly onFenced: () => void
  /** It is called with the number of events that went to the rejects. */
  readonly onPoison: (events: number) => void
}

/** A source lets it through; it ends the run of the partition. */
class PartitionStopped extends Error {
  override name = 'PartitionStopped'
  readonly problem: PartitionProblem
  constructor(problem: PartitionProblem) {
    super(problem.message)
    this.problem = problem
  }
}

function isStop(error: unknown): error is PartitionStopped | UserError {
  return error instanceof PartitionStopped || isError(error, 'user')
}

export class PartitionRun {
  readonly name: string
  /** The end of the lease, which the monotonic clock measures. */
  leaseUntil: number
  readonly #partition: string
  readonly #parts: PartitionRunParts
  readonly #abort = new AbortController()
  readonly #signal: AbortSignal
  /** null while the partition is claimed again. */
  #held: HeldCursor | null
  #problem: string | null = null
  #lag: number | null = null
  #caughtUp: CaughtUp | null = null
  #isLost = false
  #failures = 0
  #reportedProblem: string | null = null
  /** Resolves when nothing of the partition is in flight any more. The lease is given back then, unless it was lost. */
  readonly ended: Promise<void>
  #hasBegun = false

  constructor(partition: string, held: HeldCursor, leaseUntil: number, parts: PartitionRunParts) {
    this.name = held.source
    this.leaseUntil = leaseUntil
    this.#partition = partition
    this.#held = held
    this.#parts = parts
    this.#signal = AbortSignal.any([parts.broker.signal, this.#abort.signal])
    this.ended = this.#run(held)
  }

  get hasBegun(): boolean {
    return this.#hasBegun
  }

  /** What the next extension asks for; null while there is no lease. */
  get lease(): PartitionExtension | null {
    return (
      this.#held && {
        source: this.name,
        owner: this.#held.owner,
        problem: this.#problem,
        lag: this.#lag,
        caughtUpAgoMs: this.#caughtUp?.agoMs ?? null,
      }
    )
  }

  #begin(): void {
    this.#hasBegun = true
    this.#parts.onBegun()
  }

  abort(): void {
    this.#abort.abort()
  }

  /** The lease ends before it could be extended. What is in flight counts if no other member has taken the partition. */
  expire(): void {
    if (this.#signal.aborted) return
    this.#parts.onLeaseLost('expired')
    this.#abort.abort()
  }

  /** Another member has the partition: nothing is given back. */
  lose(owner: string): void {
    if (this.#held?.owner !== owner) return
    this.#isLost = true
    this.#parts.onLeaseLost('taken')
    this.#abort.abort()
  }

  async #run(first: HeldCursor): Promise<void> {
    const { log, clock } = this.#parts.broker
    let held: HeldCursor | null = first
    this.#parts.setState(this.#partition, 'behind')
    while (held !== null && !this.#signal.aborted) {
      const claim = new CursorClaim(held)
      let waitMs = 0
      try {
        await this.#parts.source.run(this.#partition, this.#contextOf(held, claim))
        if (this.#signal.aborted) break
        log.warn({ partition: this.name }, 'the source stopped reading the partition; reading it again')
      } catch (error) {
        if (claim.isFenced) {
          this.#isLost = true
          this.#parts.onFenced()
          log.warn({ partition: this.name }, 'another daemon took the partition')
          break
        }
        if (this.#signal.aborted) break
        if (isStop(error)) {
          await this.#recordStop(error)
          await clock.sleep(STOPPED_RETRY_MS, this.#signal)
        } else {
          waitMs = this.#noteFailure(error)
        }
      }
      if (this.#signal.aborted) break
      held = await this.#claimAgain(held, waitMs)
    }
    if (this.#held !== null && !this.#isLost) await this.#giveBack(this.#held)
    this.#held = null
  }

  async #recordStop(error: PartitionStopped | UserError): Promise<void> {
    const problem: PartitionProblem =
      error instanceof PartitionStopped
        ? error.problem
        : { code: 'forbidden', message: error.message, at: 'the committed cursor' }
    this.#problem = problem.message
    this.#parts.setState(this.#partition, 'stopped')
    this.#begin()
    await this.#reportProblem(problem)
  }

  /** Returns how long to wait before the partition is read again. */
  #noteFailure(error: unknown): number {
    const { broker, setState } = this.#parts
    const waitMs = Math.min(MAX_RESTART_DELAY_MS, FIRST_RESTART_DELAY_MS * 2 ** this.#failures++)
    setState(this.#partition, 'waiting', messageOf(error))
    broker.log.error(
      { partition: this.name, error: messageOf(error), waitMs },
      'the partition failed; restarting it',
    )
    return waitMs
  }

  async #reportProblem(problem: PartitionProblem): Promise<void> {
    const { broker, admitSystem } = this.#parts
    broker.log.error(
      { partition: this.name, error: problem.message, at: problem.at },
      'the partition is stopped',
    )
    if (this.#reportedProblem === problem.message) return
    try {
      await admitSystem([partitionStopped(this.name, problem, broker.clock.now())])
      this.#reportedProblem = problem.message
    } catch (error) {
      broker.log.error({ partition: this.name, error: messageOf(error) }, 'the alert could not be stored')
    }
  }

  #contextOf({ cursor }: HeldCursor, claim: CursorClaim): PartitionContext {
    const { broker, limits, inFlight, emitter, admitSystem, setState, setLag, onPoison, recordPassed } =
      this.#parts
    // The state of a failed run stays until this one works.
    let state: PartitionState | null = null
    const works = (next: PartitionState) => {
      this.#failures = 0
      this.#problem = null
      this.#reportedProblem = null
      if (state !== next || next === 'caught_up') setState(this.#partition, next)
      state = next
    }
    const caughtUp = new CaughtUp(this.#parts.monotonic)
    this.#caughtUp = caughtUp
    const lagIs = (lag: number) => {
      this.#lag = lag
      caughtUp.report(lag)
      setLag(this.#partition, lag)
    }
    const { commitCursor, emit } = emitter(this.name, claim, () => {
      works(state ?? 'behind')
      this.#begin()
    })
    return {
      ...broker,
      signal: this.#signal,
      name: this.name,
      cursor,
      limits,
      inFlight,
      commitCursor,
      emit: async (batch, options) => {
        const settlements = await caughtUp.follow(() => emit(batch, options))
        works('behind')
        onPoison(settlements.filter(({ status }) => status === 'rejected').length)
        return settlements
      },
      caughtUp: () => {
        lagIs(0)
        works('caught_up')
      },
      setLag: lagIs,
      recordPassed,
      stop: (problem) => {
        throw new PartitionStopped(problem)
      },
      reportLoss: async (loss) => {
        broker.log.error({ partition: this.name, reason: loss.message }, 'events are lost')
        await admitSystem([eventsLost(this.name, loss, broker.clock.now())])
      },
    }
  }

  /**
   * A new owner fences whatever the failed run has under way. The partition is free during the wait, because another member
   * may reach the broker. Returns null if one has claimed the partition.
   */
  async #claimAgain(held: HeldCursor, waitMs: number): Promise<HeldCursor | null> {
    const { store, claim, broker, monotonic } = this.#parts
    let restMs = waitMs
    for (;;) {
      this.#held = null
      try {
        await store.giveBackPartitions([held])
        if (restMs > 0) await broker.clock.sleep(restMs, this.#signal)
        restMs = 0
        if (this.#signal.aborted) return null
        const leaseUntil = monotonic() + claim.leaseMs
        const [claimed = null] = await store.claimPartitions({ ...claim, sources: [this.name], limit: 1 })
        this.leaseUntil = leaseUntil
        this.#held = claimed
        return claimed
      } catch (error) {
        broker.log.error({ partition: this.name, error: messageOf(error) }, 'the partition cannot be claimed')
        await broker.clock.sleep(MAX_RESTART_DELAY_MS, this.#signal)
        if (this.#signal.aborted) return null
      }
    }
  }

  /** If this fails, the lease runs out. */
  async #giveBack(held: HeldCursor): Promise<void> {
    const { store, broker } = this.#parts
    await store.giveBackPartitions([held]).catch((error: unknown) => {
      broker.log.warn(
        { partition: this.name, error: messageOf(error) },
        'the partition could not be given back',
      )
    })
  }
}
