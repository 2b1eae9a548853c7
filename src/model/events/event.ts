/** Events: one record of a log or one resource, as untouched JSON text with what is known about it. */

export type EventKind = 'log' | 'resource'

/** An event with what framing knows of it. `raw` is never edited. */
export interface Envelope {
  /** Name of the source, for example `file:/var/log/trail.ndjson` or `trail`. */
  readonly source: string
  /** It grows with each event of a process. A source that is read again gives its events new numbers. */
  readonly seq: number
  /** The run of a source that resumes, which no other run has, in this process or another. */
  readonly run?: string | undefined
  readonly kind: EventKind
  /** Log type or resource type that the source declared; null: it depends on the event itself. */
  readonly type: string | null
  /** Epoch milliseconds. */
  readonly receivedAt: number
  /** The untouched JSON text of one record. */
  readonly raw: string
  /** The position, for people: `line 12, byte 3456`. */
  readonly position: string
  /** An id of the input that contains the event, stable when it is read again. With the position it distinguishes equal texts. Absent if the input cannot be read again. */
  readonly origin?: string
  /** Set when framing already refused it (too large, broken container); `raw` then holds its beginning. */
  readonly refused?: string
  /** `?timeField=`: the record's own time, read into `p_event_time` where that is absent. */
  readonly timeField?: string
  /**
   * A key that the source vouches for (for example an Idempotency-Key and the line's number): an event seen before is not
   * counted again. The key of an envelope begins with the space of its source's keys.
   */
  readonly dedupId?: string
  /** The record's own `p_row_id` counts as such a key. */
  readonly dedupByRowId?: boolean
}

/** The result of one event, which its source gets once it is durable. */
export type Settlement =
  | { readonly status: 'accepted'; readonly matches: number }
  /** Seen before: not counted again. */
  | { readonly status: 'duplicate' }
  | { readonly status: 'rejected'; readonly reason: string }

/** The identity of an event, kept with everything that it causes. */
export interface EventIdentity {
  readonly source: string
  readonly seq: number
  readonly kind: EventKind
  /** After classification; null for what no event caused. */
  readonly type: string | null
  /** The record's own `p_row_id`, else the one given to it. */
  readonly rowId: string
  /** `resourceId` of a resource. */
  readonly resourceId: string | null
  /** The event's own time in epoch milliseconds; null: it has none. */
  readonly happenedAt: number | null
  /** Epoch milliseconds at which this event counts: acceptance time in `run`, the event's own in `replay`. */
  readonly at: number
}
