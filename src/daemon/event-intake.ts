/** Passes the batches of one source through the engine to the pipeline: evaluated concurrently, committed in order. */
import type { EvaluatedEvent } from '../model/events/evaluation.ts'
import type { Envelope, Settlement } from '../model/events/event.ts'
import { replaced } from '../pipeline/cached-batch.ts'
import type { CursorClaim } from '../pipeline/cursor-claim.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { FramedEvent, SourceContext, SourceSpec } from '../sources/_source.ts'

interface IntakeOptions {
  readonly spec: Pick<SourceSpec, 'name' | 'kind' | 'type' | 'timeField'>
  /** The queue of the commits in the pipeline. */
  readonly queue: string
  /** See `OpenedSource`. */
  readonly keySpace: string
  /** The claim of this run on the cursor; null if the source does not resume. */
  readonly claim: CursorClaim | null
  readonly pipeline: Pick<Pipeline, 'admit' | 'areKnown'>
  readonly evaluate: (events: readonly Envelope[]) => Promise<readonly EvaluatedEvent[]>
  readonly now: () => number
  /** Returns the number of the next event. An earlier run of the same source must not have given it. */
  readonly nextSeq: () => number
  /** It is called before the commit, so that a crash in between repeats a reject rather than losing it. */
  readonly writeRejects: (rejected: readonly EvaluatedEvent[]) => Promise<void>
  /** It is called after the commit, with one settlement per event. */
  readonly onSettled: (events: readonly EvaluatedEvent[], settlements: readonly Settlement[]) => void
  /** It is called after the commit, with the number of events that were committed before and so were not evaluated. */
  readonly onKnown: (count: number) => void
}

interface Intake {
  /** Commits a cursor without events. */
  begin(cursor: string): Promise<void>
  emit: SourceContext['emit']
}

const FIRST_LANE = 0

const DUPLICATE: Settlement = { status: 'duplicate' }

export function createIntake(options: IntakeOptions): Intake {
  const {
    spec,
    queue: mainQueue,
    keySpace,
    claim,
    pipeline,
    evaluate,
    now,
    nextSeq,
    writeRejects,
    onSettled,
    onKnown,
  } = options
  const keys = createKeysUnderWay()
  /** The previous batch of each lane. */
  const previous = new Map<number, Promise<unknown>>()

  const envelopeOf = (framed: FramedEvent): Envelope => ({
    ...framed,
    source: spec.name,
    seq: nextSeq(),
    ...(claim !== null && { run: claim.expected.owner }),
    kind: spec.kind,
    type: spec.type,
    receivedAt: now(),
    ...(framed.dedupId !== undefined && { dedupId: `${keySpace}:${framed.dedupId}` }),
    ...(spec.timeField !== null && { timeField: spec.timeField }),
  })

  /**
   * Passes the batches of a lane to the pipeline in the order in which they were emitted, which commits them in this order.
   * If a batch of a source that resumes fails, no later one is passed on: the events of the failed one would be skipped.
   */
  const inOrder = <T>(lane: number, prepare: () => Promise<() => Promise<T>>): Promise<T> => {
    const passed = (previous.get(lane) ?? Promise.resolve())
      .then(prepare)
      // The next batch does not wait until this one is on disk.
      .then((admit) => ({ admitted: admit() }))
    previous.set(lane, claim === null ? passed.catch(() => {}) : passed)
    const settled = passed.then(({ admitted }) => admitted)
    settled.catch(() => {})
    return settled
  }

  const begin = async (cursor: string): Promise<void> => {
    const batch = { queue: mainQueue, events: [], claim, cursor }
    await inOrder(FIRST_LANE, async () => () => pipeline.admit(batch))
  }

  /** Evaluates the events that were not committed before; the result has null for each of the others. */
  const evaluateNew = async (
    envelopes: readonly Envelope[],
    sameKeys: Promise<unknown>,
  ): Promise<readonly (EvaluatedEvent | null)[]> => {
    // A client that stopped waiting may have sent its events again while the first ones are under way.
    await sameKeys
    const known = await pipeline.areKnown(envelopes)
    const evaluated = await evaluateFramed(
      envelopes.filter((_, i) => !known[i]),
      evaluate,
    )
    let next = 0
    return known.map((isKnown) => (isKnown ? null : evaluated[next++]!))
  }

  const emit: SourceContext['emit'] = (batch, { cursor = null, lane: givenLane = FIRST_LANE } = {}) => {
    // A cursor orders all batches of its source.
    const lane = claim === null ? givenLane : FIRST_LANE
    const queue = lane === FIRST_LANE ? mainQueue : `${mainQueue} lane ${lane}`
    const envelopes = batch.map(envelopeOf)
    const hasKeys = envelopes.some(({ dedupId }) => dedupId !== undefined)
    const evaluated = hasKeys
      ? evaluateNew(envelopes, keys.settled(envelopes))
      : evaluateFramed(envelopes, evaluate)
    evaluated.catch(() => {})
    const prepare = async () => {
      const all = await evaluated
      const events = all.filter((event) => event !== null)
      const rejected = events.filter(isLost)
      if (rejected.length > 0) await writeRejects(rejected)
      return async () => {
        let latest: readonly EvaluatedEvent[] = events
        const evaluateAgain = async (outdated: readonly Envelope[]) => {
          const again = await evaluate(outdated)
          const rejectedAgain = again.filter(isLost)
          if (rejectedAgain.length > 0) await writeRejects(rejectedAgain)
          latest = replaced(latest, outdated, again)
          return again
        }
        const settlements = await pipeline.admit({ queue, events, claim, cursor, evaluateAgain })
        onSettled(latest, settlements)
        if (events.length < all.length) onKnown(all.length - events.length)
        let next = 0
        return all.map((event) => (event === null ? DUPLICATE : settlements[next++]!))
      }
    }
    const settled = inOrder(lane, prepare)
    if (hasKeys) keys.add(envelopes, settled)
    return settled
  }

  return { begin, emit }
}

/** Remembers which idempotency keys belong to events that are not committed yet. */
function createKeysUnderWay() {
  const underWay = new Map<string, Promise<unknown>>()
  return {
    /** Resolves when the present events of the same keys are committed, or could not be. */
    settled: (events: readonly Envelope[]): Promise<unknown> =>
      Promise.allSettled(new Set(events.flatMap(({ dedupId = '' }) => underWay.get(dedupId) ?? []))),
    add(events: readonly Envelope[], settling: Promise<unknown>): void {
      const ids = events.flatMap(({ dedupId }) => dedupId ?? [])
      for (const id of ids) underWay.set(id, settling)
      const forget = () => {
        for (const id of ids) if (underWay.get(id) === settling) underWay.delete(id)
      }
      settling.then(forget, forget)
    },
  }
}

/** True if no detection evaluated the event, or if those of a trust group did not. */
function isLost({ outcome }: EvaluatedEvent): boolean {
  return outcome.status !== 'evaluated' || outcome.missed !== undefined
}

/** Evaluates all events but those that framing rejected, which keep their position in the batch. */
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
