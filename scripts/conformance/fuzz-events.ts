// Events for the comparison of guards: test cases of a project, changed at random. Seeded.
import type { Body } from '../../src/engine/protocol/messages.ts'
import type { BodyGuards } from '../../src/engine/protocol/module-analysis.ts'
import type { GuardProgram } from '../../src/engine/worker/guard/guard-program.ts'
import type { Envelope } from '../../src/model/events/event.ts'
import type { Detection } from '../../src/model/project/detection.ts'
import type { Project } from '../../src/model/project/project.ts'
import { mutateEvent } from './mutate-event.ts'

interface BaseEvent {
  readonly kind: Envelope['kind']
  readonly type: string | null
  readonly raw: string
}

const RECEIVED_AT = Date.UTC(2026, 0, 31, 12)
/** How many of the events are a case as it is. */
const UNCHANGED_SHARE = 0.02

/** The sequence number is the place in the sequence, so the same seed makes the same events with the same identities. */
export function fuzzEvents(
  project: Project,
  words: ReadonlyMap<string, readonly string[]>,
  random: () => number,
): () => Envelope {
  const cases = [...project.detections.values()].filter(({ enabled }) => enabled).flatMap(casesOf)
  if (cases.length === 0) throw new Error('the project has no test case without mocks')
  let seq = 0
  return () => {
    const { kind, type, raw } = cases[Math.floor(random() * cases.length)]!
    const text = random() < UNCHANGED_SHARE ? raw : mutateEvent(raw, random, words.get(type ?? '') ?? [])
    return {
      source: 'fuzz',
      cursor: null,
      seq: seq++,
      kind,
      type,
      receivedAt: RECEIVED_AT,
      raw: text,
      position: `event ${seq}`,
    }
  }
}

/** An event for each log type of the detection would be mostly the same, so each case is an event of its first type. */
function casesOf({ type, logTypes, scheduledQueries, resourceTypes, tests }: Detection): BaseEvent[] {
  const kind = type === 'policy' ? 'resource' : 'log'
  const [first = null] = type === 'policy' ? resourceTypes : type === 'rule' ? logTypes : scheduledQueries
  return tests
    .filter(({ entry, mocks }) => mocks === '[]' && entry.trimStart().startsWith('{'))
    .map(({ entry }) => ({ kind, type: first, raw: entry }))
}

/** Log type, query or resource type -> JSON texts of the constants with which its detections compare. */
export function wordsOf(
  bodies: readonly Body[],
  guards: readonly (BodyGuards | null)[],
): Map<string, readonly string[]> {
  const words = new Map<string, string[]>()
  for (const [number, body] of bodies.entries()) {
    if (body.kind !== 'detection') continue
    const { programs } = JSON.parse(guards[number]?.text ?? '{"programs":[]}') as {
      programs: readonly (GuardProgram | { reason: string })[]
    }
    const found = programs.flatMap((each) => ('constants' in each ? each.constants.flatMap(scalarsIn) : []))
    for (const type of [...body.logTypes, ...body.scheduledQueries, ...body.resourceTypes]) {
      words.set(type, [...(words.get(type) ?? []), ...new Set(found)])
    }
  }
  return words
}

/** The texts and numbers of a constant, encoded as guard_nodes.py does. Reasons of unknown nodes do no harm. */
function scalarsIn(constant: unknown): string[] {
  if (typeof constant === 'string' || typeof constant === 'number') return [JSON.stringify(constant)]
  if (!Array.isArray(constant)) return []
  return constant.slice(1, 50).flatMap(scalarsIn)
}
