/** Converts the facts about a body into those that routing and lint use. Pure. */

import {
  type DetectionFacts,
  isConstant,
  type Outcome,
  type ReturnFacts,
  undecidedLocations,
} from '../../model/events/facts.ts'
import type { Detection } from '../../model/project/detection.ts'
import type { SimpleDetection } from '../../model/project/match-expression.ts'
import type { BodyRouting } from '../../routing/lint-routes.ts'
import type { Literals, RoutingFacts } from '../../routing/possible.ts'

/** @param facts is undefined when there is no body, or its text is not Python. */
export function routingFactsOf(facts: DetectionFacts | undefined, simple: Detection['simple']): RoutingFacts {
  if (simple) return { severity: simpleSeverity(simple), destinations: null }
  const { severity, destinations } = facts?.returns ?? {}
  return {
    severity: severity ? literals(severity, textOf) : null,
    destinations: destinations ? literals(destinations, namesOf) : null,
  }
}

/** The static severity applies when no condition holds. */
function simpleSeverity({ severities }: SimpleDetection): Literals<string> | null {
  if (severities.length === 0) return null
  return { values: [...severities.map(({ to }) => to), 'DEFAULT'], closed: true }
}

/** One unknown outcome makes the list of values incomplete. */
function literals<T>({ outcomes }: ReturnFacts, read: (outcome: Outcome) => T | undefined): Literals<T> {
  const values = outcomes.map(read)
  return { values: values.filter((value) => value !== undefined), closed: !values.includes(undefined) }
}

/** Any value but a text is an error of severity(), so the static severity applies as for DEFAULT. */
function textOf(outcome: Outcome): string | undefined {
  if (outcome.kind === 'unknown') return undefined
  return outcome.kind === 'text' ? outcome.value : 'DEFAULT'
}

/** Any value but a list has no effect, or is an error without an effect. */
function namesOf(outcome: Outcome): readonly string[] | null | undefined {
  if (outcome.kind === 'unknown') return undefined
  if (outcome.kind !== 'list') return null
  return outcome.exact ? outcome.items.map(({ value }) => value) : undefined
}

export function bodyRouting(facts: DetectionFacts | undefined): BodyRouting {
  const { severity, destinations, title, dedup } = facts?.returns ?? {}
  const lists = (destinations?.outcomes ?? []).filter((outcome) => outcome.kind === 'list')
  const mixed = lists.find(
    ({ exact, items }) => exact && items.length > 1 && items.some(({ value }) => value === 'SKIP'),
  )
  const keyed = [title, dedup].some((returns) => returns && !isConstant(returns))
  return {
    hasSeverity: severity !== undefined,
    destinationNames: lists.flatMap(({ items }) =>
      items.map(({ value, location }) => ({ name: value, location })),
    ),
    skipMixed: mixed?.location ?? null,
    varying: destinations && !keyed && varies(destinations) ? destinations.location : null,
  }
}

/** A result varies when it depends on the event, or when the event selects one of several lists. */
function varies(destinations: ReturnFacts): boolean {
  if (isConstant(destinations)) return false
  const computed = destinations.outcomes.filter((outcome) => outcome.kind === 'unknown')
  return undecidedLocations(destinations).length === 0 || computed.some(({ event }) => event)
}
