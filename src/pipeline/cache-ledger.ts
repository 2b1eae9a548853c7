/**
 * Keeps the items of the caching helpers between the events that change them and the commits that store them. Every
 * answer is remembered with its event until the event is settled, so that an event that runs again gets the same
 * answers and changes nothing twice.
 */
import type { JsonText } from '../core/exact-json.ts'
import type {
  CacheEvent,
  CacheOperation,
  CacheRequest,
  DetectionCache,
} from '../model/events/detection-cache.ts'
import type { Envelope } from '../model/events/event.ts'
import type { KvWrite, Store } from '../store/store.ts'
import { type CacheItem, CacheItems } from './cache-items.ts'

/** The answers that an event got, by detection, operation and question. */
interface EventLog {
  readonly event: CacheEvent
  readonly answers: Map<string, JsonText>
  hasWritten: boolean
  /** The number of answers that the store has. */
  stored: number
}

const NO_ITEM = '{}'
/** A log is kept as long as a seen id. */
const LOG_TTL_MS = 24 * 3_600_000
/** More events than this cannot be under way. An event whose commit failed may never come again, so its log must expire. */
const MAX_LOGS = 20_000

type EventKey = Pick<Envelope, 'source' | 'seq'>

/** The cache writes that are committed with the effects of some events. */
export interface CacheCommit {
  readonly kv: readonly KvWrite[]
  /** It must be called after the commit. */
  readonly done: () => void
}

export const NOTHING_CACHED: CacheCommit = { kv: [], done: () => {} }

export class CacheLedger implements DetectionCache {
  readonly #store: Pick<Store, 'kv'>
  readonly #now: () => number
  readonly #items = new CacheItems()
  readonly #logs = new Map<string, EventLog>()
  /** The names of events by `source:seq`. */
  readonly #names = new Map<string, string>()
  readonly #reads = new Map<string, Promise<unknown>>()
  /** The epoch distinguishes versions of this process from those of another. */
  readonly #epoch = crypto.randomUUID()
  #versions = 0

  constructor(store: Pick<Store, 'kv'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  async request({ event, trustGroup, detection, operationId, operation }: CacheRequest): Promise<JsonText> {
    const log = await this.#logOf(event)
    const question = JSON.stringify([trustGroup, detection, operationId, ...tokenOf(operation)])
    const previous = log.answers.get(question)
    if (previous !== undefined) return previous
    const key = JSON.stringify([trustGroup, operation.key])
    const entry = await this.#entry(key)
    const answer = operation.kind === 'read' ? itemAnswer(entry) : String(this.#write(key, operation))
    if (operation.kind === 'write') log.hasWritten = true
    log.answers.set(question, answer)
    return answer
  }

  /**
   * If these events changed something, the commit contains all items that are not stored yet, and the answers of events
   * that are still under way, because their changes are among those items.
   */
  commit(events: readonly EventKey[]): CacheCommit {
    if (this.#names.size === 0) return NOTHING_CACHED
    const ending = new Set(events.flatMap((event) => this.#endingLog(event) ?? []))
    const isIdle = [...ending].every(({ hasWritten, stored }) => !hasWritten && stored === 0)
    if (isIdle) return { kv: [], done: () => this.#settled(events) }
    const underWay = [...this.#logs.values()].filter((log) => isAhead(log) && !ending.has(log))
    const items = this.#items.unstored()
    const counts = underWay.map((log) => [log, log.answers.size] as const)
    const done = () => {
      for (const [log, count] of counts) log.stored = count
      this.#items.stored(items)
      this.#settled(events)
    }
    const isKept = ({ event, hasWritten }: EventLog) => event.comesAgain && hasWritten
    const kept = [...underWay, ...[...ending].filter(isKept)]
    const over = [...ending].filter((log) => log.stored > 0 && !isKept(log))
    return {
      kv: [
        ...items.map(([key, item]) => itemWrite(key, item)),
        ...kept.map((log) => logWrite(log, this.#now() + LOG_TTL_MS)),
        ...over.map(({ event }) => ({ key: logKey(event.name), value: null, expiresAt: null })),
      ],
      done,
    }
  }

  /** Returns false if the item was changed meanwhile; the helper then reads it again. */
  #write(key: string, { item, expiresAt, version }: Extract<CacheOperation, { kind: 'write' }>): boolean {
    if (this.#items.get(key)?.version !== version) return false
    this.#items.change(key, { item, expiresAt, version: this.#nextVersion() })
    return true
  }

  #nextVersion(): string {
    return `${this.#epoch}/${++this.#versions}`
  }

  async #entry(key: string): Promise<CacheItem> {
    for (;;) {
      const known = this.#items.get(key)
      if (known) return known
      await this.#readOnce(itemKey(key), (value) => {
        this.#items.enter(key, { item: value ?? NO_ITEM, expiresAt: null, version: this.#nextVersion() })
      })
    }
  }

  async #logOf(event: CacheEvent): Promise<EventLog> {
    setLast(this.#names, eventKey(event), event.name)
    if (!this.#logs.has(event.name)) {
      await this.#readOnce(logKey(event.name), (value) => {
        const answers = new Map<string, JsonText>(value === undefined ? [] : JSON.parse(value))
        const hasWritten = value !== undefined
        this.#logs.set(event.name, { event, answers, hasWritten, stored: answers.size })
      })
    }
    const log = this.#logs.get(event.name)!
    setLast(this.#logs, event.name, log)
    return log
  }

  /** Reads a key once for concurrent callers, so that its value is decided once. */
  #readOnce(key: string, take: (value: JsonText | undefined) => void): Promise<unknown> {
    const read = this.#reads.get(key) ?? this.#store.kv([key]).then((found) => take(found.get(key)))
    this.#reads.set(key, read)
    return read.finally(() => this.#reads.delete(key))
  }

  #endingLog(event: EventKey): EventLog | undefined {
    const name = this.#names.get(eventKey(event))
    return name === undefined ? undefined : this.#logs.get(name)
  }

  #forget(event: EventKey): void {
    const name = this.#names.get(eventKey(event))
    this.#names.delete(eventKey(event))
    if (name !== undefined) this.#logs.delete(name)
  }

  #settled(events: readonly EventKey[]): void {
    for (const event of events) this.#forget(event)
    this.#items.forgetOldest()
    shorten(this.#logs, MAX_LOGS)
    shorten(this.#names, MAX_LOGS)
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

/** True if the event changed items and the store does not have all of its answers. */
function isAhead({ hasWritten, stored, answers }: EventLog): boolean {
  return hasWritten && answers.size > stored
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

function logWrite({ event, answers }: EventLog, expiresAt: number): KvWrite {
  return { key: logKey(event.name), value: JSON.stringify([...answers]), expiresAt }
}

function itemKey(key: string): string {
  return `cache-item:${key}`
}

function logKey(name: string): string {
  return `cache-log:${name}`
}

function eventKey({ source, seq }: EventKey): string {
  return `${source}:${seq}`
}
