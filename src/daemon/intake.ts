/** Carries one source's batches through the engine to the pipeline: evaluated side by side, committed in order. */
import type { EvaluatedEvent } from '../model/evaluation.ts'
import type { Envelope, Settlement } from '../model/event.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Framed, SourceContext, SourceSpec } from '../sources/_source.ts'

export interface IntakeOptions {
  readonly spec: SourceSpec
  readonly pipeline: Pick<Pipeline, 'admit'>
  readonly evaluate: (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>
  readonly now: () => number
  /** Called before the commit, so that a crash in between repeats a reject rather than losing it. */
  readonly keepRejects: (rejected: readonly EvaluatedEvent[]) => Promise<void>
  /** Called after the commit, with one settlement per event. */
  readonly onSettled: (events: readonly EvaluatedEvent[], settlements: readonly Settlement[]) => void
}

export interface Intake {
  /** Commits a cursor without events. */
  begin(cursor: string): Promise<void>
  emit: SourceContext['emit']
}

export function createIntake(options: IntakeOptions): Intake {
  const { spec, pipeline, evaluate, now, keepRejects, onSettled } = options
  let seq = 0
  /** The commit before: commits keep the order in which they were asked for. */
  let previous: Promise<unknown> = Promise.resolve()

  const envelopeOf = (framed: Framed): Envelope => ({
    ...framed,
    source: spec.name,
    seq: seq++,
    kind: spec.kind,
    type: spec.type,
    receivedAt: now(),
    ...(spec.timeField !== null && { timeField: spec.timeField }),
  })

  /** Where there is a cursor, a commit that failed must not be overtaken: its events would be skipped. */
  const inTurn = <T>(cursor: string | null, commit: () => Promise<T>): Promise<T> => {
    const settled = previous.then(commit)
    previous = cursor === null ? settled.catch(() => {}) : settled
    settled.catch(() => {})
    return settled
  }

  const begin = async (cursor: string): Promise<void> => {
    await inTurn(cursor, () => pipeline.admit({ events: [], cursor: { source: spec.name, cursor } }))
  }

  const emit = (batch: readonly Framed[]) => {
    const envelopes = batch.map(envelopeOf)
    const evaluated = evaluateFramed(envelopes, evaluate)
    evaluated.catch(() => {})
    const cursor = envelopes.at(-1)?.cursor ?? null
    const commit = async () => {
      const events = await evaluated
      const rejected = events.filter(isLost)
      if (rejected.length > 0) await keepRejects(rejected)
      const settlements = await pipeline.admit({
        events,
        cursor: cursor === null ? null : { source: spec.name, cursor },
      })
      onSettled(events, settlements)
      return settlements
    }
    return inTurn(cursor, commit)
  }

  return { begin, emit }
}

/** To all detections, or to those of a trust group. */
function isLost({ outcome }: EvaluatedEvent): boolean {
  return outcome.status !== 'evaluated' || outcome.missed !== undefined
}

/** What framing refused never enters Python; it keeps its place in the batch. */
async function evaluateFramed(
  envelopes: readonly Envelope[],
  evaluate: IntakeOptions['evaluate'],
): Promise<readonly EvaluatedEvent[]> {
  const sound = envelopes.filter((envelope) => envelope.refused === undefined)
  const evaluated = sound.length > 0 ? await evaluate(sound) : []
  let next = 0
  return envelopes.map((envelope) =>
    envelope.refused === undefined
      ? evaluated[next++]!
      : { envelope, outcome: { status: 'rejected', reason: envelope.refused } },
  )
}
