/** Finds destination types: the bundled ones, and, where the operator allows it, a user's own module. */
import { isAbsolute, join, resolve } from 'node:path'
import { importDefault, loadAdapter } from '../adapters.ts'
import type { DestinationType } from '../destinations/_destination.ts'
import { UserError } from '../errors.ts'
import type { Registry } from '../model/destination.ts'

export const DESTINATIONS_FOLDER = join(import.meta.dirname, '..', 'destinations')

/** Modules of every type that an enabled destination names, by type. */
export async function loadTypes(
  registry: Registry,
  root: string,
  allowLocalTypes: boolean,
): Promise<ReadonlyMap<string, DestinationType>> {
  const types = new Map<string, DestinationType>()
  for (const { type, name, enabled } of registry.destinations) {
    if (!enabled || types.has(type)) continue
    types.set(
      type,
      isLocalType(type) ? await loadLocal(type, name, root, allowLocalTypes) : await loadBundled(type),
    )
  }
  return types
}

export function isLocalType(type: string): boolean {
  return type.startsWith('./') || type.startsWith('../') || isAbsolute(type)
}

function loadBundled(type: string): Promise<DestinationType> {
  return loadAdapter<DestinationType>(DESTINATIONS_FOLDER, type, 'destination type')
}

async function loadLocal(
  type: string,
  name: string,
  root: string,
  allowed: boolean,
): Promise<DestinationType> {
  if (!allowed) {
    throw new UserError(`"${name}" uses the local type ${type}, which runs with all rights of this process`, {
      hint: 'allow it with --allow-local-types when you trust the repository',
    })
  }
  return importDefault<DestinationType>(resolve(root, type))
}
