/** Finds the type that an entry of destinations.yaml names: a bundled one, or a local one, which is code of the project. */
import { existsSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Catalog, loaderOf } from '../../core/catalog.ts'
import { nearest } from '../../core/did-you-mean.ts'
import type { DestinationType } from '../../destinations/_destination.ts'
import { isError } from '../../errors.ts'
import type { ProblemReport, WarningReport } from '../files/problems.ts'

/** A destination type that was imported from the project. */
export interface LocalType {
  readonly adapter: DestinationType
  /** Files that have changed since this process imported them, and whose old code it keeps. */
  readonly staleFiles: readonly string[]
}

/** Imports a local type; rejects with a UserError if it cannot be used. */
export type ImportLocalType = (type: string) => Promise<LocalType>

export interface DestinationTypes {
  /** The folder of the project. */
  readonly root: string
  readonly bundled: Catalog<DestinationType>
  /** null: code of the project must not run, so that options of local types are not checked. */
  readonly importLocal: ImportLocalType | null
}

/** Reports a problem at the position of the key `type`. */
export interface TypeReport {
  error(problem: ProblemReport): void
  warning(problem: WarningReport): void
}

/** Returns undefined for a type that is unknown, that must not be imported, or whose destination is disabled. */
export async function findType(
  { type, enabled = true }: { readonly type: string; readonly enabled?: boolean },
  { root, bundled, importLocal }: DestinationTypes,
  report: TypeReport,
): Promise<DestinationType | undefined> {
  const load = loaderOf(bundled, type)
  if (load) return load()
  if (isLocalFile(type)) {
    if (!existsSync(resolve(root, type))) {
      report.error({
        code: 'missing-file',
        message: `file ${type} not found`,
        hint: 'write a path relative to the project',
      })
      return undefined
    }
  } else if (!isInstalledPackage(root, type)) {
    report.error(unknownType(type, Object.keys(bundled)))
    return undefined
  }
  // A disabled destination keeps the rest working when its code is broken.
  return importLocal && enabled ? imported(type, importLocal, report) : undefined
}

async function imported(
  type: string,
  importLocal: ImportLocalType,
  report: TypeReport,
): Promise<DestinationType | undefined> {
  try {
    const { adapter, staleFiles } = await importLocal(type)
    if (staleFiles.length > 0) {
      report.warning({
        code: 'stale-type',
        message: `${type} still runs the old code of ${staleFiles.join(', ')}, which a reload cannot replace`,
        hint: 'restart the process, which then runs the new code',
      })
    }
    return adapter
  } catch (error) {
    if (!isError(error, 'user')) throw error
    report.error({ code: 'unusable-type', message: error.message, hint: error.hint })
    return undefined
  }
}

/** `./my-sink.ts`: a file of the project. */
export function isLocalFile(type: string): boolean {
  return /^\.\.?\/.+\.(?:[jt]s|m[jt]s)$/.test(type)
}

/** `my-package`, `@scope/my-package` or one of these with a path that its package exports. */
const PACKAGE = /^(?:@[\w-][\w.-]*\/)?[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/

/** True when the project, or a folder above it, has installed the package. No code of it runs. */
export function isInstalledPackage(root: string, type: string): boolean {
  if (!PACKAGE.test(type)) return false
  try {
    return findPackageJSON(type, pathToFileURL(join(resolve(root), 'destinations.yaml'))) !== undefined
  } catch {
    return false
  }
}

function unknownType(type: string, names: readonly string[]): ProblemReport {
  const near = nearest(type, names)
  const known = near ? `did you mean "${near}"?` : `known: ${names.join(', ')}`
  return {
    code: 'unknown-type',
    message: `unknown destination type "${type}"`,
    hint: `${known}${near ? ' ' : '; '}a type of your own is a file, ./my-type.ts, or a package that the project has installed`,
  }
}
