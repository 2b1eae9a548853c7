/** The rules of handling that the files of a project declare. */
import type { Inhibition } from '../alerts/inhibition.ts'
import type { Silence } from '../alerts/silence.ts'
import { declaredDestinations, type NoRegistry, type Registry } from './destination.ts'
import type { DestinationHandling } from './destination-handling.ts'

export interface HandlingRules {
  readonly silences: readonly Silence[]
  readonly inhibitions: readonly Inhibition[]
  /** The rules of each destination by its name and its previous names. */
  readonly destinations: ReadonlyMap<string, DestinationHandling>
}

export const NO_HANDLING_RULES: HandlingRules = { silences: [], inhibitions: [], destinations: new Map() }

/** An alert that was routed to a previous name of a destination is handled by its present rules. */
export function rulesOfDestinations(registry: Registry | NoRegistry): HandlingRules['destinations'] {
  const rules = declaredDestinations(registry).flatMap(({ name, previousNames, handling }) =>
    [...previousNames, name].map((each) => [each, handling] as const),
  )
  return new Map(rules)
}
