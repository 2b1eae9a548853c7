/** What a worker asks of the detection cache, and what the main thread answers. Both sides of the thread import it. */

import type { MessagePort } from 'node:worker_threads'
import type { CacheEvent, CacheOperation } from '../../model/events/detection-cache.ts'

/** What a worker asks its parent. */
export interface CacheRequest {
  /** Its answer bears it too: one that came too late is not taken for the next. */
  readonly id: number
  readonly body: number
  readonly event: CacheEvent
  readonly place: string
  readonly operation: CacheOperation
}

/** JSON text of the value, or why there is none. */
export type CacheResponse = { readonly value: string } | { readonly error: string }

export type NumberedCacheResponse = CacheResponse & { readonly id: number }

export interface CacheChannel {
  readonly port: MessagePort
  /** One cell: how many answers were given. */
  readonly responseCount: SharedArrayBuffer
}
