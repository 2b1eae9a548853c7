/** The contract of a source: where events come from. One file per scheme; the file's name is the scheme. */
import type { Envelope, EventKind, Settlement } from '../model/events/event.ts'
import type { Clock, HttpIngress, Log } from '../model/ports.ts'

/** `--from SCHEME:REST?query`, taken apart. */
export interface SourceSpec {
  /** As written without the query: the source's name, under which its cursor is kept. */
  readonly name: string
  readonly scheme: string
  /** What stands between `scheme:` and `?`. */
  readonly target: string
  readonly kind: EventKind
  /** `?logType=` or `?type=`; null = the record tells. */
  readonly type: string | null
  /** `?unwrap=detail.Records`: the path that leads to the events of a container. */
  readonly unwrap: string | null
  readonly timeField: string | null
  /** Every other query key; a source refuses those that it does not know. */
  readonly options: Readonly<Record<string, string>>
}

/** An event as a source frames it; the daemon adds the rest of the envelope. */
export type FramedEvent = Pick<
  Envelope,
  'cursor' | 'raw' | 'place' | 'origin' | 'refused' | 'dedupId' | 'dedupByRowId'
>

export interface SourceContext {
  /** The cursor committed last, or null at the first start. */
  readonly cursor: string | null
  /**
   * Says that what comes from here on will not be missed, whatever ends the process: once this resolves, `cursor` is
   * committed, behind everything emitted before. null: a source that goes on nowhere. Called at the start, and
   * wherever reading begins anew: there may be no event for a long time, and none yet when the process ends.
   */
  commitCursor(cursor: string | null): Promise<void>
  /**
   * Hands events on, in order. Resolves once their effects are committed; until then the source must not
   * acknowledge them. Several batches may be under way; the unresolved promise is the back-pressure.
   */
  emit(batch: readonly FramedEvent[]): Promise<readonly Settlement[]>
  /** Aborted when the daemon drains: stop reading, let what is under way settle, then return. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Log
  readonly ingress: HttpIngress
  readonly stdin: NodeJS.ReadableStream
  /** Bytes of one event, and of one HTTP body. */
  readonly limits: { readonly eventBytes: number; readonly bodyBytes: number }
}

export interface Source {
  /** True when it ends by itself (a whole file, stdin): `run` then drains and exits. */
  readonly ends: boolean
  /**
   * Runs until the end of the input or the abort, with nothing of its own in flight afterwards. Rejects with a
   * UserError when it can't be read at all; after any other failure it is run again, from the committed cursor.
   */
  run(context: SourceContext): Promise<void>
}

export interface SourceType {
  readonly scheme: string
  /** One line for `--help`. */
  readonly summary: string
  /** Throws a UserError for a target or option that does not fit. */
  open(spec: SourceSpec): Source
}
