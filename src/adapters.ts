/** Loads a folder of one-file-per-type modules. Files starting with `_` are the contract, not adapters. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, UserError } from './errors.ts'

const MODULE = /^([a-z][\w-]*)(?<!\.d)\.(?:ts|js)$/

/** Names of the adapters in a folder, sorted. */
export function adapterNames(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((file) => MODULE.exec(file)?.[1] ?? [])
    .sort()
}

/** The default export of the adapter called `name`; an unknown name is answered with the nearest known one. */
export async function loadAdapter<T>(folder: string, name: string, what: string): Promise<T> {
  const names = adapterNames(folder)
  if (!names.includes(name)) {
    const hint = `known: ${names.join(', ')}`
    throw new UserError(`unknown ${what} "${name}"`, { hint: withNearest(name, names, hint) })
  }
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return importDefault<T>(join(folder, `${name}.${extension}`))
}

/** The default export of any module; the error names the file. */
export async function importDefault<T>(file: string): Promise<T> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: T }
    if (module.default === undefined) throw new Error('it has no default export')
    return module.default
  } catch (cause) {
    throw new UserError(`${file} could not be loaded: ${messageOf(cause)}`, {
      cause,
    })
  }
}

function withNearest(name: string, names: readonly string[], otherwise: string): string {
  const near = nearest(name, names)
  return near ? `did you mean "${near}"? ${otherwise}` : otherwise
}

/** The candidate within a third of the word's length in edits, or undefined. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Letters added, left out or taken for others, and neighbours that changed places. */
function editDistance(a: string, b: string): number {
  let above: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next[j] = Math.min(
        next[j - 1]! + 1,
        row[j]! + 1,
        row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped ? above[j - 2]! + 1 : Number.POSITIVE_INFINITY,
      )
    }
    above = row
    row = next
  }
  return row[b.length]!
}
