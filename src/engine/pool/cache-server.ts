/** The parent's side of the caching helpers of one worker: takes its questions, has them answered, wakes it. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import type {
  CacheChannel,
  CacheRequest,
  CacheResponse,
  NumberedCacheResponse,
} from '../protocol/cache-messages.ts'

export type CacheResponder = (request: CacheRequest) => Promise<CacheResponse>

export class CacheServer {
  /** For the worker; its port must be transferred. */
  readonly channel: CacheChannel
  readonly #port: MessagePort
  readonly #responseCount: Int32Array
  #pendingRequests = 0

  constructor() {
    const { port1, port2 } = new MessageChannel()
    const responseCount = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
    this.channel = { port: port2, responseCount }
    this.#port = port1
    this.#responseCount = new Int32Array(responseCount)
    // Only the worker itself keeps the process.
    port1.unref()
  }

  /** The worker sleeps, and nothing that it does takes time. */
  get isPending(): boolean {
    return this.#pendingRequests > 0
  }

  serve(respond: CacheResponder): void {
    this.#port.on('message', (request: CacheRequest) => void this.#respond(request, respond))
    this.#port.unref()
  }

  close(): void {
    this.#port.close()
  }

  async #respond(request: CacheRequest, respond: CacheResponder): Promise<void> {
    this.#pendingRequests++
    const response = await respond(request).catch((error) => ({ error: messageOf(error) }))
    this.#pendingRequests--
    this.#port.postMessage({ id: request.id, ...response } satisfies NumberedCacheResponse)
    Atomics.add(this.#responseCount, 0, 1)
    Atomics.notify(this.#responseCount, 0)
  }
}
