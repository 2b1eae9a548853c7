/** Loads destination types: the bundled ones and, where the operator allows it, modules of the project. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isLocalType, localOptionsError } from '../../config/destinations/destination-options.ts'
import { MAX_FILE_BYTES } from '../../config/files/source-text.ts'
import { loaderOf } from '../../core/catalog.ts'
import { didYouMean } from '../../core/did-you-mean.ts'
import { fingerprint } from '../../core/fingerprint.ts'
import { DESTINATION_TYPES } from '../../destinations/_catalog.ts'
import type { DestinationType } from '../../destinations/_destination.ts'
import { messageOf, UserError } from '../../errors.ts'
import { readProjectText } from '../../files/project-file.ts'
import type { Registry } from '../../model/project/destination.ts'

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
  for (const { type, name, enabled, options } of registry.destinations) {
    if (!enabled) continue
    const isLocal = isLocalType(type)
    const loaded =
      types.get(type) ??
      (isLocal ? await loadLocal(type, name, root, allowLocalTypes) : await loadDestinationType(type))
    types.set(type, loaded)
    if (isLocal) assertOptions(loaded, type, name, options)
  }
  return types
}

/** Loading the registry checks the options of bundled types alone: it does not import files of the project. */
function assertOptions(
  loaded: DestinationType,
  type: string,
  name: string,
  options: Readonly<Record<string, unknown>>,
): void {
  const error = localOptionsError(loaded, options)
  if (!error) return
  throw new UserError(`destination "${name}" of the local type ${type}: ${error.message}`, {
    code: 'invalid-destination-option',
    hint: error.hint ?? `see the options of ${type}`,
  })
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

async function loadLocal(
  type: string,
  name: string,
  root: string,
  allowed: boolean,
): Promise<DestinationType> {
  if (!allowed) {
    throw new UserError(
      `destination "${name}" uses the local type ${type}, which runs with all rights of this process`,
      {
        code: 'local-type-not-allowed',
        hint: 'if you trust the repository, allow it with --allow-local-types',
      },
    )
  }
  const loaded = await importDefault<unknown>(resolve(root, type))
  if (!isDestinationType(loaded)) {
    throw new UserError(`the default export of ${type} is not a destination type`, {
      code: 'invalid-destination-type',
      hint: 'use export default defineDestination({ type, summary, options, and one of request with answers, exchange with answers, or payload with send })',
    })
  }
  return loaded
}

async function importDefault<T>(file: string): Promise<T> {
  try {
    // Node keeps each URL that it has imported. A changed file gets another URL, so that a reload runs its new text.
    const text = readProjectText(file, { folders: null, maxBytes: MAX_FILE_BYTES }) ?? ''
    const url = `${pathToFileURL(file).href}?content=${fingerprint(Buffer.from(text))}`
    const module = (await import(url)) as { default?: T }
    if (module.default === undefined) throw new Error('no default export')
    return module.default
  } catch (cause) {
    throw new UserError(`cannot load ${file}: ${messageOf(cause)}`, {
      code: 'invalid-destination-type',
      cause,
    })
  }
}

/** Checks the form at run time, because the author may not use a type checker. */
function isDestinationType(loaded: unknown): loaded is DestinationType {
  const { options, ...made } = (loaded ?? {}) as Readonly<Record<string, unknown>>
  const isMade = (...names: readonly string[]) => names.every((name) => typeof made[name] === 'function')
  const isObject = (value: unknown) => typeof value === 'object' && value !== null
  if (!isObject(options)) return false
  return isMade('payload', 'send') || (isObject(made.answers) && (isMade('request') || isMade('exchange')))
}
