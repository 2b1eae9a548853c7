/** Runs a source under supervision, with an intake of its own. */
import type { ArchiveRecorder } from '../archive/archive-recorder.ts'
import { messageOf } from '../errors.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import type { Clock, HttpIngress, Log } from '../model/ports.ts'
import type { CursorClaim } from '../pipeline/cursor-claim.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Source, SourceContext, SourceSpec } from '../sources/_source.ts'
import type { HeldCursor } from '../store/store.ts'
import { cursorName } from './cursor-name.ts'
import { createIntake } from './event-intake.ts'
import type { DaemonEvent } from './events.ts'
import type { CursorHolder } from './members/cursor-holder.ts'
import { LeasedPartitions, type OnDemandParts } from './partitions/on-demand.ts'
import type { Readiness } from './readiness.ts'
import type { RejectWriter } from './rejects.ts'
import type { RunStats } from './run-stats.ts'
import { supervise } from './supervise.ts'

export interface SourceRunParts {
  /** Evaluates with the generation that is active at the call. */
  readonly evaluate: (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>
  readonly pipeline: Pick<Pipeline, 'admit' | 'areKnown'>
  /** Returns the holder of a cursor. */
  readonly cursors: (source: string) => CursorHolder
  readonly hostId: string
  readonly clock: Clock
  readonly stats: Pick<RunStats, 'recordSettled' | 'recordKnown'>
  readonly readiness: Pick<Readiness, 'sourceStarted' | 'sourceFailed' | 'intakeFailed' | 'intakeSucceeded'>
  readonly writeRejects: RejectWriter
  /** Absent or null: events are not recorded. */
  readonly recorder?: Pick<ArchiveRecorder, 'record'> | null
  /** See `IntakeOptions`. */
  readonly nextSeq: () => number
  readonly onEvent: (event: DaemonEvent) => void
  readonly ingress: HttpIngress
  readonly stdin: NodeJS.ReadableStream
  readonly limits: SourceContext['limits']
  readonly log: Log
  readonly signal: AbortSignal
}

type StreamParts = SourceRunParts & OnDemandParts

interface OpenedStream {
  readonly spec: SourceSpec
  readonly keySpace: string
  readonly source: Source
}

/** Resolves when the source ended or was aborted; rejects if it cannot be read at all. */
export async function runSource(opened: OpenedStream, parts: StreamParts): Promise<void> {
  const { spec, source } = opened
  const { hostId, clock, log, signal, ingress, stdin, limits } = parts
  const partitions = onDemandPartitions(opened, parts)
  const context = (held: HeldCursor | null, claim: CursorClaim | null): SourceContext => ({
    cursor: held?.cursor ?? null,
    ...createEmitter({ ...opened, claim }, parts, () => parts.readiness.sourceStarted(spec.name)),
    partitions,
    signal,
    clock,
    log,
    ingress,
    stdin,
    limits,
  })
  const cursor = parts.cursors(cursorName(spec, hostId))
  // A daemon that waits for another one is ready: its place is taken.
  const onWaiting = () => parts.readiness.sourceStarted(spec.name)
  const take = () => trackReadiness(() => cursor.take(onWaiting), null, parts)
  // A source that resumes may have begun already where it goes on, and then it does not start again.
  const onFailed = () => {
    if (!source.resumes && !source.ends) parts.readiness.sourceFailed(spec.name)
  }
  try {
    await supervise(source, { name: spec.name, take, clock, log, signal, onFailed, context })
  } finally {
    await cursor.release().catch((error: unknown) => {
      // The lease runs out.
      log.warn({ source: spec.name, error: messageOf(error) }, 'the source could not be given back')
    })
  }
}

function onDemandPartitions(opened: OpenedStream, parts: StreamParts): LeasedPartitions {
  const { signal } = parts
  return new LeasedPartitions(
    {
      source: opened.spec.name,
      signal,
      emitter: (queue, claim) => createEmitter({ ...opened, claim, queue }, parts, () => {}),
      storing: (call) => trackReadiness(call, null, parts),
    },
    parts,
  )
}

/** @param claim a run that lost its source says nothing about the store. */
async function trackReadiness<T>(
  storing: () => Promise<T>,
  claim: CursorClaim | null,
  { readiness }: Pick<EmitterParts, 'readiness'>,
): Promise<T> {
  try {
    const result = await storing()
    readiness.intakeSucceeded()
    return result
  } catch (cause) {
    if (!claim?.isFenced) readiness.intakeFailed(cause)
    // This is never a UserError: a busy store does not mean that the source cannot be read.
    throw new Error(`events could not be accepted: ${messageOf(cause)}`, { cause })
  }
}

export type EmitterParts = Pick<
  SourceRunParts,
  'evaluate' | 'pipeline' | 'clock' | 'writeRejects' | 'recorder' | 'nextSeq' | 'stats' | 'onEvent'
> & { readonly readiness: Pick<Readiness, 'intakeFailed' | 'intakeSucceeded'> }

interface EventsOfRun {
  readonly spec: SourceSpec
  /** See `OpenedSource`. */
  readonly keySpace: string
  readonly claim: CursorClaim | null
  /** The source that events name; absent: that of the spec. */
  readonly name?: string
  /** The queue of the commits; absent: that of the source. */
  readonly queue?: string
}

/** @param onStarted is called when the first cursor is committed. */
export function createEmitter(
  { spec, keySpace, claim, name = spec.name, queue = name }: EventsOfRun,
  parts: EmitterParts,
  onStarted: () => void,
): Pick<SourceContext, 'commitCursor' | 'emit'> {
  const { evaluate, pipeline, clock, writeRejects, recorder, nextSeq, stats, onEvent } = parts
  const intake = createIntake({
    spec: { ...spec, name },
    queue,
    keySpace,
    claim,
    pipeline,
    evaluate,
    now: () => clock.now(),
    nextSeq,
    writeRejects,
    onSettled: (events, settlements) => {
      stats.recordSettled(spec.name, events, settlements)
      recorder?.record(events)
      for (const event of events) reportEvent(name, event, onEvent)
    },
    onKnown: (count) => stats.recordKnown(spec.name, count),
  })
  return {
    commitCursor: async (cursor) => {
      if (cursor !== null) await trackReadiness(() => intake.begin(cursor), claim, parts)
      onStarted()
    },
    emit: (batch, options) => trackReadiness(() => intake.emit(batch, options), claim, parts),
  }
}

/** Reports a rejected event, and the notices of an accepted one. Most events have nothing to report. */
function reportEvent(
  source: string,
  { envelope: { position }, outcome }: EvaluatedEvent,
  onEvent: SourceRunParts['onEvent'],
): void {
  if (outcome.status !== 'evaluated') {
    onEvent({ kind: 'rejected', source, position, ...outcome })
  } else if (outcome.notices !== undefined) {
    for (const { code, message } of outcome.notices) {
      onEvent({ kind: 'noticed', source, position, code, reason: message })
    }
  }
}
