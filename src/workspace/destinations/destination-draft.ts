/** Converts flags and answers of prompts into an entry of destinations.yaml, or into changes to one. */

import { isInstalledPackage, isLocalFile } from '../../config/destinations/destination-types.ts'
import {
  fieldAt,
  optionError,
  readOption,
  suggestedReference,
} from '../../config/destinations/option-fields.ts'
import type { Change } from '../../config/destinations/registry-edits.ts'
import type { PlainValue } from '../../config/yaml/yaml-edits.ts'
import { nearest } from '../../core/did-you-mean.ts'
import { UserError } from '../../errors.ts'
import type { WorkspaceOptions } from '../open-project.ts'
import { loadTypeSummaries, type TypeSummary } from './load-destination-types.ts'
import { isLocalType, localTypeImporter } from './local-types.ts'

/** A field is absent when the user did not give it. */
export interface DestinationDraft {
  readonly id?: string
  readonly severities?: readonly string[]
  readonly alertTypes?: readonly string[]
  readonly logTypes?: readonly string[]
  readonly strict?: boolean
  readonly enabled?: boolean
  /** Each option is `KEY=VALUE`; the key of a mapping has a dot: `headers.X-Key`. */
  readonly options?: readonly string[]
}

/** Returns changes in the order of their keys. An empty list removes its key. */
export async function changesOf(
  workspace: DraftWorkspace,
  name: string,
  type: string,
  draft: DestinationDraft,
): Promise<Change[]> {
  const { id, severities, alertTypes, logTypes, strict, enabled, options = [] } = draft
  const keys: [string, PlainValue | undefined][] = [
    ['id', id],
    ['severities', severities],
    ['alertTypes', alertTypes],
    ['logTypes', logTypes],
    ['strict', strict],
    ['enabled', enabled],
  ]
  const about = await findTypeSummary(type, workspace)
  return [
    ...keys.flatMap(([key, value]) => {
      if (value === undefined) return []
      return [{ path: [key], value: Array.isArray(value) && value.length === 0 ? undefined : value }]
    }),
    ...options.map((text) => optionChange(text, name, about)),
  ]
}

type DraftWorkspace = Pick<WorkspaceOptions, 'root' | 'allowLocalTypes'>

/** Returns null for a local type that must not be imported. */
export async function findTypeSummary(
  type: string,
  { root, allowLocalTypes }: DraftWorkspace,
): Promise<TypeSummary | null> {
  if (isLocalType(type) && (isLocalFile(type) || isInstalledPackage(root, type)))
    return allowLocalTypes ? (await localTypeImporter(root)(type)).adapter : null
  const types = await loadTypeSummaries()
  const found = types.find((each) => each.type === type)
  if (found) return found
  const names = types.map((each) => each.type)
  const near = nearest(type, names)
  throw new UserError(`unknown destination type "${type}"`, {
    code: 'unknown-destination-type',
    hint: near ? `did you mean "${near}"?` : `known: ${names.join(', ')}`,
  })
}

/** The errors never contain the value, because it may be a secret. */
function optionChange(text: string, destination: string, about: TypeSummary | null): Change {
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === '')
    throw new UserError('invalid option', { code: 'invalid-destination-option', hint: 'write KEY=VALUE' })
  const field = about ? fieldAt(about.options, key) : undefined
  if (about && !field) {
    const known = Object.keys(about.options.properties)
    const near = nearest(key, known)
    throw new UserError(`unknown option "${key}" of destination type ${about.type}`, {
      code: 'invalid-destination-option',
      hint: near ? `did you mean "${near}"?` : `known: ${known.join(', ')}`,
    })
  }
  const read = readOption(field?.schema, value)
  const error = field ? optionError(field, read) : null
  if (error !== null) {
    const reference = suggestedReference(destination, field!.path)
    throw new UserError(`${about!.type}: ${error}`, {
      code: 'invalid-destination-option',
      hint: field!.secret
        ? `use a reference, for example --option '${key}=${reference}', or \${file:PATH}`
        : undefined,
    })
  }
  return { path: ['options', ...(field?.path ?? key.split('.'))], value: read }
}

/** Builds a complete entry from changes. */
export function entryOf(name: string, type: string, changes: readonly Change[]): Record<string, PlainValue> {
  const entry: Record<string, PlainValue> = { name, type }
  for (const { path, value } of changes) {
    if (value !== undefined) setValue(entry, path, value)
  }
  return entry
}

function setValue(
  into: Record<string, PlainValue>,
  [key, ...rest]: readonly string[],
  value: PlainValue,
): void {
  if (rest.length === 0) into[key!] = value
  else {
    const inner = { ...(into[key!] as Record<string, PlainValue> | undefined) }
    setValue(inner, rest, value)
    into[key!] = inner
  }
}
