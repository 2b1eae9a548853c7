/** BOTH THREADS. The requests of a worker to the detection cache, and the responses of the main thread. */

import type { MessagePort } from 'node:worker_threads'
import type { CacheEvent, CacheOperation } from '../../model/events/detection-cache.ts'

/** One request of a worker. */
export interface CacheRequest {
  /** The response carries the same id, so that one that comes too late is not taken for the next. */
  readonly id: number
  readonly body: number
  readonly event: CacheEvent
  readonly operationId: string
  readonly operation: CacheOperation
}

/** The JSON text of the value, or why there is none. */
export type CacheResponse = { readonly value: string } | { readonly error: string }

export type NumberedCacheResponse = CacheResponse & { readonly id: number }

export interface CacheChannel {
  readonly port: MessagePort
  /** One cell that counts the responses; the worker sleeps on it. */
  readonly responseCount: SharedArrayBuffer
}
