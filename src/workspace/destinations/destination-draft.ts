/** What flags and prompts say of a destination, as an entry of destinations.yaml or as changes to one. */

import { isLocalType } from '../../config/destinations/destination-options.ts'
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
import { loadTypeSummaries, type TypeSummary } from './load-destination-types.ts'

/** Absent: not said. */
export interface DestinationDraft {
  readonly id?: string
  readonly severities?: readonly string[]
  readonly alertTypes?: readonly string[]
  readonly logTypes?: readonly string[]
  readonly strict?: boolean
  readonly enabled?: boolean
  /** `KEY=VALUE`; a key of a mapping is dotted: `headers.X-Key`. */
  readonly options?: readonly string[]
}

/** Changes in the order of their keys. What is a list and empty is removed. */
export async function changesOf(name: string, type: string, draft: DestinationDraft): Promise<Change[]> {
  const { id, severities, alertTypes, logTypes, strict, enabled, options = [] } = draft
  const keys: [string, PlainValue | undefined][] = [
    ['id', id],
    ['severities', severities],
    ['alertTypes', alertTypes],
    ['logTypes', logTypes],
    ['strict', strict],
    ['enabled', enabled],
  ]
  const about = await findTypeSummary(type)
  return [
    ...keys.flatMap(([key, value]) => {
      if (value === undefined) return []
      return [{ path: [key], value: Array.isArray(value) && value.length === 0 ? undefined : value }]
    }),
    ...options.map((text) => optionChange(text, name, about)),
  ]
}

/** null: a type of the project's own, of which nothing is known without importing it. */
async function findTypeSummary(type: string): Promise<TypeSummary | null> {
  if (isLocalType(type)) return null
  const types = await loadTypeSummaries()
  const found = types.find((each) => each.type === type)
  if (found) return found
  const names = types.map((each) => each.type)
  const near = nearest(type, names)
  throw new UserError(`"${type}" is not a destination type`, {
    hint: near ? `did you mean "${near}"?` : `known: ${names.join(', ')}`,
  })
}

/** Never repeats the value: it may be a secret. */
function optionChange(text: string, destination: string, about: TypeSummary | null): Change {
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (key === '') throw new UserError('an option is written KEY=VALUE')
  const field = about ? fieldAt(about.options, key) : undefined
  if (about && !field) {
    const known = Object.keys(about.options.properties)
    const near = nearest(key, known)
    throw new UserError(`${about.type} has no option "${key}"`, {
      hint: near ? `did you mean "${near}"?` : `known: ${known.join(', ')}`,
    })
  }
  const read = readOption(field?.schema, value)
  const fault = field ? optionError(field, read) : null
  if (fault !== null) {
    const reference = suggestedReference(destination, field!.path)
    throw new UserError(`${about!.type}: ${fault}`, {
      hint: field!.secret ? `for example --option '${key}=${reference}', or \${file:PATH}` : undefined,
    })
  }
  return { path: ['options', ...(field?.path ?? key.split('.'))], value: read }
}

/** A whole entry of such changes. */
export function entryOf(name: string, type: string, changes: readonly Change[]): Record<string, PlainValue> {
  const entry: Record<string, PlainValue> = { name, type }
  for (const { path, value } of changes) {
    if (value !== undefined) place(entry, path, value)
  }
  return entry
}

function place(into: Record<string, PlainValue>, [key, ...rest]: readonly string[], value: PlainValue): void {
  if (rest.length === 0) into[key!] = value
  else {
    const inner = { ...(into[key!] as Record<string, PlainValue> | undefined) }
    place(inner, rest, value)
    into[key!] = inner
  }
}
