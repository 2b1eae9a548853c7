/** WORKER THREAD. Selects the detections that evaluate an event. Pure. Numbers are those of the bodies, in load order. */

import { anyGlobMatches } from '../../core/glob.ts'
import type { EventKind } from '../../model/events/event.ts'
import type { Body, Selectable } from '../protocol/messages.ts'

export interface Selection {
  /** Whether the type is the name of a query, whose rows only scheduled rules evaluate. */
  isQuery(type: string | null): boolean
  /** Returns the numbers of the bodies to run, ascending. */
  candidates(event: { kind: EventKind; type: string; resourceId: string | null }): readonly number[]
}

/** Selects among the bodies that could be loaded. */
export function createSelection(
  bodies: readonly Body[],
  broken: ReadonlyMap<number, unknown>,
  queryNames: readonly string[],
): Selection {
  const known = new Set(queryNames)
  const rules = new Map<string, number[]>()
  const queries = new Map<string, number[]>()
  const policies: number[] = []
  bodies.forEach((body, number) => {
    if ((body.kind !== 'detection' && body.kind !== 'simple') || broken.has(number)) return
    if (body.type === 'policy') policies.push(number)
    else {
      enter(queries, body.scheduledQueries, number)
      if (body.type === 'rule') enter(rules, body.logTypes, number)
    }
  })
  const looksAt = (number: number, type: string, resourceId: string) => {
    const { resourceTypes, suppressions } = bodies[number] as Body & Selectable
    if (resourceTypes.length > 0 && !resourceTypes.includes(type)) return false
    return !anyGlobMatches(suppressions, [resourceId])
  }
  return {
    isQuery: (type) => type !== null && known.has(type),
    candidates({ kind, type, resourceId }) {
      if (kind === 'resource') return policies.filter((number) => looksAt(number, type, resourceId ?? ''))
      return (known.has(type) ? queries : rules).get(type) ?? []
    },
  }
}

function enter(index: Map<string, number[]>, types: readonly string[], number: number): void {
  for (const type of new Set(types)) {
    const numbers = index.get(type)
    if (numbers) numbers.push(number)
    else index.set(type, [number])
  }
}
