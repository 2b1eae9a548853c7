/**
 * Keeps the items of the caching helpers between the events that change them and the commits that make them last.
 * Every answer is remembered with its event until that is settled, so that an event that runs again is told the same
 * and changes nothing twice.
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

/** What an event was told, by detection, place and question. */
interface EventLog {
  readonly event: CacheEvent
  readonly answers: Map<string, JsonText>
  hasWritten: boolean
  /** How many of the answers the store has. */
  stored: number
}

const NO_ITEM = '{}'
/** As long as seen ids are kept. */
const LOG_TTL_MS = 24 * 3_600_000
/** Events that no commit has settled: far more than can be under way, for one whose commit failed may never come again. */
const MAX_LOGS = 20_000

type EventPlace = Pick<Envelope, 'source' | 'seq'>

/** What goes down with the effects of some events. */
export interface CacheCommit {
  readonly kv: readonly KvWrite[]
  /** To be called once it has. */
  readonly done: () => void
}

export class CacheLedger implements DetectionCache {
  readonly #store: Pick<Store, 'kv'>
  readonly #now: () => number
  readonly #items = new CacheItems()
  readonly #logs = new Map<string, EventLog>()
  /** `source:seq` -> name. */
  readonly #names = new Map<string, string>()
  readonly #reads = new Map<string, Promise<unknown>>()
  /** Versions of another process are never taken for ours. */
  readonly #epoch = crypto.randomUUID()
  #versions = 0

  constructor(store: Pick<Store, 'kv'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  async request({ event, trustGroup, detection, place, operation }: CacheRequest): Promise<JsonText> {
    const log = await this.#logOf(event)
    const question = JSON.stringify([trustGroup, detection, place, ...tokenOf(operation)])
    const told = log.answers.get(question)
    if (told !== undefined) return told
    const key = JSON.stringify([trustGroup, operation.key])
    const entry = await this.#entry(key)
    const answer = operation.kind === 'read' ? tellItem(entry) : String(this.#write(key, operation))
    if (operation.kind === 'write') log.hasWritten = true
    log.answers.set(question, answer)
    return answer
  }

  /**
   * Where these events changed something: all that is not stored yet, and with it the answers of events that are still
   * under way, for what they changed goes down too.
   */
  commit(events: readonly EventPlace[]): CacheCommit {
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

  /** False where somebody came between: whoever asks reads it again. */
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
    setLast(this.#names, placeKey(event), event.name)
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

  /** Several may ask for one key at once: what it becomes is decided once. */
  #readOnce(key: string, take: (value: JsonText | undefined) => void): Promise<unknown> {
    const read = this.#reads.get(key) ?? this.#store.kv([key]).then((found) => take(found.get(key)))
    this.#reads.set(key, read)
    return read.finally(() => this.#reads.delete(key))
  }

  #endingLog(event: EventPlace): EventLog | undefined {
    const name = this.#names.get(placeKey(event))
    return name === undefined ? undefined : this.#logs.get(name)
  }

  #forget(event: EventPlace): void {
    const name = this.#names.get(placeKey(event))
    this.#names.delete(placeKey(event))
    if (name !== undefined) this.#logs.delete(name)
  }

  #settled(events: readonly EventPlace[]): void {
    for (const event of events) this.#forget(event)
    this.#items.forgetOldest()
    shorten(this.#logs, MAX_LOGS)
    shorten(this.#names, MAX_LOGS)
  }
}

/** What was asked for last is the last to be forgotten. */
function setLast<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
}

/** From the front, where the oldest are. */
function shorten(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return
    map.delete(key)
  }
}

/** The store does not know yet what it changed. */
function isAhead({ hasWritten, stored, answers }: EventLog): boolean {
  return hasWritten && answers.size > stored
}

function tellItem({ item, version }: CacheItem): JsonText {
  return `[${item},${JSON.stringify(version)}]`
}

/** The expiry in an item follows the clock, so a write is known by the version that it replaces. */
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

function placeKey({ source, seq }: EventPlace): string {
  return `${source}:${seq}`
}
