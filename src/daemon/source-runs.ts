/** Runs a source under supervision, with an intake of its own. */
import { messageOf } from '../errors.ts'
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope } from '../model/events/event.ts'
import { type HttpIngress, type Log, systemClock } from '../model/ports.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { SourceContext, SourceSpec } from '../sources/_source.ts'
import type { Store } from '../store/store.ts'
import { createIntake } from './event-intake.ts'
import type { DaemonEvent } from './events.ts'
import type { OpenedSource } from './open-sources.ts'
import type { Readiness } from './readiness.ts'
import type { RejectWriter } from './rejects.ts'
import type { RunStats } from './run-stats.ts'
import { supervise } from './supervise.ts'

export interface SourceRunParts {
  /** Evaluates with the generation that is active at the call. */
  readonly evaluate: (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>
  readonly pipeline: Pick<Pipeline, 'admit' | 'areKnown'>
  readonly store: Pick<Store, 'cursor'>
  readonly stats: Pick<RunStats, 'recordSettled' | 'recordKnown'>
  readonly readiness: Pick<Readiness, 'sourceStarted' | 'intakeFailed' | 'intakeSucceeded'>
  readonly writeRejects: RejectWriter
  readonly onEvent: (event: DaemonEvent) => void
  readonly ingress: HttpIngress
  readonly stdin: NodeJS.ReadableStream
  readonly limits: SourceContext['limits']
  readonly log: Log
  readonly signal: AbortSignal
}

/** Resolves when the source ended or was aborted; rejects if it cannot be read at all. */
export function runSource({ spec, source }: OpenedSource, parts: SourceRunParts): Promise<void> {
  const { store, log, signal, ingress, stdin, limits } = parts
  const context = (cursor: string | null): SourceContext => ({
    cursor,
    ...createEmitter(spec, parts),
    signal,
    clock: systemClock,
    log,
    ingress,
    stdin,
    limits,
  })
  return supervise(source, { name: spec.name, store, clock: systemClock, log, signal, context })
}

function createEmitter(
  spec: SourceSpec,
  parts: SourceRunParts,
): Pick<SourceContext, 'commitCursor' | 'emit'> {
  const { evaluate, pipeline, writeRejects, stats, readiness, onEvent } = parts
  const intake = createIntake({
    spec,
    pipeline,
    evaluate,
    now: () => systemClock.now(),
    writeRejects,
    onSettled: (events, settlements) => {
      stats.recordSettled(spec.name, events, settlements)
      for (const { envelope, outcome } of events) {
        const at = { source: spec.name, place: envelope.place }
        if (outcome.status !== 'evaluated') onEvent({ kind: 'rejected', ...at, ...outcome })
        else {
          for (const { code, message } of outcome.notices ?? [])
            onEvent({ kind: 'noticed', ...at, code, reason: message })
        }
      }
    },
    onKnown: (count) => stats.recordKnown(spec.name, count),
  })
  const trackReadiness = async <T>(accepting: Promise<T>): Promise<T> => {
    try {
      const accepted = await accepting
      readiness.intakeSucceeded()
      return accepted
    } catch (cause) {
      readiness.intakeFailed(cause)
      // This is never a UserError: a busy store does not mean that the source cannot be read.
      throw new Error(`events could not be accepted: ${messageOf(cause)}`, { cause })
    }
  }
  return {
    commitCursor: async (cursor) => {
      if (cursor !== null) await trackReadiness(intake.begin(cursor))
      readiness.sourceStarted(spec.name)
    },
    emit: (batch) => trackReadiness(intake.emit(batch)),
  }
}
