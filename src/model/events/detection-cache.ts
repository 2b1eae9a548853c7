/** The port behind the caching helpers, which is called while a detection waits. */
import type { JsonText } from '../../core/exact-json.ts'

/** An item is read with a version, and written if that is still its version. Versions mean nothing but themselves. */
export type CacheOperation =
  | { readonly kind: 'read'; readonly key: string }
  | {
      readonly kind: 'write'
      readonly key: string
      /** A JSON object; `panther_detection_helpers/backend.py` says what is in it. */
      readonly item: JsonText
      /** Epoch milliseconds; null: never. */
      readonly expiresAt: number | null
      readonly version: string
    }

/** The event that the detection is evaluating. */
export interface CacheEvent {
  readonly source: string
  readonly seq: number
  /** See `Envelope`. */
  readonly run?: string | undefined
  /** The name is the same when the event comes again, from this process or the next. */
  readonly name: string
  /** True: the source may send the event again after it was settled. */
  readonly comesAgain: boolean
}

export interface CacheRequest {
  readonly event: CacheEvent
  /** Only this trust group sees its keys. */
  readonly trustGroup: string
  readonly detection: string
  /** Identifies the operation within a detection and event: the function, and the ordinal within the function. */
  readonly operationId: string
  readonly operation: CacheOperation
}

export interface DetectionCache {
  /** Returns `[item, version]` for a read, `true` or `false` for a write. The same request always gets the same result. */
  request(question: CacheRequest): Promise<JsonText>
}
