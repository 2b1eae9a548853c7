/**
 * WORKER THREAD. Sends the requests of the caching helpers to the main thread and waits for the responses. Project code can
 * write any request, so each is checked.
 */
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
/** The limit for one function on one event, because each request stops the worker for a while. */
const MAX_REQUESTS_PER_CALL = 1_000
/** The limits of requests and responses in one job. The main thread holds them until the events are committed. */
const MAX_CHARS_PER_DETECTION = 32 * 1024 * 1024
const MAX_CHARS_PER_JOB = 2 * MAX_CHARS_PER_DETECTION
const RESPONSE_TIMEOUT_MS = 30_000

/** Returns the event of an item of the job; null: no event that may use the cache. */
type EventOf = (item: number) => CacheEvent | null

export class CacheClient implements CacheRequester {
  readonly #port: MessagePort
  readonly #responseCount: Int32Array
  readonly #onWaited: (ms: number) => void
  #eventOf: EventOf = () => null
  readonly #requestCounts = new Map<string, number>()
  /** The characters of requests and responses, by body. */
  readonly #chars = new Map<number, number>()
  #totalChars = 0
  #lastId = 0

  /** @param onWaited receives how long a response took, which does not count as time of the detection. */
  constructor({ port, responseCount }: CacheChannel, onWaited: (ms: number) => void) {
    this.#port = port
    this.#responseCount = new Int32Array(responseCount)
    this.#onWaited = onWaited
  }

  /** Starts a job. Requests are counted from its start, so a job that runs again sends the same ones. */
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
    if (!isPosition(position)) return { error: 'invalid cache request' }
    const [body, item, functionNumber] = position
    const event = this.#eventOf(item)
    if (!event) return { error: 'the cache is available only while an event is evaluated' }
    if (typeof key !== 'string' || key.length > MAX_KEY_CHARS) {
      return { error: `a cache key must be text of at most ${MAX_KEY_CHARS} characters` }
    }
    const requestNumber = (this.#requestCounts.get(position.join()) ?? 0) + 1
    this.#requestCounts.set(position.join(), requestNumber)
    if (requestNumber > MAX_REQUESTS_PER_CALL)
      return { error: `more than ${MAX_REQUESTS_PER_CALL} cache requests for one event` }
    if (this.#isSpent(body)) return { error: 'the cache requests of this batch of events are too large' }
    const common = { id: ++this.#lastId, body, event, operationId: `${functionNumber}/${requestNumber}` }
    if (kind === 'read') return { ...common, operation: { kind, key } }
    if (kind !== 'write' || typeof value !== 'string' || typeof version !== 'string') {
      return { error: 'invalid cache request' }
    }
    if (value.length > MAX_ITEM_CHARS) {
      return { error: `a cache item holds at most ${MAX_ITEM_CHARS} characters` }
    }
    const expiresAt = expiryOf(value)
    if (expiresAt === undefined) return { error: 'invalid cache item' }
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

/** The body, item and function that send the request. */
function isPosition(value: unknown): value is [body: number, item: number, functionNumber: number] {
  return Array.isArray(value) && value.length === 3 && value.every(Number.isInteger)
}

/** Returns epoch milliseconds, null if the item never expires, and undefined if the text is not an item. */
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
