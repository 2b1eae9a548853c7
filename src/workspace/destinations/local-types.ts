/** Loads the local destination types of a project: files of it, and packages that it has installed. */
import type { ImportLocalType } from '../../config/destinations/destination-types.ts'
import { validationError } from '../../config/yaml/schema-check.ts'
import { DESTINATION_TYPES } from '../../destinations/_catalog.ts'
import { type DestinationType, defineDestination } from '../../destinations/_destination.ts'
import { messageOf, UserError } from '../../errors.ts'
import { importFresh, withoutImportIds } from './fresh-import.ts'

/** True for a type that this program does not contain, so that code of the project must be imported for it. */
export function isLocalType(type: string): boolean {
  return !Object.hasOwn(DESTINATION_TYPES, type)
}

/** The types by what their modules export. Ajv keeps each schema that it has compiled, so an unchanged type is made once. */
const adapters = new WeakMap<DestinationType, DestinationType>()

/** Each call imports the present text of the type's files. */
export function localTypeImporter(root: string): ImportLocalType {
  return async (type) => {
    const { exported, staleFiles } = await imported(root, type)
    if (!isDestinationType(exported.default)) {
      throw new UserError(`the default export of ${type} is not a destination type`, {
        code: 'invalid-destination-type',
        hint: 'use export default defineDestination({ type, summary, options, and one of request with answers, exchange with answers, or payload with send })',
      })
    }
    const adapter = adapters.get(exported.default) ?? createAdapter(exported.default, type)
    adapters.set(exported.default, adapter)
    return { adapter, staleFiles }
  }
}

/** An author who exports a plain object gets the same options as one who calls the function. */
function createAdapter(exported: DestinationType, type: string): DestinationType {
  const adapter = defineDestination(exported)
  assertSchema(adapter, type)
  return adapter
}

async function imported(root: string, type: string): ReturnType<typeof importFresh> {
  try {
    return await importFresh({ root, name: type })
  } catch (cause) {
    const { code } = cause as { readonly code?: unknown }
    throw new UserError(`cannot import ${type}: ${withoutImportIds(messageOf(cause))}`, {
      code: 'invalid-destination-type',
      hint:
        code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING'
          ? 'a package must contain JavaScript: compile it before you publish it'
          : undefined,
      cause,
    })
  }
}

function assertSchema({ options }: DestinationType, type: string): void {
  try {
    validationError(options, {})
  } catch (cause) {
    throw new UserError(`the options of ${type} are not a valid JSON Schema: ${messageOf(cause)}`, {
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
