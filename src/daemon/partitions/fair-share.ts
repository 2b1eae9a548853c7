/** Decides which partitions of a source a daemon claims and gives back, so that each daemon has about as many. Pure. */
import type { SourceShare } from '../../store/store.ts'

/** A daemon gives back a part of what it has too many in this interval. */
const GIVE_BACK_INTERVAL_MS = 2_000
/** It is a part, so that a large share moves soon, and the last partitions move one by one. */
const GIVEN_BACK_PART = 1 / 4
/** After the store was away, each daemon claims for this time only what it had before, so that no partition moves. */
const RETURN_MS = 2_000
/** The daemons that did not take partitions, for example while the broker was away, get another chance after this time. */
const SURPLUS_TTL_MS = 10 * 60_000

export interface ShareView {
  /** Milliseconds of a monotonic clock. */
  readonly now: number
  /** The names of all partitions that the source has. */
  readonly partitions: readonly string[]
  readonly share: SourceShare
  /** The partitions of this daemon, those included that it is about to give back. */
  readonly own: readonly string[]
  /** How many of its own the daemon is about to give back. */
  readonly leaving: number
}

export interface ShareMove {
  /** The partitions to claim, sorted: all daemons lock rows in the same order. */
  readonly claim: readonly string[]
  /** How many of them the daemon claims at most. */
  readonly limit: number
  readonly giveBack: number
}

export class FairShare {
  readonly #leaseMs: number
  /** Since when each partition was free whenever this daemon looked. */
  readonly #freeSince = new Map<string, number>()
  #lookedAt: number | null = null
  #own: readonly string[] = []
  #readers = 0
  /** How many partitions the daemon keeps beyond its share, because no other daemon took them. */
  #surplus = 0
  #surplusUntil = Number.NEGATIVE_INFINITY
  #gaveBackAt = Number.NEGATIVE_INFINITY
  /** Set for a moment after the store was away. */
  #returning: { readonly until: number; readonly own: ReadonlySet<string> } | null = null

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  decide(view: ShareView): ShareMove {
    const { now, partitions, share, own } = view
    this.#noteReturn(now, own)
    const taken = new Set([...share.held, ...own])
    const free = partitions.filter((name) => !taken.has(name)).sort()
    if (this.#returning !== null) {
      const { own: before } = this.#returning
      const claim = free.filter((name) => before.has(name))
      return { claim, limit: claim.length, giveBack: 0 }
    }
    this.#noteFree(free, now)
    const fair = Math.ceil(partitions.length / Math.max(1, share.readers))
    const excess = Math.max(0, own.length - fair)
    const keepsSurplus = share.readers === this.#readers && now < this.#surplusUntil
    this.#surplus = keepsSurplus ? Math.min(this.#surplus, excess) : 0
    this.#readers = share.readers
    const vacancy = fair + this.#surplus - own.length
    const left = free.filter((name) => now - this.#freeSince.get(name)! >= this.#leaseMs)
    if (left.length > vacancy && left.length > 0) {
      this.#surplus = own.length + left.length - fair
      this.#surplusUntil = now + SURPLUS_TTL_MS
      return { claim: left, limit: left.length, giveBack: 0 }
    }
    return {
      claim: vacancy > 0 ? free : [],
      limit: Math.max(0, vacancy),
      giveBack: this.#giveBack(view, -vacancy),
    }
  }

  /** Notices that the store did not answer for as long as leases run, so that the leases of all daemons have ended. */
  #noteReturn(now: number, own: readonly string[]): void {
    const wasAway = this.#lookedAt !== null && now - this.#lookedAt >= this.#leaseMs
    if (wasAway) {
      this.#returning = { until: now + RETURN_MS, own: new Set([...this.#own, ...own]) }
      this.#freeSince.clear()
    } else if (this.#returning !== null && now >= this.#returning.until) {
      this.#returning = null
    }
    this.#lookedAt = now
    this.#own = own
  }

  #noteFree(free: readonly string[], now: number): void {
    const names = new Set(free)
    for (const name of this.#freeSince.keys()) if (!names.has(name)) this.#freeSince.delete(name)
    for (const name of free) if (!this.#freeSince.has(name)) this.#freeSince.set(name, now)
  }

  #giveBack({ now, leaving }: ShareView, excess: number): number {
    const count = excess - leaving
    if (count <= 0 || now - this.#gaveBackAt < GIVE_BACK_INTERVAL_MS) return 0
    this.#gaveBackAt = now
    return Math.ceil(count * GIVEN_BACK_PART)
  }
}
