/** Loads destination types: the bundled ones and, where the operator allows it, those of the project. */
import { loaderOf } from '../../core/catalog.ts'
import { didYouMean } from '../../core/did-you-mean.ts'
import { DESTINATION_TYPES } from '../../destinations/_catalog.ts'
import type { DestinationType } from '../../destinations/_destination.ts'
import { UserError } from '../../errors.ts'
import type { Registry } from '../../model/project/destination.ts'
import { isLocalType, localTypeImporter } from './local-types.ts'

export type TypeSummary = Pick<DestinationType, 'type' | 'summary' | 'options'>

/** Loads the bundled types, sorted by name. */
export function loadTypeSummaries(): Promise<TypeSummary[]> {
  return Promise.all(Object.keys(DESTINATION_TYPES).map(loadDestinationType))
}

/** Loads the type of each enabled destination and returns the types by name. */
export async function loadTypes(
  registry: Registry,
  root: string,
  allowLocalTypes: boolean,
): Promise<ReadonlyMap<string, DestinationType>> {
  const types = new Map<string, DestinationType>()
  const importLocal = localTypeImporter(root)
  for (const { type, name, enabled } of registry.destinations) {
    if (!enabled || types.has(type)) continue
    if (!isLocalType(type)) types.set(type, await loadDestinationType(type))
    else if (allowLocalTypes) types.set(type, (await importLocal(type)).adapter)
    else refuseLocalType(type, name)
  }
  return types
}

function refuseLocalType(type: string, name: string): never {
  throw new UserError(
    `destination "${name}" uses the local type ${type}, which runs with all rights of this process`,
    {
      code: 'local-type-not-allowed',
      hint: 'if you trust the repository, allow it with --allow-local-types',
    },
  )
}

/** Loads a type that this package contains. */
export function loadDestinationType(type: string): Promise<DestinationType> {
  const load = loaderOf(DESTINATION_TYPES, type)
  if (load) return load()
  const names = Object.keys(DESTINATION_TYPES)
  throw new UserError(`unknown destination type "${type}"`, {
    code: 'unknown-destination-type',
    hint: `${didYouMean(type, names)}known: ${names.join(', ')}`,
  })
}
