/** Adds, changes and removes destinations in the text of destinations.yaml. Pure; what is untouched stays as it is. */
import { DESTINATION_SCHEMA } from '../schemas/destinations-schema.ts'
import {
  appendItem,
  hasItems,
  type PlainValue,
  removeItem,
  removeKey,
  replaceItems,
  setValue,
} from '../yaml/yaml-edits.ts'

/** The keys of a destination, in the order in which they read well. */
const KEYS = Object.keys(DESTINATION_SCHEMA.properties)
/** Lists of destinations.yaml whose items are names. */
const LISTS_OF_NAMES = ['fallback', 'destinations', 'OutputIds']

/** `undefined` removes the key. */
export interface Change {
  /** Below the destination: `['options', 'url']`. */
  readonly path: readonly string[]
  readonly value: PlainValue | undefined
}

/** @param text null: there is no file yet. */
export function withDestination(text: string | null, entry: Readonly<Record<string, PlainValue>>): string {
  const ordered = Object.fromEntries(
    KEYS.flatMap((key) => (entry[key] === undefined ? [] : [[key, entry[key]]])),
  )
  const base = text === null || text.trim() === '' ? 'version: 1\ndestinations: []\n' : text
  return appendItem(base, ['destinations'], ordered)
}

export function withChanges(text: string, index: number, changes: readonly Change[]): string {
  return changes.reduce((rest, { path, value }) => {
    const whole = ['destinations', index, ...path]
    return value === undefined ? removeKey(rest, whole) : setValue(rest, whole, value, KEYS)
  }, text)
}

/** The old name goes to `previousNames`, so that waiting deliveries follow, and the file's own lists name the new one. */
export function renameDestination(
  text: string,
  index: number,
  { name, previousNames }: { readonly name: string; readonly previousNames: readonly string[] },
  to: string,
): string {
  const previous = [...previousNames.filter((each) => each !== to), name]
  const changed = withChanges(text, index, [
    { path: ['name'], value: to },
    { path: ['previousNames'], value: previous },
  ])
  return replaceItems(changed, LISTS_OF_NAMES, name, to).text
}

export function withoutDestination(text: string, index: number): string {
  return removeItem(text, ['destinations'], index)
}

/** Adds a name to the end of `fallback`. */
export function withFallback(text: string, name: string): string {
  return hasItems(text, ['fallback'])
    ? appendItem(text, ['fallback'], name)
    : setValue(text, ['fallback'], [name], ['version', 'fallback'])
}
