/** Workloads: the distinct events of one log type, made from its rules' own test events, at a given match rate. */

import type { Engine } from '../src/model/events/evaluation.ts'
import type { Envelope } from '../src/model/events/event.ts'
import type { Detection, TestCase } from '../src/model/project/detection.ts'
import type { Project } from '../src/model/project/project.ts'
import { seededRandom } from '../test/support/random.ts'
import { variant } from './vary.ts'

export interface Pack {
  readonly logType: string
  /** The field that distinguishes two of its records. */
  readonly idField: string
}

export const PACKS: readonly Pack[] = [
  { logType: 'AWS.CloudTrail', idField: 'eventID' },
  { logType: 'Okta.SystemLog', idField: 'uuid' },
  { logType: 'GCP.AuditLog', idField: 'insertId' },
]

const SEED = 20_260_101
const TRIED_AT_ONCE = 1_000
/** The number of variants that are tried per wanted event before a log type is skipped. */
const MAX_TRIES = 50

/** An endless supply of distinct envelopes; null where the project has no such rules with test events. */
export function variants(project: Project, pack: Pack): (() => Envelope) | null {
  const entries = testEntries(project, pack.logType)
  if (entries.length === 0) return null
  const random = seededRandom(SEED)
  let seq = 0
  return () => envelope(variant(entries[seq % entries.length]!, pack.idField, random), pack.logType, seq++)
}

/** Events that any rule matches and events that none does, apart; those on which a rule fails are left out. */
export interface Sorted {
  readonly matching: readonly Envelope[]
  readonly quiet: readonly Envelope[]
}

/** `each` of both kinds, or null where the project can't provide them. */
export async function sortedEvents(
  project: Project,
  engine: Engine,
  pack: Pack,
  each: number,
): Promise<Sorted | null> {
  const next = variants(project, pack)
  if (next === null) return null
  const matching: Envelope[] = []
  const quiet: Envelope[] = []
  for (let tried = 0; Math.min(matching.length, quiet.length) < each; tried += TRIED_AT_ONCE) {
    if (tried > each * MAX_TRIES) return null
    const evaluated = await engine.evaluate(Array.from({ length: TRIED_AT_ONCE }, next))
    for (const { envelope, outcome } of evaluated) {
      if (outcome.status !== 'evaluated') continue
      if (outcome.findings.some(({ functions }) => functions.detection?.error)) continue
      const kind = outcome.findings.length > 0 ? matching : quiet
      if (kind.length < each) kind.push(envelope)
    }
  }
  return { matching, quiet }
}

/** Mixes the events evenly, so that every part has the same rate. */
export function mixed({ matching, quiet }: Sorted, rate: number, count: number): Envelope[] {
  let matched = 0
  return Array.from({ length: count }, (_, at) => {
    const isMatch = Math.floor((at + 1) * rate) > Math.floor(at * rate)
    return isMatch ? matching[matched++]! : quiet[at - matched]!
  })
}

/** The rules that evaluate every event of the type. */
export function rulesOn(project: Project, engine: Engine, logType: string): number {
  const broken = new Set(engine.problems.map(({ id }) => id))
  return [...project.detections.values()].filter((each) => isRuleOn(each, logType) && !broken.has(each.id))
    .length
}

function testEntries(project: Project, logType: string): string[] {
  return [...project.detections.values()]
    .filter((detection) => isRuleOn(detection, logType))
    .flatMap(({ tests }) => tests)
    .filter((test) => isUsable(test, logType))
    .map(({ entry }) => entry)
}

/** Rules on several log types bring events of the others too; without its mocks a case may do anything. */
function isUsable({ entry, mocks }: TestCase, logType: string): boolean {
  if (!entry.startsWith('{') || JSON.parse(mocks).length > 0) return false
  const { p_log_type: own = logType } = JSON.parse(entry) as { p_log_type?: unknown }
  return own === logType
}

function isRuleOn({ enabled, type, logTypes, body }: Detection, logType: string): boolean {
  return enabled && type === 'rule' && body !== null && logTypes.includes(logType)
}

function envelope(raw: string, type: string, seq: number): Envelope {
  return {
    source: 'bench',
    seq,
    kind: 'log',
    type,
    receivedAt: Date.UTC(2026, 0, 1),
    raw,
    position: `event ${seq}`,
  }
}
