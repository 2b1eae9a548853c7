/**
 * Batches of one claim that wait for their queue are committed together. So commits grow while they are slow, and a store
 * that is busy gets fewer and larger ones.
 */
import type { Settlement } from '../model/events/event.ts'
import { type Batch, type ClaimedBatch, evaluateAgainWith } from './batch.ts'
import type { CursorClaim } from './cursor-claim.ts'

const MAX_GROUP_EVENTS = 1_000
/** Shorter commits leave a store time enough. */
const MIN_SLOW_COMMIT_MS = 125
const MAX_PAUSE_MS = 2_000

export interface Pace {
  /** Returns milliseconds of a monotonic clock. */
  readonly monotonic: () => number
  /** Resolves after this time, or at once when the daemon ends. */
  readonly pause: (ms: number) => Promise<void>
}

/** One commit: a batch, or several one after the other. */
interface Group {
  readonly batches: ClaimedBatch[]
  events: number
  /** The settlements of all events, in order. */
  readonly settled: Promise<readonly Settlement[]>
}

interface Ports {
  /** Commits a batch in its queue. `compose` is called when it is the batch's turn. */
  readonly commit: (
    queue: string,
    claim: CursorClaim,
    compose: () => Promise<Batch>,
  ) => Promise<readonly Settlement[]>
  readonly pace: Pace | null
}

export class BatchGroups {
  readonly #ports: Ports
  /** The groups whose turn has not come. */
  readonly #waiting = new WeakMap<CursorClaim, Group>()
  /** How long the last commit of each claim took, and when it ended. */
  readonly #commits = new WeakMap<CursorClaim, { readonly ms: number; readonly endedAt: number }>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** Resolves with the settlements of the batch. If the commit of its group fails, all batches of the group fail. */
  async admit(batch: ClaimedBatch): Promise<readonly Settlement[]> {
    const group = this.#groupFor(batch)
    const from = group.events
    group.batches.push(batch)
    group.events += batch.events.length
    return (await group.settled).slice(from, from + batch.events.length)
  }

  #groupFor({ queue, claim, events }: ClaimedBatch): Group {
    const open = this.#waiting.get(claim)
    if (open && open.events + events.length <= MAX_GROUP_EVENTS) return open
    const batches: ClaimedBatch[] = []
    const settled = this.#commit(queue, claim, batches)
    settled.catch(() => {})
    const group = { batches, events: 0, settled }
    this.#waiting.set(claim, group)
    return group
  }

  async #commit(queue: string, claim: CursorClaim, batches: ClaimedBatch[]): Promise<readonly Settlement[]> {
    const { commit, pace } = this.#ports
    let beganAt = 0
    try {
      return await commit(queue, claim, async () => {
        await this.#pauseAfterSlow(claim)
        beganAt = pace?.monotonic() ?? 0
        if (this.#waiting.get(claim)?.batches === batches) this.#waiting.delete(claim)
        const cursor = batches.findLast((batch) => batch.cursor !== null)?.cursor ?? null
        const events = batches.flatMap((batch) => batch.events)
        return { queue, claim, cursor, events, evaluateAgain: evaluateAgainWith(batches) }
      })
    } finally {
      const endedAt = pace?.monotonic() ?? 0
      this.#commits.set(claim, { ms: endedAt - beganAt, endedAt })
    }
  }

  /** Commits of one claim take at most about half of the time. */
  async #pauseAfterSlow(claim: CursorClaim): Promise<void> {
    const { pace } = this.#ports
    const last = this.#commits.get(claim)
    if (pace === null || last === undefined || last.ms < MIN_SLOW_COMMIT_MS) return
    const restMs = Math.min(last.ms, MAX_PAUSE_MS) - (pace.monotonic() - last.endedAt)
    if (restMs > 0) await pace.pause(restMs)
  }
}
