/**
 * Keeps the items of the caching helpers between the events that change them and the commits that make them last.
 * Every answer is remembered with its event until that is settled, so that an event that runs again is told the same
 * and changes nothing twice.
 */
import type { JsonText } from '../model/alert.ts'
import type { CacheEvent, CacheOperation, CacheQuestion, DetectionCache } from '../model/detection-cache.ts'
import type { Envelope } from '../model/event.ts'
import type { KvWrite, Store } from '../store/store.ts'

interface Entry {
  item: JsonText
  expiresAt: number | null
  version: string
  isDirty: boolean
}

/** What an event was told, by detection, place and question. */
interface EventLog {
  readonly event: CacheEvent
  readonly answers: Map<string, JsonText>
  hasWritten: boolean
  isStored: boolean
}

const NO_ITEM = '{}'
/** As long as seen ids are kept. */
const LOG_KEPT_MS = 24 * 3_600_000
/** Items that need not be read again. */
const MOST_CLEAN = 20_000

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
  readonly #items = new Map<string, Entry>()
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

  async ask({ event, trustGroup, detection, place, operation }: CacheQuestion): Promise<JsonText> {
    const log = await this.#logOf(event)
    const question = JSON.stringify([trustGroup, detection, place, ...tokenOf(operation)])
    const told = log.answers.get(question)
    if (told !== undefined) return told
    const key = JSON.stringify([trustGroup, operation.key])
    const entry = await this.#entry(key)
    const answer = operation.kind === 'read' ? tellItem(entry) : String(this.#write(entry, operation))
    if (operation.kind === 'write') log.hasWritten = true
    log.answers.set(question, answer)
    return answer
  }

  /**
   * Where these events changed something: all that is not stored yet, and with it the answers of events that are still
   * under way, for what they changed goes down too.
   */
  commit(events: readonly EventPlace[]): CacheCommit {
    const ending = events.flatMap((event) => this.#endingLog(event) ?? [])
    const underWay = [...this.#logs.values()].filter((log) => log.hasWritten && !ending.includes(log))
    const dirty = [...this.#items].filter(([, { isDirty }]) => isDirty)
    const isIdle = ending.every(({ hasWritten, isStored }) => !hasWritten && !isStored)
    const versions = new Map(dirty.map(([key, { version }]) => [key, version]))
    const done = () => {
      for (const event of events) this.#forget(event)
      if (isIdle) return
      for (const log of underWay) log.isStored = true
      for (const [key, version] of versions) this.#stored(key, version)
      this.#prune()
    }
    if (isIdle) return { kv: [], done }
    const kept = [...underWay, ...ending.filter(({ event, hasWritten }) => event.comesAgain && hasWritten)]
    const over = ending.filter((log) => log.isStored && !kept.includes(log))
    return {
      kv: [
        ...dirty.map(([key, entry]) => itemWrite(key, entry)),
        ...kept.map((log) => logWrite(log, this.#now() + LOG_KEPT_MS)),
        ...over.map(({ event }) => ({ key: logKey(event.name), value: null, expiresAt: null })),
      ],
      done,
    }
  }

  #write(entry: Entry, { item, expiresAt, version }: Extract<CacheOperation, { kind: 'write' }>): boolean {
    if (entry.version !== version) return false
    entry.item = item
    entry.expiresAt = expiresAt
    entry.version = this.#nextVersion()
    entry.isDirty = true
    return true
  }

  #nextVersion(): string {
    return `${this.#epoch}/${++this.#versions}`
  }

  async #entry(key: string): Promise<Entry> {
    if (!this.#items.has(key)) await this.#readOnce(itemKey(key), (value) => this.#enter(key, value))
    return this.#items.get(key)!
  }

  #enter(key: string, value: JsonText | undefined): void {
    const item = value ?? NO_ITEM
    this.#items.set(key, { item, expiresAt: null, version: this.#nextVersion(), isDirty: false })
  }

  async #logOf(event: CacheEvent): Promise<EventLog> {
    this.#names.set(placeKey(event), event.name)
    if (!this.#logs.has(event.name)) {
      await this.#readOnce(logKey(event.name), (value) => {
        const answers = new Map<string, JsonText>(value === undefined ? [] : JSON.parse(value))
        const isStored = value !== undefined
        this.#logs.set(event.name, { event, answers, hasWritten: isStored, isStored })
      })
    }
    return this.#logs.get(event.name)!
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

  /** Unless it was written again meanwhile. */
  #stored(key: string, version: string): void {
    const entry = this.#items.get(key)
    if (entry?.version === version) entry.isDirty = false
  }

  #prune(): void {
    for (const [key, { isDirty }] of this.#items) {
      if (this.#items.size <= MOST_CLEAN) return
      if (!isDirty) this.#items.delete(key)
    }
  }
}

function tellItem({ item, version }: Entry): JsonText {
  return `[${item},${JSON.stringify(version)}]`
}

/** The expiry in an item follows the clock, so a write is known by the version that it replaces. */
function tokenOf(operation: CacheOperation): string[] {
  return operation.kind === 'read' ? ['read', operation.key] : ['write', operation.key, operation.version]
}

function itemWrite(key: string, { item, expiresAt }: Entry): KvWrite {
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
