// What a worker would leave to Python, with the index and with the guards alone, without running any Python.
import type { Body } from '../../src/engine/protocol/messages.ts'
import type { BodyGuards } from '../../src/engine/protocol/module-analysis.ts'
import { createDetectionGuards } from '../../src/engine/worker/guard/detection-guards.ts'
import { type ParseRules, parseEvent } from '../../src/engine/worker/parse-event.ts'
import { createPrefilter, type PrefilterResult } from '../../src/engine/worker/prefilter.ts'
import { createSelection } from '../../src/engine/worker/select-detections.ts'
import type { Envelope } from '../../src/model/events/event.ts'
import type { Project } from '../../src/model/project/project.ts'

export interface GuardedAnswer {
  /** The detections that the event's type selects. */
  readonly candidates: number
  /** The ids of those that may report something. */
  readonly withIndex: ReadonlySet<string>
  readonly guardsAlone: ReadonlySet<string>
}

/** No body has this number. As long as a guard is not asked for some body, the index is not used. */
const NO_BODY = { body: -1, item: 0, function: 'detection', error: null }
const JOB = { skips: [], markEachItem: [], checkIntegrity: false }

/** Returns null for an event that is rejected or has no type. */
export function guardedAnswers(
  project: Project,
  bodies: readonly Body[],
  guards: readonly (BodyGuards | null)[],
  brokenPaths: ReadonlySet<string>,
): (envelope: Envelope) => GuardedAnswer | null {
  const broken = new Map(
    bodies.flatMap(({ path }, number) => (brokenPaths.has(path) ? [[number, null]] : [])),
  )
  const queries = bodies.flatMap((body) => ('scheduledQueries' in body ? body.scheduledQueries : []))
  const { classification, limits } = project.settings
  const rules: ParseRules = {
    settings: { classification, limits },
    selection: createSelection(bodies, broken, queries),
    clockMode: 'acceptance',
  }
  const detectionGuards = createDetectionGuards({ bodies, guards, broken, excluded: [] })
  const prefilter = createPrefilter(bodies, detectionGuards)
  const withIndex = prefilter.forJob(JOB)
  const guardsAlone = prefilter.forJob({ ...JOB, skips: [NO_BODY as never] })
  const idsOf = ({ python, matched }: PrefilterResult) =>
    new Set([...python, ...matched.map(({ body }) => body)].map((number) => bodies[number]!.id))
  return (envelope) => {
    const event = parseEvent(envelope, rules)
    if (event.status !== 'accepted') return null
    return {
      candidates: event.candidates.length,
      withIndex: idsOf(withIndex(envelope.raw, event)),
      guardsAlone: idsOf(guardsAlone(envelope.raw, event)),
    }
  }
}
