/**
 * Keeps the items of the caching helpers between the events that change them and the commits that store them. Every
 * answer is remembered with its event until the event is settled, so that an event that runs again gets the same
 * answers and changes nothing twice. A commit compares the versions of the items; if another daemon has changed one, all
 * answers that are not stored are forgotten, and their events are evaluated again.
 */
import type { JsonText } from '../core/exact-json.ts'
import type {
  CacheEvent,
  CacheOperation,
  CacheRequest,
  DetectionCache,
} from '../model/events/detection-cache.ts'
import { type KvItem, type KvWrite, NO_VERSION, type Store } from '../store/store.ts'
import { AskingEvents, type EventKey } from './asking-events.ts'
import { type CacheItem, CacheItems, NO_ITEM } from './cache-items.ts'
import { CacheLeases } from './cache-leases.ts'
import { type EventLog, isAhead, logFrom, logKey, logWrite } from './event-log.ts'

/** More events than this cannot be under way. An event whose commit failed may never come again, so its log must expire. */
const MAX_LOGS = 20_000

/** The cache writes that are committed with the effects of some events. */
export interface CacheCommit {
  readonly kv: readonly KvWrite[]
  /** The versions that the commit must find in the store. */
  readonly expected: ReadonlyMap<string, string>
  /** It must be called after the commit. */
  readonly done: () => void
}

export const NOTHING_CACHED: CacheCommit = { kv: [], expected: new Map(), done: () => {} }

export type CacheStore = Pick<Store, 'kv' | 'commit' | 'isShared'>

export class CacheLedger implements DetectionCache {
  readonly #store: CacheStore
  readonly #now: () => number
  readonly #items = new CacheItems()
  readonly #leases: CacheLeases
  readonly #logs = new Map<string, EventLog>()
  readonly #events = new AskingEvents()
  readonly #reads = new Map<string, Promise<unknown>>()
  #requests = 0
  /** It rises when answers are forgotten. */
  #epoch = 0
  #commits: Promise<unknown> = Promise.resolve()

  constructor(store: CacheStore, now: () => number) {
    this.#store = store
    this.#now = now
    this.#leases = new CacheLeases(store, now)
  }

  /** True if no event is under way that has asked. */
  get isIdle(): boolean {
    return this.#events.size === 0 && this.#requests === 0
  }

  async request(request: CacheRequest): Promise<JsonText> {
    this.#requests++
    const end = this.#events.begin(request.event)
    try {
      return await this.#answer(request)
    } catch (error) {
      if (!(error instanceof OutdatedEvaluation)) this.#events.outdateOne(request.event)
      throw error
    } finally {
      end()
      this.#requests--
    }
  }

