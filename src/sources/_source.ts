/** The contract of a source of events. Each scheme has one file, whose name is the scheme. */
import type { Envelope, EventKind, Settlement } from '../model/events/event.ts'
import type { Clock, HttpIngress, Log } from '../model/ports.ts'

/** The parsed text of `--from SCHEME:TARGET?query`. */
export interface SourceSpec {
  /** The value of `?name=`, else `address`. */
  readonly name: string
  /** The text without the query. */
  readonly address: string
  readonly scheme: string
  /** The text between `scheme:` and `?`. */
  readonly target: string
  readonly kind: EventKind
  /** The value of `?logType=` or `?type=`; null when each event has its own type. */
  readonly type: string | null
  /** The path to the events of a container, for example `?unwrap=detail.Records`. */
  readonly unwrap: string | null
  readonly timeField: string | null
  /** The other query keys; a source rejects those that it does not know. */
  readonly options: Readonly<Record<string, string>>
}

/** An event from framing; the daemon adds the other fields of the envelope. */
export type FramedEvent = Pick<
  Envelope,
  'raw' | 'position' | 'origin' | 'refused' | 'dedupId' | 'dedupByRowId'
>

export interface EmitOptions {
  /** The position after the last event of the batch, which is committed with its effects. Without it the cursor stays. */
  readonly cursor?: string | null
  /**
   * A source that does not resume can emit in several lanes: only batches of one lane keep their order, so a lane does not
   * wait for the commits of the others.
   */
  readonly lane?: number
}

export interface SourceContext {
  /** The last committed cursor, or null at the first start. */
  readonly cursor: string | null
  /**
   * Commits the cursor after everything emitted before, so that no later event is missed when the process ends. A source
   * without a cursor passes null. A source calls this at its start and when it starts reading at a new position,
   * because the first event may come much later.
   */
  commitCursor(cursor: string | null): Promise<void>
  /**
   * Emits events in order. The promise resolves when their effects are committed; before that the source must not
   * acknowledge them. Several batches may be in flight; unresolved promises are the back-pressure.
   */
  emit(batch: readonly FramedEvent[], options?: EmitOptions): Promise<readonly Settlement[]>
  /** The daemon aborts this signal when it drains: stop reading, let events in flight settle, then return. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
  readonly ingress: HttpIngress
  readonly stdin: NodeJS.ReadableStream
  /** The maximum bytes of one event and of one HTTP body. */
  readonly limits: { readonly eventBytes: number; readonly bodyBytes: number }
}

export interface Source {
  /** True when the source ends by itself (a whole file, stdin): `run` then drains and exits. */
  readonly ends: boolean
  /**
   * True when a run continues from the committed cursor. Every commit then belongs to the run that took the source last:
   * the batches of an earlier run are neither counted nor acknowledged any more.
   */
  readonly resumes: boolean
  /**
   * Runs until the end of the input or the abort, and leaves nothing in flight. It rejects with a UserError when the
   * input cannot be read at all; after any other failure the daemon runs it again from the committed cursor.
   */
  run(context: SourceContext): Promise<void>
}

export interface SourceType {
  readonly scheme: string
  /** The line for `--help`. */
  readonly summary: string
  /** Throws a UserError for an invalid target or option. */
  open(spec: SourceSpec): Source
}
