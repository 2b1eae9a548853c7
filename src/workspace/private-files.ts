/** The files of a running project that hold alerts or secrets: they should be for their owner alone. */
import { resolve } from 'node:path'
import { readableByOthers } from '../files/permissions.ts'
import { declaredDestinations } from '../model/project/destination.ts'
import type { Project } from '../model/project/project.ts'

export const DEFAULT_REJECTS = '.signalbox/rejects.ndjson'

const SQLITE = 'sqlite:'

export interface PrivateFiles {
  /** `sqlite:PATH`, as the store names its place. */
  readonly storeLocation: string
  /** Absolute; null: none is kept. */
  readonly rejects: string | null
  /** Absolute paths of the files that secrets are read from. */
  readonly secrets: readonly string[]
  /** `--http-token-file` and `--env-file`, where they are given. */
  readonly named: readonly (string | undefined)[]
}

/** Those that other users of the machine can read. */
export function exposedFiles({ root, registry }: Project, files: PrivateFiles): string[] {
  const { storeLocation, rejects, secrets, named } = files
  const store = storeLocation.startsWith(SQLITE) ? resolve(root, storeLocation.slice(SQLITE.length)) : null
  const alerts = declaredDestinations(registry)
    .filter(({ enabled, type }) => enabled && type === 'file')
    .flatMap(({ options }) => (typeof options.path === 'string' ? [resolve(root, options.path)] : []))
  return readableByOthers([
    ...(store === null ? [] : ['', '-wal'].map((ending) => `${store}${ending}`)),
    ...(rejects === null ? [] : [rejects]),
    ...alerts,
    ...secrets,
    ...named.flatMap((file) => (file === undefined ? [] : [resolve(file)])),
  ])
}

export const EXPOSED_HINT = 'take the permission from others: chmod o-r FILE'
