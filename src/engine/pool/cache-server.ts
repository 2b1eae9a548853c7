/** MAIN THREAD. Serves the caching helpers of one worker: receives its requests, sends the responses and wakes it. */
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
  /** The worker's end. Its port must be transferred. */
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
    // The port alone does not keep the process running; the worker does.
    port1.unref()
  }

  /** Whether the worker waits for a response. It uses none of its time budget then. */
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