  async #answer({ event, trustGroup, detection, operationId, operation }: CacheRequest): Promise<JsonText> {
    const question = JSON.stringify([trustGroup, detection, operationId, ...tokenOf(operation)])
    const key = JSON.stringify([trustGroup, operation.key])
    const epoch = this.#epoch
    if (this.#events.isOutdated(event)) throw new OutdatedEvaluation()
    for (;;) {
      const log = await this.#logOf(event)
      const entry = log.answers.has(question) ? null : await this.#entry(key)
      // Answers were forgotten meanwhile. What this evaluation asks from here on must change nothing.
      if (epoch !== this.#epoch) throw new OutdatedEvaluation()
      // An event of the same name was settled meanwhile.
      if (this.#logs.get(event.name) !== log) continue
      const previous = log.answers.get(question)
      if (previous !== undefined) return previous
      const answer = operation.kind === 'read' ? itemAnswer(entry!) : String(this.#write(key, operation))
      if (operation.kind === 'write') log.hasWritten = true
      log.answers.set(question, answer)
      return answer
    }
  }

  /** True if one of these events has asked. */
  concerns(events: readonly EventKey[]): boolean {
    return this.#events.size > 0 && events.some((event) => this.#events.has(event))
  }

  /** Runs a task while no other commit of this ledger is under way. */
  alone<T>(task: () => Promise<T>): Promise<T> {
    const run = this.#commits.then(task)
    this.#commits = run.catch(() => {})
    return run
  }

  /** Returns true once if the event must be evaluated again. */
  takeOutdated(event: EventKey): boolean {
    return this.#events.takeOutdated(event)
  }

  /**
   * If these events changed something, the commit contains all items that are not stored yet, and the answers of events
   * that are still under way, because their changes are among those items.
   */
  commit(events: readonly EventKey[]): CacheCommit {
    if (this.#events.size === 0) return NOTHING_CACHED
    const ending = new Set(events.flatMap((event) => this.#endingLog(event) ?? []))
    const isIdle = [...ending].every(({ hasWritten, stored }) => !hasWritten && stored === 0)
    if (isIdle) return { ...NOTHING_CACHED, done: () => this.#settled(events) }
    const underWay = [...this.#logs.values()].filter((log) => isAhead(log) && !ending.has(log))
    const items = this.#items.unstored()
    const counts = underWay.map((log) => [log, log.answers.size] as const)
    const isKept = ({ event, hasWritten }: EventLog) => event.comesAgain && hasWritten
    const kept = [...underWay, ...[...ending].filter(isKept)]
    const over = [...ending].filter((log) => log.stored > 0 && !isKept(log))
    const version = crypto.randomUUID()
    const done = () => {
      for (const [log, count] of counts) Object.assign(log, { stored: count, base: version })
      this.#items.stored(items, version)
      this.#leases.ended()
      this.#settled(events)
    }
    const now = this.#now()
    return {
      kv: [
        ...items.map(([key, item]) => ({ ...itemWrite(key, item), version })),
        ...kept.map((log) => ({ ...logWrite(log, now), version })),
        ...over.map(({ event }) => ({ key: logKey(event.name), value: null, expiresAt: null })),
        ...this.#leases.ends(),
      ],
      expected: new Map([
        ...items.map(([key, { base }]) => [itemKey(key), base] as const),
        ...[...kept, ...over].map(({ event, base }) => [logKey(event.name), base] as const),
        ...this.#leases.expected(items.map(([key]) => itemKey(key))),
      ]),
      done,
    }
  }

  /**
   * It must be called after a conflict. Resolves with true if another daemon has changed what the commit expected: this
   * one then holds leases on its items, and every answer that is not stored is forgotten.
   */
  async recover({ expected }: CacheCommit): Promise<boolean> {
    if (expected.size === 0) return false
    const present = await this.#store.kv([...expected.keys()])
    const hasMoved = [...expected].some(
      ([key, version]) => (present.get(key)?.version ?? NO_VERSION) !== version,
    )
    if (!hasMoved) return false
    await this.#leases.take([...expected.keys()].filter(isItemKey))
    this.forgetUnstored()
    return true
  }

  /** Ends the leases that `recover` has taken. */
  release(): Promise<void> {
    return this.#leases.release()
  }

  /**
   * The events that have got answers that the store does not have are evaluated again before their commit. The evaluations of
   * them that are not over yet get no more answers.
   */
  forgetUnstored(): void {
    this.#epoch++
    this.#events.outdate((name) => {
      const log = this.#logs.get(name)
      return log !== undefined && log.answers.size > log.stored
    })
    this.#logs.clear()
    this.#items.clear()
  }

  /** Returns false if the item was changed meanwhile; the helper then reads it again. */
  #write(key: string, { item, expiresAt, version }: Extract<CacheOperation, { kind: 'write' }>): boolean {
    const before = this.#items.get(key)
    if (before?.version !== version) return false
    this.#items.change(key, { item, expiresAt, version: crypto.randomUUID(), base: before.base })
    return true
  }

  async #entry(key: string): Promise<CacheItem> {
    for (;;) {
      const known = this.#items.get(key)
      if (known) return known
      const epoch = this.#epoch
      await this.#readOnce(itemKey(key), (stored) => {
        if (epoch !== this.#epoch) return
        const base = stored?.version ?? NO_VERSION
        const item = stored?.value ?? NO_ITEM
        this.#items.enter(key, { item, expiresAt: null, version: `stored ${base}`, base })
      })
    }
  }

  async #logOf(event: CacheEvent): Promise<EventLog> {
    for (;;) {
      const log = this.#logs.get(event.name)
      if (log) {
        setLast(this.#logs, event.name, log)
        return log
      }
      const epoch = this.#epoch
      await this.#readOnce(logKey(event.name), (stored) => {
        if (epoch === this.#epoch) this.#logs.set(event.name, logFrom(event, stored))
      })
    }
  }

  /** Reads a key once for concurrent callers, so that its value is decided once. */
  #readOnce(key: string, take: (stored: KvItem | undefined) => void): Promise<unknown> {
    const read = this.#reads.get(key) ?? this.#store.kv([key]).then((found) => take(found.get(key)))
    this.#reads.set(key, read)
    return read.finally(() => this.#reads.delete(key))
  }

  #endingLog(event: EventKey): EventLog | undefined {
    const name = this.#events.nameOf(event)
    return name === undefined ? undefined : this.#logs.get(name)
  }

  #forget(event: EventKey): void {
    const name = this.#events.nameOf(event)
    this.#events.forget(event)
    if (name !== undefined) this.#logs.delete(name)
  }

  #settled(events: readonly EventKey[]): void {
    for (const event of events) this.#forget(event)
    if (this.#store.isShared) this.#items.forgetStored()
    else this.#items.forgetOldest()
    shorten(this.#logs, MAX_LOGS)
    this.#events.shorten(MAX_LOGS)
  }
}

/** Moves a key to the end, so that the most recently used one is removed last. */
function setLast<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
}

/** Removes the oldest entries beyond the limit. */
function shorten(map: Map<string, unknown>, maxSize: number): void {
  for (const key of map.keys()) {
    if (map.size <= maxSize) return
    map.delete(key)
  }
}

/** The detection gets it as an error. Its result is not used. */
class OutdatedEvaluation extends Error {
  constructor() {
    super('another daemon has changed a cached item; the event is evaluated again')
  }
}

function itemAnswer({ item, version }: CacheItem): JsonText {
  return `[${item},${JSON.stringify(version)}]`
}

/** A write is identified by the version that it replaces, because the expiry in the item depends on the clock. */
function tokenOf(operation: CacheOperation): string[] {
  return operation.kind === 'read' ? ['read', operation.key] : ['write', operation.key, operation.version]
}

function itemWrite(key: string, { item, expiresAt }: CacheItem): KvWrite {
  return { key: itemKey(key), value: item === NO_ITEM ? null : item, expiresAt }
}

const ITEM_KEY = 'cache-item:'

function itemKey(key: string): string {
  return `${ITEM_KEY}${key}`
}

function isItemKey(key: string): boolean {
  return key.startsWith(ITEM_KEY)
}
