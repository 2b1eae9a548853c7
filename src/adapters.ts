/** Loads a folder of one-file-per-type modules. Files starting with `_` are the contract, not adapters. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf, UserError } from './errors.ts'
import { nearest } from './core/did-you-mean.ts'

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
