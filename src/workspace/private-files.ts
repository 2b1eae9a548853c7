/** Finds files with alerts or secrets that other users can read. */
import { resolve } from 'node:path'
import { readableByOthers } from '../files/permissions.ts'
import { declaredDestinations } from '../model/project/destination.ts'
import type { Project } from '../model/project/project.ts'

const DEFAULT_REJECTS = '.signalbox/rejects.ndjson'

const SQLITE = 'sqlite:'

export interface PrivateFiles {
  /** The location of the store, for example `sqlite:PATH`. */
  readonly storeLocation: string
  /** The absolute path; null when rejects are not kept. */
  readonly rejects: string | null
  /** The absolute paths of files with secrets. */
  readonly secrets: readonly string[]
  /** The files of `--http-token-file`, `--http-tls-key` and `--env-file`, where they are given. */
  readonly named: readonly (string | undefined)[]
}

/** Returns the absolute path of the rejects file. Null: a store in memory keeps no rejects unless the settings name a file. */
export function rejectsFile({ root, settings }: Project, storeLocation: string): string | null {
  if (settings.rejects !== null) return resolve(root, settings.rejects)
  return storeLocation.startsWith('memory:') ? null : resolve(root, DEFAULT_REJECTS)
}

/** Returns the files that other users of the machine can read. */
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

export const EXPOSED_HINT = 'remove the permission: chmod o-r FILE'
