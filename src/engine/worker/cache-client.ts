/** A worker's side of the caching helpers: reads Python's question as a stranger's, and waits for the parent's answer. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { CacheEvent } from '../../model/events/detection-cache.ts'
import type {
  CacheChannel,
  CacheRequest,
  CacheResponse,
  NumberedCacheResponse,
} from '../protocol/cache-messages.ts'
import type { CacheRequester } from '../runtime/imports/cache-channel.ts'

const MAX_KEY_CHARS = 1_024
const MAX_ITEM_CHARS = 256 * 1024
/** Of one function on one event: each stops a worker for a while. */
const MAX_REQUESTS_PER_CALL = 1_000
/** Of one detection in one job, and of all of them: the parent holds what was asked and told until the events are committed. */
const MAX_CHARS_PER_DETECTION = 32 * 1024 * 1024
const MAX_CHARS_PER_JOB = 2 * MAX_CHARS_PER_DETECTION
const RESPONSE_TIMEOUT_MS = 30_000

/** The event of an item of the job; null: it has none that may ask. */
type EventOf = (item: number) => CacheEvent | null

export class CacheClient implements CacheRequester {
  readonly #port: MessagePort
  readonly #responseCount: Int32Array
  readonly #onWaited: (ms: number) => void
  #eventOf: EventOf = () => null
  readonly #requestCounts = new Map<string, number>()
  /** Characters asked and told, by body. */
  readonly #chars = new Map<number, number>()
  #totalChars = 0
  #lastId = 0

  /** @param onWaited is told how long an answer took: that is no time of the detection's. */
  constructor({ port, responseCount }: CacheChannel, onWaited: (ms: number) => void) {
    this.#port = port
    this.#responseCount = new Int32Array(responseCount)
    this.#onWaited = onWaited
  }

  /** A new job: its questions are counted from the start, so that a job that runs again asks the same. */
  serve(eventOf: EventOf): void {
    this.#eventOf = eventOf
    this.#requestCounts.clear()
    this.#chars.clear()
    this.#totalChars = 0
  }

  request(text: string): string {
    const parsed = this.#read(text)
    if ('error' in parsed) return JSON.stringify(parsed)
    const startedAt = performance.now()
    const response = this.#wait(parsed)
    this.#onWaited(performance.now() - startedAt)
    const answer = 'error' in response ? JSON.stringify(response) : `{"value":${response.value}}`
    this.#count(parsed.body, text.length + answer.length)
    return answer
  }

  #count(body: number, chars: number): void {
    this.#chars.set(body, (this.#chars.get(body) ?? 0) + chars)
    this.#totalChars += chars
  }

  #isSpent(body: number): boolean {
    return (this.#chars.get(body) ?? 0) > MAX_CHARS_PER_DETECTION || this.#totalChars > MAX_CHARS_PER_JOB
  }

  #wait(request: CacheRequest): CacheResponse {
    const until = performance.now() + RESPONSE_TIMEOUT_MS
    this.#port.postMessage(request)
    for (;;) {
      const seenCount = Atomics.load(this.#responseCount, 0)
      const received = receiveMessageOnPort(this.#port) as { message: NumberedCacheResponse } | undefined
      if (received?.message.id === request.id) return received.message
      const remainingMs = until - performance.now()
      if (remainingMs <= 0) return { error: 'the cache did not answer' }
      if (!received) Atomics.wait(this.#responseCount, 0, seenCount, remainingMs)
    }
  }

  #read(text: string): CacheRequest | { error: string } {
    const [position, kind, key, value, version] = listOf(text)
    if (!isPosition(position)) return { error: 'no such question' }
    const [body, item, functionNumber] = position
    const event = this.#eventOf(item)
    if (!event) return { error: 'the cache can be used at events alone' }
    if (typeof key !== 'string' || key.length > MAX_KEY_CHARS) {
      return { error: `a key of the cache must be text of at most ${MAX_KEY_CHARS} characters` }
    }
    const requestNumber = (this.#requestCounts.get(position.join()) ?? 0) + 1
    this.#requestCounts.set(position.join(), requestNumber)
    if (requestNumber > MAX_REQUESTS_PER_CALL)
      return { error: `the cache was asked more than ${MAX_REQUESTS_PER_CALL} times` }
    if (this.#isSpent(body)) return { error: 'the cache was asked for more than a batch of events may hold' }
    const common = { id: ++this.#lastId, body, event, place: `${functionNumber}/${requestNumber}` }
    if (kind === 'read') return { ...common, operation: { kind, key } }
    if (kind !== 'write' || typeof value !== 'string' || typeof version !== 'string') {
      return { error: 'no such question' }
    }
    if (value.length > MAX_ITEM_CHARS) {
      return { error: `an item of the cache holds at most ${MAX_ITEM_CHARS} characters` }
    }
    const expiresAt = expiryOf(value)
    if (expiresAt === undefined) return { error: 'no such item' }
    return { ...common, operation: { kind, key, item: value, expiresAt, version } }
  }
}

function listOf(text: string): unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

/** Body, item and function that ask. */
function isPosition(value: unknown): value is [body: number, item: number, functionNumber: number] {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isInteger)
}

/** Epoch milliseconds, or null where it never expires; undefined: this is no item. */
function expiryOf(text: string): number | null | undefined {
  try {
    const item: unknown = JSON.parse(text)
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return undefined
    const { expiresAt = null } = item as { expiresAt?: unknown }
    if (expiresAt === null) return null
    return Number.isSafeInteger(expiresAt) ? (expiresAt as number) * 1000 : undefined
  } catch {
    return undefined
  }
}
