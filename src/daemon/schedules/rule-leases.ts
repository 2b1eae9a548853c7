/**
 * Which correlation rules this daemon evaluates. Daemons with the newest project share the rules of a shared store under
 * leases, which save work: it is the owner of a rule's cursor that keeps two daemons from evaluating the same signals.
 */
import { randomUUID } from 'node:crypto'
import { messageOf } from '../../errors.ts'
import type { Clock, Log } from '../../model/ports.ts'
import type { HeldCursor, MemberRow, Store } from '../../store/store.ts'

/** A rule of a daemon that was killed is free after this time. */
const LEASE_MS = 10_000
const TICK_INTERVAL_MS = LEASE_MS / 4
/** A daemon that has ended counts as long, and so does one whose extension fails once. */
const REGISTRATION_MS = LEASE_MS / 2

export interface RuleLeases {
  /** Claims a share of these cursors, and goes on to. `onClaimed` is called for what is claimed later. */
  start(sources: readonly string[], onClaimed: (source: string) => void): Promise<void>
  /** True while no other daemon can have the cursor. */
  holds(source: string): boolean
  /** Makes the caller the owner of a cursor that is held. */
  take(source: string): Promise<HeldCursor>
  /** Claims no more. Gives everything back when the passes have ended. */
  stop(passes: () => Promise<unknown>): Promise<void>
}

export interface RuleLeasePorts {
  readonly store: Pick<
    Store,
    | 'isShared'
    | 'take'
    | 'members'
    | 'registerReader'
    | 'claimPartitions'
    | 'extendPartitions'
    | 'giveBackPartitions'
  >
  readonly clock: Clock
  readonly log: Log
  /** The name of this daemon, for people. */
  readonly member: string
}

export function createRuleLeases(ports: RuleLeasePorts): RuleLeases {
  return ports.store.isShared ? new SharedRules(ports) : ownRules(ports)
}

/** The only daemon of a store evaluates every rule. */
function ownRules({ store }: RuleLeasePorts): RuleLeases {
  return {
    start: async () => {},
    holds: () => true,
    take: (source) => store.take(source),
    stop: async (passes) => void (await passes()),
  }
}

interface Held {
  owner: string
  /** The end of the lease, which the monotonic clock measures. */
  until: number
}

class SharedRules implements RuleLeases {
  readonly #ports: RuleLeasePorts
  readonly #held = new Map<string, Held>()
  /** A random id: a restarted daemon is another one. */
  readonly #reader = randomUUID()
  #sources: readonly string[] = []
  #stopping = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(ports: RuleLeasePorts) {
    this.#ports = ports
  }

  async start(sources: readonly string[], onClaimed: (source: string) => void): Promise<void> {
    this.#sources = sources
    if (sources.length === 0) return
    this.#stopping = new AbortController()
    await this.#tick(() => {})
    this.#running = this.#run(this.#stopping.signal, onClaimed)
  }

  holds(source: string): boolean {
    const held = this.#held.get(source)
    return held !== undefined && performance.now() < held.until
  }

  async take(source: string): Promise<HeldCursor> {
    const taken = await this.#ports.store.take(source)
    const held = this.#held.get(source)
    // The lease stays, and its next extension names the new owner.
    if (held) held.owner = taken.owner
    return taken
  }

  async stop(passes: () => Promise<unknown>): Promise<void> {
    this.#stopping.abort()
    await this.#running
    // The others share the rules without this daemon, which can go on for long. If this fails, the registration runs out.
    if (this.#sources.length > 0) await this.#register(0).catch(() => {})
    await passes()
    await this.#giveBack([...this.#held.keys()]).catch(() => {})
  }

  async #run(signal: AbortSignal, onClaimed: (source: string) => void): Promise<void> {
    const { clock } = this.#ports
    while (!signal.aborted) {
      await clock.sleep(TICK_INTERVAL_MS, signal)
      if (!signal.aborted) await this.#tick(onClaimed)
    }
  }

  /** If it fails, the leases run out. */
  async #tick(onClaimed: (source: string) => void): Promise<void> {
    const { log } = this.#ports
    try {
      await this.#extend()
      const share = await this.#share()
      const surplus = this.#held.size - share
      if (surplus > 0) await this.#giveBack([...this.#held.keys()].slice(0, surplus))
      else if (surplus < 0) for (const source of await this.#claim(-surplus)) onClaimed(source)
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the leases of correlation rules could not be extended')
    }
  }

  /** The number of rules that this daemon evaluates: an equal share of those that evaluate any. */
  async #share(): Promise<number> {
    if (!isNewest(await this.#ports.store.members())) {
      await this.#register(0)
      return 0
    }
    return Math.ceil(this.#sources.length / Math.max(1, await this.#register(REGISTRATION_MS)))
  }

  /** Returns how many daemons evaluate rules. A daemon that drains is still a member, and is none of them any more. */
  async #register(ttlMs: number): Promise<number> {
    const registration = { source: 'correlation', reader: this.#reader, ttlMs, partitions: [] }
    return (await this.#ports.store.registerReader(registration)).readers
  }

  async #extend(): Promise<void> {
    const leases = [...this.#held].map(([source, { owner }]) => ({ source, owner, problem: null, lag: null }))
    if (leases.length === 0) return
    const until = performance.now() + LEASE_MS
    const extended = await this.#ports.store.extendPartitions(leases, LEASE_MS)
    for (const [i, { source, owner }] of leases.entries()) {
      const held = this.#held.get(source)
      if (held === undefined) continue
      if (extended[i]) held.until = until
      // A pass that took the cursor meanwhile is its owner now.
      else if (held.owner === owner) this.#held.delete(source)
    }
  }

  async #claim(limit: number): Promise<readonly string[]> {
    const { store, member } = this.#ports
    const until = performance.now() + LEASE_MS
    const sources = this.#sources.filter((source) => !this.#held.has(source))
    const claimed = await store.claimPartitions({ sources, limit, leaseMs: LEASE_MS, member })
    for (const { source, owner } of claimed) this.#held.set(source, { owner, until })
    return claimed.map(({ source }) => source)
  }

  async #giveBack(sources: readonly string[]): Promise<void> {
    const leases = sources.map((source) => ({ source, owner: this.#held.get(source)!.owner }))
    for (const source of sources) this.#held.delete(source)
    if (leases.length > 0) await this.#ports.store.giveBackPartitions(leases)
  }
}

/** Daemons with an older project evaluate no rule. */
function isNewest(members: readonly MemberRow[]): boolean {
  const newest = Math.max(...members.map(({ generation }) => generation))
  return members.some(({ isSelf, generation }) => isSelf && generation === newest)
}
