/** The port behind the caching helpers: where their items are, asked while a detection waits. */
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

/** The event at which a detection asks. */
export interface CacheEvent {
  readonly source: string
  readonly seq: number
  /** The same when the event comes again, from this process or the next. */
  readonly name: string
  /** Its source may send it again after it was settled. */
  readonly comesAgain: boolean
}

export interface CacheRequest {
  readonly event: CacheEvent
  /** Nobody else sees its keys. */
  readonly trustGroup: string
  readonly detection: string
  /** Tells one operation of a detection at an event from the others: the function, and the how-manieth in it. */
  readonly place: string
  readonly operation: CacheOperation
}

export interface DetectionCache {
  /** `[item, version]` for a read, `true` or `false` for a write. Asked again the same, it answers the same. */
  request(question: CacheRequest): Promise<JsonText>
}
